//! `baton serve`: executes every run and watches the plugin folder, until the operator stops it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{
    Context,
    answering::how_to_answer,
    continuing,
    drive::presses,
    exit::Exit,
    figures, questions,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    text, waits,
};
use crate::{
    config::ApiSettings,
    operations::{
        Access, Host,
        events::{Category, Event},
        execution::{self, Announcement, EventStream, STOP_PATIENCE, Service, Stop},
        questions::{self as operations, ListQuestions, Question, Source},
        runs::{self, ListRuns, RunId, RunState, RunSummary, StateWord, Wait},
        serving::{Interface, Listening, Served},
    },
};

/// Runs that are read at once.
const PAGE: u32 = 500;

/// Execute all runs and watch the plugin directory, until Ctrl-C
///
/// Baton checks, compiles and publishes each file that you put into the plugin directory, without a restart; runs that
/// started with an older version keep it until they end. You can use other commands on the same data at the same time:
/// `baton run` starts its run in this host and follows it. Baton prints each start, end, pause, question and answer as a
/// line with its time. Ctrl-C stops after the calls in flight, waiting at most 5 s for models; every run continues with the
/// next `baton serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address for the API [env: BATON_LISTEN] [default: `listen` in the settings, else 127.0.0.1:7788]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_api")]
    listen: Option<SocketAddr>,
    /// Serve no API
    #[arg(long)]
    no_api: bool,
}

impl Serve {
    pub(super) async fn execute(&self, context: &Context, api: &dyn Interface) -> Result<Exit> {
        let host = Arc::new(context.open(Access::Execute).await?);
        context.report_misspelt(&host.misspelt_settings());
        host.begin_serving();
        let served = if self.no_api { None } else { Some(self.start(&host, api).await?) };
        let interrupted = serve(&host, context, served.as_deref().map(Served::listening)).await?;
        if let Some(served) = served {
            served.stop().await;
        }
        Host::close_shared(host).await;
        Ok(if interrupted { Exit::Interrupted } else { Exit::Done })
    }

    async fn start(&self, host: &Arc<Host>, api: &dyn Interface) -> Result<Box<dyn Served>> {
        let settings = host.config().api.clone();
        let listen = self.listen.unwrap_or(settings.listen);
        Ok(api.start(Arc::clone(host), ApiSettings { listen, ..settings }).await?)
    }
}

/// True when it was ended at once.
async fn serve(host: &Host, context: &Context, listening: Option<Listening>) -> Result<bool> {
    let (service, mut events) = (Service::new(host), EventStream::begin(host).await?);
    let mut log = Log { context, zone: TimeZone::system(), host, roots: HashMap::new(), waits: HashMap::new() };
    log.announce(service.ready(listening))?;
    log.announce_unfinished().await?;
    let mut running = std::pin::pin!(service.run());
    let mut presses = presses();
    loop {
        tokio::select! {
            ended = &mut running => {
                ended?;
                while log.print(&events.read().await?).await? {}
                return Ok(false);
            }
            events = events.next() => {
                log.print(&events?).await?;
            }
            Some(()) = presses.recv() => match service.stop() {
                Stop::AtOnce => return Ok(true),
                Stop::AfterCalls => log.say(figures::now(), &format!(
                    "Stopping after the calls in flight, which may take {} s. Press Ctrl-C again to stop at once.",
                    STOP_PATIENCE.as_secs()
                )),
            },
        }
    }
}

/// Prints a line for each thing that happens.
struct Log<'a> {
    context: &'a Context,
    host: &'a Host,
    zone: TimeZone,
    /// Name of the plugin of each unfinished run that an operator started. Of their descendants only what needs an
    /// operator is printed.
    roots: HashMap<RunId, String>,
    /// What was printed last of what a run waits for, and when.
    waits: HashMap<RunId, (Wait, u64)>,
}

