//! A project on autopilot, through the real program, in a clock that the test moves: a night in which stories appear, a
//! provider is down, the day's dollars are spent and the host is killed twice; and what people do to it meanwhile.

use std::{
    fmt::Write as _,
    fs,
    io::{BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use baton_tests::{
    listed,
    model_server::{Hooks, ModelServer, Refusal, Seen},
    program,
};
use serde_json::Value;

use super::sprint::{PROCESSES, Project, document};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// What a run says that waits for the next day.
const SPENT: &str = "a day of the autopilot";
/// The story whose developer changes nothing, so that a person is asked.
const STUCK: &str = "s-4";

/// A person's project whose models are a server of this test.
pub(super) struct Night {
    project: Project,
    is_down: Arc<AtomicBool>,
    server: ModelServer,
    /// Milliseconds by which the clock is ahead.
    ahead: u64,
    host: Option<Child>,
    /// What the hosts said.
    said: Arc<Mutex<Vec<u8>>>,
}

impl Night {
    /// At this hour of a day, in UTC.
    pub(super) async fn at(hour: u64) -> Self {
        let project = Project::with(&[], PROCESSES).await;
        let script = project.home.path().join("replies.yaml");
        fs::write(&script, replies()).unwrap();
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let check = move |_: &Seen<'_>| match down.load(Ordering::SeqCst) {
            true => Err(Refusal { status: "503 Service Unavailable", message: "down".to_owned() }),
            false => Ok(()),
        };
        let server = ModelServer::start(&script, Hooks { check: Some(Box::new(check)), ..Hooks::default() });
        project.asks(&server);
        // What a call may cost is then little more than what it costs, so that stories at work side by side fit into a day.
        let settings = project.home.path().join("baton.toml");
        fs::write(&settings, fs::read_to_string(&settings).unwrap().replace("output = 15.0", "output = 0.1")).unwrap();
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let mut night = Self { project, is_down, server, ahead: (DAY + hour * HOUR - now % DAY) % DAY, host: None, said: Arc::default() };
        night.pass(0);
        night
    }

    /// Time passes.
    fn pass(&mut self, milliseconds: u64) {
        self.ahead += milliseconds;
        fs::write(self.project.home.path().join("clock"), self.ahead.to_string()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        let home = self.project.home.path();
        command.env("BATON_CLOCK_FILE", home.join("clock")).env("BATON_HASTE", "200").env("BATON_USER", "ada").env("TZ", "UTC");
        command
    }

    pub(super) fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(&[arguments, &["--workspace", "workspace"]].concat()))
    }

    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        document(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0))
    }

    pub(super) fn add(&self, keys: &[&str]) {
        for key in keys {
            fs::write(self.project.home.path().join("body.md"), format!("- [ ] {key} says its name.\n")).unwrap();
            let _added = self.baton(&["backlog", "add", key, &format!("Have {key} say its name"), "--body", "body.md"]).exits(0);
        }
    }

    fn status_of(&self, key: &str) -> String {
        self.json(&["backlog", "show", key])["status"].as_str().unwrap().to_owned()
    }

    pub(super) fn landed(&self) -> usize {
        let items = self.json(&["backlog", "list"]);
        items["items"].as_array().unwrap().iter().filter(|item| item["status"] == "done").count()
    }

    pub(super) fn serve(&mut self) {
        self.start(self.command(&["serve"]));
    }

    /// Its journal stands still after so many writes; gives the file that says so.
    pub(super) fn serve_until_write(&mut self, writes: u64) -> PathBuf {
        let mut command = self.command(&["serve"]);
        command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string());
        self.start(command);
        self.project.home.path().join("data/frozen")
    }

    fn start(&mut self, mut command: Command) {
        let mut host = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (stderr, mut byte) = (host.stderr.as_mut().unwrap(), [0]);
        // Byte by byte, so that what it says later stays in the pipe.
        while byte != *b"\n" {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "the host ended before it said that it is ready");
        }
        let rest = host.stderr.take().unwrap();
        let said = Arc::clone(&self.said);
        thread::spawn(move || {
            for byte in BufReader::new(rest).bytes().map_while(Result::ok) {
                said.lock().unwrap().push(byte);
            }
        });
        self.host = Some(host);
    }

    /// As a crash would.
    pub(super) fn kill(&mut self) {
        let mut host = self.host.take().unwrap();
        host.kill().unwrap();
        host.wait().unwrap();
    }

    pub(super) fn once(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            if begun.elapsed() > Duration::from_secs(40) {
                let told = [&["project", "autopilot", "status"][..], &["backlog", "list"]].map(|command| self.baton(command).stdout);
                let runs = program::output(self.command(&["runs", "list", "--all"])).stdout;
                let said = String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned();
                panic!("{what}: {told:?}\n{runs}\n{}\n{said}", self.baton(&["report"]).stdout);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn waits_for(&self, word: &str) -> bool {
        let runs = listed::runs(&program::output(self.command(&["runs", "list", "--all", "-o", "json"])));
        runs.iter().any(|run| run["state"] == "waiting" && run["reason"].to_string().contains(word))
    }

    /// Whether it has nothing at work but these.
    pub(super) fn is_at_work_on(&self, keys: &[&str]) -> bool {
        let status = self.json(&["project", "autopilot", "status"]);
        status["activity"]["at_work"]
            .as_array()
            .is_some_and(|at_work| at_work.iter().map(|key| key.as_str().unwrap()).eq(keys.iter().copied()))
    }

    /// How often a story was merged: what landed stays in the first line of the history.
    pub(super) fn merged(&self, key: &str) -> usize {
        let log = self.project.git(&["log", "--first-parent", "--format=%s", "main"]);
        log.lines().filter(|line| line.starts_with(&format!("Merge story {key}:"))).count()
    }

    pub(super) fn branches(&self) -> String {
        self.project.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"])
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        if let Some(host) = &mut self.host {
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

/// Each story has a file and a case of its own, so that none waits for another.
fn replies() -> String {
    let mut rules = "rules:\n".to_owned();
    for number in 1..=10 {
        let key = format!("s-{number}");
        let only = format!("plugin: amelia, contains: \"Develop story {key}:\"");
        if key == STUCK {
            writeln!(rules, "  - {{ name: stuck, when: {{ plugin: amelia, contains: \"story {key}\" }}, json: {{ summary: Nothing is to be done., plan: [], assumptions: [] }} }}").unwrap();
            continue;
        }
        write!(
            rules,
            "  - name: writes {key}\n    when: {{ {only}, turn: 0 }}\n    calls:\n      - {{ name: write_file, arguments: {{ path: {key}.sh, content: \"echo {key}\\n\" }} }}\n      \
             - {{ name: write_file, arguments: {{ path: tests/{key}.case, content: \"test \\\"$(sh ./{key}.sh)\\\" = {key}\\n\" }} }}\n  \
             - {{ name: wrote {key}, when: {{ {only}, turn: 1 }}, json: {{ summary: It says {key}., plan: [ a file ], assumptions: [] }} }}\n"
        )
        .unwrap();
    }
    rules.push_str(
        "  - name: Murat approves\n    when: { plugin: murat, contains: Review story }\n    json:\n      \
         criteria: [ { criterion: 1, evidence: The case fails without it., path: calc, line: 1, test: its case, holds: \"yes\" } ]\n      \
         findings: []\n      summary: It holds.\n      verdict: approve\n",
    );
    rules
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_lands_all_that_can_land_once_and_the_report_says_the_rest() {
    let mut night = Night::at(22).await;
    night.add(&["s-1", "s-2", "s-3", "s-4"]);
    let on = ["project", "autopilot", "on", "--stories", "3", "--dollars", "0.04", "--hours", "21:30-07:00", "--zone", "UTC"];
    let _on = night.baton(&on).exits(0);
    night.serve();
    night.once("the first has landed", || night.landed() >= 1);
    night.is_down.store(true, Ordering::SeqCst);
    night.add(&["s-5", "s-6", "s-7"]);
    night.once("a run waits for the provider", || night.waits_for("tried again"));
    night.kill();
    night.serve();
    night.is_down.store(false, Ordering::SeqCst);
    night.add(&["s-8", "s-9", "s-10"]);
    night.once("the day's dollars are spent", || night.waits_for(SPENT));
    let landed = night.landed();
    assert!(landed < 9, "{landed}");
    night.kill();
    night.serve();
    // Until 01:00 of the next day, and of as many as it takes.
    let mut days = 0;
    while night.landed() < 9 {
        days += 1;
        assert!(days < 6, "a day's dollars are enough for two stories");
        night.pass(if days == 1 { 3 * HOUR } else { DAY });
        night.once("a new day has begun", || !night.waits_for(SPENT));
        night.once("all that can land has landed, or the day is spent", || night.landed() == 9 || night.waits_for(SPENT));
    }
    night.once("it rests", || night.is_at_work_on(&[STUCK]));
    let costs = document(&program::output(night.command(&["costs", "--by", "day", "-o", "json"])));
    let of_a_day = |row: &Value| row["cost_usd"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(costs["rows"].as_array().unwrap().iter().all(|row| of_a_day(row) <= 0.04), "{costs:#}");
    let report = night.json(&["report", "--since", "9d"]);
    let keys = |section: &str| {
        let mut keys: Vec<_> = report[section].as_array().unwrap().iter().map(|story| story["key"].as_str().unwrap().to_owned()).collect();
        keys.sort();
        keys
    };
    let expected = ["s-1", "s-10", "s-2", "s-3", "s-5", "s-6", "s-7", "s-8", "s-9"];
    assert_eq!((keys("landed"), keys("in_work")), (expected.map(str::to_owned).into(), vec![STUCK.to_owned()]), "{report:#}");
    assert!(report["landed"].as_array().unwrap().iter().all(|story| story["pull_request"].is_u64() && story["commit"].is_string()));
    assert_eq!(report["asked"].as_array().unwrap().len(), 1, "{report:#}");
    for key in expected {
        assert_eq!(night.merged(key), 1, "{key}: {report:#}");
    }
    assert_eq!(night.branches(), format!("main\nstory/{STUCK}"));
    let mut keys: Vec<_> = night.server.exchanges().into_iter().filter(|asked| asked.refused.is_none()).map(|asked| asked.key).collect();
    keys.sort();
    let answered = keys.len();
    keys.dedup();
    let uncertain = report["uncertain_calls"].as_u64().unwrap() as usize;
    assert!(
        keys.len() >= 27 && answered - keys.len() <= uncertain,
        "{answered} answered, {} of them once, {uncertain} flagged",
        keys.len()
    );
    let told = night.baton(&["report", "--since", "9d"]).exits(0).stdout;
    assert!(
        told.contains("Landed: 9") && told.contains("Asked: 1") && told.contains("questions answer") && told.contains("of $0.04"),
        "{told}"
    );
    assert!(told.lines().count() < 40, "{told}");
    let _off = night.baton(&["project", "autopilot", "off"]).exits(0);
    let is_ended = || night.json(&["project", "autopilot", "status"])["activity"]["run_state"] != "waiting";
    night.once("it is off", is_ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_start_and_stop_work_by_moving_stories_and_what_was_left_is_continued() {
    let mut night = Night::at(12).await;
    night.serve();
    let _on = night.baton(&["project", "autopilot", "on", "--stories", "1"]).exits(0);
    let run = night.json(&["project", "autopilot", "on", "--stories", "2"])["settings"]["run"].clone();
    assert_eq!(night.json(&["project", "autopilot", "status"])["settings"]["run"], run, "however often it is turned on, there is one");
    fs::write(night.project.work().join("mine"), "not committed").unwrap();
    night.add(&["s-1"]);
    night.once("it says why it waits", || {
        night.json(&["project", "autopilot", "status"])["activity"]["waits_for"].to_string().contains("not committed")
    });
    assert_eq!(night.status_of("s-1"), "todo");
    fs::remove_file(night.project.work().join("mine")).unwrap();
    night.is_down.store(true, Ordering::SeqCst);
    night.pass(61_000);
    night.once("it continues by itself", || night.status_of("s-1") == "in_progress");
    let decisions = document(&program::output(night.command(&["decisions", "-o", "json"])));
    assert_eq!(decisions["items"].as_array().unwrap().len(), 1, "it was told once: {decisions:#}");
    // A person stops it: its runs end at once, and it stays where it was put.
    let _moved = night.baton(&["backlog", "move", "s-1", "cancelled"]).exits(0);
    let is_idle = || night.is_at_work_on(&[]);
    let begun = Instant::now();
    night.once("its work stops", is_idle);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let _moved = night.baton(&["backlog", "move", "s-1", "todo"]).exits(0);
    night.once("a person makes it ready", || night.status_of("s-1") == "in_progress");
    // What is off leaves the story in progress, and continues it when it is on again.
    let _off = night.baton(&["project", "autopilot", "off"]).exits(0);
    night.once("it is off", || night.json(&["project", "autopilot", "status"])["activity"]["run_state"] != "waiting");
    assert_eq!(
        (night.status_of("s-1"), night.json(&["project", "autopilot", "status"])["on"].clone()),
        ("in_progress".to_owned(), false.into())
    );
    night.is_down.store(false, Ordering::SeqCst);
    let _on = night.baton(&["project", "autopilot", "on"]).exits(0);
    night.once("what was left has landed", || night.status_of("s-1") == "done");
    night.once("it rests", is_idle);
    assert_eq!((night.merged("s-1"), night.branches()), (1, "main".to_owned()));
    // Removing a project stops its autopilot.
    let remove = night.command(&["project", "remove", "workspace", "--yes"]);
    let _removed = program::output(remove).exits(0);
}
