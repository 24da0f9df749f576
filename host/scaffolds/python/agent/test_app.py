import unittest
from pathlib import Path

from app import perform
from baton.testing import Host

MANIFEST = Path(__file__).with_name("plugin.toml").read_text()


class Summary(unittest.TestCase):
    def test_answers_with_what_the_model_says(self):
        host = Host().with_manifest(MANIFEST).when("a long text", "a short one")
        self.assertEqual(host.perform(perform, "Summarise a long text.").answer, "a short one")
