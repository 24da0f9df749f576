//! Gives a run another version of its plugin, in one step with all that this means for it. Judges no version.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError,
        events::NewEvent,
        number::stored,
        queue::{Change, Step},
        waiting,
    },
    change::{Reopen, RequestCancel},
    giving_up::give_up_calls,
    unfinished,
};
use crate::{
    actor::Actor,
    journal::RunId,
    kernel::run::{CancelCause, Repin, Run},
};

/// The state is compared in a form that no index has: the run is found by its id.
const IS_AS_SEEN: &str = "select count(*) from runs where id = $1 and state || '' = $2 and updated_at = $3 and plugin_hash = $4";
const REPIN: &str = "update runs set plugin_version = $2, plugin_hash = $3, state = 'queued', state_detail = null, wake_at = null, \
    trapped_at = null, updated_at = $4 where id = $1";
/// What these calls of a run started and what has not ended.
const CHILDREN: &str = concat!(
    "select id from runs where parent_id = $1 and parent_seq >= $2 \
    and state || '' in ",
    unfinished!()
);

/// A run as it was seen, by what changes whenever it does.
struct Seen {
    id: RunId,
    state: &'static str,
    updated_at: u64,
    hash: String,
}

impl Seen {
    fn of(run: &Run) -> Self {
        Self { id: run.id.clone(), state: run.state.as_str(), updated_at: run.updated_at, hash: run.plugin_hash.clone() }
    }

    async fn is_unchanged(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        let query = sqlx::query(IS_AS_SEEN).bind(self.id.as_str()).bind(self.state).bind(stored(self.updated_at)).bind(&*self.hash);
        Ok(query.fetch_one(connection).await?.try_get::<i64, _>(0)? == 1)
    }
}

pub(super) struct Repinning {
    run: Seen,
    parent: Option<Seen>,
    version: String,
    hash: String,
    given_up_from: u64,
    reopened: Reopen,
    events: Vec<Arc<NewEvent>>,
}

impl Repinning {
    pub(super) fn new(repin: Repin<'_>, events: Vec<Arc<NewEvent>>) -> Self {
        let Repin { run, parent, version, hash, given_up_from, reopened } = repin;
        let (version, hash) = (version.to_owned(), hash.to_owned());
        let reopened = Reopen { calls: reopened.to_vec(), events: Vec::new() };
        Self { run: Seen::of(run), parent: parent.map(Seen::of), version, hash, given_up_from, reopened, events }
    }

    async fn is_as_seen(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        Ok(self.run.is_unchanged(connection).await?
            && match &self.parent {
                Some(parent) => parent.is_unchanged(connection).await?,
                None => true,
            })
    }
}

#[async_trait]
impl Change for Repinning {
    type Outcome = bool;

    fn run(&self) -> Option<&RunId> {
        Some(&self.run.id)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        if !self.is_as_seen(&mut *step.connection).await? {
            return Ok(false);
        }
        let id = &self.run.id;
        let pin = sqlx::query(REPIN).bind(id.as_str()).bind(&*self.version).bind(&*self.hash).bind(stored(step.now));
        pin.execute(&mut *step.connection).await?;
        waiting::forget(id, step.connection).await?;
        give_up_calls(id, self.given_up_from, step).await?;
        self.reopened.apply(step).await?;
        cancel_children(id, self.given_up_from, step).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

/// Asks that the runs which these calls started be cancelled: their answers would go nowhere, also where the host is killed
/// before it has ended them.
async fn cancel_children(run: &RunId, from: u64, step: &mut Step<'_>) -> Result<(), StoreError> {
    let children = sqlx::query(CHILDREN).bind(run.as_str()).bind(stored(from)).fetch_all(&mut *step.connection).await?;
    for child in children {
        let id = RunId::from_text(child.try_get::<String, _>("id")?);
        RequestCancel { id, cause: CancelCause::Run, at_once: false, by: Actor::system() }.apply(step).await?;
    }
    Ok(())
}
