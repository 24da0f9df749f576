//! The setup of a workspace: fetches what a project depends on, once for each state of its lockfiles, in a container that
//! reaches the hosts which the operator allows, and gives each workspace its own copy of what that left. Decides no
//! permission; executes nothing that an operator has not approved.

mod caches;
mod copying;
mod kept;
mod locking;
mod plan;
mod proxy;
mod settings;
mod staging;
mod suggested;
mod working;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use caches::BIN;
pub use plan::{Decision, Plan, decide};
pub use proxy::{Onward, Registry};
pub use settings::{SetupSettings, USUAL_HOSTS};
pub(super) use working::FORWARD;

use super::{
    approvals::Approvals,
    engine::{Extra, Mounted},
    events::SetUpEnded,
    job::DEFAULT_IMAGE,
    service::{CommandContext, Sandbox},
    settings::{EngineKind, Image},
};
use crate::{
    errors::Hint,
    events::Draft,
    interfaces::{blocking::blocking, folder_locks::Work, keys::Keys},
    journal::{Attempt, CallError, Pause, PauseKind, Performed},
};
use kept::{Applied, Folders, HOME, Record};
use staging::Inputs;

/// What setups are made of; `app` hands it in.
pub struct SetupParts {
    /// Where they work, and where what they left is kept.
    pub folder: PathBuf,
    /// What the operator set.
    pub settings: SetupSettings,
    /// What operators approved.
    pub approvals: Arc<dyn Approvals>,
    /// Finds secrets of registries.
    pub keys: Arc<dyn Keys>,
}

/// What the setups of a host share.
pub(super) struct Setups {
    parts: SetupParts,
    folders: Folders,
    /// One setup at a time for each state of a project's lockfiles.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub struct SetupRequest {
    /// The project whose setup it is.
    pub project: String,
    /// The run that started the one that asks.
    pub parent: Option<String>,
    /// The operator's name for the image of the project's tests.
    pub image: String,
    /// The table `test` of the run's settings.
    pub test: Value,
}

/// What came of a setup, or of renewing lockfiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SetUp {
    /// `none`, `unchanged`, `restored`, `done`, or `failed` where lockfiles cannot be renewed.
    pub state: String,
    /// The command.
    pub command: Option<String>,
    /// What else is worth knowing, sentences.
    pub report: String,
    /// Hosts that were reached.
    pub reached: Vec<String>,
    /// Hosts that were not allowed.
    pub denied: Vec<String>,
    /// From start to end.
    pub took_ms: u64,
}

/// A setup that is to hold in a workspace.
struct Sought {
    place: CommandContext,
    wanted: SetupRequest,
    plan: Plan,
    image: Image,
    key: String,
}

impl SetupRequest {
    /// What a run asks for whose settings are these.
    pub fn new(project: String, parent: Option<String>, test: Value) -> Self {
        let image = test.get("image").and_then(Value::as_str).unwrap_or(DEFAULT_IMAGE).to_owned();
        Self { project, parent, image, test }
    }
}

impl Setups {
    pub(super) fn new(parts: SetupParts) -> Self {
        Self { folders: Folders::new(parts.folder.clone()), parts, turns: Mutex::default() }
    }

    /// What a command sees of the setup of its workspace.
    pub(super) fn extra(&self, workspace: &Path, image: &Image) -> Extra {
        let home = self.folders.find_applied(workspace).map(|applied| applied.kept.join(HOME)).filter(|home| home.is_dir());
        let Some(home) = home else { return Extra::default() };
        let env = caches::of_commands(&home, image.network);
        let mounts = vec![Mounted { source: home, target: caches::HOME.to_owned(), read_only: true }];
        Extra { env, mounts, network: None }
    }

    /// What the operator set and approved.
    pub(super) fn parts(&self) -> &SetupParts {
        &self.parts
    }

    /// The folder with Baton's program for containers. An error is a sentence.
    pub(super) async fn bin(&self) -> Result<PathBuf, String> {
        let bin = self.folders.bin();
        joined(blocking(move |_| working::provided(&bin).map(|()| bin)).await)
    }

