//! What a tree of runs took, counted from its journals and its model events. Prices nothing itself.

use std::collections::HashSet;

use sqlx::{AnyPool, Row};

use super::{super::StoreError, in_tree, unfinished};
use crate::{interfaces::llm::events::Completed, journal::events::Repeated};
use crate::{journal::RunId, kernel::run::Tally};

const RUNS: &str = concat!("select count(*) from runs where ", in_tree!("id", "$1"));
/// Not the ended children of a round that a run without an end has left behind: it would come to any limit in the end.
const LIMITED_RUNS: &str = concat!(
    "with recursive tree (id) as (select cast($1 as text) union all select child.id from tree \
    join runs parent on parent.id = tree.id join runs child on child.parent_id = parent.id \
    where child.parent_seq > parent.journal_from or child.state in ",
    unfinished!(),
    ") select count(*) from tree"
);
const HOST_CALLS: &str = concat!("select count(*) from journal where ", in_tree!("run_id", "$1"));
const MODEL_EVENTS: &str = concat!(
    "select name, run_id, data from events where category = 'llm' and name in ('completed', 'repeated') and ",
    in_tree!("run_id", "$1")
);

pub(super) async fn count(reads: &AnyPool, root: &RunId) -> Result<Tally, StoreError> {
    // One transaction, so that all counts are of one moment.
    let mut reads = reads.begin().await?;
    let mut tally = Tally { cost_usd: Some(0.0), ..Tally::default() };
    tally.runs = runs(&mut *reads, root).await?;
    tally.host_calls = sqlx::query(HOST_CALLS).bind(root.as_str()).fetch_one(&mut *reads).await?.try_get::<i64, _>(0)?.unsigned_abs();
    let mut repeated = HashSet::new();
    for row in sqlx::query(MODEL_EVENTS).bind(root.as_str()).fetch_all(&mut *reads).await? {
        match row.try_get("name")? {
            // A call that was cut off twice is one call.
            "repeated" => drop(repeated.insert((row.try_get::<String, _>("run_id")?, seq(row.try_get("data")?)?))),
            _ => add_reply(&mut tally, row.try_get("data")?)?,
        }
    }
    tally.repeated_model_calls = repeated.len() as u64;
    Ok(tally)
}

/// How many runs the run and its descendants are.
pub(super) async fn runs<'a>(reads: impl sqlx::Executor<'a, Database = sqlx::Any>, root: &RunId) -> Result<u64, StoreError> {
    Ok(sqlx::query(RUNS).bind(root.as_str()).fetch_one(reads).await?.try_get::<i64, _>(0)?.unsigned_abs())
}

/// How many runs of a tree count towards its limit.
pub(super) async fn limited_runs<'a>(reads: impl sqlx::Executor<'a, Database = sqlx::Any>, root: &RunId) -> Result<u64, StoreError> {
    Ok(sqlx::query(LIMITED_RUNS).bind(root.as_str()).fetch_one(reads).await?.try_get::<i64, _>(0)?.unsigned_abs())
}

fn seq(data: &str) -> Result<Option<u64>, StoreError> {
    let repeated: Repeated = serde_json::from_str(data).map_err(|error| StoreError::row("events", error))?;
    Ok(Some(repeated.seq))
}

fn add_reply(tally: &mut Tally, data: &str) -> Result<(), StoreError> {
    let reply: Completed = serde_json::from_str(data).map_err(|error| StoreError::row("events", error))?;
    // Of a try that may have been charged, no reply came back.
    tally.model_calls += u64::from(!reply.possibly_charged);
    tally.input_tokens = tally.input_tokens.saturating_add(reply.input_tokens.unwrap_or_default());
    tally.output_tokens = tally.output_tokens.saturating_add(reply.output_tokens.unwrap_or_default());
    // One unknown price makes the sum unknown, which is not the same as free.
    tally.cost_usd = tally.cost_usd.zip(reply.cost_usd).map(|(sum, cost)| sum + cost);
    Ok(())
}
