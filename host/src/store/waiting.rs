//! The table `waiting`: what wakes which run. Wakes runs in the transaction in which what they wait for comes; decides
//! nothing about what they do then.

use sqlx::{AnyConnection, Row};

use super::{
    StoreError,
    number::{read_number, stored},
    questions,
    queue::Step,
    runs::ended,
};
use crate::journal::{Awaited, QuestionId, RunId, Wait};

const IS_SIGNAL_THERE: &str = "select count(*) from signals where run_id = $1 and name = $2 and taken_by is null";
const WAIT: &str = "insert into waiting (run_id, on_key) values ($1, $2) on conflict (run_id, on_key) do nothing";
const FORGET: &str = "delete from waiting where run_id = $1";
const QUEUE: &str = "update runs set state = 'queued', state_detail = null, wake_at = null where id = $1";
/// The state is compared in a form that no index has: the few that wait for this are found by their id.
const WAKE: &str = "update runs set state = 'queued', state_detail = null, wake_at = null, updated_at = $2 where state || '' = 'waiting' \
    and id in (select run_id from waiting where on_key = $1)";
const FORGET_WOKEN: &str = "delete from waiting where run_id in (select run_id from waiting where on_key = $1)";
/// The keys of runs begin with `run:`, and the id follows.
const A_RUN_HAS_ENDED: &str = concat!(
    "select count(*) from waiting join runs other on other.id = substr(waiting.on_key, 5) \
    where waiting.run_id = $1 and substr(waiting.on_key, 1, 4) = 'run:' and other.state in ",
    ended!()
);
/// A run that waits for one of these would do so for ever.
const A_RUN_IS_MISSING: &str = "select count(*) from waiting where run_id = $1 and substr(on_key, 1, 4) = 'run:' \
    and not exists (select 1 from runs where id = substr(waiting.on_key, 5))";
const IS_AWAITED: &str = "select count(*) from waiting where on_key = $1";
const PROJECT: &str = "select project from runs where id = $1";
const REVISION: &str = "select revision from items where project = (select project from runs where id = $1) and key = $2";

/// Stands for what an operator provides: which, the state of the run says. It is looked for, and wakes by no key.
const NEEDED: &str = "needed";

/// What wakes a run that waits for the end of another.
pub(super) fn run_key(run: &RunId) -> String {
    format!("run:{run}")
}

/// What wakes a run that waits for an answer.
pub(super) fn question_key(question: &QuestionId) -> String {
    format!("question:{question}")
}

/// What wakes a run that waits for a signal.
pub(super) fn signal_key(run: &RunId, name: &str) -> String {
    format!("signal:{run}:{name}")
}

/// What wakes a run that waits for an item to change.
pub(super) fn item_key(project: &str, key: &str) -> String {
    format!("item:{project}:{key}")
}

/// Queues the runs that wait for what has come.
pub(super) async fn wake(key: &str, step: &mut Step<'_>) -> Result<(), StoreError> {
    let woken = sqlx::query(WAKE).bind(key).bind(stored(step.now)).execute(&mut *step.connection).await?;
    if woken.rows_affected() > 0 {
        sqlx::query(FORGET_WOKEN).bind(key).execute(&mut *step.connection).await?;
    }
    Ok(())
}

/// Whether a run waits for this.
pub(super) async fn is_awaited(key: &str, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(IS_AWAITED).bind(key).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

/// Keeps what wakes a run that has begun to wait, or queues it where that has come meanwhile. Of what it waited for
/// before nothing is left.
pub(super) async fn begin(run: &RunId, wait: &Wait, step: &mut Step<'_>) -> Result<(), StoreError> {
    if matches!(wait, Wait::Needed(_)) {
        sqlx::query(WAIT).bind(run.as_str()).bind(NEEDED).execute(&mut *step.connection).await?;
        return Ok(());
    }
    let awaited = wait.awaited();
    for one in &awaited {
        let key = key(one, run, step.connection).await?;
        sqlx::query(WAIT).bind(run.as_str()).bind(key).execute(&mut *step.connection).await?;
    }
    if has_come(run, &awaited, step.connection).await? {
        sqlx::query(QUEUE).bind(run.as_str()).execute(&mut *step.connection).await?;
        forget(run, step.connection).await?;
    }
    Ok(())
}

/// Forgets what wakes a run: it has been woken by something else, or has ended.
pub(super) async fn forget(run: &RunId, connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(run.as_str()).execute(connection).await?;
    Ok(())
}

async fn key(awaited: &Awaited, run: &RunId, connection: &mut AnyConnection) -> Result<String, StoreError> {
    Ok(match awaited {
        Awaited::Run(child) => run_key(child),
        Awaited::Question(question) => question_key(question),
        Awaited::Signal(name) => signal_key(run, name),
        Awaited::Item { key, .. } => {
            item_key(sqlx::query(PROJECT).bind(run.as_str()).fetch_one(connection).await?.try_get("project")?, key)
        }
    })
}

async fn has_come(run: &RunId, awaited: &[Awaited], connection: &mut AnyConnection) -> Result<bool, StoreError> {
    if awaited.iter().any(|one| matches!(one, Awaited::Run(_))) && a_run_has_ended(run, connection).await? {
        return Ok(true);
    }
    for one in awaited {
        let has_come = match one {
            // All of them at once, above.
            Awaited::Run(_) => false,
            Awaited::Question(question) => questions::is_answered(question, connection).await?,
            Awaited::Signal(name) => is_signal_there(run, name, connection).await?,
            Awaited::Item { key, revision } => {
                let row = sqlx::query(REVISION).bind(run.as_str()).bind(&**key).fetch_optional(&mut *connection).await?;
                row.is_none_or(|row| read_number(&row, "revision").is_ok_and(|now| now != *revision))
            }
        };
        if has_come {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn a_run_has_ended(run: &RunId, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let missing = sqlx::query(A_RUN_IS_MISSING).bind(run.as_str()).fetch_one(&mut *connection).await?;
    if missing.try_get::<i64, _>(0)? > 0 {
        return Err(StoreError::Unwritable(format!("Run {run} cannot wait for a run that does not exist.")));
    }
    Ok(sqlx::query(A_RUN_HAS_ENDED).bind(run.as_str()).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

/// Whether a signal of this name waits for the run, for a change that looks before it writes.
pub(super) async fn is_signal_there(run: &RunId, name: &str, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let count = sqlx::query(IS_SIGNAL_THERE).bind(run.as_str()).bind(name).fetch_one(connection).await?;
    Ok(count.try_get::<i64, _>(0)? > 0)
}
