//! The changes of runs, each one step: a run that waits for another is woken in the transaction in which that ends.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError,
        events::NewEvent,
        number::stored,
        questions,
        queue::{Change, Step},
        waiting,
    },
    ended, giving_up, in_tree, of_tree,
    record::{Detail, States, to_text, workspace},
    tally, unfinished,
};
use crate::{
    actor::Actor,
    events::Draft,
    journal::{Continuation, NOTHING, RunId},
    kernel::events::CancelRequested,
    kernel::run::{Added, CancelCause, Run, State},
};

const ADD: &str = "insert into runs (id, parent_id, parent_seq, root_id, forked_from_id, forked_from_seq, plugin, plugin_version, plugin_hash, \
    kind, input, project, workspace, settings, project_settings, seed, started_at, state, state_detail, wake_at, output, created_at, updated_at, \
    pin, journal_form, shortfall, ceiling, journal_from, slot, item, started_by) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31) \
    on conflict (id) do nothing";
const COPY_PREFIX: &str = "insert into journal (run_id, seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, \
    repeated, asked_at, answered_at) select $1, seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, repeated, \
    asked_at, answered_at from journal where run_id = $2 and seq < $3 and seq > $4";
/// Whatever ended the run before, this end is not known to be a trap.
const MOVE: &str = "update runs set state = $1, state_detail = $2, wake_at = $3, output = coalesce($4, output), updated_at = $5, trapped_at = null, \
    shortfall = coalesce($14, shortfall), failed_call = case when $1 = 'failed' then $15 else failed_call end where id = $6 and state in ($7, $8, $9, $10, $11, $12, $13)";
const WAKE_DUE: &str = "update runs set state = 'queued', state_detail = null, wake_at = null, updated_at = $1 where wake_at <= $2";
const WAKE_DUE_TREE: &str = concat!(
    "update runs set state = 'queued', state_detail = null, wake_at = null, updated_at = $1 where wake_at <= $2 and ",
    in_tree!("id", "$3")
);
const QUEUE_CANCELLED: &str = "update runs set state = 'queued', state_detail = null, wake_at = null where id = $1 \
    and state || '' = 'waiting' and cancel_requested_at is not null";
const REQUEUE: &str = "update runs set state = 'queued', updated_at = $1 where state = 'running'";
const CONTINUE: &str = "update runs set state = $6, state_detail = $7, wake_at = $8, input = $1, started_at = $2, journal_from = $3, \
    updated_at = $4 where id = $5 and state || '' = 'running'";
const ANSWER_CALL: &str = "update journal set state = 'done', answer = $1, answered_at = $2 where run_id = $3 and seq = $4";
const FORGET_CALLS: &str = "delete from journal where run_id = $1 and seq >= $2";
const REOPEN: &str = "update runs set state = 'queued', state_detail = null, wake_at = null, trapped_at = null, cancel_requested_at = null, \
    cancel_cause = null, updated_at = $2 where id = $1 and state || '' = 'failed'";
const REOPEN_ENDED: &str = "update runs set state = 'queued', state_detail = null, wake_at = null, cancel_requested_at = null, \
    cancel_cause = null, updated_at = $2 where id = $1 and state || '' = 'cancelled' and cancel_cause = 'ended'";
/// The call in which a run was told of its cancellation, as it was before: its child or question is found again by its number.
const UNANSWER: &str =
    "update journal set state = 'intended', answer = null, answer_blob = null, answered_at = null where run_id = $1 and seq = $2";
/// A child that is started while the run above it ends, or is being cancelled.
const CANCEL_LATE: &str = concat!(
    "update runs set cancel_requested_at = $2, cancel_cause = 'ended' where id = $1 and exists (select 1 from runs parent \
    where parent.id = runs.parent_id and (parent.cancel_requested_at is not null or parent.state in ",
    ended!(),
    "))"
);
const NOTE_TRAP: &str = "update runs set trapped_at = $2 where id = $1 and state || '' = 'failed'";
/// Where two ended in one moment, the one that succeeded is taken to be the later.
const LAST_ENDS: &str = "select trapped_at from runs where plugin = $1 and plugin_hash = $2 and updated_at > $3 \
    and (state = 'succeeded' or trapped_at is not null) order by updated_at desc, coalesce(trapped_at, 0) limit $4";
