"""Counts words."""

import json

import wit_world
from wit_world.imports import llm, tools

PARAMETERS = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


class WitWorld(wit_world.WitWorld):
    def list_tools(self) -> list[tools.Offer]:
        tool = llm.Tool("count_words", "Counts the words of a text.", json.dumps(PARAMETERS))
        return [tools.Offer(tool, tools.Effects.READ_ONLY)]

    def call_tool(self, name: str, arguments: str) -> tools.ToolOutcome:
        text = json.loads(arguments).get("text")
        if not isinstance(text, str):
            return tools.ToolOutcome("`text` has to be a string.", failed=True)
        return tools.ToolOutcome(str(len(text.split())), failed=False)
