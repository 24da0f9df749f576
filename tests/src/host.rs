//! A host inside the test's own process, with the probe installed and granted what it asks for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use baton::{
    actor::Actor,
    app::{Access, App},
    config::{Config, Faults, bindings, git_program, tool_servers},
    events::Event,
    interfaces::RunOptions,
    interfaces::{Settings, llm, sandbox},
    journal::{Entry, Halt, Redactor, RunId},
    kernel::{
        Drive, Order,
        package::Kind,
        registry::{Origin, Plugin},
        run::{Run, State},
    },
    secrets::Secrets,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{PROBE, compiled};

/// Somebody at this machine.
pub fn person(name: &str) -> Actor {
    Actor::operator(name)
}

/// Whoever tests.
pub fn tester() -> Actor {
    person("tester")
}

/// A host over a folder of its own.
pub struct TestHost {
    /// The host.
    pub app: App,
    /// Everything it keeps, and its workspace.
    pub folder: TempDir,
}

/// The script that answers every question of the probe.
pub const ANSWERS: &str = "log: calls.log\nrules:\n  - { name: any, when: { contains: question }, reply: an answer }\n";

impl TestHost {
    /// A host with default limits.
    pub async fn new() -> Self {
        Self::with_settings(json!({})).await
    }

    /// A host whose user has these settings.
    pub async fn with_settings(settings: Value) -> Self {
        Self::frozen_after(None, settings).await
    }

    /// A host whose journal stands still for ever after so many writes, as if it were killed there.
    pub async fn frozen_after(writes: Option<u64>, settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("workspace")).unwrap();
        std::fs::write(folder.path().join("answers.yaml"), ANSWERS).unwrap();
        compiled::lay_key(&folder.path().join("cache.key"));
        Self::put_together(folder, settings, writes).await
    }

    /// A host whose cache of compiled code is its own and empty: `cache` in its folder.
    pub async fn with_own_cache() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace", "cache"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("answers.yaml"), ANSWERS).unwrap();
        Self::put_together(folder, json!({}), None).await
    }

    /// A host over a folder that was used before.
    pub async fn over(folder: TempDir, settings: Value) -> Self {
        Self::put_together(folder, settings, None).await
    }

    async fn put_together(folder: TempDir, settings: Value, freeze_after_writes: Option<u64>) -> Self {
        let app = App::open(config(folder.path(), &settings, freeze_after_writes), Access::Execute).await.unwrap();
        let probe = Plugin::read(PROBE.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        app.kernel.registry().add(probe).unwrap();
        Self { app, folder }
    }

    /// Drops the host as a crash would, without a word to its store, and opens another over the same folder.
    pub async fn restarted(self) -> Self {
        self.restarted_with(json!({})).await
    }

    /// The same with these settings.
    pub async fn restarted_with(self, settings: Value) -> Self {
        let Self { app, folder } = self;
        drop(app);
        Self::over(folder, settings).await
    }

    /// The folder that runs see.
    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Starts the probe and executes until nothing more can be done; gives the run as it is then.
    pub async fn run(&self, input: Value) -> Run {
        let run = self.start(input).await;
        self.drive(&run.id).await;
        self.find(&run.id).await
    }

    /// Starts the probe and executes nothing.
    pub async fn start(&self, input: Value) -> Run {
        self.app.kernel.start(self.order(input)).await.unwrap()
    }

    /// An order for the probe.
    pub fn order(&self, input: Value) -> Order {
        Order {
            plugin: "probe".to_owned(),
            kind: Kind::Workflow,
            input,
            workspace: self.workspace(),
            options: RunOptions::default(),
            by: tester(),
        }
    }

    /// Executes the tree under `root` until nothing more can be done, at most a minute.
    pub async fn drive(&self, root: &RunId) {
        let drive = Drive { root: Some(root.clone()), until_idle: true };
        let go_on = Halt::default();
        let driven = tokio::time::timeout(Duration::from_secs(60), self.app.kernel.drive(&drive, &go_on));
        driven.await.expect("the run goes on for more than a minute").unwrap();
    }

    /// A run as it is now.
    pub async fn find(&self, id: &RunId) -> Run {
        self.app.kernel.runs().find(id).await.unwrap().unwrap()
    }

    /// The journal of a run.
    pub async fn journal(&self, id: &RunId) -> Vec<Entry> {
        self.app.kernel.journal().entries(id).await.unwrap()
    }

    /// The events of a run.
    pub async fn events(&self, id: &RunId) -> Vec<Event> {
        let events = self.app.kernel.events().after(0, Some(id), 100_000).await.unwrap();
        events.iter().for_each(|event| crate::events::check(event.draft.category, &event.draft.name, &event.draft.data));
        events
    }

    /// How often the script was asked.
    pub fn asked(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("calls.log")).unwrap_or_default().lines().count()
    }
}

