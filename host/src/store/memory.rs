//! What the runs of a project learned, read out of the events: decisions, answers of people, failures, notes.
//! Writes nothing: each of these was written once, with the call that made it.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError, error::reading, number::stored};
use crate::{
    errors::StorageError,
    events::Payload,
    interfaces::{
        knowledge::{Learned, Memory, events::Remembered},
        people::{
            Source,
            events::{DecisionMade, QuestionAnswered},
        },
    },
    kernel::events::Failed,
};

/// What errors call it.
const KNOWLEDGE: &str = "the project's knowledge";
const TABLE: &str = "events";
const LEARNED: &str = "select e.cursor, e.category, e.name, e.run_id, e.data, r.plugin from events e join runs r on r.id = e.run_id \
    where r.project = $1 and e.cursor > $2 and ((e.category = 'question' and e.name in ('decided', 'answered')) \
    or (e.category = 'run' and e.name = 'failed') or (e.category = 'agent' and e.name = 'remembered')) order by e.cursor limit $3";

#[async_trait]
impl Memory for Store {
    async fn list_learned(&self, project: &str, cursor: i64, limit: u32) -> Result<Vec<Learned>, StorageError> {
        let query = sqlx::query(LEARNED).bind(project).bind(cursor).bind(stored(limit.into()));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(KNOWLEDGE))?;
        rows.iter().map(parse_learned).collect::<Result<_, _>>().map_err(reading(KNOWLEDGE))
    }
}

fn parse_learned(row: &AnyRow) -> Result<Learned, StoreError> {
    let cursor: i64 = row.try_get("cursor")?;
    let (category, name, run): (&str, &str, &str) = (row.try_get("category")?, row.try_get("name")?, row.try_get("run_id")?);
    let (plugin, data): (&str, &str) = (row.try_get("plugin")?, row.try_get("data")?);
    let (source, text, answers) = match (category, name) {
        ("agent", _) => {
            let note: Remembered = payload(data)?;
            (format!("notes/{}", note.source), note.text, None)
        }
        ("run", _) => {
            let failed: Failed = payload(data)?;
            (format!("failures/{run}"), format!("A run of {plugin} failed: {}", failed.reason), None)
        }
        (_, "answered") => {
            let QuestionAnswered { text, answer, source, .. } = payload(data)?;
            let answers = (source == Source::Person).then(|| text.clone());
            (format!("decisions/{cursor}"), decision(&text, &answer, "", answers.is_some()), answers)
        }
        _ => {
            let made: DecisionMade = payload(data)?;
            (format!("decisions/{cursor}"), decision(&made.question, &made.answer, &made.reasoning, false), None)
        }
    };
    Ok(Learned { cursor, source, text, answers })
}

fn payload<P: Payload>(data: &str) -> Result<P, StoreError> {
    serde_json::from_str(data).map_err(|error| StoreError::row(TABLE, error))
}

fn decision(question: &str, answer: &str, reasoning: &str, by_a_person: bool) -> String {
    let who = if by_a_person { "A person answered" } else { "Decided" };
    let because = if reasoning.is_empty() { String::new() } else { format!("\nBecause: {reasoning}") };
    format!("Question: {question}\n{who}: {answer}{because}")
}
