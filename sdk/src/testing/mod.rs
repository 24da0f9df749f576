//! A host for tests, in plain Rust: a plugin runs inside `cargo test`, without a server and without WebAssembly, and
//! each of its calls reaches a [`Host`] that holds everything in memory. Answers and refuses as the real one does, in
//! its words; imitates no crash, no limit of time or size, no link and no `.gitignore`.
//!
//! ```
//! use baton_sdk::{prelude::*, testing::Host};
//!
//! struct Summary;
//!
//! impl Workflow for Summary {
//!     fn run(input: Value) -> Result<Value> {
//!         let text = files::read_text(input["file"].as_str().unwrap_or_default())?;
//!         let reply = llm::complete(&llm::Request::new().with_user(format!("Summarise: {text}")))?;
//!         files::write("docs/summary.md", reply.text())?;
//!         Ok(json!({ "words": reply.text().split_whitespace().count() }))
//!     }
//! }
//!
//! let host = Host::new().with_file("brief.md", "A long story.").when("Summarise", "It is long.").granting("read", "**");
//! let denied = host.run(Summary::run, json!({ "file": "brief.md" }));
//! assert!(denied.is_err_and(|error| error.to_string().contains("baton plugin grant")));
//!
//! let host = host.granting("models", "*").granting("write", "docs/**");
//! assert_eq!(host.run(Summary::run, json!({ "file": "brief.md" })), Ok(json!({ "words": 3 })));
//! assert_eq!(host.file("docs/summary.md").as_deref(), Some("It is long."));
//! ```

mod backlog;
mod children;
mod clock;
mod continuing;
mod documents;
mod grants;
mod happenings;
pub(crate) mod imports;
mod installed;
mod model;
mod path;
mod pull_requests;
mod remote;
mod repository;
mod setup;
#[cfg(test)]
mod tests;
mod tickets;
mod tools;
mod twice;
mod workspace;
mod world;

use std::rc::Rc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::agents::{Report, Task};
use crate::backlog::{Item, Status};
use crate::run::Level;
use crate::tools::ToolOutcome;
use crate::{Error, Result, export};

pub use model::{calls_tool, model_description, says};
pub use remote::serve;

use world::{Role, World};

/// Answers every call of the plugin under test, from memory, and notes it. What a run changed is there for the next.
pub struct Host {
    world: Rc<World>,
}

/// One call that reached the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Interface and function, such as `files.read`, as `baton runs journal` names them.
    pub name: String,
    /// The request in JSON, as the journal keeps it.
    pub request: Value,
    /// The answer in JSON, or the error the plugin was given.
    pub answer: Result<Value>,
}

/// One line of the run's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// How grave it is.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// What stands beside it, a JSON object.
    pub fields: Value,
}

/// How one execution of a workflow ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The run ended: with its output, or with its error.
    Returned(Result<Value>),
    /// The run begins again with this input.
    Continued(Value),
}

impl Host {
    /// Runs a workflow to its end and gives its output as whoever started it would get it. The input is checked against what
    /// the workflow takes, as in a real run; and if it continues with another input, it is run again with that.
    ///
    /// What the run still waits for at its end is given up: its children do nothing more.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// struct Double;
    /// impl Workflow<u32, u32> for Double {
    ///     fn run(input: u32) -> Result<u32> {
    ///         Ok(2 * input)
    ///     }
    /// }
    /// assert_eq!(Host::new().run(Double::run, 21), Ok(json!(42)));
    /// assert!(matches!(Host::new().run(Double::run, "many"), Err(Error { kind: ErrorKind::Invalid, .. })));
    /// ```
    pub fn run<Input, Output>(&self, workflow: impl Fn(Input) -> Result<Output>, input: impl Serialize) -> Result<Value>
    where
        Input: DeserializeOwned,
        Output: Serialize,
    {
        self.world.begin_run();
        continuing::to_the_end(serde_json::to_value(&input)?, |input| match self.execute_once(&workflow, input) {
            Ending::Returned(ended) => Ok(ended),
            Ending::Continued(input) => Err(input),
        })
    }

