//! `sandbox`, answered by the rules of the test. Runs nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Contract,
    files::{Excerpt, check_first, noted_excerpt},
};
pub use crate::bindings::host::baton::plugin::sandbox::{Ending, Execution, Job, SetupOutcome};
use crate::testing::{installed, world::World};
use crate::tools::text;
use crate::{Error, Result};

const MOST_ARGUMENTS: usize = 256;
const LONGEST_EXCERPT: u32 = 1 << 20;
/// Bytes of the head and the tail of each stream in an outcome.
const KEPT: usize = 64 << 10;
const LONGEST_COMMAND: usize = 64 << 10;
const MOST_VARIABLES: usize = 64;

pub(crate) fn execute(job: &Job) -> Contract<Execution> {
    let world = installed::world("sandbox.execute");
    let request = request(job)?;
    let image = job.image.as_deref().unwrap_or("default");
    Ok(world.call("sandbox.execute", request, Some(("images", image)), || answer(&world, job), noted)?)
}

pub(crate) fn read_output(output: &str, first: u32, count: u32, most_bytes: u32) -> Contract<Excerpt> {
    let world = installed::world("sandbox.read-output");
    check_first(first)?;
    let read = || Ok(text::excerpt(&self::output(&world, output)?, first, count, most_bytes.min(LONGEST_EXCERPT)));
    let request = json!({ "output": output, "first": first, "count": count, "most-bytes": most_bytes });
    Ok(world.call("sandbox.read-output", request, None, read, noted_excerpt)?)
}

/// A test's project has no setup.
pub(crate) fn set_up() -> Contract<SetupOutcome> {
    let world = installed::world("sandbox.set-up");
    let image = world.settings.borrow().pointer("/test/image").and_then(Value::as_str).unwrap_or("default").to_owned();
    Ok(world.call("sandbox.set-up", json!({}), Some(("images", &image)), || Ok(SetupOutcome::none()), noted_setup)?)
}

/// A test's project has no lockfiles, unless the test says what becomes of them.
pub(crate) fn renew_lockfiles() -> Contract<SetupOutcome> {
    let world = installed::world("sandbox.renew-lockfiles");
    let image = world.settings.borrow().pointer("/test/image").and_then(Value::as_str).unwrap_or("default").to_owned();
    let answer = || Ok(world.lockfiles.borrow().clone().unwrap_or_else(SetupOutcome::none));
    Ok(world.call("sandbox.renew-lockfiles", json!({}), Some(("images", &image)), answer, noted_setup)?)
}

/// All that a command printed, by its name.
pub(in crate::testing) fn output(world: &World, name: &str) -> Result<String> {
    world.outputs.borrow().get(name).cloned().ok_or_else(|| no_output(name))
}

fn no_output(name: &str) -> Error {
    let name: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    Error::not_found(format!(
        "No command of this run has an output `{name}`; use a name that an outcome gave, or execute the command again."
    ))
}

/// The outcome as the host gives it: of long streams the head and the tail, and all of both kept by name. One that names its
/// output already is as the test wants it.
fn kept(world: &World, outcome: Execution) -> Execution {
    let whole = format!("{}{}", outcome.stdout, outcome.stderr);
    if whole.len() <= text::SHOWN_OUTPUT || outcome.output.is_some() {
        return outcome;
    }
    let (stdout, stderr) =
        (text::head_and_tail(&outcome.stdout, KEPT).into_owned(), text::head_and_tail(&outcome.stderr, KEPT).into_owned());
    let mut outputs = world.outputs.borrow_mut();
    let name = format!("output-{}", outputs.len() + 1);
    outputs.insert(name.clone(), whole);
    Execution { stdout, stderr, output: Some(name), ..outcome }
}

/// The first rule's answer. The rules are taken as they are now, so that one may call the host while it answers.
#[expect(clippy::panic, reason = "a test fails by panicking, and an unexpected command is a failure")]
pub(in crate::testing) fn answer(world: &World, job: &Job) -> Result<Execution> {
    let rules = world.commands.borrow().clone();
    let answer = rules.iter().find_map(|rule| rule(job)).unwrap_or_else(|| {
        panic!(
            "No rule of the test's host answers this command; add one with `Host::when_executed` or `Host::with_sandbox`.\n--- command\n{}\n---",
            job.command.join(" ")
        )
    });
    answer.map(|outcome| kept(world, outcome))
}

/// The job as the journal keeps it, if the host would take it.
pub(in crate::testing) fn request(job: &Job) -> Result<Value> {
    if job.command.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(Error::invalid("The job has no command; name a program and its arguments."));
    }
    let texts = || job.command.iter().chain(job.env.iter().flat_map(|(name, value)| [name, value]));
    let length: usize = texts().map(String::len).sum();
    if job.command.len() > MOST_ARGUMENTS || job.env.len() > MOST_VARIABLES || length > LONGEST_COMMAND {
        return Err(Error::invalid(format!(
            "A job has at most {MOST_ARGUMENTS} arguments, {MOST_VARIABLES} variables and {LONGEST_COMMAND} bytes of both; write the rest into a file of the workspace."
        )));
    }
    if texts().any(|text| text.contains('\0')) {
        return Err(Error::invalid("An argument or variable of the job holds a NUL, which no program can be given; leave it out."));
    }
    if let Some((name, _)) = job.env.iter().find(|(name, _)| !is_variable(name)) {
        let name = name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
        return Err(Error::invalid(format!("`{name}` is not a name of a variable; use letters, digits and `_`, and no digit first.")));
    }
    let env: BTreeMap<_, _> = job.env.iter().map(|(name, value)| (name, value)).collect();
    Ok(json!({ "image": job.image.as_deref().unwrap_or("default"), "command": job.command, "env": env, "timeout-ms": job.timeout_ms }))
}

fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn noted(outcome: &Execution) -> Value {
    let ending = match outcome.ending {
        Ending::Exited => "exited",
        Ending::TimedOut => "timed-out",
        Ending::OutOfMemory => "out-of-memory",
        Ending::Killed => "killed",
    };
    json!({
        "ending": ending,
        "exit-code": outcome.exit_code,
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "output": outcome.output,
        "took-ms": outcome.took_ms,
    })
}

fn noted_setup(setup: &SetupOutcome) -> Value {
    json!({
        "state": setup.state,
        "command": setup.command,
        "report": setup.report,
        "reached": setup.reached,
        "denied": setup.denied,
        "took-ms": setup.took_ms,
    })
}
