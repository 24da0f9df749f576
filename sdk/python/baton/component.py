"""The component: the contract's functions on one side, `app.py` on the other. `baton plugin build` starts here; nothing else
imports this, because `wit_world` exists in a component alone."""

import dataclasses
import enum
import importlib
import pkgutil
import traceback
import typing

import wit_world
import wit_world.imports
from componentize_py_types import Err, Ok

from . import contract, export, run

# Modules can be loaded while the component is built, and not when it is executed.
INTERFACES = {
    name: importlib.import_module(f"wit_world.imports.{name}") for _, name, _ in pkgutil.iter_modules(wit_world.imports.__path__)
}


def answer(name, arguments):
    """Calls a function of the contract."""
    interface, function = name.split(".")
    function = getattr(INTERFACES[interface], function.replace("-", "_"))
    hints = list(typing.get_type_hints(function).items())
    try:
        return from_component(function(*(to_component(hint, value) for (_, hint), value in zip(hints, arguments))))
    except Err as error:
        raise contract.Error.of(from_component(error.value)) from None


def to_component(hint, value):
    """A value on its way, as componentize-py wants it."""
    inner = typing.get_args(hint)
    if value is None:
        return None
    if isinstance(value, dict) and "tag" in value:
        case = next(case for case in inner if case.__name__.endswith("_" + value["tag"].title().replace("-", "")))
        return case(to_component(typing.get_type_hints(case)["value"], value["val"]))
    if type(None) in inner:
        return to_component(inner[0], value)
    if isinstance(value, list) and typing.get_origin(hint) is tuple:
        return tuple(to_component(each, item) for each, item in zip(inner, value))
    if isinstance(value, list):
        return [to_component(inner[0], item) for item in value]
    if issubclass(hint, enum.Flag):
        return hint(sum(hint[snake(name).upper()].value for name, there in value.items() if there))
    if issubclass(hint, enum.Enum):
        return hint[snake(value).upper()]
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{snake(name): to_component(hints[snake(name)], item) for name, item in value.items()})
    return float(value) if hint is float else value


def from_component(value):
    """A value of componentize-py, on its way."""
    if isinstance(value, (Ok, Err)):
        return {"tag": "ok" if isinstance(value, Ok) else "err", "val": from_component(value.value)}
    if isinstance(value, (list, tuple)):
        return [from_component(item) for item in value]
    if isinstance(value, enum.Flag):
        return {flag.name.lower().replace("_", "-"): flag in value for flag in type(value)}
    if isinstance(value, enum.Enum):
        return value.name.lower().replace("_", "-")
    if not dataclasses.is_dataclass(value):
        return value
    _, case, tag = type(value).__name__.partition("_")
    if case:
        return {"tag": words(tag), "val": from_component(value.value)}
    return {contract.kebab(field.name): from_component(getattr(value, field.name)) for field in dataclasses.fields(value)}


def snake(name):
    return name.replace("-", "_")


def words(name):
    """`ToolCall` as `tool-call`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).strip("-")


def exported(work, kind):
    """Does what the plugin exports. A mistake of the plugin ends the run, and its last words go to the log."""
    try:
        return to_component(typing.get_type_hints(getattr(wit_world.WitWorld, kind))["return"], contract.wire(work()))
    except contract.Error as error:
        raise Err(to_component(INTERFACES["types"].Error, error.wire())) from None
    except Exception:
        run.log("error", traceback.format_exc())
        raise


class WitWorld:
    def run_workflow(self, input):
        return exported(lambda: export.run_workflow(input), "run_workflow")

    def perform(self, task):
        return exported(lambda: export.perform(from_component(task)), "perform")

    def list_tools(self):
        return exported(export.list_tools, "list_tools")

    def call_tool(self, name, arguments):
        return exported(lambda: export.call_tool(name, arguments), "call_tool")


contract.install(answer)
# Afterwards, so that what it does while it is loaded finds the host.
app = importlib.import_module("app")
# A plugin can be written against the contract itself.
WitWorld = getattr(app, "WitWorld", WitWorld)
