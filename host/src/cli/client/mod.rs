//! Where a command does its work: in this process, over the data on this machine, or on a server by its API. One file per resource,
//! with a function for each operation: the same request in, the same view out. Prints nothing.

mod address;
mod answer;
pub(super) mod autopilots;
pub(super) mod bindings;
mod credentials;
pub(super) mod decisions;
pub(super) mod events;
mod following;
mod frames;
pub(super) mod items;
mod login;
pub(super) mod money;
mod parameters;
pub(super) mod plugins;
pub(super) mod projects;
pub(super) mod pull_requests;
pub(super) mod questions;
mod remote;
pub(super) mod reports;
pub(super) mod runs;
pub(super) mod secrets;
mod stream;
pub(super) mod tools;

pub(super) use following::{ServedFeed, ServedReplies};
pub(super) use login::{forget, keep_session, keep_token};
pub(super) use parameters::Parameters;
pub(super) use remote::{Remote, Request};

use anyhow::Result;

use super::Context;
use crate::{
    config::Config,
    operations::{Access, Host, Problem, ProblemKind, ProblemSource},
};

/// Whether a text is the URL of a server.
pub(super) fn is_server(text: &str) -> bool {
    address::parse_server(text).is_ok()
}

/// Checks the URL of a server before anything else is asked for.
pub(super) fn check_url(url: &str) -> Result<(), Problem> {
    address::parse_server(url).map(drop)
}

/// Where a command does its work.
pub(super) enum Client {
    /// In this process.
    Here(Box<Host>),
    /// On a server.
    There(Box<Remote>),
}

impl Client {
    /// Does its work in this process.
    pub(super) fn here(host: Host) -> Self {
        Self::Here(Box::new(host))
    }

    /// Ends the work.
    pub(super) async fn close(self) {
        if let Self::Here(host) = self {
            host.close().await;
        }
    }
}

impl Context {
    /// The server that is named, or the data on this machine, opened like this.
    pub(super) async fn connect(&self, access: Access) -> Result<Client> {
        match self.remote().await? {
            Some(remote) => Ok(Client::There(Box::new(remote))),
            None => Ok(Client::here(self.open(access).await?)),
        }
    }

    /// The server that is named, or the data on this machine, opened for a change that the running host, if there is one, carries out.
    pub(super) async fn connect_to_change(&self) -> Result<Client> {
        match self.remote().await? {
            Some(remote) => Ok(Client::There(Box::new(remote))),
            None => Ok(Client::here(self.open_to_change().await?)),
        }
    }

    /// The server that is named, or the data on this machine, opened with a configuration that the command has read before.
    pub(super) async fn connect_with(&self, config: Config, access: Access) -> Result<Client> {
        match self.remote().await? {
            Some(remote) => Ok(Client::There(Box::new(remote))),
            None => Ok(Client::here(self.open_with(config, access).await?)),
        }
    }

    /// Who executes the runs: the server that is named, the running host by its socket, or else this process.
    pub(super) async fn connect_to_pause(&self) -> Result<Client> {
        let client = self.connect_to_change().await?;
        match &client {
            Client::Here(host) if !host.executes() => match Remote::at_socket(self) {
                Ok(remote) => Ok(Client::There(Box::new(remote))),
                Err(_) => Ok(client),
            },
            _ => Ok(client),
        }
    }

    /// The host that serves the data of this machine, if there is a socket of one. Asks it nothing.
    pub(super) fn running_host(&self) -> Option<Remote> {
        Remote::at_socket(self).ok()
    }

    /// The server that is named, once it is known to be one.
    pub(super) async fn remote(&self) -> Result<Option<Remote>> {
        let Some(server) = &self.server else { return Ok(None) };
        let remote = Remote::at_address(self, server)?;
        remote.check_version().await?;
        Ok(Some(remote))
    }
}

/// Why a command that works on the data or the files of this machine is not done on a server.
pub(super) fn reject_server(command: &str, is_option: bool) -> Problem {
    let message = format!("{command} works only on this machine, not on a server.");
    let problem = Problem::new(ProblemKind::Invalid, "server_unfit", message, ProblemSource::Client).of_field("server");
    problem.advise(if is_option { "Leave out --server." } else { "Unset BATON_SERVER." })
}
