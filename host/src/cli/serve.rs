//! `baton serve`: executes every run and watches the plugin folder, until the operator stops it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::Receiver;

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
        events::Event,
        execution::{self, Announcement, EventStream, HostHappening, STOP_PATIENCE, Service, Stop},
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
        // Whoever is told that the host is ready may stop it at once.
        let presses = presses();
        let served = if self.no_api { None } else { Some(self.start(&host, api).await?) };
        let interrupted = serve(&host, context, served.as_deref().map(Served::listening), presses).await?;
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
async fn serve(host: &Host, context: &Context, listening: Option<Listening>, mut presses: Receiver<()>) -> Result<bool> {
    let (service, mut events) = (Service::new(host), EventStream::begin(host).await?);
    let mut log = Log { context, zone: TimeZone::system(), host, roots: HashMap::new(), waits: HashMap::new() };
    log.announce(service.ready(listening))?;
    log.announce_unfinished().await?;
    let mut running = std::pin::pin!(service.run());
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
            let data = text::path(&self.host.config().data_dir);
            self.say(figures::now(), &format!("{} Serving {data} with {plugins}. Press Ctrl-C to stop.", painted(GOOD, "✓")));
            if let Some(api) = api {
                self.say(figures::now(), &format!("  The API is at {}/api/v1.", api.url));
                if let Some(link) = api.setup {
                    self.say(figures::now(), &format!("  There are no users yet. Make the first admin within 24 h at {link}"));
                }
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
            let line = match execution::read_host_happening(event) {
                Some(happening) => self.describe(event, happening).await?,
                None => None,
            };
            line.into_iter().for_each(|line| self.say(event.at.0, &line));
        }
        Ok(!events.is_empty())
    }

    async fn describe(&mut self, event: &Event, happening: HostHappening) -> Result<Option<String>> {
        match (&happening, &event.run) {
            (HostHappening::Asked { question } | HostHappening::Answered { question } | HostHappening::Withdrawn { question }, _) => {
                let asked = operations::find(self.host, question.as_str()).await.ok();
                Ok(asked.and_then(|asked| self.describe_question(&happening, &asked)))
            }
            (_, Some(run)) => self.describe_run(run, event.at.0, happening).await,
            (_, None) => Ok(describe_plugin(happening)),
        }
    }

    async fn describe_run(&mut self, run: &RunId, at: u64, happening: HostHappening) -> Result<Option<String>> {
        if let HostHappening::Started { plugin } = &happening {
            let plugin = text::line(plugin);
            let line = format!("  {plugin} (run {}) started.", text::short(run));
            self.roots.insert(run.clone(), plugin);
            return Ok(Some(line));
        }
        if matches!(&happening, HostHappening::Waits { wait } if !self.is_worth_printing(run, wait, at)) {
            return Ok(None);
        }
        let Some(found) = execution::name_run(self.host, run).await? else { return Ok(None) };
        let shown = format!("{} (run {})", text::line(&found.plugin), text::short(run));
        match &happening {
            HostHappening::Waits { wait } => return Ok(Some(self.describe_wait(&shown, wait))),
            HostHappening::Provided { kind } => {
                return Ok(Some(format!("  {shown} continues: the {} that it waited for was provided.", kind.as_str())));
            }
            _ => drop(self.waits.remove(run)),
        }
        if let HostHappening::Paused { reason } = &happening {
            return Ok(Some(self.pause(&shown, &found.root, reason).await?));
        }
        if found.root != *run {
            return Ok(None);
        }
        if happening == HostHappening::Resumed {
            self.roots.insert(run.clone(), found.plugin);
            return Ok(Some(format!("  {shown} resumed.")));
        }
        if self.roots.remove(run).is_none() {
            return Ok(None);
        }
        Ok(match happening {
            HostHappening::Succeeded => Some(format!("{} {shown} succeeded.", painted(GOOD, "✓"))),
            HostHappening::Failed { reason } => {
                Some(format!("{} {shown} failed: {}", painted(BAD, "✗"), self.context.advice(&text::line(&reason))))
            }
            HostHappening::Cancelled => Some(format!("{} {shown} was cancelled.", painted(BAD, "✗"))),
            _ => None,
        })
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

    fn describe_question(&self, happening: &HostHappening, asked: &Question) -> Option<String> {
        let question = format!("question {}", questions::short(&asked.id));
        match (happening, &asked.answer) {
            (HostHappening::Asked { .. }, _) => Some(self.ask(asked)),
            (HostHappening::Answered { .. }, Some(answer)) => {
                let text = text::excerpt(&text::escaped(&answer.answer), 200);
                let by = match answer.source {
                    Source::Person => format!("was answered by {}", text::line(&answer.by)),
                    Source::Yes => format!("got the suggested answer from {}", text::line(&answer.by)),
                    Source::Expiry => "expired without an answer; Baton took its default".to_owned(),
                };
                Some(format!("{} {question} {by}: “{text}”", painted(GOOD, "→")))
            }
            (HostHappening::Withdrawn { .. }, _) => Some(format!("  {question} was withdrawn: its run ended.")),
            _ => None,
        }
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
fn describe_plugin(happening: HostHappening) -> Option<String> {
    Some(match happening {
        HostHappening::Installed { plugin, version, replaces } => {
            let (plugin, version, mark) = (text::line(&plugin), text::line(&version), painted(GOOD, "✓"));
            match replaces {
                false => format!("{mark} Plugin `{plugin}` {version} is installed."),
                true => format!("{mark} Plugin `{plugin}` is now {version}; runs that began before end with their version."),
            }
        }
        HostHappening::Moved { plugin, version, file } => {
            format!("  Plugin `{}` {} is in {} now.", text::line(&plugin), text::line(&version), text::line(&file))
        }
        HostHappening::RejectedFileRemoved { file } => format!("  The rejected file {} is removed.", text::line(&file)),
        HostHappening::Removed { plugin, version } => {
            format!("  Plugin `{}` {} was removed; runs that began with it continue.", text::line(&plugin), text::line(&version))
        }
        HostHappening::Retired { plugin, version } => {
            painted(FAINT, format!("  Plugin `{}` {} is no longer needed.", text::line(&plugin), text::line(&version)))
        }
        HostHappening::FileRejected { file, reason, kept } => {
            let kept =
                kept.map(|(plugin, version)| format!(" Version {} of `{}` stays in use.", text::line(&version), text::line(&plugin)));
            let (file, reason) = (text::line(&file), text::line(&reason));
            format!("{} The file {file} is rejected: {reason}{}", painted(WARNING, "!"), kept.unwrap_or_default())
        }
        _ => return None,
    })
}
