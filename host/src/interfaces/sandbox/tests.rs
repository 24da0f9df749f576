//! Jobs and settings that make no sense, and a sandbox over an engine that does as it is told.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc::Sender};

use super::{
    engine::{Ended, Piece, Stream, Task},
    *,
};
use crate::{
    events::{Category, Draft, Event, EventError, EventLog},
    journal::{Attempt, CallError, Halt, PauseKind, Performed, Redactor, RunId},
};

/// Gives one ending to every command, after these pieces.
struct Scripted {
    pieces: Vec<Piece>,
    ending: Result<Ended, EngineError>,
    /// Never ends.
    hangs: bool,
    seen: Mutex<Vec<Task>>,
    discarded: Mutex<Vec<Key>>,
}

#[async_trait]
impl Engine for Scripted {
    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError> {
        self.seen.lock().unwrap().push(task.clone());
        for piece in &self.pieces {
            pieces.send(piece.clone()).await.unwrap();
        }
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.ending.clone()
    }

    async fn discard(&self, key: &Key) {
        self.discarded.lock().unwrap().push(key.clone());
    }

    async fn left(&self) -> Result<Vec<Key>, EngineError> {
        Ok(Vec::new())
    }

    async fn close(&self) {}

    async fn about(&self) -> Result<String, EngineError> {
        Ok("a script".to_owned())
    }
}

/// Events and artifacts in memory.
#[derive(Default)]
struct Memory {
    events: Mutex<Vec<Draft>>,
    artifacts: Mutex<Vec<String>>,
    full: bool,
}

#[async_trait]
impl EventLog for Memory {
    async fn append(&self, events: Vec<Draft>) -> Result<(), EventError> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        Ok(())
    }

    async fn after(&self, cursor: i64, _: Option<&RunId>, _: u32) -> Result<Vec<Event>, EventError> {
        let events = self.events.lock().unwrap().clone();
        let numbered = (1..).zip(events).map(|(cursor, draft)| Event { cursor, at: 0, draft });
        Ok(numbered.filter(|event| event.cursor > cursor).collect())
    }

    async fn latest(&self, _: Category, _: Option<i64>, _: u32) -> Result<Vec<Event>, EventError> {
        Ok(Vec::new())
    }

    async fn newest(&self) -> Result<i64, EventError> {
        Ok(0)
    }

    fn listen(&self) -> broadcast::Receiver<Event> {
        broadcast::channel(1).1
    }
}

#[async_trait]
impl Artifacts for Memory {
    async fn keep(&self, text: String) -> Result<String, ArtifactsError> {
        if self.full {
            return Err(ArtifactsError("The disk is full.".to_owned()));
        }
        let mut artifacts = self.artifacts.lock().unwrap();
        artifacts.push(text);
        Ok(format!("artifact-{}", artifacts.len()))
    }

    async fn load(&self, _: &str) -> Result<String, ArtifactsError> {
        Err(ArtifactsError("Nothing is kept.".to_owned()))
    }
}

struct Bench {
    engine: Arc<Scripted>,
    memory: Arc<Memory>,
    sandbox: Sandbox,
    halt: Halt,
}

fn bench(pieces: Vec<Piece>, ending: Result<Ended, EngineError>, hangs: bool, full: bool) -> Bench {
    bench_over(PathBuf::from("/proc/self/no-such"), pieces, ending, hangs, full)
}

fn bench_over(own: PathBuf, pieces: Vec<Piece>, ending: Result<Ended, EngineError>, hangs: bool, full: bool) -> Bench {
    let engine = Arc::new(Scripted { pieces, ending, hangs, seen: Mutex::default(), discarded: Mutex::default() });
    let memory = Arc::new(Memory { full, ..Memory::default() });
    let redactor = Redactor::default();
    redactor.learn("hunter2-hunter2");
    let mut settings = Settings::default();
    let short = Image { timeout: 15, ..settings.images["default"].clone() };
    settings.images.insert("short".to_owned(), short);
    let sandbox = Sandbox::new(Parts {
        engine: Arc::clone(&engine) as _,
        settings,
        events: Arc::clone(&memory) as _,
        artifacts: Arc::clone(&memory) as _,
        redactor,
        worktrees: own.join("worktrees"),
        own: vec![own],
    });
    Bench { engine, memory, sandbox, halt: Halt::default() }
}

