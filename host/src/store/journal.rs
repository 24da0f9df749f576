//! The table `journal`: every call of every run. Never looks into a request or an answer.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

pub(super) use super::new_rows::JournalRow;
use super::{
    Store, StoreError,
    blobs::{Blobs, Text},
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::Rows,
    rows::MultiRow,
};
use crate::{
    errors::{Hint, StorageError},
    journal::{Count, Effect, Entry, EntryState, Inspected, Journal, RunId, Write},
};

/// What errors call it.
const JOURNAL: &str = "the journal";

const TABLE: &str = "journal";
const COLUMNS: usize = 13;
const HEAD: &str = "insert into journal (run_id, seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, repeated, asked_at, answered_at)";
const TAIL: &str = "on conflict (run_id, seq) do update set call = excluded.call, effect = excluded.effect, request_hash = excluded.request_hash, \
    request = excluded.request, request_blob = excluded.request_blob, state = excluded.state, answer = excluded.answer, \
    answer_blob = excluded.answer_blob, repeated = excluded.repeated, asked_at = excluded.asked_at, answered_at = excluded.answered_at";
const COUNT: &str = "select count(*), count(case when state = 'done' then 1 end) from journal where run_id = $1 and seq > $2";
const SELECT_CALLS: &str = "select seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, repeated, asked_at, \
    answered_at from journal where run_id = $1 and call = $2 order by seq";
const OUTLINE: &str = "select seq, call, effect, request_hash, state, repeated, asked_at, answered_at from journal where run_id = $1 and seq > $2 \
    order by seq limit $3";
const SELECT_ONE: &str = "select seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, repeated, asked_at, \
    answered_at from journal where run_id = $1 and seq = $2";
const SELECT: &str = "select seq, call, effect, request_hash, request, request_blob, state, answer, answer_blob, repeated, asked_at, answered_at \
    from journal where run_id = $1 and seq > $2 order by seq";

#[async_trait]
impl Journal for Store {
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        let rows = rows(&self.blobs, writes).await.map_err(writing(JOURNAL))?;
        self.queue.write(rows).await.map_err(writing(JOURNAL))
    }

    async fn enqueue(&self, write: Write) -> Result<(), StorageError> {
        let rows = rows(&self.blobs, vec![write]).await.map_err(writing(JOURNAL))?;
        self.queue.enqueue(rows).await.map_err(writing(JOURNAL))
    }

    async fn entries_after(&self, run: &RunId, after: u64) -> Result<Vec<Entry>, StorageError> {
        let inspected = self.load_entries(run, after).await.map_err(reading(JOURNAL))?.into_iter();
        let whole = inspected.map(|inspected| match inspected.damage {
            // What was given up answers nothing.
            Some(reason) if inspected.entry.state != EntryState::GivenUp => Err(StorageError::read(JOURNAL, reason).of_run()),
            _ => Ok(inspected.entry),
        });
        whole.collect()
    }

    async fn inspect(&self, run: &RunId) -> Result<Vec<Inspected>, StorageError> {
        self.load_entries(run, 0).await.map_err(reading(JOURNAL))
    }

    async fn outline(&self, run: &RunId, after: u64, limit: u32) -> Result<Vec<Entry>, StorageError> {
        let query = sqlx::query(OUTLINE).bind(run.as_str()).bind(stored(after)).bind(i64::from(limit));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(JOURNAL))?;
        rows.iter().map(|row| entry(run, row, String::new(), None)).collect::<Result<_, _>>().map_err(reading(JOURNAL))
    }

    async fn find_entry(&self, run: &RunId, seq: u64) -> Result<Option<Inspected>, StorageError> {
        let row = sqlx::query(SELECT_ONE).bind(run.as_str()).bind(stored(seq)).fetch_optional(&self.reads).await;
        match row.map_err(reading(JOURNAL))? {
            Some(row) => Ok(Some(load(&self.blobs, run, &row).await.map_err(reading(JOURNAL))?)),
            None => Ok(None),
        }
    }

    async fn count(&self, run: &RunId, after: u64) -> Result<Count, StorageError> {
        let counted = sqlx::query(COUNT).bind(run.as_str()).bind(stored(after)).fetch_one(&self.reads).await;
        let number = |row: &AnyRow, column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let counted = counted.and_then(|row| Ok(Count { made: number(&row, 0)?, answered: number(&row, 1)? }));
        counted.map_err(reading(JOURNAL))
    }
}

impl Store {
    async fn load_entries(&self, run: &RunId, after: u64) -> Result<Vec<Inspected>, StoreError> {
        let rows = sqlx::query(SELECT).bind(run.as_str()).bind(stored(after)).fetch_all(&self.reads).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            entries.push(load(&self.blobs, run, &row).await?);
        }
        Ok(entries)
    }

    /// The calls of one name that a run made, without those of which a part is lost.
    pub(super) async fn load_calls(&self, run: &RunId, call: &str) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(SELECT_CALLS).bind(run.as_str()).bind(call).fetch_all(&self.reads).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let Inspected { entry, damage } = load(&self.blobs, run, &row).await?;
            entries.extend(damage.is_none().then_some(entry));
        }
        Ok(entries)
    }
}

