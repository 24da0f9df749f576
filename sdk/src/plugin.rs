//! The three kinds of plugin. A crate implements one of these traits once, and names the type in [`export!`](crate::export!).

use serde_json::Value;

use crate::Result;
use crate::agents::{Report, Task};
use crate::tools::{Offer, ToolOutcome};

/// A sequence of work: input document in, output document out.
///
/// `Input` is anything serde reads and `Output` anything serde writes: `impl Workflow<Brief, Plan> for Planner`.
/// An input that does not match is rejected with `invalid` and the path of the wrong value; `run` is not called.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Deserialize)]
/// struct Sprint {
///     stories: Vec<String>,
/// }
///
/// #[derive(Serialize)]
/// struct Done {
///     done: Vec<String>,
///     failed: Vec<String>,
/// }
///
/// struct Develop;
///
/// impl Workflow<Sprint, Done> for Develop {
///     fn run(input: Sprint) -> Result<Done> {
///         let develop = |story: &String| agents::perform("amelia", &Task::new(story)).is_ok();
///         let (done, failed) = input.stories.into_iter().partition(develop);
///         Ok(Done { done, failed })
///     }
///
///     fn shortfall(output: &Done) -> Option<String> {
///         (!output.failed.is_empty()).then(|| format!("{} stories failed. Run it again with them.", output.failed.len()))
///     }
/// }
/// # let host = Host::new().with_agent("amelia", |_| Ok(Report::new("", "")));
/// # assert_eq!(host.run(Develop::run, json!({ "stories": ["one"] })), Ok(json!({ "done": ["one"], "failed": [] })));
/// ```
pub trait Workflow<Input = Value, Output = Value> {
    /// Does the work and returns the run's output.
    fn run(input: Input) -> Result<Output>;

    /// A sentence on what the output leaves undone and how to continue, if it does. `baton run` shows it and exits with
    /// code 4, so that a script can tell.
    fn shortfall(_output: &Output) -> Option<String> {
        None
    }
}

/// A role that performs tasks.
///
/// ```
/// # use baton_sdk::{conversation::{Conversation, HostModel}, prelude::*, testing::Host, tools};
/// struct Reviewer;
///
/// impl Agent for Reviewer {
///     fn perform(task: Task) -> Result<Report> {
///         let conversation = Conversation {
///             system: Some("You review code.".to_owned()),
///             tools: vec![tools::read_file(), tools::search_files()],
///             answer_schema: task.answer_schema.as_deref().map(serde_json::from_str).transpose()?,
///             ..Conversation::default()
///         };
///         let answer = conversation.hold(&mut HostModel, &format!("{}\n\n{}", task.goal, task.context))?;
///         Ok(Report::new(answer.text, "reviewed the code"))
///     }
/// }
/// # let report = Host::new().when("", "It is good.").perform(Reviewer::perform, Task::new("Review it."));
/// # assert_eq!(report.map(|report| report.answer), Ok("It is good.".to_owned()));
/// ```
pub trait Agent {
    /// Performs a task. The answer must satisfy `task.answer_schema`, if there is one.
    fn perform(task: Task) -> Result<Report>;
}

/// A set of tools for agents.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host, tools::Effects};
/// struct Forms;
///
/// impl Toolbox for Forms {
///     fn tools() -> Vec<Offer> {
///         let parameters = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
///         vec![Offer::new("title", "Writes a text with a capital.", &parameters).with_effects(Effects::READ_ONLY)]
///     }
///
///     fn call(name: &str, arguments: Value) -> Result<ToolOutcome> {
///         let text = arguments["text"].as_str().unwrap_or_default();
///         match (name, text.get(..1)) {
///             ("title", Some(first)) => Ok(ToolOutcome::done(first.to_uppercase() + &text[1..])),
///             ("title", None) => Ok(ToolOutcome::failed("The text is empty, or begins with a letter that has no capital.")),
///             _ => Err(Error::not_found(format!("There is no tool `{name}`."))),
///         }
///     }
/// }
/// # let titled = Host::new().call(Forms::call, "title", json!({ "text": "one" }));
/// # assert_eq!(titled, Ok(ToolOutcome::done("One")));
/// ```
pub trait Toolbox {
    /// Declares the tools. Called without any grant: only assets can be read.
    fn tools() -> Vec<Offer>;

    /// Calls a tool. Return [`ToolOutcome::failed`] if other arguments could succeed: the model reads it. Return an `Err`
    /// otherwise.
    fn call(name: &str, arguments: Value) -> Result<ToolOutcome>;
}
