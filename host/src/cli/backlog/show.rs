//! `baton backlog show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{ProjectChoice, key};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{FAINT, STRONG, painted},
        text,
    },
    operations::{
        Access,
        items::{self, Item, ItemDetails, ItemMove, ShowItem},
    },
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
        let host = context.open(Access::Look).await?;
        let shown = items::show(&host, &ShowItem { project: choice.reference(), key: self.key.clone() }).await?;
        if context.screen.is_json() {
            context.screen.document(&shown)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(card(&shown))?;
        let zone = TimeZone::system();
        context.screen.answer(painted(STRONG, "\nHistory"))?;
        for moved in &shown.history {
            context.screen.answer(line(moved, &zone))?;
        }
        Ok(Exit::Done)
    }
}

/// What the item says. What others wrote is indented, so that it cannot pass for words of Baton.
fn card(shown: &ItemDetails) -> String {
    let Item { key, kind, title, status, parent, after, waits_for, priority, labels, assignee, branch, .. } = &shown.item;
    let mut about = vec![kind.as_str().to_owned(), status.as_str().to_owned(), format!("priority {priority}")];
    about.extend(parent.as_ref().map(|parent| format!("of {parent}")));
    about.extend(assignee.as_ref().map(|assignee| format!("with {}", text::escaped(assignee))));
    about.extend(branch.as_ref().map(|branch| format!("on {}", text::escaped(branch))));
    let mut lines = vec![format!("{}  {}", painted(STRONG, key), text::line(title)), format!("  {}", about.join(" · "))];
    if !labels.is_empty() {
        lines.push(format!("  labels {}", labels.join(", ")));
    }
    if !after.is_empty() {
        lines.push(format!("  after {}", after.join(", ")));
    }
    if !waits_for.is_empty() {
        lines.push(format!("  still waits for {}", waits_for.join(", ")));
    }
    if !shown.body.trim().is_empty() {
        lines.push(String::new());
        lines.extend(text::plain(shown.body.trim()).lines().map(|line| format!("  {line}").trim_end().to_owned()));
    }
    lines.join("\n")
}

fn line(moved: &ItemMove, zone: &TimeZone) -> String {
    let by = match (&moved.run, &moved.person) {
        (Some(run), _) => format!("run {}", text::short(run)),
        (None, person) => text::escaped(person.as_deref().unwrap_or_default()),
    };
    let what = match moved.before {
        None => format!("added as {}", moved.after.as_str()),
        Some(before) => format!("{} → {}", before.as_str(), moved.after.as_str()),
    };
    let reason = text::excerpt(&moved.reason, 200);
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("  {}  {what} by {by}{reason}", painted(FAINT, figures::moment(moved.at.0, zone)))
}
