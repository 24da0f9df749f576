//! Plugins, here or on a server. On a server a plugin is known by its name alone, never by a file of this machine.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Parameters, Remote, parameters::Fields};
use crate::operations::{
    Page, Problem,
    plugins::{
        self, DecidedPlugin, GrantPlugin, InstallPlugin, InstalledPlugin, ListPluginDecisions, OfFile, PluginDecision, PluginDetails,
        PluginFile, PluginList, RemovePlugin, RemovedPlugin, RevokePlugin, SwitchPlugin,
    },
};

pub(in crate::cli) async fn list(client: &Client) -> Result<PluginList, Problem> {
    match client {
        Client::Here(host) => plugins::list(host).await,
        Client::There(remote) => list_there(remote).await,
    }
}

pub(super) async fn list_there(remote: &Remote) -> Result<PluginList, Problem> {
    let mut whole: PluginList = remote.read(&["plugins"], &Parameters::default().with("limit", Some(200))).await?;
    while let Some(next) = whole.next.take() {
        let parameters = Parameters::default().with("limit", Some(200)).with("cursor", Some(next));
        let page: PluginList = remote.read(&["plugins"], &parameters).await?;
        whole.next = page.next.filter(|_| !page.items.is_empty());
        whole.items.extend(page.items);
    }
    Ok(whole)
}

pub(in crate::cli) async fn show(client: &Client, name: &str) -> Result<OfFile<PluginDetails>, Problem> {
    match client {
        Client::Here(host) => plugins::show(host, name).await,
        Client::There(remote) => Ok(OfFile::Plugin(remote.read(&["plugins", name], &Parameters::default()).await?)),
    }
}

pub(in crate::cli) async fn history(client: &Client, request: &ListPluginDecisions) -> Result<Page<PluginDecision>, Problem> {
    match client {
        Client::Here(host) => plugins::history(host, request).await,
        Client::There(remote) => {
            let parameters = Parameters::of(request).without(&["plugin", "cursor", "limit"]);
            let path = ["plugins", &request.plugin, "history"];
            remote.list(&path, &parameters, request.cursor.as_deref(), request.limit).await
        }
    }
}

/// What installing a plugin would change.
pub(in crate::cli) async fn plan_install(client: &Client, file: &mut PluginFile) -> Result<InstalledPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::plan_install(host, file).await,
        Client::There(remote) => remote.upload(&["plugins"], Parameters::default().with("dry_run", Some(true)), file.wasm()).await,
    }
}

pub(in crate::cli) async fn install(client: &Client, file: PluginFile, request: &InstallPlugin) -> Result<InstalledPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::install(host, host.operator(), file, request).await,
        Client::There(remote) => install_there(remote, &file, request).await,
    }
}

pub(in crate::cli) async fn install_there(remote: &Remote, file: &PluginFile, request: &InstallPlugin) -> Result<InstalledPlugin, Problem> {
    remote.upload(&["plugins"], Parameters::of(request), file.wasm()).await
}

pub(in crate::cli) async fn remove(client: &Client, request: &RemovePlugin) -> Result<RemovedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::remove(host, host.operator(), request).await,
        Client::There(remote) => remote.change(Method::DELETE, &["plugins", &request.plugin], Fields::default()).await,
    }
}

pub(in crate::cli) async fn enable(client: &Client, request: &SwitchPlugin) -> Result<DecidedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::enable(host, host.operator(), request).await,
        Client::There(remote) => decide(remote, &request.plugin, "enable", request).await,
    }
}

pub(in crate::cli) async fn disable(client: &Client, request: &SwitchPlugin) -> Result<DecidedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::disable(host, host.operator(), request).await,
        Client::There(remote) => decide(remote, &request.plugin, "disable", request).await,
    }
}

pub(in crate::cli) async fn grant(client: &Client, request: &GrantPlugin) -> Result<DecidedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::grant(host, host.operator(), request).await,
        Client::There(remote) => grant_there(remote, request).await,
    }
}

pub(in crate::cli) async fn grant_there(remote: &Remote, request: &GrantPlugin) -> Result<DecidedPlugin, Problem> {
    decide(remote, &request.plugin, "grant", request).await
}

/// What a grant would change.
pub(in crate::cli) async fn plan_grant(client: &Client, request: &GrantPlugin) -> Result<DecidedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::plan_grant(host, request).await,
        Client::There(remote) => decide(remote, &request.plugin, "grant", &Planned { request, dry_run: true }).await,
    }
}

pub(in crate::cli) async fn revoke(client: &Client, request: &RevokePlugin) -> Result<DecidedPlugin, Problem> {
    match client {
        Client::Here(host) => plugins::revoke(host, host.operator(), request).await,
        Client::There(remote) => decide(remote, &request.plugin, "revoke", request).await,
    }
}

/// A grant that is only looked at, as the route takes it.
#[derive(Serialize)]
struct Planned<'a> {
    #[serde(flatten)]
    request: &'a GrantPlugin,
    dry_run: bool,
}

async fn decide(remote: &Remote, plugin: &str, decision: &str, request: &impl Serialize) -> Result<DecidedPlugin, Problem> {
    remote.change(Method::POST, &["plugins", plugin, decision], Fields::of(request, &["plugin"])).await
}
