"""The way to the host, and the form in which values go there. In a component the host is Baton, in a test a host in memory.

A value on its way has the contract's names: records are dicts, variants and results `{"tag": …, "val": …}`, enums texts,
JSON documents texts.
"""

import dataclasses
import json
import typing

Json = typing.Annotated[typing.Any, "a JSON document"]

_host = None


class Error(Exception):
    """Why a call failed, or why a plugin does. `kind` is for programs, `text` a sentence for people. Kinds of the host:
    `denied`, `invalid`, `not-found`, `conflict`, `budget-exceeded`, `unavailable`, `cancelled`, `timed-out`, `child-failed`,
    `trapped`, `other`. A plugin may have kinds of its own."""

    def __init__(self, kind, text, subject=None, details=None):
        super().__init__(text)
        self.kind, self.text, self.subject, self.details = kind, text, subject, details

    def __eq__(self, other):
        return isinstance(other, Error) and self.wire() == other.wire()

    __hash__ = Exception.__hash__

    def of_child(self):
        """The child's own error, if this one says that a child failed."""
        own = (self.details or {}).get("error") if self.kind == "child-failed" else None
        return Error(**own) if own else None

    def ends_the_run(self):
        """Whether no retry in this run can succeed."""
        return self.kind in ("cancelled", "budget-exceeded")

    def wire(self):
        details = None if self.details is None else json.dumps(self.details)
        return {"kind": self.kind, "text": self.text, "subject": self.subject, "details": details}

    @classmethod
    def of(cls, wire):
        details = wire.get("details")
        return cls(wire["kind"], wire["text"], wire.get("subject"), None if details is None else json.loads(details))


def install(host):
    """Has `host(name, arguments)` answer all calls from now on. Returns the one before."""
    global _host
    before, _host = _host, host
    return before


def call(name, *arguments):
    """Calls a function of the contract, such as `files.read`."""
    if _host is None:
        raise RuntimeError(f"`{name}` was called and there is no host. In a test, call the plugin through `baton.testing.Host`.")
    return _host(name, [wire(argument) for argument in arguments])


def options(named):
    """Keyword arguments as options of a call. None leaves an option out."""
    return [{"name": kebab(name), "value": json.dumps(value)} for name, value in named.items() if value is not None]


class Record:
    """A record of the contract, as a dataclass. Its annotations say how each field is read."""

    def wire(self):
        return {kebab(field.name): _write(field.type, getattr(self, field.name)) for field in dataclasses.fields(self)}

    @classmethod
    def of(cls, wire):
        return cls(**{field.name: read(field.type, wire[kebab(field.name)]) for field in dataclasses.fields(cls)})


def made(record, value, more):
    """The record itself, or one made of its first field and the others by name."""
    return value if isinstance(value, record) else record(value, **more)


def read(kind, wire):
    """A value that comes from the host."""
    if kind is Json:
        return json.loads(wire)
    if hasattr(kind, "of"):
        return kind.of(wire)
    inner = typing.get_args(kind)
    if type(None) in inner:
        return None if wire is None else read(inner[0], wire)
    if typing.get_origin(kind) is list:
        return [read(inner[0], item) for item in wire]
    # Times and sizes cross the contract as floats.
    return int(wire) if kind is int else wire


def ended(kind, wire):
    """A result that is not raised: the value, or an `Error`."""
    return read(kind, wire["val"]) if wire["tag"] == "ok" else Error.of(wire["val"])


def wire(value):
    """A value that goes to the host."""
    if hasattr(value, "wire"):
        return value.wire()
    return [wire(item) for item in value] if isinstance(value, (list, tuple)) else value


def _write(kind, value):
    if kind is Json:
        return json.dumps(value)
    if value is not None and Json in typing.get_args(kind):
        return json.dumps(value)
    return wire(value)


def kebab(name):
    return name.replace("_", "-")
