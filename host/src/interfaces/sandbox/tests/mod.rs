//! Jobs and settings that make no sense, and a sandbox over an engine that does as it is told.

mod disk;
mod folders;
mod memory;
mod output;
mod project;
mod setups;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc::Sender};

use memory::Memory;

use super::{
    engine::{Ended, Piece, Stream, Task},
    *,
};
use crate::{
    events::{Category, Draft, Event, EventLog},
    interfaces::{environments::ProjectImage, folder_locks::FolderLocks, keys::NoKeys, used_by_git::NoGit},
    journal::{Attempt, CallError, ErrorKind, Halt, NeedKind, Needed, PauseKind, Performed, Redactor, RunId, Wait},
};

/// Gives one ending to every command, after these pieces.
struct Scripted {
    pieces: Vec<Piece>,
    ending: Result<Ended, EngineError>,
    /// Never ends.
    hangs: bool,
    /// What the command does to its workspace.
    does: fn(&Path),
    /// An earlier host has started the command.
    holds: bool,
    seen: Mutex<Vec<Task>>,
    discarded: Mutex<Vec<Key>>,
    /// The engine does not answer.
    is_silent: AtomicBool,
}

#[async_trait]
impl Engine for Scripted {
    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError> {
        // What covers something in a container goes with it.
        self.seen.lock().unwrap().push(Task { covers: Covers::none(), ..task.clone() });
        (self.does)(&task.workspace);
        for piece in &self.pieces {
            pieces.send(piece.clone()).await.unwrap();
        }
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.ending.clone()
    }

    async fn admit(&self, _: &Path) -> Result<Option<engine::User>, EngineError> {
        Ok(None)
    }

    async fn holds(&self, _: &Key) -> Result<bool, EngineError> {
        Ok(self.holds)
    }

    async fn discard(&self, key: &Key) -> Result<(), EngineError> {
        self.discarded.lock().unwrap().push(key.clone());
        if self.is_silent.load(Ordering::Relaxed) { Err(EngineError::Lost("The engine is gone.".to_owned())) } else { Ok(()) }
    }

    async fn is_running(&self, _: &Key) -> Result<bool, EngineError> {
        if self.is_silent.load(Ordering::Relaxed) { Err(EngineError::Lost("The engine is gone.".to_owned())) } else { Ok(false) }
    }

    async fn list_left(&self) -> Result<Vec<Key>, EngineError> {
        Ok(Vec::new())
    }

    async fn close(&self) {}

    async fn has_image(&self, reference: &str) -> Result<bool, EngineError> {
        Ok(reference != "gone")
    }

    async fn about(&self) -> Result<String, EngineError> {
        Ok("a script".to_owned())
    }
}

/// What a command wants in a project without services.
fn wanted() -> SetupRequest {
    SetupRequest::new("p".to_owned(), None, json!({}))
}

struct Bench {
    engine: Arc<Scripted>,
    memory: Arc<Memory>,
    sandbox: Sandbox,
    folders: Arc<FolderLocks>,
    /// A host that comes after the first.
    next: Host,
    halt: Halt,
    folder: TempDir,
}

fn bench(pieces: Vec<Piece>, ending: Result<Ended, EngineError>, hangs: bool, full: bool) -> Bench {
    bench_of(Scripted { pieces, hangs, ..scripted(ending) }, PathBuf::from("/proc/self/no-such"), full, |_| ())
}

/// An engine whose command does this.
fn bench_doing(does: fn(&Path), ending: Result<Ended, EngineError>) -> Bench {
    bench_of(Scripted { does, ..scripted(ending) }, PathBuf::from("/proc/self/no-such"), false, |_| ())
}

fn scripted(ending: Result<Ended, EngineError>) -> Scripted {
    let (seen, discarded) = (Mutex::default(), Mutex::default());
    Scripted { pieces: Vec::new(), ending, hangs: false, does: |_| (), holds: false, seen, discarded, is_silent: AtomicBool::new(false) }
}

