//! Runs plugins. Names no interface, no SQL, no HTTP.

mod amount;
mod authority;
mod backtrace;
mod cache;
mod cancelling;
pub mod ceiling;
mod children;
pub mod compiler;
mod continuing;
mod declaring;
pub mod disk;
mod draining;
pub mod engine;
pub(crate) mod events;
mod execution;
pub mod granting;
pub mod grants;
pub mod guest;
pub mod kept_answers;
pub mod limits;
pub mod line;
mod machine;
mod matching;
mod needs;
mod origin;
pub mod package;
mod patterns;
mod pausing;
pub mod permissions;
pub mod projects;
pub mod reach;
pub mod recording;
pub mod registry;
pub mod repairing;
pub mod replay;
pub mod retrying;
pub mod run;
mod scheduler;
mod signalling;
pub mod signature;
pub mod slots;
pub mod sources;
mod spending;
mod starting;
mod tidying;
mod trial;
pub mod versions;
pub mod watch;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak, atomic::AtomicU64},
    time::Instant,
};

use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    errors::{Hint, Reason, StorageError},
    events::{Event, EventLog},
    interfaces::{
        Services, children::Children, pins::Pins, published::Published, signals::SignalError, toolboxes::Toolboxes, worktrees::Worktrees,
    },
    journal::{Clock, Journal, Redactor, RunId},
};

pub use scheduler::Drive;
pub use starting::Order;
pub use trial::{Sampled, Trial};

use engine::{Engine, EngineError};
use granting::GrantError;
use grants::Grants;
use projects::{Projects, Refusal};
use registry::{Registry, RegistryError};
use run::Runs;
use slots::{BindingError, Routes, Slots};
use versions::{Shelf, Versions};

/// What the kernel is made of; `app` hands it in.
pub struct Parts {
    /// The engine.
    pub engine: Engine,
    /// The plugins.
    pub registry: Registry,
    /// The journal of all runs.
    pub journal: Arc<dyn Journal>,
    /// The log of events.
    pub events: Arc<dyn EventLog>,
    /// The runs.
    pub runs: Arc<dyn Runs>,
    /// The projects.
    pub projects: Arc<dyn Projects>,
    /// What operators decided.
    pub grants: Arc<dyn Grants>,
    /// Which file held what, and which versions are kept.
    pub versions: Arc<dyn Versions>,
    /// The files of versions that runs need.
    pub shelf: Shelf,
    /// The worktrees that runs work in.
    pub worktrees: Arc<dyn Worktrees>,
    /// What a run is bound to when it begins.
    pub pins: Arc<dyn Pins>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes for the ids of runs.
    pub random: Arc<dyn Fn() -> [u8; 10] + Send + Sync>,
    /// What the operator set.
    pub policy: Arc<dyn Policy>,
    /// What holds in projects where nothing is set.
    pub defaults: Arc<dyn Defaults>,
    /// Knows what no guest, journal or event may hold.
    pub redactor: Redactor,
    /// Where guests compute, so that none of them delays anything else.
    pub guests: tokio::runtime::Handle,
    /// Slots, and what is bound to them.
    pub slots: Slots,
    /// Executions at once.
    pub at_once: usize,
}

/// What the operator set, as the kernel asks for it.
pub trait Policy: Send + Sync {
    /// The settings that a workspace has of its own, or a sentence that says what is wrong with them.
    fn workspace_settings(&self, workspace: &Path) -> Result<Value, String>;
    /// The operator's settings together with those of a workspace.
    fn settings(&self, of_workspace: &Value) -> Value;
    /// The plugins that the operator's settings bind to slots.
    fn bindings(&self) -> &slots::Table;
    /// What a run of a plugin may take, by its name.
    fn limits(&self, plugin: &str) -> limits::Limits;
    /// Whether a folder is where the host keeps its own: the data directory, all below it, or another such place.
    fn is_hosts_own(&self, folder: &Path) -> bool;
    /// Whether a file that is not part of this program may be executed, by who signed it; or a sentence that says why not.
    fn trusts(&self, package: &package::Package) -> Result<(), String>;
}

/// What holds in a project where no settings say otherwise.
#[async_trait::async_trait]
pub trait Defaults: Send + Sync {
    /// Settings below all others, or a sentence that says why they cannot be read.
    async fn settings(&self, project: &str) -> Result<Value, String>;
}

