//! How runs come to be: started by a person, forked from another, resumed. Executes none of them.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};

use super::{
    Kernel, KernelError,
    ceiling::Ceiling,
    events::{Created, Resumed},
    package::Kind,
    projects::Opening,
    registry::Plugin,
    retrying::Retry,
    run::{Added, Filter, Run, State, Summary},
};
use crate::{
    actor::Actor,
    errors::Reason,
    events::Draft,
    interfaces::{RunOptions, Settings},
    journal::{EntryState, PauseKind, RunId, Wait, Write, form::FORM},
};

/// A run to start.
#[derive(Clone, Debug)]
pub struct Order {
    /// Name of the plugin.
    pub plugin: String,
    /// What kind of plugin is wanted.
    pub kind: Kind,
    /// What its export is given.
    pub input: Value,
    /// The folder whose files it sees.
    pub workspace: PathBuf,
    /// What is chosen for this run and all that it starts.
    pub options: RunOptions,
    /// Who starts it.
    pub by: Actor,
}

/// A child to start, beside who starts it.
pub(super) struct Child<'a> {
    /// The folder whose files it sees.
    pub(super) workspace: PathBuf,
    /// The name of the worktree that folder is, if it is one.
    pub(super) worktree: Option<&'a str>,
    /// What its export is given.
    pub(super) input: Value,
    /// What bounds it.
    pub(super) ceiling: Ceiling,
    /// The slot that it fills.
    pub(super) slot: Option<String>,
    /// The item of the backlog that it is for.
    pub(super) item: Option<String>,
}

impl Kernel {
    /// Starts a run; it is executed once it is driven.
    pub async fn start(&self, order: Order) -> Result<Run, KernelError> {
        let (run, plugin) = self.ordered(order)?;
        self.enqueue(run, &plugin).await
    }

    /// Starts a run that was ordered before, so that something could be arranged for it. Its folder becomes a project where
    /// it is not one yet.
    pub async fn enqueue(&self, run: Run, plugin: &Arc<Plugin>) -> Result<Run, KernelError> {
        self.keep(plugin).await?;
        let opening = self.opening_for(&run);
        self.add_root(&run, Some(&opening)).await
    }

    /// The run that is meant, which is not written down yet, and its plugin. It has no project until it is started.
    pub fn ordered(&self, order: Order) -> Result<(Run, Arc<Plugin>), KernelError> {
        let plugin = self.plugin(&order.plugin, order.kind)?;
        let workspace = self.project_folder(&order.workspace)?;
        let project_settings = self.parts.policy.workspace_settings(&workspace).map_err(KernelError::Settings)?;
        let now = self.parts.clock.now();
        let id = RunId::at(now, (self.parts.random)());
        let run = Run {
            parent: None,
            root: id.clone(),
            forked_from: None,
            pin: self.parts.pins.pin(&workspace),
            workspace,
            settings: order.options.settings(),
            project_settings: Some(project_settings),
            seed: id.to_string(),
            started_at: now,
            started_by: Some(order.by),
            input: self.parts.redactor.value(order.input),
            ..new_run(id, &plugin, now)
        };
        Ok((run, plugin))
    }

    /// Starts a run that replays the calls of `source` before call `at`, and makes that one and all after it again, in the
    /// folder in which the source worked. `options` are laid over what was chosen for the source.
    pub async fn fork(&self, source: &Run, at: u64, options: Option<RunOptions>, by: &Actor) -> Result<Run, KernelError> {
        if (1..=source.journal_from).contains(&at) {
            return Err(KernelError::WrongState(behind_base(source, at)));
        }
        if at > source.first_call() {
            replayable(source)?;
        }
        if !source.workspace.is_dir() {
            let (id, folder) = (source.id.short(), source.workspace.display());
            return Err(KernelError::WrongState(
                Reason::new(format!("Run {id} cannot be forked: the directory it worked in, {folder}, does not exist any more."))
                    .advise("If it was a worktree, Baton released it when its work ended: start that work again."),
            ));
        }
        let plugin = self.plugin(&source.plugin, source.kind)?;
        let folder = self.settled_in(source).await.map_err(KernelError::Settings)?;
        let project_settings = self.parts.policy.workspace_settings(&folder).map_err(KernelError::Settings)?;
        let now = self.parts.clock.now();
        let id = RunId::at(now, (self.parts.random)());
        let run = Run {
            parent: None,
            root: id.clone(),
            forked_from: Some((source.id.clone(), at)),
            project: source.project.clone(),
            workspace: source.workspace.clone(),
            // What an older Baton began is bound to what lies there now that a person says to go on.
            pin: source.pin.clone().or_else(|| self.parts.pins.pin(&source.workspace)),
            settings: merge_options(&source.settings, options.as_ref()),
            project_settings: Some(project_settings),
            ceiling: source.ceiling.clone(),
            item: source.item.clone(),
            seed: source.seed.clone(),
            started_at: source.started_at,
            started_by: Some(by.clone()),
            journal_from: source.journal_from,
            input: source.input.clone(),
            ..new_run(id, &plugin, now)
        };
        self.keep(&plugin).await?;
        self.add_root(&run, None).await
    }

