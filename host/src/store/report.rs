//! What a report is made of, read from the rows of others in one transaction: a query for each kind of thing, whatever the
//! number of runs. Adds nothing up.

use async_trait::async_trait;
use baton_slots::run_tests::Output;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::reading,
    ledger::posting,
    number::{read_number, stored},
};
use crate::{
    errors::StorageError,
    interfaces::{
        backlog::Status,
        report::{FailedCheck, Happened, ItemMove, Numbered, Reports},
    },
    journal::RunId,
};

/// What errors call it.
const REPORT: &str = "what happened in the project";

const MOVES: &str = "select m.key, m.at, m.after_status, m.reason, m.run_id from item_moves m \
    join items i on i.project = m.project and i.key = m.key where m.project = $1 \
    and (m.at >= $2 or i.status in ('in-progress', 'review', 'blocked', 'failed')) order by m.at, m.place";
const REPLIES: &str = "select e.cursor, e.at, e.run_id, e.name, e.data, r.plugin, r.project, r.item, r.root_id, root.plugin as workflow \
    from events e join runs r on r.id = e.run_id join runs root on root.id = r.root_id \
    where e.category = 'llm' and e.name in ('completed', 'repeated') and e.at >= $2 and r.project = $1 order by e.cursor";
/// Tests that began a day before may have ended since.
const TESTS: &str = "select item, output from runs where created_at >= $2 and updated_at >= $3 and plugin = 'run-tests' \
    and state || '' = 'succeeded' and project || '' = $1";
const PULL_REQUESTS: &str = "select branch, number, merge_commit from pull_requests where project = $1 order by number";

const FAILED_CHECKS: &str = "select c.number, p.branch, c.name, c.summary, c.reported_at from pull_request_checks c \
    join pull_requests p on p.project = c.project and p.number = c.number \
    where c.project = $1 and p.state = 'open' and c.progress = 'failed' order by c.number, c.name";

const DAY: u64 = 24 * 60 * 60 * 1000;

#[async_trait]
impl Reports for Store {
    async fn happened(&self, project: &str, since: u64) -> Result<Happened, StorageError> {
        self.load_happened(project, since).await.map_err(reading(REPORT))
    }

    async fn failed_checks(&self, project: &str) -> Result<Vec<FailedCheck>, StorageError> {
        let rows = sqlx::query(FAILED_CHECKS).bind(project).fetch_all(&self.reads).await.map_err(reading(REPORT))?;
        rows.iter().map(failed_check).collect::<Result<_, _>>().map_err(reading(REPORT))
    }
}

impl Store {
    async fn load_happened(&self, project: &str, since: u64) -> Result<Happened, StoreError> {
        let mut reading = self.reads.begin().await?;
        let mut happened = Happened::default();
        let rows = sqlx::query(MOVES).bind(project).bind(stored(since)).fetch_all(&mut *reading).await?;
        happened.moves = rows.iter().map(item_move).collect::<Result<_, _>>()?;
        for row in sqlx::query(REPLIES).bind(project).bind(stored(since)).fetch_all(&mut *reading).await? {
            match row.try_get::<&str, _>("name")? {
                "repeated" => happened.repeated.push(row.try_get("item")?),
                _ => happened.postings.push(posting(&row)?),
            }
        }
        let tests = sqlx::query(TESTS).bind(project).bind(stored(since.saturating_sub(DAY))).bind(stored(since));
        for row in tests.fetch_all(&mut *reading).await? {
            let output: Option<Output> = row.try_get::<Option<&str>, _>("output")?.and_then(|output| serde_json::from_str(output).ok());
            if output.is_some_and(|output| output.flaky) {
                happened.flaky.push(row.try_get("item")?);
            }
        }
        let rows = sqlx::query(PULL_REQUESTS).bind(project).fetch_all(&mut *reading).await?;
        happened.pull_requests = rows.iter().map(parse_numbered).collect::<Result<_, _>>()?;
        Ok(happened)
    }
}

fn failed_check(row: &AnyRow) -> Result<FailedCheck, StoreError> {
    Ok(FailedCheck {
        number: read_number(row, "number")?,
        branch: row.try_get("branch")?,
        check: row.try_get("name")?,
        summary: row.try_get("summary")?,
        at: read_number(row, "reported_at")?,
    })
}

fn item_move(row: &AnyRow) -> Result<ItemMove, StoreError> {
    let word: &str = row.try_get("after_status")?;
    Ok(ItemMove {
        key: row.try_get("key")?,
        at: read_number(row, "at")?,
        after: Status::from_word(word).ok_or_else(|| StoreError::row("item_moves", format!("`{word}` is not a status")))?,
        reason: row.try_get("reason")?,
        run: row.try_get::<Option<String>, _>("run_id")?.map(RunId::from_text),
    })
}

fn parse_numbered(row: &AnyRow) -> Result<Numbered, StoreError> {
    Ok(Numbered { branch: row.try_get("branch")?, number: read_number(row, "number")?, merge_commit: row.try_get("merge_commit")? })
}
