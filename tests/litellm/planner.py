"""A model for `plan` that was told nothing about any brief: it answers from the schema, which the
tool `finish` or the text carries, and from the text it is sent.

It keeps no state. Each request adds one line to the file BATON_TEST_LOG: the idempotency key it came with.
"""

import asyncio
import json
import os
import re

from litellm import CustomLLM
from litellm.llms.custom_llm import CustomLLMError
from litellm.types.utils import ChatCompletionMessageToolCall, Choices, Function, Message, ModelResponse, Usage

SCHEMA = "It has to satisfy this JSON Schema:\n"


class Planner(CustomLLM):
    async def acompletion(self, model, messages, optional_params, litellm_params, **_):
        note(litellm_params)
        if model == "refusing":
            # As some services do, it says the key it refuses.
            raise CustomLLMError(401, f"Incorrect API key provided: {os.environ['BATON_TEST_KEY']}.")
        # Long enough for whoever watches the log to kill the asker while it waits.
        await asyncio.sleep(0.1)
        task = next(text(message) for message in messages if message["role"] == "user")
        if file := file_to_read(task, messages, optional_params):
            return called("read_file", {"path": file})
        given, _, schema = task.partition(SCHEMA)
        finish = tools(optional_params).get("finish")
        read = "\n".join(text(message) for message in messages if message["role"] == "tool")
        author = Author(given + read)
        if model == "telling":
            author.last_words = f", and my key is {os.environ['BATON_TEST_KEY']}"
        if finish:
            return called("finish", author.write(finish["parameters"]))
        return said(json.dumps(author.write(json.loads(schema))))

    async def astreaming(self, *arguments, **named):
        whole = await self.acompletion(*arguments, **named)
        choice, usage = whole.choices[0], whole.usage
        content = choice.message.content or ""
        for start in range(0, len(content), 16):
            yield piece(text=content[start : start + 16])
        for index, call in enumerate(choice.message.tool_calls or []):
            function = {"name": call.function.name, "arguments": call.function.arguments}
            yield piece(tool_use={"id": call.id, "type": "function", "index": index, "function": function})
        counts = {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
        yield piece(is_finished=True, finish_reason=choice.finish_reason, usage=counts)


class Author:
    """Fills a schema with what a text asks for."""

    last_words = ""

    def __init__(self, given):
        brief = re.search(r'<document title="Brief">\n(.*?)\n</document>', given, re.DOTALL)
        # The brief's wishes are its list; whoever comes later finds them as numbered requirements.
        self.wishes = re.findall(r"^- (.+)$", brief[1], re.MULTILINE) if brief else []
        self.requirements = sorted(set(re.findall(r"\bFR\d+\b", given)))

    def write(self, schema, path=()):
        match path:
            case ("functional", index, "id"):
                return f"FR{index + 1}"
            case ("functional", index, "title"):
                return self.wishes[index]
            case ("non-functional", index, "id"):
                return f"NFR{index + 1}"
            case ("epics", epic, "key"):
                return f"epic-{epic + 1}"
            case ("epics", epic, "stories", story, "key"):
                return f"{epic + 1}-{story + 1}-story"
            case ("epics", epic, "stories", story, "requirements"):
                return [self.requirements[story]]
            case ("epics", epic, "stories", story, "after"):
                return [f"{epic + 1}-1-story"] if story > 0 else []
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "object":
                return {name: self.write(inner, (*path, name)) for name, inner in schema["properties"].items()}
            case "array":
                return [self.write(schema["items"], (*path, index)) for index in range(self.length(path))]
            case "boolean":
                return True
            case "integer":
                return schema.get("minimum", 1)
            case "number":
                return schema.get("maximum", 1.0)
            case "string":
                return f"What is to be said of {' '.join(map(str, path))}{self.last_words}"

    def length(self, path):
        match path:
            case ("functional",):
                return len(self.wishes)
            case ("epics", _, "stories"):
                return len(self.requirements)
            case _:
                return 1


def note(litellm_params):
    headers = litellm_params["proxy_server_request"]["headers"]
    with open(os.environ["BATON_TEST_LOG"], "a", encoding="utf-8") as log:
        log.write(headers.get("idempotency-key", "-") + "\n")


def file_to_read(task, messages, optional_params):
    """The file that the task says to read first, until it has been read."""
    first = re.search(r"\bRead (\S+) first", task)
    read = any(message["role"] == "tool" for message in messages)
    return first[1] if first and "read_file" in tools(optional_params) and not read else None


def tools(optional_params):
    """The tools that are offered, by their names."""
    functions = [tool["function"] for tool in optional_params.get("tools", [])]
    return {function["name"]: function for function in functions}


def text(message):
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def said(answer):
    return response(Message(role="assistant", content=answer), "stop")


def called(name, arguments):
    function = Function(name=name, arguments=json.dumps(arguments))
    call = ChatCompletionMessageToolCall(id="call_1", type="function", function=function)
    return response(Message(role="assistant", content=None, tool_calls=[call]), "tool_calls")


def response(message, finish_reason):
    choice = Choices(index=0, message=message, finish_reason=finish_reason)
    usage = Usage(prompt_tokens=100, completion_tokens=50, total_tokens=150)
    return ModelResponse(choices=[choice], usage=usage, model="any")


def piece(**what):
    return {"text": "", "tool_use": None, "is_finished": False, "finish_reason": "", "usage": None, "index": 0, **what}


instance = Planner()