    /// Starts the child of call `seq` of `parent`, once, where its tree has fewer than `most` runs.
    pub(super) async fn start_child(
        &self,
        parent: &Run,
        seq: u64,
        plugin: &Arc<Plugin>,
        most: u64,
        child: Child<'_>,
    ) -> Result<Added, KernelError> {
        let Child { workspace, worktree, input, ceiling, slot, item } = child;
        let id = parent.id.child(seq);
        let now = self.parts.clock.now();
        let run = Run {
            parent: Some((parent.id.clone(), seq)),
            root: parent.root.clone(),
            forked_from: None,
            project: parent.project.clone(),
            workspace,
            pin: parent.pin.clone(),
            settings: parent.settings.clone(),
            ceiling,
            slot,
            item,
            seed: id.to_string(),
            started_at: now,
            input,
            ..new_run(id.clone(), plugin, now)
        };
        self.keep(plugin).await?;
        let added = self.parts.runs.add(&run, most, vec![created(&run, worktree)]).await?;
        self.changed();
        Ok(added)
    }

    /// Makes the paused runs of the tree that `run` belongs to ready again. A root that failed because a call was denied
    /// makes that call again. `options` are laid over what was chosen for the runs.
    pub async fn resume(&self, run: &Run, options: Option<RunOptions>, by: &Actor) -> Result<(), KernelError> {
        self.check_continuing(run).await?;
        // One at a time: what is paused stays so until it is resumed here, and no pause after it is answered unseen.
        let _resuming = self.resuming.lock().await;
        replayable(run)?;
        let repeated = self.repeated(run).await?;
        let failed = matches!(run.state, State::Failed { .. });
        if failed {
            self.check_ended_below(run).await?;
        }
        for member in self.tree(&run.root).await? {
            let is_repeated = repeated.iter().any(|(id, _)| *id == member.id);
            if options.is_some() && (!member.state.is_final() || member.id == run.id || is_repeated) {
                self.parts.runs.change_settings(&member.id, &merge_options(&member.settings, options.as_ref())).await?;
            }
            // An operator may know better than the clock when an account can be used again, or what has come.
            let stands = matches!(member.state, State::Paused { .. } | State::Waiting { wait: Wait::Account { .. } | Wait::Needed(_) });
            if stands || (failed && member.id == run.id && !is_repeated) {
                self.answer_pause(&member).await?;
                let event = vec![resumed(&member.id).by(by)];
                self.parts.runs.transition(&member.id, &["paused", "failed", "waiting"], State::Queued, None, event).await?;
            }
        }
        let mut reopened = repeated;
        if failed {
            let ended = self.ended_with(run, &reopened).await?;
            reopened.extend(ended);
        }
        if !reopened.is_empty() {
            let events = reopened.iter().map(|(id, _)| resumed(id).by(by)).collect();
            self.parts.runs.reopen(&reopened, events).await?;
        }
        self.changed();
        Ok(())
    }