    fn turn(&self, project: &str, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(format!("{project} {key}")).or_default())
    }

    /// Which setup a workspace has.
    async fn decide(&self, workspace: &Path, wanted: &SetupRequest) -> Result<Decision<Plan>, CallError> {
        let settings = &self.parts.settings;
        let approved = self.parts.approvals.find::<Plan>(&wanted.project).await;
        let approved = approved.map_err(|error| CallError::unavailable(error.explain()))?;
        let proposed = match Plan::read(&wanted.test) {
            Ok(proposed) => proposed,
            Err(reason) if settings.own.is_none() => return Ok(Decision::Undecided(format!("{reason} Correct it, then resume the run."))),
            Err(_) => None,
        };
        Ok(decide(settings.own.as_ref(), proposed, approved.as_ref().map(|approved| &approved.content), Plan::suggest(workspace).as_ref()))
    }
}

impl Sandbox {
    /// What commands see of the setup of a workspace.
    #[cfg(test)]
    pub(super) fn setups_of(&self, workspace: &Path) -> Extra {
        self.setups.extra(workspace, &Image::default())
    }

    /// Does the setup of a workspace, or finds the one of this call again, unless it holds already.
    pub async fn set_up(&self, place: CommandContext, wanted: SetupRequest, attempt: &Attempt) -> Performed<SetUp> {
        let sought = match self.seek(place, wanted).await {
            Ok(sought) => sought,
            Err(stopped) => return stopped,
        };
        let turn = self.setups.turn(&sought.wanted.project, &sought.key);
        let halt = sought.place.halt.clone();
        tokio::select! {
            performed = async { let _turn = turn.lock().await; self.set_up_alone(sought, attempt).await } => performed,
            () = halt.cancelling_begins() => Performed::answer(Err(CallError::cancelling())),
        }
    }

    /// The setup that a workspace has, in the image and for the lockfiles that it has now; or what to answer without one.
    async fn seek(&self, place: CommandContext, wanted: SetupRequest) -> Result<Sought, Performed<SetUp>> {
        let plan = match self.setups.decide(&place.workspace, &wanted).await {
            Ok(Decision::Use(plan)) => plan,
            Ok(Decision::None(hint)) => return Err(Performed::answer(Ok(SetUp::none(hint)))),
            Ok(Decision::Undecided(reason)) => return Err(pause(reason)),
            Err(error) => return Err(Performed::answer(Err(error))),
        };
        if self.parts.settings.engine == EngineKind::Process {
            let hint = "Commands are executed as plain processes here, for which Baton does no setup; do it yourself.";
            return Err(Performed::answer(Ok(SetUp::none(hint.to_owned()))));
        }
        let image = self.image(&wanted.image, &place.run).await?;
        let inputs = match self.inputs(&place, &plan).await {
            Ok(Ok(inputs)) => inputs,
            Ok(Err(reason)) => return Err(pause(format!("The setup cannot begin. {reason} Then resume the run."))),
            Err(error) => return Err(Performed::answer(Err(error))),
        };
        let key = staging::key(&plan, &image.reference, &inputs);
        Ok(Sought { place, wanted, plan, image, key })
    }

