//! Follows a run that another Baton executes: shows what it does, and leaves it at Ctrl-C.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{
    Context,
    drive::{ended, presses},
    ending::Ended,
    live::Watch,
    text,
};
use crate::{app::App, journal::RunId, kernel::run::State};

/// How often the log is looked at: the other process tells nobody but the disk.
const LOOK: Duration = Duration::from_millis(100);

/// Follows the tree under `root` until it has ended or is paused. None when it was left.
pub(super) async fn follow(app: &App, context: &Context, root: &RunId) -> Result<Option<Ended>> {
    let (kernel, began) = (app.kernel.as_ref(), Instant::now());
    let run = kernel.resolve(root.as_str()).await?;
    let mut watch = Watch::begin(kernel, context.screen, &run).await?;
    let mut presses = presses();
    loop {
        watch.catch_up().await?;
        let run = kernel.resolve(root.as_str()).await?;
        if run.state.is_final() || matches!(run.state, State::Paused { .. }) {
            watch.end().await?;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(Some(ended(app, root, took, false).await?));
        }
        tokio::select! {
            Some(()) = presses.recv() => {
                let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                watch.say(&format!("The run goes on in the Baton that serves. `{cancel}` ends it."));
                return Ok(None);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
