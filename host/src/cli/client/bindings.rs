//! Which plugins fill slots, here or on a server.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Parameters, parameters::Fields, projects::named};
use crate::operations::{
    Problem,
    bindings::{self, BindingList, ChangedBinding, ListBindings, SetBinding, UnsetBinding},
};

pub(in crate::cli) async fn list(client: &Client, request: &ListBindings) -> Result<BindingList, Problem> {
    let remote = match client {
        Client::Here(host) => return bindings::list(host, request).await,
        Client::There(remote) => remote,
    };
    let project = request.project.as_ref().map(named).transpose()?;
    let parameters = Parameters::default().with("project", project).with("limit", Some(200));
    let mut whole: BindingList = remote.read(&["bindings"], &parameters).await?;
    while let Some(next) = whole.next.take() {
        let page: BindingList = remote.read(&["bindings"], &parameters.clone().with("cursor", Some(next))).await?;
        whole.next = page.next.filter(|_| !page.items.is_empty());
        whole.items.extend(page.items);
    }
    Ok(whole)
}

/// A binding as the route takes it.
#[derive(Serialize)]
struct PluginToBind<'a> {
    plugin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

pub(in crate::cli) async fn set(client: &Client, request: &SetBinding) -> Result<ChangedBinding, Problem> {
    match client {
        Client::Here(host) => bindings::set(host, host.operator(), request).await,
        Client::There(remote) => {
            let project = request.project.as_ref().map(named).transpose()?;
            let given = PluginToBind { plugin: &request.plugin, project, label: request.label.as_deref() };
            remote.change(Method::PUT, &["bindings", &request.slot], Fields::of(&given, &[])).await
        }
    }
}

pub(in crate::cli) async fn unset(client: &Client, request: &UnsetBinding) -> Result<ChangedBinding, Problem> {
    match client {
        Client::Here(host) => bindings::unset(host, host.operator(), request).await,
        Client::There(remote) => {
            let project = request.project.as_ref().map(named).transpose()?;
            let place = Parameters::default().with("project", project).with("label", request.label.as_deref());
            remote.change(Method::DELETE, &["bindings", &request.slot], Fields::behind(place)).await
        }
    }
}
