import json
import unittest
from pathlib import Path

from app import tour
from baton import llm
from baton.testing import Host, calls_tool

HERE = Path(__file__).parent


class Tour(unittest.TestCase):
    def test_the_host_in_memory_answers_as_baton_does(self):
        host = Host().with_manifest((HERE / "plugin.toml").read_text()).with_file("README.md", "A tour.\n").with_repository()
        host.with_setting("tour.tone", "dry").when("question", "an answer").answers("Which?", "b")
        host.with_model(lambda request: calls_tool("count", {"count": 3}) if request.messages[0].parts == ["count this"] else None)
        host.with_agent("mary", "an answer").with_workflow("tour-python", tour)
        self.maxDiff = None
        self.assertEqual(host.run(tour, {}), json.loads((HERE / "expected.json").read_text()))
