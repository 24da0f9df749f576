//! Accounts over a real data directory, as commands and requests ask for them.

// They move the clock.
#![cfg(fault_injection)]

mod permissions;
mod sessions;
mod tokens;

use std::{
    collections::BTreeSet,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{authenticate, sessions as operations, users};
use crate::{
    actor::Actor,
    app::tests::config,
    config::{Config, Faults},
    events::Draft,
    operations::{
        Access, Host, Problem, ProblemKind,
        access::{Caller, Permission, Role},
        projects::{self, AddProject},
    },
};

pub(super) const PASSWORD: &str = "correct horse battery staple";
const DAY_MS: u64 = 24 * 60 * 60_000;

/// A host whose clock can be moved.
pub(super) struct Home {
    folder: TempDir,
    pub(super) host: Host,
}

impl Home {
    pub(super) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let host = open(folder.path()).await;
        Self { folder, host }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the clock shows from now on, beside the machine's.
    fn move_clock(&self, by_ms: u64) {
        fs::write(self.path("clock"), by_ms.to_string()).unwrap();
    }

    /// Another host over the same data, as a command beside the one that serves.
    async fn beside(&self) -> Host {
        Host::open(configured(self.folder.path()), Access::Attached).await.unwrap()
    }

    pub(super) fn operator(&self) -> Caller {
        Caller::operator(self.host.operator().clone())
    }

    async fn add_project(&self, name: &str) -> String {
        let folder = self.path(name);
        fs::create_dir(&folder).unwrap();
        let request = AddProject { folder, name: Some(name.to_owned()), repository: None };
        projects::add(&self.host, self.host.operator(), &request).await.unwrap().project.id
    }

    pub(super) async fn add_user(&self, name: &str, role: Role) -> users::User {
        users::add(&self.host, &self.operator(), user(name, role)).await.unwrap()
    }

    async fn login(&self, name: &str) -> operations::Credentials {
        login(&self.host, name, PASSWORD).await.unwrap()
    }

    async fn caller(&self, name: &str) -> Caller {
        let access = self.login(name).await.access_token;
        authenticate(&self.host, &access, None).await.unwrap()
    }

    /// All that the log was told, as it is kept.
    async fn events(&self) -> Vec<Draft> {
        self.host.app.kernel.events().after(0, None, 10_000).await.unwrap().into_iter().map(|event| event.draft).collect()
    }

    async fn count(&self, name: &str) -> usize {
        self.events().await.iter().filter(|event| event.name == name).count()
    }
}

fn configured(folder: &Path) -> Config {
    let mut faults = Faults::default();
    faults.clock_file = Some(folder.join("clock"));
    Config { faults, ..config(folder) }
}

async fn open(folder: &Path) -> Host {
    Host::open(configured(folder), Access::Execute).await.unwrap()
}

fn user(name: &str, role: Role) -> users::AddUser {
    users::AddUser { name: name.to_owned(), password: PASSWORD.to_owned(), role, all_projects: true, members: Vec::new() }
}

async fn login(host: &Host, name: &str, password: &str) -> Result<operations::Credentials, Problem> {
    let request = operations::Login { name: name.to_owned(), password: password.to_owned() };
    operations::login(host, request, address("203.0.113.7")).await
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// The kind and the code of what must not succeed.
fn refused<T>(result: Result<T, Problem>) -> (ProblemKind, String) {
    let problem = result.err().expect("it is refused");
    (problem.kind, problem.code.into_owned())
}

fn code<T>(result: Result<T, Problem>) -> String {
    refused(result).1
}

fn permissions(those: &[Permission]) -> Option<BTreeSet<Permission>> {
    Some(those.iter().copied().collect())
}

fn is_by(event: &Draft, name: &str) -> bool {
    event.actor.as_ref().is_some_and(|Actor { name: actor, .. }| actor == name)
}
