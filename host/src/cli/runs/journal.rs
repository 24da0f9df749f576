//! `baton runs journal`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        runs::{EntryState, JournalEntry},
    },
};

/// Show every call of a run, with its answer
#[derive(Debug, Args)]
pub(in crate::cli) struct Journal {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// Show complete requests and answers
    #[arg(long)]
    full: bool,
}

impl Journal {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let journal = client::runs::journal(&client, &self.run).await?;
        let entries = &journal.entries;
        if context.screen.is_json() {
            context.screen.document(&journal)?;
        } else if entries.is_empty() {
            context.screen.tell("The run has made no calls.");
        } else if self.full {
            entries.iter().try_for_each(|entry| context.screen.answer(in_full(context, entry)))?;
        } else {
            context.screen.answer(table(entries).fit(context.screen.room()))?;
        }
        if journal.journal_from > 0 {
            let base = figures::count(journal.journal_from);
            context.screen.tell(format!("The run continued with another input at call {base}; calls up to it are not replayed."));
        }
        for damage in entries.iter().filter_map(|entry| entry.damage.as_deref()) {
            context.screen.warn(format!("{} {}", painted(WARNING, "!"), text::plain(damage)));
        }
        Ok(Exit::Done)
    }
}

fn table(entries: &[JournalEntry]) -> Table {
    const EXCERPT: usize = 44;
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("SEQ", right),
        ("CALL", left),
        ("EFFECT", left),
        ("STATE", left),
        ("TOOK", right),
        ("RUN", left),
        ("REQUEST", left),
        ("ANSWER", left),
    ]);
    for entry in entries {
        table.row([
            figures::count(entry.seq).into(),
            text::line(&entry.call).into(),
            entry.effect.as_str().into(),
            state(entry),
            entry.took_ms().map(figures::duration).unwrap_or_default().into(),
            entry.child.as_ref().map(text::short).unwrap_or_default().into(),
            text::excerpt(&one_line(&entry.request), EXCERPT).into(),
            text::excerpt(&entry.answer.as_ref().map(one_line).unwrap_or_default(), EXCERPT).into(),
        ]);
    }
    table
}

fn one_line(document: &Value) -> String {
    match document {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn state(entry: &JournalEntry) -> Cell {
    if entry.damage.is_some() {
        return Cell::styled("damaged", BAD);
    }
    match (entry.state, entry.repeated) {
        (EntryState::Done, false) => "done".into(),
        (EntryState::Done, true) => Cell::styled("done, sent twice", WARNING),
        (EntryState::Released, _) => Cell::styled("not done", WARNING),
        (EntryState::Intended, _) => Cell::styled("no answer", WARNING),
        (EntryState::GivenUp, _) => Cell::styled("given up", FAINT),
    }
}

fn in_full(context: &Context, entry: &JournalEntry) -> String {
    let time = figures::moment(entry.asked_at.0, &TimeZone::system());
    let took = entry.took_ms().map(|took| format!(" · {}", figures::duration(took))).unwrap_or_default();
    let child = entry.child.as_ref().map(|id| format!(" · run {}", text::short(id))).unwrap_or_default();
    let head = painted(STRONG, format!("{} {}", figures::count(entry.seq), text::line(&entry.call)));
    let repeated = if entry.repeated { painted(WARNING, " · sent twice") } else { String::new() };
    let about = painted(FAINT, format!("{} · {time}{took}{child}", entry.effect.as_str()));
    let answer = entry.answer.as_ref().map_or_else(|| painted(WARNING, "no answer"), |answer| pretty(&advised(context, answer.clone())));
    format!("{head}  {about}{repeated}\n  asked\n{}\n  answered\n{}\n", indented(&pretty(&entry.request)), indented(&answer))
}

/// The answer as it is shown: a command that its error names leads to the same data. The journal holds it for any place.
fn advised(context: &Context, mut answer: Value) -> Value {
    if let Some(Value::String(error)) = answer.pointer_mut("/err/text") {
        *error = context.advice(error);
    }
    answer
}

fn pretty(document: &Value) -> String {
    match document {
        Value::String(text) => text::plain(text),
        value => text::plain(&serde_json::to_string_pretty(value).unwrap_or_default()),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
