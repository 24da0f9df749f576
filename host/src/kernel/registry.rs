//! The plugins this host has, by name and by hash. Knows what they may do, and prepares their code the first time it
//! is wanted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicBool},
};

use tokio::sync::OnceCell;

pub use super::origin::Origin;
use super::{
    engine::{Engine, EngineError},
    grants::GrantState,
    guest::Guest,
    package::{Contract, Kind, Package, PackageError},
    patterns::is_reserved,
    permissions::{PatternError, Patterns, Permissions},
};
use crate::{
    errors::{Hint, Reason},
    interfaces::{self, Assets, Exports, toolboxes::Roster},
    journal::PluginVersion,
};

/// Plugins that are named where another is not installed.
const MOST_NAMED: usize = 20;

/// Whether a plugin can be used as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All that it asks for was decided: granted, or knowingly withheld.
    Ready,
    /// It asks for more than was decided; what was not granted is denied.
    NeedsApproval,
    /// An operator allows nobody to start it.
    Disabled,
    /// It kept trapping, so nothing starts it.
    Tripped,
}

impl Status {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NeedsApproval => "needs approval",
            Self::Disabled => "disabled",
            Self::Tripped => "tripped",
        }
    }
}

/// One version of one plugin.
pub struct Plugin {
    /// Its file.
    pub package: Package,
    /// Where the file came from.
    pub origin: Origin,
    /// What it may do.
    pub permissions: Arc<Permissions>,
    /// The files packed into it.
    pub assets: Arc<Assets>,
    /// Its name belongs to another file: nothing that was decided of that is decided of it.
    pub newcomer: bool,
    /// What it declares, for a toolbox that was asked.
    pub(super) tools: OnceCell<Result<Arc<Roster>, String>>,
    /// Its file is kept for the runs that begin with it.
    pub(super) kept: AtomicBool,
    at_first: Patterns,
    grant_state: RwLock<Arc<GrantState>>,
    code: OnceLock<Arc<Exports<Guest>>>,
    /// Held by whoever compiles it, so that many who want it at once compile it once.
    compiling: Mutex<()>,
}

/// Why a plugin is not installed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("The grants do not fit: {0}.")]
    Grants(#[from] PatternError),
    /// The files packed into it.
    #[error(transparent)]
    Packed(Reason),
    #[error("`{name}` is the name of a plugin that is there already ({taken_by}).")]
    NameTaken { name: String, taken_by: Origin },
    #[error("`{0}` is the name of a tool server in the operator's settings.")]
    NameReserved(String),
    #[error("`{0}` is the name of a slot.")]
    NameOfSlot(String),
}

impl Hint for RegistryError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Package(error) => error.hint(),
            Self::Grants(_) => None,
            Self::Packed(reason) => reason.hint(),
            Self::NameTaken { .. } => Some("Give this one another name.".to_owned()),
            Self::NameReserved(_) => Some("Give the server or the plugin another name.".to_owned()),
            Self::NameOfSlot(name) => Some(format!("Give the plugin another name, and bind it with `baton bindings set {name} NAME`.")),
        }
    }
}

impl Plugin {
    /// What the audit log calls it.
    pub fn named_version(&self) -> PluginVersion {
        self.permissions.speaks_for().clone()
    }

    /// Understands a file. `grants` says what it is granted as long as no operator decided of it.
    pub fn read(wasm: Vec<u8>, origin: Origin, grants: impl FnOnce(&Package) -> Patterns) -> Result<Self, RegistryError> {
        Self::read_for(&Contract::of_host()?, wasm, origin, grants)
    }

    /// The same for who reads several: the contract is understood once for all of them.
    pub fn read_for(
        contract: &Contract,
        wasm: Vec<u8>,
        origin: Origin,
        grants: impl FnOnce(&Package) -> Patterns,
    ) -> Result<Self, RegistryError> {
        let read = if origin == Origin::Bundled { Package::read_bundled } else { Package::read };
        Self::of_package(read(wasm, contract, interfaces::CAPABILITIES)?, origin, grants)
    }

    /// The same for the kept file of a version that runs need: it was a plugin when they began.
    pub(super) fn read_kept(wasm: Vec<u8>, origin: Origin, grants: impl FnOnce(&Package) -> Patterns) -> Result<Self, RegistryError> {
        Self::of_package(Package::read_kept(wasm, &Contract::of_host()?, interfaces::CAPABILITIES)?, origin, grants)
    }

