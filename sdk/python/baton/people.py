"""Questions to people, and decisions that people should know of. `ask` and `post` need `people`; `inform` needs no grant."""

from dataclasses import dataclass, field

from .contract import Json, Record, call, made


@dataclass
class Expiry(Record):
    """`answer` is taken without an answer by `at_ms`."""

    at_ms: int
    answer: str


@dataclass
class Question(Record):
    """`severity` is `info`, `important` or `critical`; `best` is the asker's own answer, of which it is sure by `confidence`."""

    text: str
    options: list[str] = field(default_factory=list)
    reasoning: str = ""
    confidence: float = 0.0
    severity: str = "important"
    context: Json = None
    best: str | None = None
    expiry: Expiry | None = None


@dataclass
class Decision(Record):
    question: str
    answer: str
    reasoning: str = ""
    source: str = ""
    confidence: float = 1.0


def ask(question, **fields):
    """Asks, and waits for the answer, a text. `question` is a Question, or its text with the other fields by name."""
    return call("people.ask", made(Question, question, fields))


def post(question, **fields):
    """Asks, and returns at once, with a ticket for `waits.any`."""
    return call("people.post", made(Question, question, fields))


def inform(decision):
    """Tells people what was decided without asking."""
    call("people.inform", decision)
