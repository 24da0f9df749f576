//! The real program, told to end while a model that never answers is at work.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use baton_tests::{
    PROBE, listed,
    program::{self, Ended},
    server::{Reply, Server},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const PLAN: &[&str] = &["run", "plan", "--input", "{\"brief\": \"A notebook for choirs.\"}", "--workspace", "shop", "--model", "slow/any"];

struct Home {
    folder: TempDir,
    asked: Arc<AtomicUsize>,
}

impl Home {
    /// A service that is asked and does not answer; from the second time on it refuses.
    fn new() -> Self {
        let (folder, asked) = (tempfile::tempdir().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        let service = Server::start(move |_, _| {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                thread::sleep(Duration::from_secs(120));
            }
            Reply::new("401 Unauthorized", "{\"error\": {\"message\": \"not you\"}}").with("content-type: application/json")
        });
        let settings = format!("[providers.slow]\nbase-url = \"http://127.0.0.1:{}/v1\"\n", service.port);
        fs::write(folder.path().join("settings.toml"), settings).unwrap();
        fs::create_dir(folder.path().join("shop")).unwrap();
        Self { folder, asked }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.folder.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", self.folder.path().join("settings.toml"));
        command
    }

    fn baton(&self, arguments: &[&str]) -> Ended {
        program::output(self.command(arguments))
    }

    /// The program, once the service has been asked.
    fn asking(&self, arguments: &[&str]) -> Child {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert!(program::wait_until(&mut child, || self.asked.load(Ordering::SeqCst) > 0), "nothing was asked");
        child
    }

    fn listed(&self) -> Vec<Value> {
        listed::runs(&self.baton(&["runs", "list", "-o", "json"]).exits(0))
    }

    /// The only run that somebody started, and how many calls of it were made again.
    fn run(&self) -> (String, u64) {
        let runs = self.listed();
        assert_eq!(runs.len(), 1, "{runs:?}");
        (listed::id(&runs[0]).to_owned(), runs[0]["tally"]["repeated_model_calls"].as_u64().unwrap())
    }
}

fn tell(child: &Child, signal: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap().success());
}

#[test]
fn a_model_that_does_not_answer_holds_up_the_end_for_some_seconds_and_is_asked_again_flagged() {
    let home = Home::new();
    let child = home.asking(PLAN);
    let told = Instant::now();
    tell(&child, "TERM");
    let ended = program::end(child).exits(3);
    let took = told.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(15)).contains(&took), "it took {took:?}");
    assert!(ended.stderr.contains("which may take 5 s") && ended.stderr.contains("baton runs resume"), "{}", ended.stderr);
    let (run, repeated) = home.run();
    assert_eq!(repeated, 0);
    let resumed = home.baton(&["runs", "resume", &run]).exits(3);
    assert!(resumed.stderr.contains("not you"), "{}", resumed.stderr);
    assert_eq!((home.asked.load(Ordering::SeqCst), home.run().1), (2, 1), "it may have been charged, and that is said");
}

#[test]
fn told_twice_the_program_ends_at_once() {
    let home = Home::new();
    let child = home.asking(PLAN);
    tell(&child, "INT");
    thread::sleep(Duration::from_millis(300));
    let told = Instant::now();
    tell(&child, "INT");
    let ended = program::end(child).exits(130);
    // The call in flight would have had 5 s.
    assert!(told.elapsed() < Duration::from_millis(4_500), "it took {:?}", told.elapsed());
    assert!(ended.stderr.contains("was stopped at once"), "{}", ended.stderr);
    let _ = home.baton(&["runs", "resume", &home.run().0]).exits(3);
    assert_eq!(home.run().1, 1);
}

#[test]
fn a_host_that_serves_ends_as_soon() {
    let home = Home::new();
    let mut host = home.command(&["serve", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(host.stdout.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    let mut beside = home.asking(PLAN);
    let told = Instant::now();
    tell(&host, "TERM");
    assert!(host.wait().unwrap().success());
    let took = told.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(15)).contains(&took), "it took {took:?}");
    beside.kill().unwrap();
    beside.wait().unwrap();
    let _ = home.baton(&["runs", "resume", &home.run().0]).exits(3);
    assert_eq!(home.run().1, 1);
}

#[test]
fn a_host_that_is_killed_within_the_grace_of_a_cancelled_run_leaves_it_to_the_next() {
    let home = Home::new();
    fs::create_dir_all(home.folder.path().join("data/plugins")).unwrap();
    fs::write(home.folder.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
    let grace = |seconds: u64| fs::write(home.folder.path().join("settings.toml"), format!("[limits]\ngrace-s = {seconds}\n")).unwrap();
    grace(60);
    let listening = json!({ "do": "wait-until-cancelled" });
    let deaf = json!({ "do": "deaf" });
    for (input, ends_itself) in [(listening, true), (deaf, false)] {
        let _waiting = home.baton(&["run", "probe", "--workspace", "shop", "--input", &input.to_string()]).exits(3);
        let run = listed::id(&home.listed()[0]).to_owned();
        let mut cancelling = home.command(&["runs", "cancel", &run]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let is_told = || home.listed().iter().any(|listed| listed["id"] == *run && !listed["cancelling"].is_null());
        assert!(program::wait_until(&mut cancelling, is_told), "it was not told");
        tell(&cancelling, "KILL");
        cancelling.wait().unwrap();
        if !ends_itself {
            let left = home.listed().remove(0);
            assert_ne!(left["state"], "cancelled", "it had a minute");
            grace(1);
        }
        let again = home.baton(&["runs", "cancel", &run]);
        let ended = home.listed().remove(0);
        assert_eq!((&ended["id"], &ended["state"]), (&json!(run), &json!("cancelled")), "{}", again.stderr);
    }
}
