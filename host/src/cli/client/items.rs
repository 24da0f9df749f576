//! The backlog of a project, here or on a server.

use reqwest::Method;

use super::{Client, Parameters, parameters::Fields, projects::named};
use crate::operations::{
    Page, Problem,
    items::{
        self, AddItem, BacklogGraph, BacklogSummary, EditItem, Item, ItemDetails, ListItems, MoveItem, MovedItem, ShowGraph, ShowItem,
        SummarizeItems,
    },
};

pub(in crate::cli) async fn list(client: &Client, request: &ListItems) -> Result<Page<Item>, Problem> {
    match client {
        Client::Here(host) => items::list(host, request).await,
        Client::There(remote) => {
            let parameters = Parameters::of(request).without(&["project", "cursor", "limit"]).renamed("order", "sort");
            let path = ["projects", named(&request.project)?, "items"];
            remote.list(&path, &parameters, request.cursor.as_deref(), request.limit).await
        }
    }
}

pub(in crate::cli) async fn summarize(client: &Client, request: &SummarizeItems) -> Result<BacklogSummary, Problem> {
    match client {
        Client::Here(host) => items::summarize(host, request).await,
        Client::There(remote) => remote.read(&["projects", named(&request.project)?, "backlog"], &Parameters::default()).await,
    }
}

pub(in crate::cli) async fn graph(client: &Client, request: &ShowGraph) -> Result<BacklogGraph, Problem> {
    match client {
        Client::Here(host) => items::graph(host, request).await,
        Client::There(remote) => remote.read(&["projects", named(&request.project)?, "graph"], &Parameters::default()).await,
    }
}

pub(in crate::cli) async fn show(client: &Client, request: &ShowItem) -> Result<ItemDetails, Problem> {
    match client {
        Client::Here(host) => items::show(host, request).await,
        Client::There(remote) => remote.read(&["projects", named(&request.project)?, "items", &request.key], &Parameters::default()).await,
    }
}

pub(in crate::cli) async fn add(client: &Client, request: &AddItem) -> Result<Item, Problem> {
    match client {
        Client::Here(host) => items::add(host, host.operator(), request).await,
        Client::There(remote) => {
            remote.change(Method::POST, &["projects", named(&request.project)?, "items"], Fields::of(request, &["project"])).await
        }
    }
}

pub(in crate::cli) async fn edit(client: &Client, request: &EditItem) -> Result<Item, Problem> {
    match client {
        Client::Here(host) => items::edit(host, host.operator(), request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "items", &request.key];
            remote.change(Method::PATCH, &path, Fields::of(request, &["project", "key"])).await
        }
    }
}

pub(in crate::cli) async fn move_to(client: &Client, request: &MoveItem) -> Result<MovedItem, Problem> {
    match client {
        Client::Here(host) => items::move_to(host, host.operator(), request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "items", &request.key, "move"];
            remote.change(Method::POST, &path, Fields::of(request, &["project", "key"])).await
        }
    }
}