impl Bench {
    async fn execute(&self, image: Option<&str>, timeout: u32, again: bool) -> Performed<Outcome> {
        let job = Job::new(image.map(str::to_owned), vec!["make".to_owned()], Vec::new(), timeout).unwrap();
        let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again, asked_at: 7 };
        self.sandbox.execute(self.place("/w".into()), job, &attempt).await
    }

    fn place(&self, workspace: PathBuf) -> Place {
        Place { run: RunId::from_text("r"), workspace, halt: self.halt.clone() }
    }

    fn told(&self) -> Vec<Value> {
        self.memory.events.lock().unwrap().iter().map(|event| json!([event.name, event.data])).collect()
    }
}

fn wrote(stream: Stream, text: &str) -> Piece {
    Piece::Wrote(stream, text.as_bytes().to_vec())
}

fn exited(exit_code: i32) -> Result<Ended, EngineError> {
    Ok(Ended { ending: Ending::Exited, exit_code, took: 12, remark: None })
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
    let (outcome, events) = outcome(bench.execute(None, 60, false).await);
    assert_eq!((outcome.exit_code, outcome.stderr.as_str(), outcome.output), (3, "bad\n", None));
    assert_eq!(outcome.stdout, "one [key]\ntwo");
    assert_eq!((events[0].name.as_str(), &events[0].data["exit-code"], &events[0].data["seq"]), ("executed", &json!(3), &json!(3)));
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
    bench.memory.append(vec![Draft::of_run(Category::Sandbox, "output", &RunId::from_text("r"), before)]).await.unwrap();
    let (outcome, _) = outcome(bench.execute(None, 60, true).await);
    assert_eq!(outcome.stdout.len(), 8196);
    let told = bench.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], json!(["output", { "seq": 3, "stream": "stdout", "to": 8196, "text": "new\n" }]));
}

#[tokio::test]
async fn long_outputs_are_cut_and_kept() {
    let flood = "é".repeat(1 << 20);
    let pieces = (0..20).map(|_| wrote(Stream::Out, &flood)).chain([wrote(Stream::Err, "x")]).collect();
    let bench = bench(pieces, exited(0), false, false);
    let (outcome, _) = outcome(bench.execute(None, 60, false).await);
    assert!(outcome.stdout.len() <= 64 << 10 && outcome.stdout.chars().all(|character| character == 'é'), "no character is cut in two");
    assert_eq!((outcome.stderr.as_str(), outcome.output.as_deref()), ("x", Some("artifact-1")));
    let kept = bench.memory.artifacts.lock().unwrap()[0].clone();
    assert!(
        kept.ends_with(&format!("[{} bytes more were printed and are not kept]\n", (40 << 20) + 1 - (16 << 20))),
        "{}",
        &kept[kept.len() - 80..]
    );
    let told: usize = bench.told().iter().filter_map(|event| event[1]["text"].as_str()).map(str::len).sum();
    assert!((200 << 10..=300 << 10).contains(&told), "{told}");
    assert_eq!(bench.told().iter().filter(|event| event[1]["left-out"] == true).count(), 1);
}

