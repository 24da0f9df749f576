//! `baton backlog add`.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, key, label};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        number::number,
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Problem,
        items::{AddItem, ItemKind, USUAL_PRIORITY},
        named_files,
    },
};

/// Bytes of a body that are read: one more than an item can have.
const MOST_READ: u64 = (256 << 10) + 1;

/// Add an item to the backlog
#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// Key of the item, such as 1-2-user-login
    #[arg(value_parser = key)]
    key: String,
    /// Title of the item, in one line
    #[arg(allow_hyphen_values = true)]
    title: String,
    /// Kind of item: epic, story or task
    #[arg(long, default_value = "story", value_parser = kind)]
    kind: ItemKind,
    /// Keys of the items that must be done first
    #[arg(long, value_name = "KEY", value_delimiter = ',', value_parser = key)]
    after: Vec<String>,
    /// Priority: 0 (last) to 10 (first)
    #[arg(long, default_value_t = USUAL_PRIORITY, value_parser = number(0..=10_u8, "give 0 (last) to 10 (first)"))]
    priority: u8,
    /// Label of the item, such as area/checkout; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    label: Vec<String>,
    /// Key of the epic of a story, or of the epic or story of a task
    #[arg(long, value_name = "KEY", value_parser = key)]
    parent: Option<String>,
    /// Markdown file with the body, or - for standard input
    #[arg(long, value_name = "FILE")]
    body: Option<String>,
}

impl Add {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let request = AddItem {
            project: choice.reference(),
            key: self.key.clone(),
            kind: self.kind,
            title: self.title.clone(),
            body: self.body.as_deref().map(read).transpose()?.unwrap_or_default(),
            parent: self.parent.clone(),
            after: self.after.clone(),
            priority: self.priority,
            labels: self.label.clone(),
        };
        let client = context.connect_to_change().await?;
        let added = client::items::add(&client, &request).await;
        client.close().await;
        let item = added.map_err(|problem| self.with_command(context, choice, problem))?;
        if context.screen.is_json() {
            context.screen.document(&item)?;
        } else {
            let title = text::excerpt(&item.title, 80);
            context.screen.tell(format!("{} Added the {} {}: {title}", painted(GOOD, "✓"), item.kind.as_str(), item.key));
        }
        Ok(Exit::Done)
    }

    /// Names the command that shows the item whose key is taken.
    fn with_command(&self, context: &Context, choice: &ProjectChoice, problem: Problem) -> Problem {
        if !problem.is("item_exists") {
            return problem;
        }
        let show = choice.again(context, &format!("backlog show {}", self.key));
        Problem { hint: Some(format!("`{show}` shows it. Choose another key.")), ..problem }
    }
}

fn kind(word: &str) -> Result<ItemKind, String> {
    ItemKind::from_word(word).ok_or_else(|| "a kind is one of epic, story, task".to_owned())
}

fn read(path: &str) -> Result<String, Problem> {
    let mut text = String::new();
    let read = match path {
        "-" => io::stdin().take(MOST_READ).read_to_string(&mut text),
        path => fs::File::open(path).and_then(|file| file.take(MOST_READ).read_to_string(&mut text)),
    };
    let name = if path == "-" { "standard input" } else { path };
    read.map_err(|error| named_files::unreadable("body", Path::new(name), &error))?;
    Ok(text)
}
