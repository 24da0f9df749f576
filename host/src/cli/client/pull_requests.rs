//! The pull requests of a project, here or on a server.

use reqwest::Method;

use super::{Client, Parameters, parameters::Fields, projects::named};
use crate::operations::{
    Page, Problem,
    pull_requests::{
        self, ChangedPullRequest, ClosePullRequest, ListPullRequests, MergePullRequest, PullRequest, PullRequestSummary, ShowPullRequest,
    },
};

pub(in crate::cli) async fn list(client: &Client, request: &ListPullRequests) -> Result<Page<PullRequestSummary>, Problem> {
    match client {
        Client::Here(host) => pull_requests::list(host, request).await,
        Client::There(remote) => {
            let parameters = Parameters::of(request).without(&["project", "cursor", "limit"]);
            let path = ["projects", named(&request.project)?, "pull-requests"];
            remote.list(&path, &parameters, request.cursor.as_deref(), request.limit).await
        }
    }
}

pub(in crate::cli) async fn show(client: &Client, request: &ShowPullRequest) -> Result<PullRequest, Problem> {
    match client {
        Client::Here(host) => pull_requests::show(host, request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "pull-requests", &request.number.to_string()];
            remote.read(&path, &Parameters::of(request).without(&["project", "number"])).await
        }
    }
}

pub(in crate::cli) async fn close(client: &Client, request: &ClosePullRequest) -> Result<ChangedPullRequest, Problem> {
    match client {
        Client::Here(host) => pull_requests::close(host, host.operator(), request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "pull-requests", &request.number.to_string(), "close"];
            remote.change(Method::POST, &path, Fields::default()).await
        }
    }
}

pub(in crate::cli) async fn merge(client: &Client, request: &MergePullRequest) -> Result<ChangedPullRequest, Problem> {
    match client {
        Client::Here(host) => pull_requests::merge(host, host.operator(), request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "pull-requests", &request.number.to_string(), "merge"];
            remote.change(Method::POST, &path, Fields::of(request, &["project", "number"])).await
        }
    }
}