/// Why the kernel did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Not installed, or of another kind.
    #[error(transparent)]
    NoPlugin(Reason),
    #[error("Plugin `{0}` is disabled.")]
    Disabled(String),
    /// `traps` runs in a row ended by a trap.
    #[error("{}", describe_traps(.plugin, *.traps))]
    Tripped { plugin: String, traps: u32 },
    #[error("Run `{0}` does not exist.")]
    NoRun(String),
    /// An id of no characters, such as that of an unset variable.
    #[error("The id of the run is empty.")]
    NoRunNamed,
    /// `ids` are as many as can be read.
    #[error("`{part}` fits more than one run: {ids}.")]
    Unclear { part: String, ids: String },
    #[error(transparent)]
    WrongState(Reason),
    /// The run failed by its input, which a resumed run has as well.
    #[error("Run {run} failed because `{plugin}` rejected its input, and a resumed run would fail alike.")]
    RejectsInput { run: String, plugin: String },
    #[error(transparent)]
    NoProject(Reason),
    /// A project cannot be changed so, or no run may start in it.
    #[error(transparent)]
    Project(#[from] Refusal),
    /// `reason` is such as `does not exist`. What to do about it depends on the command that named the folder.
    #[error("The directory {} {reason}.", .path.display())]
    Workspace { path: std::path::PathBuf, reason: String },
    /// The settings cannot be read.
    #[error("{0}")]
    Settings(String),
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// A signal that cannot be sent, or the store of signals.
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Recording(#[from] recording::RecordingError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The slot is bound to a plugin that cannot fill it.
    #[error("{0}")]
    Unbound(String),
    #[error(transparent)]
    Store(#[from] StorageError),
    /// The file of a version is not kept.
    #[error("Cannot keep the plugin's file for its runs: {0}.")]
    Shelf(std::io::Error),
}

impl Hint for KernelError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPlugin(reason) | Self::WrongState(reason) | Self::NoProject(reason) => reason.hint(),
            Self::RejectsInput { plugin, .. } => Some(format!(
                "Start a new run with another input, with `baton run {plugin} --input INPUT`; `baton plugin show {plugin}` lists what it takes."
            )),
            Self::Disabled(plugin) => Some(format!("`baton plugin enable {plugin}` lets it be started again.")),
            Self::Tripped { plugin, .. } => {
                Some(format!("`baton plugin enable {plugin}` lets it be started again; another version of it may be started at once."))
            }
            Self::NoRun(_) => Some("`baton runs list` lists the runs.".to_owned()),
            Self::NoRunNamed => Some("Give a beginning or an end of one; `baton runs list` lists the runs.".to_owned()),
            Self::Unclear { .. } => Some("Give the whole id of the one you mean.".to_owned()),
            Self::Project(refusal) => refusal.hint(),
            Self::Workspace { .. } | Self::Settings(_) | Self::Unbound(_) => None,
            Self::Grant(error) => error.hint(),
            Self::Signal(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Recording(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Binding(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Shelf(_) => Some("Make room in the data directory, and make it writable for this user.".to_owned()),
        }
    }
}

fn describe_traps(plugin: &str, traps: u32) -> String {
    let runs = if traps == 1 { "its last run".to_owned() } else { format!("its last {traps} runs") };
    format!("Baton stopped plugin `{plugin}` and does not start it: {runs} ended by a trap, which is a mistake of the plugin.")
}

/// Runs plugins.
pub struct Kernel {
    parts: Parts,
    services: Arc<Services>,
    /// The runs being executed, and how to end each.
    active: Mutex<HashMap<RunId, scheduler::Active>>,
    /// Something happened that may let another run continue.
    changed: Notify,
    /// Held while runs are made ready again.
    resuming: tokio::sync::Mutex<()>,
    /// When it was last looked whether what runs need has come.
    looked_for_needs: Mutex<Option<Instant>>,
    /// Why nothing can be done any more: the store is full or gone.
    broken: Mutex<Option<KernelError>>,
    /// The number of the last decision that was applied.
    decided: AtomicU64,
    /// What runs under a ceiling have used of amounts.
    meters: Arc<spending::Meters>,
    /// How often runs continue with another input.
    rounds: Mutex<continuing::Rounds>,
    /// Which plugins fill which slots, as it was when grants were recalled last.
    routes: RwLock<Arc<Routes>>,
    itself: Weak<Kernel>,
}

impl Kernel {
    /// A kernel of these parts. `services` makes what the interfaces need; it is given the kernel as the ports through
    /// which they start runs and know toolboxes.
    pub fn new(parts: Parts, services: impl FnOnce(Arc<dyn Children>, Arc<dyn Toolboxes>) -> Services) -> Arc<Self> {
        Arc::new_cyclic(|itself| {
            let family = Arc::new(children::Family::new(itself.clone()));
            let services = services(Arc::clone(&family) as _, family);
            Self {
                parts,
                services: Arc::new(services),
                active: Mutex::default(),
                changed: Notify::new(),
                resuming: tokio::sync::Mutex::default(),
                looked_for_needs: Mutex::default(),
                broken: Mutex::default(),
                decided: AtomicU64::new(0),
                meters: Arc::default(),
                rounds: Mutex::default(),
                routes: RwLock::default(),
                itself: itself.clone(),
            }
        })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// Where runs start others.
    #[cfg(test)]
    pub(crate) fn children(&self) -> &dyn Children {
        self.services.children.as_ref()
    }

    /// The plugins.
    pub fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    /// The runs.
    pub fn runs(&self) -> &dyn Runs {
        self.parts.runs.as_ref()
    }

    /// The journal.
    pub fn journal(&self) -> &dyn Journal {
        self.parts.journal.as_ref()
    }

    /// The log of events.
    pub fn events(&self) -> &dyn EventLog {
        self.parts.events.as_ref()
    }

    /// What `select` takes of each event of a run, in the order of the log.
    pub async fn events_of<T>(&self, run: &RunId, select: impl Fn(Event) -> Option<T>) -> Result<Vec<T>, KernelError> {
        const PAGE: u32 = 1_000;
        let (mut selected, mut cursor) = (Vec::new(), 0);
        loop {
            let page = self.parts.events.after(cursor, Some(run), PAGE).await?;
            let Some(last) = page.last().map(|event| event.cursor) else { return Ok(selected) };
            selected.extend(page.into_iter().filter_map(&select));
            cursor = last;
        }
    }

    /// What runs show.
    pub fn published(&self) -> &dyn Published {
        self.services.published.as_ref()
    }

    /// The time, in milliseconds since 1970 UTC.
    pub fn now(&self) -> u64 {
        self.parts.clock.now()
    }

    /// Ends every execution at its next call; the runs stay ready to be resumed.
    pub fn stop(&self) {
        for active in self.active.lock().unwrap_or_else(PoisonError::into_inner).values() {
            active.halt.stop();
        }
        self.changed.notify_one();
    }

    /// Looks for work again: a run was added or changed by somebody else.
    pub fn changed(&self) {
        self.changed.notify_one();
    }

    fn break_down(&self, error: KernelError) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop();
    }
}
