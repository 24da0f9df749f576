//! Hostile plugins, packed from `tests/hostile`, and a stage on which each does its worst while another run minds its
//! own business.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton::{
    journal::{Halt, PauseKind},
    kernel::{
        Drive,
        registry::{Origin, Plugin},
        run::{Run, State},
    },
};
use serde_json::{Value, json};

use crate::host::TestHost;

/// All guests of `tests/hostile/src` in one component without a manifest.
const TOGETHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.wasm"));

/// What a hostile case says of itself, in the first lines of its file or above its test.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// What it tries.
    pub threat: String,
    /// What is in its way.
    pub stopped_by: String,
    /// How that looks.
    pub expects: String,
    /// What its manifest asks for, in TOML, with `; ` between kinds.
    pub needs: String,
}

impl Header {
    /// Reads lines such as `//! Threat: …`, each of which goes on until the next word. None without a threat.
    pub fn parse(text: &str) -> Option<Self> {
        let comment = |line: &str| {
            let line = line.trim();
            ["//!", "///", ";;"].iter().find_map(|mark| line.strip_prefix(mark)).map(|rest| rest.trim().to_owned())
        };
        let (mut header, mut last) = (Self::default(), None);
        for line in text.lines().skip_while(|line| line.trim().is_empty()).map_while(comment) {
            let word = ["Threat", "Stopped by", "Expects", "Needs"].iter().position(|word| line.starts_with(&format!("{word}:")));
            last = word.or(last.filter(|_| !line.is_empty()));
            let field = match last {
                Some(0) => &mut header.threat,
                Some(1) => &mut header.stopped_by,
                Some(2) => &mut header.expects,
                Some(3) => &mut header.needs,
                _ => continue,
            };
            let said = if word.is_some() { line.split_once(": ").map_or("", |(_, said)| said) } else { &line };
            field.push_str(if field.is_empty() { "" } else { " " });
            field.push_str(said);
        }
        (!header.threat.is_empty()).then_some(header)
    }
}

/// The folder of the hostile guests.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile")
}

/// The plugin made of the file `name`.
pub fn guest(name: &str) -> Vec<u8> {
    let rust = fs::read_to_string(folder().join(format!("src/{name}.rs")));
    let text = rust.as_ref().map_or_else(|_| fs::read_to_string(folder().join(format!("wat/{name}.wat"))).unwrap(), String::clone);
    let component = if rust.is_ok() { TOGETHER.to_vec() } else { wat::parse_str(&text).unwrap() };
    let needs = Header::parse(&text).unwrap().needs.replace("; ", "\n");
    packed(&component, &manifest(name, &needs))
}

/// The manifest of a workflow.
pub fn manifest(name: &str, needs: &str) -> String {
    let name = name.replace('_', "-");
    format!("name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"workflow\"\ndescription = \"Means harm.\"\n[needs]\n{needs}\n")
}

/// A component with a manifest.
pub fn packed(component: &[u8], manifest: &str) -> Vec<u8> {
    baton_pack::pack(component, manifest, &[]).unwrap()
}

/// The component of all hostile guests, without a manifest.
pub fn together() -> Vec<u8> {
    TOGETHER.to_vec()
}

/// A host where a hostile run and a peaceful one are executed at the same time.
pub struct Stage {
    /// The host.
    pub host: TestHost,
}

impl Stage {
    /// A stage with narrow limits, so that each is reached soon.
    pub async fn new() -> Self {
        Self::with_settings(json!({ "limits": { "guest-time-ms": 300, "memory-mib": 16, "payload-mib": 1, "calls": 500 } })).await
    }

    /// A stage whose operator has these settings.
    pub async fn with_settings(settings: Value) -> Self {
        Self { host: TestHost::with_settings(settings).await }
    }

    /// Installs a guest, granted all that its manifest asks for.
    pub fn install(&self, name: &str) {
        let plugin = Plugin::read(guest(name), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        self.host.app.kernel.registry().add(plugin).unwrap();
    }

    /// The guest does its worst; the run beside it comes to its end as if nothing were. Gives the guest's run.
    pub async fn play(&self, name: &str, input: Value) -> Run {
        if self.host.app.kernel.registry().find(&name.replace('_', "-")).is_none() {
            self.install(name);
        }
        let hostile = self.start(name, input).await;
        let peaceful =
            self.host.start(json!({ "do": "start-all", "inputs": [{ "do": "log", "times": 5 }, { "do": "echo", "say": "peace" }] })).await;
        let all = Drive { root: None, until_idle: true };
        self.host.app.kernel.drive(&all, &Halt::default()).await.unwrap();
        let peaceful = self.host.find(&peaceful.id).await;
        assert_eq!((peaceful.state, peaceful.output), (State::Succeeded, Some(json!([null, "peace"]))), "the run beside {name}");
        self.host.find(&hostile.id).await
    }

    /// Starts a guest and executes nothing.
    pub async fn start(&self, name: &str, input: Value) -> Run {
        let order = baton::kernel::Order { plugin: name.replace('_', "-"), ..self.host.order(input) };
        self.host.app.kernel.start(order).await.unwrap()
    }
}

/// The reason for which a run is paused at a limit.
pub fn limit(run: &Run) -> &str {
    match &run.state {
        State::Paused { pause } if pause.kind == PauseKind::Limit => &pause.reason,
        other => panic!("no limit was reached: {other:?}, {:?}", run.output),
    }
}

/// The reason for which a run has failed.
pub fn failure(run: &Run) -> &str {
    match &run.state {
        State::Failed { error } => &error.text,
        other => panic!("the run has not failed: {other:?}, {:?}", run.output),
    }
}

/// The output of a run that has succeeded.
pub fn output(run: &Run) -> &Value {
    assert_eq!(run.state, State::Succeeded);
    run.output.as_ref().unwrap()
}
