"""Other workflows, as child runs. Needs `workflows`."""

import json
from dataclasses import dataclass

from .contract import Error, Json, Record, call, ended, options


@dataclass
class Outcome(Record):
    """`shortfall` says what the child leaves undone, if it does."""

    output: Json
    shortfall: str | None


def start(workflow, input=None, **named):
    """Starts a child run and returns at once, with its id. Option: `worktree`."""
    return call("workflows.start", workflow, json.dumps(input), options(named))


def join(run):
    """Waits for the child's output. Raises `child-failed` if the child failed."""
    return join_outcome(run).output


def join_outcome(run):
    """`join` with what the child leaves undone."""
    return Outcome.of(call("workflows.join", run))


def join_any(runs):
    """Waits until one of the runs ends. Returns its id, and its output or an `Error`."""
    run, ending = call("workflows.join-any", list(runs))
    outcome = ended(Outcome, ending)
    return run, outcome if isinstance(outcome, Error) else outcome.output
