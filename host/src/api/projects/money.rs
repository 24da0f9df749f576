//! The budget and the costs of a project over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Caller, Input, Parameters, Segments},
    failure::Failure,
    money::{BudgetAmount, CostFilter},
};
use crate::operations::{
    budgets::{self, Budget, BudgetTarget, RemoveBudget, RemovedBudget, SetBudget},
    costs::{self, Costs, ShowCosts},
    projects::ProjectRef,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show_budget, set_budget, remove_budget)).routes(routes!(costs))
}

/// Show the budget of a project
#[utoipa::path(
    get,
    path = "/projects/{project}/budget",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = Budget))
)]
async fn show_budget(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<Budget>, Failure> {
    Ok(Json(budgets::show(&api.host, &target(project)).await?))
}

/// Set the budget of a project
#[utoipa::path(
    put,
    path = "/projects/{project}/budget",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    request_body = BudgetAmount,
    responses((status = 200, body = Budget))
)]
async fn set_budget(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
    Input(BudgetAmount { amount_usd }): Input<BudgetAmount>,
) -> Result<Json<Budget>, Failure> {
    let request = SetBudget { target: target(project), amount_usd };
    Ok(Json(budgets::set(&api.host, &caller.actor, &request).await?))
}

/// Remove the budget of a project
#[utoipa::path(
    delete,
    path = "/projects/{project}/budget",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = RemovedBudget))
)]
async fn remove_budget(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<RemovedBudget>, Failure> {
    Ok(Json(budgets::remove(&api.host, &caller.actor, &RemoveBudget { target: target(project) }).await?))
}

/// Show what models cost in a project
#[utoipa::path(
    get,
    path = "/projects/{project}/costs",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name"), CostFilter),
    responses((status = 200, body = Costs))
)]
async fn costs(
    State(api): State<Arc<Api>>,
    Segments(project): Segments<String>,
    Parameters(filter): Parameters<CostFilter>,
) -> Result<Json<Costs>, Failure> {
    Ok(Json(costs::show(&api.host, &ShowCosts { project: Some(project), ..filter.request() }).await?))
}

fn target(project: String) -> BudgetTarget {
    BudgetTarget::Project(ProjectRef::Name(project))
}
