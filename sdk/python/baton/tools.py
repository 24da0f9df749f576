"""Tools of the host, of toolboxes and of MCP servers, by name; and what a toolbox declares. `call` needs `tools`."""

import json
from dataclasses import dataclass, field

from .contract import Record, call as _call, ended, read
from .llm import Tool


@dataclass
class Effects(Record):
    """What calling a tool does to the world."""

    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False


@dataclass
class Offer(Record):
    tool: Tool
    effects: Effects = field(default_factory=Effects)

    @classmethod
    def new(cls, name, description, parameters, **effects):
        """Without effects it may change things and must not be sent twice."""
        return cls(Tool(name, description, parameters), Effects(**effects))


@dataclass
class ToolOutcome(Record):
    """If it failed, `content` says why and what to do instead."""

    content: str
    failed: bool = False


def available():
    """The tools this plugin was granted, sorted by name."""
    return read(list[Offer], _call("tools.available"))


def call(name, arguments=None):
    """Calls a tool such as `read_file` or `calculator.add`. `arguments` is a dict."""
    return ToolOutcome.of(_call("tools.call", name, json.dumps(arguments or {})))


def call_all(calls):
    """Calls up to 16 tools, pairs of a name and arguments. Gives an outcome or an `Error` for each, in their order."""
    requests = [{"name": name, "arguments": json.dumps(arguments or {})} for name, arguments in calls]
    return [ended(ToolOutcome, answer) for answer in _call("tools.call-all", requests)]
