//! `baton runs show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{list, waiting};
use crate::{
    cli::{
        Context,
        client::{self, Client},
        continuing, ending,
        exit::Exit,
        figures,
        screen::{STRONG, painted},
        table::{Align, Cell, Table},
        text, waits,
    },
    operations::{
        Access, Moment,
        runs::{Bound, CancelCause, Cancelling, Limit, PendingSignal, Run, RunState, RunSummary, Wait},
    },
};

/// Characters of a document in a line.
const LONGEST: usize = 300;

/// Show a run: its state and the reason for it, its cost, and its child runs
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Run id, or a unique prefix or suffix
    run: String,
}

impl Show {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let run = client::runs::find(&client, &self.run).await?;
        if context.screen.is_json() {
            context.screen.document(&run)?;
            return Ok(Exit::Done);
        }
        for (name, value) in facts(&run).into_iter().chain(published(&run)).chain(pending(&run.summary, &run.signals)) {
            context.screen.answer(format!("{} {}", painted(STRONG, format!("{name:<10}")), context.advice(&value)))?;
        }
        if let Some(next) = next(&client, &run.summary, context).await? {
            context.screen.answer(format!("{} {next}", painted(STRONG, format!("{:<10}", "Next"))))?;
        }
        for line in waiting::lines(&run.runs) {
            context.screen.answer(format!("{} {line}", painted(STRONG, format!("{:<10}", "Waits"))))?;
        }
        if !run.runs.is_empty() {
            context.screen.answer(format!("\n{}", table(&run.runs).fit(context.screen.room())))?;
        }
        let journal = context.again(&format!("runs journal {}", text::short(&run.summary.id)));
        context.screen.tell(format!("\nEvery call: `{journal}`"));
        Ok(Exit::Done)
    }
}

/// The command by which a run that failed or is paused continues.
async fn next(client: &Client, run: &RunSummary, context: &Context) -> Result<Option<String>> {
    if !matches!(run.state, RunState::Paused { .. } | RunState::Failed { .. }) {
        return Ok(None);
    }
    let continuation = client::runs::continuation(client, run.id.as_str()).await?;
    Ok(continuation.and_then(|continuation| continuing::command(&continuation)).map(|command| context.again(&command)))
}

fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let (zone, Run { summary, input, output, ceiling, .. }) = (TimeZone::system(), run);
    let mut facts = vec![
        ("Run", text::short(&summary.id)),
        ("Plugin", format!("{} {} ({})", text::line(&summary.plugin), text::line(&summary.plugin_version), summary.kind.as_str())),
        ("State", describe_state(&summary.state, &zone)),
        ("Begun", figures::moment(summary.created_at.0, &zone)),
        ("Changed", figures::moment(summary.updated_at.0, &zone)),
        ("Spent", ending::spent(summary.tally, took(summary))),
    ];
    // A server tells it to its operator alone.
    if !summary.workspace.is_empty() {
        facts.insert(facts.len() - 1, ("Workspace", text::escaped(&summary.workspace)));
    }
    let cancelling = summary.cancelling.filter(|_| summary.is_being_cancelled());
    facts.extend(cancelling.map(|cancelling| ("Cancelling", describe_cancelling(cancelling, &zone))));
    facts.extend(summary.parent.as_ref().map(|parent| ("Started by", format!("call {} of run {}", parent.call, text::short(&parent.run)))));
    let forked = summary.forked_from.as_ref();
    facts.extend(forked.map(|source| ("Forked", format!("from run {} before call {}", text::short(&source.run), source.call))));
    facts.extend(summary.slot.as_ref().map(|slot| ("Slot", text::escaped(slot))));
    facts.extend(summary.item.as_ref().map(|item| ("Item", text::escaped(item))));
    if summary.journal_from > 0 {
        facts.push(("Continued", format!("with another input at call {}", figures::count(summary.journal_from))));
    }
    facts.extend(ceiling.iter().map(|bound| ("Ceiling", describe_bound(bound))));
    facts.push(("Input", text::excerpt(&input.to_string(), LONGEST)));
    facts.extend(output.as_ref().map(|output| ("Output", text::excerpt(&output.to_string(), LONGEST))));
    facts
}

fn took(run: &RunSummary) -> u64 {
    run.updated_at.0.saturating_sub(run.created_at.0)
}

/// The documents that a run publishes.
fn published(run: &Run) -> impl Iterator<Item = (&'static str, String)> {
    run.published.iter().map(|(key, document)| {
        let value = text::excerpt(&document.value.to_string(), LONGEST);
        ("Published", format!("{key}: {value}"))
    })
}

/// The signals that a run has not taken, by their names in the order in which they were sent.
fn pending(run: &RunSummary, signals: &[PendingSignal]) -> Option<(&'static str, String)> {
    const SHOWN: usize = 5;
    let names = signals.iter().take(SHOWN).map(|signal| signal.name.as_str()).collect::<Vec<_>>().join(", ");
    let more = if signals.len() > SHOWN { ", …" } else { "" };
    let taken = if run.state.is_final() || run.is_being_cancelled() { "never taken" } else { "not taken yet" };
    (!signals.is_empty()).then(|| ("Signals", format!("{} {taken}: {names}{more}", figures::count(signals.len() as u64))))
}