/// Writes entries; a later state of a call replaces the earlier one.
pub(super) struct JournalInsert {
    statements: MultiRow,
}

impl JournalInsert {
    pub(super) fn new() -> Self {
        Self { statements: MultiRow::new(HEAD, COLUMNS, TAIL) }
    }

    /// Writes and forgets the rows.
    pub(super) async fn write(&self, connection: &mut AnyConnection, rows: &mut Vec<&JournalRow>) -> Result<(), StoreError> {
        keep_latest(rows);
        for (statement, piece) in self.statements.pieces(rows) {
            let mut query = sqlx::query(statement);
            for row in piece {
                let (request, request_blob) = row.request.columns();
                let (answer, answer_blob) = row.answer.as_ref().map_or((None, None), Text::columns);
                query = query
                    .bind(row.entry.run.as_str())
                    .bind(stored(row.entry.seq))
                    .bind(&*row.entry.call)
                    .bind(row.entry.effect.as_str())
                    .bind(&*row.entry.request_hash)
                    .bind(request)
                    .bind(request_blob)
                    .bind(word(row.entry.state))
                    .bind(answer)
                    .bind(answer_blob)
                    .bind(i64::from(row.entry.repeated))
                    .bind(stored(row.entry.asked_at))
                    .bind(row.entry.answered_at.map(stored));
            }
            query.execute(&mut *connection).await?;
        }
        rows.clear();
        Ok(())
    }
}

/// One statement may not change a row twice, so the last state of each call stands for all of them.
pub(super) fn keep_latest(rows: &mut Vec<&JournalRow>) {
    if rows.len() < 2 {
        return;
    }
    let mut latest = HashMap::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        latest.insert((row.run(), row.entry.seq), index);
    }
    if latest.len() < rows.len() {
        let mut index = 0;
        rows.retain(|row| {
            index += 1;
            latest.get(&(row.run(), row.entry.seq)) == Some(&(index - 1))
        });
    }
}

pub(super) async fn rows(blobs: &Blobs, writes: Vec<Write>) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    for write in writes {
        rows.events.extend(NewEvent::all(write.events));
        rows.journal.push(JournalRow::new(blobs, write.entry).await?);
    }
    Ok(rows)
}

/// The entry of a row. Where a blob is lost or damaged its text is empty, and the rest is still told.
async fn load(blobs: &Blobs, run: &RunId, row: &AnyRow) -> Result<Inspected, StoreError> {
    let (seq, mut damage) = (read_number(row, "seq")?, None);
    let Some(request) = Text::from_columns(row.try_get("request")?, row.try_get("request_blob")?) else {
        return Err(StoreError::row(TABLE, "a call has no request"));
    };
    let request = whole(blobs.load(request, run, seq).await, &mut damage)?.unwrap_or_default();
    let answer = match Text::from_columns(row.try_get("answer")?, row.try_get("answer_blob")?) {
        Some(answer) => whole(blobs.load(answer, run, seq).await, &mut damage)?,
        None => None,
    };
    Ok(Inspected { entry: entry(run, row, request, answer)?, damage })
}

fn entry(run: &RunId, row: &AnyRow, request: String, answer: Option<String>) -> Result<Entry, StoreError> {
    let (effect, state): (&str, &str) = (row.try_get("effect")?, row.try_get("state")?);
    Ok(Entry {
        run: run.clone(),
        seq: read_number(row, "seq")?,
        call: row.try_get("call")?,
        effect: Effect::from_word(effect).ok_or_else(|| StoreError::row(TABLE, format!("`{effect}` is not an effect")))?,
        request_hash: row.try_get("request_hash")?,
        request,
        state: from_word(state).ok_or_else(|| StoreError::row(TABLE, format!("`{state}` is not a state")))?,
        answer,
        repeated: row.try_get::<i64, _>("repeated")? != 0,
        asked_at: read_number(row, "asked_at")?,
        answered_at: row.try_get::<Option<i64>, _>("answered_at")?.map(i64::unsigned_abs),
    })
}

/// The text, or none and the sentence about its damage.
fn whole(text: Result<String, StoreError>, damage: &mut Option<String>) -> Result<Option<String>, StoreError> {
    match text {
        Ok(text) => Ok(Some(text)),
        Err(error @ StoreError::Blob { .. }) => {
            *damage = Some(error.explain());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn word(state: EntryState) -> &'static str {
    match state {
        EntryState::Intended => "intended",
        EntryState::Released => "released",
        EntryState::Done => "done",
        EntryState::GivenUp => "given-up",
    }
}

fn from_word(text: &str) -> Option<EntryState> {
    [EntryState::Intended, EntryState::Released, EntryState::Done, EntryState::GivenUp].into_iter().find(|state| word(*state) == text)
}
