//! Budgets and costs of the whole host over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters},
    failure::Failure,
};
use crate::operations::{
    Dollars, Page,
    budgets::{self, Budget, BudgetTarget, RemoveBudget, RemovedBudget, SetBudget},
    costs::{self, CostBy, Costs, ShowCosts},
};

/// How much may be spent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetAmount {
    /// Dollars in all, above 0.
    pub(super) amount_usd: Dollars,
}

/// Which costs are wanted, and how they are added up.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CostFilter {
    /// What to add up by.
    #[serde(default)]
    by: CostBy,
    /// Only the last days.
    days: Option<u32>,
}

impl CostFilter {
    /// The same as it is asked of a host.
    pub(super) fn request(&self) -> ShowCosts {
        ShowCosts { by: self.by, days: self.days, project: None }
    }
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list_budgets))
        .routes(routes!(show_host_budget, set_host_budget, remove_host_budget))
        .routes(routes!(costs))
}

/// List budgets: that of the host, then those of projects, then those of runs
#[utoipa::path(get, path = "/budgets", tag = "money", params(Paging), responses((status = 200, body = Page<Budget>)))]
async fn list_budgets(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Budget>>, Failure> {
    let budgets = budgets::list_for(&api.host, &caller).await?.items;
    Ok(Json(Page::cut(budgets, |budget| budget.scope.key(), paging.cursor(), paging.limit()?)?))
}

/// Show the budget for all that the host does
#[utoipa::path(get, path = "/budgets/host", tag = "money", responses((status = 200, body = Budget)))]
async fn show_host_budget(State(api): State<Arc<Api>>) -> Result<Json<Budget>, Failure> {
    Ok(Json(budgets::show(&api.host, &BudgetTarget::Host).await?))
}

/// Set the budget for all that the host does
#[utoipa::path(put, path = "/budgets/host", tag = "money", request_body = BudgetAmount, responses((status = 200, body = Budget)))]
async fn set_host_budget(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Input(BudgetAmount { amount_usd }): Input<BudgetAmount>,
) -> Result<Json<Budget>, Failure> {
    let request = SetBudget { target: BudgetTarget::Host, amount_usd };
    Ok(Json(budgets::set(&api.host, &caller.actor, &request).await?))
}

/// Remove the budget for all that the host does
#[utoipa::path(delete, path = "/budgets/host", tag = "money", responses((status = 200, body = RemovedBudget)))]
async fn remove_host_budget(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<Json<RemovedBudget>, Failure> {
    Ok(Json(budgets::remove(&api.host, &caller.actor, &RemoveBudget { target: BudgetTarget::Host }).await?))
}

/// Show what models cost
#[utoipa::path(get, path = "/costs", tag = "money", params(CostFilter), responses((status = 200, body = Costs)))]
async fn costs(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<CostFilter>,
) -> Result<Json<Costs>, Failure> {
    Ok(Json(costs::show_for(&api.host, &caller, &filter.request()).await?))
}