fn bench_of(engine: Scripted, own: PathBuf, full: bool, set: impl FnOnce(&mut Settings)) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("w")).unwrap();
    let engine = Arc::new(engine);
    let memory = Arc::new(Memory { full, ..Memory::default() });
    let redactor = Redactor::default();
    redactor.learn("hunter2-hunter2");
    let mut settings = Settings { keep_free: 0, ..Settings::default() };
    let short = Image { timeout: 15, ..settings.images["default"].clone() };
    settings.images.insert("short".to_owned(), short);
    set(&mut settings);
    let begin = || {
        let folders = Arc::new(FolderLocks::new(folder.path().join("data/worktrees")));
        let parts = Parts {
            engine: Arc::clone(&engine) as _,
            settings: settings.clone(),
            events: Arc::clone(&memory) as _,
            artifacts: Arc::clone(&memory) as _,
            redactor: redactor.clone(),
            worktrees: own.join("worktrees"),
            leftovers: folder.path().join("data/sandbox"),
            folders: Arc::clone(&folders),
            git: Arc::new(NoGit),
            environments: Arc::clone(&memory) as _,
            own: vec![own.clone()],
            room,
        };
        let setup = SetupParts {
            folder: folder.path().join("data/setup"),
            settings: SetupSettings::default(),
            approvals: Arc::clone(&memory) as _,
            keys: Arc::new(NoKeys),
        };
        Host { sandbox: Sandbox::new(parts, setup), folders }
    };
    let (Host { sandbox, folders }, next) = (begin(), begin());
    Bench { engine, memory, sandbox, folders, next, halt: Halt::default(), folder }
}

/// The disk of the tests: a file `large` in the workspace fills it.
fn room(workspace: &Path) -> Option<Room> {
    let bytes = if workspace.join("large").exists() { 1 << 20 } else { 1 << 30 };
    Some(Room { bytes, files: None })
}

/// What one host has.
struct Host {
    sandbox: Sandbox,
    folders: Arc<FolderLocks>,
}

impl Bench {
    async fn execute(&self, image: Option<&str>, timeout_ms: Option<u32>, again: bool) -> Performed<Outcome> {
        let job = Job::new(image.map(str::to_owned), vec!["make".to_owned()], Vec::new(), timeout_ms).unwrap();
        let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again, asked_at: 7 };
        self.sandbox.execute(self.place(self.workspace()), job, &wanted(), &attempt).await
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    /// What lies in the workspace, and what is noted of its commands.
    fn list_left(&self) -> (Vec<String>, Vec<String>) {
        (names(&self.workspace()), names(&self.folder.path().join("data/sandbox/commands")))
    }

    fn place(&self, workspace: PathBuf) -> CommandContext {
        CommandContext { run: RunId::from_text("r"), workspace, halt: self.halt.clone() }
    }

