//! The table `state`: documents with versions. Knows no run and no grant.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::interfaces::state::{DocumentScope, Documents, DocumentsError, Versioned};

/// What errors call it.
const STATE: &str = "the state of the project";

const TABLE: &str = "state";
const FIND: &str = "select version, value, writer from state where project = $1 and bucket = $2 and key = $3";
const SET: &str = "insert into state (project, bucket, key, version, value, writer, updated_at) values ($1, $2, $3, $4, $5, $6, $7) \
    on conflict (project, bucket, key) do update set version = excluded.version, value = excluded.value, writer = excluded.writer, \
    updated_at = excluded.updated_at";
const DELETE: &str = "update state set value = null, updated_at = $4 where project = $1 and bucket = $2 and key = $3 and value is not null";
/// Not `like`, which would take a `%` of the prefix for more than itself, and a capital for a small letter.
const KEYS: &str = "select key from state where project = $1 and bucket = $2 and value is not null and substr(key, 1, $3) = $4";

#[async_trait]
impl Documents for Store {
    async fn get(&self, place: DocumentScope<'_>) -> Result<Option<Versioned>, DocumentsError> {
        let query = sqlx::query(FIND).bind(place.project).bind(place.bucket).bind(place.key);
        let row = query.fetch_optional(&self.reads).await.map_err(reading(STATE))?;
        Ok(row.as_ref().map(document).transpose().map(Option::flatten).map_err(reading(STATE))?)
    }

    async fn set(&self, place: DocumentScope<'_>, value: &Value, expected: Option<u64>, writer: &str) -> Result<u64, DocumentsError> {
        let change = Set { place: place.into(), value: value.to_string(), expected, writer: writer.to_owned() };
        self.queue.change(change).await.map_err(writing(STATE))?
    }

    async fn delete(&self, place: DocumentScope<'_>) -> Result<(), DocumentsError> {
        Ok(self.queue.change(Delete { place: place.into() }).await.map_err(writing(STATE))?)
    }

    async fn keys(&self, project: &str, bucket: &str, prefix: &str) -> Result<Vec<String>, DocumentsError> {
        let characters = stored(prefix.chars().count() as u64);
        let query = sqlx::query(KEYS).bind(project).bind(bucket).bind(characters).bind(prefix);
        let rows = query.fetch_all(&self.reads).await.map_err(reading(STATE))?;
        let keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>();
        let mut keys = keys.map_err(reading(STATE))?;
        // Here, because databases do not agree on an order of text.
        keys.sort();
        Ok(keys)
    }
}

struct OwnedPlace {
    project: String,
    bucket: String,
    key: String,
}

impl From<DocumentScope<'_>> for OwnedPlace {
    fn from(place: DocumentScope<'_>) -> Self {
        Self { project: place.project.to_owned(), bucket: place.bucket.to_owned(), key: place.key.to_owned() }
    }
}

struct Set {
    place: OwnedPlace,
    value: String,
    expected: Option<u64>,
    writer: String,
}

#[async_trait]
impl Change for Set {
    type Outcome = Result<u64, DocumentsError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let query = sqlx::query(FIND).bind(&*self.place.project).bind(&*self.place.bucket).bind(&*self.place.key);
        let row = query.fetch_optional(&mut *step.connection).await?;
        let (version, found) = match &row {
            None => (0, 0),
            Some(row) => {
                let version = read_number(row, "version")?;
                if row.try_get::<&str, _>("writer")? == self.writer {
                    return Ok(Ok(version));
                }
                (version, document(row)?.map_or(0, |_| version))
            }
        };
        if let Some(expected) = self.expected.filter(|expected| *expected != found) {
            return Ok(Err(DocumentsError::Conflict { key: self.place.key.clone(), expected, found }));
        }
        let query = sqlx::query(SET).bind(&*self.place.project).bind(&*self.place.bucket).bind(&*self.place.key);
        let query = query.bind(stored(version + 1)).bind(&*self.value).bind(&*self.writer).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        Ok(Ok(version + 1))
    }
}

struct Delete {
    place: OwnedPlace,
}

#[async_trait]
impl Change for Delete {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let query = sqlx::query(DELETE).bind(&*self.place.project).bind(&*self.place.bucket).bind(&*self.place.key);
        query.bind(stored(step.now)).execute(&mut *step.connection).await?;
        Ok(())
    }
}

/// The document of a row; none once it was deleted.
fn document(row: &AnyRow) -> Result<Option<Versioned>, StoreError> {
    let Some(text) = row.try_get::<Option<&str>, _>("value")? else { return Ok(None) };
    let value = serde_json::from_str(text).map_err(|error| StoreError::row(TABLE, error))?;
    Ok(Some(Versioned { value, version: read_number(row, "version")? }))
}