    /// The calls that are made again so that `run` can be resumed, or why it cannot be.
    async fn repeated(&self, run: &Run) -> Result<Vec<(RunId, u64)>, KernelError> {
        let id = run.id.short();
        if !matches!(run.state, State::Failed { .. }) {
            return match run.state {
                State::Succeeded | State::Cancelled => {
                    let how = if run.state == State::Cancelled { "was cancelled" } else { "has succeeded" };
                    let reason = Reason::new(format!("Run {id} {how} and cannot be resumed."));
                    Err(KernelError::WrongState(reason.advise("Start a new run.")))
                }
                _ => Ok(Vec::new()),
            };
        }
        let retry = self.retry(run).await?;
        if run.parent.is_some() {
            let root = self.run(&run.root).await?;
            return Err(KernelError::WrongState(match root.state {
                State::Failed { .. } => Reason::new(format!("Run {id} failed, and so did the run that started it."))
                    .advise(format!("Resume that with `baton runs resume {}`.", run.root.short())),
                _ => {
                    let reason = Reason::new(format!("Run {id} failed, and the run that started it has continued with that result."));
                    match retry {
                        Retry::Input => reason,
                        retry => reason.advise(format!(
                            "Try it again on its own with `baton runs fork {id} --at {}`.",
                            retry.call().unwrap_or(run.first_call())
                        )),
                    }
                }
            }));
        }
        match retry {
            Retry::Repeat(calls) => Ok(calls),
            Retry::Itself(_) | Retry::Unknown => Ok(Vec::new()),
            Retry::Input => Err(KernelError::RejectsInput { run: id.to_owned(), plugin: run.plugin.clone() }),
            Retry::Fork(at) => Err(KernelError::WrongState(
                Reason::new(format!("Run {id} failed by the answer of call {at}, which a resumed run would get again."))
                    .advise(format!("Make the call again with `baton runs fork {id} --at {at}`.")),
            )),
        }
    }

    /// Answers the call by which a run asked to be paused. Nothing but a resume does, so that a run that is executed
    /// again for any other reason comes to stand at the same call.
    async fn answer_pause(&self, run: &Run) -> Result<(), KernelError> {
        if !matches!(&run.state, State::Paused { pause } if pause.kind == PauseKind::Requested) {
            return Ok(());
        }
        let last = self.parts.journal.entries_after(&run.id, run.journal_from).await?.pop();
        if let Some(entry) = last.filter(|entry| entry.state == EntryState::Intended) {
            let entry = entry.carried_on(self.parts.clock.now());
            self.parts.journal.write(vec![Write { entry, events: Vec::new() }]).await?;
        }
        Ok(())
    }

    /// The run that a person means by an id, the beginning or end of one, or the beginning of what is shown of one.
    pub async fn resolve(&self, part: &str) -> Result<Run, KernelError> {
        self.resolve_among(part, |_| true).await
    }

    /// The same among the runs of projects that exist for whoever asks.
    pub async fn resolve_among(&self, part: &str, exists: impl Fn(&str) -> bool + Send) -> Result<Run, KernelError> {
        if part.is_empty() {
            return Err(KernelError::NoRunNamed);
        }
        // A whole id is found without a look at all runs.
        if let Some(run) = self.parts.runs.find(&RunId::from_text(part)).await?.filter(|run| exists(&run.project)) {
            return Ok(run);
        }
        let mut runs = self.parts.runs.matching(part).await?;
        runs.retain(|run| exists(&run.project));
        match (runs.len(), runs.pop()) {
            (1, Some(run)) => Ok(run),
            (_, None) => Err(KernelError::NoRun(part.escape_debug().to_string())),
            (_, Some(last)) => {
                const MOST: usize = 5;
                let ids = runs.iter().chain([&last]).take(MOST).map(|run| run.id.as_str()).collect::<Vec<_>>().join(", ");
                Err(KernelError::Unclear { part: part.escape_debug().to_string(), ids })
            }
        }
    }

    /// A run that has to be there.
    pub async fn run(&self, id: &RunId) -> Result<Run, KernelError> {
        self.parts.runs.find(id).await?.ok_or_else(|| KernelError::NoRun(id.to_string()))
    }

    /// The run and all below it, without what they were given and what they returned.
    pub async fn tree_summaries(&self, id: &RunId) -> Result<Vec<Summary>, KernelError> {
        Ok(self.parts.runs.summaries(&Filter { within: vec![id.clone()], limit: u32::MAX, ..Filter::default() }).await?)
    }

