//! Agents: give a task to another plugin and wait for its answer, or for those of several side by side.
//!
//! The run is suspended until the agent's run ends: it holds no memory and no instance meanwhile. Needs `agents`.
//! Instead of a plugin's name give that of a slot, such as `developer`, where the operator is to choose who does it.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn opinion(text: &str) -> Result<String> {
//!     let task = Task::new("Say what is missing in this text.").with_context(text);
//!     Ok(agents::perform("mary", &task)?.answer)
//! }
//! # let host = baton_sdk::testing::Host::new().with_agent("mary", |_| Ok(Report::new("A title.", "")));
//! # assert_eq!(host.inside(|| opinion("…")), Ok("A title.".to_owned()));
//! ```

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::conversation::MAX_PAUSES;
use crate::imports::agents as host;
use crate::rules::mismatch;
use crate::waits::{self, Pending};
use crate::{ChildOptions, Error, Result, run};

pub use host::{Outcome, Report, Task};

impl Task {
    /// A task without context and schema. `goal` is a sentence or two.
    pub fn new(goal: impl Into<String>) -> Self {
        Self { goal: goal.into(), context: String::new(), answer_schema: None, conversation: None }
    }

    /// What the agent should know.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// JSON Schema that the answer must satisfy.
    #[must_use]
    pub fn with_answer_schema(mut self, schema: &Value) -> Self {
        self.answer_schema = Some(schema.to_string());
        self
    }

    /// Continues where the agent was when it gave this [`Outcome::conversation`]: it remembers what it read and did, and does
    /// not begin again. Give the same agent and the same workspace. An agent that cannot continue performs the task as a new
    /// one, so the task should say what it needs all the same.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// /// A second try knows the first one.
    /// fn write() -> Result<String> {
    ///     let first = agents::perform("amelia", &Task::new("Write the parser."))?;
    ///     if first.answer.contains("tests pass") {
    ///         return Ok(first.answer);
    ///     }
    ///     let repair = Task::new("Correct the parser until its tests pass.").continuing(first.conversation);
    ///     Ok(agents::perform("amelia", &repair)?.answer)
    /// }
    /// # let host = Host::new().with_agent("amelia", |task| Ok(match task.conversation.as_deref() {
    /// #     None => Report::new("Written.", "").with_conversation("7".to_owned()),
    /// #     Some(_) => Report::new("The tests pass now.", ""),
    /// # }));
    /// # assert_eq!(host.inside(write), Ok("The tests pass now.".to_owned()));
    /// ```
    #[must_use]
    pub fn continuing(mut self, conversation: impl Into<Option<String>>) -> Self {
        self.conversation = conversation.into();
        self
    }
}

impl Report {
    /// An answer, and one line that describes it.
    pub fn new(answer: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { answer: answer.into(), summary: summary.into(), conversation: None }
    }

    /// What the agent wants to be given in a later task, to continue where it was: JSON of at most 4 MiB.
    #[must_use]
    pub fn with_conversation(mut self, conversation: impl Into<Option<String>>) -> Self {
        self.conversation = conversation.into();
        self
    }
}

/// Starts a child run of the agent and waits until it ends.
///
/// Errors: `denied` without a grant for the agent, `not-found` if no agent of that name is installed, `child-failed` if it
/// failed.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn ask(question: &str) -> Result<String> {
///     match agents::perform("mary", &Task::new(question)) {
///         Err(error) if error.kind == ErrorKind::ChildFailed => Ok(format!("Mary failed: {:?}", error.of_child())),
///         other => Ok(other?.answer),
///     }
/// }
/// # let host = Host::new().with_agent("mary", |_| Ok(Report::new("Yes.", "agreed")));
/// # assert_eq!(host.inside(|| ask("Is it?")), Ok("Yes.".to_owned()));
/// ```
pub fn perform(agent: &str, task: &Task) -> Result<Outcome> {
    Ok(host::perform(agent, task, &[])?)
}

