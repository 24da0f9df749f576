//! The wasmtime engine: one for all plugins, with its linker, its clock of ticks and its cache of compiled code.
//! Compiles and instantiates; decides nothing about runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use wasmtime::{
    EngineWeak, InstanceAllocationStrategy,
    component::{Component, InstancePre, Linker},
};

use super::{
    cache::{Cache, CacheError},
    compiler::{CompileError, Compiler, InProcess},
    guest::Guest,
    limits::TICK,
    machine::{config, pool},
    origin::Origin,
    package::{Package, PackageError},
};
use crate::{errors::Hint, interfaces};

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The machine does not let us.
    #[error("Cannot start the WebAssembly engine: {0:#}.")]
    Start(wasmtime::Error),
    /// The component wants what this host does not have.
    #[error("Cannot link the component: {0:#}.")]
    Link(wasmtime::Error),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The file is not a plugin.
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl Hint for EngineError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Start(_) | Self::Link(_) => None,
            Self::Compile(error) => error.hint(),
            Self::Cache(error) => error.hint(),
            Self::Package(error) => error.hint(),
        }
    }
}

impl EngineError {
    /// Whether the machine or its settings are at fault, and the component may be good.
    pub fn is_of_host(&self) -> bool {
        matches!(self, Self::Start(_) | Self::Cache(_) | Self::Compile(CompileError::Process(_)))
    }
}

/// Compiles components and makes instances of them.
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<Guest>,
    /// The folder of compiled code and the file with its key. Opened once something is to be compiled: whoever only looks
    /// makes neither.
    cache: (PathBuf, PathBuf),
    /// Compiles what is no part of this program.
    compiler: Arc<dyn Compiler>,
    pooled: bool,
}

impl Engine {
    /// An engine that keeps compiled code under `cache`, marked with the key in the file `key`. Touches neither.
    /// `compiler` is for plugins that come from a file.
    pub fn new(cache: &Path, key: &Path, compiler: Arc<dyn Compiler>) -> Result<Self, EngineError> {
        // The pool reserves address space for every slot; where that is capped (containers, ulimit -v), instances are
        // made one by one instead, slower and otherwise the same.
        let (engine, pooled) = match wasmtime::Engine::new(&config(pool())) {
            Ok(engine) => (engine, true),
            Err(_) => (wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand)).map_err(EngineError::Start)?, false),
        };
        start_ticking(engine.weak()).map_err(|error| EngineError::Start(error.into()))?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(EngineError::Start)?;
        interfaces::link::<Guest>(&mut linker).map_err(EngineError::Start)?;
        Ok(Self { engine, linker, cache: (cache.to_owned(), key.to_owned()), compiler, pooled })
    }

    /// Whether instances come from the pool.
    pub fn pooled(&self) -> bool {
        self.pooled
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Code ready to be instantiated: from the cache, or compiled now and kept there. Takes a second per 2 MB the
    /// first time, so call it where blocking is allowed.
    pub fn prepare(&self, package: &Package, origin: &Origin) -> Result<Prepared, EngineError> {
        let cache = Cache::open(&self.cache.0, &self.cache.1, &self.engine)?;
        let component = match cache.load(&self.engine, &package.code_hash)? {
            Some(component) => component,
            None => match self.remembered(&cache, package, origin) {
                Some(reason) => return Err(CompileError::Remembered(reason).into()),
                None => self.compile(package, origin, &cache)?,
            },
        };
        let instance = self.linker.instantiate_pre(&component).map_err(EngineError::Link)?;
        Ok(Prepared { instance: Arc::new(instance) })
    }

    /// Why a package is known to have no code: it was refused by this engine within the same limits, and its file has not
    /// been written or touched since. Compiles nothing and makes no folder.
    pub fn refusal(&self, package: &Package, origin: &Origin) -> Option<String> {
        let cache = Cache::existing(&self.cache.0, &self.cache.1, &self.engine)?;
        self.remembered(&cache, package, origin).map(|reason| CompileError::Remembered(reason).explain())
    }

    /// Has a package that was rejected tried again.
    pub fn try_anew(&self, package: &Package) {
        if let Some(cache) = Cache::existing(&self.cache.0, &self.cache.1, &self.engine) {
            cache.forget_refusal(&package.code_hash);
        }
    }

    fn remembered(&self, cache: &Cache, package: &Package, origin: &Origin) -> Option<String> {
        let Origin::File(path) = origin else { return None };
        let changed = std::fs::metadata(path).and_then(|about| about.modified()).ok()?;
        cache.refusal(&package.code_hash, self.compiler.limits(), changed)
    }

    fn compile(&self, package: &Package, origin: &Origin, cache: &Cache) -> Result<Component, EngineError> {
        let compiler: &dyn Compiler = match origin {
            Origin::Bundled => &InProcess,
            Origin::File(_) => self.compiler.as_ref(),
        };
        let code = compiler.compile(&self.engine, &package.wasm).inspect_err(|error| {
            if error.lasts()
                && let Err(error) = cache.refuse(&package.code_hash, compiler.limits(), &error.explain())
            {
                tracing::warn!(%error, "the rejection of a component is not kept; it is compiled again next time");
            }
        })?;
        let component = code.load(&self.engine)?;
        if let Err(error) = cache.keep(&package.code_hash, code.bytes()) {
            tracing::warn!(%error, "compiled code is not kept; it is compiled again next time");
        }
        Ok(component)
    }
}

/// A component ready to be instantiated.
#[derive(Clone)]
pub struct Prepared {
    pub(super) instance: Arc<InstancePre<Guest>>,
}

/// Counts ticks on a thread of the operating system, so that no guest can hold it up; ends with the engine.
fn start_ticking(engine: EngineWeak) -> std::io::Result<()> {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("baton-ticks".to_owned()).spawn(tick).map(drop)
}
