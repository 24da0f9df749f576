//! Length: a story that takes many looks into large files, with a model of a small window. No request may exceed it, and what
//! a request has in common with the one before it is what a provider has in its cache.

use std::{
    fmt::Write as _,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use baton::interfaces::llm::{Part, Reply, Stop, ToolCall};
use baton_tests::model_server::{Delivery, Exchange, Hooks, Line, ModelServer, Refusal, Seen, Turn};
use serde_json::{Value, json};

use super::sprint::{OVER_HTTP, PROCESSES, Project, Story, document};

const STORIES: &[Story] = &[("1-1-sum", "Sum what the measurements say", &[])];
/// Tokens of the model's window, with its reply.
const WINDOW: usize = 16_000;
const FILES: usize = 6;
const FILE_BYTES: usize = 2 << 20;
/// Calls of one reply.
const AT_ONCE: usize = 2;

const SCRIPT: &str = r#"
rules:
  - { name: done, when: { plugin: amelia }, json: { summary: The sum is there., plan: [ look, sum ], assumptions: [] } }
  - { name: approved, when: { plugin: murat }, json: { criteria: [ { criterion: 1, evidence: The case fails without it., path: lib/sum.sh, line: 1, test: tests/sum.case, holds: "yes" } ], findings: [], summary: It holds and is tested., verdict: approve } }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_story_lands_within_a_small_window() {
    // The first request, of which nothing is in the cache, weighs more in a short story.
    lands_after(40, 75).await;
}

/// `just length`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn two_hundred_calls_stay_within_a_small_window() {
    lands_after(200, 80).await;
}

/// `cached` is the share of what is sent, in percent, that has to be in the cache.
async fn lands_after(calls: usize, cached: usize) {
    let project = Project::with(STORIES, PROCESSES).await;
    lay_out(&project);
    let script = project.home.path().join("replies.yaml");
    fs::write(&script, SCRIPT).unwrap();
    let author = Arc::new(Author { calls, made: AtomicUsize::new(0), steps: AtomicUsize::new(0), hand_overs: AtomicUsize::new(0) });
    let writing = Arc::clone(&author);
    let hooks = Hooks { check: Some(Box::new(within_window)), spoil: Some(Box::new(move |turn, reply| writing.goes_on(turn, reply))) };
    let server = ModelServer::start(&script, hooks);
    project.asks(&server);
    let abilities = format!("\n[abilities.\"double/any\"]\nwindow-tokens = {WINDOW}\nmax-output-tokens = 4000\n");
    let settings = fs::read_to_string(project.home.path().join("baton.toml")).unwrap();
    fs::write(project.home.path().join("baton.toml"), settings + &abilities).unwrap();

    let summary = document(&project.baton(OVER_HTTP).exits(0));
    assert_eq!(summary["landed"], 1, "{summary}");
    assert!(project.work().join("tests/sum.case").is_file());
    let exchanges = server.exchanges();
    assert!(
        exchanges.iter().all(|exchange| exchange.refused.is_none()),
        "{:?}",
        exchanges.iter().find(|exchange| exchange.refused.is_some())
    );
    assert_eq!(author.made.load(Ordering::Relaxed), calls, "each look was made once");
    let figures = Figures::of(&exchanges);
    println!("{calls} calls: {figures:?}, {} hand-overs", author.hand_overs.load(Ordering::Relaxed));
    assert!(figures.read > 2 * WINDOW, "all of it together would not fit: {figures:?}");
    assert!(figures.largest > WINDOW / 4, "the window is used: {figures:?}");
    assert!(figures.cached_percent() >= cached, "{figures:?}");
}

/// As providers check it: what is sent, and the longest reply that was asked for.
fn within_window(seen: &Seen<'_>) -> Result<(), Refusal> {
    let reply = ["max_tokens", "max_completion_tokens"].iter().find_map(|name| seen.body[name].as_u64()).unwrap_or(0);
    let wanted = seen.tokens + usize::try_from(reply).unwrap();
    if wanted <= WINDOW {
        return Ok(());
    }
    let message = format!(
        "This model's maximum context length is {WINDOW} tokens. However, you requested {wanted} tokens ({} in the messages, {reply} in the completion).",
        seen.tokens
    );
    Err(Refusal { status: "400 Bad Request", message })
}

