//! `baton backlog graph`.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
};

use anyhow::Result;
use clap::Args;

use super::ProjectChoice;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access,
        items::{BacklogGraph, Item, ItemKind, ItemStatus, ShowGraph},
    },
};

/// Draw which items wait for which, in waves that can be worked on in parallel
#[derive(Debug, Args)]
pub(in crate::cli) struct Drawing {
    /// Write a graph in the DOT language, for Graphviz
    #[arg(long)]
    dot: bool,
}

impl Drawing {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let graph = client::items::graph(&client, &ShowGraph { project: choice.reference() }).await?;
        if context.screen.is_json() {
            context.screen.document(&graph)?;
        } else if self.dot {
            context.screen.answer(dot(&graph.items))?;
        } else if graph.items.is_empty() {
            context.screen.tell("The backlog is empty.");
        } else {
            context.screen.answer(draw(&graph, context.screen.columns()))?;
        }
        Ok(Exit::Done)
    }
}

/// A block for what is done, for each wave, and for what never begins.
fn draw(graph: &BacklogGraph, columns: usize) -> String {
    let by_key: HashMap<_, _> = graph.items.iter().map(|item| (item.key.as_str(), item)).collect();
    let placed: HashSet<_> = graph.waves.iter().flatten().map(String::as_str).collect();
    let work = || graph.items.iter().filter(|item| item.kind != ItemKind::Epic);
    let is_stuck = |item: &&Item| is_open(item.status) && !placed.contains(item.key.as_str());
    let mut blocks = Vec::new();
    let mut block = |head: String, items: Vec<&Item>| {
        if !items.is_empty() {
            let lines = items.iter().enumerate().map(|(row, item)| line(item, row + 1 == items.len(), columns));
            blocks.push([painted(STRONG, head)].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
        }
    };
    block("Done".to_owned(), work().filter(|item| item.status == ItemStatus::Done).collect());
    for (number, wave) in (1..).zip(&graph.waves) {
        block(format!("Wave {number}"), wave.iter().filter_map(|key| by_key.get(key.as_str()).copied()).collect());
    }
    block("Cannot begin".to_owned(), work().filter(is_stuck).collect());
    blocks.join("\n")
}

fn is_open(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Todo | ItemStatus::InProgress | ItemStatus::Review | ItemStatus::Blocked)
}

fn line(item: &Item, is_last: bool, columns: usize) -> String {
    const LEAST: usize = 12;
    let mark = match item.status {
        ItemStatus::Done => painted(GOOD, "✓"),
        ItemStatus::InProgress | ItemStatus::Review => painted(WARNING, "●"),
        ItemStatus::Blocked | ItemStatus::Failed => painted(WARNING, "!"),
        ItemStatus::Todo | ItemStatus::Cancelled => "○".to_owned(),
    };
    let branch = if is_last { "└─" } else { "├─" };
    let room = columns.saturating_sub(item.key.len() + 8).max(LEAST);
    let mut line = format!("{branch} {mark} {}  {}", item.key, text::excerpt(&item.title, room));
    if item.status != ItemStatus::Done && !item.waits_for.is_empty() {
        let below = if is_last { "  " } else { "│ " };
        let room = columns.saturating_sub(8).max(LEAST);
        // Writing to a string does not fail.
        let _ = write!(line, "\n{below}    {}", painted(FAINT, format!("← {}", text::excerpt(&item.waits_for.join(", "), room))));
    }
    line
}

/// Every item with its edges, epics as clusters.
fn dot(items: &[Item]) -> String {
    let mut lines = vec!["digraph backlog {".to_owned(), "  rankdir=LR;".to_owned(), "  node [shape=box];".to_owned()];
    let node = |item: &Item| {
        let title = quote_text(&format!("{}\n{}", item.key, text::line(&item.title)));
        let style = if item.status == ItemStatus::Done { ", style=filled" } else { "" };
        format!("\"{}\" [label={title}{style}];", item.key)
    };
    for epic in items.iter().filter(|item| item.kind == ItemKind::Epic) {
        lines.push(format!("  subgraph \"cluster_{}\" {{", epic.key));
        lines.push(format!("    label={};", quote_text(&text::line(&epic.title))));
        lines.push(format!("    {}", node(epic)));
        let inside = items.iter().filter(|item| item.parent.as_deref() == Some(&epic.key));
        lines.extend(inside.map(|item| format!("    {}", node(item))));
        lines.push("  }".to_owned());
    }
    let is_epic = |key: &str| items.iter().any(|item| item.kind == ItemKind::Epic && item.key == key);
    let loose = |item: &&Item| item.kind != ItemKind::Epic && !item.parent.as_deref().is_some_and(is_epic);
    lines.extend(items.iter().filter(loose).map(|item| format!("  {}", node(item))));
    let edges = items.iter().flat_map(|item| item.after.iter().map(move |before| (before, &item.key)));
    lines.extend(edges.map(|(before, key)| format!("  \"{before}\" -> \"{key}\";")));
    lines.push("}".to_owned());
    lines.join("\n")
}

fn quote_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
