//! Gives up calls of a run, with what they asked and took. Runs nothing again.

use super::super::{StoreError, number::stored, questions, queue::Step, signals};
use crate::journal::RunId;

const GIVE_UP: &str = "update journal set state = 'given-up' where run_id = $1 and seq >= $2";

/// Gives up the calls of a run from one on. They stay to be read; the signals that they took are there again, and what they
/// asked is withdrawn.
pub(super) async fn give_up_calls(run: &RunId, from: u64, step: &mut Step<'_>) -> Result<(), StoreError> {
    sqlx::query(GIVE_UP).bind(run.as_str()).bind(stored(from)).execute(&mut *step.connection).await?;
    signals::give_back(run, from, step.connection).await?;
    questions::withdraw_from(run, from, step).await
}
