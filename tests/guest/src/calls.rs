//! Deeds that call the host. Expects an answer, or an error that says what to do.

use std::collections::HashMap;

use baton_sdk::{
    backlog::{Draft, Kind, Status},
    people::{Decision, Question, Severity},
    prelude::*,
};

use crate::said;

/// Expects: the bytes, or `denied`, `not-found` or `invalid`.
pub(crate) fn read(path: &str) -> Result<Value> {
    files::read(path).map(|content| json!(String::from_utf8_lossy(&content)))
}

/// Expects: the lines of a file from `first` on, and how many there are; or `denied`, `not-found` or `invalid`.
pub(crate) fn read_lines(input: &Value) -> Result<Value> {
    let number = |name: &str| input[name].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let read = files::read_lines(input["path"].as_str().unwrap_or_default(), number("first"), number("count"), 4096)?;
    Ok(json!({ "lines": texts(&read), "total": read.total_lines }))
}

fn texts(excerpt: &files::Excerpt) -> Vec<&str> {
    excerpt.lines.iter().map(|line| line.text.as_str()).collect()
}

/// Expects: `invalid` above the payload limit, whatever the memory limit.
pub(crate) fn write_large(bytes: usize) -> Result<Value> {
    files::write("out/large", vec![b'x'; bytes]).map(|()| Value::Null)
}

/// Expects: only what may be read.
pub(crate) fn find(glob: &str) -> Result<Value> {
    files::find(glob).map(|entries| json!(entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()))
}

/// Expects: the paths with a line that matches, or `invalid` where that takes too long.
pub(crate) fn search(pattern: &str) -> Result<Value> {
    files::search(pattern, None, 100).map(|lines| json!(lines.into_iter().map(|line| line.path).collect::<Vec<_>>()))
}

/// Expects: each line in the log once, however often the run is resumed.
pub(crate) fn log(times: u64) -> Result<Value> {
    for time in 0..times {
        run::info(&format!("line {time}"));
    }
    Ok(Value::Null)
}

/// Expects: the names of the tools that were granted.
pub(crate) fn tools() -> Value {
    json!(tools::available().into_iter().map(|offer| offer.tool.name).collect::<Vec<_>>())
}

/// Expects: what each of the calls `[name, arguments]` came to, in order; an error as `{"error": …}`.
pub(crate) fn call_tools(calls: &Value) -> Value {
    let calls = calls.as_array().cloned().unwrap_or_default();
    calls.iter().map(|call| answered(tools::call(call[0].as_str().unwrap_or_default(), &call[1]))).collect()
}

/// Expects: the same of calls that are made at once.
pub(crate) fn call_together(calls: &Value) -> Value {
    let calls = calls.as_array().cloned().unwrap_or_default();
    let calls: Vec<_> = calls.iter().map(|call| (call[0].as_str().unwrap_or_default(), call[1].clone())).collect();
    tools::call_all(&calls).into_iter().map(answered).collect()
}

fn answered(answer: Result<ToolOutcome>) -> Value {
    match answer {
        Ok(outcome) => json!({ "content": outcome.content, "failed": outcome.failed }),
        Err(error) => json!({ "error": said(&error) }),
    }
}

/// Expects: a document counted up `times` times, and never twice for one.
pub(crate) fn count(times: u64) -> Result<Value> {
    for _ in 0..times {
        let present = state::get::<u64>("probe", "count")?;
        let (value, version) = present.map_or((0, 0), |present| (present.value, present.version));
        state::set("probe", "count", &(value + 1), Some(version))?;
    }
    Ok(json!(state::get::<u64>("probe", "count")?.map(|present| present.value)))
}

/// Expects: the model's answer.
pub(crate) fn ask(prompt: &str) -> Result<Value> {
    llm::complete(&llm::Request::new().with_user(prompt)).map(|reply| json!(reply.text()))
}

/// Expects: what is known of the model that answers.
pub(crate) fn describe() -> Result<Value> {
    llm::describe(None).map(|model| json!([model.window_tokens, model.max_output_tokens, model.tools, model.reply_schema]))
}

