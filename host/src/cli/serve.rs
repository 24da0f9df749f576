//! `baton serve`: executes every run and watches the plugin folder, until the operator stops it.

use std::{collections::HashMap, pin::pin, time::Duration};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Context,
    answering::how_to_answer,
    continuing::{Way, way_of},
    drive::presses,
    ending,
    exit::Exit,
    figures, questions,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    text, waits,
};
use crate::{
    events::{Category, Event, path_text},
    journal::{GRACE, Halt, RunId, Wait},
    kernel::{
        Drive,
        events::WaitingFor,
        run::{Filter, Run, State},
    },
    operations::{
        Access, Host,
        questions::{self as operations, ListQuestions, Question, Source},
    },
};

/// How often the log is looked at where nothing tells of a change.
const LOOK: Duration = Duration::from_millis(250);
/// Events read from the log at once.
const PAGE: u32 = 500;

/// Execute all runs and watch the plugin folder, until Ctrl-C
///
/// A file that is put into the plugin folder is checked, compiled and published without a restart; runs that began with an
/// older version end with it. Other commands work on the same data meanwhile: `baton run` starts its run here and follows
/// it. A line with its time tells what starts, ends, is paused, is asked and is answered. Ctrl-C stops after the calls in
/// flight, of which those to models are left after 5 s; every run continues with the next `baton serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Execute).await?;
        context.doubt(&app.config.user);
        let before = app.kernel.events().newest().await?;
        let mut told = Told { context, zone: TimeZone::system(), roots: HashMap::new(), waits: HashMap::new(), cursor: before };
        told.ready(&app).await?;
        let interrupted = serve(&app, &mut told).await?;
        app.close().await;
        Ok(if interrupted { Exit::Interrupted } else { Exit::Done })
    }
}

/// True when it was ended at once.
async fn serve(app: &Host, told: &mut Told<'_>) -> Result<bool> {
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
                told.say(figures::now(), &format!("Stopping after the calls in flight, which may take {} s. Press Ctrl-C again to stop at once.", GRACE.as_secs()));
                halt.stop();
                app.kernel.stop();
            }
        }
    }
}

/// Prints a line for each thing that happens.
struct Told<'a> {
    context: &'a Context,
    zone: TimeZone,
    /// Name of the plugin of each unfinished run that an operator started. Of their descendants only what needs an
    /// operator is printed.
    roots: HashMap<RunId, String>,
    /// What was printed last of what a run waits for, and when.
    waits: HashMap<RunId, (String, u64)>,
    /// The last event that was looked at.
    cursor: i64,
}

