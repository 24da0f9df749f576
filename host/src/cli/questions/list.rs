//! `baton questions list`.

use anyhow::Result;
use clap::Args;

use super::{card, document, short};
use crate::{
    app::Access,
    cli::{
        Context,
        exit::Exit,
        figures,
        place::ProjectNames,
        screen::{BAD, WARNING},
        table::{Align, Cell, Table},
        text,
    },
    interfaces::people::{Asked, Filter, QuestionStatus, Severity},
};

/// List the questions that wait for an answer, most severe first
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also those that were answered or withdrawn
    #[arg(long)]
    all: bool,
}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let questions = app.questions.list(&Filter { all: self.all, root: None }).await?;
        if context.screen.is_json() {
            context.screen.document(&questions.iter().map(document).collect::<Vec<_>>())?;
        } else if questions.is_empty() {
            context.screen.tell(if self.all { "No run has asked anything yet." } else { "No question waits for an answer." });
        } else {
            let names = ProjectNames::load(&app).await?;
            context.screen.answer(table(&questions, &names, figures::now()).fit(context.screen.room()))?;
            let answer = context.again("questions answer ID ANSWER");
            context.screen.tell(format!("\nAnswer with `{answer}`; an option by its number."));
        }
        Ok(Exit::Done)
    }
}

fn table(questions: &[Asked], names: &ProjectNames, now: u64) -> Table {
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
    for asked in questions {
        let question = &asked.question;
        table.row([
            short(&asked.id).into(),
            severity(question.severity),
            figures::ago(now, asked.asked_at).into(),
            expires(asked, now).into(),
            text::excerpt(names.of(&asked.project), 24).into(),
            text::excerpt(&asked.plugin, 24).into(),
            text::short(&asked.run).into(),
            text::short(&asked.root).into(),
            figures::count(question.options.len() as u64).into(),
            state(&asked.status).into(),
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

fn state(status: &QuestionStatus) -> &'static str {
    match status {
        QuestionStatus::Open => "open",
        QuestionStatus::Answered(_) => "answered",
        QuestionStatus::Withdrawn(_) => "withdrawn",
    }
}

fn expires(asked: &Asked, now: u64) -> String {
    match (&asked.question.expiry, &asked.status) {
        (Some(expiry), QuestionStatus::Open) if expiry.at <= now => "now".to_owned(),
        (Some(expiry), QuestionStatus::Open) => format!("in {}", figures::duration(expiry.at - now)),
        _ => "-".to_owned(),
    }
}
