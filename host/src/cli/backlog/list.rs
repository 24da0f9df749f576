//! `baton backlog list`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, coloured, document, label, status};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{STRONG, painted},
        table::{Align, Cell, Table},
        text,
    },
    interfaces::backlog::{Graph, Item, Kind, Status},
    operations::Access,
};

/// List epics, stories and tasks in the order of their keys
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those with one of these statuses
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<Status>,
    /// Only what can begin now, the most urgent first
    #[arg(long, conflicts_with = "status")]
    ready: bool,
    /// Only those with this label; repeat for those with all of several
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    label: Vec<String>,
}

impl List {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let place = choice.find(&app).await?;
        let items = app.backlog.items(place.id(), false).await?;
        let graph = Graph::of(&items).map_err(anyhow::Error::new)?;
        let ready = graph.ready();
        let fits = |place: &usize| self.status.is_empty() || self.status.contains(&graph.status(*place));
        let mut shown: Vec<_> = if self.ready { ready.clone() } else { (0..items.len()).filter(fits).collect() };
        shown.retain(|place| self.label.iter().all(|label| items[*place].draft.labels.contains(label)));
        if context.screen.is_json() {
            context.screen.document(&shown.iter().map(|place| document(*place, &items, &graph, &ready)).collect::<Vec<_>>())?;
        } else if items.is_empty() {
            let add = place.again(context, "backlog add KEY TITLE");
            let import = place.again(context, "backlog import");
            context.screen.tell(format!("The backlog is empty. `{add}` adds an item, `{import}` takes those of docs/stories/."));
        } else if shown.is_empty() && (!self.ready || !self.label.is_empty()) {
            context.screen.tell(self.nothing());
        } else {
            if !shown.is_empty() {
                context.screen.answer(table(&shown, &items, &graph, context.screen.columns()).render())?;
            }
            context.screen.tell(match only_epics(&items) {
                Some(epics) => {
                    let add = place.again(context, "backlog add KEY TITLE --parent EPIC");
                    format!("The backlog has {epics} and no story yet. `{add}` adds one.")
                }
                None if shown.is_empty() => "Nothing can begin now.".to_owned(),
                None => summary(&items, ready.len()),
            });
        }
        Ok(Exit::Done)
    }

    /// What is said where no item has what is asked for.
    fn nothing(&self) -> &'static str {
        match (self.ready, self.label.is_empty(), self.status.is_empty()) {
            (true, ..) => "No item with these labels can begin now.",
            (false, true, _) => "No item has such a status.",
            (false, false, true) => "No item has these labels.",
            (false, false, false) => "No item with these labels has such a status.",
        }
    }
}

fn table(shown: &[usize], items: &[Item], graph: &Graph<'_>, columns: usize) -> Table {
    const NARROW: usize = 72;
    const LEAST_TITLE: usize = 16;
    let (left, right) = (Align::Left, Align::Right);
    let head = [("KEY", left), ("STATUS", left), ("PRIORITY", right), ("WAITS FOR", left), ("ASSIGNEE", left), ("TITLE", left)];
    let is_wide = columns >= NARROW;
    let narrow = [head[0], head[1], head[5]];
    let mut table = Table::new(if is_wide { &head[..] } else { &narrow[..] });
    let longest = shown.iter().map(|place| items[*place].draft.key.len()).max().unwrap_or_default();
    let taken = longest + if is_wide { 11 + 8 + 24 + 10 + 10 } else { 11 + 4 };
    let room = columns.saturating_sub(taken).max(LEAST_TITLE);
    for place in shown {
        let item = &items[*place];
        let title = text::excerpt(&item.draft.title, room);
        let title = if item.draft.kind == Kind::Epic { Cell::styled(title, STRONG) } else { title.into() };
        let (key, status): (Cell, _) = (item.draft.key.clone().into(), graph.status(*place));
        if is_wide {
            let waits = if status == Status::Done { String::new() } else { graph.waits_for(*place).join(", ") };
            let assignee = text::excerpt(item.assignee.as_deref().unwrap_or("-"), 10);
            let waits = if waits.is_empty() { "-".to_owned() } else { text::excerpt(&waits, 24) };
            table.row([key, coloured(status), item.draft.priority.to_string().into(), waits.into(), assignee.into(), title]);
        } else {
            table.row([key, coloured(status), title]);
        }
    }
    table
}

/// How many epics there are, where there is nothing else that could be done.
fn only_epics(items: &[Item]) -> Option<String> {
    let is_alone = items.iter().all(|item| item.draft.kind == Kind::Epic);
    is_alone.then(|| figures::counted(items.len() as u64, "epic", "epics"))
}

fn summary(items: &[Item], ready: usize) -> String {
    let work: Vec<_> = items.iter().filter(|item| item.draft.kind != Kind::Epic).collect();
    let done = work.iter().filter(|item| item.status == Status::Done).count();
    let can = figures::counted(ready as u64, "item", "items");
    format!("\n{} of {} done; {} can begin now.", painted(STRONG, figures::count(done as u64)), figures::count(work.len() as u64), can)
}
