//! One execution of a setup: its folder is filled, its proxy listens, its command runs like any other, and what it left is
//! kept. A setup that fails is the operator's: the run pauses with the reason, and nothing of it is kept.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    SetUp, Sought, caches, copying, joined,
    kept::{self, HOME, INSTALLED, Record},
    pause,
    proxy::{Note, Noted, Proxy, Ways},
    staging::{self, Staged},
};
use crate::{
    events::Draft,
    interfaces::sandbox::events::{HostDenied, HostReached},
    interfaces::{
        blocking::{Deadline, blocking},
        folder_locks::Work,
        sandbox::{
            engine::{EngineError, Extra, Key, Mounted},
            job::{Ending, Job, Outcome},
            service::{CommandContext, Sandbox},
            settings::Image,
        },
    },
    journal::{Attempt, CallError, Performed},
};

/// The program that forwards connections in the container; empty where containers are of another system than this host.
const FORWARDER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/forward"));
/// Its name, which it has once it is whole.
pub(in crate::interfaces::sandbox) const FORWARD: &str = "forward";
/// How often it is looked how much a setup has left.
const LOOK: Duration = Duration::from_secs(5);
/// Bytes of its output that the operator is shown.
const TAIL: usize = 3 << 10;
/// Hosts that the operator is shown.
const MOST_HOSTS: usize = 20;

/// The folder of one execution.
pub(super) struct Site {
    folder: PathBuf,
}

impl Site {
    pub(super) fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    fn home(&self) -> PathBuf {
        self.folder.join(HOME)
    }

    fn proxy(&self) -> PathBuf {
        self.folder.join("proxy")
    }

    fn staged(&self) -> PathBuf {
        self.folder.join("staged.json")
    }
}

/// What stops it from going on.
pub(super) type Stopped = Performed<SetUp>;

/// A command that has ended.
pub(super) struct Executed {
    pub(super) site: Site,
    pub(super) staged: Staged,
    pub(super) outcome: Outcome,
    pub(super) noted: Noted,
    pub(super) events: Vec<Draft>,
}

impl Executed {
    pub(super) fn has_succeeded(&self) -> bool {
        self.outcome.ending == Ending::Exited && self.outcome.exit_code == 0
    }
}

impl Sandbox {
    /// Executes a setup and keeps what it left.
    pub(super) async fn execute_setup(&self, sought: &Sought, attempt: &Attempt) -> Result<(Record, Vec<Draft>), Stopped> {
        let executed = self.execute_with_network(sought, &sought.plan.command, attempt).await?;
        let kept = match executed.has_succeeded() {
            true => self.keep(sought, &executed).await,
            false => Err(failure("setup", &sought.plan.command, &executed)),
        };
        match kept {
            Ok(record) => Ok((record, executed.events)),
            Err(reason) => {
                self.forget_setup(&Key { run: sought.place.run.clone(), seq: attempt.seq }, &executed.site).await;
                Err(pause(reason))
            }
        }
    }

    /// Executes a command of the plan in a folder of its own, with the network that the operator allows.
    pub(super) async fn execute_with_network(&self, sought: &Sought, command: &str, attempt: &Attempt) -> Result<Executed, Stopped> {
        let key = Key { run: sought.place.run.clone(), seq: attempt.seq };
        let site = Site { folder: self.setups.folders.work().join(key.to_string()) };
        let staged = self.staged(sought, &site, &key, attempt).await?;
        let (notes, told) = unbounded_channel();
        let proxy = Proxy::listen(&site.proxy(), self.ways(), notes).map_err(|error| unprepared(&error))?;
        let telling = tokio::spawn(tell(told, key.clone(), std::sync::Arc::clone(&self.parts.events)));
        let performed = self.execute_watched(sought, command, &site, attempt).await;
        let noted = proxy.noted();
        drop(proxy);
        // It ends with the proxy, whose last connections may still say something.
        let _ = tokio::time::timeout(LOOK, telling).await;
        match performed {
            Some(Performed::Answered(Ok(outcome), events)) => Ok(Executed { site, staged, outcome, noted, events }),
            Some(other) => Err(self.without_outcome(other, &key, &site).await),
            None => {
                self.forget_setup(&key, &site).await;
                Err(pause(too_much(self.setups.parts.settings.most)))
            }
        }
    }

