//! What is told of models and budgets. Asks none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::{Amount, Scope};
use crate::events;

/// A model replied, or may have been charged for a reply that did not arrive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Completed {
    /// The call's place in the journal of its run.
    #[serde(default)]
    pub(crate) seq: u64,
    /// The plugin that asked.
    #[serde(default)]
    pub(crate) plugin: String,
    /// The model, as provider/model.
    #[serde(default)]
    pub(crate) model: String,
    /// Tokens of the request, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input_tokens: Option<u64>,
    /// Those of them that the provider had kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cached_input_tokens: Option<u64>,
    /// Tokens of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output_tokens: Option<u64>,
    /// What it cost, in dollars, or at most cost where no reply arrived; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
    /// Why the reply ended, a word of the contract; `cancelled` or `uncertain` where none arrived.
    #[serde(default)]
    pub(crate) stop: String,
    /// Whether no reply arrived and it may have been charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) possibly_charged: bool,
    /// Why no reply arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Tokens that the model can take in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window_tokens: Option<u64>,
    /// What budgets count where it is not known what it cost, in dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settled_usd: Option<f64>,
}

impl Completed {
    /// Of a model that was asked and did not reply: it may have charged.
    pub(super) fn without_reply(seq: u64, plugin: &str, model: &str, stop: &str) -> Self {
        Self {
            seq,
            plugin: plugin.to_owned(),
            model: model.to_owned(),
            input_tokens: None,
            cached_input_tokens: None,
            output_tokens: None,
            cost_usd: None,
            stop: stop.to_owned(),
            possibly_charged: true,
            reason: None,
            window_tokens: None,
            settled_usd: None,
        }
    }
}

/// A model was passed over, and another asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct FellBack {
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The plugin that asked.
    #[serde(default)]
    pub(crate) plugin: String,
    /// The model that was passed over.
    pub(crate) from: String,
    /// The model asked next.
    pub(crate) to: String,
    /// Why.
    pub(crate) reason: String,
}

/// Most of a budget is spent or reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct BudgetNearlySpent {
    /// Whose budget.
    pub(crate) budget: BudgetScope,
    /// The budget, in dollars.
    #[schema(value_type = String, example = "2.50")]
    pub(crate) budget_usd: Amount,
    /// What is spent or reserved, in dollars.
    #[schema(value_type = String, example = "2.50")]
    pub(crate) spent_usd: Amount,
}

/// An operator set or removed a budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct BudgetSet {
    /// `organisation`, `project`, `run` or `day`.
    pub(crate) scope: String,
    /// The id of the project or run; empty for the organisation.
    #[serde(default)]
    pub(crate) of: String,
    /// The budget, in dollars; absent where it was removed.
    #[schema(value_type = Option<String>, example = "2.50")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) usd: Option<Amount>,
}

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "scope", content = "of")]
pub(crate) enum BudgetScope {
    /// All that this host does.
    Organisation,
    /// All runs of the project of this id.
    Project(String),
    /// The run of this id, with its descendants.
    Run(String),
    /// What the runs of the project of this id spend in a day.
    Day(String),
}

impl From<&Scope> for BudgetScope {
    fn from(scope: &Scope) -> Self {
        match scope {
            Scope::Organisation => Self::Organisation,
            Scope::Project(project) => Self::Project(project.clone()),
            Scope::Run(run) => Self::Run(run.to_string()),
            Scope::Day(project) => Self::Day(project.clone()),
        }
    }
}

events::payloads! {
    Completed => Llm "completed" Info,
    FellBack => Llm "fell_back" Warn,
    BudgetNearlySpent => Llm "budget_nearly_spent" Warn,
    BudgetSet => Audit "budget_set" Info,
}