impl Log<'_> {
    fn announce(&self, announcement: Announcement) -> Result<()> {
        if self.context.screen.is_json() {
            return self.context.screen.line(&announcement);
        }
        if let Announcement::Ready { plugins, api, .. } = announcement {
            let plugins = figures::counted(plugins, "plugin", "plugins");
            let data = text::escaped(&self.host.config().data_dir.display().to_string());
            self.say(figures::now(), &format!("{} Serving {data} with {plugins}. Press Ctrl-C to stop.", painted(GOOD, "✓")));
            if let Some(api) = api {
                self.say(figures::now(), &format!("  The API is at {}/api/v1.", api.url));
            }
        }
        Ok(())
    }

    /// Prints the unfinished runs and open questions of an earlier host.
    async fn announce_unfinished(&mut self) -> Result<()> {
        let states = vec![StateWord::Queued, StateWord::Running, StateWord::Waiting, StateWord::Paused];
        let mut request = ListRuns { states, limit: PAGE, ..ListRuns::default() };
        let mut found = Vec::new();
        loop {
            let page = runs::list(self.host, &request).await?;
            found.extend(page.items);
            request.cursor = page.next;
            if request.cursor.is_none() {
                break;
            }
        }
        for run in found.into_iter().rev() {
            self.announce_run(run).await?;
        }
        for question in operations::list(self.host, &ListQuestions::default()).await?.items {
            let line = self.ask(&question);
            self.announce(Announcement::Question { question: Box::new(question) })?;
            self.say_to_people(&line);
        }
        Ok(())
    }

    /// Prints a run that began under an earlier host.
    async fn announce_run(&mut self, run: RunSummary) -> Result<()> {
        let plugin = text::line(&run.plugin);
        let name = format!("{plugin} (run {})", text::short(&run.id));
        self.roots.insert(run.id.clone(), plugin);
        let line = match (&run.state, run.state.reason()) {
            (RunState::Paused { .. }, Some(reason)) => self.pause(&name, &run.id, reason).await?,
            (RunState::Waiting { wait }, reason) => {
                let reason = reason.map_or_else(|| ".".to_owned(), |reason| format!(": {}", self.context.advice(&text::line(reason))));
                format!("  {name} is still waiting {}{reason}", waits::describe(wait, &self.zone))
            }
            _ => format!("  {name} continues."),
        };
        self.announce(Announcement::Run { run: Box::new(run) })?;
        self.say_to_people(&line);
        Ok(())
    }

    /// Prints events; false where there are none.
    async fn print(&mut self, events: &[Event]) -> Result<bool> {
        for event in events {
            if self.context.screen.is_json() {
                self.context.screen.line(event)?;
                continue;
            }
            let line = match event.category {
                Category::Plugin => describe_plugin(&event.name, &event.data),
                Category::Run => self.describe_run(event).await?,
                Category::Question => self.describe_question(event).await?,
                _ => None,
            };
            line.into_iter().for_each(|line| self.say(event.at.0, &line));
        }
        Ok(!events.is_empty())
    }

    async fn describe_run(&mut self, event: &Event) -> Result<Option<String>> {
        let Some(run) = event.run.as_ref() else { return Ok(None) };
        let (name, data) = (event.name.as_str(), &event.data);
        if name == "created" && data["parent"].is_null() {
            let plugin = word(data, "plugin");
            let line = format!("  {plugin} (run {}) started.", text::short(run));
            self.roots.insert(run.clone(), plugin);
            return Ok(Some(line));
        }
        if !matches!(name, "succeeded" | "failed" | "cancelled" | "paused" | "resumed" | "waiting" | "provided") {
            return Ok(None);
        }
        let wait = execution::read_wait(event).filter(|_| name == "waiting");
        if name == "waiting" && !wait.as_ref().is_some_and(|wait| self.is_worth_printing(run, wait, event.at.0)) {
            return Ok(None);
        }
        let Some(found) = execution::name_run(self.host, run).await? else { return Ok(None) };
        let shown = format!("{} (run {})", text::line(&found.plugin), text::short(run));
        match (name, wait) {
            ("waiting", wait) => return Ok(wait.map(|wait| self.describe_wait(&shown, &wait))),
            ("provided", _) => {
                return Ok(Some(format!("  {shown} continues: the {} that it waited for was provided.", word(data, "kind"))));
            }
            _ => drop(self.waits.remove(run)),
        }
        if name == "paused" {
            return Ok(Some(self.pause(&shown, &found.root, &word(data, "reason")).await?));
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
            "failed" => format!("{} {shown} failed: {}", painted(BAD, "✗"), self.context.advice(&word(data, "reason"))),
            _ => format!("{} {shown} was cancelled.", painted(BAD, "✗")),
        }))
    }

    /// Whether a run waits for an account or an operator, and for something else than it did, or still does after a while.
    fn is_worth_printing(&mut self, run: &RunId, wait: &Wait, at: u64) -> bool {
        const AGAIN_AFTER: u64 = 10 * 60 * 1000;
        if !matches!(wait, Wait::Account { .. } | Wait::Operator { .. }) {
            return false;
        }
        match self.waits.get(run) {
            Some((before, printed)) if is_same(before, wait) && at < printed.saturating_add(AGAIN_AFTER) => false,
            _ => {
                self.waits.insert(run.clone(), (wait.clone(), at));
                true
            }
        }
    }

    fn describe_wait(&self, name: &str, wait: &Wait) -> String {
        let reason = self.context.advice(&text::line(wait.reason().unwrap_or_default()));
        format!("{} {name} waits {}: {reason}", painted(WARNING, "!"), waits::describe(wait, &self.zone))
    }

    async fn pause(&self, name: &str, root: &RunId, reason: &str) -> Result<String> {
        let continuation = execution::continuation(self.host, root.as_str()).await?;
        let command = continuation.and_then(|continuation| continuing::command(&continuation));
        let advice = command.map(|command| format!(" Continue with `{}`.", self.context.again(&command))).unwrap_or_default();
        let reason = self.context.advice(&text::line(reason));
        Ok(format!("{} {name} is paused: {reason}{advice}", painted(WARNING, "!")))
    }

    async fn describe_question(&self, event: &Event) -> Result<Option<String>> {
        let Some(id) = event.data["question"].as_str() else { return Ok(None) };
        let Ok(asked) = operations::find(self.host, id).await else { return Ok(None) };
        let question = format!("question {}", questions::short(&asked.id));
        Ok(match (event.name.as_str(), &asked.answer) {
            ("asked", _) => Some(self.ask(&asked)),
            ("answered", Some(answer)) => {
                let text = text::excerpt(&text::escaped(&answer.answer), 200);
                let by = match answer.source {
                    Source::Person => format!("was answered by {}", text::line(&answer.by)),
                    Source::Yes => format!("got the suggested answer from {}", text::line(&answer.by)),
                    Source::Expiry => "expired without an answer; Baton took its default".to_owned(),
                };
                Some(format!("{} {question} {by}: “{text}”", painted(GOOD, "→")))
            }
            ("withdrawn", _) => Some(format!("  {question} was withdrawn: its run ended.")),
            _ => None,
        })
    }

    fn ask(&self, asked: &Question) -> String {
        let (plugin, run) = (text::line(&asked.plugin), text::short(&asked.run));
        // Every line of the log has its time.
        let options: Vec<_> = questions::card::options(asked).iter().map(|option| option.trim().to_owned()).collect();
        let options = if options.is_empty() { String::new() } else { format!(" Options: {}.", options.join("; ")) };
        format!("{} {plugin} (run {run}): {}{options}", painted(WARNING, "?"), how_to_answer(self.context, asked))
    }

    fn say_to_people(&self, line: &str) {
        if !self.context.screen.is_json() {
            self.say(figures::now(), line);
        }
    }

    fn say(&self, at: u64, line: &str) {
        self.context.screen.tell(format!("{}  {line}", painted(FAINT, figures::moment(at, &self.zone))));
    }
}

