//! `baton runs list`.

use anstyle::Style;
use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::waiting;
use crate::{
    cli::{
        Context, ending,
        exit::Exit,
        figures,
        number::number,
        screen::{BAD, GOOD, WARNING},
        since,
        table::{Align, Cell, Table},
        text,
    },
    events::path_text,
    kernel::run::{Filter, Run, State, Tally},
    operations::{Access, Host},
};

/// List runs, the newest first
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also the runs that other runs started
    #[arg(long)]
    all: bool,
    /// Only those of this project, by its name or id
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only those in this state; may be given several times
    #[arg(long, value_parser = State::WORDS)]
    state: Vec<String>,
    /// Only those that began then or later: a time such as 22:00 or 2026-01-31, `yesterday`, or how long ago, such as 90m or 2d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = number(1..=u32::MAX, "give how many, 1 or more"))]
    limit: u32,
}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let filter = self.filter(&app).await?;
        let mut runs = Vec::new();
        for run in app.kernel.runs().list(&filter).await? {
            let tally = app.kernel.runs().tally(&run.id).await?;
            runs.push((run, tally));
        }
        let waiting = waiting::below(&app, runs.iter().map(|(run, _)| run)).await?;
        if context.screen.is_json() {
            context.screen.document(&runs.iter().map(|(run, tally)| summary(context, run, tally)).collect::<Vec<_>>())?;
        } else if runs.is_empty() {
            let any = filter == Filter { roots_only: true, limit: self.limit, ..Filter::default() };
            context.screen.tell(if any { "There are no runs yet. Begin with `baton demo`." } else { "There is no such run." });
        } else {
            context.screen.answer(table(&runs, figures::now()).fit(context.screen.room()))?;
            waiting::lines(&waiting).iter().try_for_each(|line| context.screen.answer(line))?;
        }
        Ok(Exit::Done)
    }

    async fn filter(&self, app: &Host) -> Result<Filter> {
        let since = self.since.as_ref().map(|since| since::read(since, figures::now(), &TimeZone::system())).transpose()?;
        let project = match &self.project {
            Some(name) => Some(app.kernel.find_project(name).await?.id),
            None => None,
        };
        Ok(Filter {
            roots_only: !self.all,
            states: self.state.clone(),
            project,
            since: since.unwrap_or_default(),
            limit: self.limit,
            ..Filter::default()
        })
    }
}

fn table(runs: &[(Run, Tally)], now: u64) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("RUN", left),
        ("PLUGIN", left),
        ("STATE", left),
        ("BEGUN", left),
        ("REPLIES", right),
        ("COST", right),
        ("WORKSPACE", left),
    ]);
    for (run, tally) in runs {
        table.row([
            text::short(&run.id).into(),
            text::line(&run.plugin).into(),
            state(run),
            figures::ago(now, run.created_at).into(),
            figures::count(tally.model_calls).into(),
            figures::money(tally.cost_usd).into(),
            text::escaped(&run.workspace.display().to_string()).into(),
        ]);
    }
    table
}

/// The state in its colour; of a run that is being cancelled, that it is.
pub(in crate::cli) fn state(run: &Run) -> Cell {
    if run.is_being_cancelled() {
        return Cell::styled("cancelling", WARNING);
    }
    let style = match run.state {
        State::Succeeded => GOOD,
        State::Failed { .. } | State::Cancelled => BAD,
        State::Paused { .. } => WARNING,
        State::Queued | State::Running | State::Waiting { .. } => Style::new(),
    };
    Cell::styled(run.state.as_str(), style)
}

/// A run as programs see it.
pub(super) fn summary(context: &Context, run: &Run, tally: &Tally) -> Value {
    json!({
        "run": run.id,
        "parent": run.parent.as_ref().map(|(id, _)| id),
        "root": run.root,
        "forked-from": run.forked_from.as_ref().map(|(id, at)| json!({ "run": id, "at": at })),
        "plugin": run.plugin,
        "slot": run.slot,
        "item": run.item,
        "plugin-version": run.plugin_version,
        "plugin-hash": run.plugin_hash,
        "kind": run.kind,
        "journal-from": run.journal_from,
        "state": run.state.as_str(),
        "reason": ending::reason(&run.state).map(|reason| context.advice(reason)),
        "cancelling": run.cancelling.map(|cancelling| json!({
            // One that is to end at once has no time.
            "since": Some(cancelling.since).filter(|since| *since > 0).map(figures::stamp),
            "cause": cancelling.cause,
        })),
        "wakes-at": waiting::due(run).map(figures::stamp),
        "project": run.project,
        "workspace": path_text(&run.workspace),
        "created-at": figures::stamp(run.created_at),
        "updated-at": figures::stamp(run.updated_at),
        "tally": tally,
    })
}
