"""Calls the host's functions, one after another, and returns what they gave. The JavaScript beside it does the same."""

from baton import Error, agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools
from baton import waits, workflow, workflows

SCHEMA = {"type": "object", "properties": {"count": {"type": "integer"}}}


def refused(work, *arguments, **named):
    try:
        return {"not refused": work(*arguments, **named)}
    except Error as error:
        return [error.kind, error.subject]


def visit_files():
    files.write("out/a.txt", "one\ntwo\n")
    files.write("out/b.bin", b"\xff\x00")
    found = [[entry.path, entry.kind, entry.size_bytes] for entry in files.find("out/*")]
    lines = [[match.path, match.line, match.text, match.before] for match in files.search("^t", glob="out/*", limit=5, context=1)]
    files.remove("out/b.bin")
    part = files.read_lines("out/a.txt", first=2)
    return [
        files.read_text("out/a.txt"), list(files.read("out/a.txt"))[:3], found, lines, refused(files.read, "out/none.txt"),
        refused(files.write, "secret.txt", "no"), [part.first, part.lines[0].text, part.total_lines, part.size_bytes],
    ]


def visit_state():
    first = state.set("tour", "a", {"deep": [1, None, "ü"]}, expected=0)
    kept = state.get("tour", "a")
    conflict = refused(state.set, "tour", "a", 1, expected=7)
    keys = state.keys("tour")
    state.remove("tour", "a")
    return [first, kept.value, kept.version, conflict[0], keys, state.get("tour", "a"), settings.get("tour.tone"), settings.get("no", 5)]


def visit_backlog():
    backlog.put([
        backlog.Draft("epic", "1", "Accounts"),
        backlog.Draft("story", "1-1", "Log in", body="Text.", parent="1", priority=8, labels=["web"]),
        backlog.Draft("story", "1-2", "Log out", parent="1", after=["1-1"]),
    ])
    backlog.move_to("1-1", "in-progress", "Begun.")
    backlog.assign("1-1", assignee="amelia", branch="tour/1-1")
    item = backlog.get("1-1")
    moves = [[move.before, move.after, move.reason] for move in backlog.history("1-1")]
    return [
        [item.draft.body, item.draft.parent, item.draft.priority, item.draft.labels, item.status, item.assignee, item.branch],
        [item.draft.key for item in backlog.all()], [item.draft.key for item in backlog.ready()], moves,
        refused(backlog.move_to, "1-1", "in-progress", "No."),
    ]


def visit_waits():
    now = run.now()
    timer, never = waits.timer(now), waits.signal("never")
    first = waits.any([never, timer], until_ms=now + 600_000)
    nothing = waits.any([never], until_ms=now)
    waits.cancel(never)
    answered = waits.any([agents.begin("mary", "Answer the question.")]).outcome
    posted = people.post("Which?", options=["a", "b"], best="b", severity="info")
    chosen = waits.any([posted])
    change = waits.item_change("1-2")
    backlog.assign("1-2", assignee="bob")
    moved = waits.any([change]).outcome
    run.publish("tour", {"step": 1})
    return [
        first.ticket == timer, first.outcome, nothing, answered["answer"], chosen.ticket == posted, chosen.outcome, moved,
        refused(waits.any, [timer])[0], refused(waits.any, ["none"]), refused(run.publish, "No!", 1)[0],
    ]


def visit_models():
    model = llm.describe()
    reply = llm.complete("question one", system="Be brief.", max_tokens=50, temperature=0.5, stop_sequences=["END"], effort="low")
    tool = llm.Tool("count", "Counts.", SCHEMA)
    asked = llm.complete(llm.Request("count this", tools=[tool], tool_choice={"tool": "count"}))
    call = asked.tool_calls()[0]
    messages = [llm.Message.user("question"), llm.Message("assistant", asked.parts), llm.Message.user(llm.ToolResult(call.id, "3"))]
    answered = llm.complete(llm.Request(messages, tools=[tool], reply_schema=SCHEMA))
    both = llm.complete_all([llm.Request("question two"), llm.Request("question", more={"speed": 1})])
    return [
        reply.text(), reply.stop, isinstance(reply.usage.input_tokens, int), asked.stop, call.name, call.arguments, answered.text(),
        both[0].text(), both[1].kind, both[1].subject, model.window_tokens > model.max_output_tokens, model.tools,
    ]