/// A host beside the one that executes on the data in `folder`.
pub async fn attach(folder: &Path) -> App {
    compiled::lay_key(&folder.join("cache.key"));
    App::open(config(folder, &json!({}), None), Access::Attached).await.unwrap()
}

/// What such a host is told, over `folder`.
pub fn config(folder: &Path, settings: &Value, freeze_after_writes: Option<u64>) -> Config {
    let model = format!("script/{}", folder.join("answers.yaml").display());
    let servers = tool_servers(settings, &folder.join("baton.toml")).unwrap();
    Config {
        api: Default::default(),
        data_dir: folder.join("data"),
        user_file: folder.join("baton.toml"),
        cache_dir: Some(folder.join("cache")).filter(|own| own.is_dir()).unwrap_or_else(|| compiled::shared().join("baton/compiled")),
        cache_key: folder.join("cache.key"),
        user: Settings::merge(&[json!({ "models": { "default": model } }), settings.clone()]).into_value(),
        models: llm::Config { endpoints: endpoints(settings), ..llm::Config::scripts_only(folder) },
        servers,
        bindings: bindings(settings, &folder.join("baton.toml")).unwrap(),
        mistaken_bindings: Vec::new(),
        prices: llm::money::Prices::new(None).unwrap(),
        slots: 64,
        operator: tester(),
        // A build that has no fault injection says so.
        faults: Faults::read(|name| freeze_after_writes.filter(|_| name == "BATON_FREEZE_AFTER_WRITES").map(|writes| writes.to_string()))
            .unwrap(),
        trust: Default::default(),
        forge: Default::default(),
        program: None,
        git: git_program(),
        compile: Default::default(),
        secrets: Secrets::new(folder.join("data/secrets.json"), folder.join("secret.key"), None),
        redactor: Redactor::default(),
        setup: sandbox::SetupSettings {
            own: settings.get("test").and_then(|test| sandbox::Plan::read(test).unwrap()),
            services: settings.get("test").and_then(|test| sandbox::Services::read(test).unwrap()),
            ..sandbox::SetupSettings::from_settings(settings.get("setup").unwrap_or(&json!({}))).unwrap()
        },
        sandbox: sandboxed(settings),
    }
}

/// The engine is the one that the real program would speak to.
fn sandboxed(settings: &Value) -> sandbox::Settings {
    let set = sandbox::Settings::from_settings(settings.get("sandbox").unwrap_or(&json!({}))).unwrap();
    let variable = |name: &str| std::env::var(name).ok();
    sandbox::Settings { search: variable("PATH").unwrap_or_default(), socket: set.socket.or_else(|| variable("DOCKER_HOST")), ..set }
}

/// The services in `providers`, none of which wants a key.
fn endpoints(settings: &Value) -> BTreeMap<String, llm::Endpoint> {
    let providers = settings["providers"].as_object().into_iter().flatten();
    let endpoint = |provider: &Value| {
        let protocol = provider["protocol"].as_str().unwrap_or("chat-completions");
        let (protocol, base_url) = (llm::Protocol::named(protocol).unwrap(), provider["base-url"].as_str().unwrap().to_owned());
        llm::Endpoint { protocol, base_url, api_key: None, key_variable: None }
    };
    providers.map(|(name, provider)| (name.clone(), endpoint(provider))).collect()
}

/// The output of a run that has to have succeeded.
pub fn output_of(run: Run) -> Value {
    match run.state {
        State::Succeeded => run.output.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Why a run, which has to be paused, is.
pub fn pause_of(run: &Run) -> String {
    match &run.state {
        State::Paused { pause } => pause.reason.clone(),
        other => panic!("{other:?}"),
    }
}
