// Calls the host's functions, one after another, and returns what they gave. The Python beside it does the same.
import {
  BatonError, agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflow, workflows,
} from "./baton/index.js";

const schema = { type: "object", properties: { count: { type: "integer" } } };
const or = (value) => value ?? null;

function refused(work, ...given) {
  try {
    return { "not refused": work(...given) };
  } catch (error) {
    if (!(error instanceof BatonError)) throw error;
    return [error.kind, or(error.subject)];
  }
}

function visitFiles() {
  files.write("out/a.txt", "one\ntwo\n");
  files.write("out/b.bin", new Uint8Array([255, 0]));
  const found = files.find("out/*").map(({ path, kind, sizeBytes }) => [path, kind, sizeBytes]);
  const matches = files.search("^t", { glob: "out/*", limit: 5, context: 1 });
  const lines = matches.map(({ path, line, text, before }) => [path, line, text, before]);
  files.remove("out/b.bin");
  const part = files.readLines("out/a.txt", { first: 2 });
  return [
    files.readText("out/a.txt"), [...files.read("out/a.txt")].slice(0, 3), found, lines, refused(files.read, "out/none.txt"),
    refused(files.write, "secret.txt", "no"), [part.first, part.lines[0].text, part.totalLines, part.sizeBytes],
  ];
}

function visitState() {
  const first = state.set("tour", "a", { deep: [1, null, "ü"] }, 0);
  const kept = state.get("tour", "a");
  const conflict = refused(state.set, "tour", "a", 1, 7);
  const keys = state.keys("tour");
  state.remove("tour", "a");
  return [first, kept.value, kept.version, conflict[0], keys, or(state.get("tour", "a")), settings.get("tour.tone"), settings.get("no") ?? 5];
}

function visitBacklog() {
  backlog.put([
    { kind: "epic", key: "1", title: "Accounts" },
    { kind: "story", key: "1-1", title: "Log in", body: "Text.", parent: "1", priority: 8, labels: ["web"] },
    { kind: "story", key: "1-2", title: "Log out", parent: "1", after: ["1-1"] },
  ]);
  backlog.moveTo("1-1", "in-progress", "Begun.");
  backlog.assign("1-1", "amelia", "tour/1-1");
  const { draft, status, assignee, branch } = backlog.get("1-1");
  const moves = backlog.history("1-1").map(({ before, after, reason }) => [or(before), after, reason]);
  return [
    [draft.body, draft.parent, draft.priority, [...draft.labels], status, assignee, branch],
    backlog.all().map((item) => item.draft.key), backlog.ready().map((item) => item.draft.key), moves,
    refused(backlog.moveTo, "1-1", "in-progress", "No."),
  ];
}

function visitWaits() {
  const now = run.now();
  const timer = waits.timer(now);
  const never = waits.signal("never");
  const first = waits.any([never, timer], now + 600_000);
  const nothing = or(waits.any([never], now));
  waits.cancel(never);
  const answered = waits.any([agents.begin("mary", "Answer the question.")]).outcome;
  const posted = people.post({ text: "Which?", options: ["a", "b"], best: "b", severity: "info" });
  const chosen = waits.any([posted]);
  const change = waits.itemChange("1-2");
  backlog.assign("1-2", "bob");
  const moved = waits.any([change]).outcome;
  run.publish("tour", { step: 1 });
  return [
    first.ticket === timer, first.outcome, nothing, answered.answer, chosen.ticket === posted, chosen.outcome, moved,
    refused(waits.any, [timer])[0], refused(waits.any, ["none"]), refused(run.publish, "No!", 1)[0],
  ];
}

function visitModels() {
  const model = llm.describe();
  const options = { maxTokens: 50, temperature: 0.5, stopSequences: ["END"], effort: "low" };
  const reply = llm.complete({ messages: "question one", system: "Be brief.", ...options });
  const offered = [{ name: "count", description: "Counts.", parameters: schema }];
  const asked = llm.complete({ messages: "count this", tools: offered, toolChoice: { tool: "count" } });
  const [call] = asked.toolCalls();
  const result = { tag: "tool-result", val: { callId: call.id, content: "3", failed: false } };
  const messages = [llm.user("question"), { role: "assistant", parts: asked.parts }, llm.user(result)];
  const answered = llm.complete({ messages, tools: offered, replySchema: schema });
  const [one, other] = llm.completeAll(["question two", { messages: "question", speed: 1 }]);
  return [
    reply.text(), reply.stop, Number.isInteger(reply.usage.inputTokens), asked.stop, call.name, call.arguments, answered.text(), one.text(), other.kind,
    other.subject, model.windowTokens > model.maxOutputTokens, model.tools,
  ];
}

