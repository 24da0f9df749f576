//! Whatever works for a run ends soon after the run, also where nothing could interrupt it: searches of the host, guests
//! that compute, guests that sleep.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use baton_tests::{PROBE, listed, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A host that serves, and a user beside it.
struct Scene {
    home: TempDir,
    host: Child,
    _said: BufReader<std::process::ChildStdout>,
}

impl Scene {
    /// With a workspace that holds one long line of two letters.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work")).unwrap();
        fs::create_dir_all(home.path().join(".config/baton")).unwrap();
        let settings = "[limits]\nguest-time-ms = 600000\n";
        fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
        fs::write(home.path().join("probe.wasm"), PROBE).unwrap();
        let letters = (0..3_000_000_u32).map(|place| if place.wrapping_mul(2_654_435_761) >> 31 == 0 { b'a' } else { b'b' });
        fs::write(home.path().join("work/letters.txt"), letters.collect::<Vec<_>>()).unwrap();
        let _installed = program::run(home.path(), &["plugin", "install", "probe.wasm", "--grant", "--data-dir", "data"]).exits(0);
        let mut host = program::command(home.path(), &["serve", "-o", "json", "--data-dir", "data"]);
        let mut host = host.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(host.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        Self { home, host, _said: said }
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::run(self.home.path(), &[arguments, &["--data-dir", "data"]].concat())
    }

    /// A run that the host executes; its id, once it is executed.
    fn begin(&self, input: &Value) -> (Child, String) {
        let before = self.running().len();
        let mut command = program::command(self.home.path(), &["run", "probe", "--workspace", "work", "--data-dir", "data"]);
        let mut child = command.args(["--input", &input.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(program::wait_until(&mut child, || self.running().len() > before), "{input} was not executed");
        (child, self.running()[0].clone())
    }

    /// The runs that are executed, the newest first.
    fn running(&self) -> Vec<String> {
        let listed = listed::runs(&self.baton(&["runs", "list", "-o", "json"]).exits(0));
        listed.iter().filter(|run| run["state"] == "running").map(|run| listed::id(run).to_owned()).collect()
    }

    /// Whether the host computes for more than a fifth of the time; None where the system does not say.
    fn is_busy(&self) -> Option<bool> {
        let ticks = || -> Option<u64> {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.host.id())).ok()?;
            let fields: Vec<_> = stat.rsplit_once(')')?.1.split(' ').collect();
            Some(fields[12].parse::<u64>().ok()? + fields[13].parse::<u64>().ok()?)
        };
        let before = ticks()?;
        thread::sleep(Duration::from_millis(500));
        Some(ticks()? - before > 10)
    }

    /// Waits until the host computes, or until it does not.
    fn wait_for(&self, busy: bool) {
        let begun = Instant::now();
        while self.is_busy().is_some_and(|is| is != busy) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "after {:?} the host is {}busy",
                begun.elapsed(),
                if busy { "not " } else { "" }
            );
        }
    }
}

/// Threat: A plugin searches for an expression, computes or sleeps for as long as it can, so that neither cancelling its run
/// nor stopping the host ends it.
/// Stopped by: A search checks its deadline within a line. A guest that computes can be interrupted at every tick. A guest that
/// makes no call is abandoned 5 s after its run was stopped, whatever it waits for.
/// Expects: `baton runs cancel` ends the search. `baton serve` ends within seconds of SIGTERM.
#[test]
fn what_is_cancelled_or_stopped_computes_no_more() {
    let mut scene = Scene::new();
    let (mut searching, search) = scene.begin(&json!({ "do": "search", "pattern": "[ab]*a[ab]{2000}c" }));
    scene.wait_for(true);
    let _cancelled = scene.baton(&["runs", "cancel", &search]).exits(0);
    scene.wait_for(false);
    searching.wait().unwrap();
    let waiting = [
        json!({ "do": "search", "pattern": "[ab]*a[ab]{2000}c" }),
        json!({ "do": "doze", "milliseconds": 600_000 }),
        json!({ "do": "compute", "rounds": 1_000_000_000_000_000_u64 }),
    ];
    let mut waiting: Vec<_> = waiting.iter().map(|input| scene.begin(input).0).collect();
    let told = Instant::now();
    assert!(Command::new("sh").args(["-c", &format!("kill -TERM {}", scene.host.id())]).status().unwrap().success());
    assert!(scene.host.wait().unwrap().success());
    assert!(told.elapsed() < Duration::from_secs(25), "it took {:?}", told.elapsed());
    for child in &mut waiting {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
