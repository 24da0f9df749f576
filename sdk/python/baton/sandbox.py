"""Commands in containers, with the run's workspace at `/workspace`. Needs `images`."""

from dataclasses import dataclass, field

from .contract import Record, call, made
from .files import Excerpt


@dataclass
class Job(Record):
    """`command` is a program and its arguments; `env` holds variables by name."""

    command: list[str]
    image: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    timeout_ms: int | None = None

    @classmethod
    def shell(cls, line, **fields):
        """A line for `sh`."""
        return cls(["sh", "-c", line], **fields)

    def wire(self):
        return {**super().wire(), "env": [list(variable) for variable in self.env.items()]}

    @classmethod
    def of(cls, wire):
        return cls(wire["command"], wire["image"], dict(wire["env"]), wire["timeout-ms"])


@dataclass
class Execution(Record):
    """`ending` is `exited`, `timed-out`, `out-of-memory` or `killed`."""

    ending: str
    exit_code: int
    stdout: str = ""
    stderr: str = ""
    output: str | None = None
    took_ms: int = 0

    @classmethod
    def exited(cls, exit_code, stdout="", stderr=""):
        return cls("exited", exit_code, stdout, stderr)

    def succeeded(self):
        return self.ending == "exited" and self.exit_code == 0


@dataclass
class SetupOutcome(Record):
    """`state` is `none`, `unchanged`, `restored`, `done`, or `failed` where lockfiles cannot be renewed."""

    state: str
    command: str | None = None
    report: str = ""
    reached: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    took_ms: int = 0


def execute(job, **fields):
    """Executes a command. One that fails is an answer. `job` is a Job, or its command with the other fields by name."""
    return Execution.of(call("sandbox.execute", made(Job, job, fields)))


def read_output(output, first=1, count=500, most_bytes=24576):
    """Lines of all that a command of this run printed, by the name in its `output`."""
    return Excerpt.of(call("sandbox.read-output", output, first, count, most_bytes))


def set_up():
    """Does the setup of the workspace that the operator approved, unless it is done for these lockfiles."""
    return SetupOutcome.of(call("sandbox.set-up"))


def renew_lockfiles():
    """Renews the lockfiles of the workspace after a manifest changed, by the command that the operator approved."""
    return SetupOutcome.of(call("sandbox.renew-lockfiles"))
