//! `baton serve`: executes every run there is and watches the plugin folder, until somebody stops it.

use std::{collections::HashSet, pin::pin, time::Duration};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Context,
    drive::presses,
    exit::Exit,
    figures,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    text,
};
use crate::{
    app::{Access, App},
    events::{Category, Event, path_text},
    journal::{GRACE, Halt, RunId},
    kernel::Drive,
};

/// How often the log is looked at where nothing tells of a change.
const LOOK: Duration = Duration::from_millis(250);
/// Events read from the log at once.
const PAGE: u32 = 500;

/// Execute all runs and watch the plugin folder, until Ctrl-C
///
/// What is put into the plugin folder is looked at, compiled and published without a restart; runs that began with an
/// older version end with it. Other commands work beside it: `baton run` starts its run here and follows it. Ctrl-C stops
/// after the calls in flight, of which those to models are left after 5 s; every run carries on with the next `baton serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Execute).await?;
        context.doubt(&app.config.user);
        let before = app.kernel.events().newest().await?;
        let mut told = Told { context, roots: HashSet::new(), cursor: before };
        told.ready(&app)?;
        let interrupted = serve(&app, &mut told).await?;
        app.close().await;
        Ok(if interrupted { Exit::Interrupted } else { Exit::Done })
    }
}

/// True when it was ended at once.
async fn serve(app: &App, told: &mut Told<'_>) -> Result<bool> {
    let (halt, all) = (Halt::default(), Drive::default());
    let mut events = app.kernel.events().listen();
    // Other processes start runs here, and what they do is in the log alone.
    let mut look = tokio::time::interval(LOOK);
    let mut driving = pin!(app.kernel.drive(&all, &halt));
    let mut watching = pin!(app.watch_folder());
    let mut presses = presses();
    loop {
        tokio::select! {
            driven = &mut driving => {
                driven?;
                told.catch_up(app).await?;
                return Ok(false);
            }
            watched = &mut watching => watched?,
            event = events.recv() => match event {
                Ok(_) | Err(RecvError::Lagged(_)) => told.catch_up(app).await?,
                Err(RecvError::Closed) => return Ok(false),
            },
            _ = look.tick() => told.catch_up(app).await?,
            Some(()) = presses.recv() => {
                if halt.interrupt().is_some() {
                    return Ok(true);
                }
                told.say(&format!("Stopping after the calls in flight, which may take {} s. Press Ctrl-C again to stop at once.", GRACE.as_secs()));
                halt.stop();
                app.kernel.stop();
            }
        }
    }
}

/// Says in a line each what happens.
struct Told<'a> {
    context: &'a Context,
    /// The runs that somebody started: of their descendants nothing is said.
    roots: HashSet<RunId>,
    /// The last event that was looked at.
    cursor: i64,
}

impl Told<'_> {
    fn ready(&self, app: &App) -> Result<()> {
        let (plugins, data) = (app.kernel.registry().all().len() as u64, &app.config.data_dir);
        if self.context.screen.is_json() {
            let ready = json!({ "event": "ready", "data-dir": path_text(data), "plugins": plugins });
            return self.context.screen.line(&ready);
        }
        let (plugins, data) = (figures::counted(plugins, "plugin", "plugins"), text::escaped(&data.display().to_string()));
        self.say(&format!("{} Serving {data} with {plugins}. Ctrl-C stops.", painted(GOOD, "✓")));
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        if self.context.screen.is_json() {
            return self.context.screen.line(&json!(event));
        }
        let line = match event.draft.category {
            Category::Plugin => plugin(&event.draft.name, &event.draft.data),
            Category::Run => self.run(event),
            _ => None,
        };
        line.into_iter().for_each(|line| self.say(&line));
        Ok(())
    }

    fn run(&mut self, event: &Event) -> Option<String> {
        let (run, data) = (event.draft.run.as_ref()?, &event.draft.data);
        if event.draft.name == "created" && data["parent"].is_null() {
            self.roots.insert(run.clone());
            return Some(format!("  Run {} of {} begins.", text::short(run), said(data, "plugin")));
        }
        if !self.roots.contains(run) {
            return None;
        }
        let (mark, told) = match event.draft.name.as_str() {
            "succeeded" => (painted(GOOD, "✓"), "has succeeded.".to_owned()),
            "failed" => (painted(BAD, "✗"), format!("has failed: {}", said(data, "reason"))),
            "cancelled" => (painted(BAD, "✗"), "was cancelled.".to_owned()),
            "paused" => (painted(WARNING, "!"), format!("is paused: {}", said(data, "reason"))),
            _ => return None,
        };
        if ["succeeded", "failed", "cancelled"].contains(&event.draft.name.as_str()) {
            self.roots.remove(run);
        }
        Some(format!("{mark} Run {} {told}", text::short(run)))
    }

    /// Tells of all that happened since the last look, whoever did it.
    async fn catch_up(&mut self, app: &App) -> Result<()> {
        loop {
            let events = app.kernel.events().after(self.cursor, None, PAGE).await?;
            let Some(last) = events.last() else { return Ok(()) };
            self.cursor = last.cursor;
            for event in &events {
                self.event(event)?;
            }
        }
    }

    fn say(&self, line: &str) {
        self.context.screen.tell(line);
    }
}

/// What became of a plugin.
fn plugin(name: &str, data: &Value) -> Option<String> {
    let (plugin, version) = (said(data, "plugin"), said(data, "version"));
    match name {
        "published" if data["replaced"].is_null() => Some(format!("{} Plugin `{plugin}` {version} is there.", painted(GOOD, "✓"))),
        "published" => Some(format!("{} Plugin `{plugin}` is now {version}; what began before ends with its version.", painted(GOOD, "✓"))),
        "moved" => Some(format!("  Plugin `{plugin}` {version} lies in {} now.", said(data, "file"))),
        "removed" if data["rejected"] == true => Some(format!("  The rejected file {} is removed.", said(data, "file"))),
        "removed" => Some(format!("  Plugin `{plugin}` {version} is gone; runs that began with it go on.")),
        "retired" => Some(painted(FAINT, format!("  Plugin `{plugin}` {version} is needed no more."))),
        "refused" => {
            let kept = match data["kept"]["version"].as_str() {
                Some(version) => format!(" Version {} of `{}` stays in use.", text::line(version), said(&data["kept"], "plugin")),
                None => String::new(),
            };
            Some(format!("{} The file {} is rejected: {}{kept}", painted(WARNING, "!"), said(data, "file"), said(data, "reason")))
        }
        _ => None,
    }
}

fn said(data: &Value, key: &str) -> String {
    text::line(data[key].as_str().unwrap_or_default())
}