def visit_others(name):
    outcome = agents.perform("mary", agents.Task("Answer the question.", context="None."))
    child = workflows.start(name, {"visit": "child"})
    output = workflows.join(child)
    done = workflows.join_outcome(workflows.start(name, {"visit": "child"}))
    run_of_two, first = workflows.join_any([workflows.start(name, {"visit": "child"})])
    failed = None
    try:
        workflows.join(workflows.start(name, {"visit": "failure"}))
    except Error as error:
        own = error.of_child()
        failed = [error.kind, own.kind, own.text, own.subject, own.details]
    return [
        outcome.answer, output, done.shortfall, isinstance(run_of_two, str), first, failed, refused(agents.perform, "nobody", "Do it."),
        refused(workflows.start, name, {}, speed=1),
    ]


def visit_people():
    answer = people.ask("Which?", options=["a", "b"], best="b", confidence=0.5, severity="info", context={"why": ["it"]})
    people.inform(people.Decision("Which?", "b", reasoning="It is later.", confidence=0.25))
    knowledge.remember("tour/note", "Amounts are kept in cents.")
    offers = [[offer.tool.name, offer.effects.read_only, offer.tool.parameters["type"]] for offer in tools.available()]
    outcome = tools.call("read_file", {"path": "out/a.txt"})
    both = tools.call_all([("read_file", {"path": "out/a.txt"}), ("read_file", {"path": 7})])
    return [
        answer, offers, "one" in outcome.content, outcome.failed, refused(tools.call, "read_file", {"path": 7})[0],
        isinstance(knowledge.search("cents", 3), list), refused(sandbox.execute, ["true"], image="none"), assets.paths(),
        refused(assets.read, "none")[0], refused(sandbox.read_output, "none")[0], refused(sandbox.set_up), refused(sandbox.renew_lockfiles),
        both[0].content == outcome.content, both[1].kind,
    ]


def visit_repository(name):
    base = git.log(limit=1)[0]
    worktree = git.worktree_add("tour/work", "main")
    made = workflows.join(workflows.start(name, {"visit": "worktree"}, worktree=worktree))
    changes = [[change.path, change.kind] for change in git.status()]
    number = forge.open(forge.Proposal("tour/work", "main", "Work"))
    forge.review(number, "approve")
    forge.report(number, forge.Check("tests", "passed", "1 passed"))
    pull_request = forge.get(number)
    listed = [[one.number, one.branch] for one in forge.all_open()]
    forge.close(number)
    return [
        git.branch(), base.summary, base.at_ms > 10**12, made, changes, git.read("main", "README.md").decode(),
        git.merge_base("main", "tour/work") == base.id, forge.about().kind, forge.about().auto_merge, pull_request.state,
        pull_request.checks[0].progress, pull_request.reviews[0].verdict, listed, forge.get(number).state,
        refused(git.commit, "Not here.")[0] if made else None,
    ]


def visit_worktree():
    files.write("out/work.txt", "work\n")
    diff = "+work" in git.diff("main")
    commit = git.commit("Work", author="amelia")
    files.write("out/work.txt", "other\n")
    git.restore(["out/work.txt"])
    merged = git.merge("main", "Merge")
    again = git.commit("Nothing")
    return [diff, len(commit) in (40, 64), files.read_text("out/work.txt"), merged.clean == commit, merged.conflicts, again]


def visit_run():
    about, now = run.about(), run.now()
    run.log("debug", "Seen.", {"a": 1})
    run.info("Told.")
    run.progress(0.5, "half way")
    run.sleep_until(now)
    return [about.plugin_version, about.parent, isinstance(now, int) and now > 10**12]


def shortfall(output):
    return "A child leaves this." if output == "child" else None


@workflow(shortfall=shortfall)
def tour(input):
    name = run.about().plugin
    match input.get("visit"):
        case "child":
            return "child"
        case "failure":
            raise Error("own-kind", "It failed.", subject="tour", details={"count": 3})
        case "worktree":
            return visit_worktree()
    return {
        "run": visit_run(), "files": visit_files(), "state": visit_state(), "backlog": visit_backlog(), "waits": visit_waits(),
        "models": visit_models(),
        "others": visit_others(name), "people": visit_people(), "repository": visit_repository(name),
    }