const CHANGE_SETTINGS: &str = "update runs set settings = $1, updated_at = $2 where id = $3";
/// The time is multiplied by 0 for one that is to end at once. A run that failed may still be cancelled, which keeps it from being resumed.
const REQUEST_CANCEL: &str = concat!(
    "update runs set cancel_requested_at = $4 * coalesce(cancel_requested_at, $2), cancel_cause = coalesce(cancel_cause, $3) \
    where id = $1 and (state || '' = 'failed' or state || '' in ",
    unfinished!(),
    ")"
);
const CANCEL_BELOW: &str = concat!(
    "update runs set cancel_requested_at = $3 * coalesce(cancel_requested_at, $2), cancel_cause = coalesce(cancel_cause, 'ended') where id <> $1 \
     and state || '' in ",
    unfinished!(),
    " and ",
    in_tree!("id", "$1")
);
const HAS_CHILDREN: &str = "select count(*) from (select 1 from runs where parent_id = $1 limit 1) as child";

pub(in crate::store) struct Add {
    pub(in crate::store) run: Run,
    /// How many runs its tree may have with it.
    pub(in crate::store) most: u64,
    pub(in crate::store) events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Add {
    type Outcome = Added;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Added, StoreError> {
        if self.run.parent.is_some() && tally::limited_runs(&mut *step.connection, &self.run.root).await? >= self.most {
            return Ok(Added::Full);
        }
        if !self.insert(step.connection).await? {
            return Ok(Added::There);
        }
        if self.run.parent.is_some() {
            sqlx::query(CANCEL_LATE).bind(self.run.id.as_str()).bind(stored(step.now)).execute(&mut *step.connection).await?;
        }
        if let Some((source, seq)) = &self.run.forked_from {
            let copy = sqlx::query(COPY_PREFIX)
                .bind(self.run.id.as_str())
                .bind(source.as_str())
                .bind(stored(*seq))
                .bind(stored(self.run.journal_from));
            copy.execute(&mut *step.connection).await?;
        }
        step.events.extend(self.events.iter().cloned());
        Ok(Added::New)
    }
}

impl Add {
    async fn insert(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        let run = &self.run;
        let detail = Detail::of(&run.state)?;
        let output = run.output.as_ref().map(ToString::to_string);
        let ceiling = (!run.ceiling.is_empty()).then(|| to_text(&run.ceiling)).transpose()?;
        let query = sqlx::query(ADD)
            .bind(run.id.as_str())
            .bind(run.parent.as_ref().map(|(id, _)| id.as_str()))
            .bind(run.parent.as_ref().map(|(_, seq)| stored(*seq)))
            .bind(run.root.as_str())
            .bind(run.forked_from.as_ref().map(|(id, _)| id.as_str()))
            .bind(run.forked_from.as_ref().map(|(_, seq)| stored(*seq)))
            .bind(&*run.plugin)
            .bind(&*run.plugin_version)
            .bind(&*run.plugin_hash)
            .bind(run.kind.as_str())
            .bind(to_text(&run.input)?)
            .bind(&*run.project)
            .bind(workspace(run)?)
            .bind(to_text(&run.settings)?)
            .bind(run.project_settings.as_ref().map(to_text).transpose()?)
            .bind(&*run.seed)
            .bind(stored(run.started_at))
            .bind(run.state.as_str())
            .bind(detail.text)
            .bind(detail.wake_at)
            .bind(output)
            .bind(stored(run.created_at))
            .bind(stored(run.updated_at))
            .bind(run.pin.as_ref().map(|pin| &*pin.0))
            .bind(stored(run.journal_form))
            .bind(run.shortfall.as_deref())
            .bind(ceiling)
            .bind(stored(run.journal_from))
            .bind(run.slot.as_deref())
            .bind(run.item.as_deref())
            .bind(run.started_by.as_ref().map(to_text).transpose()?);
        Ok(query.execute(connection).await?.rows_affected() == 1)
    }
}

pub(super) struct Transition {
    pub(super) id: RunId,
    pub(super) from: States,
    pub(super) to: State,
    pub(super) output: Option<String>,
    pub(super) shortfall: Option<String>,
    /// The call by whose answer it failed, for the state of failure.
    pub(super) failed_call: Option<String>,
    pub(super) events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Transition {
    type Outcome = bool;

    fn run(&self) -> Option<&RunId> {
        Some(&self.id)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let detail = Detail::of(&self.to)?;
        let query = sqlx::query(MOVE).bind(self.to.as_str()).bind(detail.text).bind(detail.wake_at).bind(self.output.as_deref());
        let query = self.from.bind(query.bind(stored(step.now)).bind(self.id.as_str())).bind(self.shortfall.as_deref());
        let query = query.bind(self.failed_call.as_deref());
        if query.execute(&mut *step.connection).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if self.to != State::Running {
            waiting::forget(&self.id, step.connection).await?;
        }
        if let State::Waiting { wait } = &self.to {
            waiting::begin(&self.id, wait, step).await?;
            // A run that is to be cancelled since is told so instead.
            if sqlx::query(QUEUE_CANCELLED).bind(self.id.as_str()).execute(&mut *step.connection).await?.rows_affected() == 1 {
                waiting::forget(&self.id, step.connection).await?;
            }
        }
        if self.to.is_final() {
            waiting::wake(&waiting::run_key(&self.id), step).await?;
            give_up(&self.id, step).await?;
        }
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

/// Gives up what a run holds that has ended, or begins again from the top: its questions are withdrawn, and the runs below
/// it that have not ended are cancelled.
pub(in crate::store) async fn give_up(id: &RunId, step: &mut Step<'_>) -> Result<(), StoreError> {
    questions::withdraw(id, step).await?;
    cancel_below(id, false, step).await
}

/// Those that are cancelled at once have the time 0, so that their grace is over.
async fn cancel_below(id: &RunId, at_once: bool, step: &mut Step<'_>) -> Result<(), StoreError> {
    let children = sqlx::query(HAS_CHILDREN).bind(id.as_str()).fetch_one(&mut *step.connection).await?;
    if children.try_get::<i64, _>(0)? > 0 {
        let cancel = sqlx::query(CANCEL_BELOW).bind(id.as_str()).bind(stored(step.now)).bind(i64::from(!at_once));
        cancel.execute(&mut *step.connection).await?;
        questions::withdraw_cancelled(id, step).await?;
    }
    Ok(())
}

/// A run that begins again with another input.
pub(super) struct Continue {
    pub(super) id: RunId,
    pub(super) continuation: Continuation,
    /// Queued, or waiting for a time.
    pub(super) to: State,
    pub(super) events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Continue {
    type Outcome = bool;

    fn run(&self) -> Option<&RunId> {
        Some(&self.id)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let Continuation { seq, input, at } = &self.continuation;
        let query = sqlx::query(CONTINUE).bind(input.to_string()).bind(stored(*at)).bind(stored(*seq)).bind(stored(step.now));
        let detail = Detail::of(&self.to)?;
        let query = query.bind(self.id.as_str()).bind(self.to.as_str()).bind(detail.text).bind(detail.wake_at);
        if query.execute(&mut *step.connection).await?.rows_affected() == 0 {
            return Ok(false);
        }
        // One that is to be cancelled does not wait before it is told.
        sqlx::query(QUEUE_CANCELLED).bind(self.id.as_str()).execute(&mut *step.connection).await?;
        let answer = sqlx::query(ANSWER_CALL).bind(NOTHING).bind(stored(*at)).bind(self.id.as_str()).bind(stored(*seq));
        answer.execute(&mut *step.connection).await?;
        give_up(&self.id, step).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

/// Runs that failed, each with the first call that it makes again; and runs that were cancelled because one above them ended,
/// each with the call in which it was told. What such a run did after that was done, so its calls are given up and their
/// numbers not used again.
pub(super) struct Reopen {
    pub(super) calls: Vec<(RunId, u64)>,
    pub(super) events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Reopen {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (run, seq) in &self.calls {
            let queued = sqlx::query(REOPEN).bind(run.as_str()).bind(stored(step.now)).execute(&mut *step.connection).await?;
            if queued.rows_affected() == 1 {
                sqlx::query(FORGET_CALLS).bind(run.as_str()).bind(stored(*seq)).execute(&mut *step.connection).await?;
                continue;
            }
            let queued = sqlx::query(REOPEN_ENDED).bind(run.as_str()).bind(stored(step.now)).execute(&mut *step.connection).await?;
            if queued.rows_affected() == 1 {
                sqlx::query(UNANSWER).bind(run.as_str()).bind(stored(*seq)).execute(&mut *step.connection).await?;
                giving_up::give_up_calls(run, *seq + 1, step).await?;
            }
        }
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

pub(super) struct WakeDue {
    pub(super) root: Option<RunId>,
    pub(super) due: u64,
}

#[async_trait]
impl Change for WakeDue {
    type Outcome = u64;

    async fn apply(&self, step: &mut Step<'_>) -> Result<u64, StoreError> {
        let query = sqlx::query(if self.root.is_some() { WAKE_DUE_TREE } else { WAKE_DUE });
        let query = of_tree(query.bind(stored(step.now)).bind(stored(self.due)), self.root.as_ref());
        Ok(query.execute(&mut *step.connection).await?.rows_affected())
    }
}

pub(super) struct RequeueRunning;

#[async_trait]
impl Change for RequeueRunning {
    type Outcome = u64;

    async fn apply(&self, step: &mut Step<'_>) -> Result<u64, StoreError> {
        Ok(sqlx::query(REQUEUE).bind(stored(step.now)).execute(&mut *step.connection).await?.rows_affected())
    }
}

pub(super) struct RequestCancel {
    pub(super) id: RunId,
    pub(super) cause: CancelCause,
    pub(super) at_once: bool,
    pub(super) by: Actor,
}

#[async_trait]
impl Change for RequestCancel {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let request = sqlx::query(REQUEST_CANCEL).bind(self.id.as_str()).bind(stored(step.now)).bind(self.cause.as_str());
        if request.bind(i64::from(!self.at_once)).execute(&mut *step.connection).await?.rows_affected() > 0 {
            let event = Draft::of_run(&self.id, &CancelRequested { cause: self.cause, now: self.at_once }).by(&self.by);
            step.events.extend(NewEvent::all(vec![event]));
        }
        questions::withdraw(&self.id, step).await?;
        cancel_below(&self.id, self.at_once, step).await
    }
}

pub(super) struct NoteTrap {
    pub(super) id: RunId,
    pub(super) plugin: String,
    pub(super) hash: String,
    pub(super) since: u64,
    pub(super) most: u32,
}

#[async_trait]
impl Change for NoteTrap {
    type Outcome = u32;

    async fn apply(&self, step: &mut Step<'_>) -> Result<u32, StoreError> {
        sqlx::query(NOTE_TRAP).bind(self.id.as_str()).bind(stored(step.now)).execute(&mut *step.connection).await?;
        let last = sqlx::query(LAST_ENDS).bind(&*self.plugin).bind(&*self.hash).bind(stored(self.since)).bind(i64::from(self.most));
        let mut traps = 0;
        for end in last.fetch_all(&mut *step.connection).await? {
            if end.try_get::<Option<i64>, _>(0)?.is_none() {
                break;
            }
            traps += 1;
        }
        Ok(traps)
    }
}

pub(super) struct ChangeSettings {
    pub(super) id: RunId,
    pub(super) settings: String,
}

#[async_trait]
impl Change for ChangeSettings {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let query = sqlx::query(CHANGE_SETTINGS).bind(&*self.settings).bind(stored(step.now)).bind(self.id.as_str());
        query.execute(&mut *step.connection).await?;
        Ok(())
    }
}
