//! A question as a row, and back. Decides nothing about what becomes of it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{Row, any::AnyRow};

use super::super::{StoreError, number::read_number};
use crate::{
    interfaces::people::events::DecisionMade,
    interfaces::people::{Answer, Asked, Decided, Expiry, Question, QuestionStatus, Severity, Source},
    journal::{QuestionId, RunId},
};

const TABLE: &str = "questions";

pub(super) fn load(row: &AnyRow) -> Result<Asked, StoreError> {
    Ok(Asked {
        id: QuestionId::from_text(row.try_get::<String, _>("id")?),
        run: RunId::from_text(row.try_get::<String, _>("run_id")?),
        seq: read_number(row, "seq")?,
        root: RunId::from_text(row.try_get::<String, _>("root_id")?),
        project: row.try_get("project")?,
        plugin: row.try_get("plugin")?,
        question: question(row)?,
        asked_at: read_number(row, "asked_at")?,
        status: status(row)?,
    })
}

pub(super) fn parse_decided(row: &AnyRow) -> Result<Decided, StoreError> {
    Ok(Decided {
        at: read_number(row, "at")?,
        run: RunId::from_text(row.try_get::<String, _>("run_id")?),
        project: row.try_get("project")?,
        plugin: row.try_get("plugin")?,
        decision: serde_json::from_str::<DecisionMade>(row.try_get("data")?).map_err(|error| StoreError::row("events", error))?.into(),
    })
}

pub(super) fn status(row: &AnyRow) -> Result<QuestionStatus, StoreError> {
    if let Some(at) = row.try_get::<Option<i64>, _>("withdrawn_at")? {
        return Ok(QuestionStatus::Withdrawn(at.unsigned_abs()));
    }
    let Some(answer) = row.try_get::<Option<String>, _>("answer")? else { return Ok(QuestionStatus::Open) };
    let source = word(row.try_get("source")?, Source::from_word)?;
    Ok(QuestionStatus::Answered(Answer { answer, by: row.try_get("answered_by")?, source, at: read_number(row, "answered_at")? }))
}

fn question(row: &AnyRow) -> Result<Question, StoreError> {
    Ok(Question {
        text: row.try_get("text")?,
        options: from_text(row.try_get("options")?)?,
        reasoning: row.try_get("reasoning")?,
        confidence: row.try_get("confidence")?,
        severity: word(row.try_get("severity")?, Severity::from_word)?,
        context: from_text::<Value>(row.try_get("context")?)?,
        best: row.try_get("best")?,
        expiry: expiry(row)?,
    })
}

fn expiry(row: &AnyRow) -> Result<Option<Expiry>, StoreError> {
    let Some(at) = row.try_get::<Option<i64>, _>("expires_at")? else { return Ok(None) };
    Ok(Some(Expiry { at: at.unsigned_abs(), answer: row.try_get("expiry_answer")? }))
}

fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::row(TABLE, error))
}

fn word<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a known word")))
}
