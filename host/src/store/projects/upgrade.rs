//! Gives projects that were known by the hash of their folder's path a row and an id, once, when the database is brought up
//! to date. All of it is one transaction, so a host that is killed meanwhile begins it again.

use std::cmp::Reverse;

use sqlx::{AnyConnection, Executor, Row};

use super::{
    super::{StoreError, number::stored},
    all,
    change::is_taken,
};
use crate::{
    journal::Clock,
    kernel::projects::{ProjectState, name_of_key, unique_name},
};

const KEYS: &str = "select key from project_keys";
const TABLES: &str = "select name from sqlite_master where type = 'table' and name = 'project_keys'";
const FIRST_RUN: &str = "select min(created_at) from runs where project = $1";
/// A root that is not a fork works in the folder of its project; a fork may work in a worktree.
const LAST_PLACE: &str = "select workspace, created_at from runs where project = $1 and parent_id is null and forked_from_id is null \
    order by created_at desc limit 1";
const ADD: &str =
    "insert into projects (id, name, state, settings, former_key, created_at, updated_at) values ($1, $2, $3, '{}', $4, $5, $6)";
const ADD_FOLDER: &str = "insert into project_folders (folder, project, added_at) values ($1, $2, $3) on conflict (folder) do nothing";
/// Everything that is kept under a key.
const REPLACE: [&str; 10] = [
    "update runs set project = $2 where project = $1",
    "update state set project = $2 where project = $1",
    "update questions set project = $2 where project = $1",
    "update worktrees set project = $2 where project = $1",
    "update items set project = $2 where project = $1",
    "update item_moves set project = $2 where project = $1",
    "update pull_requests set project = $2 where project = $1",
    "update pull_request_checks set project = $2 where project = $1",
    "update pull_request_reviews set project = $2 where project = $1",
    "update budgets set of_id = $2 where scope = 'project' and of_id = $1",
];

/// Whether keys are still to be replaced.
pub(in crate::store) async fn is_unfinished(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(TABLES).fetch_optional(connection).await?.is_some())
}

/// Replaces all keys by ids, of which some are left. The caller holds the lease.
pub(in crate::store) async fn replace_keys(connection: &mut AnyConnection, clock: &dyn Clock) -> Result<(), StoreError> {
    let now = clock.now();
    connection.execute("begin immediate").await?;
    let replaced = replace_all(connection, now).await;
    // A rollback that fails leaves nothing behind either: the connection is closed.
    connection.execute(if replaced.is_ok() { "commit" } else { "rollback" }).await?;
    replaced
}

async fn replace_all(connection: &mut AnyConnection, now: u64) -> Result<(), StoreError> {
    // Rows that refer to each other by the key change it one after the other.
    connection.execute("pragma defer_foreign_keys = on").await?;
    let mut known = Vec::new();
    for row in sqlx::query(KEYS).fetch_all(&mut *connection).await? {
        known.push(Known::of(row.try_get("key")?, connection).await?);
    }
    // Where a folder had two keys, for one time the hash was shorter, it belongs to the one that was used last.
    known.sort_by(|one, other| (Reverse(&one.place), &one.key).cmp(&(Reverse(&other.place), &other.key)));
    for key in &known {
        key.replace(connection, now).await?;
    }
    connection.execute("drop table project_keys").await?;
    Ok(())
}

/// What is known of a key.
struct Known {
    key: String,
    /// When its last root began, and in which folder.
    place: Option<(i64, String)>,
    first_run: Option<i64>,
}

impl Known {
    async fn of(key: String, connection: &mut AnyConnection) -> Result<Self, StoreError> {
        let first_run = sqlx::query(FIRST_RUN).bind(&*key).fetch_one(&mut *connection).await?.try_get(0)?;
        let row = sqlx::query(LAST_PLACE).bind(&*key).fetch_optional(connection).await?;
        let place = row.map(|row| Ok::<_, StoreError>((row.try_get("created_at")?, row.try_get("workspace")?))).transpose()?;
        Ok(Self { key, place, first_run })
    }

    async fn replace(&self, connection: &mut AnyConnection, now: u64) -> Result<(), StoreError> {
        let known = all(connection).await?;
        let name = unique_name(&name_of_key(&self.key), |name| is_taken(name, &known));
        let created_at = self.first_run.unwrap_or_else(|| stored(now));
        let id = id_of(&self.key, created_at.unsigned_abs());
        let state = if self.first_run.is_some() { ProjectState::Active } else { ProjectState::Inactive };
        let query = sqlx::query(ADD).bind(&*id).bind(name).bind(state.as_str()).bind(&*self.key).bind(created_at);
        query.bind(stored(now)).execute(&mut *connection).await?;
        if let Some((_, folder)) = &self.place {
            sqlx::query(ADD_FOLDER).bind(&**folder).bind(&*id).bind(created_at).execute(&mut *connection).await?;
        }
        for statement in REPLACE {
            sqlx::query(statement).bind(&*self.key).bind(&*id).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// A UUIDv7 of the time the project was first used. The same key gives the same id, so no random numbers are needed here.
fn id_of(key: &str, at: u64) -> String {
    let digest = blake3::hash(key.as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&digest.as_bytes()[..10]);
    uuid::Builder::from_unix_timestamp_millis(at, &random).into_uuid().to_string()
}
