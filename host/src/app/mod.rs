//! Everything that is built once, and how it is put together. The only module that names the store.

mod autopilot;
mod building;
mod clock;
mod data;
mod defaults;
pub mod distribution;
pub mod environment;
pub(crate) mod events;
mod folder;
mod persona;
mod publishing;
mod sandboxing;
mod tooling;
mod watch;
mod workflow_folder;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

pub use sandboxing::engine;

pub use tooling::{Approval, ApprovalError, Changed, Kind as SetKind, Tool, ToolSet};

pub(crate) use clock::SystemClock;
pub use folder::{Folder, FolderError, Refused, pack, read_file, read_plugin, understand};
pub use persona::warnings;
pub use workflow_folder::{Understood, is_workflow_folder, pack_module, read_workflow_folder, understand_folder, understand_plugin};

use crate::{
    accounts::Accounts,
    config::{Config, ConfigError},
    errors::{Hint, StorageError},
    interfaces::{
        autopilot::Autopilots,
        backlog::{Backlog, ItemLists},
        forge::Forges,
        git::{CloneAddress, CloneError, Repositories},
        llm::{
            Watchers,
            money::{Budgets, Ledger},
        },
        people::Questions,
        report::Reports,
        sandbox::{Approvals, Artifacts, Sandbox},
        tools::Servers,
    },
    journal::{CallError, Clock},
    kernel::{
        Kernel, KernelError, Policy,
        compiler::{ChildProcess, Compiler, InProcess},
        engine::EngineError,
        kept_answers::KeptAnswers,
        limits::Limits,
        package::Package,
        registry::{Plugin, RegistryError},
        slots::Table,
        sources::Sources,
        versions::{Published, Versions},
    },
    store::{Lease, Store, StoreError},
};
use building::Guests;
use data::Data;

/// Why the host is not opened, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("The bundled plugin `{name}` cannot be used: {error}")]
    Bundled { name: &'static str, error: RegistryError },
    /// The model providers.
    #[error(transparent)]
    Models(#[from] crate::interfaces::llm::providers::ConfigError),
    #[error("Cannot connect to GitHub: {0}")]
    Forge(String),
    #[error("The host cannot start its threads: {0}.")]
    Threads(std::io::Error),
    /// The store, behind a port.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A folder in which no story can land.
    #[error(transparent)]
    Checkout(CallError),
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

impl Hint for AppError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Bundled { error, .. } => error.hint(),
            Self::Models(error) => error.hint(),
            Self::Forge(_) | Self::Threads(_) | Self::Checkout(_) => None,
            Self::Storage(error) => error.hint(),
            Self::Kernel(error) => error.hint(),
        }
    }
}

impl AppError {
    /// Another host executes runs in the data directory.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Store(StoreError::Held { .. }))
    }

    /// There is no data yet.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Store(StoreError::Absent(_)))
    }
}

/// The host, put together.
pub struct App {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Runs plugins.
    pub kernel: Arc<Kernel>,
    /// The files in the plugin folder that were refused.
    pub refused: Vec<Refused>,
    /// What was paid for models.
    pub ledger: Arc<dyn Ledger>,
    /// What was spent, and what may be.
    pub budgets: Arc<Budgets>,
    /// What operators let autopilots do.
    pub autopilots: Arc<dyn Autopilots>,
    /// What is to be done in every project.
    pub backlog: Arc<dyn Backlog>,
    /// The same, a page at a time.
    pub item_lists: Arc<dyn ItemLists>,
    /// What runs ask people.
    pub questions: Arc<dyn Questions>,
    /// Where pull requests are.
    pub forges: Arc<Forges>,
    /// What models are saying right now.
    pub watchers: Watchers,
    /// Where commands are executed.
    pub sandbox: Arc<Sandbox>,
    /// Who may use the host over a network.
    pub accounts: Accounts,
    defaults: Arc<defaults::ProjectDefaults>,
    /// The operator's tool servers.
    servers: Arc<Servers>,
    repositories: Arc<Repositories>,
    store: Arc<Store>,
    /// What the files in the plugin folder held last that was good, as far as a host that executes has written it down.
    published: Vec<Published>,
    /// Containers of a host that died here before.
    left: Option<sandboxing::Leftovers>,
    /// Releases the folders of commands that are over.
    _folders: Option<sandboxing::Releasing>,
    _guests: Guests,
    access: Access,
    /// Held as long as nobody else may execute runs.
    lease: Option<Lease>,
}

/// What a command does to the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Executes runs: there can be one such host at a time.
    Execute,
    /// Asks the running host for changes, which executes.
    Attached,
    /// Decides of plugins, alone or beside the host that executes: of what lies in the plugin folder, whoever has taken it
    /// up. Keeps no file, so that there is a way to take back what fills the disk.
    Decide,
    /// Looks, also where nobody has been yet, and makes nothing.
    Look,
}

