//! `baton backlog edit`.

use anyhow::Result;
use clap::{ArgGroup, Args};

use super::{ProjectChoice, key, label};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
    },
    operations::items::EditItem,
};

/// Change the labels of an item
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").args(["label", "no_label"]).required(true).multiple(true))]
pub(in crate::cli) struct Edit {
    /// Key of the item
    #[arg(value_parser = key)]
    key: String,
    /// Label to add, such as area/checkout; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    label: Vec<String>,
    /// Label to remove; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    no_label: Vec<String>,
}

impl Edit {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let request = EditItem {
            project: choice.reference(),
            key: self.key.clone(),
            add_labels: self.label.clone(),
            remove_labels: self.no_label.clone(),
        };
        let client = context.connect_to_change().await?;
        let edited = client::items::edit(&client, &request).await;
        client.close().await;
        let item = edited?;
        if context.screen.is_json() {
            context.screen.document(&item)?;
        } else {
            let write = choice.again(context, "backlog write");
            let labels = if item.labels.is_empty() { "no labels".to_owned() } else { format!("the labels {}", item.labels.join(", ")) };
            context.screen.tell(format!("{} {} has {labels} now. `{write}` updates the documents.", painted(GOOD, "✓"), item.key));
        }
        Ok(Exit::Done)
    }
}
