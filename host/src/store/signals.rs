//! The table `signals`: what operators sent to runs, and which call took it. Decides nothing about who may send.

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
    waiting,
};
use crate::{
    actor::Actor,
    events::Draft,
    interfaces::signals::{self, MOST_UNTAKEN, Signal, SignalError, Signals},
    journal::RunId,
    kernel::events::SignalSent,
    kernel::run::State,
};

/// What errors call it.
const SIGNALS: &str = "the signals";

const TABLE: &str = "signals";
const STATE_OF_RUN: &str = "select state, cancel_requested_at from runs where id = $1";
const COUNT_UNTAKEN: &str = "select count(*) from signals where run_id = $1 and taken_by is null";
const LAST_PLACE: &str = "select coalesce(max(place), 0) from signals where run_id = $1";
const SEND: &str = "insert into signals (run_id, place, name, value, sent_at, sent_by) values ($1, $2, $3, $4, $5, $6)";
const TAKEN_BY: &str = "select place, name, value, sent_at, sent_by from signals where run_id = $1 and taken_by = $2";
const OLDEST: &str = "select place, name, value, sent_at, sent_by from signals where run_id = $1 and name = $2 and taken_by is null \
    order by place limit 1";
const TAKE: &str = "update signals set taken_by = $1 where run_id = $2 and place = $3";
/// What a call took that was given up is there again for the next that asks.
const GIVE_BACK: &str = "update signals set taken_by = null where run_id = $1 and taken_by >= $2";
const UNTAKEN: &str = "select place, name, value, sent_at, sent_by from signals where run_id = $1 and taken_by is null order by place";

#[async_trait]
impl Signals for Store {
    async fn send(&self, run: &RunId, name: &str, value: &Value, by: &Actor) -> Result<(), SignalError> {
        signals::check(name, value)?;
        let change = Send { run: run.clone(), name: name.to_owned(), value: value.to_string(), by: by.clone() };
        self.queue.change(change).await.map_err(writing(SIGNALS))?
    }

    async fn take(&self, run: &RunId, name: &str, seq: u64) -> Result<Option<Signal>, SignalError> {
        Ok(self.queue.change(Take { run: run.clone(), name: name.to_owned(), seq }).await.map_err(writing(SIGNALS))?)
    }

    async fn find_taken(&self, run: &RunId, seq: u64) -> Result<Option<Signal>, SignalError> {
        let row = sqlx::query(TAKEN_BY).bind(run.as_str()).bind(stored(seq)).fetch_optional(&self.reads).await;
        Ok(row.map_err(reading(SIGNALS))?.as_ref().map(signal).transpose().map_err(reading(SIGNALS))?)
    }

    async fn untaken(&self, run: &RunId) -> Result<Vec<Signal>, SignalError> {
        let rows = sqlx::query(UNTAKEN).bind(run.as_str()).fetch_all(&self.reads).await.map_err(reading(SIGNALS))?;
        Ok(rows.iter().map(signal).collect::<Result<_, _>>().map_err(reading(SIGNALS))?)
    }
}

/// Gives back what call `first` of a run and those after it took.
pub(super) async fn give_back(run: &RunId, first: u64, connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query(GIVE_BACK).bind(run.as_str()).bind(stored(first)).execute(connection).await?;
    Ok(())
}

/// Sends a signal without a value of Baton's own, unless one of that name waits for the run already, or nothing would take it.
pub(super) async fn send_once(run: &RunId, name: &str, step: &mut Step<'_>) -> Result<(), StoreError> {
    if waiting::is_signal_there(run, name, step.connection).await? {
        return Ok(());
    }
    let send = Send { run: run.clone(), name: name.to_owned(), value: json!(null).to_string(), by: Actor::system() };
    if send.refusal(step.connection).await?.is_none() {
        send.put(step).await?;
    }
    Ok(())
}

struct Send {
    run: RunId,
    name: String,
    value: String,
    by: Actor,
}

#[async_trait]
impl Change for Send {
    type Outcome = Result<(), SignalError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        if let Some(refusal) = self.refusal(step.connection).await? {
            return Ok(Err(refusal));
        }
        let place = self.put(step).await?;
        let sent = SignalSent { signal: self.name.clone(), place, bytes: self.value.len() as u64 };
        step.events.extend(NewEvent::all(vec![Draft::of_run(&self.run, &sent).by(&self.by)]));
        Ok(Ok(()))
    }
}

impl Send {
    async fn put(&self, step: &mut Step<'_>) -> Result<u64, StoreError> {
        let place = number(sqlx::query(LAST_PLACE).bind(self.run.as_str()).fetch_one(&mut *step.connection).await?)? + 1;
        let query = sqlx::query(SEND).bind(self.run.as_str()).bind(stored(place)).bind(&*self.name).bind(&*self.value);
        query.bind(stored(step.now)).bind(&*self.by.name).execute(&mut *step.connection).await?;
        waiting::wake(&waiting::signal_key(&self.run, &self.name), step).await?;
        Ok(place)
    }

    async fn refusal(&self, connection: &mut AnyConnection) -> Result<Option<SignalError>, StoreError> {
        let Some(row) = sqlx::query(STATE_OF_RUN).bind(self.run.as_str()).fetch_optional(&mut *connection).await? else {
            return Ok(Some(SignalError::NoRun(self.run.clone())));
        };
        let state: String = row.try_get(0)?;
        if !State::UNFINISHED.contains(&&*state) {
            return Ok(Some(SignalError::Ended { run: self.run.clone(), state }));
        }
        if row.try_get::<Option<i64>, _>(1)?.is_some() {
            return Ok(Some(SignalError::Cancelling(self.run.clone())));
        }
        let untaken = number(sqlx::query(COUNT_UNTAKEN).bind(self.run.as_str()).fetch_one(&mut *connection).await?)?;
        if untaken < MOST_UNTAKEN {
            return Ok(None);
        }
        // One that is taken at once fills nothing, and signals of another name do not keep a run from what it waits for.
        let is_awaited = waiting::is_awaited(&waiting::signal_key(&self.run, &self.name), connection).await?;
        Ok((!is_awaited).then(|| SignalError::TooMany(self.run.clone())))
    }
}

struct Take {
    run: RunId,
    name: String,
    seq: u64,
}

#[async_trait]
impl Change for Take {
    type Outcome = Option<Signal>;

    fn run(&self) -> Option<&RunId> {
        Some(&self.run)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let taken = sqlx::query(TAKEN_BY).bind(self.run.as_str()).bind(stored(self.seq)).fetch_optional(&mut *step.connection).await?;
        if let Some(row) = taken {
            return signal(&row).map(Some);
        }
        let oldest = sqlx::query(OLDEST).bind(self.run.as_str()).bind(&*self.name).fetch_optional(&mut *step.connection).await?;
        let Some(signal) = oldest.as_ref().map(signal).transpose()? else { return Ok(None) };
        let take = sqlx::query(TAKE).bind(stored(self.seq)).bind(self.run.as_str()).bind(stored(signal.place));
        take.execute(&mut *step.connection).await?;
        Ok(Some(signal))
    }
}

fn signal(row: &AnyRow) -> Result<Signal, StoreError> {
    Ok(Signal {
        place: read_number(row, "place")?,
        name: row.try_get("name")?,
        value: serde_json::from_str(row.try_get("value")?).map_err(|error| StoreError::row(TABLE, error))?,
        sent_at: read_number(row, "sent_at")?,
        sent_by: row.try_get("sent_by")?,
    })
}

fn number(row: AnyRow) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
}
