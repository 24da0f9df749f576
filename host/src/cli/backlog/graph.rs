//! `baton backlog graph`.

use std::fmt::Write;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, document};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    interfaces::backlog::{Graph, Item, Kind, Status},
    operations::Access,
};

/// Draw what waits for what, in waves that can be worked on side by side
#[derive(Debug, Args)]
pub(in crate::cli) struct Drawing {
    /// As a graph in the DOT language, for Graphviz
    #[arg(long)]
    dot: bool,
}

impl Drawing {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let place = choice.find(&app).await?;
        let items = app.backlog.items(place.id(), false).await?;
        let graph = Graph::of(&items).map_err(anyhow::Error::new)?;
        let waves = graph.waves().map_err(anyhow::Error::new)?;
        if self.dot && context.screen.is_json() {
            context.screen.document(&json!({ "dot": dot(&items) }))?;
        } else if self.dot {
            context.screen.answer(dot(&items))?;
        } else if context.screen.is_json() {
            let ready = graph.ready();
            let nodes: Vec<_> = (0..items.len()).map(|place| document(place, &items, &graph, &ready)).collect();
            let waves: Vec<Vec<_>> = waves.iter().map(|wave| wave.iter().map(|place| &items[*place].draft.key).collect()).collect();
            context.screen.document(&json!({ "waves": waves, "items": nodes }))?;
        } else if items.is_empty() {
            context.screen.tell("The backlog is empty.");
        } else {
            context.screen.answer(drawn(&items, &graph, &waves, context.screen.columns()))?;
        }
        Ok(Exit::Done)
    }
}

/// A block for what is done, for each wave, and for what never comes.
fn drawn(items: &[Item], graph: &Graph<'_>, waves: &[Vec<usize>], columns: usize) -> String {
    let is_work = |place: &usize| items[*place].draft.kind != Kind::Epic;
    let done: Vec<_> = (0..items.len()).filter(is_work).filter(|place| items[*place].status == Status::Done).collect();
    let open = |place: &usize| matches!(items[*place].status, Status::Todo | Status::InProgress | Status::Review | Status::Blocked);
    let placed: std::collections::HashSet<_> = waves.iter().flatten().copied().collect();
    let stuck: Vec<_> = (0..items.len()).filter(is_work).filter(open).filter(|place| !placed.contains(place)).collect();
    let mut blocks = Vec::new();
    let mut block = |head: String, places: &[usize]| {
        if !places.is_empty() {
            let lines = places.iter().enumerate().map(|(row, place)| line(*place, row + 1 == places.len(), items, graph, columns));
            blocks.push([painted(STRONG, head)].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
        }
    };
    block("Done".to_owned(), &done);
    for (number, wave) in (1..).zip(waves) {
        block(format!("Wave {number}"), wave);
    }
    block("Waits for what does not come".to_owned(), &stuck);
    blocks.join("\n")
}

fn line(place: usize, is_last: bool, items: &[Item], graph: &Graph<'_>, columns: usize) -> String {
    const LEAST: usize = 12;
    let item = &items[place];
    let mark = match item.status {
        Status::Done => painted(GOOD, "✓"),
        Status::InProgress | Status::Review => painted(WARNING, "●"),
        Status::Blocked | Status::Failed => painted(WARNING, "!"),
        Status::Todo | Status::Cancelled => "○".to_owned(),
    };
    let branch = if is_last { "└─" } else { "├─" };
    let waits = if item.status == Status::Done { Vec::new() } else { graph.waits_for(place) };
    let room = columns.saturating_sub(item.draft.key.len() + 8).max(LEAST);
    let mut line = format!("{branch} {mark} {}  {}", item.draft.key, text::excerpt(&item.draft.title, room));
    if !waits.is_empty() {
        let below = if is_last { "  " } else { "│ " };
        let room = columns.saturating_sub(8).max(LEAST);
        // Writing to a string does not fail.
        let _ = write!(line, "\n{below}    {}", painted(FAINT, format!("← {}", text::excerpt(&waits.join(", "), room))));
    }
    line
}

/// Every item with its edges, epics as clusters.
fn dot(items: &[Item]) -> String {
    let mut lines = vec!["digraph backlog {".to_owned(), "  rankdir=LR;".to_owned(), "  node [shape=box];".to_owned()];
    let node = |item: &Item| {
        let title = quoted(&format!("{}\n{}", item.draft.key, text::line(&item.draft.title)));
        let style = if item.status == Status::Done { ", style=filled" } else { "" };
        format!("\"{}\" [label={title}{style}];", item.draft.key)
    };
    for epic in items.iter().filter(|item| item.draft.kind == Kind::Epic) {
        lines.push(format!("  subgraph \"cluster_{}\" {{", epic.draft.key));
        lines.push(format!("    label={};", quoted(&text::line(&epic.draft.title))));
        lines.push(format!("    {}", node(epic)));
        let inside = items.iter().filter(|item| item.draft.parent.as_deref() == Some(&epic.draft.key));
        lines.extend(inside.map(|item| format!("    {}", node(item))));
        lines.push("  }".to_owned());
    }
    let is_epic = |key: &str| items.iter().any(|item| item.draft.kind == Kind::Epic && item.draft.key == key);
    let loose = |item: &&Item| item.draft.kind != Kind::Epic && !item.draft.parent.as_deref().is_some_and(is_epic);
    lines.extend(items.iter().filter(loose).map(|item| format!("  {}", node(item))));
    let edges = items.iter().flat_map(|item| item.draft.after.iter().map(move |before| (before, &item.draft.key)));
    lines.extend(edges.map(|(before, key)| format!("  \"{before}\" -> \"{key}\";")));
    lines.push("}".to_owned());
    lines.join("\n")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
