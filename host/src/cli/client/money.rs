//! Budgets and costs, here or on a server.

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::{Client, Parameters, Remote, parameters::Fields, projects::named, runs::identify};
use crate::operations::{
    Page, Problem,
    budgets::{self, Budget, BudgetTarget, RemoveBudget, RemovedBudget, SetBudget},
    costs::{self, Costs, ShowCosts},
};

pub(in crate::cli) async fn list_budgets(client: &Client) -> Result<Page<Budget>, Problem> {
    match client {
        Client::Here(host) => budgets::list(host).await,
        Client::There(remote) => remote.list_all(&["budgets"], &Parameters::default()).await,
    }
}

pub(in crate::cli) async fn costs(client: &Client, request: &ShowCosts) -> Result<Costs, Problem> {
    match client {
        Client::Here(host) => costs::show(host, request).await,
        Client::There(remote) => remote.read(&["costs"], &Parameters::of(request)).await,
    }
}

pub(in crate::cli) async fn set_budget(client: &Client, request: &SetBudget) -> Result<Budget, Problem> {
    match client {
        Client::Here(host) => budgets::set(host, host.operator(), request).await,
        Client::There(remote) => change_budget(remote, Method::PUT, &request.target, Fields::of(request, &["target"])).await,
    }
}

pub(in crate::cli) async fn remove_budget(client: &Client, request: &RemoveBudget) -> Result<RemovedBudget, Problem> {
    match client {
        Client::Here(host) => budgets::remove(host, host.operator(), request).await,
        Client::There(remote) => change_budget(remote, Method::DELETE, &request.target, Fields::default()).await,
    }
}

async fn change_budget<T: DeserializeOwned>(remote: &Remote, method: Method, target: &BudgetTarget, fields: Fields) -> Result<T, Problem> {
    match target {
        BudgetTarget::Host => remote.change(method, &["budgets", "host"], fields).await,
        BudgetTarget::Project(project) => remote.change(method, &["projects", named(project)?, "budget"], fields).await,
        BudgetTarget::Run(part) => {
            let id = identify(remote, part).await?.id;
            remote.change(method, &["runs", id.as_str(), "budget"], fields).await
        }
    }
}
