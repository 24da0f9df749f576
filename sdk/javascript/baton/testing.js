// A host in memory, for tests: each call of the plugin reaches a `Host`, which answers as Baton does. It is Baton's own, in a
// process beside the tests: the program `baton`, or the one that the variable BATON names.
//
//     const host = new Host().withFile("brief.md", "A long story.").when("Summarise", "It is long.");
//     assert.deepEqual(host.run(summary, { file: "brief.md" }), { words: 3 });
//     assert.equal(host.file("docs/summary.md"), "It is long.");
import { AssertionError } from "node:assert";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";

import { ordered, received, report } from "./agents.js";
import { BatonError, bytes, camel, install, json, kebab, parsed } from "./contract.js";
import { Reply, received as part, sent, toolReceived } from "./llm.js";
import { offered, outcome } from "./tools.js";

let hosts = 0;
let only;

/** Answers every call of the plugin under test, from memory. What a run changed is there for the next. */
export class Host {
  #number = (hosts += 1);

  // What a test runs. A plugin is the default export of app.js.

  /** Runs a workflow and gives its output as its caller would get it. */
  run(plugin, input) {
    const work = (given) => json(this.inside(() => plugin.run(JSON.parse(given))));
    return JSON.parse(this.#look("run", [json(input)], work));
  }

  /** Has an agent perform a task, which may be its goal alone. */
  perform(plugin, task) {
    const work = (given) => this.inside(() => report(plugin.perform(received(given))));
    const given = this.#look("perform", [ordered(task)], work);
    return { ...given, conversation: parsed(given.conversation) };
  }

  /** Calls a tool of a toolbox. */
  call(plugin, name, toolArguments = {}) {
    const given = json(toolArguments);
    return this.#look("call", [], () => this.inside(() => outcome(plugin.call(name, JSON.parse(given)))));
  }

  /** Does anything that calls the host. */
  inside(work) {
    const before = install((name, parameters) => this.#ask({ call: name, arguments: parameters }));
    try {
      return work();
    } finally {
      install(before);
    }
  }

  /** Does the work, then again with each of its calls answered as before. Fails where the second time is not the first. */
  twice(work) {
    const results = [];
    this.#look("twice", [], () => json(results[results.push(this.inside(work)) - 1]));
    return results[0];
  }

  // What a test puts into the host.

  /** Allows what `[needs]` of a plugin.toml asks for, and denies the rest. */
  withManifest(text) {
    return this.#set("with_manifest", [text]);
  }

  granting(kind, pattern) {
    return this.#set("granting", [kind, pattern]);
  }

  withFile(path, content) {
    return this.#set("with_file", [path, bytes(content)]);
  }

  /** The workspace is a repository, whose branch `main` has its files. */
  withRepository() {
    return this.#set("with_repository", []);
  }

  withCommit(branch, path, content) {
    return this.#set("with_commit", [branch, path, bytes(content)]);
  }

  inWorktree(branch) {
    return this.#set("in_worktree", [branch]);
  }

  withAsset(path, content) {
    return this.#set("with_asset", [path, bytes(content)]);
  }

  withState(bucket, key, value) {
    return this.#set("with_state", [bucket, key, json(value)]);
  }

  withItem(draft, status = "todo") {
    return this.#set("with_item", [{ body: "", after: [], priority: 5, labels: [], ...draft }, status]);
  }

  withSetting(key, value) {
    return this.#set("with_setting", [key, json(value)]);
  }

  /** A prompt that contains `phrase` is answered with this text. */
  when(phrase, reply) {
    return this.#set("when", [phrase, reply]);
  }

  /** `rule(request)` returns a reply, a text, or undefined to leave the prompt to the next rule. */
  withModel(rule) {
    return this.#set("with_model", [], (request) => replied(rule(requested(request))));
  }

  /** What `llm.describe` returns, whatever the model. Its `model` is the one that is set. */
  withModelDescription({ model = "script/test", windowTokens = 16384, maxOutputTokens = 4096, tools = true, replySchema = false }) {
    return this.#set("with_model_description", [{ model, windowTokens, maxOutputTokens, tools, replySchema }]);
  }

  /** A question that contains `phrase` is answered with this text. */
  answers(phrase, answer) {
    return this.#set("answers", [phrase, answer]);
  }

  /** `answers`, this time after the question. A question that expires before is answered by its expiry. */
  answersAfter(phrase, afterMs, answer) {
    return this.#set("answers_after", [phrase, afterMs, answer]);
  }

  /** An operator sends the run a signal, this time from now. */
  withSignalAfter(name, afterMs, value) {
    return this.#set("with_signal_after", [name, afterMs, json(value)]);
  }

  /** An operator moves an item of the backlog, this time from now. */
  withItemMovedAfter(key, afterMs, status) {
    return this.#set("with_item_moved_after", [key, afterMs, status]);
  }

  /** An operator cancels the run, this time from now. */
  withCancelAfter(afterMs) {
    return this.#set("with_cancel_after", [afterMs]);
  }

  /** The operator resumes a run that pauses itself. */
  resumes(times) {
    return this.#set("resumes", [times]);
  }

  /** `answer(task)` returns a report or its answer, after `afterMs` milliseconds. A text answers every task. */
  withAgent(name, answer, { afterMs = 0 } = {}) {
    return this.#set("with_agent_after", [name, afterMs], (task) => report(called(answer, received(task))));
  }

  /** `answer(input)` returns the output. What is not a function is the output for every input. */
  withWorkflow(name, answer, { afterMs = 0 } = {}) {
    return this.#set("with_workflow_after", [name, afterMs], (input) => json(called(answer, JSON.parse(input))));
  }

  /** `answer(arguments)` returns an outcome or its content. */
  withTool(name, offer, answer) {
    return this.#set("with_tool", [name, offered(offer)], (given) => outcome(called(answer, JSON.parse(given))));
  }

  /** A command that contains `phrase` ends so: `{ exitCode, stdout, stderr }`. */
  whenExecuted(phrase, execution) {
    return this.#set("when_executed", [phrase, executed(execution)]);
  }

  /** Renewing lockfiles has this outcome: `{ state, command, report, reached, denied, tookMs }`. */
  whenRenewed(outcome) {
    return this.#set("when_renewed", [{ report: "", reached: [], denied: [], tookMs: 0, ...outcome }]);
  }

  /** `rule(job)` returns how a command ends, or undefined to leave the job to the next rule. */
  withSandbox(rule) {
    return this.#set("with_sandbox", [], (job) => executed(rule({ ...job, env: Object.fromEntries(job.env) })));
  }

  knowing(source, text) {
    return this.#set("knowing", [source, text]);
  }

  withoutAutoMerge() {
    return this.#set("without_auto_merge", []);
  }

  at(milliseconds) {
    return this.#set("at", [milliseconds]);
  }

  // What a test looks at afterwards.

  /** Every call so far: `{ name, request }` with `answer` or `error`, as the journal keeps them. */
  calls() {
    return JSON.parse(this.#look("calls"));
  }

  /** The requests of all calls of one name, such as `files.write`. */
  requests(name) {
    const calls = this.calls().filter((call) => call.name === name);
    return calls.map((call) => call.request);
  }

  /** What every model call was told. */
  prompts() {
    return this.#look("prompts");
  }

  questions() {
    return this.#look("questions");
  }

  pauses() {
    return this.#look("pauses");
  }

  executed() {
    return this.#look("executed");
  }

  /** The lines of the log: `{ level, message, fields }`. */
  logged() {
    return JSON.parse(this.#look("logged"));
  }

  progress() {
    return this.#look("progress");
  }

  /** The text of a file of the workspace, or undefined. */
  file(path) {
    return this.#look("file", [path]);
  }

  files() {
    return this.#look("files");
  }

  /** An item of the backlog, or undefined. */
  item(key) {
    return this.#look("item", [key]);
  }

  statuses(key) {
    return this.#look("statuses", [key]);
  }

  /** A document of the state, or undefined. */
  state(bucket, key) {
    return parsed(this.#look("state", [bucket, key]));
  }

  /** What the run shows others under a key, or undefined. */
  published(key) {
    return parsed(this.#look("published", [key]));
  }

  #set(name, parameters, callback) {
    this.#look(name, parameters, callback);
    return this;
  }

  #look(name, parameters = [], callback = undefined) {
    return this.#ask({ do: name, arguments: parameters }, callback);
  }

  #ask(question, callback) {
    only ??= new Process();
    return only.ask({ host: this.#number, ...question }, callback);
  }
}

/** A reply of text alone. */
export function says(text) {
  return new Reply({ parts: [text] });
}

/** A reply that asks for a tool. */
export function callsTool(name, toolArguments) {
  return new Reply({ parts: [{ tag: "tool-call", val: { id: `call-${name}`, name, arguments: toolArguments } }], stop: "tool-use" });
}

/** Ends the plugin, because its run begins again with another input. */
class Continued {
  constructor(input) {
    this.input = input;
  }
}

/** Baton's host in memory. What goes to it is a question or the answer of a function of the test; what comes back an answer or a
 * call of such a function. */
class Process {
  #arrived = new Int32Array(new SharedArrayBuffer(4));
  #callbacks = [];
  #ended;
  #failed;
  #port;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    const workerData = { program: process.env.BATON ?? "baton", port: port2, arrived: this.#arrived };
    // The process ends with the tests.
    new Worker(new URL("./process.js", import.meta.url), { workerData, transferList: [port2] }).unref();
    this.#port = port1;
  }

  ask(question, callback) {
    const asked = callback ? { ...question, callback: this.#callbacks.push(callback) - 1 } : question;
    let answer = this.#exchange(asked);
    while (answer.callback !== undefined) {
      answer = this.#exchange(this.#called(this.#callbacks[answer.callback], answer.arguments));
    }
    if (answer.continue !== undefined) throw new Continued(answer.continue);
    if (answer.failure !== undefined) {
      const failed = this.#failed;
      this.#failed = undefined;
      throw failed ?? new AssertionError({ message: answer.failure });
    }
    if (answer.error) throw BatonError.of(answer.error);
    return answer.value;
  }

  /** Has a function of the test answer. What it throws, unless that is a `BatonError`, is thrown again where the plugin was
   * called. */
  #called(answer, parameters) {
    try {
      return { return: answer(...parameters) };
    } catch (error) {
      if (error instanceof BatonError) return { raise: error.toContract() };
      if (error instanceof Continued) return { continue: error.input };
      this.#failed = error;
      return { fail: String(error) };
    }
  }

  #exchange(message) {
    this.#port.postMessage(JSON.stringify(onWire(message)));
    for (;;) {
      const before = Atomics.load(this.#arrived, 0);
      const arrived = receiveMessageOnPort(this.#port)?.message;
      this.#ended ??= arrived?.ended;
      if (this.#ended) throw new Error(this.#ended);
      if (arrived) return offWire(JSON.parse(arrived.line));
      Atomics.wait(this.#arrived, 0, before);
    }
  }
}

function onWire(value) {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map((item) => onWire(item) ?? null);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [kebab(name), onWire(item)]));
}

function offWire(value) {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(offWire);
  if (typeof value !== "object") return value;
  if (typeof value.base64 === "string") return new Uint8Array(Buffer.from(value.base64, "base64"));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [camel(name), offWire(item)]));
}

function called(answer, given) {
  return typeof answer === "function" ? answer(given) : answer;
}

function executed(execution) {
  return execution && { ending: "exited", exitCode: 0, stdout: "", stderr: "", tookMs: 0, ...execution };
}

/** A request of the contract as a test reads it. */
function requested({ messages, options, tools, replySchema, ...rest }) {
  const named = Object.fromEntries(options.map(({ name, value }) => [camel(name), JSON.parse(value)]));
  const read = messages.map(({ role, parts }) => ({ role, parts: parts.map(part) }));
  return { ...rest, messages: read, tools: tools.map(toolReceived), replySchema: parsed(replySchema), ...named };
}

function replied(reply) {
  if (reply === undefined) return undefined;
  const { parts, stop, usage, model } = typeof reply === "string" ? says(reply) : new Reply(reply);
  return { parts: parts.map(sent), stop, usage, model };
}
