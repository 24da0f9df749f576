//! The tables `grants` and `rulings`: what operators decided of each version of a plugin, and of all of them by name.
//! Knows no capability.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    errors::StorageError,
    events::Draft,
    interfaces::tools::{Pins as _, TOOLS},
    kernel::grants::{Decision, GrantState, Grants, IsMeant, Ruling},
};

/// What errors call it.
const GRANTS: &str = "the grants";

const TABLE: &str = "grants";
const ALL: &str = "select plugin, hash, granted, limited, withheld, reaches_less, state, traps, decided_at, decided_by, \
    revision from grants order by revision";
const RULINGS: &str = "select plugin, rule, decided_at, decided_by, revision from rulings order by revision";
const OF_VERSION: &str = "select coalesce(max(revision), 0) as revision from (select revision from grants where plugin = $1 and hash = $2 \
    union all select revision from rulings where plugin = $1) as decided";
const LAST: &str = "select coalesce(max(revision), 0) as revision from (select max(revision) as revision from grants \
    union all select max(revision) from rulings) as decided";
const DECIDE: &str = "insert into grants (plugin, hash, granted, limited, withheld, reaches_less, state, traps, decided_at, decided_by, revision) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
    on conflict (plugin, hash) do update set granted = excluded.granted, limited = excluded.limited, withheld = excluded.withheld, \
    reaches_less = excluded.reaches_less, state = excluded.state, traps = excluded.traps, decided_at = excluded.decided_at, decided_by = excluded.decided_by, revision = excluded.revision";
const RULE: &str = "insert into rulings (plugin, rule, decided_at, decided_by, revision) values ($1, $2, $3, $4, $5)";

#[async_trait]
impl Grants for Store {
    async fn decisions(&self) -> Result<Vec<Decision>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(GRANTS))?;
        rows.iter().map(decision).collect::<Result<_, _>>().map_err(reading(GRANTS))
    }

    async fn rulings(&self) -> Result<Vec<Ruling>, StorageError> {
        let rows = sqlx::query(RULINGS).fetch_all(&self.reads).await.map_err(reading(GRANTS))?;
        rows.iter().map(ruling).collect::<Result<_, _>>().map_err(reading(GRANTS))
    }

    async fn decide(&self, decision: &Decision, expected: u64, events: Vec<Draft>) -> Result<bool, StorageError> {
        let (ruling, version) = (None, Some(decision.clone()));
        self.queue.change(Decide { ruling, version, expected, events: NewEvent::all(events) }).await.map_err(writing(GRANTS))
    }

    async fn rule(&self, ruling: &Ruling, version: Option<&Decision>, expected: u64, events: Vec<Draft>) -> Result<bool, StorageError> {
        let (ruling, version) = (Some(ruling.clone()), version.cloned());
        self.queue.change(Decide { ruling, version, expected, events: NewEvent::all(events) }).await.map_err(writing(GRANTS))
    }

    async fn forget_forms(&self, plugin: &str, is_meant: &IsMeant<'_>) -> Result<(), StorageError> {
        let pinned = self.load_pinned(plugin).await?;
        let tools: Vec<String> = pinned.into_keys().filter(|tool| is_meant(TOOLS.word, tool)).collect();
        if tools.is_empty() {
            return Ok(());
        }
        self.remove_forms(plugin, tools).await.map_err(writing(GRANTS))
    }

    async fn revision(&self) -> Result<u64, StorageError> {
        let row = sqlx::query(LAST).fetch_one(&self.reads).await.map_err(reading(GRANTS))?;
        read_number(&row, "revision").map_err(reading(GRANTS))
    }
}

/// One of the two, or both: of the same plugin.
struct Decide {
    ruling: Option<Ruling>,
    version: Option<Decision>,
    expected: u64,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Decide {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let hash = self.version.as_ref().map_or("", |version| &*version.hash);
        let plugin = self.ruling.as_ref().map(|ruling| &*ruling.plugin).or(self.version.as_ref().map(|version| &*version.plugin));
        let found = sqlx::query(OF_VERSION).bind(plugin.unwrap_or_default()).bind(hash).fetch_one(&mut *step.connection).await?;
        if read_number(&found, "revision")? != self.expected {
            return Ok(false);
        }
        let last = sqlx::query(LAST).fetch_one(&mut *step.connection).await?;
        let mut revision = read_number(&last, "revision")?;
        if let Some(Ruling { plugin, rule, decided_at, decided_by, .. }) = &self.ruling {
            revision += 1;
            let query = sqlx::query(RULE).bind(&**plugin).bind(text(rule)?).bind(stored(*decided_at)).bind(&**decided_by);
            query.bind(stored(revision)).execute(&mut *step.connection).await?;
        }
        if let Some(version) = &self.version {
            decide(version, revision + 1, step).await?;
        }
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

async fn decide(decision: &Decision, revision: u64, step: &mut Step<'_>) -> Result<(), StoreError> {
    let Decision { plugin, hash, grant_state, decided_at, decided_by, .. } = decision;
    let query = sqlx::query(DECIDE).bind(&**plugin).bind(&**hash).bind(text(&grant_state.granted)?).bind(text(&grant_state.limited)?);
    let query = query.bind(text(&grant_state.withheld)?).bind(i64::from(grant_state.reaches_less));
    let (state, traps) = match grant_state.tripped {
        _ if grant_state.disabled => ("disabled", None),
        Some(traps) => ("tripped", Some(i64::from(traps))),
        None => ("enabled", None),
    };
    let query = query.bind(state).bind(traps).bind(stored(*decided_at)).bind(&**decided_by).bind(stored(revision));
    query.execute(&mut *step.connection).await?;
    Ok(())
}

fn text(what: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(what).map_err(|error| StoreError::Unwritable(error.to_string()))
}

fn ruling(row: &AnyRow) -> Result<Ruling, StoreError> {
    let rule: &str = row.try_get("rule")?;
    Ok(Ruling {
        plugin: row.try_get("plugin")?,
        rule: serde_json::from_str(rule).map_err(|error| StoreError::row("rulings", error))?,
        decided_at: read_number(row, "decided_at")?,
        decided_by: row.try_get("decided_by")?,
        revision: read_number(row, "revision")?,
    })
}

fn decision(row: &AnyRow) -> Result<Decision, StoreError> {
    let (disabled, tripped) = match row.try_get("state")? {
        "enabled" => (false, None),
        "disabled" => (true, None),
        "tripped" => (false, Some(u32::try_from(read_number(row, "traps")?).unwrap_or(u32::MAX))),
        other => return Err(StoreError::row(TABLE, format!("`{other}` is not a state"))),
    };
    Ok(Decision {
        plugin: row.try_get("plugin")?,
        hash: row.try_get("hash")?,
        grant_state: GrantState {
            granted: parse(row, "granted")?,
            limited: parse(row, "limited")?,
            withheld: parse(row, "withheld")?,
            disabled,
            tripped,
            reaches_less: read_number(row, "reaches_less")? == 1,
        },
        decided_at: read_number(row, "decided_at")?,
        decided_by: row.try_get("decided_by")?,
        revision: read_number(row, "revision")?,
    })
}

fn parse<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(row.try_get(column)?).map_err(|error| StoreError::row(TABLE, error))
}
