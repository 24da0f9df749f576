//! What a tree of runs took, counted from its journals and its model events. Prices nothing itself.

use std::collections::{HashMap, HashSet};

use sqlx::{AnyPool, Row};

use super::{
    super::{StoreError, ledger::charge, number::read_number},
    record::to_text,
    unfinished,
};
use crate::{
    interfaces::llm::{
        events::Completed,
        money::{Amount, Charge, Sum},
    },
    journal::{RunId, events::Repeated},
    kernel::run::Tally,
};

/// All that is counted for each of several runs, given as a JSON array of ids: how many runs it and its descendants are and
/// how many calls they made, each in one row, and a row for each of their model events.
const TALLIES: &str = "with recursive tree (top, id) as (select value, value from json_each($1) \
    union select tree.top, child.id from runs child join tree on child.parent_id = tree.id), \
    members (top, id) as (select tree.top, runs.id from tree join runs on runs.id = tree.id) \
    select top, 'runs' as what, count(*) as number, '' as run_id, '' as data from members group by top \
    union all select top, 'calls', count(*), '', '' from members join journal on journal.run_id = members.id group by top \
    union all select top, events.name, 0, events.run_id, events.data from members join events on events.run_id = members.id \
    where events.category = 'llm' and events.name in ('completed', 'repeated')";
/// Not the ended children of a round that a run without an end has left behind: it would come to any limit in the end.
const LIMITED_RUNS: &str = concat!(
    "with recursive tree (id) as (select cast($1 as text) union all select child.id from tree \
    join runs parent on parent.id = tree.id join runs child on child.parent_id = parent.id \
    where child.parent_seq > parent.journal_from or child.state in ",
    unfinished!(),
    ") select count(*) from tree"
);

/// What each of several runs took with its descendants; nothing where there is no such run. One statement, so that all counts
/// are of one moment.
pub(super) async fn count(reads: &AnyPool, runs: &[RunId]) -> Result<HashMap<RunId, Tally>, StoreError> {
    let mut tallies: HashMap<RunId, (Tally, Sum)> = runs.iter().map(|run| (run.clone(), Default::default())).collect();
    let mut repeated = HashSet::new();
    for row in sqlx::query(TALLIES).bind(to_text(&runs)?).fetch_all(reads).await? {
        let top = RunId::from_text(row.try_get::<String, _>("top")?);
        let Some((tally, sum)) = tallies.get_mut(&top) else { continue };
        match row.try_get("what")? {
            "runs" => tally.runs = read_number(&row, "number")?,
            "calls" => tally.host_calls = read_number(&row, "number")?,
            // A call that was cut off twice is one call.
            "repeated" => {
                let call = (top, row.try_get::<String, _>("run_id")?, seq(row.try_get("data")?)?);
                tally.repeated_model_calls += u64::from(repeated.insert(call));
            }
            _ => sum.add(&reply(row.try_get("data")?)?),
        }
    }
    Ok(tallies.into_iter().map(|(run, (tally, sum))| (run, with_replies(tally, &sum))).collect())
}

fn with_replies(tally: Tally, sum: &Sum) -> Tally {
    let cost_usd = sum.whole_cost().map(Amount::dollars);
    Tally { model_calls: sum.replies, input_tokens: sum.input_tokens, output_tokens: sum.output_tokens, cost_usd, ..tally }
}

/// How many runs of a tree count towards its limit.
pub(super) async fn limited_runs<'a>(reads: impl sqlx::Executor<'a, Database = sqlx::Any>, root: &RunId) -> Result<u64, StoreError> {
    Ok(sqlx::query(LIMITED_RUNS).bind(root.as_str()).fetch_one(reads).await?.try_get::<i64, _>(0)?.unsigned_abs())
}

fn seq(data: &str) -> Result<u64, StoreError> {
    let repeated: Repeated = serde_json::from_str(data).map_err(|error| StoreError::row("events", error))?;
    Ok(repeated.seq)
}

fn reply(data: &str) -> Result<Charge, StoreError> {
    let reply: Completed = serde_json::from_str(data).map_err(|error| StoreError::row("events", error))?;
    Ok(charge(&reply))
}