/// Lines that are all different, so that no look is like another.
fn lay_out(project: &Project) {
    fs::create_dir(project.work().join("data")).unwrap();
    for file in 0..FILES {
        let mut text = String::new();
        for line in 0.. {
            if text.len() >= FILE_BYTES {
                break;
            }
            writeln!(text, "{file} {line:06} measured {} at the {}th gauge", line * 7919 % 1009, line % 31).unwrap();
        }
        fs::write(project.work().join(format!("data/gauge-{file}.txt")), text).unwrap();
    }
    fs::create_dir(project.work().join("lib")).unwrap();
    fs::write(project.work().join("lib/sum.sh"), "echo \"sum does not work yet\" >&2; exit 3\n").unwrap();
    project.git(&["add", "--all"]);
    project.git(&["commit", "--quiet", "--message=Keep what was measured"]);
}

/// Writes the replies of the developer: looks, the work, the tests, and what the script says.
struct Author {
    calls: usize,
    /// Looks that were made.
    made: AtomicUsize,
    /// Replies after the looks.
    steps: AtomicUsize,
    hand_overs: AtomicUsize,
}

impl Author {
    fn goes_on(&self, turn: &Turn<'_>, reply: Reply) -> Delivery {
        let reply = if turn.plugin == "amelia" { self.says(turn, reply) } else { reply };
        Delivery { reply, way: None, line: Line::Good }
    }

    fn says(&self, turn: &Turn<'_>, done: Reply) -> Reply {
        let last = turn.request.messages.last().into_iter().flat_map(|message| &message.parts);
        if last.into_iter().any(|part| matches!(part, Part::Text(text) if text.contains("Write a hand-over now"))) {
            self.hand_overs.fetch_add(1, Ordering::Relaxed);
            let text = format!(
                "I looked at {} passages of the files in data. What is left: the rest, the sum, its test.",
                self.made.load(Ordering::Relaxed)
            );
            return Reply { parts: vec![Part::Text(text)], stop: Stop::End, ..done };
        }
        let made = self.made.load(Ordering::Relaxed);
        let calls = if made < self.calls {
            let next = (made..self.calls.min(made + AT_ONCE)).map(look).collect::<Vec<_>>();
            self.made.fetch_add(next.len(), Ordering::Relaxed);
            next
        } else {
            work(self.steps.fetch_add(1, Ordering::Relaxed))
        };
        if calls.is_empty() {
            return done;
        }
        let numbered = calls.into_iter().enumerate().map(|(place, (name, arguments))| {
            Part::ToolCall(ToolCall { id: format!("call_{made}_{}_{place}", turn.turn), name: name.to_owned(), arguments })
        });
        Reply { parts: numbered.collect(), stop: Stop::ToolUse, ..done }
    }
}

/// One look of many. The first at each file is at all of it.
fn look(number: usize) -> (&'static str, Value) {
    let file = format!("data/gauge-{}.txt", number % FILES);
    match number {
        number if number < FILES => ("read_file", json!({ "path": file })),
        number if number % 5 == 0 => ("search_files", json!({ "pattern": format!("0{:04} measured", number * 37), "glob": file })),
        number => ("run_command", json!({ "command": format!("sed -n '{},{}p' {file}", number * 40, number * 40 + 80) })),
    }
}

fn work(step: usize) -> Vec<(&'static str, Value)> {
    match step {
        0 => vec![
            ("write_file", json!({ "path": "lib/sum.sh", "content": "echo $(($1 + $2))\n" })),
            ("write_file", json!({ "path": "tests/sum.case", "content": "test \"$(sh ./lib/sum.sh 2 3)\" = 5\n" })),
        ],
        1 => vec![("run_command", json!({ "command": "sh tests/run.sh" }))],
        _ => Vec::new(),
    }
}

/// What the developer's requests came to.
#[derive(Debug)]
struct Figures {
    /// Tokens of all requests together, and those that the request before had as well.
    read: usize,
    cached: usize,
    largest: usize,
}

impl Figures {
    fn of(exchanges: &[Exchange]) -> Self {
        let developer = || exchanges.iter().filter(|exchange| exchange.plugin == "amelia");
        Self {
            read: developer().map(|exchange| exchange.tokens).sum(),
            cached: developer().map(|exchange| exchange.cached_tokens).sum(),
            largest: developer().map(|exchange| exchange.tokens).max().unwrap_or_default(),
        }
    }

    fn cached_percent(&self) -> usize {
        100 * self.cached / self.read
    }
}