/// [`perform`] with options: in a worktree, for less than the caller may do, or for a limited time.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn write(story: &str) -> Result<String> {
///     let worktree = git::worktree_add(&format!("story/{story}"), "main")?;
///     let options = ChildOptions::new().in_worktree(worktree).with_timeout_ms(60 * 60 * 1000);
///     Ok(agents::perform_with("amelia", &Task::new("Write the code.").with_context(story), &options)?.summary)
/// }
/// # let host = Host::new().with_repository().with_agent("amelia", |_| Ok(Report::new("", format!("worked on {}", git::branch()?))));
/// # assert_eq!(host.inside(|| write("login")), Ok("worked on story/login".to_owned()));
/// # let host = Host::new().with_repository().with_agent_after("amelia", 7_200_000, |_| Ok(Report::new("", "")));
/// # assert_eq!(host.inside(|| write("login")).unwrap_err().kind, ErrorKind::TimedOut);
/// ```
pub fn perform_with(agent: &str, task: &Task, options: &ChildOptions) -> Result<Outcome> {
    Ok(host::perform(agent, task, &options.written())?)
}

/// Starts a child run of the agent and returns immediately, so that several work side by side.
///
/// Errors: those of [`perform`] that are known at the start. What becomes of the agent is told when it is waited for.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Two opinions, of agents that work at the same time.
/// fn opinions(text: &str) -> Result<[String; 2]> {
///     let task = Task::new("Say what is missing in this text.").with_context(text);
///     let (mary, john) = (agents::begin("mary", &task)?, agents::begin("john", &task)?);
///     Ok([mary.wait()?.answer, john.wait()?.answer])
/// }
/// # let answers = |answer: &'static str| move |_: &Task| Ok(Report::new(answer, ""));
/// # let host = Host::new().at(0).with_agent_after("mary", 9_000, answers("A title.")).with_agent_after("john", 3_000, answers("An end."));
/// # assert_eq!(host.inside(|| opinions("…")), Ok(["A title.".to_owned(), "An end.".to_owned()]));
/// # assert_eq!(host.inside(run::now), 9_000);
/// ```
pub fn begin(agent: &str, task: &Task) -> Result<Pending<Outcome>> {
    begin_with(agent, task, &ChildOptions::new())
}

/// [`begin`] with options: in a worktree, or for less than the caller may do.
pub fn begin_with(agent: &str, task: &Task, options: &ChildOptions) -> Result<Pending<Outcome>> {
    let ticket = host::begin(agent, task, &options.written())?;
    Ok(Pending::new(ticket, |document| {
        let Arrived { answer, summary, conversation, cost_usd } = waits::read_host(document)?;
        Ok(Outcome { answer, summary, conversation: conversation.map(|document| document.to_string()), cost_usd })
    }))
}

/// What a ticket of an agent gives.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Arrived {
    answer: String,
    summary: String,
    #[serde(default)]
    conversation: Option<Value>,
    cost_usd: Option<f64>,
}

/// [`perform`] for an answer that is a `T`: asks for JSON that satisfies `schema` and reads it.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn risks(plan: &str) -> Result<Vec<String>> {
///     let schema = json!({ "type": "array", "items": { "type": "string" } });
///     agents::answer("murat", Task::new("List the risks of this plan.").with_context(plan), &schema)
/// }
/// # let host = Host::new().with_agent("murat", |_| Ok(Report::new(r#"["No tests."]"#, "")));
/// # assert_eq!(host.inside(|| risks("…")), Ok(vec!["No tests.".to_owned()]));
/// ```
pub fn answer<T: DeserializeOwned>(agent: &str, task: Task, schema: &Value) -> Result<T> {
    read(agent, &perform(agent, &task.with_answer_schema(schema))?)
}

fn read<T: DeserializeOwned>(agent: &str, outcome: &Outcome) -> Result<T> {
    let mut json = serde_json::Deserializer::from_str(&outcome.answer);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Error::other(format!(
            "The answer of agent `{agent}` can not be read at `{}`: {}. Start the run again, or set another model for the agent.",
            error.path(),
            mismatch::describe(error.inner())
        ))
    })
}

