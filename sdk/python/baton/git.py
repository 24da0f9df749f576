"""The repository of the run's workspace. Needs `git`, and `branches` for branches that the plugin creates or moves."""

from dataclasses import dataclass, field

from .contract import Record, call, read as _read


@dataclass
class Revision(Record):
    id: str
    summary: str
    author: str
    at_ms: int


@dataclass
class Change(Record):
    """`kind` is `added`, `modified`, `deleted`, `renamed` or `type-changed`."""

    path: str
    kind: str


@dataclass
class Resolution(Record):
    """What a file with a conflict holds after the merge. None removes it."""

    path: str
    content: bytes | None = None


@dataclass
class Merged:
    """The merge commit, or the paths in conflict: then nothing was merged."""

    clean: str | None = None
    conflicts: list[str] = field(default_factory=list)


def branch():
    return call("git.branch")


def status():
    """What differs from the last commit, sorted by path."""
    return _read(list[Change], call("git.status"))


def log(revision=None, limit=100):
    """Newest first."""
    return _read(list[Revision], call("git.log", revision, limit))


def diff(base):
    """Unified diff from where the workspace left `base` to its files as they are."""
    return call("git.diff", base)


def read(revision, path):
    """The bytes of a file as `revision` has it."""
    return call("git.read", revision, path)


def merge_base(one, other):
    return call("git.merge-base", one, other)


def commit(message, author=None):
    """Commits everything in the workspace. Returns None when nothing changed."""
    return call("git.commit", message, author)


def merge(revision, message, resolved=()):
    """Merges `revision` into the workspace's branch."""
    merged = call("git.merge", revision, message, list(resolved))
    return Merged(**{merged["tag"]: merged["val"]})


def reset(revision):
    """Moves the workspace's branch back to one of its commits, or forward to one that follows its last, and its files with it."""
    call("git.reset", revision)


def restore(paths):
    """Makes files what the last commit has at their paths."""
    call("git.restore", list(paths))


def advance(branch, expected):
    """Moves `branch` forward to the workspace's commit, if it is still at `expected`."""
    call("git.advance", branch, expected)


def worktree_add(branch, base):
    """A worktree with a new branch that begins at `base`. Returns its name. With the branch itself as `base`, work continues
    on a branch that an earlier run of the project made."""
    return call("git.worktree-add", branch, base)


def worktree_remove(worktree):
    call("git.worktree-remove", worktree)


def push(branch):
    """Pushes a branch to the remote that the operator set, never by force."""
    call("git.push", branch)
