//! `baton backlog list`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, coloured, label, status};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        number::number,
        screen::{STRONG, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        items::{BacklogSummary, Item, ItemKind, ItemStatus, ListItems, MOST_LISTED, SummarizeItems},
    },
};

/// List epics, stories and tasks, ordered by key
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Show only items with one of these statuses
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<ItemStatus>,
    /// Show only items that can start now, most urgent first
    #[arg(long, conflicts_with = "status")]
    ready: bool,
    /// Show only items with this label; repeat to require several labels
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    label: Vec<String>,
    /// Show only items with this text in their key, title or labels
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    search: Option<String>,
    /// Show at most N entries
    #[arg(long, value_name = "N", default_value_t = MOST_LISTED, hide_default_value = true, value_parser = number(1..=MOST_LISTED, "give a number from 1 to 10000"))]
    limit: u32,
    /// Continue after a page; pass its `next` value
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let page = client::items::list(&client, &self.request(choice)).await?;
        if context.screen.is_json() {
            context.screen.document(&page)?;
            return Ok(Exit::Done);
        }
        let summary = client::items::summarize(&client, &SummarizeItems { project: choice.reference() }).await?;
        if !page.items.is_empty() {
            context.screen.answer(table(&page.items, context.screen.columns()).render())?;
        }
        context.screen.tell(self.comment(context, choice, &page.items, &summary));
        if let Some(next) = page.next {
            context.screen.tell(format!("There are more; `--cursor {next}` continues."));
        }
        Ok(Exit::Done)
    }

    fn request(&self, choice: &ProjectChoice) -> ListItems {
        ListItems {
            statuses: self.status.clone(),
            ready: self.ready,
            labels: self.label.clone(),
            search: self.search.clone(),
            cursor: self.cursor.clone(),
            ..ListItems::of(choice.reference(), self.limit)
        }
    }

    /// What is told below the list.
    fn comment(&self, context: &Context, choice: &ProjectChoice, shown: &[Item], summary: &BacklogSummary) -> String {
        let BacklogSummary { epics, work, .. } = *summary;
        if epics + work == 0 {
            let add = choice.again(context, "backlog add KEY TITLE");
            let import = choice.again(context, "backlog import");
            return format!("The backlog is empty. `{add}` adds an item, `{import}` imports those of docs/stories/.");
        }
        let is_filtered = !self.label.is_empty() || self.search.is_some();
        if shown.is_empty() && (!self.ready || is_filtered) {
            return self.nothing().to_owned();
        }
        if work == 0 {
            let add = choice.again(context, "backlog add KEY TITLE --parent EPIC");
            return format!("The backlog has {} and no story yet. `{add}` adds one.", figures::counted(epics, "epic", "epics"));
        }
        if shown.is_empty() { "No item can begin now.".to_owned() } else { progress(summary) }
    }

    fn nothing(&self) -> &'static str {
        match (self.search.is_some(), self.ready, self.label.is_empty(), self.status.is_empty()) {
            (true, ..) => "No item matches.",
            (_, true, ..) => "No item with these labels can begin now.",
            (_, false, true, _) => "No item has such a status.",
            (_, false, false, true) => "No item has these labels.",
            (_, false, false, false) => "No item with these labels has such a status.",
        }
    }
}

fn table(items: &[Item], columns: usize) -> Table {
    const NARROW: usize = 72;
    const LEAST_TITLE: usize = 16;
    let (left, right) = (Align::Left, Align::Right);
    let head = [("KEY", left), ("STATUS", left), ("PRIORITY", right), ("WAITS FOR", left), ("ASSIGNEE", left), ("TITLE", left)];
    let is_wide = columns >= NARROW;
    let narrow = [head[0], head[1], head[5]];
    let mut table = Table::new(if is_wide { &head[..] } else { &narrow[..] });
    let longest = items.iter().map(|item| item.key.len()).max().unwrap_or_default();
    let taken = longest + if is_wide { 11 + 8 + 24 + 10 + 10 } else { 11 + 4 };
    let room = columns.saturating_sub(taken).max(LEAST_TITLE);
    for item in items {
        let title = text::excerpt(&item.title, room);
        let title = if item.kind == ItemKind::Epic { Cell::styled(title, STRONG) } else { title.into() };
        let key: Cell = item.key.clone().into();
        if is_wide {
            let assignee = text::excerpt(item.assignee.as_deref().unwrap_or("-"), 10);
            table.row([key, coloured(item.status), item.priority.to_string().into(), waits(item).into(), assignee.into(), title]);
        } else {
            table.row([key, coloured(item.status), title]);
        }
    }
    table
}

fn waits(item: &Item) -> String {
    match item.status {
        ItemStatus::Done => "-".to_owned(),
        _ if item.waits_for.is_empty() => "-".to_owned(),
        _ => text::excerpt(&item.waits_for.join(", "), 24),
    }
}

fn progress(summary: &BacklogSummary) -> String {
    let BacklogSummary { work, done, ready, .. } = *summary;
    let can = figures::counted(ready, "item", "items");
    format!("\n{} of {} done; {can} can begin now.", painted(STRONG, figures::count(done)), figures::count(work))
}
