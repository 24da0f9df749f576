//! The table `signing_keys`.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    super::{
        Store, StoreError,
        error::{reading, writing},
        events::NewEvent,
        number::{read_number, stored},
        queue::{Change, Step},
    },
    ACCOUNTS,
};
use crate::{
    accounts::{KeyChange, SigningKey, SigningKeys},
    errors::StorageError,
    events::Draft,
};

const TABLE: &str = "signing_keys";
const ALL: &str = "select id, secret, created_at, retired_at from signing_keys";
const CURRENT: &str =
    "select id, secret, created_at, retired_at from signing_keys where retired_at is null order by created_at desc limit 1";
const FIND: &str = "select id, secret, created_at, retired_at from signing_keys where id = $1";
const ADD: &str = "insert into signing_keys (id, secret, created_at) values ($1, $2, $3)";
const RETIRE: &str = "update signing_keys set retired_at = $1 where retired_at is null";
const FORGET_ALL: &str = "delete from signing_keys";
const FORGET: &str = "delete from signing_keys where id = $1";

#[async_trait]
impl SigningKeys for Store {
    async fn signing_key(&self) -> Result<Option<SigningKey>, StorageError> {
        let read = async || current(&mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn find_signing_key(&self, id: &str) -> Result<Option<SigningKey>, StorageError> {
        let read = async || -> Result<Option<SigningKey>, StoreError> {
            sqlx::query(FIND).bind(id).fetch_optional(&self.reads).await?.as_ref().map(signing_key).transpose()
        };
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn add_signing_key(&self, key: &SigningKey, change: KeyChange, events: Vec<Draft>) -> Result<SigningKey, StorageError> {
        let add = Add { key: key.clone(), change, events: NewEvent::all(events) };
        self.queue.change(add).await.map_err(writing(ACCOUNTS))
    }
}

struct Add {
    key: SigningKey,
    change: KeyChange,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Add {
    type Outcome = SigningKey;

    async fn apply(&self, step: &mut Step<'_>) -> Result<SigningKey, StoreError> {
        match self.change {
            KeyChange::IfNone => {
                if let Some(key) = current(step.connection).await? {
                    return Ok(key);
                }
            }
            KeyChange::Retire => {
                sqlx::query(RETIRE).bind(stored(step.now)).execute(&mut *step.connection).await?;
            }
            KeyChange::Forget => {
                sqlx::query(FORGET_ALL).execute(&mut *step.connection).await?;
            }
        }
        for row in sqlx::query(ALL).fetch_all(&mut *step.connection).await? {
            let key = signing_key(&row)?;
            if !key.verifies_at(step.now) {
                sqlx::query(FORGET).bind(&*key.id).execute(&mut *step.connection).await?;
            }
        }
        let query = sqlx::query(ADD).bind(&*self.key.id).bind(hex::encode(&self.key.secret)).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(SigningKey { created_at: step.now, retired_at: None, ..self.key.clone() })
    }
}

async fn current(connection: &mut AnyConnection) -> Result<Option<SigningKey>, StoreError> {
    sqlx::query(CURRENT).fetch_optional(connection).await?.as_ref().map(signing_key).transpose()
}

fn signing_key(row: &AnyRow) -> Result<SigningKey, StoreError> {
    Ok(SigningKey {
        id: row.try_get("id")?,
        // Not with the error, which would tell a part of it.
        secret: hex::decode(row.try_get::<&str, _>("secret")?).map_err(|_| StoreError::row(TABLE, "a key is not hexadecimal"))?,
        created_at: read_number(row, "created_at")?,
        retired_at: row.try_get::<Option<i64>, _>("retired_at")?.map(i64::unsigned_abs),
    })
}
