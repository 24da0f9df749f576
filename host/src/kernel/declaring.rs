//! Asks a toolbox once for its tools: a call that is no run, with tight limits, before an authority that denies
//! everything and a journal that takes nothing. What of the answer is offered is decided elsewhere.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::json;

use super::{Kernel, children::Family, execution::Ending, guest::Guest, limits::Limits, package::Kind, registry::Plugin};
use crate::{
    errors::StorageError,
    interfaces::{
        About, Session, SessionContext,
        blocking::blocking,
        children::Role,
        project::Project,
        toolboxes::{Declared, Roster, Toolboxes},
    },
    journal::{self, Authority, Capability, Denial, Entry, Halt, Interrupt, Journal, Ports, Recorder, RunId, Write},
};

const LIMITS: Limits = Limits {
    memory: 32 << 20,
    guest_time: Duration::from_millis(500),
    wall_time: Duration::from_secs(5),
    payload: 1 << 20,
    calls: 0,
    runs: 1,
    concurrent_runs: None,
    grace: Duration::ZERO,
    traps: 1,
};

#[async_trait]
impl Toolboxes for Family {
    fn names(&self) -> Vec<String> {
        let Ok(kernel) = self.kernel() else { return Vec::new() };
        let plugins = kernel.registry().all();
        plugins.values().filter(|plugin| plugin.package.manifest.kind == Kind::Toolbox).map(|plugin| plugin.name().to_owned()).collect()
    }

    async fn tools(&self, toolbox: &str) -> Result<Option<Arc<Roster>>, String> {
        let kernel = self.kernel().map_err(|error| error.to_string())?;
        match kernel.plugin(toolbox, Kind::Toolbox) {
            Ok(plugin) => kernel.tools_of(&plugin).await.map(Some),
            Err(_) => Ok(None),
        }
    }
}

impl Kernel {
    /// What a toolbox offers, asked for once per version.
    pub async fn tools_of(&self, plugin: &Arc<Plugin>) -> Result<Arc<Roster>, String> {
        let broken = |why: String| format!("Toolbox `{}` does not say what its tools are: {why}", plugin.name());
        let ask = || async { admit(self.ask(plugin).await?).await };
        let asked = plugin.tools.get_or_init(ask).await;
        asked.clone().map_err(broken)
    }

    async fn ask(&self, plugin: &Arc<Plugin>) -> Result<Vec<Declared>, String> {
        let exports = self.code(plugin).await.map_err(|ending| match ending {
            Ending::Failed(error) => error.to_string(),
            Ending::Interrupted(Interrupt::Paused(pause)) => pause.reason,
            _ => "the host is stopping.".to_owned(),
        })?;
        let folder = tempfile::tempdir().map_err(|error| format!("a temporary directory cannot be created ({error})."))?;
        let session = self.detached_session(plugin, folder.path())?;
        let engine = &self.parts.engine;
        let mut store = Guest::store(engine.inner(), session, &plugin.package.hash, LIMITS);
        // Computes where guests compute, so that one that spins delays nothing else.
        let asked = self.parts.guests.spawn(async move { tokio::time::timeout(LIMITS.wall_time, exports.list_tools(&mut store)).await });
        match asked.await {
            Ok(Ok(Ok(tools))) => Ok(tools),
            Ok(Ok(Err(error))) => Err(format!("{}. Report it to its author.", error.root_cause().to_string().trim_end_matches('.'))),
            Ok(Err(_)) => Err(format!("it took more than {} s. Report it to its author.", LIMITS.wall_time.as_secs())),
            Err(error) => Err(format!("the host failed at it ({error}). Report it.")),
        }
    }

    /// A session that belongs to no run and can reach nothing but the plugin's own assets.
    fn detached_session(&self, plugin: &Plugin, folder: &std::path::Path) -> Result<Session, String> {
        let now = self.parts.clock.now();
        let run = RunId::at(now, (self.parts.random)());
        let recorder = Recorder::new(
            run.clone(),
            Vec::new(),
            now,
            journal::Limits { payload: LIMITS.payload, calls: LIMITS.calls },
            Halt::default(),
            Ports { journal: Arc::new(Closed), clock: Arc::clone(&self.parts.clock), authority: Arc::new(Closed) },
        );
        let about = About {
            role: Role::Toolbox,
            parent: None,
            root: run,
            project: Project::default(),
            pin: None,
            plugin: plugin.name().to_owned(),
            plugin_version: plugin.package.manifest.version.to_string(),
        };
        let place = SessionContext { workspace: folder, settings: &[json!({})], assets: Arc::clone(&plugin.assets) };
        Session::open(recorder, about, place, Arc::clone(&self.services))
    }
}

/// Denies everything and keeps nothing.
struct Closed;

impl Authority for Closed {
    fn decide(&self, _: &Capability<'_>) -> Result<(), Denial> {
        Err(Denial { reason: "A toolbox may look at its own assets and nothing else when it lists its tools.".to_owned() })
    }

    fn may_allow_below(&self, _: &str, _: &str) -> bool {
        false
    }
}

#[async_trait]
impl Journal for Closed {
    async fn write(&self, _: Vec<Write>) -> Result<(), StorageError> {
        Err(reject_write())
    }

    async fn enqueue(&self, _: Write) -> Result<(), StorageError> {
        Err(reject_write())
    }

    async fn entries_after(&self, _: &RunId, _: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(Vec::new())
    }
}

fn reject_write() -> StorageError {
    StorageError::write("the journal", "A toolbox calls the host while it lists its tools.").of_run()
}

/// Judges what a toolbox declares, where that may take a while.
async fn admit(tools: Vec<Declared>) -> Result<Arc<Roster>, String> {
    let admitted = blocking(|_| Arc::new(Roster::of_toolbox(tools))).await;
    admitted.map_err(|error| format!("the host failed to read them ({error}). Report it."))
}
