//! `baton runs journal`.

use std::collections::HashSet;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    journal::{Entry, EntryState, Inspected, RunId},
    kernel::run::Run,
    operations::Access,
};

/// Show every call a run made, with its answer
#[derive(Debug, Args)]
pub(in crate::cli) struct Journal {
    /// Any beginning or end of the run's id
    run: String,
    /// Show whole requests and answers
    #[arg(long)]
    full: bool,
}

impl Journal {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let entries = app.kernel.journal().inspect(&run.id).await?;
        let started: HashSet<RunId> = app.kernel.tree(&run.id).await?.into_iter().map(|run| run.id).collect();
        let child = |entry: &Entry| Some(run.id.child(entry.seq)).filter(|id| started.contains(id));
        if context.screen.is_json() {
            let documents: Vec<_> = entries.iter().map(|found| document(context, found, child(&found.entry))).collect();
            context
                .screen
                .document(&json!({ "run": run.id, "plugin": run.plugin, "journal-from": run.journal_from, "entries": documents }))?;
        } else if entries.is_empty() {
            context.screen.tell("The run has made no calls yet.");
        } else if self.full {
            entries.iter().try_for_each(|found| context.screen.answer(in_full(context, found, child(&found.entry))))?;
        } else {
            context.screen.answer(table(&run, &entries, child).fit(context.screen.room()))?;
        }
        if run.journal_from > 0 {
            let base = figures::count(run.journal_from);
            context.screen.tell(format!("The run continued with another input at call {base}; calls up to it are not replayed."));
        }
        for damage in entries.iter().filter_map(|found| found.damage.as_deref()) {
            context.screen.warn(format!("{} {}", painted(WARNING, "!"), text::plain(damage)));
        }
        Ok(Exit::Done)
    }
}

fn table(run: &Run, entries: &[Inspected], child: impl Fn(&Entry) -> Option<RunId>) -> Table {
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
    for found in entries {
        let entry = &found.entry;
        debug_assert_eq!(entry.run, run.id);
        table.row([
            figures::count(entry.seq).into(),
            text::line(&entry.call).into(),
            entry.effect.as_str().into(),
            state(found),
            took(entry).map(figures::duration).unwrap_or_default().into(),
            child(entry).map(|id| text::short(&id)).unwrap_or_default().into(),
            text::excerpt(&entry.request, EXCERPT).into(),
            text::excerpt(entry.answer.as_deref().unwrap_or_default(), EXCERPT).into(),
        ]);
    }
    table
}

fn state(found: &Inspected) -> Cell {
    let entry = &found.entry;
    if found.damage.is_some() {
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

fn in_full(context: &Context, found: &Inspected, child: Option<RunId>) -> String {
    let entry = &found.entry;
    let time = figures::moment(entry.asked_at, &TimeZone::system());
    let took = took(entry).map(|took| format!(" · {}", figures::duration(took))).unwrap_or_default();
    let child = child.map(|id| format!(" · run {}", text::short(&id))).unwrap_or_default();
    let head = painted(STRONG, format!("{} {}", figures::count(entry.seq), text::line(&entry.call)));
    let repeated = if entry.repeated { painted(WARNING, " · sent twice") } else { String::new() };
    let about = painted(FAINT, format!("{} · {time}{took}{child}", entry.effect.as_str()));
    let answer = answer(context, entry).map_or_else(|| painted(WARNING, "no answer"), |answer| pretty(&answer));
    format!("{head}  {about}{repeated}\n  asked\n{}\n  answered\n{}\n", indented(&pretty(&parsed(&entry.request))), indented(&answer))
}

/// The answer as it is shown: a command that its error names leads to the same data. The journal holds it for any place.
fn answer(context: &Context, entry: &Entry) -> Option<Value> {
    let mut answer = parsed(entry.answer.as_deref()?);
    if let Some(Value::String(said)) = answer.pointer_mut("/err/text") {
        *said = context.advice(said);
    }
    Some(answer)
}

/// A text that is not JSON is shown as it is.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
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

fn took(entry: &Entry) -> Option<u64> {
    entry.answered_at.map(|answered| answered.saturating_sub(entry.asked_at))
}

/// A call as programs see it.
fn document(context: &Context, found: &Inspected, child: Option<RunId>) -> Value {
    let entry = &found.entry;
    json!({
        "seq": entry.seq,
        "call": entry.call,
        "effect": entry.effect,
        "state": entry.state,
        "repeated": entry.repeated,
        "request-hash": entry.request_hash,
        "request": parsed(&entry.request),
        "answer": answer(context, entry),
        "asked-at": figures::stamp(entry.asked_at),
        "answered-at": entry.answered_at.map(figures::stamp),
        "damage": found.damage,
        "child": child,
    })
}