    /// The folder as the setup finds it, or as an earlier host has left it for a setup that still runs or has ended.
    async fn staged(&self, sought: &Sought, site: &Site, key: &Key, attempt: &Attempt) -> Result<Staged, Stopped> {
        if attempt.again
            && !matches!(self.parts.engine.holds(key).await, Ok(false))
            && let Some(staged) = kept::read(&site.staged())
        {
            return Ok(staged);
        }
        let (workspace, plan, folder) = (sought.place.workspace.clone(), sought.plan.clone(), site.folder.clone());
        let (bin, home) = (self.setups.folders.bin(), self.setups.folders.newest_home(&sought.wanted.project, &sought.image.reference));
        let lock = self.parts.folders.lock(&workspace, Work::Git, &sought.place.run).await;
        let _lock = lock.map_err(|error| Performed::answer(Err(error)))?;
        let filled = joined(blocking(move |deadline| fill(&workspace, &Site { folder }, &plan, (&bin, home.as_deref()), deadline)).await);
        let staged = filled.map_err(|reason| pause(format!("The setup cannot begin. {reason} Then resume the run.")))?;
        match self.parts.engine.admit(&site.home()).await {
            Ok(_) => Ok(staged),
            Err(error) => Err(Performed::answer(Err(CallError::unavailable(error.to_string())))),
        }
    }

    fn ways(&self) -> Ways {
        let parts = &self.setups.parts;
        Ways {
            rules: parts.settings.rules.clone(),
            onward: parts.settings.onward.clone(),
            registries: parts.settings.registries.clone(),
            keys: std::sync::Arc::clone(&parts.keys),
            most_bytes: parts.settings.download,
        }
    }

    /// Where the command is not going on, nothing of it is needed.
    async fn without_outcome(&self, performed: Performed<Outcome>, key: &Key, site: &Site) -> Stopped {
        if matches!(performed, Performed::Answered(..) | Performed::Paused { happened: false, .. }) {
            self.forget_setup(key, site).await;
        }
        performed.map(|answer| answer.map(|_| SetUp::none(String::new())))
    }

    /// Executes the command, and leaves it once it has left too much.
    async fn execute_watched(&self, sought: &Sought, command: &str, site: &Site, attempt: &Attempt) -> Option<Performed<Outcome>> {
        let (settings, image) = (&self.setups.parts.settings, &sought.image);
        let seconds = settings.timeout.min(image.timeout);
        let forward = format!("{}/{FORWARD}", caches::BIN);
        let socket = format!("{}/{}", caches::PROXY, super::proxy::SOCKET);
        let command = [&forward, &socket, caches::PORT, "sh", "-c", command].map(str::to_owned).to_vec();
        let job = Job::new(
            Some(sought.wanted.image.clone()),
            command,
            caches::of_setup().into_iter().collect(),
            Some(seconds.saturating_mul(1000)),
        );
        let job = match job {
            Ok(job) => job,
            Err(error) => return Some(Performed::answer(Err(error))),
        };
        let mount = |source: PathBuf, target: &str, read_only| Mounted { source, target: target.to_owned(), read_only };
        let mounts = vec![
            mount(self.setups.folders.bin(), caches::BIN, true),
            mount(site.proxy(), caches::PROXY, true),
            mount(site.home(), caches::HOME, false),
        ];
        let place = CommandContext { workspace: site.workspace(), ..sought.place.clone() };
        let image = Image { network: false, ready: false, ..image.clone() };
        let executed = self.execute_in(&place, &job, (image, Extra { mounts, ..Extra::default() }), attempt);
        tokio::select! {
            performed = executed => Some(performed),
            () = outgrown(&site.folder, settings.most) => None,
        }
    }

