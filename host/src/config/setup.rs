//! The table `[setup]` of the user's settings, the setup that they name for every project, and the proxy on the way out.

use std::path::Path;

use serde_json::Value;

use super::{ConfigError, at, misread};
use crate::interfaces::{
    llm::providers::Proxy,
    sandbox::{Onward, Plan, Services, SetupSettings},
};

/// What setups may reach and take.
pub(super) fn read(user: &Value, file: &Path, proxy: Option<&Proxy>) -> Result<SetupSettings, ConfigError> {
    let set = at(user, "setup").map_or_else(|| Ok(SetupSettings::default()), SetupSettings::from_settings);
    let settings = set.map_err(|error| misread(file, "setup", &error.key, error.wanted, error.found))?;
    let own = at(user, "test").map_or(Ok(None), Plan::read);
    let own = own.map_err(|_| {
        misread(
            file,
            "test",
            ".setup",
            "a command line, with `setup-files`, a list of globs in the workspace, or without",
            "something else".to_owned(),
        )
    })?;
    let services = at(user, "test").map_or(Ok(None), Services::read);
    let services = services.map_err(|reason| misread(file, "test", ".services", "a table of services by name", reason))?;
    let onward = proxy.and_then(|proxy| Onward::parse(&proxy.url, &proxy.except));
    if proxy.is_some() && onward.is_none() {
        tracing::warn!("HTTPS_PROXY does not name a proxy by http, so setups reach hosts without it");
    }
    Ok(SetupSettings { own, services, onward, ..settings })
}
