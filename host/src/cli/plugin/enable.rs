//! `baton plugin enable` and `baton plugin disable`.

use anyhow::Result;
use clap::Args;

use super::decision::{self, Reason};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, plugins::SwitchPlugin},
};

/// Enable a plugin that you disabled, or that Baton stopped because its runs crashed repeatedly
#[derive(Debug, Args)]
pub(in crate::cli) struct Enable {
    #[command(flatten)]
    switch: Switch,
}

/// Disable a plugin, so that no run of it starts
///
/// The plugin keeps its grants. A run in progress continues: `baton runs cancel` ends it, `baton plugin revoke` denies its
/// next call.
#[derive(Debug, Args)]
pub(in crate::cli) struct Disable {
    #[command(flatten)]
    switch: Switch,
}

#[derive(Debug, Args)]
struct Switch {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    reason: Reason,
}

impl Enable {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let decided = client::plugins::enable(&client, &self.switch.request()).await?;
        self.switch.tell(context, "Enabled");
        let exit = decision::show(context, &decided);
        client.close().await;
        exit
    }
}

impl Disable {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let decided = client::plugins::disable(&client, &self.switch.request()).await?;
        self.switch.tell(context, "Disabled");
        let exit = decision::show(context, &decided);
        client.close().await;
        exit
    }
}

impl Switch {
    fn tell(&self, context: &Context, done: &str) {
        if !context.screen.is_json() {
            context.screen.tell(format!("{} {done} plugin `{}`.", painted(GOOD, "✓"), text::escaped(&self.plugin)));
        }
    }

    fn request(&self) -> SwitchPlugin {
        SwitchPlugin { plugin: self.plugin.clone(), reason: self.reason.reason.clone() }
    }
}