    /// Keeps what a setup left that succeeded. An error is a sentence.
    async fn keep(&self, sought: &Sought, executed: &Executed) -> Result<Record, String> {
        let Executed { site, staged, outcome, noted, .. } = executed;
        let Sought { wanted, plan, image, key, .. } = sought;
        let most = self.setups.parts.settings.most;
        let record = Record {
            command: plan.command.clone(),
            image: image.reference.clone(),
            inputs: staged.inputs.clone(),
            installed: Vec::new(),
            changed: Vec::new(),
            reached: noted.reached.iter().cloned().collect(),
            denied: noted.denied.iter().cloned().collect(),
            took_ms: outcome.took_ms,
            bytes: 0,
        };
        let (folders, staged, folder) = (self.setups.folders.clone(), staged.clone(), site.folder.clone());
        let (project, key, keep_days) = (wanted.project.clone(), key.clone(), self.setups.parts.settings.keep_days);
        let done = blocking(move |_| {
            let size = copying::measure(&folder);
            if size.bytes > most {
                return Err(too_much(most));
            }
            let site = Site { folder };
            let left = staging::look(&site.workspace(), &staged)?;
            let record = Record { installed: left.installed, changed: left.changed, bytes: size.bytes, ..record };
            let unkept = |error: io::Error| format!("What the setup left cannot be kept: {error}. Then resume the run.");
            collect(&site, &record).map_err(unkept)?;
            folders.keep(&project, &key, &site.folder.join("kept"), &record).map_err(unkept)?;
            copying::remove(&site.folder).map_err(unkept)?;
            folders.tidy(keep_days);
            Ok(record)
        });
        joined(done.await)
    }

    /// Nothing of a setup that failed is found again: the next try begins with nothing.
    pub(super) async fn forget_setup(&self, key: &Key, site: &Site) {
        if let Err(EngineError::Lost(reason) | EngineError::Unavailable(reason)) = self.parts.engine.discard(key).await {
            tracing::warn!(command = %key, reason, "the container of a setup that failed is not removed");
        }
        let folder = site.folder.clone();
        let removed = tokio::task::spawn_blocking(move || copying::remove(&folder)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "what a setup left that failed is not removed; it is removed later");
        }
    }
}

/// Makes the folder of an execution.
fn fill(
    workspace: &Path,
    site: &Site,
    plan: &super::Plan,
    (bin, home): (&Path, Option<&Path>),
    deadline: &Deadline,
) -> Result<Staged, String> {
    let unfilled = |error: io::Error| format!("The folder of the setup cannot be made: {error}.");
    let open = |folder: &Path| {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
    };
    copying::remove(&site.folder).map_err(unfilled)?;
    [&site.folder, &site.workspace(), &site.proxy()].into_iter().map(AsRef::as_ref).try_for_each(open).map_err(unfilled)?;
    provided(bin)?;
    match home {
        // What was fetched for other lockfiles need not be fetched again.
        Some(home) => copying::copy(home, &site.home()).map(drop),
        None => fs::create_dir(site.home()),
    }
    .map_err(unfilled)?;
    let staged = staging::stage(workspace, &site.workspace(), plan, deadline)?;
    kept::write(&site.staged(), &staged).map_err(unfilled)?;
    Ok(staged)
}

/// A folder with the forwarder, for containers. An error is a sentence.
pub(super) fn provided(bin: &Path) -> Result<(), String> {
    if FORWARDER.is_empty() {
        return Err("Setups and services need a host on Linux, whose containers can run its forwarder.".to_owned());
    }
    let made =
        fs::create_dir_all(bin).and_then(|()| fs::set_permissions(bin, fs::Permissions::from_mode(0o755))).and_then(|()| forwarder(bin));
    made.map_err(|error| format!("The folder `{}` cannot be written: {error}.", bin.display()))
}

/// Puts the forwarder where containers see it, unless it lies there.
fn forwarder(bin: &Path) -> io::Result<()> {
    let place = bin.join(FORWARD);
    if fs::read(&place).is_ok_and(|found| found == FORWARDER) {
        return Ok(());
    }
    let mut file = tempfile::NamedTempFile::new_in(bin)?;
    io::Write::write_all(&mut file, FORWARDER)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o555))?;
    file.persist(&place)?;
    Ok(())
}

/// Moves what is to be kept out of where the setup worked.
fn collect(site: &Site, record: &Record) -> io::Result<()> {
    let (workspace, kept) = (site.workspace(), site.folder.join("kept"));
    fs::create_dir_all(kept.join(INSTALLED))?;
    for (number, path) in record.installed.iter().enumerate() {
        fs::rename(workspace.join(path), kept.join(INSTALLED).join(number.to_string()))?;
    }
    fs::rename(site.home(), kept.join(HOME))
}

/// Ends once a folder holds more than so many bytes.
async fn outgrown(folder: &Path, most: u64) {
    loop {
        tokio::time::sleep(LOOK).await;
        let folder = folder.to_owned();
        let size = tokio::task::spawn_blocking(move || copying::measure(&folder)).await.unwrap_or_default();
        if size.bytes > most {
            return;
        }
    }
}

