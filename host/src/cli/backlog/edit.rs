//! `baton backlog edit`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, key, label, person};
use crate::cli::{
    Context,
    exit::Exit,
    screen::{GOOD, painted},
};

/// Change the labels of an item
#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// Its key
    #[arg(value_parser = key)]
    key: String,
    /// A label to add, such as area/checkout; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label, required_unless_present = "no_label")]
    label: Vec<String>,
    /// A label to remove; repeat for more
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    no_label: Vec<String>,
}

impl Edit {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let place = choice.find(&app).await?;
        let labelled = app.backlog.label(place.id(), &self.key, &self.label, &self.no_label, &person(&app)).await;
        app.close().await;
        let labels = labelled?;
        if context.screen.is_json() {
            context.screen.document(&json!({ "key": self.key, "labels": labels }))?;
        } else {
            let write = place.again(context, "backlog write");
            let has = if labels.is_empty() { "no labels".to_owned() } else { format!("the labels {}", labels.as_slice().join(", ")) };
            context.screen.tell(format!("{} {} has {has} now. `{write}` updates the documents.", painted(GOOD, "✓"), self.key));
        }
        Ok(Exit::Done)
    }
}
