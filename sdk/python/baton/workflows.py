"""Other workflows, as child runs. Needs `workflows`."""

import json
from dataclasses import dataclass

from . import waits
from .contract import Error, Json, Record, call, options


@dataclass
class Outcome(Record):
    """`shortfall` says what the child leaves undone, if it does."""

    output: Json
    shortfall: str | None


def start(workflow, input=None, **named):
    """Starts a child run and returns at once, with its id, which is a ticket for `waits.any`. Options: `worktree`,
    `within`, `item`."""
    return call("workflows.start", workflow, json.dumps(input), options(named))


def join(run):
    """Waits for the child's output. Raises `child-failed` if the child failed."""
    return join_outcome(run).output


def join_outcome(run):
    """`join` with what the child leaves undone."""
    return _taken(waits.any([run]).outcome)


def join_any(runs):
    """Waits until one of the runs ends. Returns its id, and its output or an `Error`."""
    arrival = waits.any(runs)
    return arrival.ticket, arrival.outcome if isinstance(arrival.outcome, Error) else arrival.outcome["output"]


def _taken(outcome):
    if isinstance(outcome, Error):
        raise outcome
    return Outcome(**outcome)