/// Tells watchers of each host, as long as the proxy lives.
async fn tell(mut notes: UnboundedReceiver<Note>, key: Key, events: std::sync::Arc<dyn crate::events::EventLog>) {
    while let Some(note) = notes.recv().await {
        let event = match note {
            Note::Reached(host) => Draft::of_run(&key.run, &HostReached { seq: key.seq, host }),
            Note::Denied(host) => Draft::of_run(&key.run, &HostDenied { seq: key.seq, host }),
        };
        if let Err(error) = events.append(vec![event]).await {
            tracing::warn!(%error, "watchers are not told which host a setup asked for");
        }
    }
}

fn unprepared(error: &io::Error) -> Stopped {
    pause(format!("The setup cannot begin, because its proxy cannot listen: {error}. Then resume the run."))
}

fn too_much(most: u64) -> String {
    format!(
        "The setup left more than {} MiB, so nothing of it is kept. Raise `most-mib` under [setup] if it needs more, then resume the run.",
        most >> 20
    )
}

/// Why a command of a setup failed, for the operator.
pub(super) fn failure(what: &str, command: &str, executed: &Executed) -> String {
    let Executed { outcome, noted, .. } = executed;
    let ended = match outcome.ending {
        Ending::Exited => format!("failed with exit code {}", outcome.exit_code),
        Ending::TimedOut => format!("was stopped after {} s, the limit for setups", outcome.took_ms / 1000),
        Ending::OutOfMemory => "used up the memory of its container".to_owned(),
        Ending::Killed => "was stopped by something other than Baton".to_owned(),
    };
    let mut text = format!("The {what} `{command}` {ended}.");
    if !noted.denied.is_empty() {
        let hosts: Vec<_> = noted.denied.iter().take(MOST_HOSTS).map(String::as_str).collect();
        text.push_str(&format!(
            " It tried to reach hosts that are not allowed: {}. Add those that it needs to `hosts` under [setup].",
            hosts.join(", ")
        ));
    }
    if noted.is_used_up {
        text.push_str(" It moved as many bytes as it may; `download-mib` under [setup] raises that.");
    }
    text.push_str(" Correct the cause, then resume the run.");
    text.push_str(&tail(outcome));
    text
}

/// The end of what a command printed.
pub(super) fn tail(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (name, stream) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        let stream = stream.trim_end();
        if !stream.is_empty() {
            let from = stream.ceil_char_boundary(stream.len().saturating_sub(TAIL));
            text.push_str(&format!("\n--- {name}\n{}", &stream[from..]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_the_operator_can_do() {
        let outcome = Outcome {
            ending: Ending::Exited,
            exit_code: 1,
            stdout: "x".repeat(9000),
            stderr: "npm error 403\n".to_owned(),
            output: None,
            took_ms: 5,
        };
        let noted = Noted { denied: ["evil.example:443".to_owned()].into(), ..Noted::default() };
        let site = Site { folder: PathBuf::new() };
        let mut executed = Executed { site, staged: Staged::default(), outcome, noted, events: Vec::new() };
        let text = failure("setup", "npm ci", &executed);
        assert!(
            text.starts_with("The setup `npm ci` failed with exit code 1. It tried to reach hosts that are not allowed: evil.example:443.")
        );
        assert!(text.contains("--- stderr\nnpm error 403") && text.len() < 5000, "{text}");
        executed.outcome = Outcome { ending: Ending::TimedOut, took_ms: 1_800_000, ..executed.outcome };
        executed.noted = Noted::default();
        let late = failure("setup", "npm ci", &executed);
        assert!(late.contains("after 1800 s") && !late.contains("not allowed"), "{late}");
    }

    #[test]
    fn the_forwarder_is_in_its_place_once() {
        let home = tempfile::tempdir().unwrap();
        forwarder(home.path()).unwrap();
        let made = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        let first = made(&home.path().join(FORWARD));
        forwarder(home.path()).unwrap();
        assert_eq!(first, made(&home.path().join(FORWARD)));
        fs::remove_file(home.path().join(FORWARD)).unwrap();
        fs::write(home.path().join(FORWARD), "planted").unwrap();
        forwarder(home.path()).unwrap();
        assert_eq!(fs::read(home.path().join(FORWARD)).unwrap(), FORWARDER);
    }
}
