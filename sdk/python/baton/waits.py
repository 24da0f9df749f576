"""Waiting for several things at once, with a deadline. The run is suspended meanwhile, without memory.

A ticket stands for one thing that this run waits for. `agents.begin`, `workflows.start` and `people.post` give tickets too.
"""

from dataclasses import dataclass
from typing import Any

from .contract import Json, call, ended


@dataclass
class Arrival:
    """What a ticket gave: `outcome` is a document, or an `Error`."""

    ticket: str
    outcome: Any


def timer(at_ms):
    """Arrives at this time, with None."""
    return call("waits.timer", at_ms)


def signal(name):
    """Arrives with the next signal of this name, with the document that was sent."""
    return call("waits.signal", name)


def item_change(key):
    """Arrives when the backlog item changes, with its `key`, `status`, `assignee` and `branch`."""
    return call("waits.item-change", key)


def any(tickets, until_ms=None):
    """The first of these, 1 to 1,000, that arrives. None when none did by `until_ms`."""
    arrival = call("waits.any", list(tickets), until_ms)
    return None if arrival is None else Arrival(arrival["ticket"], ended(Json, arrival["outcome"]))


def cancel(ticket):
    """Gives up a ticket. The ticket of a child arrives when the child has ended."""
    call("waits.cancel", ticket)