    async fn set_up_alone(&self, sought: Sought, attempt: &Attempt) -> Performed<SetUp> {
        let Sought { place, wanted, plan, key, .. } = &sought;
        let folders = &self.setups.folders;
        let applied = folders.find_applied(&place.workspace).filter(|applied| applied.key == *key && kept::is_whole(applied));
        if applied.is_some_and(|applied| wanted.parent.as_deref() == Some(applied.run.as_str())) {
            return Performed::answer(Ok(SetUp {
                state: "unchanged".to_owned(),
                command: Some(plan.command.clone()),
                ..SetUp::none(String::new())
            }));
        }
        let (record, state, events) = match folders.find(&wanted.project, key) {
            Some(record) => (record, "restored", Vec::new()),
            None => match self.execute_setup(&sought, attempt).await {
                Ok((record, events)) => (record, "done", events),
                Err(performed) => return performed,
            },
        };
        let left_out = match self.apply(&sought, &record).await {
            Ok(Ok(left_out)) => left_out,
            Ok(Err(reason)) => {
                return pause(format!("What the setup left cannot be put into the workspace: {reason} Then resume the run."));
            }
            Err(error) => return Performed::answer(Err(error)),
        };
        let setup = SetUp::of(&record, state, &left_out);
        let told = SetUpEnded {
            seq: attempt.seq,
            state: state.to_owned(),
            command: setup.command.clone(),
            setup: key.clone(),
            reached: setup.reached.clone(),
            denied: setup.denied.clone(),
            changed: record.changed.clone(),
            took_ms: setup.took_ms,
        };
        let told = Draft::of_run(&place.run, &told).map(|data| self.parts.redactor.value(data));
        Performed::Answered(Ok(setup), events.into_iter().chain([told]).collect())
    }

    /// What the setup reads, while nothing writes there.
    async fn inputs(&self, place: &CommandContext, plan: &Plan) -> Result<Result<Inputs, String>, CallError> {
        let _lock = self.parts.folders.lock(&place.workspace, Work::Git, &place.run).await?;
        let (workspace, plan) = (place.workspace.clone(), plan.clone());
        Ok(joined(blocking(move |deadline| staging::read(&workspace, &plan, deadline)).await))
    }

    /// Puts what was kept into the workspace, while nothing works there.
    async fn apply(&self, sought: &Sought, record: &Record) -> Result<Result<Vec<String>, String>, CallError> {
        let Sought { place, wanted, key, .. } = sought;
        let _lock = self.parts.folders.lock(&place.workspace, Work::Git, &place.run).await?;
        let (folders, record, workspace) = (self.setups.folders.clone(), record.clone(), place.workspace.clone());
        let kept = folders.locate(&wanted.project, key);
        let (own, parent, key) = (place.run.to_string(), wanted.parent.clone(), key.clone());
        let is_ours = workspace.starts_with(&self.parts.worktrees);
        let applied = blocking(move |_| {
            // What a run below changes belongs to the run for which the workspace was set up.
            let holder = folders.find_applied(&workspace).map(|applied| applied.run).filter(|run| parent.as_ref() == Some(run));
            let identity = kept::identity(&workspace)?;
            let applied = Applied { workspace, identity, kept, key, run: holder.unwrap_or(own), installed: Vec::new() };
            folders.apply(&record, &applied, is_ours)
        });
        Ok(joined(applied.await.map(|done| done.map_err(|error| format!("{error}.")))))
    }
}

impl SetUp {
    /// Whether this call may have executed a command.
    pub(super) fn was_executed(&self) -> bool {
        self.state == "done" || self.state == "restored"
    }

    fn none(report: String) -> Self {
        Self { state: "none".to_owned(), command: None, report, reached: Vec::new(), denied: Vec::new(), took_ms: 0 }
    }

    fn of(record: &Record, state: &str, left_out: &[String]) -> Self {
        let mut report: Vec<_> = left_out.iter().take(10).cloned().collect();
        if !record.changed.is_empty() {
            let changed: Vec<_> = record.changed.iter().take(10).map(|path| format!("`{path}`")).collect();
            report.push(format!("It wrote over {}; the workspace keeps them as they were.", changed.join(", ")));
        }
        let took_ms = if state == "done" { record.took_ms } else { 0 };
        Self {
            state: state.to_owned(),
            command: Some(record.command.clone()),
            report: report.join(" "),
            reached: record.reached.clone(),
            denied: record.denied.clone(),
            took_ms,
        }
    }
}

fn joined<T>(done: Result<Result<T, String>, tokio::task::JoinError>) -> Result<T, String> {
    done.unwrap_or_else(|error| Err(format!("The host failed at the workspace: {error}. Report it.")))
}

fn pause<T>(reason: String) -> Performed<T> {
    Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false }
}
