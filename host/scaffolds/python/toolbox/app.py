"""Counts words."""

from baton import toolbox
from baton.tools import Offer, ToolOutcome

PARAMETERS = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@toolbox
class Words:
    def tools(self):
        return [Offer.new("count_words", "Counts the words of a text.", PARAMETERS, read_only=True)]

    def call(self, name, arguments):
        text = arguments.get("text")
        if not isinstance(text, str):
            return ToolOutcome("`text` has to be a string.", failed=True)
        return ToolOutcome(str(len(text.split())))
