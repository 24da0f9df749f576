"""What the project already knows. Needs `knowledge` to search and `remember` to add notes."""

from dataclasses import dataclass

from .contract import Record, call, read


@dataclass
class Passage(Record):
    source: str
    text: str
    score: float


def search(query, limit=10):
    """The passages that fit the words of `query` best, best first."""
    return read(list[Passage], call("knowledge.search", query, limit))


def remember(source, text):
    """Notes `text` under `notes/` and `source`, in the place of what was noted there before."""
    call("knowledge.remember", source, text)
