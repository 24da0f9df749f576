//! The table `grants`: what operators decided of each version of a plugin. Knows no capability.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    events::Draft,
    kernel::{
        grants::{Decision, Grants, GrantsError, Standing},
        permissions::Patterns,
    },
};

const TABLE: &str = "grants";
const ALL: &str = "select plugin, hash, granted, withheld, state, traps, decided_at, decided_by, revision from grants order by revision";
const FIND: &str = "select revision from grants where plugin = $1 and hash = $2";
const LAST: &str = "select coalesce(max(revision), 0) as revision from grants";
const DECIDE: &str = "insert into grants (plugin, hash, granted, withheld, state, traps, decided_at, decided_by, revision) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, (select coalesce(max(revision), 0) + 1 from grants)) \
    on conflict (plugin, hash) do update set granted = excluded.granted, withheld = excluded.withheld, state = excluded.state, \
    traps = excluded.traps, decided_at = excluded.decided_at, decided_by = excluded.decided_by, revision = excluded.revision";

#[async_trait]
impl Grants for Store {
    async fn decisions(&self) -> Result<Vec<Decision>, GrantsError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(|error| unread(error.into()))?;
        rows.iter().map(decision).collect::<Result<_, _>>().map_err(unread)
    }

    async fn decide(&self, decision: &Decision, expected: u64, events: Vec<Draft>) -> Result<bool, GrantsError> {
        let change = Decide { decision: decision.clone(), expected, events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(|error| GrantsError { action: "written", reason: error.to_string() })
    }

    async fn revision(&self) -> Result<u64, GrantsError> {
        let row = sqlx::query(LAST).fetch_one(&self.reads).await.map_err(|error| unread(error.into()))?;
        read_number(&row, "revision").map_err(unread)
    }
}

struct Decide {
    decision: Decision,
    expected: u64,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Decide {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let Decision { plugin, hash, standing, decided_at, decided_by, .. } = &self.decision;
        let found = sqlx::query(FIND).bind(&**plugin).bind(&**hash).fetch_optional(&mut *step.connection).await?;
        if found.as_ref().map_or(Ok(0), |row| read_number(row, "revision"))? != self.expected {
            return Ok(false);
        }
        let query = sqlx::query(DECIDE).bind(&**plugin).bind(&**hash).bind(text(&standing.granted)?).bind(text(&standing.withheld)?);
        let (state, traps) = match standing.tripped {
            _ if standing.disabled => ("disabled", None),
            Some(traps) => ("tripped", Some(i64::from(traps))),
            None => ("enabled", None),
        };
        let query = query.bind(state).bind(traps).bind(stored(*decided_at)).bind(&**decided_by);
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

fn text(patterns: &Patterns) -> Result<String, StoreError> {
    serde_json::to_string(patterns).map_err(|error| StoreError::Unwritable(error.to_string()))
}

fn decision(row: &AnyRow) -> Result<Decision, StoreError> {
    let patterns = |column: &str| {
        let text: &str = row.try_get(column)?;
        serde_json::from_str(text).map_err(|error| StoreError::row(TABLE, error))
    };
    let (disabled, tripped) = match row.try_get("state")? {
        "enabled" => (false, None),
        "disabled" => (true, None),
        "tripped" => (false, Some(u32::try_from(read_number(row, "traps")?).unwrap_or(u32::MAX))),
        other => return Err(StoreError::row(TABLE, format!("`{other}` is no state"))),
    };
    Ok(Decision {
        plugin: row.try_get("plugin")?,
        hash: row.try_get("hash")?,
        standing: Standing { granted: patterns("granted")?, withheld: patterns("withheld")?, disabled, tripped },
        decided_at: read_number(row, "decided_at")?,
        decided_by: row.try_get("decided_by")?,
        revision: read_number(row, "revision")?,
    })
}

fn unread(error: StoreError) -> GrantsError {
    GrantsError { action: "read", reason: error.to_string() }
}