    /// Runs a workflow until it ends or continues with another input. Run it again with that to go on.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::{Ending, Host}};
    /// fn count_down(from: u32) -> Result<u32> {
    ///     if from > 0 { Err(run::continue_with(&(from - 1))) } else { Ok(from) }
    /// }
    /// let host = Host::new();
    /// assert_eq!(host.run_once(count_down, 2), Ending::Continued(json!(1)));
    /// assert_eq!(host.run_once(count_down, 0), Ending::Returned(Ok(json!(0))));
    /// assert_eq!(host.run(count_down, 5), Ok(json!(0)));
    /// assert_eq!(host.requests("run.continue-with").len(), 6);
    /// ```
    pub fn run_once<Input, Output>(&self, workflow: impl FnOnce(Input) -> Result<Output>, input: impl Serialize) -> Ending
    where
        Input: DeserializeOwned,
        Output: Serialize,
    {
        self.world.begin_run();
        self.execute_once(workflow, input)
    }

    fn execute_once<Input, Output>(&self, workflow: impl FnOnce(Input) -> Result<Output>, input: impl Serialize) -> Ending
    where
        Input: DeserializeOwned,
        Output: Serialize,
    {
        let execute = || {
            let ended = export::ended(&serde_json::to_string(&input)?, workflow, |_| None)?;
            Ok(serde_json::from_str(&ended.output)?)
        };
        match self.to_its_end(Role::Workflow, || continuing::caught(execute)) {
            Ok(ended) => Ending::Returned(self.unless_cancelled(ended)),
            // Its time to put things in order is over.
            Err(_) if self.world.is_cancelled() => Ending::Returned(self.unless_cancelled(Ok(Value::Null))),
            Err(input) => Ending::Continued(input),
        }
    }

    /// Has an agent perform a task.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// struct Echo;
    /// impl Agent for Echo {
    ///     fn perform(task: Task) -> Result<Report> {
    ///         Ok(Report::new(task.goal, "said it again"))
    ///     }
    /// }
    /// let report = Host::new().perform(Echo::perform, Task::new("Say this."));
    /// assert_eq!(report.map(|report| report.answer), Ok("Say this.".to_owned()));
    /// ```
    pub fn perform(&self, agent: impl FnOnce(Task) -> Result<Report>, task: Task) -> Result<Report> {
        let ended = self.as_run(Role::Agent, || agent(task));
        self.unless_cancelled(ended)
    }

    /// Calls a tool of a toolbox.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// struct Clock;
    /// impl Toolbox for Clock {
    ///     fn tools() -> Vec<Offer> {
    ///         vec![Offer::new("now", "Tells the time.", &json!({ "type": "object" }))]
    ///     }
    ///     fn call(_: &str, _: Value) -> Result<ToolOutcome> {
    ///         Ok(ToolOutcome::done(run::now().to_string()))
    ///     }
    /// }
    /// let told = Host::new().at(7).call(Clock::call, "now", json!({}));
    /// assert_eq!(told.map(|told| told.content), Ok("7".to_owned()));
    /// ```
    pub fn call(&self, toolbox: impl FnOnce(&str, Value) -> Result<ToolOutcome>, name: &str, arguments: Value) -> Result<ToolOutcome> {
        let ended = self.as_run(Role::Toolbox, || toolbox(name, arguments));
        self.unless_cancelled(ended)
    }

    /// Does anything that calls the host: a part of a plugin, or a look at what one left behind.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// let version = host.inside(|| state::set("counters", "builds", &1, Some(0)));
    /// assert_eq!(version, Ok(1));
    /// ```
    #[expect(clippy::panic, reason = "a test fails by panicking, and there is nothing to return")]
    pub fn inside<A>(&self, work: impl FnOnce() -> A) -> A {
        installed::inside(&self.world, || continuing::caught(work)).unwrap_or_else(|input| {
            panic!("The run continues with {input}, so the work has no result. Call the workflow through `Host::run` or `Host::run_once`.")
        })
    }

