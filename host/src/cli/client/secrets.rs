//! Secrets, of this machine or on a server, which gives none of them back.

use reqwest::Method;

use super::{Parameters, Remote, parameters::Fields};
use crate::{
    config::Config,
    operations::{
        Page, Problem,
        secrets::{self, RemoveSecret, Secret, SetSecret},
    },
};

/// Where secrets are kept. Here they need no opened data.
pub(in crate::cli) enum SecretStore {
    /// On this machine.
    Here(Box<Config>),
    /// On a server.
    There(Box<Remote>),
}

impl SecretStore {
    pub(in crate::cli) async fn list(&self) -> Result<Page<Secret>, Problem> {
        match self {
            Self::Here(config) => secrets::list(config),
            Self::There(remote) => remote.list_all(&["secrets"], &Parameters::default()).await,
        }
    }

    pub(in crate::cli) async fn set(&self, request: &SetSecret) -> Result<Secret, Problem> {
        match self {
            Self::Here(config) => secrets::set(config, request),
            Self::There(remote) => remote.change(Method::PUT, &["secrets", &request.name], Fields::of(request, &["name"])).await,
        }
    }

    pub(in crate::cli) async fn remove(&self, request: &RemoveSecret) -> Result<Secret, Problem> {
        match self {
            Self::Here(config) => secrets::remove(config, request),
            Self::There(remote) => remote.change(Method::DELETE, &["secrets", &request.name], Fields::default()).await,
        }
    }
}
