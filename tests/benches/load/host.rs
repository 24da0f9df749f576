//! The host that is measured: 10,000 items, runs that have ended, and settings that allow for the load.

use std::fs;

use anyhow::{Context, Result};
use baton::interfaces::backlog::{Author, Draft, Kind, Labels};
use baton_tests::{
    PROBE,
    api_host::ApiHost,
    host::{attach, person},
    program,
};
use serde_json::{Value, json};

use crate::client::Target;

/// Items of the project.
pub(crate) const ITEMS: usize = 10_000;
/// Runs that have ended.
const RUNS: usize = 200;
/// The limits are off, and more streams are allowed than one user has by default: all load is that of one token.
const SETTINGS: &str = "[api]\nuser-rate = 100000000\naddress-rate = 100000000\nstreams = 5000\n[limits]\nguest-time-ms = 600000\n";

/// The host and whom to ask as a user.
pub(crate) struct Served {
    host: ApiHost,
    pub(crate) target: Target,
    /// A run that has ended.
    pub(crate) run: String,
}

impl Served {
    pub(crate) fn start() -> Result<Self> {
        let home = tempfile::tempdir()?;
        for folder in ["data/plugins", "load/out", ".config/baton"] {
            fs::create_dir_all(home.path().join(folder))?;
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE)?;
        fs::write(home.path().join(".config/baton/baton.toml"), SETTINGS)?;
        let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data", "-o", "json"]].concat()).exits(0);
        let added: Value = serde_json::from_str(&baton(&["project", "add", "load"]).stdout)?;
        let project = added["id"].as_str().context("the project has no id")?.to_owned();
        let _granted = baton(&["plugin", "grant", "probe"]);
        tokio::runtime::Runtime::new()?.block_on(fill(home.path(), &project))?;
        let host = ApiHost::quiet_over(home);
        host.post("/users", &json!({ "name": "ada", "password": "correct horse battery", "role": "admin", "all_projects": true }))
            .expect(201);
        let token = host.post("/tokens", &json!({ "name": "load", "user": "ada" })).expect(201);
        let token = token["secret"].as_str().context("the token has no secret")?.to_owned();
        let mut run = String::new();
        for _ in 0..RUNS {
            run = start(&host, &json!({ "do": "echo", "say": "load" }))?;
        }
        for state in ["queued", "running"] {
            host.await_that(&format!("/runs?state={state}"), |page| page["items"].as_array().is_some_and(Vec::is_empty));
        }
        let target = Target { address: host.address.clone(), token: Some(token), root: "/api/v1" };
        Ok(Self { host, target, run })
    }

    pub(crate) fn process(&self) -> u32 {
        self.host.process()
    }

    /// Begins runs that compute without an end; they are cancelled by `stop`.
    pub(crate) fn spin(&self, guests: usize) -> Result<Vec<String>> {
        let runs = (0..guests).map(|_| start(&self.host, &json!({ "do": "spin" }))).collect::<Result<Vec<_>>>()?;
        for run in &runs {
            self.host.await_that(&format!("/runs/{run}"), |run| run["state"] == "running");
        }
        Ok(runs)
    }

    pub(crate) fn stop(&self, runs: &[String]) {
        for run in runs {
            self.host.post(&format!("/runs/{run}/cancel"), &json!({})).expect(202);
        }
        for run in runs {
            self.host.await_that(&format!("/runs/{run}"), |run| run["state"] == "cancelled");
        }
    }

    pub(crate) fn into_host(self) -> ApiHost {
        self.host
    }
}

fn start(host: &ApiHost, input: &Value) -> Result<String> {
    let started = host.post("/runs", &json!({ "workflow": "probe", "project": "load", "input": input })).expect(202);
    Ok(started["run"].as_str().context("the run has no id")?.to_owned())
}

async fn fill(home: &std::path::Path, project: &str) -> Result<()> {
    let app = attach(home).await;
    let drafts: Vec<_> = (0..ITEMS).map(draft).collect();
    app.backlog.put(project, &drafts, &Author::Person(person("ada"))).await?;
    app.close().await;
    Ok(())
}

fn draft(number: usize) -> Draft {
    let after = number.checked_sub(100).map(|before| format!("s-{before}")).into_iter().collect();
    Draft {
        key: format!("s-{number}"),
        kind: Kind::Story,
        title: format!("Story {number} of many"),
        body: "As a reader I want a text of a usual length, so that lists are of a usual size.".to_owned(),
        parent: None,
        after,
        priority: 5,
        labels: Labels::default(),
    }
}
