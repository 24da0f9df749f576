//! Where the demo's stories are tested: in containers, and only where no engine answers in plain processes, which isolate
//! nothing and are said to. No other command does that by itself.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    cli::{
        Context,
        screen::{WARNING, painted},
        text,
    },
    config::Config,
    operations::demo,
};

/// The configuration with an engine that works.
pub(super) async fn choose(context: &Context, data_dir: PathBuf) -> Result<Config> {
    let config = context.config_at(Some(data_dir))?;
    if !config.isolates_commands() {
        context.warn_of_processes(&config);
        return Ok(config);
    }
    let Err(problem) = demo::check_engine(&config).await else { return Ok(config) };
    context.screen.warn(format!(
        "{} NO CONTAINERS: {} The demo tests its stories in plain processes of this machine, WHICH ISOLATE NOTHING. Its script is harmless; to \
         use a model of your own, set up a container engine first.",
        painted(WARNING, "!"),
        text::plain(&problem.to_string())
    ));
    Ok(config.with_plain_processes())
}
