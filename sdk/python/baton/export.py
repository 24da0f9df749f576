"""What a plugin is: a function or class of `app.py`, marked by one of these decorators."""

import json

from .agents import Report, Task
from .contract import Error, made
from .tools import ToolOutcome
from .workflows import Outcome

exported = {}


def workflow(run=None, *, shortfall=None):
    """Marks the function that takes the run's input and returns its output. `shortfall(output)` says in a sentence what the
    output leaves undone, or returns None."""
    if run is None:
        return lambda run: workflow(run, shortfall=shortfall)
    run.shortfall = shortfall or (lambda output: None)
    exported["workflow"] = run
    return run


def agent(perform):
    """Marks the function that takes a `Task` and returns a `Report`, or its answer."""
    exported["agent"] = perform
    return perform


def toolbox(cls):
    """Marks the class with `tools(self)`, which returns offers, and `call(self, name, arguments)`, which returns a
    `ToolOutcome` or its content."""
    exported["toolbox"] = cls
    return cls


def run_workflow(input):
    run = find("workflow")
    output = run(decode(input, "input"))
    return Outcome(output, run.shortfall(output))


def perform(task):
    return made(Report, find("agent")(Task.of(task)), {})


def list_tools():
    return find("toolbox")().tools()


def call_tool(name, arguments):
    return made(ToolOutcome, find("toolbox")().call(name, decode(arguments, "arguments")), {})


def find(kind):
    if kind not in exported:
        raise Error("other", f"app.py has no {kind}. Mark it with `@{kind}` of the module `baton`.")
    return exported[kind]


def decode(text, what):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Error("invalid", f"The {what} is not JSON: {error}. Correct it and send it again.") from None
