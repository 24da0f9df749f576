//! `baton backlog add`.

use std::{
    fs,
    io::{self, Read},
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, key, label, person};
use crate::{
    cli::{
        Context,
        exit::Exit,
        number::number,
        screen::{GOOD, painted},
        text,
    },
    interfaces::backlog::{Draft, Kind, documents::USUAL_PRIORITY},
};

/// Bytes of a body that are read; one more is told to be too long.
const MOST_READ: u64 = (256 << 10) + 1;

/// Add an item
#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// Its key, such as 1-2-user-login
    #[arg(value_parser = key)]
    key: String,
    /// What it is called, in one line
    #[arg(allow_hyphen_values = true)]
    title: String,
    /// epic, story or task
    #[arg(long, default_value = "story", value_parser = kind)]
    kind: Kind,
    /// Keys that must be done first
    #[arg(long, value_name = "KEY", value_delimiter = ',', value_parser = key)]
    after: Vec<String>,
    /// 0 (last) to 10 (first)
    #[arg(long, default_value_t = USUAL_PRIORITY, value_parser = number(0..=10_u8, "give 0 (last) to 10 (first)"))]
    priority: u8,
    /// A label to find it by, such as area/checkout; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    label: Vec<String>,
    /// The epic of a story, or the epic or story of a task
    #[arg(long, value_name = "KEY", value_parser = key)]
    parent: Option<String>,
    /// A Markdown file that says more, or - for standard input
    #[arg(long, value_name = "FILE")]
    body: Option<String>,
}

impl Add {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let draft = Draft {
            key: self.key.clone(),
            kind: self.kind,
            title: self.title.clone(),
            body: self.body.as_deref().map(read).transpose()?.unwrap_or_default(),
            parent: self.parent.clone(),
            after: self.after.clone(),
            priority: self.priority,
            labels: self.label.clone().into(),
        };
        let app = context.open_to_change().await?;
        let place = choice.open(&app).await?;
        let known = app.backlog.items(place.id(), false).await?.iter().any(|item| item.draft.key == draft.key);
        if known {
            app.close().await;
            let show = place.again(context, &format!("backlog show {}", self.key));
            anyhow::bail!("There is an item `{}` already; `{show}` shows it. Choose another key.", self.key);
        }
        let added = app.backlog.put(place.id(), std::slice::from_ref(&draft), &person(&app)).await;
        app.close().await;
        added?;
        if context.screen.is_json() {
            let mut shown = json!(draft);
            shown["labels"] = json!(draft.labels);
            context.screen.document(&shown)?;
        } else {
            let title = text::excerpt(&draft.title, 80);
            context.screen.tell(format!("{} Added the {} {}: {title}", painted(GOOD, "✓"), draft.kind.as_str(), draft.key));
        }
        Ok(Exit::Done)
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::from_word(word).ok_or_else(|| "a kind is one of epic, story, task".to_owned())
}

fn read(path: &str) -> Result<String> {
    let mut text = String::new();
    let read = match path {
        "-" => io::stdin().take(MOST_READ).read_to_string(&mut text),
        path => fs::File::open(path).and_then(|file| file.take(MOST_READ).read_to_string(&mut text)),
    };
    read.with_context(|| format!("The body cannot be read from {}.", text::escaped(path)))?;
    Ok(text)
}
