//! The host's own tools, over the files in memory and the commands that the test answers. What they need is checked as the
//! host checks it; what they do is no call of its own.

use serde_json::{Value, json};

use crate::sandbox::{Execution, Job};
use crate::testing::{
    imports::{
        files::{Wanted, found},
        sandbox,
    },
    path,
    world::World,
};
use crate::tools::{Effects, Offer, ToolOutcome, named, reading, text};
use crate::{Error, ErrorKind, Result};

const READ: &str = "read_file";
const FIND: &str = "find_files";
const SEARCH: &str = "search_files";
const WRITE: &str = "write_file";
const RUN: &str = "run_command";
const OUTPUT: &str = "read_output";

/// What they say of themselves.
pub(super) fn all() -> Vec<Offer> {
    let looks = Effects::READ_ONLY | Effects::IDEMPOTENT;
    let as_in_agents =
        [(READ, looks), (FIND, looks), (SEARCH, looks), (WRITE, Effects::DESTRUCTIVE | Effects::IDEMPOTENT), (OUTPUT, looks)];
    let offers = as_in_agents.into_iter().filter_map(|(name, effects)| Some((named(name)?, effects)));
    let mut offers: Vec<_> =
        offers.map(|(tool, effects)| Offer::new(&tool.name, &tool.description, &tool.parameters).with_effects(effects)).collect();
    let command = json!({ "type": "string", "minLength": 1, "description": "A line for sh, such as cargo test --quiet" });
    let image = json!({ "type": "string", "minLength": 1, "description": "The operator's name for an image; `default` when left out" });
    let timeout = json!({ "type": "integer", "minimum": 1, "maximum": 86_400, "description": "Seconds; at most 600 when left out" });
    let parameters = json!({
        "type": "object",
        "properties": { "command": command, "image": image, "timeout": timeout },
        "required": ["command"],
        "additionalProperties": false,
    });
    let description = named(RUN).map(|tool| tool.description).unwrap_or_default();
    offers.push(Offer::new(RUN, &description, &parameters).with_effects(Effects::DESTRUCTIVE));
    offers
}

/// Does what one of them is asked. The arguments satisfy its parameters.
pub(super) fn perform(world: &World, name: &str, arguments: &Value) -> Result<ToolOutcome> {
    let named = |name: &str| arguments[name].as_str();
    let given = |name: &str| named(name).unwrap_or_default();
    match name {
        READ => read(world, given("path"), reading::lines(arguments)).map(ToolOutcome::done),
        FIND => {
            let find = |glob: &str| Ok::<_, Error>(found(world, &path::glob(glob)?)?.into_iter().map(reading::found).collect());
            Ok(ToolOutcome::done(text::show_found(&text::find_meant(given("glob"), find)?)))
        }
        SEARCH => {
            let pattern = text::pattern(given("pattern"), arguments["ignore-case"] == true);
            let (glob, context) = (named("glob").map(text::searched), reading::number(arguments, "context").unwrap_or(0));
            let wanted = Wanted::parse(&pattern, glob.as_deref(), text::MOST_MATCHES + 1, context)?;
            Ok(ToolOutcome::done(text::show_matches(&wanted.search(world))))
        }
        WRITE => write(world, given("path"), given("content")).map(ToolOutcome::done),
        OUTPUT => {
            let (first, count) = reading::lines(arguments);
            let whole = sandbox::output(world, given("output"))?;
            Ok(ToolOutcome::done(text::show_excerpt("output", &text::excerpt(&whole, first, count, text::LONGEST_EXCERPT))))
        }
        RUN => run(world, arguments),
        other => Err(Error::not_found(format!("The host has no tool `{}`.", other.escape_debug()))),
    }
}

fn read(world: &World, given: &str, (first, count): (u32, u32)) -> Result<String> {
    let path = path::plain(given)?;
    world.allows("read", &path)?;
    let content = world.files.borrow().read(&path)?;
    let content = text::decode(given, &content).map_err(Error::invalid)?;
    Ok(text::show_excerpt(given, &text::excerpt(content, first, count, text::LONGEST_EXCERPT)))
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
    let mut content = outcome.report();
    if let Some(name) = &outcome.output {
        content.push_str(&text::say_kept(name));
    }
    ToolOutcome { content, failed: !outcome.succeeded() }
}