/// What a run may do at most, beside what its own plugin was granted.
fn describe_bound(Bound { run, plugin, limit }: &Bound) -> String {
    let (run, plugin) = (text::short(run), text::escaped(plugin));
    match limit {
        Limit::Grants { .. } => format!("what `{plugin}` was granted itself or through it (run {run})"),
        Limit::Narrowed { to } => {
            let to = serde_json::to_string(to).unwrap_or_default();
            format!("what `{plugin}` started run {run} for: {}", text::excerpt(&to, 200))
        }
    }
}

/// Who wants the end of a run, since when, and what it still takes.
fn describe_cancelling(Cancelling { since, cause }: Cancelling, zone: &TimeZone) -> String {
    let cause = match cause {
        CancelCause::Operator => "an operator cancelled it",
        CancelCause::Run => "the run that started it gave it up",
        CancelCause::Ended => "a run above it ended or is being cancelled",
    };
    let since = match since {
        None => "at once".to_owned(),
        Some(Moment(since)) => format!("since {}", figures::moment(since, zone)),
    };
    format!("{since}: {cause}. It no longer takes signals or answers.")
}

fn describe_state(state: &RunState, zone: &TimeZone) -> String {
    match (state, state.reason()) {
        (RunState::Waiting { wait: Wait::Account { account, until, reason } }, _) => {
            let until = figures::moment(until.0, zone);
            format!("waiting for {} until {until}: {}", text::line(account), text::plain(reason))
        }
        (RunState::Waiting { wait }, Some(reason)) => format!("waiting {}: {}", waits::describe(wait, zone), text::plain(reason)),
        (RunState::Waiting { wait }, None) => format!("waiting {}", waits::describe(wait, zone)),
        (_, Some(reason)) => format!("{}: {}", state.as_str(), text::plain(reason)),
        _ => state.as_str().to_owned(),
    }
}

fn table(below: &[RunSummary]) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("CALL", right),
        ("RUN", left),
        ("PLUGIN", left),
        ("STATE", left),
        ("REPLIES", right),
        ("TOKENS", right),
        ("TOOK", right),
    ]);
    for run in below {
        let call = run.parent.as_ref().map(|parent| figures::count(parent.call)).unwrap_or_default();
        table.row([
            Cell::from(call),
            text::short(&run.id).into(),
            format!("{}{}", "  ".repeat(depth(run, below)), text::line(&run.plugin)).into(),
            list::state(&run.state, run.is_being_cancelled()),
            figures::count(run.tally.model_calls).into(),
            format!("{} → {}", figures::count(run.tally.input_tokens), figures::count(run.tally.output_tokens)).into(),
            figures::duration(took(run)).into(),
        ]);
    }
    table
}

/// How many of the runs below the one shown a run is below.
fn depth(run: &RunSummary, below: &[RunSummary]) -> usize {
    let above = |run: &RunSummary| {
        let parent = run.parent.as_ref()?;
        below.iter().find(|above| above.id == parent.run)
    };
    std::iter::successors(above(run), |run| above(run)).count()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{cli::sample::summary, operations::runs};

    fn cancelling(since: Option<Moment>, cause: CancelCause) -> RunSummary {
        RunSummary { cancelling: Some(Cancelling { since, cause }), ..summary("12345678", "plan", RunState::Queued) }
    }

    fn fact(summary: RunSummary, name: &str) -> Option<String> {
        let run = Run {
            summary,
            input: Value::Null,
            output: None,
            settings: Value::Null,
            ceiling: Vec::new(),
            published: Default::default(),
            signals: Vec::new(),
            runs: Vec::new(),
        };
        facts(&run).into_iter().find(|fact| fact.0 == name).map(|fact| fact.1)
    }

    #[test]
    fn a_run_that_is_being_cancelled_says_since_when_and_why() {
        let since = figures::moment(7_000, &TimeZone::system());
        let described = fact(cancelling(Some(Moment(7_000)), CancelCause::Operator), "Cancelling").unwrap();
        assert_eq!(described, format!("since {since}: an operator cancelled it. It no longer takes signals or answers."));
        assert!(fact(cancelling(None, CancelCause::Ended), "Cancelling").unwrap().starts_with("at once: a run above it"));
        let ended = RunSummary { state: RunState::Cancelled, ..cancelling(Some(Moment(7_000)), CancelCause::Run) };
        assert_eq!(fact(ended, "Cancelling"), None);
    }

    #[test]
    fn signals_that_a_run_will_not_take_are_told_from_those_it_may() {
        let (name, sent_by) = ("go".to_owned(), "ada".to_owned());
        let signals = vec![PendingSignal { place: 1, name, value: Value::Null, sent_at: Moment(1), sent_by }];
        let described = |run: &RunSummary| pending(run, &signals).unwrap().1;
        assert_eq!(described(&summary("12345678", "plan", RunState::Queued)), "1 not taken yet: go");
        assert_eq!(described(&summary("12345678", "plan", RunState::Succeeded)), "1 never taken: go");
        assert_eq!(described(&cancelling(Some(Moment(7_000)), CancelCause::Operator)), "1 never taken: go");
    }

    #[test]
    fn a_run_stands_below_those_that_started_it() {
        let below = |id: &str, parent: &str| RunSummary {
            parent: Some(runs::CallRef { run: runs::RunId::from_text(parent), call: 1 }),
            ..summary(id, "mary", RunState::Succeeded)
        };
        let runs = [below("b", "a"), below("c", "b"), below("d", "c"), below("e", "a")];
        assert_eq!(runs.each_ref().map(|run| depth(run, &runs)), [0, 1, 2, 0]);
    }
}