impl Told<'_> {
    /// Prints that the host is ready, then what it found: unfinished runs and open questions.
    async fn ready(&mut self, app: &Host) -> Result<()> {
        let (plugins, data) = (app.kernel.registry().all().len() as u64, &app.config.data_dir);
        if self.context.screen.is_json() {
            self.context.screen.line(&json!({ "event": "ready", "data-dir": path_text(data), "plugins": plugins }))?;
        } else {
            let (plugins, data) = (figures::counted(plugins, "plugin", "plugins"), text::escaped(&data.display().to_string()));
            self.say(figures::now(), &format!("{} Serving {data} with {plugins}. Press Ctrl-C to stop.", painted(GOOD, "✓")));
        }
        let filter = Filter { roots_only: true, states: State::UNFINISHED.map(str::to_owned).into(), limit: u32::MAX, ..Filter::default() };
        let mut runs = app.kernel.runs().list(&filter).await?;
        runs.reverse();
        for run in runs {
            self.found(app, &run).await?;
        }
        for asked in operations::list(app, &ListQuestions::default()).await?.items {
            if self.context.screen.is_json() {
                self.context.screen.line(&json!({ "event": "question", "question": asked }))?;
            } else {
                self.say(figures::now(), &self.asks(&asked));
            }
        }
        Ok(())
    }

    /// Prints a run that began under an earlier host.
    async fn found(&mut self, app: &Host, run: &Run) -> Result<()> {
        let plugin = text::line(&run.plugin);
        let name = format!("{plugin} (run {})", text::short(&run.id));
        self.roots.insert(run.id.clone(), plugin);
        if self.context.screen.is_json() {
            return self.context.screen.line(&json!({ "event": "run", "run": run.id, "plugin": run.plugin, "state": run.state.as_str() }));
        }
        let line = match (&run.state, ending::reason(&run.state)) {
            (State::Paused { .. }, Some(reason)) => self.paused(app, &name, &run.id, reason).await?,
            (State::Waiting { wait }, reason) => {
                let reason = reason.map(|reason| format!(": {}", self.context.advice(&text::line(reason)))).unwrap_or_default();
                format!(
                    "  {name} is still waiting {}{}",
                    waits::describe(wait, &self.zone),
                    if reason.is_empty() { "." } else { reason.as_str() }
                )
            }
            _ => format!("  {name} continues."),
        };
        self.say(figures::now(), &line);
        Ok(())
    }

    async fn event(&mut self, app: &Host, event: &Event) -> Result<()> {
        if self.context.screen.is_json() {
            let mut shown = event.clone();
            if let Some(Value::String(reason)) = shown.draft.data.get_mut("reason") {
                *reason = self.context.advice(reason);
            }
            return self.context.screen.line(&shown);
        }
        let line = match event.draft.category {
            Category::Plugin => plugin(&event.draft.name, &event.draft.data),
            Category::Run => self.run(app, event).await?,
            Category::Question => self.question(app, event).await?,
            _ => None,
        };
        line.into_iter().for_each(|line| self.say(event.at, &line));
        Ok(())
    }

    async fn run(&mut self, app: &Host, event: &Event) -> Result<Option<String>> {
        let Some(run) = event.draft.run.as_ref() else { return Ok(None) };
        let (name, data) = (event.draft.name.as_str(), &event.draft.data);
        if name == "created" && data["parent"].is_null() {
            let plugin = said(data, "plugin");
            let line = format!("  {plugin} (run {}) started.", text::short(run));
            self.roots.insert(run.clone(), plugin);
            return Ok(Some(line));
        }
        if !matches!(name, "succeeded" | "failed" | "cancelled" | "paused" | "resumed" | "waiting" | "provided") {
            return Ok(None);
        }
        if name == "waiting" && !self.is_worth_telling(run, data, event.at) {
            return Ok(None);
        }
        let Some(found) = app.kernel.runs().find(run).await? else { return Ok(None) };
        let shown = format!("{} (run {})", text::line(&found.plugin), text::short(run));
        match name {
            "waiting" => return Ok(self.waits(&shown, data)),
            "provided" => return Ok(Some(format!("  {shown} continues: the {} that it waited for has come.", said(data, "kind")))),
            _ => drop(self.waits.remove(run)),
        }
        if name == "paused" {
            return Ok(Some(self.paused(app, &shown, &found.root, &said(data, "reason")).await?));
        }
        if found.root != *run {
            return Ok(None);
        }
        Ok(Some(match name {
            "resumed" => {
                self.roots.insert(run.clone(), found.plugin);
                return Ok(Some(format!("  {shown} resumed.")));
            }
            _ if self.roots.remove(run).is_none() => return Ok(None),
            "succeeded" => format!("{} {shown} succeeded.", painted(GOOD, "✓")),
            "failed" => format!("{} {shown} failed: {}", painted(BAD, "✗"), self.context.advice(&said(data, "reason"))),
            _ => format!("{} {shown} was cancelled.", painted(BAD, "✗")),
        }))
    }

    /// Whether a run waits for an account or an operator, and for something else than it did, or still does after a while.
    fn is_worth_telling(&mut self, run: &RunId, data: &Value, at: u64) -> bool {
        const AGAIN_AFTER: u64 = 10 * 60 * 1000;
        let (account, needed) = (&data["for"]["account"], &data["for"]["needed"]);
        let what = match account.is_object() {
            true => said(account, "account"),
            false if needed.is_object() => needed.to_string(),
            false => return false,
        };
        match self.waits.get(run) {
            Some((before, told)) if *before == what && at < told.saturating_add(AGAIN_AFTER) => false,
            _ => {
                self.waits.insert(run.clone(), (what, at));
                true
            }
        }
    }

    fn waits(&self, name: &str, data: &Value) -> Option<String> {
        let wait: Wait = serde_json::from_value::<WaitingFor>(data["for"].clone()).ok()?.into();
        let reason = match &wait {
            Wait::Account { reason, .. } => reason,
            Wait::Needed(needed) => &needed.reason,
            _ => return None,
        };
        let (what, reason) = (waits::describe(&wait, &self.zone), self.context.advice(&text::line(reason)));
        Some(format!("{} {name} waits {what}: {reason}", painted(WARNING, "!")))
    }

    async fn paused(&self, app: &Host, name: &str, root: &RunId, reason: &str) -> Result<String> {
        let root = app.kernel.resolve(root.as_str()).await?;
        let (way, _) = way_of(&app.kernel, &root, &app.kernel.tree(&root.id).await?).await?;
        let advice = match way {
            Way::Command(command) => format!(" Continue with `{}`.", self.context.again(&command)),
            Way::Told | Way::Unknown => String::new(),
        };
        let reason = self.context.advice(&text::line(reason));
        Ok(format!("{} {name} is paused: {reason}{advice}", painted(WARNING, "!")))
    }

    async fn question(&self, app: &Host, event: &Event) -> Result<Option<String>> {
        let Some(id) = event.draft.data["question"].as_str() else { return Ok(None) };
        let Ok(asked) = operations::find(app, id).await else { return Ok(None) };
        let question = format!("question {}", questions::short(&asked.id));
        Ok(match (event.draft.name.as_str(), &asked.answer) {
            ("asked", _) => Some(self.asks(&asked)),
            ("answered", Some(answer)) => {
                let said = text::excerpt(&text::escaped(&answer.answer), 200);
                let by = match answer.source {
                    Source::Person => format!("was answered by {}", text::line(&answer.by)),
                    Source::Yes => format!("got its best answer from {}", text::line(&answer.by)),
                    Source::Expiry => "expired without an answer, which took its default".to_owned(),
                };
                Some(format!("{} {question} {by}: “{said}”", painted(GOOD, "→")))
            }
            ("withdrawn", _) => Some(format!("  {question} was withdrawn: its run ended.")),
            _ => None,
        })
    }

    fn asks(&self, asked: &Question) -> String {
        let (plugin, run) = (text::line(&asked.plugin), text::short(&asked.run));
        // Every line of the log has its time.
        let options: Vec<_> = questions::card::options(asked).iter().map(|option| option.trim().to_owned()).collect();
        let options = if options.is_empty() { String::new() } else { format!(" Options: {}.", options.join("; ")) };
        format!("{} {plugin} (run {run}): {}{options}", painted(WARNING, "?"), how_to_answer(self.context, asked))
    }

    /// Prints all that happened since the last look, whichever process did it.
    async fn catch_up(&mut self, app: &Host) -> Result<()> {
        loop {
            let events = app.kernel.events().after(self.cursor, None, PAGE).await?;
            let Some(last) = events.last() else { return Ok(()) };
            self.cursor = last.cursor;
            for event in &events {
                self.event(app, event).await?;
            }
        }
    }

    fn say(&self, at: u64, line: &str) {
        self.context.screen.tell(format!("{}  {line}", painted(FAINT, figures::moment(at, &self.zone))));
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
        "removed" => Some(format!("  Plugin `{plugin}` {version} was removed; runs that began with it continue.")),
        "retired" => Some(painted(FAINT, format!("  Plugin `{plugin}` {version} is needed no more."))),
        "rejected" => {
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
