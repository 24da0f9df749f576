"""Pull requests of the project, kept by the host or on GitHub. Needs `pull-requests`."""

from dataclasses import dataclass

from .contract import Record, call, read


@dataclass
class About(Record):
    """`kind` is `local` or `github`."""

    kind: str
    auto_merge: bool


@dataclass
class Proposal(Record):
    branch: str
    into: str
    title: str
    body: str = ""


@dataclass
class Check(Record):
    """`progress` is `pending`, `passed` or `failed`."""

    name: str
    progress: str
    summary: str = ""


@dataclass
class Opinion(Record):
    """`verdict` is `approve`, `request-changes` or `comment`."""

    verdict: str
    text: str
    author: str
    at_ms: int


@dataclass
class PullRequest(Record):
    """`state` is `open`, `merged` or `closed`; `mergeable` is `yes`, `conflicts` or `unknown`."""

    number: int
    proposal: Proposal
    state: str
    head: str | None
    merge_commit: str | None
    mergeable: str
    checks: list[Check]
    reviews: list[Opinion]
    address: str | None


@dataclass
class Summary(Record):
    number: int
    branch: str
    into: str
    title: str


def about():
    """Which forge the project has."""
    return About.of(call("forge.about-forge"))


def open(proposal):
    """Opens a pull request and returns its number."""
    return call("forge.open", proposal)


def get(number):
    return PullRequest.of(call("forge.get", number))


def all_open():
    return read(list[Summary], call("forge.all-open"))


def review(number, verdict, text=""):
    call("forge.review", number, verdict, text)


def report(number, check):
    """Sets the state of a check of its last commit."""
    call("forge.report", number, check)


def merge(number, head, method="merge", commit=None):
    """Merges by `merge`, `squash` or `rebase`, if its branch still ends with `head`. Returns the merge commit."""
    return call("forge.merge", number, head, method, commit)


def close(number):
    """Closes it without merging."""
    call("forge.close", number)