/// [`answer`] with a check of your own: `check` returns what is wrong with an answer, one sentence each. The agent sees
/// these sentences once, in a task that continues the first where the agent can. If its next answer fails as well, the run is
/// paused; when it is resumed, the task starts again.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn names(count: usize) -> Result<Vec<String>> {
///     let schema = json!({ "type": "array", "items": { "type": "string" } });
///     let check = |names: &Vec<String>| match names.len() {
///         len if len == count => Vec::new(),
///         len => vec![format!("There are {len} names and not {count}.")],
///     };
///     agents::checked("mary", &Task::new(format!("Suggest {count} names.")), &schema, check)
/// }
/// # let host = Host::new().with_agent("mary", |task| {
/// #     Ok(Report::new(if task.context.contains("There are 1") { r#"["a", "b"]"# } else { r#"["a"]"# }, ""))
/// # });
/// # assert_eq!(host.inside(|| names(2)).map(|names| names.len()), Ok(2));
/// ```
pub fn checked<T: DeserializeOwned>(agent: &str, task: &Task, schema: &Value, check: impl Fn(&T) -> Vec<String>) -> Result<T> {
    for _ in 0..=MAX_PAUSES {
        let outcome = perform(agent, &task.clone().with_answer_schema(schema))?;
        let first: T = read(agent, &outcome)?;
        let problems = check(&first);
        if problems.is_empty() {
            return Ok(first);
        }
        // What the agent remembers need not be told again.
        let context = if outcome.conversation.is_some() { "" } else { task.context.trim() };
        let shown = format!("{context}\n\nYour answer before could not be used:\n- {}", problems.join("\n- "));
        let second: T = answer(agent, task.clone().with_context(shown.trim()).continuing(outcome.conversation), schema)?;
        let problems = check(&second);
        if problems.is_empty() {
            return Ok(second);
        }
        run::pause(&format!(
            "The agent `{agent}` gave no usable answer, also after it was told why: {} Set another model for it, then resume the run, which \
             asks it again.",
            problems.join(" ")
        ))?;
    }
    Err(Error::other(format!(
        "The agent `{agent}` gave no usable answer, and the run was resumed {MAX_PAUSES} times already. Make the task smaller, or set another model."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;
    use serde_json::json;

    fn odd(agent: &str) -> Result<u64> {
        let check = |number: &u64| if number % 2 == 1 { Vec::new() } else { vec![format!("{number} is even.")] };
        checked(agent, &Task::new("Name an odd number."), &json!({ "type": "integer" }), check)
    }

    fn counting(host: Host, answers: &'static [&'static str]) -> Host {
        let asked = std::cell::Cell::new(0);
        host.with_agent("ann", move |_| {
            asked.set(asked.get() + 1);
            Ok(Report::new(answers[asked.get() - 1], "told a number"))
        })
    }

    #[test]
    fn an_answer_that_does_not_hold_is_shown_once() {
        let host = counting(Host::new(), &["2", "3"]);
        assert_eq!(host.inside(|| odd("ann")), Ok(3));
        let shown = host.requests("agents.perform")[1]["task"]["context"].to_string();
        assert!(shown.contains("2 is even."), "{shown}");
    }

    #[test]
    fn an_agent_that_can_continues_where_it_was() {
        let host = Host::new().with_agent("ann", |task| match task.conversation.as_deref() {
            None => Ok(Report::new("2", "").with_conversation("[1]".to_owned())),
            Some(before) => Ok(Report::new("3", before)),
        });
        assert_eq!(host.inside(|| odd("ann")), Ok(3));
        let task = &host.requests("agents.perform")[1]["task"];
        assert_eq!((&task["conversation"], &task["context"]), (&json!([1]), &json!("Your answer before could not be used:\n- 2 is even.")));
    }

    #[test]
    fn an_agent_that_does_no_better_is_for_the_operator() {
        let host = counting(Host::new().resumes(1), &["2", "4", "5"]);
        assert_eq!(host.inside(|| odd("ann")), Ok(5));
        assert!(host.pauses()[0].contains("4 is even."), "{:?}", host.pauses());
    }
}
