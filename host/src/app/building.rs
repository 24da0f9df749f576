//! The second step of opening a host: everything that is built once, and which part is given what. Executes nothing.

use std::{sync::Arc, time::Duration};

use baton_slots::Slot;

use super::{
    Access, App, AppError, Folder, Refused, SystemClock, autopilot, compiler, data::Data, defaults::ProjectDefaults, publishing,
    sandboxing, worktrees,
};
use crate::{
    accounts::Accounts,
    config::Config,
    interfaces::{
        Services,
        autopilot::Autopilots,
        children::Children,
        folder_locks::FolderLocks,
        forge::{Forges, Hub, Token},
        git::Repositories,
        keys::Keys,
        knowledge::WordIndex,
        llm::{
            Catalogue, Provider, Watchers,
            money::Budgets,
            providers::{network, pace::SystemPace},
        },
        sandbox::Sandbox,
        settings::LiveSettings,
        toolboxes::Toolboxes,
        tools::{Servers, mcp::Server},
    },
    journal::{Clock, Journal},
    kernel::{
        Kernel, Parts,
        engine::Engine,
        package::{Contract, Package},
        registry::{Origin, Plugin, Registry, RegistryError},
        slots::Slots,
        versions::Shelf,
    },
    store::Store,
};

/// Longest for one request to a forge with all of its answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);

/// Builds a host over its opened data directory.
pub(super) fn build(config: Config, access: Access, data: Data) -> Result<App, AppError> {
    // One TLS for the process; that it was installed before is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shelf = Shelf::of(&config.data_dir);
    let engine = Engine::new(&config.cache_dir, &config.cache_key, compiler(&config))?;
    let found = publishing::PluginFolder {
        folder: &Folder::of(&config.data_dir),
        published: &data.published,
        claims: &data.claims,
        shelf: &shelf,
        engine: &engine,
        trust: &config.trust,
    };
    let (registry, refused) = installed(&config, &found, access)?;
    let ports = Ports::build(Arc::new(config), access, &data)?;
    let models = ports.models()?;
    let guests = Guests::start(access)?;
    let parts = ports.parts(engine, registry, shelf, guests.handle.clone());
    let kernel = Kernel::new(parts, |children, toolboxes| ports.services(models, children, toolboxes));
    let Ports { config, store, watchers, servers, repositories, defaults, autopilots, budgets, sandbox, forges, .. } = ports;
    Ok(App {
        config,
        kernel,
        refused,
        backlog: Arc::clone(&store) as _,
        item_lists: Arc::clone(&store) as _,
        questions: Arc::clone(&store) as _,
        forges,
        watchers,
        ledger: Arc::clone(&store) as _,
        budgets,
        autopilots,
        sandbox,
        accounts: Accounts::new(Arc::clone(&store) as _),
        defaults,
        servers,
        repositories,
        store,
        published: data.published,
        left: None,
        _folders: None,
        _guests: guests,
        access,
        lease: data.lease,
    })
}

/// What several parts are given.
struct Ports {
    config: Arc<Config>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    keys: Arc<dyn Keys>,
    watchers: Watchers,
    servers: Arc<Servers>,
    repositories: Arc<Repositories>,
    defaults: Arc<ProjectDefaults>,
    autopilots: Arc<dyn Autopilots>,
    budgets: Arc<Budgets>,
    live_settings: Arc<dyn LiveSettings>,
    sandbox: Arc<Sandbox>,
    forges: Arc<Forges>,
}

impl Ports {
    fn build(config: Arc<Config>, access: Access, data: &Data) -> Result<Self, AppError> {
        let (store, clock) = (Arc::clone(&data.store), Arc::clone(&data.clock));
        let keys: Arc<dyn Keys> = Arc::clone(&config) as _;
        let server = |server: &crate::interfaces::tools::mcp::Config| {
            (server.name.clone(), Arc::new(Server::new(server.clone(), Arc::clone(&keys))) as _)
        };
        let servers = Arc::new(config.servers.iter().map(server).collect());
        let folders = Arc::new(FolderLocks::new(worktrees(&config.data_dir)));
        let repositories =
            Repositories::new(config.git.clone(), worktrees(&config.data_dir), Arc::clone(&store) as _, Arc::clone(&folders));
        let repositories = Arc::new(repositories);
        let autopilots: Arc<dyn Autopilots> = Arc::clone(&store) as _;
        let days = Arc::new(autopilot::Days { autopilots: Arc::clone(&autopilots), clock: Arc::clone(&clock) });
        let budgets = Arc::new(Budgets::new(Arc::clone(&store) as _, Arc::clone(&store) as _).with_days(days));
        let live = autopilot::Live { autopilots: Arc::clone(&autopilots), budgets: Arc::clone(&budgets), clock: Arc::clone(&clock) };
        let git = Arc::clone(&repositories) as _;
        let sandbox = Arc::new(sandboxing::sandbox(&config, &store, access, (folders, git), Arc::clone(&keys))?);
        let forges = forges(&config, &store, &repositories, &keys)?;
        Ok(Self {
            watchers: Watchers::new(config.redactor.clone()),
            defaults: Arc::new(ProjectDefaults::new(Arc::clone(&store) as _)),
            live_settings: Arc::new(live),
            config,
            store,
            clock,
            keys,
            servers,
            repositories,
            autopilots,
            budgets,
            sandbox,
            forges,
        })
    }

