//! Everything that is built once, and how it is put together. The only module that names the store.

mod autopilot;
mod clock;
mod defaults;
pub mod distribution;
pub mod environment;
mod folder;
mod persona;
mod publishing;
mod sandboxing;
mod tooling;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use baton_slots::Slot;
use serde_json::Value;

pub use sandboxing::engine;

pub use tooling::{Approval, ApprovalError, Changed, Kind as SetKind, Tool, ToolSet};

pub(crate) use clock::SystemClock;
pub use folder::{Folder, FolderError, Refused, pack, read_file, read_plugin, understand};
pub use persona::warnings;

use crate::{
    config::{Config, ConfigError},
    errors::StorageError,
    interfaces::{
        Services,
        autopilot::Autopilots,
        backlog::Backlog,
        folder_locks::FolderLocks,
        forge::{Forges, Hub, Token},
        git::Repositories,
        keys::Keys,
        knowledge::WordIndex,
        llm::{
            Catalogue, Provider, Watchers,
            money::{Budgets, Ledger},
            providers::{network, pace::SystemPace},
        },
        people::Questions,
        report::Reports,
        sandbox::{Approvals, Artifacts, Sandbox},
        tools::{
            Servers,
            mcp::{self, Server},
        },
    },
    journal::{CallError, Clock, FaultInjection, Journal},
    kernel::{
        Kernel, KernelError, Parts, Policy,
        compiler::{ChildProcess, Compiler, InProcess},
        engine::{Engine, EngineError},
        limits::Limits,
        package::{Contract, Package},
        registry::{Origin, Plugin, Registry, RegistryError},
        slots::{Slots, Table},
        sources::Sources,
        versions::{Published, Shelf, Versions},
    },
    store::{Lease, Store, StoreError, refuse_links},
};

/// Longest for one request to a forge with all of its answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);
/// How long a database that somebody is making is waited for, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

