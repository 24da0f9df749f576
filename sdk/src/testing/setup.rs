//! What a test puts into its host before it runs a plugin. A test that sets something up wrongly panics with a sentence.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Host,
    imports::git::{check_branch, enter},
    model, path,
    repository::{Repository, Signed},
    twice::Twice,
    world::World,
};
use crate::agents::{Report, Task};
use crate::backlog::{Draft, Status};
use crate::llm::{ModelDescription, Reply, Request};
use crate::sandbox;
use crate::tools::{Offer, ToolOutcome};
use crate::{Error, Result, run};

/// Midnight at the beginning of 2026, UTC.
const NEW_YEAR: u64 = 1_767_225_600_000;

/// The part of a manifest that a test's host goes by.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    needs: BTreeMap<String, Need>,
}

/// A list of patterns; or an amount, which a test's host does not count.
#[derive(Deserialize)]
#[serde(untagged)]
enum Need {
    Patterns(Vec<String>),
    Text(String),
    Number(f64),
}

impl Need {
    fn patterns(self) -> Vec<String> {
        match self {
            Self::Patterns(patterns) => patterns,
            Self::Text(text) => vec![text],
            Self::Number(number) => vec![number.to_string()],
        }
    }
}

impl Host {
    /// A host that allows all and holds nothing: an empty workspace, no agents, a model without rules, a clock that
    /// stands at the beginning of 2026.
    ///
    /// ```
    /// # use baton_sdk::testing::Host;
    /// assert!(Host::new().files().is_empty());
    /// ```
    pub fn new() -> Self {
        let about = run::Info {
            id: "00000000-0000-7000-8000-000000000000".to_owned(),
            parent: None,
            project: "test".to_owned(),
            plugin: "plugin".to_owned(),
            plugin_version: "0.0.0".to_owned(),
        };
        let world = World {
            about: RefCell::new(about),
            now: Cell::new(NEW_YEAR),
            grants: RefCell::default(),
            files: RefCell::default(),
            repository: RefCell::default(),
            documents: RefCell::default(),
            backlog: RefCell::default(),
            settings: RefCell::new(Value::Object(Map::new())),
            assets: RefCell::default(),
            model: RefCell::default(),
            answers: RefCell::default(),
            resumes: Cell::default(),
            agents: RefCell::default(),
            workflows: RefCell::default(),
            commands: RefCell::default(),
            lockfiles: RefCell::default(),
            outputs: RefCell::default(),
            tickets: RefCell::default(),
            happenings: RefCell::default(),
            published: RefCell::default(),
            tools: RefCell::default(),
            knowledge: RefCell::default(),
            forge: RefCell::default(),
            calls: RefCell::default(),
            own_calls: Cell::default(),
            role: Cell::default(),
            bounds: RefCell::default(),
            twice: Twice::default(),
        };
        Self { world: Rc::new(world) }
    }

    /// Goes by a plugin's manifest: its name, its version, and nothing allowed but what its `[needs]` ask for.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// // A plugin writes `include_str!("../plugin.toml")`.
    /// let host = Host::new().with_manifest("name = \"scribe\"\n[needs]\nwrite = [\"docs/**\"]");
    /// let denied = host.inside(|| files::write("src/a.rs", "")).unwrap_err();
    /// assert!(denied.to_string().starts_with("Plugin `scribe` does not ask for `write` of `src/a.rs`."));
    /// ```
    #[must_use]
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn with_manifest(self, manifest: &str) -> Self {
        let Manifest { name, version, needs } = match toml::from_str(manifest) {
            Ok(manifest) => manifest,
            Err(error) => panic!("The manifest cannot be read: {}. Give the text of the crate's plugin.toml.", error.message()),
        };
        let mut about = self.world.about.borrow_mut();
        (about.plugin, about.plugin_version) = (name, version);
        drop(about);
        let needs = needs.into_iter().map(|(kind, need)| (kind, need.patterns())).collect();
        self.world.grants.borrow_mut().need(needs);
        self
    }

