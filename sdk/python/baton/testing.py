"""A host in memory, for tests: each call of the plugin reaches a `Host`, which answers as Baton does. It is Baton's own, in a
process beside the tests: the program `baton`, or the one that the variable BATON names.

    host = Host().with_file("brief.md", "A long story.").when("Summarise", "It is long.")
    assert host.run(summary, {"file": "brief.md"}) == {"words": 3}
    assert host.file("docs/summary.md") == "It is long."
"""

import base64
import json
import os
import subprocess

from . import contract
from .agents import Report, Task
from .backlog import Item
from .contract import Error, made, wire
from .llm import Reply, Request, ToolCall, Usage
from .sandbox import Execution, Job
from .tools import ToolOutcome


class Host:
    """Answers every call of the plugin under test, from memory. What a run changed is there for the next."""

    def __init__(self):
        self._process = _Process.of_tests()
        self._number = self._process.hosts = self._process.hosts + 1

    # What a test runs.

    def run(self, workflow, input=None):
        """Runs a workflow and gives its output as its caller would get it."""
        work = lambda given: json.dumps(self.inside(lambda: workflow(json.loads(given))))
        return json.loads(self._look("run", json.dumps(input), callback=work))

    def perform(self, agent, task):
        """Has an agent perform a task, which may be its goal alone."""
        work = lambda given: self.inside(lambda: made(Report, agent(Task.of(given)), {}))
        return Report.of(self._look("perform", made(Task, task, {}), callback=work))

    def call(self, toolbox, name, arguments=None):
        """Calls a tool of a toolbox."""
        given = json.dumps(arguments or {})
        work = lambda: self.inside(lambda: made(ToolOutcome, toolbox().call(name, json.loads(given)), {}))
        return ToolOutcome.of(self._look("call", callback=work))

    def inside(self, work):
        """Does anything that calls the host."""
        before = contract.install(self._answer)
        try:
            return work()
        finally:
            contract.install(before)

    def twice(self, work):
        """Does the work, then again with each of its calls answered as before. Fails where the second time is not the first."""
        results = []

        def once():
            results.append(self.inside(work))
            return repr(results[-1])

        self._look("twice", callback=once)
        return results[0]

    # What a test puts into the host.

    def with_manifest(self, text):
        """Allows what `[needs]` of a plugin.toml asks for, and denies the rest."""
        return self._set("with_manifest", text)

    def granting(self, kind, pattern):
        return self._set("granting", kind, pattern)

    def with_file(self, path, content):
        return self._set("with_file", path, _as_bytes(content))

    def with_repository(self):
        """The workspace is a repository, whose branch `main` has its files."""
        return self._set("with_repository")

    def with_commit(self, branch, path, content):
        return self._set("with_commit", branch, path, _as_bytes(content))

    def in_worktree(self, branch):
        return self._set("in_worktree", branch)

    def with_asset(self, path, content):
        return self._set("with_asset", path, _as_bytes(content))

    def with_state(self, bucket, key, value):
        return self._set("with_state", bucket, key, json.dumps(value))

    def with_item(self, draft, status="todo"):
        return self._set("with_item", draft, status)

    def with_setting(self, key, value):
        return self._set("with_setting", key, json.dumps(value))

    def when(self, phrase, reply):
        """A prompt that contains `phrase` is answered with this text."""
        return self._set("when", phrase, reply)

    def with_model(self, rule):
        """`rule(request)` returns a `Reply`, a text, or None to leave the prompt to the next rule."""
        return self._set("with_model", callback=lambda request: _reply(rule(Request.of(request))))

    def with_model_description(self, description):
        """What `llm.describe` returns, whatever the model. Its `model` is the one that is set."""
        return self._set("with_model_description", description)

    def answers(self, phrase, answer):
        """A question that contains `phrase` is answered with this text."""
        return self._set("answers", phrase, answer)

    def answers_after(self, phrase, after_ms, answer):
        """`answers`, this time after the question. A question that expires before is answered by its expiry."""
        return self._set("answers_after", phrase, after_ms, answer)

    def with_signal_after(self, name, after_ms, value):
        """An operator sends the run a signal, this time from now."""
        return self._set("with_signal_after", name, after_ms, json.dumps(value))

    def with_item_moved_after(self, key, after_ms, status):
        """An operator moves an item of the backlog, this time from now."""
        return self._set("with_item_moved_after", key, after_ms, status)

    def with_cancel_after(self, after_ms):
        """An operator cancels the run, this time from now."""
        return self._set("with_cancel_after", after_ms)

    def resumes(self, times):
        """The operator resumes a run that pauses itself."""
        return self._set("resumes", times)

    def with_agent(self, name, answer, after_ms=0):
        """`answer(task)` returns a `Report` or its answer, after `after_ms` milliseconds. A text answers every task."""
        double = answer if callable(answer) else lambda task: answer
        return self._set("with_agent_after", name, after_ms, callback=lambda task: made(Report, double(Task.of(task)), {}))

    def with_workflow(self, name, answer, after_ms=0):
        """`answer(input)` returns the output. What is not a function is the output for every input."""
        double = answer if callable(answer) else lambda input: answer
        return self._set("with_workflow_after", name, after_ms, callback=lambda input: json.dumps(double(json.loads(input))))

    def with_tool(self, name, offer, answer):
        """`answer(arguments)` returns a `ToolOutcome` or its content."""
        return self._set("with_tool", name, offer, callback=lambda given: made(ToolOutcome, answer(json.loads(given)), {}))

    def when_executed(self, phrase, execution):
        """A command that contains `phrase` ends so."""
        return self._set("when_executed", phrase, execution)

    def when_renewed(self, outcome):
        """Renewing lockfiles has this outcome."""
        return self._set("when_renewed", outcome)

    def with_sandbox(self, rule):
        """`rule(job)` returns an `Execution`, or None to leave the job to the next rule."""
        return self._set("with_sandbox", callback=lambda job: rule(Job.of(job)))

    def knowing(self, source, text):
        return self._set("knowing", source, text)

    def without_auto_merge(self):
        return self._set("without_auto_merge")

    def at(self, milliseconds):
        return self._set("at", milliseconds)

    # What a test looks at afterwards.

    def calls(self):
        """Every call so far, as dicts with `name`, `request`, and `answer` or `error`, as the journal keeps them."""
        return json.loads(self._look("calls"))

    def requests(self, name):
        """The requests of all calls of one name, such as `files.write`."""
        return [call["request"] for call in self.calls() if call["name"] == name]

    def prompts(self):
        """What every model call was told."""
        return self._look("prompts")

    def questions(self):
        return self._look("questions")

    def pauses(self):
        return self._look("pauses")

    def executed(self):
        return self._look("executed")

    def logged(self):
        """The lines of the log, as dicts with `level`, `message` and `fields`."""
        return json.loads(self._look("logged"))

    def progress(self):
        return self._look("progress")

    def file(self, path):
        """The text of a file of the workspace, or None."""
        return self._look("file", path)

    def files(self):
        return self._look("files")

    def item(self, key):
        """An item of the backlog, or None."""
        item = self._look("item", key)
        return item and Item.of(item)

    def statuses(self, key):
        return self._look("statuses", key)

    def state(self, bucket, key):
        """A document of the state, or None."""
        value = self._look("state", bucket, key)
        return None if value is None else json.loads(value)

    def published(self, key):
        """What the run shows others under a key, or None."""
        value = self._look("published", key)
        return None if value is None else json.loads(value)

    def _set(self, name, *arguments, callback=None):
        self._look(name, *arguments, callback=callback)
        return self

    def _look(self, name, *arguments, callback=None):
        return self._process.ask({"host": self._number, "do": name, "arguments": wire(arguments)}, callback)

    def _answer(self, name, arguments):
        return self._process.ask({"host": self._number, "call": name, "arguments": arguments})


