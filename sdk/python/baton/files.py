"""Files of the run's workspace. Needs `read` and `write`. Paths are relative, with `/` between names."""

from dataclasses import dataclass, field

from .contract import Record, Error, call, read as _read


@dataclass
class Entry(Record):
    path: str
    kind: str
    size_bytes: int


@dataclass
class LineMatch(Record):
    path: str
    line: int
    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass
class TextLine(Record):
    text: str
    left_out_bytes: int = 0


@dataclass
class Excerpt(Record):
    """Lines of a text, of which `first` is the number of the first, counted from 1."""

    first: int
    lines: list[TextLine]
    total_lines: int
    size_bytes: int


def read(path):
    """The bytes of a file."""
    return call("files.read", path)


def read_text(path):
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise Error("invalid", f"`{path}` is not UTF-8 text. Name a text file, or read it as bytes.", path) from None


def read_lines(path, first=1, count=500, most_bytes=24576):
    """Lines of a text file. The journal keeps these lines and not the file."""
    return Excerpt.of(call("files.read-lines", path, first, count, most_bytes))


def write(path, content):
    """Writes text or bytes. Creates parent directories, and replaces the file in one step."""
    call("files.write", path, content.encode() if isinstance(content, str) else bytes(content))


def remove(path):
    """Removes a file or an empty directory."""
    call("files.remove", path)


def find(glob):
    """What matches a glob such as `docs/**/*.md`, sorted by path."""
    return _read(list[Entry], call("files.find", glob))


def search(pattern, glob=None, limit=100, context=0):
    """The lines of text files that match a regular expression, each with `context` lines before and after it."""
    return _read(list[LineMatch], call("files.search", pattern, glob, limit, context))