/// Why the host could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A plugin that is part of this program.
    #[error("The bundled plugin `{name}` cannot be used: {error}")]
    Bundled {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        error: RegistryError,
    },
    /// The model providers.
    #[error(transparent)]
    Models(#[from] crate::interfaces::llm::providers::ConfigError),
    /// The way to GitHub.
    #[error("Cannot connect to GitHub: {0}")]
    Forge(String),
    /// No threads.
    #[error("The host could not start its threads: {0}.")]
    Threads(std::io::Error),
    /// The store, behind a port.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A folder in which no story can land.
    #[error(transparent)]
    Checkout(CallError),
    /// Whatever the kernel says.
    #[error(transparent)]
    Kernel(#[from] KernelError),
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
    /// What runs ask people.
    pub questions: Arc<dyn Questions>,
    /// Where pull requests are.
    pub forges: Arc<Forges>,
    /// What models are saying right now.
    pub watchers: Watchers,
    /// Where commands are executed.
    pub sandbox: Arc<Sandbox>,
    defaults: Arc<defaults::ProjectDefaults>,
    /// The operator's tool servers.
    servers: Arc<Servers>,
    repositories: Arc<Repositories>,
    store: Arc<Store>,
    /// What the files in the plugin folder held last that was good, as far as a host that executes has written it down.
    published: Vec<Published>,
    /// Containers of a host that died here before.
    left: Option<sandboxing::Left>,
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
    /// Puts the host together over its data directory.
    pub async fn open(config: Config, access: Access) -> Result<Self, AppError> {
        // One TLS for the process; that it was installed before is no failure.
        let _ = rustls::crypto::ring::default_provider().install_default();
        refuse_links(&config.data_dir)?;
        let clock = clock::of(&config);
        let lease = leased(&config.data_dir, access, &*clock)?;
        let store = Arc::new(opened(&config.data_dir, access, (lease.as_ref(), &clock)).await?);
        let shelf = Shelf::of(&config.data_dir);
        let published = match (store.published().await, access) {
            // A database that nobody has opened for work since Baton was updated does not know of it yet.
            (Err(_), Access::Look) => Vec::new(),
            (published, _) => published.map_err(KernelError::from)?,
        };
        let engine = Engine::new(&config.cache_dir, &config.cache_key, compiler(&config))?;
        let claims = match (store.claims().await, access) {
            (Err(_), Access::Look) => Vec::new(),
            (claims, _) => claims.map_err(KernelError::from)?,
        };
        let found = publishing::Found {
            folder: &Folder::of(&config.data_dir),
            published: &published,
            claims: &claims,
            shelf: &shelf,
            engine: &engine,
            trust: &config.trust,
        };
        let (registry, refused) = installed(&config, &found, access)?;
        let watchers = Watchers::new(config.redactor.clone());
        let config = Arc::new(config);
        let keys: Arc<dyn Keys> = Arc::clone(&config) as _;
        let server = |server: &mcp::Config| (server.name.clone(), Arc::new(Server::new(server.clone(), Arc::clone(&keys))) as _);
        let servers: Servers = config.servers.iter().map(server).collect();
        let models: Arc<dyn Provider> = {
            let pace = SystemPace { haste: config.models.haste };
            Arc::new(Catalogue::new(&config.models, Arc::new(pace), &watchers, &keys)?)
        };
        let guests = Guests::start(access)?;
        let folders = Arc::new(FolderLocks::new(worktrees(&config.data_dir)));
        let repositories =
            Arc::new(Repositories::new(config.git.clone(), worktrees(&config.data_dir), Arc::clone(&store) as _, Arc::clone(&folders)));
        let defaults = Arc::new(defaults::ProjectDefaults::new(Arc::clone(&store) as _));
        let parts = Parts {
            engine,
            registry,
            journal: journal(&config, &store),
            events: Arc::clone(&store) as _,
            runs: Arc::clone(&store) as _,
            projects: Arc::clone(&store) as _,
            grants: Arc::clone(&store) as _,
            versions: Arc::clone(&store) as _,
            shelf,
            worktrees: Arc::clone(&repositories) as _,
            pins: Arc::clone(&repositories) as _,
            clock: Arc::clone(&clock),
            random: Arc::new(rand::random),
            policy: Arc::clone(&config) as _,
            defaults: Arc::clone(&defaults) as _,
            redactor: config.redactor.clone(),
            guests: guests.handle.clone(),
            slots: Slots { known: baton_slots::SLOTS, store: Arc::clone(&store) as _, labels: Arc::clone(&store) as _ },
            at_once: config.slots,
        };
        let (documents, memory, servers): (_, _, Arc<Servers>) = (Arc::clone(&store) as _, Arc::clone(&store) as _, Arc::new(servers));
        let backlog: Arc<dyn Backlog> = Arc::clone(&store) as _;
        let items = Arc::clone(&backlog);
        let questions: Arc<dyn Questions> = Arc::clone(&store) as _;
        let asked = Arc::clone(&questions);
        let autopilots: Arc<dyn Autopilots> = Arc::clone(&store) as _;
        let days = Arc::new(autopilot::Days { autopilots: Arc::clone(&autopilots), clock: Arc::clone(&clock) });
        let budgets = Arc::new(Budgets::new(Arc::clone(&store) as _, Arc::clone(&store) as _).with_days(days));
        let live_settings = Arc::new(autopilot::Live { autopilots: Arc::clone(&autopilots), budgets: Arc::clone(&budgets), clock });
        let (signals, item_changes) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
        let published_by_runs = Arc::clone(&store) as _;
        let (pins, asked_servers) = (Arc::clone(&store) as _, Arc::clone(&servers));
        let (prices, own_prices, paying) = (config.prices.clone(), Arc::clone(&config) as _, Arc::clone(&budgets));
        let index = Arc::new(WordIndex::default());
        let own = config.own_places();
        let sandbox = Arc::new(sandboxing::sandbox(&config, &store, access, (folders, Arc::clone(&repositories) as _), Arc::clone(&keys))?);
        let executing = Arc::clone(&sandbox);
        if access == Access::Execute {
            sandboxing::forget_foreign(&config.data_dir, &*store).await;
            sandbox.sweep_left().await;
            repositories.sweep().await;
        }
        let forges = forges(&config, &store, &repositories, &keys)?;
        let (pull_requests, looked_at) = (Arc::clone(&forges), Arc::clone(&repositories));
        let services = |children, toolboxes| Services {
            children,
            models,
            keys,
            documents,
            backlog: items,
            questions: asked,
            item_changes,
            published: published_by_runs,
            signals,
            toolboxes,
            servers,
            pins,
            memory,
            live_settings,
            prices,
            own_prices,
            budgets: paying,
            index,
            own,
            repositories,
            sandbox: executing,
            forges,
        };
        let kernel = Kernel::new(parts, services);
        kernel.recall(matches!(access, Access::Execute | Access::Attached)).await?;
        let ledger = Arc::clone(&store) as _;
        let mut app = Self {
            config,
            kernel,
            refused,
            backlog,
            questions,
            forges: pull_requests,
            watchers,
            ledger,
            budgets,
            autopilots,
            sandbox,
            defaults,
            servers: asked_servers,
            repositories: looked_at,
            store,
            published: published.clone(),
            left: None,
            _folders: None,
            _guests: guests,
            access,
            lease,
        };
        if access == Access::Execute {
            // Whoever tidies up below may wait for it.
            app._folders = Some(sandboxing::release_folders(&app.sandbox, &app.kernel));
            app.kernel.honour_requests().await?;
            app.kernel.runs().requeue_running().await.map_err(KernelError::from)?;
            app.kernel.tidy_up().await?;
            let worse = app.settle_folder(published).await?;
            app.refused.extend(worse);
            app.left = Some(sandboxing::clean_up(&app.sandbox, &app.kernel));
        }
        Ok(app)
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

    /// The setups that operators approved.
    pub fn setups(&self) -> &dyn Approvals {
        &*self.store
    }

    /// Texts too long for an answer.
    pub fn artifacts(&self) -> &dyn Artifacts {
        &*self.store
    }

    /// Folds all that was written into the one file, so that a copy of it is whole, and ends. Without it nothing is
    /// lost, as after a crash.
    pub async fn close(self) {
        if let Some(left) = self.left {
            left.clean_up(&self.sandbox, &self.kernel).await;
        }
        self.sandbox.close().await;
        self.store.close().await;
    }
}

/// Where guests compute; nowhere where none is executed.
struct Guests {
    handle: tokio::runtime::Handle,
    threads: Option<tokio::runtime::Runtime>,
}

impl Guests {
    fn start(access: Access) -> Result<Self, AppError> {
        if access != Access::Execute {
            return Ok(Self { handle: tokio::runtime::Handle::current(), threads: None });
        }
        let threads = tokio::runtime::Builder::new_multi_thread().thread_name("baton-guest").enable_all().build();
        let threads = threads.map_err(AppError::Threads)?;
        Ok(Self { handle: threads.handle().clone(), threads: Some(threads) })
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        // A runtime must not be waited for inside another; its guests end with the process.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

fn leased(data_dir: &Path, access: Access, clock: &dyn Clock) -> Result<Option<Lease>, StoreError> {
    if matches!(access, Access::Attached | Access::Look) {
        return Ok(None);
    }
    match Lease::take(data_dir, clock.now()) {
        Err(StoreError::Held { .. }) if access == Access::Decide => Ok(None),
        taken => taken.map(Some),
    }
}

async fn opened(data_dir: &Path, access: Access, (lease, clock): (Option<&Lease>, &Arc<dyn Clock>)) -> Result<Store, StoreError> {
    match access {
        Access::Look => match Store::open_read_only(data_dir).await {
            Err(StoreError::Absent(_)) => Store::empty().await,
            opened => opened,
        },
        _ if lease.is_some() => Store::open(data_dir, Arc::clone(clock)).await,
        _ => opened_beside(data_dir, clock).await,
    }
}

/// Whoever holds the lease may be about to make the database, or to bring it up to date.
async fn opened_beside(data_dir: &Path, clock: &Arc<dyn Clock>) -> Result<Store, StoreError> {
    let begun = Instant::now();
    loop {
        match Store::open_beside(data_dir, Arc::clone(clock)).await {
            Err(StoreError::Absent(_) | StoreError::Older(_)) if begun.elapsed() < PATIENCE => tokio::time::sleep(AGAIN).await,
            opened => return opened,
        }
    }
}

/// Every forge the operator set, and the host's own.
fn forges(config: &Config, store: &Arc<Store>, repositories: &Arc<Repositories>, keys: &Arc<dyn Keys>) -> Result<Arc<Forges>, AppError> {
    let (proxy, base_url) = (config.models.proxy.clone(), config.forge.base_url.clone());
    let connect = move |token: &Token| {
        let http = network::client(proxy.as_ref(), LONGEST_REQUEST)?;
        Hub::new(http, &base_url, token.clone(), Arc::new(SystemClock))
    };
    let (rows, repositories) = (Arc::clone(store) as _, Arc::clone(repositories) as _);
    let forges = Forges::new(config.forge.clone(), rows, repositories, Arc::clone(keys), Box::new(connect));
    Ok(Arc::new(forges.map_err(AppError::Forge)?))
}

fn journal(config: &Config, store: &Arc<Store>) -> Arc<dyn Journal> {
    let journal = Arc::clone(store) as Arc<dyn Journal>;
    match config.freeze_after_writes.clone() {
        Some(point) => Arc::new(FaultInjection::new(journal, point, config.data_dir.join("frozen"))),
        None => journal,
    }
}

/// The bundled plugins, granted what they need, and the files in the plugin folder, granted nothing until an operator's
/// decisions are recalled.
fn installed(config: &Config, found: &publishing::Found, access: Access) -> Result<(Registry, Vec<Refused>), AppError> {
    // The bundled policies are called like their slots.
    let is_free = |slot: &&Slot| !baton_plugins::BUNDLED.iter().any(|bundled| bundled.name == slot.name);
    let slots = baton_slots::SLOTS.iter().filter(is_free).map(|slot| slot.name);
    let registry = Registry::reserving(config.servers.iter().map(|server| server.name.clone())).keeping_slots(slots);
    let contract = Contract::of_host();
    for bundled in baton_plugins::BUNDLED {
        let needs = |package: &Package| package.manifest.needs.clone();
        let contract = contract.as_ref().map_err(|error| RegistryError::from(error.clone()));
        let read = contract.and_then(|contract| Plugin::read_for(contract, bundled.wasm.to_vec(), Origin::Bundled, needs));
        read.and_then(|plugin| registry.add(plugin)).map_err(|error| AppError::Bundled { name: bundled.name, error })?;
    }
    let refused = publishing::load(found, &registry, access);
    Ok((registry, refused))
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
        self.project(workspace).map_err(|error| error.to_string())
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
mod tests;