impl App {
    /// Opens the data directory, builds the host over it, and recovers what a host before left.
    pub async fn open(config: Config, access: Access) -> Result<Self, AppError> {
        let data = Data::open(&config, access).await?;
        let mut app = building::build(config, access, data)?;
        app.recover().await?;
        Ok(app)
    }

    /// Recalls what operators decided; a host that executes then brings in order what a host before left, and makes ready
    /// what it was executing.
    async fn recover(&mut self) -> Result<(), AppError> {
        if self.access == Access::Execute {
            sandboxing::forget_foreign(&self.config.data_dir, &*self.store).await;
            self.sandbox.sweep_left().await;
            self.repositories.sweep().await;
        }
        self.kernel.recall(matches!(self.access, Access::Execute | Access::Attached)).await?;
        if self.access != Access::Execute {
            return Ok(());
        }
        // What tidies up below may wait for it.
        self._folders = Some(sandboxing::release_folders(&self.sandbox, &self.kernel));
        self.kernel.honour_requests().await?;
        self.kernel.runs().requeue_running().await.map_err(KernelError::from)?;
        self.kernel.tidy_up().await?;
        let worse = self.settle_folder(self.published.clone()).await?;
        self.refused.extend(worse);
        self.left = Some(sandboxing::clean_up(&self.sandbox, &self.kernel));
        Ok(())
    }

    /// Whether this host executes runs; else another may.
    pub fn executes(&self) -> bool {
        self.access == Access::Execute
    }

    /// What runs of a plugin begin with in another Baton that is at work now, where that is not the version that lies in the
    /// plugin folder.
    pub fn begun_elsewhere(&self, plugin: &Plugin) -> Option<&Published> {
        let last = self.published.iter().find(|last| last.plugin == plugin.name() && last.hash != plugin.package.hash);
        last.filter(|_| {
            self.lease.is_none() && matches!(Lease::take(&self.config.data_dir, self.kernel.now()), Err(StoreError::Held { .. }))
        })
    }

    /// Whether nobody executes runs in the data directory now.
    pub fn is_alone(&self) -> bool {
        !self.executes() && Lease::take(&self.config.data_dir, SystemClock.now()).is_ok()
    }

    /// The plugin folder.
    pub fn folder(&self) -> Folder {
        Folder::of(&self.config.data_dir)
    }

    fn versions(&self) -> &dyn Versions {
        &*self.store
    }

    /// What happened in projects.
    pub fn reports(&self) -> &dyn Reports {
        &*self.store
    }

    /// Where plugins were fetched from.
    pub fn sources(&self) -> &dyn Sources {
        &*self.store
    }

    /// What requests were answered that must not be done twice.
    pub fn kept_answers(&self) -> &dyn KeptAnswers {
        &*self.store
    }

    /// Clones a repository into a new folder.
    pub async fn clone_repository(&self, from: &CloneAddress, folder: PathBuf, may_be_private: bool) -> Result<(), CloneError> {
        self.repositories.clone_from_remote(from, folder, may_be_private).await
    }

    /// What operators approved of what repositories propose.
    pub fn approvals(&self) -> &dyn Approvals {
        &*self.store
    }

    /// Texts too long for an answer.
    pub fn artifacts(&self) -> &dyn Artifacts {
        &*self.store
    }

    /// Folds all that was written into the one file, so that a copy of it is whole, and ends. Without it nothing is
    /// lost, as after a crash.
    pub async fn close(mut self) {
        if let Some(left) = self.left.take() {
            left.clean_up(&self.sandbox, &self.kernel).await;
        }
        self.end().await;
    }

    /// The same while others may still use it: what a host before left stays for the next start.
    pub async fn end(&self) {
        self.sandbox.close().await;
        self.store.close().await;
    }
}

/// Where worktrees lie: the same folder by the same name, however the data directory was named.
pub fn worktrees(data_dir: &Path) -> PathBuf {
    let folder = data_dir.canonicalize().or_else(|_| std::path::absolute(data_dir));
    folder.unwrap_or_else(|_| data_dir.to_owned()).join("worktrees")
}

/// What comes from others is compiled by a process of its own, where there is a program to start.
pub fn compiler(config: &Config) -> Arc<dyn Compiler> {
    match &config.program {
        Some(program) => Arc::new(ChildProcess { program: program.clone(), limits: config.compile }),
        None => Arc::new(InProcess),
    }
}

impl Policy for Config {
    fn workspace_settings(&self, workspace: &Path) -> Result<Value, String> {
        self.project(workspace).map_err(|error| error.explain())
    }

    fn settings(&self, of_workspace: &Value) -> Value {
        self.with_project(of_workspace)
    }

    fn bindings(&self) -> &Table {
        &self.bindings
    }

    fn limits(&self, plugin: &str) -> Limits {
        self.limits(plugin)
    }

    fn is_hosts_own(&self, folder: &Path) -> bool {
        self.is_own_place(folder)
    }

    fn trusts(&self, package: &Package) -> Result<(), String> {
        self.trust.admit(package)
    }
}

#[cfg(test)]
pub(crate) mod tests;