    /// Does work as a run of its own.
    fn as_run<A>(&self, role: Role, work: impl FnOnce() -> A) -> A {
        self.world.begin_run();
        self.to_its_end(role, work)
    }

    /// Does work that gives up at its end what it still holds.
    fn to_its_end<A>(&self, role: Role, work: impl FnOnce() -> A) -> A {
        let ended = self.inside(|| self.world.acting_as(role, work));
        self.world.tickets.borrow_mut().give_up();
        ended
    }

    /// A run that is being cancelled is cancelled, whatever it returns.
    fn unless_cancelled<A>(&self, ended: Result<A>) -> Result<A> {
        match self.world.is_cancelled() {
            true => Err(Error::cancelled("The run was cancelled.")),
            false => ended,
        }
    }

    /// Every call so far, in order. Reading assets and the time are no calls: nothing is written of them.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| files::write("a.txt", "A")).unwrap();
    /// assert_eq!(host.calls()[0].name, "files.write");
    /// assert_eq!(host.calls()[0].request, json!({ "path": "a.txt", "content": { "text": "A" } }));
    /// ```
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls.borrow().clone()
    }

    /// The requests of all calls of one name, in order.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| files::read("a.txt")).unwrap_err();
    /// assert_eq!(host.requests("files.read"), [json!({ "path": "a.txt" })]);
    /// ```
    pub fn requests(&self, name: &str) -> Vec<Value> {
        self.world.calls.borrow().iter().filter(|call| call.name == name).map(|call| call.request.clone()).collect()
    }

    /// What every model call was told: the user's texts and the results of tools, one prompt per call.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().when("", "Yes.");
    /// host.inside(|| llm::complete(&llm::Request::new().with_user("Is it?"))).unwrap();
    /// assert_eq!(host.prompts(), ["Is it?"]);
    /// ```
    pub fn prompts(&self) -> Vec<String> {
        let said = |part: &Value| part["text"].as_str().or_else(|| part["tool-result"]["content"].as_str()).map(str::to_owned);
        let prompt = |request: Value| {
            let messages = request["messages"].as_array().into_iter().flatten().filter(|message| message["role"] == "user");
            let parts = messages.flat_map(|message| message["parts"].as_array().into_iter().flatten());
            parts.filter_map(said).collect::<Vec<_>>().join("\n")
        };
        self.requests("llm.complete").into_iter().map(prompt).collect()
    }

    /// The questions people were asked, in order, by whatever call. What they were told of is `requests("people.inform")`.
    ///
    /// ```
    /// # use baton_sdk::{people::Question, prelude::*, testing::Host};
    /// let host = Host::new().answers("", "EUR");
    /// host.inside(|| people::ask(&Question::new("Which currency?"))).unwrap();
    /// assert_eq!(host.questions(), ["Which currency?"]);
    /// ```
    pub fn questions(&self) -> Vec<String> {
        let calls = self.world.calls.borrow();
        let asked = calls.iter().filter(|call| matches!(call.name.as_str(), "people.ask" | "people.post"));
        asked.map(|call| text(&call.request["text"])).collect()
    }

    /// The reasons for which the run paused itself, in order.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().resumes(2);
    /// host.inside(|| run::pause("Look.")).unwrap();
    /// assert_eq!(host.pauses(), ["Look."]);
    /// ```
    pub fn pauses(&self) -> Vec<String> {
        self.requests("run.pause").iter().map(text).collect()
    }

    /// The commands that were executed, in order, the arguments of each joined with spaces.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, sandbox::Execution, testing::Host};
    /// let host = Host::new().when_executed("", Execution::exited(0));
    /// host.inside(|| sandbox::execute(&Job::new(["cargo", "test"]))).unwrap();
    /// assert_eq!(host.executed(), ["cargo test"]);
    /// ```
    pub fn executed(&self) -> Vec<String> {
        let command = |request: Value| request["command"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" ");
        self.requests("sandbox.execute").into_iter().map(command).collect()
    }

    /// The run's log.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| run::warn("Nothing to do."));
    /// assert_eq!(host.logged()[0].message, "Nothing to do.");
    /// assert_eq!(host.logged()[0].level, run::Level::Warn);
    /// ```
    pub fn logged(&self) -> Vec<Line> {
        let line = |request: Value| Line {
            level: LEVELS.iter().find(|(_, word)| request["level"] == *word).map_or(Level::Info, |(level, _)| *level),
            message: text(&request["message"]),
            fields: request["fields"].clone(),
        };
        self.requests("run.log").into_iter().map(line).collect()
    }

    /// The steps of which the run's watchers were told, in order.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| run::progress(0.5, "half way"));
    /// assert_eq!(host.progress(), ["half way"]);
    /// ```
    pub fn progress(&self) -> Vec<String> {
        self.requests("run.progress").iter().map(|request| text(&request["step"])).collect()
    }

    /// What the run shows others under a key now.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| run::publish("phase", "testing")).unwrap();
    /// assert_eq!(host.published("phase"), Some(json!("testing")));
    /// ```
    pub fn published(&self, key: &str) -> Option<Value> {
        self.world.published.borrow().get(key).cloned()
    }

    /// The text of a file of the workspace as it is now; none when there is no such text file.
    ///
    /// ```
    /// # use baton_sdk::testing::Host;
    /// let host = Host::new().with_file("docs/a.md", "A");
    /// assert_eq!(host.file("docs/a.md").as_deref(), Some("A"));
    /// assert_eq!(host.file("docs/b.md"), None);
    /// ```
    pub fn file(&self, path: &str) -> Option<String> {
        String::from_utf8(self.world.files.borrow().read(path).ok()?).ok()
    }

    /// The paths of all files of the workspace, sorted.
    ///
    /// ```
    /// # use baton_sdk::testing::Host;
    /// assert_eq!(Host::new().with_file("docs/a.md", "A").files(), ["docs/a.md"]);
    /// ```
    pub fn files(&self) -> Vec<String> {
        let files = self.world.files.borrow();
        files.entries().filter(|entry| entry.kind == crate::files::Kind::File).map(|entry| entry.path).collect()
    }

    /// An item of the backlog as it is now, with its body.
    ///
    /// ```
    /// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
    /// let host = Host::new().with_item(Draft::new(Kind::Story, "1-1-login", "Log in"), Status::Todo);
    /// host.inside(|| backlog::move_to("1-1-login", Status::InProgress, "Amelia takes it.")).unwrap();
    /// assert_eq!(host.item("1-1-login").map(|item| item.status), Some(Status::InProgress));
    /// ```
    pub fn item(&self, key: &str) -> Option<Item> {
        self.world.backlog.borrow().get(key).ok().cloned()
    }

    /// The statuses an item has had, oldest first.
    ///
    /// ```
    /// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.inside(|| backlog::put(&[Draft::new(Kind::Task, "tidy", "Tidy up")])).unwrap();
    /// host.inside(|| backlog::move_to("tidy", Status::Done, "Nothing was left to do.")).unwrap();
    /// assert_eq!(host.statuses("tidy"), [Status::Todo, Status::Done]);
    /// ```
    pub fn statuses(&self, key: &str) -> Vec<Status> {
        let moves = self.world.backlog.borrow().history(key).unwrap_or_default();
        moves.into_iter().map(|moved| moved.after).collect()
    }

    /// A document of the state as it is now.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// assert_eq!(Host::new().with_state("counters", "builds", 3).state("counters", "builds"), Some(json!(3)));
    /// ```
    pub fn state(&self, bucket: &str, key: &str) -> Option<Value> {
        self.world.documents.borrow().get(bucket, key).map(|(value, _)| value)
    }
}

const LEVELS: &[(Level, &str)] = &[(Level::Debug, "debug"), (Level::Info, "info"), (Level::Warn, "warn"), (Level::Error, "error")];

fn level_word(level: Level) -> &'static str {
    LEVELS.iter().find(|(known, _)| *known == level).map_or("info", |(_, word)| word)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}
