//! `baton runs show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{list, waiting};
use crate::{
    cli::{
        Context,
        continuing::{self, Way},
        ending,
        exit::Exit,
        figures,
        screen::{STRONG, painted},
        table::{Align, Cell, Table},
        text, waits,
    },
    interfaces::{published::Shown, signals::Signal},
    journal::{RunId, Wait},
    kernel::{
        ceiling::{Bound, Limit},
        run::{CancelCause, Cancelling, Run, State, Tally},
    },
    operations::{Access, Host},
};

/// Show a run: its state and why, what it cost, and the runs below it
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Any beginning or end of the run's id
    run: String,
}

/// A run below the one shown.
struct Below {
    run: Run,
    tally: Tally,
    depth: usize,
}

impl Show {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let tally = app.kernel.runs().tally(&run.id).await?;
        let below = below(&app, &run).await?;
        let published = app.kernel.published().published(&run.id).await?;
        let signals = app.kernel.signals().untaken(&run.id).await?;
        if context.screen.is_json() {
            let mut document = list::summary(context, &run, &tally);
            document["input"] = run.input.clone();
            document["output"] = json!(run.output);
            document["settings"] = run.settings.clone();
            document["ceiling"] = json!(run.ceiling);
            document["published"] = published.iter().map(|shown| (shown.key.clone(), self::published(shown))).collect::<Map<_, _>>().into();
            document["signals"] = signals.iter().map(signal).collect();
            document["runs"] = below.iter().map(|below| list::summary(context, &below.run, &below.tally)).collect();
            context.screen.document(&document)?;
            return Ok(Exit::Done);
        }
        for (name, value) in facts(&run, &tally).into_iter().chain(published.iter().map(fact)).chain(untaken(&run, &signals)) {
            context.screen.answer(format!("{} {}", painted(STRONG, format!("{name:<10}")), context.advice(&value)))?;
        }
        if let Some(next) = next(&app, &run, context).await? {
            context.screen.answer(format!("{} {next}", painted(STRONG, format!("{:<10}", "Next"))))?;
        }
        for line in waiting::lines(below.iter().map(|below| &below.run)) {
            context.screen.answer(format!("{} {line}", painted(STRONG, format!("{:<10}", "Waits"))))?;
        }
        if !below.is_empty() {
            context.screen.answer(format!("\n{}", table(&below).fit(context.screen.room())))?;
        }
        context.screen.tell(format!("\nEvery call: `{}`", context.again(&format!("runs journal {}", text::short(&run.id)))));
        Ok(Exit::Done)
    }
}

/// The command by which a run that failed or is paused continues.
async fn next(app: &Host, run: &Run, context: &Context) -> Result<Option<String>> {
    if !matches!(run.state, State::Paused { .. } | State::Failed { .. }) {
        return Ok(None);
    }
    let root = app.kernel.resolve(run.root.as_str()).await?;
    match continuing::way_of(&app.kernel, &root, &app.kernel.tree(&root.id).await?).await?.0 {
        Way::Command(command) if !matches!(root.state, State::Succeeded | State::Cancelled) => Ok(Some(context.again(&command))),
        _ => Ok(None),
    }
}

fn facts(run: &Run, tally: &Tally) -> Vec<(&'static str, String)> {
    const LONGEST: usize = 300;
    let zone = TimeZone::system();
    let mut facts = vec![
        ("Run", text::short(&run.id)),
        ("Plugin", format!("{} {} ({})", text::line(&run.plugin), text::line(&run.plugin_version), run.kind)),
        ("State", describe_state(&run.state, &zone)),
        ("Begun", figures::moment(run.created_at, &zone)),
        ("Changed", figures::moment(run.updated_at, &zone)),
        ("Workspace", text::escaped(&run.workspace.display().to_string())),
        ("Spent", ending::spent(tally, run.updated_at.saturating_sub(run.created_at))),
    ];
    facts.extend(
        run.cancelling.filter(|_| run.is_being_cancelled()).map(|cancelling| ("Cancelling", describe_cancelling(cancelling, &zone))),
    );
    if let Some((parent, seq)) = &run.parent {
        facts.push(("Started by", format!("call {seq} of run {}", text::short(parent))));
    }
    if let Some((source, at)) = &run.forked_from {
        facts.push(("Forked", format!("from run {} before call {at}", text::short(source))));
    }
    if let Some(slot) = &run.slot {
        facts.push(("Slot", text::escaped(slot)));
    }
    if let Some(item) = &run.item {
        facts.push(("Item", text::escaped(item)));
    }
    if run.journal_from > 0 {
        facts.push(("Continued", format!("with another input at call {}", figures::count(run.journal_from))));
    }
    facts.extend(run.ceiling.bounds().iter().map(|bound| ("Ceiling", told(bound))));
    facts.push(("Input", text::excerpt(&run.input.to_string(), LONGEST)));
    if let Some(output) = &run.output {
        facts.push(("Output", text::excerpt(&output.to_string(), LONGEST)));
    }
    facts
}

/// A document that a run shows.
fn fact(shown: &Shown) -> (&'static str, String) {
    const LONGEST: usize = 300;
    ("Published", format!("{}: {}", shown.key, text::excerpt(&shown.value.to_string(), LONGEST)))
}

fn published(shown: &Shown) -> Value {
    json!({ "value": shown.value, "at": figures::stamp(shown.at) })
}

