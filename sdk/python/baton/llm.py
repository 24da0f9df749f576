"""Language models. The host keeps the keys, counts the cost and stops at the budget. Needs `models`."""

import json
from dataclasses import dataclass, field
from typing import Any

from .contract import Json, Record, call, ended, made, options, read, wire


@dataclass
class Tool(Record):
    """A tool offered to the model. `parameters` is a JSON Schema, an object."""

    name: str
    description: str
    parameters: Json


@dataclass
class ToolCall(Record):
    id: str
    name: str
    arguments: Json


@dataclass
class ToolResult(Record):
    call_id: str
    content: str
    failed: bool = False


@dataclass
class Thinking(Record):
    """Reasoning the provider wants back unchanged on the next turn."""

    text: str
    signature: str | None = None


@dataclass
class Media(Record):
    """A file of the workspace, such as an image."""

    media_type: str
    path: str


@dataclass
class Opaque(Record):
    """What a provider wants back unchanged on the next turn, and no other part describes."""

    provider: str
    data: Json


class Part:
    """A part of a message: a text is a `str`, every other one of these records."""

    KINDS = {"thinking": Thinking, "tool-call": ToolCall, "tool-result": ToolResult, "media": Media, "opaque": Opaque}

    @classmethod
    def of(cls, part):
        return part["val"] if part["tag"] == "text" else cls.KINDS[part["tag"]].of(part["val"])

    @classmethod
    def variant(cls, part):
        if isinstance(part, str):
            return {"tag": "text", "val": part}
        return {"tag": next(tag for tag, kind in cls.KINDS.items() if isinstance(part, kind)), "val": part.wire()}


@dataclass
class Message(Record):
    """`role` is `user` or `assistant`."""

    role: str
    parts: list[Part]

    @classmethod
    def user(cls, *parts):
        return cls("user", list(parts))

    def wire(self):
        return {"role": self.role, "parts": [Part.variant(part) for part in self.parts]}


@dataclass
class Request:
    """`messages` is a list, or the text of the only one. The fields after `reply_schema` are options of the contract;
    `more` takes those that this SDK does not know."""

    messages: list[Message] | str
    model: str | None = None
    system: str | None = None
    tools: list[Tool] = field(default_factory=list)
    reply_schema: Json | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    tool_choice: Any = None
    stop_sequences: list[str] | None = None
    effort: str | None = None
    more: dict = field(default_factory=dict)

    def wire(self):
        messages = [Message.user(self.messages)] if isinstance(self.messages, str) else self.messages
        named = {
            "max_tokens": self.max_tokens, "temperature": self.temperature, "tool_choice": self.tool_choice,
            "stop_sequences": self.stop_sequences, "effort": self.effort, **self.more,
        }
        schema = None if self.reply_schema is None else json.dumps(self.reply_schema)
        return {
            "model": self.model, "system": self.system, "messages": wire(messages), "tools": wire(self.tools), "reply-schema": schema,
            "options": options(named),
        }

    @classmethod
    def of(cls, wire):
        named = {option["name"].replace("-", "_"): json.loads(option["value"]) for option in wire["options"]}
        known = {name: named.pop(name) for name in list(named) if name in cls.__annotations__}
        schema, tools = read(Json | None, wire["reply-schema"]), read(list[Tool], wire["tools"])
        return cls(read(list[Message], wire["messages"]), wire["model"], wire["system"], tools, schema, **known, more=named)


@dataclass
class Usage(Record):
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost_usd: float | None


@dataclass
class Reply(Record):
    """`stop` is `end`, `tool-use`, `max-tokens`, `stop-sequence`, `refusal`, `malformed` or `other`."""

    parts: list[Part]
    stop: str
    usage: Usage
    model: str

    def text(self):
        return "".join(part for part in self.parts if isinstance(part, str))

    def tool_calls(self):
        return [part for part in self.parts if isinstance(part, ToolCall)]

    def wire(self):
        return {**super().wire(), "parts": [Part.variant(part) for part in self.parts]}


@dataclass
class ModelDescription(Record):
    """What the host knows of the models that a request would be sent to: the smallest figures where several are set."""

    model: str = "script/test"
    window_tokens: int = 16_384
    max_output_tokens: int = 4_096
    tools: bool = True
    reply_schema: bool = False


def describe(model=None):
    """Describes the models that a request with this `model` would be sent to; without one, the plugin's. Costs nothing."""
    return ModelDescription.of(call("llm.describe", model))


def complete(request, **fields):
    """One completion. `request` is a Request, or its messages with the other fields by name."""
    return Reply.of(call("llm.complete", made(Request, request, fields)))


def complete_all(requests):
    """Several at once, at most 64. Each answer is a Reply or an `Error`, in the order asked."""
    return [ended(Reply, reply) for reply in call("llm.complete-all", [made(Request, request, {}) for request in requests])]
