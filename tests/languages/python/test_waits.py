import unittest

from baton import Error, agents, files, run, waits, workflows
from baton.testing import Host


def count_down(number):
    if number > 0:
        run.continue_with(number - 1)
    return number


def clean_up(input):
    try:
        run.sleep_until(run.now() + 60_000)
    except Error as error:
        files.write("left.md", error.kind)


class Waits(unittest.TestCase):
    def test_a_run_that_continues_is_run_to_its_end(self):
        host = Host()
        self.assertEqual(host.run(count_down, 5), 0)
        self.assertEqual(len(host.requests("run.continue-with")), 5)

    def test_a_run_that_is_cancelled_can_clean_up(self):
        host = Host().with_cancel_after(5_000)
        with self.assertRaises(Error) as raised:
            host.run(clean_up)
        self.assertEqual((raised.exception.kind, host.file("left.md")), ("cancelled", "cancelled"))

    def test_the_first_of_two_agents_wins_and_the_other_is_cancelled(self):
        host = Host().with_agent("slow", "late", after_ms=60_000).with_agent("quick", "soon", after_ms=1_000)
        host.with_workflow("tests", 7, after_ms=2_000)

        def race():
            slow, quick = agents.begin("slow", "Do it."), agents.begin("quick", "Do it.")
            first = waits.any([slow, quick])
            waits.cancel(slow)
            return first.outcome["answer"], waits.any([slow]).outcome.kind, workflows.join(workflows.start("tests"))

        self.assertEqual(host.twice(race), ("soon", "cancelled", 7))

    def test_a_signal_arrives_as_it_was_sent(self):
        host = Host().with_signal_after("go", 10, {"aB_c-d": None})
        self.assertEqual(host.inside(lambda: waits.any([waits.signal("go")]).outcome), {"aB_c-d": None})
