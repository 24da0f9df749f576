//! The tables `sessions` and `used_refreshes`: what continues a session, once each.

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
    ACCOUNTS, users,
};
use crate::{
    accounts::{NewSession, Refreshed, Session, SessionOfUser, Sessions, events::RefreshReused},
    actor::Actor,
    errors::StorageError,
    events::Draft,
};

/// Sessions of one user. The oldest ends when one more begins.
const MOST_OF_ONE: i64 = 100;
/// Refreshes of one session whose secrets are remembered. An older one is unknown, and as little accepted.
const REMEMBERED: i64 = 1_000;

const FIND: &str = "select id, user_id, generation, address, created_at, refreshed_at, expires_at, revoked_at from sessions where id = $1";
const FIND_BY_REFRESH: &str =
    "select id, user_id, generation, address, created_at, refreshed_at, expires_at, revoked_at from sessions where refresh = $1";
const FIND_BY_USED: &str = "select session from used_refreshes where hash = $1";
const ADD: &str = "insert into sessions (id, user_id, refresh, generation, address, created_at, refreshed_at, expires_at) \
    values ($1, $2, $3, 0, $4, $5, $5, $6)";
const ROTATE: &str = "update sessions set refresh = $2, generation = generation + 1, refreshed_at = $3, expires_at = $4 where id = $1";
const REMEMBER: &str = "insert into used_refreshes (hash, session, generation) values ($1, $2, $3)";
const FORGET_REMEMBERED: &str = "delete from used_refreshes where session = $1 and generation <= $2";
const REVOKE: &str = "update sessions set revoked_at = $2 where id = $1 and revoked_at is null";
const SURPLUS: &str = "select id from sessions where user_id = $1 order by created_at desc limit 1000 offset $2";
const FORGET_EXPIRED: [&str; 2] = [
    "delete from used_refreshes where session in (select id from sessions where expires_at <= $1)",
    "delete from sessions where expires_at <= $1",
];
const FORGET: [&str; 2] = ["delete from used_refreshes where session = $1", "delete from sessions where id = $1"];

#[async_trait]
impl Sessions for Store {
    async fn add_session(&self, session: &NewSession, events: Vec<Draft>) -> Result<(), StorageError> {
        let add = Add { session: session.clone(), events: NewEvent::all(events) };
        self.queue.change(add).await.map_err(writing(ACCOUNTS))
    }

    async fn find_session(&self, id: &str) -> Result<Option<SessionOfUser>, StorageError> {
        let read = async || -> Result<Option<SessionOfUser>, StoreError> {
            let connection = &mut *self.reads.acquire().await?;
            let Some(row) = sqlx::query(FIND).bind(id).fetch_optional(&mut *connection).await? else { return Ok(None) };
            of_user(&row, connection).await
        };
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn refresh(&self, used: &str, next: &str, expires_at: u64, by: &Actor) -> Result<Refreshed, StorageError> {
        let refresh = Refresh { used: used.to_owned(), next: next.to_owned(), expires_at, by: by.clone() };
        self.queue.change(refresh).await.map_err(writing(ACCOUNTS))
    }

    async fn revoke_session(&self, id: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        let revoke = Revoke { id: id.to_owned(), events: NewEvent::all(events) };
        self.queue.change(revoke).await.map_err(writing(ACCOUNTS))
    }
}

struct Add {
    session: NewSession,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Add {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let NewSession { id, user, refresh, expires_at, address } = &self.session;
        for statement in FORGET_EXPIRED {
            sqlx::query(statement).bind(stored(step.now)).execute(&mut *step.connection).await?;
        }
        let surplus = sqlx::query(SURPLUS).bind(&**user).bind(MOST_OF_ONE - 1).fetch_all(&mut *step.connection).await?;
        for row in surplus {
            for statement in FORGET {
                sqlx::query(statement).bind(row.try_get::<&str, _>("id")?).execute(&mut *step.connection).await?;
            }
        }
        let query = sqlx::query(ADD).bind(&**id).bind(&**user).bind(&**refresh).bind(address.as_deref());
        query.bind(stored(step.now)).bind(stored(*expires_at)).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

struct Refresh {
    used: String,
    next: String,
    expires_at: u64,
    by: Actor,
}

#[async_trait]
impl Change for Refresh {
    type Outcome = Refreshed;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Refreshed, StoreError> {
        let row = sqlx::query(FIND_BY_REFRESH).bind(&*self.used).fetch_optional(&mut *step.connection).await?;
        let Some(row) = row else { return self.end_reused(step).await };
        let found = of_user(&row, step.connection).await?;
        let holds = |found: &SessionOfUser| {
            found.session.revoked_at.is_none() && found.session.expires_at > step.now && found.user.disabled_at.is_none()
        };
        let Some(mut found) = found.filter(holds) else { return Ok(Refreshed::Unknown) };
        let (id, generation) = (&*found.session.id, row.try_get::<i64, _>("generation")?);
        sqlx::query(REMEMBER).bind(&*self.used).bind(id).bind(generation).execute(&mut *step.connection).await?;
        sqlx::query(FORGET_REMEMBERED).bind(id).bind(generation - REMEMBERED).execute(&mut *step.connection).await?;
        let query = sqlx::query(ROTATE).bind(id).bind(&*self.next).bind(stored(step.now)).bind(stored(self.expires_at));
        query.execute(&mut *step.connection).await?;
        (found.session.refreshed_at, found.session.expires_at) = (step.now, self.expires_at);
        Ok(Refreshed::Rotated(Box::new(found)))
    }
}

impl Refresh {
    /// Ends the session of a secret that was used before.
    async fn end_reused(&self, step: &mut Step<'_>) -> Result<Refreshed, StoreError> {
        let Some(row) = sqlx::query(FIND_BY_USED).bind(&*self.used).fetch_optional(&mut *step.connection).await? else {
            return Ok(Refreshed::Unknown);
        };
        let id: &str = row.try_get("session")?;
        if !revoke(id, step).await? {
            // It is told once.
            return Ok(Refreshed::Reused);
        }
        if let Some(row) = sqlx::query(FIND).bind(id).fetch_optional(&mut *step.connection).await?
            && let Some(SessionOfUser { session, user }) = of_user(&row, step.connection).await?
        {
            let reused = RefreshReused { user: user.id, name: user.name, session: session.id };
            step.events.extend(NewEvent::all(vec![Draft::of_host(&reused).by(&self.by)]));
        }
        Ok(Refreshed::Reused)
    }
}

struct Revoke {
    id: String,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Revoke {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let was_there = revoke(&self.id, step).await?;
        if was_there {
            step.events.extend(self.events.iter().cloned());
        }
        Ok(was_there)
    }
}

/// Whether it had not ended before.
async fn revoke(id: &str, step: &mut Step<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query(REVOKE).bind(id).bind(stored(step.now)).execute(&mut *step.connection).await?;
    Ok(done.rows_affected() > 0)
}

async fn of_user(row: &AnyRow, connection: &mut AnyConnection) -> Result<Option<SessionOfUser>, StoreError> {
    let session = session(row)?;
    Ok(users::find(&session.user, connection).await?.map(|user| SessionOfUser { session, user }))
}

fn session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.try_get("id")?,
        user: row.try_get("user_id")?,
        created_at: read_number(row, "created_at")?,
        refreshed_at: read_number(row, "refreshed_at")?,
        expires_at: read_number(row, "expires_at")?,
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(i64::unsigned_abs),
        address: row.try_get("address")?,
    })
}