    fn of_package(package: Package, origin: Origin, grants: impl FnOnce(&Package) -> Patterns) -> Result<Self, RegistryError> {
        let at_first = grants(&package);
        let permissions = Permissions::new(&package.manifest.name, interfaces::CAPABILITIES, &package.manifest.needs, &at_first)?;
        let assets = Assets::from_tar(&package.assets).map_err(|error| RegistryError::Packed(Reason::of(&error)))?;
        let grant_state = GrantState { granted: at_first.clone(), ..GrantState::default() };
        let permissions = permissions.of_version(&package.manifest.version.to_string(), &package.hash);
        Ok(Self {
            package,
            origin,
            permissions: Arc::new(permissions),
            assets: Arc::new(assets),
            newcomer: false,
            tools: OnceCell::new(),
            kept: AtomicBool::new(false),
            at_first,
            grant_state: RwLock::new(Arc::new(grant_state)),
            code: OnceLock::new(),
            compiling: Mutex::default(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.package.manifest.name
    }

    /// Whether it can be used as it is.
    pub fn status(&self) -> Status {
        let grant_state = self.grant_state();
        match self.undecided().is_empty() {
            _ if grant_state.disabled => Status::Disabled,
            _ if grant_state.tripped.is_some() => Status::Tripped,
            true => Status::Ready,
            false => Status::NeedsApproval,
        }
    }

    /// What an operator decided of it last.
    pub fn grant_state(&self) -> Arc<GrantState> {
        Arc::clone(&self.grant_state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it is as long as no operator decided anything.
    pub(super) fn grant_state_at_first(&self) -> GrantState {
        GrantState { granted: self.at_first.clone(), ..GrantState::default() }
    }

    /// What it asks for and no operator decided of, on whatever terms. What no interface serves yet cannot be decided of.
    pub fn undecided(&self) -> Patterns {
        let grant_state = self.grant_state();
        let needs = self.package.manifest.needs.kept(|kind, _| !is_reserved(interfaces::CAPABILITIES, kind));
        needs.beyond(&grant_state.at_most(), interfaces::CAPABILITIES).beyond(&grant_state.withheld, interfaces::CAPABILITIES)
    }

    /// Applies a decision; runs in flight see it at their next call.
    pub(super) fn adopt(&self, grant_state: GrantState) -> Result<(), PatternError> {
        self.permissions.regrant(&grant_state.granted, &grant_state.limited)?;
        *self.grant_state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grant_state);
        self.permissions.leave_undecided(&self.undecided())
    }

    /// Its code, if it was wanted before.
    pub fn compiled(&self) -> Option<Arc<Exports<Guest>>> {
        self.code.get().cloned()
    }

    /// Its code, compiled now if it never was. Blocks meanwhile.
    pub fn exports(&self, engine: &Engine) -> Result<Arc<Exports<Guest>>, EngineError> {
        if let Some(code) = self.compiled() {
            return Ok(code);
        }
        let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = self.compiled() {
            return Ok(code);
        }
        let instance = (*engine.prepare(&self.package, &self.origin)?.instance).clone();
        let exports = match self.package.manifest.kind {
            Kind::Workflow => Exports::workflow(instance),
            Kind::Agent => Exports::agent(instance),
            Kind::Toolbox => Exports::toolbox(instance),
        };
        let exports = exports.map_err(EngineError::Link)?;
        Ok(Arc::clone(self.code.get_or_init(|| Arc::new(exports))))
    }
}

/// All plugins of this host. A change is seen whole or not at all; whoever holds a version keeps it.
#[derive(Default)]
pub struct Registry {
    plugins: RwLock<Arc<BTreeMap<String, Arc<Plugin>>>>,
    /// Versions that are not current and that runs may need, by hash.
    older: RwLock<BTreeMap<String, Arc<Plugin>>>,
    reserved: BTreeSet<String>,
    slots: BTreeSet<&'static str>,
}

impl Registry {
    /// A registry without plugins, in which none can have one of these names.
    pub fn reserving(names: impl IntoIterator<Item = String>) -> Self {
        Self { reserved: names.into_iter().collect(), ..Self::default() }
    }

    /// The same, in which no plugin can be called like one of these slots.
    #[must_use]
    pub fn keeping_slots(self, names: impl IntoIterator<Item = &'static str>) -> Self {
        Self { slots: names.into_iter().collect(), ..self }
    }

    /// Whether a plugin can have this name, whatever is installed.
    pub fn check_name(&self, name: &str) -> Result<(), RegistryError> {
        match name {
            _ if self.reserved.contains(name) => Err(RegistryError::NameReserved(name.to_owned())),
            _ if self.slots.contains(name) => Err(RegistryError::NameOfSlot(name.to_owned())),
            _ => Ok(()),
        }
    }

    /// Adds a plugin under its name, which nobody may have yet.
    pub fn add(&self, plugin: Plugin) -> Result<Arc<Plugin>, RegistryError> {
        self.check(&plugin, None)?;
        Ok(self.put(plugin))
    }

    /// Whether a plugin may take its name: nobody has it, or the file `instead_of` does.
    pub fn check(&self, plugin: &Plugin, instead_of: Option<&Path>) -> Result<(), RegistryError> {
        let name = plugin.name().to_owned();
        self.check_name(&name)?;
        match self.find(&name).map(|present| present.origin.clone()) {
            Some(Origin::File(path)) if instead_of == Some(&path) => Ok(()),
            Some(taken_by) => Err(RegistryError::NameTaken { name, taken_by }),
            None => Ok(()),
        }
    }

    /// Puts a plugin in the place of whoever has its name, and holds that for the runs that began with it.
    pub(super) fn put(&self, mut plugin: Plugin) -> Arc<Plugin> {
        if let Some(same) = self.pinned(plugin.name(), &plugin.package.hash) {
            // What is decided of it from now on has to reach the runs that execute it already.
            plugin.permissions = Arc::clone(&same.permissions);
            if let Some(code) = same.compiled() {
                plugin.code = OnceLock::from(code);
            }
        }
        let plugin = Arc::new(plugin);
        let replaced = self.change(|plugins| plugins.insert(plugin.name().to_owned(), Arc::clone(&plugin)));
        replaced.into_iter().for_each(|replaced| drop(self.hold(replaced)));
        plugin
    }

    /// Takes a plugin out, and holds it for the runs that began with it.
    pub(super) fn remove(&self, name: &str) -> Option<Arc<Plugin>> {
        self.change(|plugins| plugins.remove(name)).map(|removed| self.hold(removed))
    }

    /// Holds a version that is not current. Gives the one that is held, which may have been there before.
    pub(super) fn hold(&self, plugin: Arc<Plugin>) -> Arc<Plugin> {
        let mut older = self.older.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(older.entry(plugin.package.hash.clone()).or_insert(plugin))
    }

    /// Holds a version no more; whoever has it keeps it.
    pub(super) fn let_go(&self, hash: &str) {
        self.older.write().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }

    /// The current version of a plugin.
    pub fn find(&self, name: &str) -> Option<Arc<Plugin>> {
        self.all().get(name).cloned()
    }

    /// The plugin of a file.
    pub fn of_file(&self, path: &Path) -> Option<Arc<Plugin>> {
        self.all().values().find(|plugin| matches!(&plugin.origin, Origin::File(file) if file == path)).cloned()
    }

    /// The version a run is pinned to, current or held.
    pub fn pinned(&self, name: &str, hash: &str) -> Option<Arc<Plugin>> {
        let is_it = |plugin: &Arc<Plugin>| plugin.name() == name && plugin.package.hash == hash;
        let current = self.find(name).filter(is_it);
        current.or_else(|| self.older.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned().filter(is_it))
    }

    /// The current plugins by name.
    pub fn all(&self) -> Arc<BTreeMap<String, Arc<Plugin>>> {
        Arc::clone(&self.plugins.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The versions that are held and not current.
    pub fn older(&self) -> Vec<Arc<Plugin>> {
        self.older.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn change<A>(&self, change: impl FnOnce(&mut BTreeMap<String, Arc<Plugin>>) -> A) -> A {
        let mut plugins = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = BTreeMap::clone(&plugins);
        let outcome = change(&mut changed);
        *plugins = Arc::new(changed);
        outcome
    }

    /// Why a plugin that was named is not there, or is of another kind than the one that is wanted, if one is.
    pub fn not_found(&self, name: &str, kind: Option<Kind>) -> Reason {
        let plugins = self.all();
        if let (Some(other), Some(kind)) = (plugins.get(name), kind) {
            let (is, wanted) = (other.package.manifest.kind.with_article(), kind.with_article());
            return Reason::new(format!("`{name}` is {is}, not {wanted}."));
        }
        let is_wanted = |plugin: &&Arc<Plugin>| kind.is_none_or(|kind| plugin.package.manifest.kind == kind);
        let names: Vec<_> = plugins.values().filter(is_wanted).map(|plugin| format!("`{}`", plugin.name())).collect();
        let hint = match names.len().checked_sub(MOST_NAMED) {
            _ if names.is_empty() => "None is installed.".to_owned(),
            Some(more @ 1..) => format!("Installed are {} and {more} more.", names[..MOST_NAMED].join(", ")),
            _ => format!("Installed are {}.", names.join(", ")),
        };
        let what = kind.map_or_else(|| "plugin".to_owned(), |kind| kind.to_string());
        Reason::new(format!("The {what} `{}` is not installed.", name.escape_debug())).advise(hint)
    }
}
