import unittest
from unittest import mock

from app import WitWorld
from wit_world.imports import agents, llm


class Summary(unittest.TestCase):
    def test_answers_with_what_the_model_says(self):
        reply = llm.Reply([llm.Part_Text("a short one")], "end", llm.Usage(0, 0, 0, None), "test/model")
        with mock.patch.object(llm, "complete", return_value=reply):
            report = WitWorld().perform(agents.Task("Summarise a long text", "", None))
        self.assertEqual(report.answer, "a short one")