/// The signals that a run has not taken, by their names in the order in which they were sent.
fn untaken(run: &Run, signals: &[Signal]) -> Option<(&'static str, String)> {
    const SHOWN: usize = 5;
    let names = signals.iter().take(SHOWN).map(|signal| signal.name.as_str()).collect::<Vec<_>>().join(", ");
    let more = if signals.len() > SHOWN { ", …" } else { "" };
    let taken = if run.state.is_final() || run.is_being_cancelled() { "never taken" } else { "not taken yet" };
    (!signals.is_empty()).then(|| ("Signals", format!("{} {taken}: {names}{more}", figures::count(signals.len() as u64))))
}

fn signal(signal: &Signal) -> Value {
    json!({
        "place": signal.place, "name": signal.name, "value": signal.value, "sent-at": figures::stamp(signal.sent_at), "sent-by": signal.sent_by,
    })
}

/// What a run may do at most, beside what its own plugin was granted.
fn told(Bound { run, plugin, limit }: &Bound) -> String {
    let (run, plugin) = (text::short(run), text::escaped(plugin));
    match limit {
        Limit::Grants { .. } => format!("what `{plugin}` was granted itself or through it (run {run})"),
        Limit::Narrowed { to } => format!("what `{plugin}` started run {run} for: {}", text::excerpt(&json!(to).to_string(), 200)),
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
        0 => "at once".to_owned(),
        since => format!("since {}", figures::moment(since, zone)),
    };
    format!("{since}: {cause}. It takes no signals and answers any more.")
}

fn describe_state(state: &State, zone: &TimeZone) -> String {
    match (state, ending::reason(state)) {
        (State::Waiting { wait: Wait::Account { account, until, reason } }, _) => {
            let until = figures::moment(*until, zone);
            format!("waiting for {} until {until}: {}", text::line(account), text::plain(reason))
        }
        (State::Waiting { wait: wait @ Wait::Needed(needed) }, _) => {
            format!("waiting {}: {}", waits::describe(wait, zone), text::plain(&needed.reason))
        }
        (_, Some(reason)) => format!("{}: {}", state.as_str(), text::plain(reason)),
        (State::Waiting { wait }, _) => format!("waiting {}", waits::describe(wait, zone)),
        _ => state.as_str().to_owned(),
    }
}

async fn below(app: &Host, run: &Run) -> Result<Vec<Below>> {
    let mut tree = app.kernel.tree(&run.id).await?;
    tree.sort_by_key(|run| run.parent.as_ref().map(|(_, seq)| *seq));
    let mut ordered = Vec::new();
    descend(&tree, &run.id, 0, &mut ordered);
    let mut below = Vec::new();
    for (run, depth) in ordered {
        let tally = app.kernel.runs().tally(&run.id).await?;
        below.push(Below { run: run.clone(), tally, depth });
    }
    Ok(below)
}

/// The runs under `parent`, each followed by its own, in the order they were started.
fn descend<'a>(tree: &'a [Run], parent: &RunId, depth: usize, ordered: &mut Vec<(&'a Run, usize)>) {
    for run in tree.iter().filter(|run| run.parent.as_ref().is_some_and(|(id, _)| id == parent)) {
        ordered.push((run, depth));
        descend(tree, &run.id, depth + 1, ordered);
    }
}

fn table(below: &[Below]) -> Table {
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
    for Below { run, tally, depth } in below {
        let call = run.parent.as_ref().map(|(_, seq)| figures::count(*seq)).unwrap_or_default();
        table.row([
            Cell::from(call),
            text::short(&run.id).into(),
            format!("{}{}", "  ".repeat(*depth), text::line(&run.plugin)).into(),
            list::state(run),
            figures::count(tally.model_calls).into(),
            format!("{} → {}", figures::count(tally.input_tokens), figures::count(tally.output_tokens)).into(),
            figures::duration(run.updated_at.saturating_sub(run.created_at)).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample::run;

    fn cancelling(since: u64, cause: CancelCause) -> Run {
        Run { cancelling: Some(Cancelling { since, cause }), ..run("12345678", "plan", State::Queued) }
    }

    fn shown(run: &Run, name: &str) -> Option<String> {
        facts(run, &Tally::default()).into_iter().find(|fact| fact.0 == name).map(|fact| fact.1)
    }

    #[test]
    fn a_run_that_is_being_cancelled_says_since_when_and_why() {
        let since = figures::moment(7_000, &TimeZone::system());
        let said = shown(&cancelling(7_000, CancelCause::Operator), "Cancelling").unwrap();
        assert_eq!(said, format!("since {since}: an operator cancelled it. It takes no signals and answers any more."));
        assert!(shown(&cancelling(0, CancelCause::Ended), "Cancelling").unwrap().starts_with("at once: a run above it"));
        let ended = Run { state: State::Cancelled, ..cancelling(7_000, CancelCause::Run) };
        assert_eq!(shown(&ended, "Cancelling"), None);
    }

    #[test]
    fn signals_that_a_run_will_not_take_are_told_from_those_it_may() {
        let signals = vec![Signal { place: 1, name: "go".to_owned(), value: Value::Null, sent_at: 1, sent_by: "ada".to_owned() }];
        let said = |run: &Run| untaken(run, &signals).unwrap().1;
        assert_eq!(said(&run("12345678", "plan", State::Queued)), "1 not taken yet: go");
        assert_eq!(said(&run("12345678", "plan", State::Succeeded)), "1 never taken: go");
        assert_eq!(said(&cancelling(7_000, CancelCause::Operator)), "1 never taken: go");
    }
}
