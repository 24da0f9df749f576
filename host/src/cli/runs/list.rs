//! `baton runs list`.

use anstyle::Style;
use anyhow::Result;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jiff::tz::TimeZone;

use super::waiting;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        number::number,
        screen::{BAD, GOOD, WARNING},
        since,
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access, Moment,
        runs::{ListRuns, RunState, RunSummary, StateWord},
    },
};

/// List runs, newest first
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also show child runs
    #[arg(long)]
    all: bool,
    /// Show only runs of this project, by its name or id
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Show only runs in this state; repeat for more
    #[arg(long, value_parser = states())]
    state: Vec<StateWord>,
    /// Show only runs that started at this time or later: a time such as 22:00 or 2026-01-31, `yesterday`, or an age such
    /// as 90m or 2d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most N entries
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = number(1..=u32::MAX, "give a number from 1 to 4294967295"))]
    limit: u32,
    /// Continue after a page; pass its `next` value
    #[arg(long)]
    cursor: Option<String>,
}

fn states() -> impl TypedValueParser<Value = StateWord> {
    let words = PossibleValuesParser::new(StateWord::ALL.map(StateWord::as_str));
    words.try_map(|word| StateWord::from_word(&word).ok_or("is not a state"))
}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = self.request()?;
        let client = context.connect(Access::Look).await?;
        let page = client::runs::list(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&page)?;
            return Ok(Exit::Done);
        }
        if page.items.is_empty() {
            let is_whole = request == ListRuns { limit: self.limit, ..ListRuns::default() };
            context.screen.tell(if is_whole { "There are no runs yet. Begin with `baton demo`." } else { "No run matches." });
            return Ok(Exit::Done);
        }
        context.screen.answer(table(&page.items, figures::now()).fit(context.screen.room()))?;
        let waiting = waiting::below(&client, &page.items).await?;
        waiting::lines(&waiting).iter().try_for_each(|line| context.screen.answer(line))?;
        if let Some(next) = page.next {
            context.screen.tell(format!("Show older runs with `--cursor {}`.", text::escaped(&next)));
        }
        Ok(Exit::Done)
    }

    fn request(&self) -> Result<ListRuns> {
        let since = self.since.as_ref().map(|since| since::read(since, figures::now(), &TimeZone::system())).transpose()?;
        Ok(ListRuns {
            all: self.all,
            project: self.project.clone(),
            plugin: None,
            kind: None,
            item: None,
            states: self.state.clone(),
            since: since.map(Moment),
            within: Vec::new(),
            cursor: self.cursor.clone(),
            limit: self.limit,
        })
    }
}

fn table(runs: &[RunSummary], now: u64) -> Table {
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
    for run in runs {
        table.row([
            text::short(&run.id).into(),
            text::line(&run.plugin).into(),
            state(&run.state, run.is_being_cancelled()),
            figures::ago(now, run.created_at.0).into(),
            figures::count(run.tally.model_calls).into(),
            figures::money(run.tally.cost_usd).into(),
            text::escaped(&run.workspace).into(),
        ]);
    }
    table
}

/// The state in its colour; of a run that is being cancelled, that it is.
pub(in crate::cli) fn state(state: &RunState, is_being_cancelled: bool) -> Cell {
    if is_being_cancelled {
        return Cell::styled("cancelling", WARNING);
    }
    let style = match state {
        RunState::Succeeded => GOOD,
        RunState::Failed { .. } | RunState::Cancelled => BAD,
        RunState::Paused { .. } => WARNING,
        RunState::Queued | RunState::Running | RunState::Waiting { .. } => Style::new(),
    };
    Cell::styled(state.as_str(), style)
}
