//! The table `kept_answers`: what requests were answered that must not be done twice. Knows no request.

use async_trait::async_trait;
use sqlx::Row;

use super::{
    Store, StoreError,
    error::writing,
    number::stored,
    queue::{Change, Step},
};
use crate::{
    errors::StorageError,
    kernel::kept_answers::{Claimed, KeptAnswers, RequestKey},
};

/// What errors call it.
const ANSWERS: &str = "the answers to requests";
/// Milliseconds for which an answer is kept.
const A_DAY: u64 = 24 * 60 * 60 * 1_000;

const EXPIRE: &str = "delete from kept_answers where created_at <= $1";
const CLAIM: &str = "insert into kept_answers (caller, request_key, request, process, created_at) values ($1, $2, $3, $4, $5) \
    on conflict (caller, request_key) do nothing";
const FIND: &str = "select request, process, answer from kept_answers where caller = $1 and request_key = $2";
const KEEP: &str = "update kept_answers set answer = $3 where caller = $1 and request_key = $2";
const RELEASE: &str = "delete from kept_answers where caller = $1 and request_key = $2 and answer is null";

#[async_trait]
impl KeptAnswers for Store {
    async fn claim(&self, key: &RequestKey, request: &str, process: &str) -> Result<Claimed, StorageError> {
        let claim = Claim { key: key.clone(), request: request.to_owned(), process: process.to_owned() };
        self.queue.change(claim).await.map_err(writing(ANSWERS))
    }

    async fn keep(&self, key: &RequestKey, answer: &str) -> Result<(), StorageError> {
        self.queue.change(Keep(key.clone(), answer.to_owned())).await.map_err(writing(ANSWERS))
    }

    async fn release(&self, key: &RequestKey) -> Result<(), StorageError> {
        self.queue.change(Release(key.clone())).await.map_err(writing(ANSWERS))
    }
}

struct Claim {
    key: RequestKey,
    request: String,
    process: String,
}

#[async_trait]
impl Change for Claim {
    type Outcome = Claimed;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Claimed, StoreError> {
        let Self { key: RequestKey { caller, key }, request, process } = self;
        sqlx::query(EXPIRE).bind(stored(step.now.saturating_sub(A_DAY))).execute(&mut *step.connection).await?;
        let query = sqlx::query(CLAIM).bind(&**caller).bind(&**key).bind(&**request).bind(&**process).bind(stored(step.now));
        if query.execute(&mut *step.connection).await?.rows_affected() > 0 {
            return Ok(Claimed::New);
        }
        let row = sqlx::query(FIND).bind(&**caller).bind(&**key).fetch_one(&mut *step.connection).await?;
        let (known, began): (String, String) = (row.try_get("request")?, row.try_get("process")?);
        Ok(match row.try_get::<Option<String>, _>("answer")? {
            _ if known != *request => Claimed::Other,
            Some(answer) => Claimed::Answered(answer),
            None if began == *process => Claimed::InFlight,
            None => Claimed::Interrupted,
        })
    }
}

struct Keep(RequestKey, String);

#[async_trait]
impl Change for Keep {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Self(RequestKey { caller, key }, answer) = self;
        sqlx::query(KEEP).bind(&**caller).bind(&**key).bind(&**answer).execute(&mut *step.connection).await?;
        Ok(())
    }
}

struct Release(RequestKey);

#[async_trait]
impl Change for Release {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Self(RequestKey { caller, key }) = self;
        sqlx::query(RELEASE).bind(&**caller).bind(&**key).execute(&mut *step.connection).await?;
        Ok(())
    }
}
