import unittest
from pathlib import Path

from app import run
from baton import Error
from baton.testing import Host

MANIFEST = Path(__file__).with_name("plugin.toml").read_text()
INPUT = {"changes": "Swiss francs"}


def host(answer):
    """A host on which Mary writes notes and a person gives this answer."""
    mary = lambda task: f"- {task.context}"
    return Host().with_manifest(MANIFEST).with_agent("mary", mary).answers("May these notes go out?", answer)


class ReleaseNotes(unittest.TestCase):
    def test_what_was_approved_is_written(self):
        tested = host("yes")
        self.assertEqual(tested.run(run, INPUT), {"written": "docs/release-notes.md"})
        self.assertEqual(tested.file("docs/release-notes.md"), "- Swiss francs")
        self.assertEqual(tested.questions(), ["May these notes go out?\n- Swiss francs"])

    def test_what_was_not_approved_is_not_written(self):
        tested = host("no")
        output = tested.run(run, INPUT)
        self.assertIn("not approved", run.shortfall(output))
        self.assertEqual(tested.files(), [])

    def test_does_the_same_when_it_is_executed_again(self):
        tested = host("yes")
        tested.twice(lambda: run(INPUT))
        self.assertEqual(len(tested.requests("files.write")), 1)

    def test_a_mary_who_fails_ends_it(self):
        def fail(task):
            raise Error("unavailable", "No model answers.")

        with self.assertRaises(Error) as raised:
            host("yes").with_agent("mary", fail).run(run, INPUT)
        self.assertEqual(raised.exception.kind, "child-failed")
        self.assertEqual(raised.exception.of_child().text, "No model answers.")
