//! `baton questions`: what runs ask people, and how to answer. A question is named by any beginning or end of its id.

pub(super) mod answer;
pub(super) mod card;
mod list;
mod show;
mod watch;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Context, exit::Exit, exit::Misuse, figures, text};
use crate::{
    app::App,
    interfaces::people::{Asked, QuestionStatus, QuestionsError},
    journal::QuestionId,
};

/// List and answer questions from runs
#[derive(Debug, Args)]
pub(super) struct Questions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Answer(answer::Answer),
    Watch(watch::Watch),
}

impl Questions {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Answer(command) => command.execute(context).await,
            Command::Watch(command) => command.execute(context).await,
        }
    }
}

/// The end of a question's id, which tells it from others and is enough to name it by.
pub(super) fn short(id: &QuestionId) -> String {
    text::ending(id.as_str())
}

/// The question that a person means by an id, or the beginning or end of one.
async fn resolve(app: &App, part: &str) -> Result<Asked> {
    if part.is_empty() {
        return Err(Misuse("The id of the question is empty. Give a beginning or an end of one.".to_owned()).into());
    }
    let mut found = app.questions.matching(part).await?;
    match (found.len(), found.pop()) {
        (1, Some(asked)) => Ok(asked),
        (_, None) => Err(QuestionsError::Unknown(part.escape_debug().to_string()).into()),
        (_, Some(last)) => {
            const MOST: usize = 5;
            let ids = found.iter().chain([&last]).take(MOST).map(|asked| asked.id.as_str()).collect::<Vec<_>>().join(", ");
            let part = part.escape_debug();
            Err(Misuse(format!("`{part}` fits more than one question. Give the whole id of the one you mean: {ids}.")).into())
        }
    }
}

/// A question as programs see it.
pub(super) fn document(asked: &Asked) -> Value {
    let question = &asked.question;
    let (state, answer) = match &asked.status {
        QuestionStatus::Open => ("open", Value::Null),
        QuestionStatus::Withdrawn(_) => ("withdrawn", Value::Null),
        QuestionStatus::Answered(answer) => {
            ("answered", json!({ "answer": answer.answer, "by": answer.by, "source": answer.source, "at": figures::stamp(answer.at) }))
        }
    };
    json!({
        "question": asked.id,
        "state": state,
        "text": question.text,
        "options": question.options,
        "reasoning": question.reasoning,
        "confidence": question.confidence,
        "severity": question.severity,
        "context": question.context,
        "best": question.best,
        "expires-at": question.expiry.as_ref().map(|expiry| figures::stamp(expiry.at)),
        "expiry-answer": question.expiry.as_ref().map(|expiry| &expiry.answer),
        "run": asked.run,
        "root": asked.root,
        "call": asked.seq,
        "project": asked.project,
        "plugin": asked.plugin,
        "asked-at": figures::stamp(asked.asked_at),
        "answer": answer,
    })
}