    fn told(&self) -> Vec<Value> {
        self.memory.events.lock().unwrap().iter().map(|event| json!([event.name, event.data])).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn wrote(stream: Stream, text: &str) -> Piece {
    Piece::Wrote(stream, text.as_bytes().to_vec())
}

fn exited(exit_code: i32) -> Result<Ended, EngineError> {
    Ok(Ended { ending: Ending::Exited, exit_code, took: 12 })
}

fn outcome(performed: Performed<Outcome>) -> (Outcome, Vec<Draft>) {
    match performed {
        Performed::Answered(Ok(outcome), events) => (outcome, events),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_command_wrote_is_told_and_answered() {
    let pieces = vec![
        Piece::Started { again: false },
        wrote(Stream::Out, "one hunter2-"),
        wrote(Stream::Err, "bad\n"),
        wrote(Stream::Out, "hunter2\ntw"),
        wrote(Stream::Out, "o"),
    ];
    let bench = bench(pieces, exited(3), false, false);
    let (outcome, events) = outcome(bench.execute(None, Some(60_000), false).await);
    assert_eq!((outcome.exit_code, outcome.stderr.as_str(), outcome.output), (3, "bad\n", None));
    assert_eq!(outcome.stdout, "one [key]\ntwo");
    assert_eq!((events[0].name.as_str(), &events[0].data["exit_code"], &events[0].data["seq"]), ("executed", &json!(3), &json!(3)));
    let told = bench.told();
    assert_eq!(told[0], json!(["started", { "seq": 3, "image": "default", "command": "make", "again": false }]));
    assert_eq!(told[1], json!(["output", { "seq": 3, "stream": "stdout", "to": 23, "text": "one [key]\ntwo" }]));
    assert_eq!(told[2], json!(["output", { "seq": 3, "stream": "stderr", "to": 4, "text": "bad\n" }]));
    assert_eq!(bench.engine.seen.lock().unwrap()[0].asked_at, 7);
}

#[tokio::test]
async fn a_command_that_is_found_again_is_told_from_where_it_was_left() {
    let pieces = vec![Piece::Started { again: true }, wrote(Stream::Out, &format!("{}\n", "x".repeat(8191))), wrote(Stream::Out, "new\n")];
    let bench = bench(pieces, exited(0), false, false);
    let before = json!({ "seq": 3, "stream": "stdout", "to": 8192, "text": "…" });
    bench.memory.append(vec![Draft::for_test(Category::Sandbox, "output", Some(&RunId::from_text("r")), before)]).await.unwrap();
    let (outcome, _) = outcome(bench.execute(None, Some(60_000), true).await);
    assert_eq!(outcome.stdout.len(), 8196);
    let told = bench.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], json!(["output", { "seq": 3, "stream": "stdout", "to": 8196, "text": "new\n" }]));
}

#[tokio::test]
async fn no_container_gets_what_the_host_keeps() {
    let bench = bench(Vec::new(), exited(0), false, false);
    let job = Job::new(None, vec!["make".to_owned()], Vec::new(), Some(60_000)).unwrap();
    let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again: false, asked_at: 7 };
    for (workspace, refused) in [("/proc".into(), true), ("/".into(), true), (bench.workspace(), false)] {
        let place = CommandContext { run: RunId::from_text("r"), workspace: workspace.clone(), halt: Halt::default() };
        let answer = bench.sandbox.execute(place, job.clone(), &wanted(), &attempt).await;
        assert_eq!(
            matches!(answer, Performed::Answered(Err(CallError { kind: ErrorKind::Invalid, .. }), _)),
            refused,
            "{workspace:?}: {answer:?}"
        );
    }
    assert_eq!(bench.engine.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn who_asks_for_no_time_gets_what_is_usual_and_allowed() {
    let bench = bench(Vec::new(), exited(0), false, false);
    for (image, timeout, given) in [
        (None, None, Some(600_000)),
        (Some("short"), None, Some(15_000)),
        (Some("short"), Some(15_000), Some(15_000)),
        (Some("short"), Some(15_001), None),
    ] {
        let answer = bench.execute(image, timeout, false).await;
        let seen = bench.engine.seen.lock().unwrap().pop().map(|task| task.timeout_ms);
        assert_eq!(seen, given, "{image:?} {timeout:?}: {answer:?}");
    }
}

#[tokio::test]
async fn an_output_that_cannot_be_kept_pauses_the_run() {
    let bench = bench(vec![wrote(Stream::Out, &"x".repeat(70_000))], exited(0), false, true);
    match bench.execute(None, Some(60_000), false).await {
        Performed::Paused { pause, happened: true } => {
            assert_eq!(
                (pause.kind, pause.reason.as_str()),
                (PauseKind::Operator, "Cannot write the outputs: The disk is full. Then resume the run.")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_engine_that_rejects_is_an_answer_and_one_that_is_missing_is_waited_for() {
    let missing = bench(Vec::new(), Err(EngineError::Unavailable("No engine.".to_owned())), false, false);
    assert!(
        matches!(missing.execute(None, Some(60_000), false).await, Performed::Answered(Err(CallError { kind: ErrorKind::Unavailable, text, .. }), _) if text == "No engine.")
    );
    let lost = bench(Vec::new(), Err(EngineError::Lost("It went away.".to_owned())), false, false);
    let waits_for = |performed| match performed {
        Performed::Waiting(Wait::Needed(Needed { kind, subject, .. })) => (kind, subject),
        other => panic!("{other:?}"),
    };
    assert!(waits_for(lost.execute(None, Some(60_000), false).await).1.contains("a command may be running"));
    assert_eq!(lost.sandbox.unfinished().len(), 1, "git stays out until the command is found again");
    let absent = bench(Vec::new(), Err(EngineError::Absent("No engine.".to_owned())), false, false);
    assert_eq!(waits_for(absent.execute(None, Some(60_000), false).await), (NeedKind::Engine, "container engine".to_owned()));
    assert!(absent.sandbox.unfinished().is_empty(), "nothing was started");
    let no_image = EngineError::NoImage { image: "a:1".to_owned(), reason: "None.".to_owned() };
    let imageless = bench(Vec::new(), Err(no_image), false, false);
    assert_eq!(waits_for(imageless.execute(None, Some(60_000), false).await), (NeedKind::Image, "a:1".to_owned()));
}

#[tokio::test]
async fn a_job_beyond_what_the_operator_set_never_reaches_the_engine() {
    let bench = bench(Vec::new(), exited(0), false, false);
    assert!(
        matches!(bench.execute(Some("x\u{1b}"), None, false).await, Performed::Answered(Err(CallError { kind: ErrorKind::NotFound, text, .. }), _) if text.contains("`x\\u{1b}`"))
    );
    assert!(matches!(
        bench.execute(None, Some(3_600_001), false).await,
        Performed::Answered(Err(CallError { kind: ErrorKind::Invalid, .. }), _)
    ));
    assert!(bench.engine.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_is_discarded_and_swept_up_after() {
    let bench = bench_of(Scripted { hangs: true, does: plant, ..scripted(exited(0)) }, PathBuf::from("/proc/self/no-such"), false, |_| ());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), bench.execute(None, Some(60_000), false)).await;
    assert!(waited.is_err());
    bench.sandbox.close().await;
    assert_eq!(bench.engine.discarded.lock().unwrap().len(), 1);
    assert_eq!(bench.list_left(), (vec!["inner".to_owned()], Vec::new()));
    assert_eq!(bench.told().last().unwrap()[0], "swept");
}

#[tokio::test]
async fn a_host_that_stops_ends_its_command_before_the_grace_is_over() {
    let bench = bench_of(Scripted { hangs: true, does: plant, ..scripted(exited(0)) }, PathBuf::from("/proc/self/no-such"), false, |_| ());
    bench.halt.stop();
    let swept = async {
        while bench.list_left() != (vec!["inner".to_owned()], Vec::new()) || bench.engine.discarded.lock().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let ended = async {
        tokio::select! {
            answer = bench.execute(None, Some(60_000), false) => panic!("a call that was ended has an answer: {answer:?}"),
            () = swept => {}
        }
    };
    assert!(tokio::time::timeout(crate::journal::GRACE, ended).await.is_ok(), "a call in flight has no longer");
}

/// Leaves a repository.
fn plant(workspace: &Path) {
    std::fs::create_dir_all(workspace.join("inner/.git")).unwrap();
    std::fs::write(workspace.join("inner/.git/config"), "[core]\n\tfsmonitor = id\n").unwrap();
}

#[tokio::test]
async fn what_a_command_left_is_swept_before_anybody_hears_of_its_end() {
    let bench = bench_doing(plant, exited(0));
    let (outcome, events) = outcome(bench.execute(None, Some(60_000), false).await);
    assert!(
        outcome.stderr.starts_with("\n[Baton moved these out of the workspace") && outcome.stderr.contains("`inner/.git`"),
        "{outcome:?}"
    );
    let swept = &events[1];
    assert_eq!((swept.name.as_str(), &swept.data["traces"][0]["path"], &swept.data["seq"]), ("swept", &json!("inner/.git"), &json!(3)));
    let kept = swept.data["traces"][0]["to"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(Path::new(kept).join("config")).unwrap(), "[core]\n\tfsmonitor = id\n");
    assert_eq!(bench.list_left(), (vec!["inner".to_owned()], vec!["r-3.json".to_owned()]), "nothing that was made for the container stays");
    bench.sandbox.forget(Key { run: RunId::from_text("r"), seq: 3 });
    bench.sandbox.close().await;
    assert_eq!(bench.list_left().1, Vec::<String>::new());
}

#[tokio::test]
async fn a_workspace_that_cannot_be_checked_pauses_its_run_until_it_can() {
    let close = |workspace: &Path| std::fs::remove_dir_all(workspace.with_file_name("data/sandbox/commands")).unwrap();
    let bench = bench_doing(close, exited(0));
    // Somebody took the notes away: there is nothing to compare with, and nothing is swept.
    let _ = outcome(bench.execute(None, Some(60_000), false).await);
    let broken = |workspace: &Path| std::fs::write(workspace.with_file_name("data/sandbox/commands/r-3.json"), "{").unwrap();
    let bench = bench_doing(broken, exited(0));
    match bench.execute(None, Some(60_000), false).await {
        Performed::Paused { pause, happened: true } => assert!(pause.reason.contains("cannot be checked"), "{pause}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_that_is_cut_off_with_its_engine_is_executed_again_and_not_for_ever() {
    let engine = Scripted { holds: true, ..scripted(Err(EngineError::CutOff)) };
    let bench = bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |_| ());
    assert!(matches!(bench.execute(None, Some(60_000), true).await, Performed::Paused { happened: false, .. }));
    let found: Vec<_> = bench.engine.seen.lock().unwrap().iter().map(|task| task.found.is_some()).collect();
    assert_eq!(found, [true, false, false]);
}

#[tokio::test]
async fn a_host_that_comes_after_one_that_was_killed_sweeps_before_anything_else() {
    let bench = bench_doing(plant, Err(EngineError::Lost("It went away.".to_owned())));
    assert!(matches!(bench.execute(None, Some(60_000), false).await, Performed::Waiting(_)));
    assert_eq!((names(&bench.workspace().join("inner")), bench.list_left().1), (Vec::new(), vec!["r-3.json".to_owned()]));
    // Its container goes on, and so does this host for a while.
    plant(&bench.workspace());
    let engine = Scripted { holds: true, ..scripted(exited(0)) };
    let next = bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |_| ());
    let data = |bench: &Bench| bench.folder.path().join("data");
    std::fs::rename(data(&bench), data(&next)).unwrap();
    next.sandbox.sweep_left().await;
    assert_eq!(names(&bench.workspace().join("inner")), Vec::<String>::new());
    let job = Job::new(None, vec!["make".to_owned()], Vec::new(), Some(60_000)).unwrap();
    let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again: true, asked_at: 7 };
    let (outcome, _) = outcome(next.sandbox.execute(next.place(bench.workspace()), job, &wanted(), &attempt).await);
    assert!(outcome.stderr.contains("`inner/.git`"), "what was swept before the run went on is told: {outcome:?}");
    assert_eq!(next.engine.seen.lock().unwrap()[0].found, Some(engine::PriorCommand { lost: true }));
}

#[test]
fn jobs_that_make_no_sense_are_refused() {
    let refused = |command: &[&str], env: &[(&str, &str)], timeout| {
        let owned = |text: &&str| (*text).to_owned();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Job::new(None, command.iter().map(owned).collect(), env, timeout).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&["make"], &[("A_1", "é\n")], Some(1)), "");
    for command in [&[][..], &[""], &[" ", "x"]] {
        assert!(refused(command, &[], Some(1)).contains("no command"), "{command:?}");
    }
    assert!(refused(&["make"; 257], &[], Some(1)).contains("at most 256 arguments"));
    assert!(refused(&["make", &"x".repeat(65_536)], &[], Some(1)).contains("65536 bytes"));
    assert!(refused(&["make", "a\0b"], &[], Some(1)).contains("NUL"));
    for name in ["", "1A", "A=B", "A B", "é", "a\0"] {
        assert!(!refused(&["make"], &[(name, "x")], Some(1)).is_empty(), "{name:?}");
    }
    assert_eq!(refused(&["make"], &[], None), "", "as long as is usual");
    assert!(refused(&["make"], &[], Some(0)).contains("too short"));
}

#[test]
fn settings_are_read_and_misspelt_ones_refused() {
    let settings = json!({
        "engine": "process", "socket": "/run/podman.sock", "at-once": 2, "keep-free-mib": 1,
        "images": { "rust": { "image": "rust:1.95", "network": true, "memory-mib": 64, "cpus": 1.5, "processes": 9, "temporary-mib": 2, "timeout-s": 5, "ready": false } },
    });
    let read = Settings::from_settings(&settings).unwrap();
    assert_eq!(
        (read.engine, read.socket.as_deref(), read.at_once, read.keep_free),
        (EngineKind::Process, Some("/run/podman.sock"), 2, 1 << 20)
    );
    let rust = Image {
        reference: "rust:1.95".to_owned(),
        network: true,
        memory: 64 << 20,
        cpus: 1500,
        processes: 9,
        temporary: 2 << 20,
        timeout: 5,
        ready: false,
    };
    assert_eq!(read.images["rust"], rust);
    assert_eq!(read.images["default"].reference, "debian:stable-slim");
    for (wrong, key) in [
        (json!([]), ""),
        (json!({ "engine": "podman" }), ".engine"),
        (json!({ "socket": "tcp://1.2.3.4:2375" }), ".socket"),
        (json!({ "at-once": 0 }), ".at-once"),
        (json!({ "image": {} }), ".image"),
        (json!({ "images": [] }), ".images"),
        (json!({ "images": { "x": {} } }), ".images.x.image"),
        (json!({ "images": { "x": { "image": "-v/:/host" } } }), ".images.x.image"),
        (json!({ "images": { "x": { "image": "a", "memory": 5 } } }), ".images.x.memory"),
        (json!({ "images": { "x": { "image": "a", "memory-mib": -5 } } }), ".images.x.memory-mib"),
        (json!({ "images": { "x": { "image": "a", "cpus": 0 } } }), ".images.x.cpus"),
        (json!({ "images": { "x": { "image": "a", "network": "yes" } } }), ".images.x.network"),
    ] {
        assert_eq!(Settings::from_settings(&wrong).unwrap_err().key, key, "{wrong}");
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_repository_is_cleared_away_in_worktrees_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (own, theirs) = (folder.path().join("data"), folder.path().join("theirs"));
    let worktree = own.join("worktrees/1");
    for workspace in [&worktree, &theirs] {
        std::fs::create_dir_all(workspace).unwrap();
        std::os::unix::fs::symlink("/", workspace.join(".git")).unwrap();
        let bench = bench_of(scripted(exited(0)), own.clone(), false, |_| ());
        let job = Job::new(None, vec!["make".to_owned()], Vec::new(), Some(60_000)).unwrap();
        let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again: false, asked_at: 7 };
        let executed =
            matches!(bench.sandbox.execute(bench.place(workspace.clone()), job, &wanted(), &attempt).await, Performed::Answered(Ok(_), _));
        assert_eq!(executed, workspace == &worktree, "whose link it is decides");
    }
    assert!(worktree.join(".git").symlink_metadata().is_err());
    assert!(theirs.join(".git").symlink_metadata().is_ok());
}

#[tokio::test]
async fn a_plain_process_finds_no_repository_above_a_worktree() {
    let home = tempfile::tempdir().unwrap();
    let person = home.path().canonicalize().unwrap();
    let worktrees = person.join(".baton/worktrees");
    let workspace = worktrees.join("demo/1/files");
    std::fs::create_dir_all(&workspace).unwrap();
    let git = std::process::Command::new("git").args(["init", "-q"]).current_dir(&person).status().unwrap();
    assert!(git.success());
    let config = std::fs::read(person.join(".git/config")).unwrap();
    let engine = Processes { search: "/usr/local/bin:/usr/bin:/bin".to_owned(), worktrees };
    for line in [
        "git rev-parse --git-dir",
        "cd .. && git rev-parse --git-dir",
        "cd ../../.. && git rev-parse --git-dir",
        "unset GIT_CEILING_DIRECTORIES; git config --local a.b c",
        "git init -q inner && rm -rf inner/.git && cd inner && unset GIT_CEILING_DIRECTORIES && git remote add evil http://evil",
        "rm .git; git add --all",
    ] {
        let task = Task {
            mounts: Vec::new(),
            network: None,
            key: Key { run: RunId::from_text("r"), seq: 1 },
            image: Settings::from_settings(&json!({})).unwrap().images["default"].clone(),
            command: ["sh", "-c", line].map(str::to_owned).to_vec(),
            env: Default::default(),
            workspace: workspace.clone(),
            timeout_ms: 30_000,
            asked_at: 0,
            covers: Covers::none(),
            user: None,
            found: None,
        };
        let (pieces, _) = tokio::sync::mpsc::channel(1);
        assert_ne!(engine.execute(&task, pieces).await.unwrap().exit_code, 0, "{line}");
        assert!(!workspace.join(".git").exists(), "what kept git away is gone before the sweep: {line}");
    }
    assert_eq!(std::fs::read(person.join(".git/config")).unwrap(), config);
    assert!(!person.join(".git/index").exists());
}
