"""The run itself: its id, its time, its log and its progress. Needs no grant."""

import json
from dataclasses import dataclass

from .contract import Record, call


@dataclass
class Info(Record):
    id: str
    parent: str | None
    project: str
    plugin: str
    plugin_version: str


def about():
    return Info.of(call("run.about"))


def now():
    """Milliseconds since 1970 UTC. Take the time from here: a replay sees the same."""
    return int(call("run.now"))


def sleep_until(until_ms):
    """Suspends the run until this time."""
    call("run.sleep-until", until_ms)


def pause(reason):
    """Suspends the run until its operator resumes it. For what only people can fix."""
    call("run.pause", reason)


def publish(key, value):
    """Shows others `value` beside the run, in the place of what was there before; None removes it."""
    call("run.publish", key, json.dumps(value))


def continue_with(input):
    """Begins the run again from the top with another input and an empty journal. Returns only with an error."""
    call("run.continue-with", json.dumps(input))


def log(level, message, fields=None):
    """One line of the run's log. `level` is `debug`, `info`, `warn` or `error`."""
    call("run.log", level, message, json.dumps(fields or {}))


def info(message):
    log("info", message)


def warn(message):
    log("warn", message)


def progress(fraction, step):
    """Tells people who watch where the run is. `fraction` is 0.0 to 1.0."""
    call("run.progress", fraction, step)
