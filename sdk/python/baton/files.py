"""Files of the run's workspace. Needs `read` and `write`. Paths are relative, with `/` between names."""

from dataclasses import dataclass

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


def read(path):
    """The bytes of a file."""
    return call("files.read", path)


def read_text(path):
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise Error("invalid", f"`{path}` is not UTF-8 text. Name a text file, or read it as bytes.", path) from None


def write(path, content):
    """Writes text or bytes. Creates parent directories, and replaces the file in one step."""
    call("files.write", path, content.encode() if isinstance(content, str) else bytes(content))


def remove(path):
    """Removes a file or an empty directory."""
    call("files.remove", path)


def find(glob):
    """What matches a glob such as `docs/**/*.md`, sorted by path."""
    return _read(list[Entry], call("files.find", glob))


def search(pattern, glob=None, limit=100):
    """The lines of text files that match a regular expression."""
    return _read(list[LineMatch], call("files.search", pattern, glob, limit))
