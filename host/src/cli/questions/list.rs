//! `baton questions list`.

use anyhow::Result;
use clap::Args;

use super::{card, short};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        place::ProjectNames,
        screen::{BAD, WARNING},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        questions::{ListQuestions, Question, QuestionState, Severity},
    },
};

/// List the questions that wait for an answer, most severe first
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also show questions that were answered or withdrawn
    #[arg(long)]
    all: bool,
}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let listed = client::questions::list(&client, &ListQuestions { all: self.all, root: None }).await?;
        if context.screen.is_json() {
            context.screen.document(&listed)?;
        } else if listed.items.is_empty() {
            context.screen.tell(if self.all { "No run has asked anything yet." } else { "No question waits for an answer." });
        } else {
            let names = ProjectNames::load_from(&client).await?;
            context.screen.answer(table(&listed.items, &names, figures::now()).fit(context.screen.room()))?;
            let answer = context.again("questions answer ID ANSWER");
            context.screen.tell(format!("\nAnswer with `{answer}`; an option by its number."));
        }
        Ok(Exit::Done)
    }
}

fn table(questions: &[Question], names: &ProjectNames, now: u64) -> Table {
    const TEXT: usize = 60;
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("ID", left),
        ("SEVERITY", left),
        ("ASKED", left),
        ("EXPIRES", left),
        ("PROJECT", left),
        ("PLUGIN", left),
        ("RUN", left),
        ("ROOT", left),
        ("OPTIONS", right),
        ("STATE", left),
        ("QUESTION", left),
    ]);
    for question in questions {
        table.row([
            short(&question.id).into(),
            severity(question.severity),
            figures::ago(now, question.asked_at.0).into(),
            expires(question, now).into(),
            text::excerpt(names.of(&question.project), 24).into(),
            text::excerpt(&question.plugin, 24).into(),
            text::short(&question.run).into(),
            text::short(&question.root).into(),
            figures::count(question.options.len() as u64).into(),
            state(question.state).into(),
            text::excerpt(&card::line(&question.text), TEXT).into(),
        ]);
    }
    table
}

fn severity(severity: Severity) -> Cell {
    match severity {
        Severity::Critical => Cell::styled(severity.as_str(), BAD),
        Severity::Important => Cell::styled(severity.as_str(), WARNING),
        Severity::Info => severity.as_str().into(),
    }
}

fn state(state: QuestionState) -> &'static str {
    match state {
        QuestionState::Open => "open",
        QuestionState::Answered => "answered",
        QuestionState::Withdrawn => "withdrawn",
    }
}

fn expires(question: &Question, now: u64) -> String {
    match (question.expires_at, question.state) {
        (Some(at), QuestionState::Open) if at.0 <= now => "now".to_owned(),
        (Some(at), QuestionState::Open) => format!("in {}", figures::duration(at.0 - now)),
        _ => "-".to_owned(),
    }
}