    /// Allows `kind`, a word of `[needs]`, for what fits the pattern. From the first grant on, what was not granted is
    /// denied as the real host denies it.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().granting("write", "docs/**");
    /// assert!(host.inside(|| files::write("docs/a.md", "A")).is_ok());
    /// assert!(matches!(host.inside(|| files::write("a.md", "A")), Err(Error { kind: ErrorKind::Denied, .. })));
    /// ```
    #[must_use]
    pub fn granting(self, kind: &str, pattern: &str) -> Self {
        self.world.grants.borrow_mut().grant(kind, pattern);
        self
    }

    /// Puts a file into the workspace.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_file("docs/a.md", "A");
    /// assert_eq!(host.inside(|| files::read_text("docs/a.md")), Ok("A".to_owned()));
    /// ```
    #[must_use]
    pub fn with_file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        set_up(path::plain(path).and_then(|path| self.world.files.borrow_mut().write(&path, content.as_ref())));
        self
    }

    /// Makes the workspace a repository: the files so far are its one commit, on branch `main`, in a person's checkout.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_file("a.txt", "A").with_repository().with_agent("amelia", |_| {
    ///     files::write("b.txt", "B")?;
    ///     git::commit("Add b", Some("amelia"))?;
    ///     Ok(Report::new("done", "added b"))
    /// });
    /// host.inside(|| {
    ///     let worktree = git::worktree_add("story/1", "main")?;
    ///     agents::perform_with("amelia", &Task::new("Add b."), &ChildOptions::new().in_worktree(worktree))
    /// }).unwrap();
    /// assert_eq!(host.file("b.txt"), None);
    /// assert_eq!(host.inside(|| git::read("story/1", "b.txt")), Ok(b"B".to_vec()));
    /// ```
    #[must_use]
    pub fn with_repository(self) -> Self {
        let tree = self.world.files.borrow().tree();
        self.world.repository.replace(Some(Repository::new(tree, self.world.now.get())));
        self
    }

    /// Somebody commits a file to a branch that no run works on, which begins at `main` where it is new.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_repository().with_commit("theirs", "a.txt", "A");
    /// assert_eq!(host.inside(|| git::log(Some("theirs"), 9)).unwrap().len(), 2);
    /// ```
    #[must_use]
    pub fn with_commit(self, branch: &str, path: &str, content: impl AsRef<[u8]>) -> Self {
        set_up(check_branch(branch).and_then(|()| path::plain(path)).and_then(|path| {
            let mut repository = self.world.repository.borrow_mut();
            let repository = repository.as_mut().ok_or_else(|| Error::invalid("Call `with_repository` before `with_commit`."))?;
            let message = format!("Write {path}");
            let signed = Signed { message: &message, author: "person", at: self.world.now.get() };
            repository.commit_elsewhere(branch, &path, content.as_ref(), &signed)
        }));
        self
    }

    /// Has the plugin work in a worktree with a new branch that begins at `main`.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_file("a.txt", "A").with_repository().in_worktree("story/1");
    /// host.inside(|| files::write("a.txt", "B")).unwrap();
    /// assert!(host.inside(|| git::commit("Change a", None)).unwrap().is_some());
    /// assert_eq!(host.inside(|| git::read("main", "a.txt")), Ok(b"A".to_vec()));
    /// ```
    #[must_use]
    pub fn in_worktree(self, branch: &str) -> Self {
        let add = || {
            let mut repository = self.world.repository.borrow_mut();
            let repository = repository.as_mut().ok_or_else(|| Error::invalid("Call `with_repository` before `in_worktree`."))?;
            repository.worktree_add(branch, "main").map(drop)
        };
        set_up(check_branch(branch).and_then(|()| add()).and_then(|()| enter(&self.world, branch)));
        self
    }

    /// Packs a file into the plugin.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_asset("persona.md", "You are Ann.");
    /// assert_eq!(host.inside(|| assets::read_text("persona.md")), Ok("You are Ann.".to_owned()));
    /// ```
    #[must_use]
    pub fn with_asset(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.world.assets.borrow_mut().insert(path.to_owned(), content.as_ref().to_vec());
        self
    }

    /// Keeps a document, as if a run before had set it.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_state("counters", "builds", 3);
    /// let stale = host.inside(|| state::set("counters", "builds", &4, Some(0)));
    /// assert!(matches!(stale, Err(Error { kind: ErrorKind::Conflict, .. })));
    /// ```
    #[must_use]
    pub fn with_state(self, bucket: &str, key: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(Error::from);
        set_up(value.and_then(|value| self.world.documents.borrow_mut().set(bucket, key, value, None).map(drop)));
        self
    }

    /// Puts an item into the backlog, as if it had been added and moved there before. What it waits for and belongs to has
    /// to be there.
    ///
    /// ```
    /// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
    /// let host = Host::new()
    ///     .with_item(Draft::new(Kind::Story, "1-1-login", "Log in"), Status::Done)
    ///     .with_item(Draft::new(Kind::Story, "1-2-logout", "Log out").after(["1-1-login"]), Status::Todo)
    ///     .with_item(Draft::new(Kind::Story, "1-3-forget", "Forget").after(["1-2-logout"]), Status::Todo);
    /// let ready: Vec<_> = host.inside(backlog::ready).unwrap().into_iter().map(|item| item.draft.key).collect();
    /// assert_eq!(ready, ["1-2-logout"]);
    /// ```
    #[must_use]
    pub fn with_item(self, draft: Draft, status: Status) -> Self {
        let (key, now) = (draft.key.clone(), self.world.now.get());
        let mut backlog = self.world.backlog.borrow_mut();
        let put = backlog.put(&[draft], now, None);
        let moved = if status == Status::Todo { Ok(()) } else { backlog.move_to(&key, status, "", now, None) };
        drop(backlog);
        set_up(put.and(moved));
        self
    }

    /// Sets the setting of a dotted key.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_setting("plan.stories.most", 5);
    /// assert_eq!(host.inside(|| settings::get::<u32>("plan.stories.most")), Ok(Some(5)));
    /// ```
    #[must_use]
    pub fn with_setting(self, key: &str, value: impl Serialize) -> Self {
        let mut settings = self.world.settings.borrow_mut();
        let place = key.split('.').fold(&mut *settings, |place, name| {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            &mut place[name]
        });
        *place = serde_json::to_value(value).unwrap_or_default();
        drop(settings);
        self
    }

    /// The model replies with `reply` to every prompt that contains `phrase`. Of several rules the first that fits
    /// answers; a prompt that none fits fails the test and is shown.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().when("capital of France", "Paris").when("", "I do not know.");
    /// let ask = |prompt: &str| host.inside(|| llm::complete(&llm::Request::new().with_user(prompt))).map(|reply| reply.text());
    /// assert_eq!(ask("What is the capital of France?"), Ok("Paris".to_owned()));
    /// assert_eq!(ask("Why?"), Ok("I do not know.".to_owned()));
    /// ```
    #[must_use]
    pub fn when(self, phrase: &str, reply: &str) -> Self {
        let (phrase, reply) = (phrase.to_owned(), model::says(reply));
        self.with_model(move |request| model::prompt(request).contains(&phrase).then(|| reply.clone()))
    }

    /// What [`llm::describe`](crate::llm::describe) returns, whatever the model. Its `model` is the one that is set. Without
    /// this it is [`model_description`](super::model_description).
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::{self, Host}};
    /// let small = llm::ModelDescription { window_tokens: 8_192, ..testing::model_description() };
    /// let host = Host::new().with_model_description(small);
    /// assert_eq!(host.inside(|| llm::describe(Some("lab/small"))).map(|model| model.window_tokens), Ok(8_192));
    /// ```
    #[must_use]
    pub fn with_model_description(self, description: ModelDescription) -> Self {
        self.world.model.borrow_mut().description = description;
        self
    }

    /// A rule of any form: gives a reply, or none to leave the request to the next rule.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::{Host, calls_tool, says}};
    /// let host = Host::new().with_model(|request| match request.messages.len() {
    ///     1 => Some(calls_tool("read_file", json!({ "path": "a.md" }))),
    ///     _ => Some(says("I have read it.")),
    /// });
    /// let reply = host.inside(|| llm::complete(&llm::Request::new().with_user("Read a.md."))).unwrap();
    /// assert_eq!(reply.stop(), llm::Stop::ToolUse);
    /// ```
    #[must_use]
    pub fn with_model(self, rule: impl Fn(&Request) -> Option<Reply> + 'static) -> Self {
        self.world.model.borrow_mut().add(rule);
        self
    }

    /// A person answers with `answer` every question whose text contains `phrase`. Of several the first that fits is
    /// taken; a question that none fits fails the test and is shown.
    ///
    /// ```
    /// # use baton_sdk::{people::Question, prelude::*, testing::Host};
    /// let host = Host::new().answers("currency", "EUR");
    /// let question = Question::new("Which currency?").with_options(["EUR", "USD"]);
    /// assert_eq!(host.inside(|| people::ask(&question)), Ok("EUR".to_owned()));
    /// ```
    #[must_use]
    pub fn answers(self, phrase: &str, answer: &str) -> Self {
        self.answers_after(phrase, 0, answer)
    }

    /// The operator resumes a run that pauses itself, so many times. A pause beyond that fails the test, and its reason
    /// is shown.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().resumes(1);
    /// host.inside(|| run::pause("The printer is out of paper.")).unwrap();
    /// assert_eq!(host.pauses(), ["The printer is out of paper."]);
    /// ```
    #[must_use]
    pub fn resumes(self, times: u32) -> Self {
        self.world.resumes.set(times);
        self
    }

    /// An agent of this name. An agent that is not here is `not-found`; one that fails is `child-failed`, as in a real run.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_agent("mary", |task| Ok(Report::new(format!("Done: {}", task.goal), "did it")));
    /// let outcome = host.inside(|| agents::perform("mary", &Task::new("Look."))).unwrap();
    /// assert_eq!(outcome.answer, "Done: Look.");
    /// ```
    #[must_use]
    pub fn with_agent(self, name: &str, answer: impl Fn(&Task) -> Result<Report> + 'static) -> Self {
        self.with_agent_after(name, 0, answer)
    }

    /// A workflow of this name, done the moment it is started.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_workflow("double", |input| Ok(json!(2 * input.as_i64().unwrap_or_default())));
    /// let outcome = host.inside(|| workflows::start::<i64, _>("double", &21)?.wait());
    /// assert_eq!(outcome.map(|outcome| outcome.output), Ok(42));
    /// ```
    #[must_use]
    pub fn with_workflow(self, name: &str, answer: impl Fn(&Value) -> Result<Value> + 'static) -> Self {
        self.with_workflow_after(name, 0, answer)
    }

    /// A tool of a toolbox or of one of the operator's servers: its whole name, what is said of it, and what answers its
    /// calls. The host's own tools, such as `read_file`, are there without it, and a tool that is neither is `not-found`.
    ///
    /// An error is that of a toolbox that failed, `child-failed`; `unavailable` stays what it is, as from a server that does
    /// not answer.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let numbers = json!({ "type": "object", "required": ["a", "b"] });
    /// let host = Host::new().with_tool("calculator.add", Offer::new("add", "Adds.", &numbers), |arguments| {
    ///     let sum = arguments["a"].as_i64().unwrap_or_default() + arguments["b"].as_i64().unwrap_or_default();
    ///     Ok(ToolOutcome::done(sum.to_string()))
    /// });
    /// let sum = host.inside(|| tools::call("calculator.add", &json!({ "a": 1, "b": 2 })));
    /// assert_eq!(sum, Ok(ToolOutcome::done("3")));
    /// let wrong = host.inside(|| tools::call("calculator.add", &json!({ "a": 1 }))).unwrap_err();
    /// assert_eq!(wrong.kind, ErrorKind::Invalid);
    /// ```
    #[must_use]
    pub fn with_tool(self, name: &str, offer: Offer, answer: impl Fn(&Value) -> Result<ToolOutcome> + 'static) -> Self {
        set_up(self.world.tools.borrow_mut().add(name, offer, Rc::new(answer)));
        self
    }

    /// A command that contains `phrase`, its arguments joined with spaces, ends with `outcome`. Of several rules the first
    /// that fits answers; a command that none fits fails the test and is shown.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, sandbox::Execution, testing::Host};
    /// let host = Host::new().when_executed("make test", Execution::exited(1).with_stderr("1 failed")).when_executed("", Execution::exited(0));
    /// assert_eq!(host.inside(|| sandbox::execute(&Job::shell("make test"))).map(|outcome| outcome.exit_code), Ok(1));
    /// assert_eq!(host.executed(), ["sh -c make test"]);
    /// ```
    #[must_use]
    pub fn when_executed(self, phrase: &str, outcome: sandbox::Execution) -> Self {
        let phrase = phrase.to_owned();
        self.with_sandbox(move |job| job.command.join(" ").contains(&phrase).then(|| Ok(outcome.clone())))
    }

    /// A rule of any form for commands: gives an answer, or none to leave the job to the next rule.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_sandbox(|_| Some(Err(Error::unavailable("There is no engine."))));
    /// assert!(matches!(host.inside(|| sandbox::execute(&Job::new(["true"]))), Err(Error { kind: ErrorKind::Unavailable, .. })));
    /// ```
    #[must_use]
    pub fn with_sandbox(self, rule: impl Fn(&sandbox::Job) -> Option<Result<sandbox::Execution>> + 'static) -> Self {
        self.world.commands.borrow_mut().push(Rc::new(rule));
        self
    }

    /// Renewing lockfiles has this outcome each time. It changes no file; the default is a project without a command for it.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, sandbox::SetupOutcome, testing::Host};
    /// let failed = SetupOutcome { state: "failed".to_owned(), report: "No such package.".to_owned(), ..SetupOutcome::none() };
    /// let host = Host::new().when_renewed(failed);
    /// assert_eq!(host.inside(sandbox::renew_lockfiles).unwrap().state, "failed");
    /// ```
    #[must_use]
    pub fn when_renewed(self, outcome: sandbox::SetupOutcome) -> Self {
        *self.world.lockfiles.borrow_mut() = Some(outcome);
        self
    }

    /// The project knows a text, as if it were one of its documents, decisions or notes. Fits by shared words.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().knowing("docs/money.md", "Amounts are kept in cents.");
    /// let found = host.inside(|| knowledge::search("How are amounts kept?", 3)).unwrap();
    /// assert_eq!(found[0].source, "docs/money.md");
    /// ```
    #[must_use]
    pub fn knowing(self, source: &str, text: &str) -> Self {
        self.world.knowledge.borrow_mut().insert(source.to_owned(), text.to_owned());
        self
    }

    /// A person merges pull requests, and brings work into branches that are not a run's own; runs may not.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// assert_eq!(Host::new().without_auto_merge().inside(forge::about).map(|about| about.auto_merge), Ok(false));
    /// ```
    #[must_use]
    pub fn without_auto_merge(self) -> Self {
        self.world.forge.borrow_mut().auto_merge = false;
        self
    }

    /// Sets the clock, in milliseconds since 1970 UTC. It moves only when the plugin waits for what takes time. What is to
    /// happen later still happens as much later.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().at(1_000);
    /// host.inside(|| run::sleep_until(5_000)).unwrap();
    /// assert_eq!(host.inside(run::now), 5_000);
    /// ```
    #[must_use]
    pub fn at(self, milliseconds: u64) -> Self {
        let before = self.world.now.replace(milliseconds);
        self.world.happenings.borrow_mut().shift(before, milliseconds);
        self
    }
}

#[expect(clippy::panic, reason = "a test fails by panicking, and this one is written wrongly")]
pub(super) fn set_up(done: Result<()>) {
    if let Err(error) = done {
        panic!("The test's host cannot be set up so: {error}");
    }
}