/// Expects: the answers in the order asked.
pub(crate) fn ask_all(times: u64) -> Result<Value> {
    let requests: Vec<_> = (0..times).map(|time| llm::Request::new().with_user(format!("question {time}"))).collect();
    let replies: Result<Vec<_>> = llm::complete_all(&requests).into_iter().collect();
    Ok(json!(replies?.into_iter().map(|reply| reply.text()).collect::<Vec<_>>()))
}

/// Expects: to be suspended, and the time to have passed afterwards.
pub(crate) fn sleep(milliseconds: u64) -> Result<Value> {
    let until = run::now() + milliseconds;
    run::sleep_until(until)?;
    Ok(json!(run::now() >= until))
}

/// Expects: to be paused so many times, each until somebody resumes it, and to be told when that was.
pub(crate) fn pause(reason: &str, times: u64) -> Result<Value> {
    let resumed = (0..times).map(|_| run::pause(reason).map(|()| run::now()));
    Ok(json!(resumed.collect::<Result<Vec<_>>>()?))
}

/// Expects: what a workflow, or what fills a slot, answered.
pub(crate) fn start(workflow: &str, input: &Value, item: Option<&str>) -> Result<Value> {
    let options = item.map_or_else(ChildOptions::new, |item| ChildOptions::new().for_item(item));
    Ok(workflows::start_with::<Value, _>(workflow, input, &options)?.wait()?.output)
}

/// Expects: the children's outputs; of the first to end, or of all.
pub(crate) fn start_all(inputs: &Value, any: bool) -> Result<Value> {
    let inputs = inputs.as_array().cloned().unwrap_or_default();
    let start = |(place, input)| Ok(workflows::start::<Value, _>("probe", input)?.map(move |ended| (place, ended.output)));
    let mut open = inputs.iter().enumerate().map(start).collect::<Result<Vec<_>>>()?;
    if any {
        let (first, output) = waits::any(&mut open)?.outcome?;
        return Ok(json!({ "first": first, "output": output }));
    }
    open.into_iter().map(|child| Ok(child.wait()?.1)).collect::<Result<Vec<_>>>().map(Value::from)
}

/// Expects: nothing of the world outside, and the same at every replay.
pub(crate) fn ambient() -> Value {
    let hashed: HashMap<u32, ()> = (0..16).map(|number| (number, ())).collect();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    json!({
        "variables": std::env::vars_os().count(),
        "arguments": std::env::args_os().count(),
        "root": std::fs::read_dir("/").is_ok(),
        "file": std::fs::read("/etc/passwd").is_ok(),
        "network": std::net::TcpStream::connect("127.0.0.1:1").is_ok(),
        "order": hashed.keys().collect::<Vec<_>>(),
        "since": u64::try_from(since.as_millis()).unwrap_or_default(),
        "now": run::now(),
    })
}

/// Expects: a write, a look, a document and a reply in every step; each once.
pub(crate) fn steps(times: u64) -> Result<Value> {
    for time in 0..times {
        run::progress(0.0, &format!("step {time}"));
        files::write(&format!("out/{time}.txt"), format!("step {time}\n"))?;
        let read = files::read_text(&format!("out/{time}.txt"))?;
        state::set("probe", &format!("step-{time}"), &read, None)?;
        ask(&format!("question {time}"))?;
    }
    count(times)
}

/// Expects: to be suspended, and a person's answer afterwards; told before and after, so that a resume is seen.
pub(crate) fn ask_person(input: &Value) -> Result<Value> {
    run::progress(0.0, "before the question");
    let mut question = Question::new(input["say"].as_str().unwrap_or_default());
    let options = input["options"].as_array().cloned().unwrap_or_default();
    question = question.with_options(options.iter().filter_map(Value::as_str));
    if let Some(best) = input["best"].as_str() {
        question = question.with_best(best, 0.6);
    }
    if let Some(milliseconds) = input["expires-in"].as_u64() {
        question = question.expiring(run::now() + milliseconds, input["otherwise"].as_str().unwrap_or_default());
    }
    if input["severity"] == "critical" {
        question = question.with_severity(Severity::Critical);
    }
    let answer = people::ask(&question)?;
    run::progress(1.0, "after the answer");
    Ok(json!(answer))
}