function visitOthers(name) {
  const outcome = agents.perform("mary", { goal: "Answer the question.", context: "None." });
  const output = workflows.join(workflows.start(name, { visit: "child" }));
  const done = workflows.joinOutcome(workflows.start(name, { visit: "child" }));
  const [runOfTwo, first] = workflows.joinAny([workflows.start(name, { visit: "child" })]);
  let failed;
  try {
    workflows.join(workflows.start(name, { visit: "failure" }));
  } catch (error) {
    const own = error.ofChild();
    failed = [error.kind, own.kind, own.text, own.subject, own.details];
  }
  return [
    outcome.answer, output, or(done.shortfall), typeof runOfTwo === "string", first, failed, refused(agents.perform, "nobody", "Do it."),
    refused(workflows.start, name, {}, { speed: 1 }),
  ];
}

function visitPeople() {
  const question = { text: "Which?", options: ["a", "b"], best: "b", confidence: 0.5, severity: "info", context: { why: ["it"] } };
  const answer = people.ask(question);
  people.inform({ question: "Which?", answer: "b", reasoning: "It is later.", confidence: 0.25 });
  knowledge.remember("tour/note", "Amounts are kept in cents.");
  const offers = tools.available().map(({ tool, effects }) => [tool.name, effects.readOnly, tool.parameters.type]);
  const outcome = tools.call("read_file", { path: "out/a.txt" });
  const both = tools.callAll([["read_file", { path: "out/a.txt" }], ["read_file", { path: 7 }]]);
  return [
    answer, offers, outcome.content.includes("one"), outcome.failed, refused(tools.call, "read_file", { path: 7 })[0],
    Array.isArray(knowledge.search("cents", 3)), refused(sandbox.execute, { command: ["true"], image: "none" }), assets.paths(),
    refused(assets.read, "none")[0], refused(sandbox.readOutput, "none")[0], refused(sandbox.setUp), refused(sandbox.renewLockfiles),
    both[0].content === outcome.content, both[1].kind,
  ];
}

function visitRepository(name) {
  const [base] = git.log({ limit: 1 });
  const worktree = git.worktreeAdd("tour/work", "main");
  const made = workflows.join(workflows.start(name, { visit: "worktree" }, { worktree }));
  const changes = git.status().map(({ path, kind }) => [path, kind]);
  const number = forge.open({ branch: "tour/work", into: "main", title: "Work" });
  forge.review(number, "approve");
  forge.report(number, { name: "tests", progress: "passed", summary: "1 passed" });
  const pullRequest = forge.get(number);
  const listed = forge.allOpen().map((one) => [one.number, one.branch]);
  forge.close(number);
  return [
    git.branch(), base.summary, base.atMs > 10 ** 12, made, changes, new TextDecoder().decode(git.read("main", "README.md")),
    git.mergeBase("main", "tour/work") === base.id, forge.about().kind, forge.about().autoMerge, pullRequest.state,
    pullRequest.checks[0].progress, pullRequest.reviews[0].verdict, listed, forge.get(number).state,
    made ? refused(git.commit, "Not here.")[0] : null,
  ];
}

function visitWorktree() {
  files.write("out/work.txt", "work\n");
  const diff = git.diff("main").includes("+work");
  const commit = git.commit("Work", { author: "amelia" });
  files.write("out/work.txt", "other\n");
  git.restore(["out/work.txt"]);
  const merged = git.merge("main", "Merge");
  const again = or(git.commit("Nothing"));
  return [diff, [40, 64].includes(commit.length), files.readText("out/work.txt"), merged.clean === commit, merged.conflicts ?? [], again];
}

function visitRun() {
  const about = run.about();
  const now = run.now();
  run.log("debug", "Seen.", { a: 1 });
  run.info("Told.");
  run.progress(0.5, "half way");
  run.sleepUntil(now);
  return [about.pluginVersion, or(about.parent), Number.isInteger(now) && now > 10 ** 12];
}

function tour({ visit }) {
  const name = run.about().plugin;
  if (visit === "child") return "child";
  if (visit === "failure") throw new BatonError("own-kind", "It failed.", { subject: "tour", details: { count: 3 } });
  if (visit === "worktree") return visitWorktree();
  return {
    run: visitRun(), files: visitFiles(), state: visitState(), backlog: visitBacklog(), waits: visitWaits(), models: visitModels(),
    others: visitOthers(name), people: visitPeople(), repository: visitRepository(name),
  };
}

export default workflow(tour, { shortfall: (output) => (output === "child" ? "A child leaves this." : undefined) });