#[tokio::test]
async fn no_container_gets_what_the_host_keeps() {
    let bench = bench(Vec::new(), exited(0), false, false);
    let job = Job::new(None, vec!["make".to_owned()], Vec::new(), 60).unwrap();
    let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again: false, asked_at: 7 };
    for (workspace, refused) in [("/proc", true), ("/", true), ("/dev", false)] {
        let place = Place { run: RunId::from_text("r"), workspace: workspace.into(), halt: Halt::default() };
        let answer = bench.sandbox.execute(place, job.clone(), &attempt).await;
        assert_eq!(matches!(answer, Performed::Answered(Err(CallError::Invalid(_)), _)), refused, "{workspace}: {answer:?}");
    }
    assert_eq!(bench.engine.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn who_asks_for_no_time_gets_what_is_usual_and_allowed() {
    let bench = bench(Vec::new(), exited(0), false, false);
    for (image, timeout, given) in
        [(None, 0, Some(600)), (Some("short"), 0, Some(15)), (Some("short"), 15, Some(15)), (Some("short"), 16, None)]
    {
        let answer = bench.execute(image, timeout, false).await;
        let seen = bench.engine.seen.lock().unwrap().pop().map(|task| task.timeout);
        assert_eq!(seen, given, "{image:?} {timeout}: {answer:?}");
    }
}

#[tokio::test]
async fn an_output_that_cannot_be_kept_pauses_the_run() {
    let bench = bench(vec![wrote(Stream::Out, &"x".repeat(70_000))], exited(0), false, true);
    match bench.execute(None, 60, false).await {
        Performed::Paused { pause, happened: true } => {
            assert_eq!(
                (pause.kind, pause.reason.as_str()),
                (PauseKind::Operator, "The output of a command cannot be kept: The disk is full. Then resume the run.")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_engine_that_fails_is_an_answer_and_one_that_goes_away_a_pause() {
    let missing = bench(Vec::new(), Err(EngineError::Unavailable("No engine.".to_owned())), false, false);
    assert!(
        matches!(missing.execute(None, 60, false).await, Performed::Answered(Err(CallError::Unavailable(text)), _) if text == "No engine.")
    );
    let lost = bench(Vec::new(), Err(EngineError::Lost("It went away.".to_owned())), false, false);
    assert!(matches!(lost.execute(None, 60, false).await, Performed::Paused { happened: true, .. }));
}

#[tokio::test]
async fn a_job_beyond_what_the_operator_set_never_reaches_the_engine() {
    let bench = bench(Vec::new(), exited(0), false, false);
    assert!(
        matches!(bench.execute(Some("x\u{1b}"), 60, false).await, Performed::Answered(Err(CallError::NotFound(text)), _) if text.contains("`x\\u{1b}`"))
    );
    assert!(matches!(bench.execute(None, 3601, false).await, Performed::Answered(Err(CallError::Invalid(_)), _)));
    assert!(bench.engine.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_is_discarded_unless_the_host_stops() {
    for stops in [false, true] {
        let bench = bench(vec![Piece::Started { again: false }], exited(0), true, false);
        if stops {
            bench.halt.stop();
        }
        let waited = tokio::time::timeout(std::time::Duration::from_millis(50), bench.execute(None, 60, false)).await;
        assert!(waited.is_err());
        bench.sandbox.close().await;
        assert_eq!(bench.engine.discarded.lock().unwrap().len(), usize::from(!stops));
    }
}

#[test]
fn jobs_that_make_no_sense_are_refused() {
    let refused = |command: &[&str], env: &[(&str, &str)], timeout| {
        let owned = |text: &&str| (*text).to_owned();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Job::new(None, command.iter().map(owned).collect(), env, timeout).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&["make"], &[("A_1", "é\n")], 1), "");
    for command in [&[][..], &[""], &[" ", "x"]] {
        assert!(refused(command, &[], 1).contains("no command"), "{command:?}");
    }
    assert!(refused(&["make"; 257], &[], 1).contains("at most 256 arguments"));
    assert!(refused(&["make", &"x".repeat(65_536)], &[], 1).contains("65536 bytes"));
    assert!(refused(&["make", "a\0b"], &[], 1).contains("NUL"));
    for name in ["", "1A", "A=B", "A B", "é", "a\0"] {
        assert!(!refused(&["make"], &[(name, "x")], 1).is_empty(), "{name:?}");
    }
    assert_eq!(refused(&["make"], &[], 0), "", "as long as is usual");
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
        let bench = bench_over(own.clone(), Vec::new(), exited(0), false, false);
        let job = Job::new(None, vec!["make".to_owned()], Vec::new(), 60).unwrap();
        let attempt = Attempt { seq: 3, key: "r:3".to_owned(), again: false, asked_at: 7 };
        outcome(bench.sandbox.execute(bench.place(workspace.clone()), job, &attempt).await);
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
        "unset GIT_CEILING_DIRECTORIES; git config --local a.b c",
        "git init -q inner && rm -rf inner/.git && cd inner && unset GIT_CEILING_DIRECTORIES && git remote add evil http://evil",
        "rm .git; git add --all",
    ] {
        let task = Task {
            key: Key { run: RunId::from_text("r"), seq: 1 },
            image: Settings::from_settings(&json!({})).unwrap().images["default"].clone(),
            command: ["sh", "-c", line].map(str::to_owned).to_vec(),
            env: Default::default(),
            workspace: workspace.clone(),
            timeout: 30,
            asked_at: 0,
            keep_free: 0,
        };
        let (pieces, _) = tokio::sync::mpsc::channel(1);
        assert_ne!(engine.execute(&task, pieces).await.unwrap().exit_code, 0, "{line}");
    }
    assert_eq!(std::fs::read(person.join(".git/config")).unwrap(), config);
    assert!(!person.join(".git/index").exists());
}
