"""Agents: give a task to another plugin and wait for its answer. Needs `agents`."""

import json
from dataclasses import dataclass, replace

from .contract import Error, Json, Record, call, made, options


@dataclass
class Task(Record):
    goal: str
    context: str = ""
    answer_schema: Json | None = None
    conversation: Json | None = None
    """The `conversation` of an earlier outcome: the agent continues where it was."""


@dataclass
class Report(Record):
    """What an agent returns."""

    answer: str
    summary: str = ""
    conversation: Json | None = None
    """What the agent is to be given in a later task, to continue where it was; at most 4 MiB."""


@dataclass
class Outcome(Record):
    """What the caller gets. `cost_usd` is None when some price is unknown."""

    answer: str
    summary: str
    conversation: Json | None
    cost_usd: float | None


def perform(agent, task, **named):
    """Starts a child run of the agent and waits until it ends. `task` is a Task, or its goal.
    Options: `worktree`, `within`, `item`, `timeout_ms`."""
    return Outcome.of(call("agents.perform", agent, made(Task, task, {}), options(named)))


def begin(agent, task, **named):
    """Starts the child run and returns at once, with a ticket for `waits.any`. Options: `worktree`, `within`, `item`."""
    return call("agents.begin", agent, made(Task, task, {}), options(named))


def answer(agent, task, schema, **named):
    """`perform` for an answer in JSON that satisfies `schema`."""
    given = perform(agent, replace(made(Task, task, {}), answer_schema=schema), **named).answer
    try:
        return json.loads(given)
    except ValueError as error:
        raise Error("other", f"The answer of agent `{agent}` is not JSON: {error}. Set another model for the agent.") from None
