//! What may be spent on models: for all that the host does, for a project, for a run. Spends nothing.

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Dollars, Host, Moment, Page, Problem, access::Caller, projects::ProjectRef};
use crate::{
    actor::Actor,
    interfaces::llm::money::{self, Scope},
    journal::RunId,
    kernel::KernelError,
};

pub use money::{Amount, AmountError};

/// Percent of a budget from which it is nearly spent.
const NEARLY: u64 = 80;

/// A budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// What it is for.
    pub scope: BudgetScope,
    /// How much may be spent in all.
    pub budget_usd: Dollars,
    /// How much was spent.
    pub spent_usd: Dollars,
    /// How much is left.
    pub left_usd: Dollars,
    /// Whether more than four fifths are spent.
    pub nearly_spent: bool,
    /// When it was set.
    pub set_at: Moment,
    /// The name of who set it.
    pub set_by: String,
}

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BudgetScope {
    /// All that this host does.
    Host,
    /// All runs of a project.
    Project {
        /// Its id.
        project: String,
    },
    /// A run at the root, with all that it starts.
    Run {
        /// The run.
        run: RunId,
    },
    /// What the autopilot of a project may spend in a day.
    Day {
        /// The id of the project.
        project: String,
    },
}

/// What a budget is set for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetTarget {
    /// All that this host does.
    Host,
    /// All runs of a project.
    Project(ProjectRef),
    /// The run at the root of this one: any beginning or end of its id.
    Run(String),
}

/// A budget to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetBudget {
    /// For what. A folder without a project becomes one.
    pub target: BudgetTarget,
    /// How much may be spent in all.
    pub amount_usd: Dollars,
}

/// A budget to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemoveBudget {
    /// For what.
    pub target: BudgetTarget,
}

/// A budget that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedBudget {
    /// What it was for.
    pub scope: BudgetScope,
}

/// Every budget: that of the host first, then those of projects, then those of runs.
pub async fn list(host: &Host) -> Result<Page<Budget>, Problem> {
    let mut budgets = Vec::new();
    for budget in host.app.budgets.budgets().await? {
        budgets.push(with_spent(host, budget).await?);
    }
    // An operator sets each of them.
    Ok(Page::whole(budgets))
}

/// The same for a caller: that of the host only where everything of it exists for them, and the others of projects that do.
pub async fn list_for(host: &Host, caller: &Caller) -> Result<Page<Budget>, Problem> {
    let mut budgets = Vec::new();
    for budget in host.app.budgets.budgets().await? {
        if exists_for(host, caller, &budget.scope).await? {
            budgets.push(with_spent(host, budget).await?);
        }
    }
    Ok(Page::whole(budgets))
}

async fn exists_for(host: &Host, caller: &Caller, scope: &Scope) -> Result<bool, Problem> {
    Ok(caller.sees_all()
        || match scope {
            Scope::Organisation => false,
            Scope::Project(project) | Scope::Day(project) => caller.sees(project),
            Scope::Run(run) => {
                let run = host.app.kernel.runs().find(run).await.map_err(KernelError::from)?;
                run.is_some_and(|run| caller.sees(&run.project))
            }
        })
}

/// The budget for a target. The problem is `budget_not_found` where there is none.
pub async fn show(host: &Host, target: &BudgetTarget) -> Result<Budget, Problem> {
    let scope = scope(host, target).await?;
    let budget = host.app.budgets.budgets().await?.into_iter().find(|budget| budget.scope == scope);
    with_spent(host, budget.ok_or_else(|| missing(&scope))?).await
}

/// Sets a budget, in the place of the one before.
pub async fn set(host: &Host, actor: &Actor, request: &SetBudget) -> Result<Budget, Problem> {
    let scope = match &request.target {
        BudgetTarget::Project(project) => Scope::Project(project.open(host, actor).await?.id().to_owned()),
        target => scope(host, target).await?,
    };
    let Dollars(amount) = request.amount_usd;
    if amount == Amount::ZERO {
        return Err(Problem::invalid("amount_invalid", "amount_usd", "A budget has to be above 0 dollars."));
    }
    host.app.budgets.set(&scope, Some(amount), actor).await?;
    let budgets = host.app.budgets.budgets().await?;
    let budget = budgets.into_iter().find(|budget| budget.scope == scope).ok_or_else(|| missing(&scope))?;
    with_spent(host, budget).await
}

/// Removes a budget. The problem is `budget_not_found` where there is none.
pub async fn remove(host: &Host, actor: &Actor, request: &RemoveBudget) -> Result<RemovedBudget, Problem> {
    let scope = scope(host, &request.target).await?;
    if !host.app.budgets.budgets().await?.iter().any(|budget| budget.scope == scope) {
        return Err(missing(&scope));
    }
    host.app.budgets.set(&scope, None, actor).await?;
    Ok(RemovedBudget { scope: scope.into() })
}

async fn scope(host: &Host, target: &BudgetTarget) -> Result<Scope, Problem> {
    Ok(match target {
        BudgetTarget::Host => Scope::Organisation,
        BudgetTarget::Project(project) => Scope::Project(project.find(host).await?.id().to_owned()),
        BudgetTarget::Run(part) => Scope::Run(host.app.kernel.resolve(part).await?.root),
    })
}

fn missing(scope: &Scope) -> Problem {
    let what = match scope {
        Scope::Organisation => "for all that this host does",
        Scope::Project(_) | Scope::Day(_) => "for this project",
        Scope::Run(_) => "for this run",
    };
    let problem = Problem::not_found("budget_not_found", format!("No budget is set {what}.")).of_field("target");
    problem.advise("`baton budget` lists all budgets.")
}

async fn with_spent(host: &Host, budget: money::Budget) -> Result<Budget, Problem> {
    let spent = host.app.budgets.load_spent(&budget.scope).await?;
    let money::Budget { scope, amount, set_at, set_by } = budget;
    Ok(Budget {
        scope: scope.into(),
        budget_usd: Dollars(amount),
        spent_usd: Dollars(spent),
        left_usd: Dollars(amount.less(spent)),
        nearly_spent: spent >= amount.percent(NEARLY),
        set_at: Moment(set_at),
        set_by,
    })
}

impl BudgetScope {
    /// What tells it from the others, on one line.
    pub fn key(&self) -> String {
        match self {
            Self::Host => "host".to_owned(),
            Self::Project { project } => format!("project.{project}"),
            Self::Run { run } => format!("run.{run}"),
            Self::Day { project } => format!("day.{project}"),
        }
    }
}

impl From<Scope> for BudgetScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Organisation => Self::Host,
            Scope::Project(project) => Self::Project { project },
            Scope::Run(run) => Self::Run { run },
            Scope::Day(project) => Self::Day { project },
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Budget, Page<Budget>, RemovedBudget)))]
pub(super) struct Views;
