//! Tools that plugins can be granted, here or on a server.

use reqwest::Method;

use super::{Client, Parameters, parameters::Fields};
use crate::operations::{
    Page, Problem,
    tools::{self, ApproveTools, ListTools, ToolApproval, ToolSet},
};

pub(in crate::cli) async fn list(client: &Client, request: &ListTools) -> Result<Page<ToolSet>, Problem> {
    match client {
        Client::Here(host) => tools::list(host, request).await,
        Client::There(remote) => remote.list_all(&["tools"], &Parameters::of(request)).await,
    }
}

pub(in crate::cli) async fn approve(client: &Client, request: &ApproveTools) -> Result<Page<ToolApproval>, Problem> {
    match client {
        Client::Here(host) => tools::approve(host, host.operator(), request).await,
        Client::There(remote) => remote.change(Method::POST, &["tools", "approve"], Fields::of(request, &[])).await,
    }
}