    fn models(&self) -> Result<Arc<dyn Provider>, AppError> {
        let pace = SystemPace { haste: self.config.models.haste };
        Ok(Arc::new(Catalogue::new(&self.config.models, Arc::new(pace), &self.watchers, &self.keys)?))
    }

    /// What the kernel is made of.
    fn parts(&self, engine: Engine, registry: Registry, shelf: Shelf, guests: tokio::runtime::Handle) -> Parts {
        let store = &self.store;
        Parts {
            engine,
            registry,
            journal: journal(&self.config, store),
            events: Arc::clone(store) as _,
            runs: Arc::clone(store) as _,
            projects: Arc::clone(store) as _,
            grants: Arc::clone(store) as _,
            versions: Arc::clone(store) as _,
            shelf,
            worktrees: Arc::clone(&self.repositories) as _,
            pins: Arc::clone(&self.repositories) as _,
            clock: Arc::clone(&self.clock),
            random: Arc::new(rand::random),
            policy: Arc::clone(&self.config) as _,
            defaults: Arc::clone(&self.defaults) as _,
            redactor: self.config.redactor.clone(),
            guests,
            slots: Slots { known: baton_slots::SLOTS, store: Arc::clone(store) as _, labels: Arc::clone(store) as _ },
            at_once: self.config.slots,
        }
    }

    /// What the interfaces need.
    fn services(&self, models: Arc<dyn Provider>, children: Arc<dyn Children>, toolboxes: Arc<dyn Toolboxes>) -> Services {
        let store = &self.store;
        Services {
            children,
            models,
            keys: Arc::clone(&self.keys),
            documents: Arc::clone(store) as _,
            backlog: Arc::clone(store) as _,
            questions: Arc::clone(store) as _,
            item_changes: Arc::clone(store) as _,
            published: Arc::clone(store) as _,
            signals: Arc::clone(store) as _,
            toolboxes,
            servers: Arc::clone(&self.servers),
            pins: Arc::clone(store) as _,
            memory: Arc::clone(store) as _,
            live_settings: Arc::clone(&self.live_settings),
            prices: self.config.prices.clone(),
            own_prices: Arc::clone(&self.config) as _,
            budgets: Arc::clone(&self.budgets),
            index: Arc::new(WordIndex::default()),
            own: self.config.own_places(),
            repositories: Arc::clone(&self.repositories),
            sandbox: Arc::clone(&self.sandbox),
            forges: Arc::clone(&self.forges),
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

#[cfg(not(fault_injection))]
fn journal(_: &Config, store: &Arc<Store>) -> Arc<dyn Journal> {
    Arc::clone(store) as _
}

#[cfg(fault_injection)]
fn journal(config: &Config, store: &Arc<Store>) -> Arc<dyn Journal> {
    let journal = Arc::clone(store) as Arc<dyn Journal>;
    match config.faults.freeze_after_writes.clone() {
        Some(point) => Arc::new(crate::journal::FaultInjection::new(journal, point, config.data_dir.join("frozen"))),
        None => journal,
    }
}

/// The bundled plugins, granted what they need, and the files in the plugin folder, granted nothing until an operator's
/// decisions are recalled.
fn installed(config: &Config, found: &publishing::PluginFolder, access: Access) -> Result<(Registry, Vec<Refused>), AppError> {
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

/// Where guests compute; nowhere where none is executed.
pub(super) struct Guests {
    pub(super) handle: tokio::runtime::Handle,
    threads: Option<tokio::runtime::Runtime>,
}

impl Guests {
    pub(super) fn start(access: Access) -> Result<Self, AppError> {
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
