//! What a tree of runs is doing, as those who follow it see it: the steps that are told one after the other, and a snapshot of who
//! is at work on what. Words nothing for a terminal; texts of plugins and models are as they came.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    journal::RunId,
    operations::{Moment, runs::NeedKind},
};

/// A run of a tree that is followed, as people tell it from the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The run.
    pub run: RunId,
    /// What people call its plugin: its title, or else its name.
    pub title: String,
    /// The worktree in which it works, which tells runs of one plugin from each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worktree: Option<String>,
}

/// What the model replies of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replies {
    /// How many there were.
    pub count: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Those of the tokens sent that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Dollars. Absent where the price of a reply is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Something that happened in a tree of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// When.
    pub at: Moment,
    /// The run in which it happened.
    pub member: Member,
    /// How far below the root that run is.
    pub depth: usize,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened in a run of a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// The root began a part of its work.
    Began {
        /// Which, in the words of its plugin.
        step: String,
    },
    /// The root ended a part of its work.
    Ended {
        /// Which.
        step: String,
        /// Whether it is done.
        succeeded: bool,
        /// How long it took in milliseconds. Absent where it began in an earlier execution.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ms: Option<u64>,
    },
    /// A run below the root succeeded.
    Succeeded {
        /// What its model replies took.
        replies: Replies,
        /// How long it took in milliseconds. Absent where it began in an earlier execution.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ms: Option<u64>,
    },
    /// A run below the root failed, was cancelled or is paused.
    Stopped {
        /// The word for its state.
        state: String,
        /// Why, where a reason is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It asks a person.
    Asked {
        /// What.
        question: String,
    },
    /// It does not need an answer any more.
    Withdrew {
        /// To what.
        question: String,
    },
    /// It decided without asking.
    Decided {
        /// What was to be decided.
        question: String,
        /// What it decided.
        answer: String,
    },
    /// Its plugin warns.
    Warned {
        /// In its words.
        message: String,
    },
    /// It waits for its operator.
    NeedsOperator {
        /// The kind of what is missing.
        need: NeedKind,
        /// What is missing, and the command that provides it.
        reason: String,
    },
    /// It waits for an account at a service.
    WaitsForAccount {
        /// The name the operator knows it by.
        account: String,
        /// When Baton asks again.
        until: Moment,
        /// What the service said.
        reason: String,
    },
    /// A model call brought no reply and may be charged.
    LostReply {
        /// Dollars that it may cost at most, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost_usd: Option<f64>,
        /// Why.
        reason: String,
    },
    /// A model call that was cut off is made again.
    RepeatedCall {
        /// The number of the call in the journal.
        call: u64,
    },
    /// Another model is asked.
    FellBack {
        /// The model that was asked before.
        from: String,
        /// The model that is asked now.
        to: String,
        /// Why.
        reason: String,
    },
    /// A budget is nearly spent.
    BudgetNearlySpent {
        /// Dollars that are spent or reserved.
        spent_usd: String,
        /// Dollars of the budget.
        budget_usd: String,
    },
    /// A call was denied.
    Denied {
        /// Why, and what allows it.
        reason: String,
    },
    /// Baton removed or moved what a command left in a worktree.
    Swept {
        /// The first path.
        path: String,
        /// What was done with it.
        deed: SweepDeed,
        /// Where it was moved to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_to: Option<String>,
        /// How many other paths there were.
        others: u64,
    },
    /// A commit leaves out files because of their names or sizes.
    LeftOut {
        /// The branch.
        branch: String,
        /// The first of them.
        paths: Vec<String>,
        /// How many others there were.
        others: u64,
    },
}

/// What Baton did with what a command left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SweepDeed {
    /// It was moved out of the worktree.
    Moved,
    /// It was removed.
    Removed,
    /// It was made readable.
    Opened,
    /// It was made harmless.
    Disarmed,
}

/// What a run does at the moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Activity {
    /// A part of its work, in the words of its plugin.
    Step {
        /// Which.
        step: String,
    },
    /// It received a model reply.
    Reply {
        /// What all its replies took.
        replies: Replies,
        /// Tokens that the model had in its window for the last one.
        used_tokens: u64,
        /// Tokens that the model's window holds; 0 where that is not known.
        window_tokens: u64,
    },
    /// It runs a command.
    Command {
        /// Which.
        command: String,
    },
    /// It fetches an image.
    Fetch {
        /// How far.
        progress: String,
    },
    /// It waits until a time.
    Sleep {
        /// When.
        until: Moment,
    },
    /// It waits for an answer.
    Question,
    /// It waits for its operator.
    Operator {
        /// The kind of what is missing.
        need: NeedKind,
        /// What is missing.
        subject: String,
    },
    /// It waits for an account at a service.
    Account {
        /// The name the operator knows it by.
        account: String,
        /// When Baton asks again.
        until: Moment,
    },
    /// It continues, because what it waited for was provided.
    Continues,
}

/// Who is at work on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// The root.
    pub root: RunId,
    /// How far the root has come, 0.0 to 1.0.
    pub fraction: f64,
    /// What the root is doing, once it has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What was done last anywhere in the tree since the step began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Work>,
    /// The runs nearest to the root of which several are at work side by side, in the order in which they began; empty where one
    /// works alone.
    pub side_by_side: Vec<Branch>,
}

/// What a run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Work {
    /// The run.
    pub member: Member,
    /// What it does.
    pub activity: Activity,
}

/// One of several runs that are at work side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Branch {
    /// The run.
    pub member: Member,
    /// What is done in it or below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Work>,
}

/// A part of a model's reply while the model writes it. It is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyPiece {
    /// The run that asked.
    pub run: RunId,
    /// Tells replies of one run apart that are on their way at the same time.
    pub call: String,
    /// The next words, without secrets. Absent where the reply is complete, or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
