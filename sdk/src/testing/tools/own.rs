//! The host's own tools, over the files in memory and the commands that the test answers. What they need is checked as the
//! host checks it; what they do is no call of its own.

use serde_json::{Value, json};

use crate::sandbox::{Ending, Execution, Job};
use crate::testing::{
    imports::{
        files::{Wanted, found},
        sandbox,
    },
    path,
    world::World,
};
use crate::tools::{Effects, Offer, ToolOutcome, workspace};
use crate::{Error, ErrorKind, Result};

const READ: &str = "read_file";
const FIND: &str = "find_files";
const SEARCH: &str = "search_files";
const WRITE: &str = "write_file";
const RUN: &str = "run_command";

/// Bytes of each stream of a command that a model is shown, the last ones.
const SHOWN: usize = 16 << 10;

/// What they say of themselves.
pub(super) fn all() -> Vec<Offer> {
    let looks = Effects::READ_ONLY | Effects::IDEMPOTENT;
    let path = json!({ "type": "string", "minLength": 1, "description": "Relative path, such as docs/PRD.md" });
    let glob = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    let offset = json!({ "type": "integer", "minimum": 0, "description": "Byte to start at; 0 when left out" });
    let pattern = json!({ "type": "string", "minLength": 1, "description": "Regular expression" });
    let content = json!({ "type": "string", "description": "The whole new content" });
    let command = json!({ "type": "string", "minLength": 1, "description": "A line for sh, such as cargo test --quiet" });
    let image = json!({ "type": "string", "minLength": 1, "description": "The operator's name for an image; `default` when left out" });
    let timeout = json!({ "type": "integer", "minimum": 1, "maximum": 86_400, "description": "Seconds; at most 600 when left out" });
    vec![
        offer(
            READ,
            "Reads a text file of the project. Long files come in pieces; pass the offset named at the end to go on.",
            &object(json!({ "path": path, "offset": offset }), &["path"]),
            looks,
        ),
        offer(
            FIND,
            "Lists the project's files whose path fits a glob, with their sizes in bytes.",
            &object(json!({ "glob": glob("Such as docs/**/*.md") }), &["glob"]),
            looks,
        ),
        offer(
            SEARCH,
            "Finds lines of the project's text files that match a regular expression.",
            &object(json!({ "pattern": pattern, "glob": glob("Only in files whose path fits this glob") }), &["pattern"]),
            looks,
        ),
        offer(
            WRITE,
            "Writes a text file of the project, replacing what was there.",
            &object(json!({ "path": path, "content": content }), &["path", "content"]),
            Effects::DESTRUCTIVE | Effects::IDEMPOTENT,
        ),
        offer(
            RUN,
            "Runs a line of shell in a container, in the project's folder, and tells how it ended and what it printed. Nothing outside of the folder is there, and no network unless the image has it.",
            &object(json!({ "command": command, "image": image, "timeout": timeout }), &["command"]),
            Effects::DESTRUCTIVE,
        ),
    ]
}

fn offer(name: &str, description: &str, parameters: &Value, effects: Effects) -> Offer {
    Offer::new(name, description, parameters).with_effects(effects)
}

#[expect(clippy::needless_pass_by_value, reason = "it is written as `json!(…)` where it is called")]
fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Does what one of them is asked. The arguments satisfy its parameters.
pub(super) fn perform(world: &World, name: &str, arguments: &Value) -> Result<ToolOutcome> {
    let text = |name: &str| arguments[name].as_str();
    let given = |name: &str| text(name).unwrap_or_default();
    match name {
        READ => read(world, given("path"), arguments["offset"].as_u64().unwrap_or(0)).map(ToolOutcome::done),
        FIND => Ok(ToolOutcome::done(workspace::list_entries(&found(world, &path::glob(given("glob"))?)?))),
        SEARCH => {
            let wanted = Wanted::parse(given("pattern"), text("glob"), workspace::MOST_MATCHES)?;
            Ok(ToolOutcome::done(workspace::list_matches(&wanted.search(world))))
        }
        WRITE => write(world, given("path"), given("content")).map(ToolOutcome::done),
        RUN => run(world, arguments),
        other => Err(Error::not_found(format!("The host has no tool `{}`.", other.escape_debug()))),
    }
}

fn read(world: &World, given: &str, offset: u64) -> Result<String> {
    let path = path::plain(given)?;
    world.allows("read", &path)?;
    let content = String::from_utf8(world.files.borrow().read(&path)?);
    let content = content.map_err(|_| Error::invalid(format!("`{given}` is not UTF-8 text; name a text file.")))?;
    workspace::page(&content, usize::try_from(offset).unwrap_or(usize::MAX), given)
}

fn write(world: &World, given: &str, content: &str) -> Result<String> {
    let path = path::plain(given)?;
    world.allows("write", &path)?;
    world.files.borrow_mut().write(&path, content.as_bytes())?;
    Ok(format!("Wrote {} bytes to {given}.", content.len()))
}

/// Without an engine the real host pauses the run, as nothing that a model could do about it would help.
fn run(world: &World, arguments: &Value) -> Result<ToolOutcome> {
    let image = arguments["image"].as_str().unwrap_or("default");
    world.allows("images", image)?;
    let mut job = Job::shell(arguments["command"].as_str().unwrap_or_default()).with_image(image);
    if let Some(seconds) = arguments["timeout"].as_u64().and_then(|seconds| u32::try_from(seconds).ok()) {
        job = job.with_timeout_ms(seconds.saturating_mul(1000));
    }
    sandbox::request(&job)?;
    loop {
        match sandbox::answer(world, &job) {
            Err(Error { kind: ErrorKind::Unavailable, text: reason, .. }) => {
                world.resume(&format!("A command cannot be executed: {reason} Then resume the run."))?;
            }
            answer => return answer.map(|outcome| shown(&outcome)),
        }
    }
}

/// How the command ended and what it wrote, as text.
fn shown(outcome: &Execution) -> ToolOutcome {
    let seconds = outcome.took_ms.div_ceil(1000);
    let mut content = match outcome.ending {
        Ending::Exited => format!("The command ended with exit code {} after {seconds} s.\n", outcome.exit_code),
        Ending::TimedOut => format!("The command was stopped after {seconds} s, because its time was over.\n"),
        Ending::OutOfMemory => "The command was stopped because it used up its memory.\n".to_owned(),
        Ending::Killed => "Something other than Baton stopped the command.\n".to_owned(),
    };
    for (name, written) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        let end = &written[written.ceil_char_boundary(written.len().saturating_sub(SHOWN))..];
        let cut = if end.len() < written.len() { ", of which the beginning is left out" } else { "" };
        if !end.is_empty() {
            content.push_str(&format!("--- {name}{cut}\n{}\n", end.trim_end_matches('\n')));
        }
    }
    ToolOutcome { content, failed: !outcome.succeeded() }
}
