//! `baton backlog show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{ProjectChoice, document, key};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{FAINT, STRONG, painted},
        text,
    },
    interfaces::backlog::{Graph, Item, Move, Mover, Status},
    operations::Access,
};

/// Show an item: what it is about, what it waits for, and every move
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Its key
    #[arg(value_parser = key)]
    key: String,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let place = choice.find(&app).await?;
        let item = app.backlog.item(place.id(), &self.key).await?;
        let history = app.backlog.history(place.id(), &self.key).await?;
        let items = app.backlog.items(place.id(), false).await?;
        let graph = Graph::of(&items).map_err(anyhow::Error::new)?;
        let at = items.iter().position(|other| other.draft.key == item.draft.key).unwrap_or_default();
        if context.screen.is_json() {
            let mut shown = document(at, &items, &graph, &graph.ready());
            shown["body"] = json!(item.draft.body);
            shown["history"] = history.iter().map(moved).collect();
            context.screen.document(&shown)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(card(&item, graph.status(at), &graph.waits_for(at)))?;
        let zone = TimeZone::system();
        context.screen.answer(painted(STRONG, "\nHistory"))?;
        for one in &history {
            context.screen.answer(line(one, &zone))?;
        }
        Ok(Exit::Done)
    }
}

/// All that is said of an item. What others wrote is indented, so that it cannot pass for words of Baton.
fn card(item: &Item, status: Status, waits_for: &[&str]) -> String {
    let Item { draft, assignee, branch, .. } = item;
    let mut about = vec![draft.kind.as_str().to_owned(), status.as_str().to_owned(), format!("priority {}", draft.priority)];
    about.extend(draft.parent.as_ref().map(|parent| format!("of {parent}")));
    about.extend(assignee.as_ref().map(|assignee| format!("with {}", text::escaped(assignee))));
    about.extend(branch.as_ref().map(|branch| format!("on {}", text::escaped(branch))));
    let mut lines = vec![format!("{}  {}", painted(STRONG, &draft.key), text::line(&draft.title)), format!("  {}", about.join(" · "))];
    if !draft.labels.is_empty() {
        lines.push(format!("  labels {}", draft.labels.as_slice().join(", ")));
    }
    if !draft.after.is_empty() {
        lines.push(format!("  after {}", draft.after.join(", ")));
    }
    if !waits_for.is_empty() {
        lines.push(format!("  still waits for {}", waits_for.join(", ")));
    }
    if !draft.body.trim().is_empty() {
        lines.push(String::new());
        lines.extend(text::plain(draft.body.trim()).lines().map(|line| format!("  {line}").trim_end().to_owned()));
    }
    lines.join("\n")
}

fn line(one: &Move, zone: &TimeZone) -> String {
    let by = match &one.by {
        Mover::Run(run) => format!("run {}", text::short(run)),
        Mover::Person(person) => text::escaped(person),
    };
    let what = match one.before {
        None => format!("added as {}", one.after.as_str()),
        Some(before) => format!("{} → {}", before.as_str(), one.after.as_str()),
    };
    let reason = text::excerpt(&one.reason, 200);
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("  {}  {what} by {by}{reason}", painted(FAINT, figures::moment(one.at, zone)))
}

fn moved(one: &Move) -> serde_json::Value {
    let (run, person) = match &one.by {
        Mover::Run(run) => (Some(run.as_str()), None),
        Mover::Person(person) => (None, Some(person.as_str())),
    };
    let at = figures::stamp(one.at);
    json!({ "at": at, "before": one.before, "after": one.after, "reason": one.reason, "run": run, "person": person })
}