/// Expects: each decision told once, however often the run is resumed.
pub(crate) fn inform(what: &str, times: u64) -> Result<Value> {
    for time in 0..times {
        people::inform(
            &Decision::new(format!("{what} {time}?"), "yes").with_source("docs/PRD.md").with_reasoning("It says so.").with_confidence(0.95),
        )?;
    }
    Ok(Value::Null)
}

/// Expects: how the command ended and what it said.
pub(crate) fn execute(input: &Value) -> Result<Value> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| input[name].as_array().cloned().unwrap_or_default();
    let mut job = Job::new(list("command").iter().map(text));
    job.image = input["image"].as_str().map(str::to_owned);
    job.env = list("env").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    let seconds = input["timeout"].as_u64().and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(60);
    job.timeout_ms = Some(seconds * 1000);
    let outcome = sandbox::execute(&job)?;
    let ending = match outcome.ending {
        sandbox::Ending::Exited => "exited",
        sandbox::Ending::TimedOut => "timed-out",
        sandbox::Ending::OutOfMemory => "out-of-memory",
        sandbox::Ending::Killed => "killed",
    };
    let mut told = json!({
        "ending": ending, "exit-code": outcome.exit_code, "stdout": outcome.stdout, "stderr": outcome.stderr,
        "output": outcome.output, "took": outcome.took_ms,
    });
    if let (Some(first), Some(output)) = (input["read-from"].as_u64().and_then(|first| u32::try_from(first).ok()), &outcome.output) {
        told["lines"] = json!(texts(&sandbox::read_output(output, first, 3, 4096)?));
    }
    Ok(told)
}

/// Expects: what came of the setup of the workspace.
pub(crate) fn set_up() -> Result<Value> {
    setup_outcome(sandbox::set_up()?)
}

/// Expects: what came of renewing the lockfiles of the workspace.
pub(crate) fn renew_lockfiles() -> Result<Value> {
    setup_outcome(sandbox::renew_lockfiles()?)
}

fn setup_outcome(outcome: sandbox::SetupOutcome) -> Result<Value> {
    let sandbox::SetupOutcome { state, command, report, reached, denied, took_ms } = outcome;
    Ok(json!({ "state": state, "command": command, "report": report, "reached": reached, "denied": denied, "took": took_ms }))
}

/// Expects: so many stories, each after the one before, taken in the order in which they become ready; every move made
/// once, and the documents in step.
pub(crate) fn backlog(times: u64) -> Result<Value> {
    let story = |number: u64| {
        let draft = Draft::new(Kind::Story, format!("1-{number}"), format!("Story {number}")).below("1").with_body("As it says.");
        if number > 1 { draft.after([format!("1-{}", number - 1)]) } else { draft }
    };
    let stories = (1..=times).map(story);
    backlog::put(&[Draft::new(Kind::Epic, "1", "Everything")].into_iter().chain(stories).collect::<Vec<_>>())?;
    let mut taken = Vec::new();
    while let Some(item) = backlog::ready()?.into_iter().next() {
        let key = item.draft.key;
        backlog::move_to(&key, Status::InProgress, "It is ready.")?;
        backlog::assign(&key, Some("probe"), Some(&format!("story/{key}")))?;
        backlog::write_documents()?;
        backlog::move_to(&key, Status::Done, "It was easy.")?;
        taken.push(key);
    }
    let changed = backlog::write_documents()?;
    let moves = backlog::history("1-1")?.into_iter().map(|moved| moved.after.as_str()).collect::<Vec<_>>();
    Ok(json!({ "taken": taken, "changed": changed, "moves": moves, "all": backlog::all()?.len(), "body": backlog::get("1-1")?.draft.body }))
}

/// Expects: the item, or the host's sentence why not.
pub(crate) fn put_item(key: &str, after: &Value, labels: &Value) -> Result<Value> {
    let texts = |list: &Value| list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    backlog::put(&[Draft::new(Kind::Task, key, "A task").after(texts(after)).with_labels(texts(labels))])?;
    backlog::get(key).map(|item| json!(item.draft.labels))
}