/// Whether a run waits for the same account or thing as before, whatever time it named.
fn is_same(before: &Wait, now: &Wait) -> bool {
    match (before, now) {
        (Wait::Account { account: before, .. }, Wait::Account { account: now, .. }) => before == now,
        (before, now) => before == now,
    }
}

/// What happened to a plugin.
fn describe_plugin(name: &str, data: &Value) -> Option<String> {
    let (plugin, version) = (word(data, "plugin"), word(data, "version"));
    match name {
        "published" if data["replaced"].is_null() => Some(format!("{} Plugin `{plugin}` {version} is installed.", painted(GOOD, "✓"))),
        "published" => {
            Some(format!("{} Plugin `{plugin}` is now {version}; runs that began before end with their version.", painted(GOOD, "✓")))
        }
        "moved" => Some(format!("  Plugin `{plugin}` {version} is in {} now.", word(data, "file"))),
        "removed" if data["rejected"] == true => Some(format!("  The rejected file {} is removed.", word(data, "file"))),
        "removed" => Some(format!("  Plugin `{plugin}` {version} was removed; runs that began with it continue.")),
        "retired" => Some(painted(FAINT, format!("  Plugin `{plugin}` {version} is no longer needed."))),
        "rejected" => {
            let kept = match data["kept"]["version"].as_str() {
                Some(version) => format!(" Version {} of `{}` stays in use.", text::line(version), word(&data["kept"], "plugin")),
                None => String::new(),
            };
            Some(format!("{} The file {} is rejected: {}{kept}", painted(WARNING, "!"), word(data, "file"), word(data, "reason")))
        }
        _ => None,
    }
}

fn word(data: &Value, key: &str) -> String {
    text::line(data[key].as_str().unwrap_or_default())
}