def says(text):
    """A reply of text alone."""
    return Reply([text], "end", Usage(0, 0, 0, None), "script/test")


def calls_tool(name, arguments):
    """A reply that asks for a tool."""
    return Reply([ToolCall(f"call-{name}", name, arguments)], "tool-use", Usage(0, 0, 0, None), "script/test")


class _Continued(BaseException):
    """Ends the plugin, because its run begins again with another input."""

    def __init__(self, input):
        self.input = input


class _Process:
    """Baton's host in memory. Each line that goes to it is a question or the answer of a function of the test, each line that
    comes back an answer or a call of such a function."""

    _only = None

    @classmethod
    def of_tests(cls):
        cls._only = cls._only or cls()
        return cls._only

    def __init__(self):
        program = os.environ.get("BATON", "baton")
        try:
            self.child = subprocess.Popen([program, "plugin", "host"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise RuntimeError(
                f"The tests need the program `{program}`, which does not start: {error}. Run them with `baton plugin test`, or set BATON to "
                "the path of Baton."
            ) from None
        self.hosts, self.callbacks, self.failed = 0, {}, None

    def ask(self, question, callback=None):
        if callback:
            question["callback"] = len(self.callbacks)
            self.callbacks[len(self.callbacks)] = callback
        answer = self.exchange(question)
        while "callback" in answer:
            answer = self.exchange(self.called(self.callbacks[answer["callback"]], answer["arguments"]))
        if "continue" in answer:
            raise _Continued(answer["continue"])
        if "failure" in answer:
            failed, self.failed = self.failed, None
            raise failed or AssertionError(answer["failure"])
        if "error" in answer:
            raise Error.of(answer["error"])
        return answer["value"]

    def called(self, function, arguments):
        """Has a function of the test answer. What it raises, unless that is an `Error`, is raised again where the plugin was
        called."""
        try:
            return {"return": wire(function(*arguments))}
        except Error as error:
            return {"raise": error.wire()}
        except _Continued as continued:
            return {"continue": continued.input}
        except BaseException as error:
            self.failed = error
            return {"fail": str(error)}

    def exchange(self, message):
        try:
            self.child.stdin.write(json.dumps(message, default=_encoded).encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError("`baton plugin host` has ended. Its last words above say why.")
        return json.loads(line, object_hook=_decoded)


def _encoded(value):
    return {"base64": base64.b64encode(value).decode()}


def _decoded(value):
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def _as_bytes(content):
    return content.encode() if isinstance(content, str) else bytes(content)


def _reply(reply):
    return says(reply) if isinstance(reply, str) else reply
