//! The table `tokens`.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use sqlx::{Row, any::AnyRow};

use super::{
    super::{
        Store, StoreError,
        error::{reading, writing},
        events::NewEvent,
        number::{read_number, stored},
        queue::{Change, Step},
    },
    ACCOUNTS, users,
};
use crate::{
    accounts::{AccountError, NewToken, Token, TokenOfUser, Tokens},
    errors::StorageError,
    events::Draft,
};

/// Tokens of one user that have not ended.
const MOST_OF_ONE: u32 = 100;
/// How long a token is listed that has ended.
const LISTED_MS: u64 = 90 * 24 * 60 * 60_000;

const TABLE: &str = "tokens";
const ALL: &str = "select id, user_id, name, permissions, projects, created_at, expires_at, last_used_at, revoked_at from tokens";
const OF_USER: &str =
    "select id, user_id, name, permissions, projects, created_at, expires_at, last_used_at, revoked_at from tokens where user_id = $1";
const FIND: &str =
    "select id, user_id, name, permissions, projects, created_at, expires_at, last_used_at, revoked_at from tokens where hash = $1";
const FIND_BY_ID: &str =
    "select id, user_id, name, permissions, projects, created_at, expires_at, last_used_at, revoked_at from tokens where id = $1";
const ADD: &str = "insert into tokens (id, user_id, name, hash, permissions, projects, created_at, expires_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $8)";
const REVOKE: &str = "update tokens set revoked_at = $2 where id = $1 and revoked_at is null";
const TOUCH: &str = "update tokens set last_used_at = $2 where id = $1";
const FORGET: &str = "delete from tokens where revoked_at <= $1 or expires_at <= $1";

#[async_trait]
impl Tokens for Store {
    async fn tokens(&self, user: Option<&str>) -> Result<Vec<Token>, StorageError> {
        let query = user.map_or_else(|| sqlx::query(ALL), |user| sqlx::query(OF_USER).bind(user));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(ACCOUNTS))?;
        rows.iter().map(token).collect::<Result<_, _>>().map_err(reading(ACCOUNTS))
    }

    async fn find_token(&self, hash: &str) -> Result<Option<TokenOfUser>, StorageError> {
        self.load_token(FIND, hash).await.map_err(reading(ACCOUNTS))
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<TokenOfUser>, StorageError> {
        self.load_token(FIND_BY_ID, id).await.map_err(reading(ACCOUNTS))
    }

    async fn add_token(&self, token: &NewToken, events: Vec<Draft>) -> Result<Token, AccountError> {
        let add = Add { token: token.clone(), events: NewEvent::all(events) };
        self.queue.change(add).await.map_err(writing(ACCOUNTS))?
    }

    async fn revoke_token(&self, id: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        let revoke = Revoke { id: id.to_owned(), events: NewEvent::all(events) };
        self.queue.change(revoke).await.map_err(writing(ACCOUNTS))
    }

    async fn touch_token(&self, id: &str) -> Result<(), StorageError> {
        self.queue.change(Touch(id.to_owned())).await.map_err(writing(ACCOUNTS))
    }
}

impl Store {
    async fn load_token(&self, statement: &'static str, key: &str) -> Result<Option<TokenOfUser>, StoreError> {
        let connection = &mut *self.reads.acquire().await?;
        let Some(row) = sqlx::query(statement).bind(key).fetch_optional(&mut *connection).await? else { return Ok(None) };
        let token = token(&row)?;
        Ok(users::find(&token.user, connection).await?.map(|user| TokenOfUser { token, user }))
    }
}

struct Add {
    token: NewToken,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Add {
    type Outcome = Result<Token, AccountError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let NewToken { token, hash } = &self.token;
        if users::find(&token.user, step.connection).await?.is_none() {
            return Ok(Err(AccountError::NoUser(token.user.clone())));
        }
        sqlx::query(FORGET).bind(stored(step.now.saturating_sub(LISTED_MS))).execute(&mut *step.connection).await?;
        let live: Vec<Token> = live(&token.user, step).await?;
        if live.iter().any(|other| other.name == token.name) {
            return Ok(Err(AccountError::TokenNameTaken(token.name.clone())));
        }
        if live.len() >= MOST_OF_ONE as usize {
            return Ok(Err(AccountError::TooManyTokens(MOST_OF_ONE)));
        }
        let projects = token.projects.as_ref().map(|projects| serde_json::json!(projects).to_string());
        let query = sqlx::query(ADD).bind(&*token.id).bind(&*token.user).bind(&*token.name).bind(&**hash);
        let query = query.bind(token.permissions.as_ref().map(users::permissions_text)).bind(projects);
        query.bind(stored(step.now)).bind(token.expires_at.map(stored)).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(Ok(Token { created_at: step.now, last_used_at: None, revoked_at: None, ..token.clone() }))
    }
}

/// The tokens of a user that have not ended.
async fn live(user: &str, step: &mut Step<'_>) -> Result<Vec<Token>, StoreError> {
    let rows = sqlx::query(OF_USER).bind(user).fetch_all(&mut *step.connection).await?;
    let mut tokens: Vec<Token> = rows.iter().map(token).collect::<Result<_, _>>()?;
    tokens.retain(|token| token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| expires_at > step.now));
    Ok(tokens)
}

struct Revoke {
    id: String,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Revoke {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let done = sqlx::query(REVOKE).bind(&*self.id).bind(stored(step.now)).execute(&mut *step.connection).await?;
        let was_there = done.rows_affected() > 0;
        if was_there {
            step.events.extend(self.events.iter().cloned());
        }
        Ok(was_there)
    }
}

struct Touch(String);

#[async_trait]
impl Change for Touch {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        sqlx::query(TOUCH).bind(&*self.0).bind(stored(step.now)).execute(&mut *step.connection).await?;
        Ok(())
    }
}

fn token(row: &AnyRow) -> Result<Token, StoreError> {
    let time = |column: &str| row.try_get::<Option<i64>, _>(column).map(|time| time.map(i64::unsigned_abs));
    Ok(Token {
        id: row.try_get("id")?,
        user: row.try_get("user_id")?,
        name: row.try_get("name")?,
        permissions: list(row, "permissions")?,
        projects: list(row, "projects")?,
        created_at: read_number(row, "created_at")?,
        expires_at: time("expires_at")?,
        last_used_at: time("last_used_at")?,
        revoked_at: time("revoked_at")?,
    })
}

/// A JSON list, or null for what is not narrowed.
fn list<T: DeserializeOwned + Ord>(row: &AnyRow, column: &str) -> Result<Option<BTreeSet<T>>, StoreError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| StoreError::row(TABLE, error))
}
