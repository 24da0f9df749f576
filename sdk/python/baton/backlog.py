"""Epics, stories and tasks of the project, and what each waits for. Needs `backlog`: `read` or `write`."""

from dataclasses import dataclass, field

from .contract import Record, call, read


@dataclass
class Draft(Record):
    """`kind` is `epic`, `story` or `task`; `priority` 0 (last) to 10 (first)."""

    kind: str
    key: str
    title: str
    body: str = ""
    parent: str | None = None
    after: list[str] = field(default_factory=list)
    priority: int = 5
    labels: list[str] = field(default_factory=list)


@dataclass
class Item(Record):
    """`status` is `todo`, `in-progress`, `review`, `blocked`, `done`, `failed` or `cancelled`."""

    draft: Draft
    status: str
    assignee: str | None
    branch: str | None


@dataclass
class StatusChange(Record):
    at_ms: int
    before: str | None
    after: str
    reason: str
    run: str | None


def put(items):
    """Adds or updates items; all or none."""
    call("backlog.put", items)


def get(key):
    return Item.of(call("backlog.get", key))


def all():
    """All items without their bodies, in the order of their keys."""
    return read(list[Item], call("backlog.all"))


def ready():
    """The stories and tasks that can start now, most urgent first."""
    return read(list[Item], call("backlog.ready"))


def move_to(key, status, reason):
    """Raises `conflict` for a status that cannot follow the present one."""
    call("backlog.move-to", key, status, reason)


def assign(key, assignee=None, branch=None):
    """Sets who works on an item, and on which branch; None clears it."""
    call("backlog.assign", key, assignee, branch)


def history(key):
    """Oldest first."""
    return read(list[StatusChange], call("backlog.history", key))


def write_documents():
    """Brings the documents of the workspace in step with the backlog. Returns the paths that changed."""
    return call("backlog.write-documents")
