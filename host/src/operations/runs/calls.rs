//! The calls of a run a page at a time, without what was asked and answered, and one call with both. Answers none again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    JournalEntry, Moment, RunId,
    journal::{Effect, EntryState, load_started},
};
use crate::{
    journal::{Entry, Inspected},
    kernel::{KernelError, run::Run},
    operations::{Host, Page, Problem, reject_cursor},
};

/// Bytes of requests and answers after which a page of calls ends.
const LARGEST_PAGE: usize = 8 << 20;

/// A call of a run, without its request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JournalCall {
    /// Its number, from 1, by which the whole call is read.
    pub seq: u64,
    /// Interface and function, such as `llm.complete`.
    pub call: String,
    /// What it does to the world.
    pub effect: Effect,
    /// How far it came.
    pub state: EntryState,
    /// It was cut off once and sent again: it may have happened, or been charged, twice.
    pub repeated: bool,
    /// Hash of `call` and its whole request in the journal form, in hexadecimal.
    pub request_hash: String,
    /// When it was asked.
    pub asked_at: Moment,
    /// When the answer was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Moment>,
    /// The run that it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<RunId>,
}

/// Which calls of a run to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListCalls {
    /// The id of the run, or any beginning or end of it.
    pub run: String,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// The calls of a run in their order. The cursor is the number of the last call of a page.
pub async fn list_calls(host: &Host, request: &ListCalls) -> Result<Page<JournalCall>, Problem> {
    let run = host.app.kernel.resolve(&request.run).await?;
    calls_of(host, &run, request).await
}

async fn calls_of(host: &Host, run: &Run, request: &ListCalls) -> Result<Page<JournalCall>, Problem> {
    let after = request.cursor.as_deref().map(read_cursor).transpose()?.unwrap_or_default();
    // One more than was asked for says whether there is another page.
    let beyond = request.limit.saturating_add(1);
    let mut entries = host.app.kernel.journal().outline(&run.id, after, beyond).await.map_err(KernelError::from)?;
    let limit = request.limit as usize;
    let is_last = entries.len() <= limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| !is_last).map(|entry| entry.seq.to_string());
    let started = load_started(host, run).await?;
    let call = |entry: Entry| {
        let child = Some(run.id.child(entry.seq)).filter(|child| started.contains(child));
        JournalCall::new(entry, child)
    };
    Ok(Page { items: entries.into_iter().map(call).collect(), next })
}

/// The same with requests and answers. A page ends early where these are large.
pub async fn list_entries(host: &Host, request: &ListCalls) -> Result<Page<JournalEntry>, Problem> {
    let run = host.app.kernel.resolve(&request.run).await?;
    let Page { items: calls, next } = calls_of(host, &run, request).await?;
    let last = calls.last().map(|call| call.seq);
    let (mut items, mut bytes) = (Vec::new(), 0);
    for call in calls {
        let entry = JournalEntry::new(find_entry(host, &run.id, call.seq).await?, call.child);
        bytes += entry.request.to_string().len() + entry.answer.as_ref().map_or(0, |answer| answer.to_string().len());
        items.push(entry);
        if bytes >= LARGEST_PAGE && Some(call.seq) != last {
            return Ok(Page { items, next: Some(call.seq.to_string()) });
        }
    }
    Ok(Page { items, next })
}

/// One call of a run, with its request and its answer.
pub async fn find_call(host: &Host, part: &str, seq: u64) -> Result<JournalEntry, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let inspected = find_entry(host, &run.id, seq).await?;
    let child = run.id.child(seq);
    let is_started = host.app.kernel.runs().find(&child).await.map_err(KernelError::from)?.is_some();
    Ok(JournalEntry::new(inspected, is_started.then_some(child)))
}

async fn find_entry(host: &Host, run: &RunId, seq: u64) -> Result<Inspected, Problem> {
    let found = host.app.kernel.journal().find_entry(run, seq).await.map_err(KernelError::from)?;
    found.ok_or_else(|| no_call(seq))
}

fn no_call(seq: u64) -> Problem {
    Problem::not_found("call_not_found", format!("The run has made no call {seq}.")).of_field("call")
}

fn read_cursor(cursor: &str) -> Result<u64, Problem> {
    cursor.parse().map_err(|_| reject_cursor())
}

impl JournalCall {
    fn new(entry: Entry, child: Option<RunId>) -> Self {
        Self {
            seq: entry.seq,
            call: entry.call,
            effect: entry.effect.into(),
            state: entry.state.into(),
            repeated: entry.repeated,
            request_hash: entry.request_hash,
            asked_at: Moment(entry.asked_at),
            answered_at: entry.answered_at.map(Moment),
            child,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_is_not_a_number_is_rejected_with_its_field() {
        assert_eq!(read_cursor("17").unwrap(), 17);
        for wrong in ["", "-1", "1.5", "x", "99999999999999999999"] {
            assert_eq!(read_cursor(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }
}
