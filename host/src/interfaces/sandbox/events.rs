//! What is told of commands and setups. Executes none.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Ending, leftovers::Trace};
use crate::events;

/// A command began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Started {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// Its image.
    pub(crate) image: String,
    /// The command.
    pub(crate) command: String,
    /// Whether it is executed again, after a try that does not count.
    #[serde(default)]
    pub(crate) again: bool,
}

/// An image is being fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Pulling {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The image.
    pub(crate) image: String,
    /// How far it is.
    pub(crate) progress: String,
}

/// A command wrote something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Wrote {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// `stdout` or `stderr`.
    pub(crate) stream: String,
    /// Bytes of the stream up to the end of this piece.
    pub(crate) to: u64,
    /// What it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Whether this and all that follows is left out, because it is too much.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) left_out: bool,
}

/// A command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Executed {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// Its image.
    pub(crate) image: String,
    /// The command.
    pub(crate) command: String,
    /// How it ended.
    pub(crate) ending: Ending,
    /// Its exit code.
    #[serde(default)]
    pub(crate) exit_code: i32,
    /// From start to end, in milliseconds.
    #[serde(default)]
    pub(crate) took_ms: u64,
    /// The name of its whole output, where the answer has not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
}

/// A command left things in the workspace that were moved or removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Swept {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The first of them.
    pub(crate) traces: Vec<Trace>,
    /// How many more there are.
    #[serde(default)]
    pub(crate) more: u64,
}

/// The setup of a project was put into a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SetUpEnded {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// `restored` or `done`.
    pub(crate) state: String,
    /// The command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// The key of the setup.
    pub(crate) setup: String,
    /// Hosts that were reached.
    #[serde(default)]
    pub(crate) reached: Vec<String>,
    /// Hosts that were not allowed.
    #[serde(default)]
    pub(crate) denied: Vec<String>,
    /// Files of the repository that it changed, which stay as they were.
    #[serde(default)]
    pub(crate) changed: Vec<String>,
    /// From start to end, in milliseconds.
    #[serde(default)]
    pub(crate) took_ms: u64,
}

/// The lockfiles of a workspace were renewed, or could not be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LockfilesRenewed {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// `done`, `unchanged` or `failed`.
    pub(crate) state: String,
    /// The command.
    pub(crate) command: String,
    /// Hosts that were reached.
    pub(crate) reached: Vec<String>,
    /// Hosts that were not allowed.
    pub(crate) denied: Vec<String>,
    /// From start to end, in milliseconds.
    pub(crate) took_ms: u64,
}

/// A setup reached a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct HostReached {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The host.
    pub(crate) host: String,
}

/// A setup asked for a host that is not allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct HostDenied {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The host.
    pub(crate) host: String,
}

/// An operator approved the setup of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SetupApproved {
    /// The id of the project.
    pub(crate) project: String,
    /// SHA-256 of the setup, in hexadecimal.
    pub(crate) hash: String,
    /// The command line.
    pub(crate) setup: String,
    /// Globs of the files that it reads.
    #[serde(default)]
    pub(crate) setup_files: Vec<String>,
    /// The command line that renews lockfiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lock: Option<String>,
}

/// An operator revoked the approval of a setup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SetupRevoked {
    /// The id of the project.
    pub(crate) project: String,
}

/// An operator approved the services of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ServicesApproved {
    /// The id of the project.
    pub(crate) project: String,
    /// SHA-256 of the services, in hexadecimal.
    pub(crate) hash: String,
    /// The services, as the repository proposes them.
    pub(crate) services: Value,
}

/// An operator revoked the approval of services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ServicesRevoked {
    /// The id of the project.
    pub(crate) project: String,
}

/// An operator approved the environment of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentApproved {
    /// The id of the project.
    pub(crate) project: String,
    /// SHA-256 of the proposal, in hexadecimal.
    pub(crate) hash: String,
    /// The image.
    pub(crate) image: String,
    /// Whether it was built with network.
    #[serde(default)]
    pub(crate) network: bool,
}

/// An operator withdrew the approval of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentWithdrawn {
    /// The id of the project.
    pub(crate) project: String,
}

events::payloads! {
    Started => Sandbox "started" Info,
    Pulling => Sandbox "pulling" Info,
    Wrote => Sandbox "output" Info,
    Executed => Sandbox "executed" Info,
    Swept => Sandbox "swept" Warn,
    SetUpEnded => Sandbox "set_up" Info,
    LockfilesRenewed => Sandbox "lockfiles_renewed" Info,
    HostReached => Sandbox "reached" Info,
    HostDenied => Sandbox "denied" Warn,
    SetupApproved => Audit "setup_approved" Info,
    SetupRevoked => Audit "setup_revoked" Info,
    ServicesApproved => Audit "services_approved" Info,
    ServicesRevoked => Audit "services_revoked" Info,
    EnvironmentApproved => Audit "environment_approved" Info,
    EnvironmentWithdrawn => Audit "environment_withdrawn" Info,
}
