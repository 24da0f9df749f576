//! The table `published`: what each run shows. Never looks into a value.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    interfaces::published::{CALL, MOST_KEYS, Publication, PublishError, Published, shown_before},
    journal::RunId,
};

/// What errors call it.
const PUBLISHED: &str = "the published values of the run";

const TABLE: &str = "published";
const COUNT_OTHERS: &str = "select count(*) from published where run_id = $1 and key <> $2";
const SET: &str = "insert into published (run_id, key, value, at) values ($1, $2, $3, $4) \
    on conflict (run_id, key) do update set value = excluded.value, at = excluded.at";
const REMOVE: &str = "delete from published where run_id = $1 and key = $2";
const LIST: &str = "select key, value, at from published where run_id = $1";

#[async_trait]
impl Published for Store {
    async fn publish(&self, run: &RunId, key: &str, value: &Value) -> Result<(), PublishError> {
        let value = (!value.is_null()).then(|| value.to_string());
        self.queue.change(Publish { run: run.clone(), key: key.to_owned(), value }).await.map_err(writing(PUBLISHED))?
    }

    async fn published(&self, run: &RunId) -> Result<Vec<Publication>, PublishError> {
        let rows = sqlx::query(LIST).bind(run.as_str()).fetch_all(&self.reads).await.map_err(reading(PUBLISHED))?;
        let mut shown = rows.iter().map(parse_publication).collect::<Result<Vec<_>, _>>().map_err(reading(PUBLISHED))?;
        shown.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(shown)
    }
}

impl Store {
    /// What a run showed before it made call `at`, for a fork that begins there.
    pub(super) async fn shown_before(&self, run: &RunId, at: u64) -> Result<Vec<Publication>, StoreError> {
        let rows = sqlx::query(LIST).bind(run.as_str()).fetch_all(&self.reads).await?;
        let shown = rows.iter().map(parse_publication).collect::<Result<_, _>>()?;
        Ok(shown_before(at, &self.load_calls(run, CALL).await?, shown))
    }
}

/// Has a run show what another showed.
pub(super) async fn copy(run: &RunId, shown: &[Publication], connection: &mut AnyConnection) -> Result<(), StoreError> {
    for Publication { key, value, at } in shown {
        let query = sqlx::query(SET).bind(run.as_str()).bind(&**key).bind(value.to_string()).bind(stored(*at));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

struct Publish {
    run: RunId,
    key: String,
    /// None removes it.
    value: Option<String>,
}

#[async_trait]
impl Change for Publish {
    type Outcome = Result<(), PublishError>;

    fn run(&self) -> Option<&RunId> {
        Some(&self.run)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(value) = &self.value else {
            sqlx::query(REMOVE).bind(self.run.as_str()).bind(&*self.key).execute(&mut *step.connection).await?;
            return Ok(Ok(()));
        };
        let others = sqlx::query(COUNT_OTHERS).bind(self.run.as_str()).bind(&*self.key).fetch_one(&mut *step.connection).await?;
        if others.try_get::<i64, _>(0)?.unsigned_abs() >= MOST_KEYS {
            return Ok(Err(PublishError::Full));
        }
        let query = sqlx::query(SET).bind(self.run.as_str()).bind(&*self.key).bind(&**value).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        Ok(Ok(()))
    }
}

fn parse_publication(row: &AnyRow) -> Result<Publication, StoreError> {
    Ok(Publication {
        key: row.try_get("key")?,
        value: serde_json::from_str(row.try_get("value")?).map_err(|error| StoreError::row(TABLE, error))?,
        at: read_number(row, "at")?,
    })
}