    /// The run and all below it, with what they were given and what they returned.
    pub async fn tree(&self, id: &RunId) -> Result<Vec<Run>, KernelError> {
        Ok(self.parts.runs.list(&Filter { within: vec![id.clone()], limit: u32::MAX, ..Filter::default() }).await?)
    }

    pub(super) fn plugin(&self, name: &str, kind: Kind) -> Result<Arc<Plugin>, KernelError> {
        let plugin = self.parts.registry.find(name).filter(|plugin| plugin.package.manifest.kind == kind);
        let plugin = plugin.ok_or_else(|| KernelError::NoPlugin(self.parts.registry.not_found(name, Some(kind))))?;
        startable(&plugin)?;
        Ok(plugin)
    }

    async fn add_root(&self, run: &Run, opening: Option<&Opening>) -> Result<Run, KernelError> {
        let run = self.parts.projects.start_run(run, opening, vec![created(run, None)]).await??;
        self.changed();
        Ok(run)
    }
}

/// What was chosen for a run, and what is chosen now over it.
fn merge_options(before: &Value, now: Option<&RunOptions>) -> Value {
    match now {
        Some(options) => Settings::merge(&[before.clone(), options.settings()]).into_value(),
        None => before.clone(),
    }
}

/// The event names the worktree, for the folder of one is called by a number.
fn created(run: &Run, worktree: Option<&str>) -> Draft {
    let created = Created {
        plugin: run.plugin.clone(),
        version: run.plugin_version.clone(),
        parent: run.parent.as_ref().map(|(id, _)| id.clone()),
        worktree: worktree.map(str::to_owned),
        slot: run.slot.clone(),
        item: run.item.clone(),
    };
    Draft { actor: run.started_by.clone(), ..Draft::of_run(&run.id, &created) }
}

pub(super) fn resumed(run: &RunId) -> Draft {
    Draft::of_run(run, &Resumed {})
}

/// Why a run is not forked at a call that it does not replay any more.
fn behind_base(source: &Run, at: u64) -> Reason {
    let (id, base, first) = (source.id.short(), source.journal_from, source.first_call());
    Reason::new(format!(
        "Run {id} cannot be forked at call {at}: it continued with another input at call {base}, and what it did until then is not replayed."
    ))
    .advise(format!("`baton runs fork {id} --at {first}` begins again with that input."))
}

/// Whether the journal of a run can be replayed, or why not.
pub(super) fn replayable(run: &Run) -> Result<(), KernelError> {
    if run.is_replayable() {
        return Ok(());
    }
    let (id, root) = (run.id.short(), run.root.short());
    // Of the root, where this is another run: that says itself where it begins.
    let at = if run.root == run.id { run.first_call() } else { 1 };
    Err(KernelError::WrongState(
        Reason::new(format!("Another version of Baton began run {id}, and this version cannot replay its journal."))
            .advise(format!("What the run did stays readable; begin it again with `baton runs fork {root} --at {at}`.")),
    ))
}

/// Whether a plugin may be started, or why not.
pub(super) fn startable(plugin: &Plugin) -> Result<(), KernelError> {
    let (grant_state, name) = (plugin.grant_state(), plugin.name().to_owned());
    match grant_state.tripped {
        _ if grant_state.disabled => Err(KernelError::Disabled(name)),
        Some(traps) => Err(KernelError::Tripped { plugin: name, traps }),
        None => Ok(()),
    }
}

/// A run of the plugin's current version that has not begun. What is left empty is the caller's to fill.
pub(super) fn new_run(id: RunId, plugin: &Plugin, now: u64) -> Run {
    Run {
        root: id.clone(),
        id,
        parent: None,
        forked_from: None,
        plugin: plugin.name().to_owned(),
        plugin_version: plugin.package.manifest.version.to_string(),
        plugin_hash: plugin.package.hash.clone(),
        kind: plugin.package.manifest.kind,
        input: Value::Null,
        project: String::new(),
        workspace: PathBuf::new(),
        pin: None,
        settings: json!({}),
        project_settings: None,
        ceiling: Ceiling::default(),
        slot: None,
        item: None,
        seed: String::new(),
        started_at: now,
        started_by: None,
        journal_form: FORM,
        journal_from: 0,
        state: State::Queued,
        output: None,
        shortfall: None,
        failed_call: None,
        cancelling: None,
        created_at: now,
        updated_at: now,
    }
}
