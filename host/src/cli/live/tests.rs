use serde_json::{Value, json};

use super::{
    display::{log, transcript},
    lines::{Line, branches, line, status},
};
use crate::operations::execution::testing::Tree;

const ROOT: &str = "root-00000001";
const MARY: &str = "mary-00000002";

/// A tree and the lines it gave.
struct Scene {
    tree: Tree,
    lines: Vec<Line>,
}

impl Scene {
    fn new() -> Self {
        Self { tree: Tree::new(ROOT, "plan", &[("mary", "Mary, analyst")]), lines: Vec::new() }
    }

    fn see(mut self, seconds: u64, run: &str, category: &str, name: &str, data: Value) -> Self {
        let steps = self.tree.take(seconds, run, (category, name), data);
        self.lines.extend(steps.iter().map(line));
        self
    }

    fn status(&self) -> String {
        status(&self.tree.snapshot())
    }

    fn fraction(&self) -> f64 {
        self.tree.snapshot().fraction
    }

    fn branches(&self) -> Vec<String> {
        branches(&self.tree.snapshot())
    }

    fn run(self, seconds: u64, run: &str, name: &str, data: Value) -> Self {
        self.see(seconds, run, "run", name, data)
    }

    fn reply(self, seconds: u64, run: &str, input: u64, output: u64, cost: Option<f64>) -> Self {
        let data = json!({ "seq": 1, "input_tokens": input, "output_tokens": output, "cost_usd": cost });
        self.see(seconds, run, "llm", "completed", data)
    }
}

fn one_step() -> Scene {
    Scene::new()
        .run(0, ROOT, "progress", json!({ "fraction": 0.0, "step": "Mary analyses the brief" }))
        .run(0, MARY, "created", json!({ "plugin": "mary", "parent": ROOT }))
        .reply(1, MARY, 1_000, 400, Some(0.01))
        .reply(2, MARY, 850, 500, Some(0.01))
        .run(2, MARY, "succeeded", json!({}))
        .run(3, ROOT, "progress", json!({ "fraction": 0.15, "step": "John writes" }))
}

#[test]
fn what_a_run_needs_is_told_once_until_it_has_come() {
    let needs = json!({ "for": { "needed": { "kind": "key", "subject": "LAB_KEY", "reason": "It is not set.", "until": 60_000 } } });
    let told = |scene: &Scene| log(&scene.lines).matches("waits for the key: It is not set.").count();
    // The clock lets it look again, and nothing is new.
    let scene =
        one_step().run(4, ROOT, "waiting", needs.clone()).run(64, ROOT, "executing", json!({})).run(64, ROOT, "waiting", needs.clone());
    assert_eq!((told(&scene), scene.status().contains("waits for the key LAB_KEY")), (1, true), "{}", scene.status());
    let scene = scene.run(70, ROOT, "provided", json!({ "kind": "key", "subject": "LAB_KEY" }));
    assert!(!scene.status().contains("waits"), "{}", scene.status());
    assert_eq!(told(&scene.run(71, ROOT, "waiting", needs)), 2, "it needs it once more");
}

#[test]
fn a_terminal_shows_finished_steps_with_who_did_them() {
    let scene = one_step().run(63, ROOT, "succeeded", json!({}));
    assert_eq!(
        transcript(&scene.lines),
        "✓ Mary analyses the brief  3.0 s\n  Mary, analyst · 2 replies · 1,850 → 900 tokens · $0.0200 · 2.0 s\n✓ John writes  1 min 00 s"
    );
}

#[test]
fn a_file_shows_the_time_of_what_begins() {
    assert_eq!(
        log(&one_step().lines),
        "00:00:00  Mary analyses the brief\n00:00:02    Mary, analyst · 2 replies · 1,850 → 900 tokens · $0.0200 · 2.0 s\n00:00:03  John writes"
    );
}

#[test]
fn runs_side_by_side_have_a_line_each_with_what_is_done_below_them() {
    let born = |scene: Scene, id, plugin, parent, worktree| {
        scene.run(1, id, "created", json!({ "plugin": plugin, "parent": parent, "worktree": worktree }))
    };
    let scene = Scene::new().run(0, ROOT, "progress", json!({ "fraction": 0.1, "step": "Building" }));
    let scene = born(scene, "all-1", "stories", ROOT, None::<&str>);
    assert_eq!(scene.branches(), [""; 0], "one alone is told in the status");
    let scene = born(scene, "dev-1", "dev-story", "all-1", Some("1-1-init"));
    let scene = born(scene, "dev-2", "dev-story", "all-1", Some("1-2-add"));
    let scene = born(scene, "mary-1", "mary", "dev-1", None);
    let scene = scene.reply(2, "mary-1", 7, 8, None).see(3, "dev-2", "sandbox", "started", json!({ "command": "pytest" }));
    assert_eq!(scene.branches(), ["dev-story on 1-1-init · Mary, analyst: 7 → 8 tokens", "dev-story on 1-2-add: runs pytest"]);
    assert_eq!(scene.status(), "Building");
    let scene = scene.run(4, "mary-1", "succeeded", json!({}));
    assert_eq!(scene.branches()[0], "dev-story on 1-1-init", "what has ended does nothing");
    let scene = scene.run(5, "dev-1", "paused", json!({ "reason": "No key." }));
    assert_eq!(scene.branches(), [""; 0]);
    let scene = scene.run(6, "dev-1", "executing", json!({}));
    assert_eq!(scene.branches().len(), 2);
}

#[test]
fn the_share_of_cached_input_and_of_the_window_is_told() {
    let data = json!({ "seq": 1, "input_tokens": 200, "cached_input_tokens": 150, "output_tokens": 8, "window_tokens": 1000 });
    let scene = Scene::new().run(0, MARY, "created", json!({ "plugin": "mary", "parent": ROOT }));
    let scene = scene.see(1, MARY, "llm", "completed", data);
    assert!(scene.status().ends_with("Mary, analyst: 200 → 8 tokens, 75 % cached, window 20 % full"), "{}", scene.status());
}

#[test]
fn the_status_says_who_is_at_work() {
    let scene = Scene::new();
    assert_eq!((scene.status().as_str(), scene.fraction()), ("Starting", 0.0));
    let scene = one_step().run(4, "john-3", "created", json!({ "plugin": "john", "parent": ROOT })).reply(5, "john-3", 7, 8, None);
    assert_eq!((scene.status().as_str(), scene.fraction()), ("John writes · john: 7 → 8 tokens", 0.15));
}

#[test]
fn two_runs_of_one_plugin_are_told_by_their_worktrees() {
    let born = |parent: &str, worktree: Value| match worktree {
        Value::Null => json!({ "plugin": "mary", "parent": parent }),
        worktree => json!({ "plugin": "dev-story", "parent": parent, "worktree": worktree }),
    };
    let scene = Scene::new()
        .run(0, "dev-1", "created", born(ROOT, json!("story/1-1-add")))
        .run(0, "dev-2", "created", born(ROOT, json!("story/1-2\u{1b}[2J-split")))
        .run(0, MARY, "created", born("dev-1", Value::Null))
        .reply(1, MARY, 7, 8, None);
    assert_eq!(scene.branches()[0], "dev-story on story/1-1-add · Mary, analyst: 7 → 8 tokens");
    let warning = |message: &str| json!({ "level": "warn", "message": message });
    let scene = scene
        .run(2, MARY, "succeeded", json!({}))
        .run(2, "dev-1", "log", warning("A test is gone."))
        .run(2, ROOT, "log", warning("All is slow."))
        .run(2, "dev-1", "succeeded", json!({}))
        .run(3, "dev-2", "failed", json!({ "reason": "No." }));
    assert_eq!(
        log(&scene.lines),
        "00:00:02      Mary, analyst on story/1-1-add · 1 reply · 7 → 8 tokens · 2.0 s\n\
         00:00:02  ! story/1-1-add: A test is gone.\n00:00:02  ! All is slow.\n00:00:02    dev-story on story/1-1-add · 2.0 s\n\
         00:00:03  ! dev-story on story/1-2-split (run dev-2): failed: No."
    );
}

#[test]
fn a_run_that_was_there_before_is_told_by_its_first_event() {
    let mut scene = Scene::new();
    scene.tree.include("dev-1", ROOT, "dev-story");
    let born = json!({ "plugin": "dev-story", "parent": ROOT, "worktree": "story/1-1-add" });
    let scene = scene.run(0, "dev-1", "created", born).run(2, "dev-1", "succeeded", json!({}));
    assert_eq!(log(&scene.lines), "00:00:02    dev-story on story/1-1-add · 2.0 s");
}

#[test]
fn a_price_that_is_not_known_is_not_shown() {
    let scene = Scene::new()
        .run(0, MARY, "created", json!({ "plugin": "mary", "parent": ROOT }))
        .reply(0, MARY, 1, 1, Some(1.0))
        .reply(0, MARY, 1, 1, None)
        .run(0, MARY, "succeeded", json!({}));
    assert_eq!(transcript(&scene.lines), "  Mary, analyst · 2 replies · 2 → 2 tokens");
}

#[test]
fn other_trees_and_old_events_say_nothing() {
    let mut scene = one_step().run(4, "stranger", "created", json!({ "plugin": "x", "parent": null })).run(
        5,
        "stranger",
        "failed",
        json!({ "reason": "no" }),
    );
    assert!(!transcript(&scene.lines).contains("no"));
    assert_eq!(scene.tree.take_at(3, 0, ROOT, ("run", "progress"), json!({ "step": "again" })), []);
}

#[test]
fn trouble_is_told_with_the_run_it_is_in() {
    let scene = one_step()
        .run(4, MARY, "paused", json!({ "kind": "provider", "reason": "No key.\nSet one." }))
        .see(4, MARY, "llm", "repeated", json!({ "seq": 7 }))
        .see(4, MARY, "audit", "denied", json!({ "reason": "not granted" }))
        .run(5, ROOT, "paused", json!({ "reason": "shown at the end" }));
    let shown = transcript(&scene.lines);
    let told: Vec<_> = shown.lines().skip(2).collect();
    assert_eq!(
        told,
        [
            "! Mary, analyst (run 00000002): is paused: No key. Set one.",
            "! Mary, analyst (run 00000002): call 7 was cut off and is made again; it may have been charged twice",
            "! Mary, analyst (run 00000002): denied: not granted",
            "✗ John writes  2.0 s",
        ]
    );
}

#[test]
fn an_account_that_rests_is_told_once_and_not_by_every_run_that_waits_for_it() {
    let wait = |until: u64| json!({ "for": { "account": { "account": "lab", "until": until, "reason": "No more." } } });
    let scene =
        one_step().run(4, MARY, "waiting", wait(10_000)).run(4, MARY, "waiting", wait(40_000)).run(9, MARY, "waiting", wait(900_000));
    assert!(scene.status().contains("Mary, analyst: waits for lab until "), "{}", scene.status());
    let shown = transcript(&scene.lines);
    let told: Vec<_> = shown.lines().filter(|line| line.contains("waits for lab until") && line.ends_with(": No more.")).collect();
    assert_eq!(told.len(), 2, "at first, and when it is much later: {shown}");
}

#[test]
fn another_model_that_answers_is_told_with_the_reason() {
    let data = json!({ "seq": 7, "from": "a/x", "to": "b/y", "reason": "Overloaded." });
    let shown = transcript(&one_step().see(4, MARY, "llm", "fell_back", data).lines);
    assert!(shown.ends_with("! Mary, analyst (run 00000002): b/y is asked instead of a/x. Overloaded."), "{shown}");
}

#[test]
fn a_step_of_an_earlier_execution_has_no_duration() {
    let mut scene = one_step();
    scene.lines.clear();
    scene.tree.begin_execution();
    let scene = scene.run(9_000, ROOT, "succeeded", json!({}));
    assert_eq!(transcript(&scene.lines), "✓ John writes");
}

#[test]
fn hostile_events_cannot_write_on_the_terminal() {
    let nasty = "\u{1b}[2J\u{1b}]0;owned\u{7}step\u{202e}";
    let scene = Scene::new()
        .run(0, ROOT, "progress", json!({ "fraction": 1e308, "step": nasty }))
        .run(0, ROOT, "progress", json!({ "fraction": "x", "step": 7 }))
        .run(0, ROOT, "log", json!({ "level": "error", "message": format!("{nasty}\n{nasty}") }))
        .run(0, MARY, "created", json!({ "plugin": nasty, "parent": ROOT }))
        .run(0, MARY, "created", json!({ "plugin": nasty, "parent": MARY }))
        .reply(0, MARY, u64::MAX, u64::MAX, Some(f64::MAX))
        .reply(0, MARY, u64::MAX, 0, None)
        .run(0, MARY, "failed", json!({ "reason": nasty }))
        .run(0, ROOT, "succeeded", json!(null));
    let shown = format!("{}{}{}", transcript(&scene.lines), log(&scene.lines), scene.status());
    assert!(!shown.chars().any(|character| (character.is_control() && character != '\n') || character == '\u{202e}'), "{shown:?}");
    assert!((0.0..=1.0).contains(&scene.fraction()));
}

#[test]
fn a_question_is_one_line_in_a_file_and_a_decision_stands_below_its_step() {
    let asked = json!({ "text": "Which\u{1b}[2J currency?\n", "severity": "important" });
    let decided = json!({ "question": "May people join?", "answer": "Yes.", "confidence": 0.8 });
    let scene = one_step().see(4, MARY, "question", "asked", asked).see(5, ROOT, "question", "decided", decided);
    let scene = scene.run(6, ROOT, "succeeded", json!({}));
    let (file, terminal) = (log(&scene.lines), transcript(&scene.lines));
    assert!(file.contains("00:00:04  ? Mary, analyst asks: Which currency?\n00:00:05    decided: May people join? → Yes."), "{file}");
    assert!(terminal.ends_with("  decided: May people join? → Yes.") && !terminal.contains("currency"), "{terminal}");
}

#[test]
fn a_question_that_is_withdrawn_is_told_as_that() {
    let scene = one_step()
        .see(4, MARY, "question", "asked", json!({ "question": "q1", "text": "Which currency?" }))
        .see(5, MARY, "question", "withdrawn", json!({ "question": "q1" }))
        .see(6, MARY, "question", "withdrawn", json!({ "question": "q1" }));
    let told = log(&scene.lines);
    assert!(
        told.ends_with("? Mary, analyst asks: Which currency?\n00:00:05  ? Mary, analyst withdraws the question: Which currency?"),
        "{told}"
    );
}

#[test]
fn what_is_swept_and_what_a_commit_leaves_out_is_told() {
    let swept = |deed: &str, to: Option<&str>, more: u64| json!({ "seq": 3, "traces": [{ "deed": deed, "path": "a/.git", "to": to }], "more": more });
    let scene = Scene::new()
        .see(1, ROOT, "sandbox", "swept", swept("moved", Some("/data/sandbox/moved/r-3/1"), 0))
        .see(2, ROOT, "sandbox", "swept", swept("withheld", Some("/data/sandbox/moved/r-4/1"), 2))
        .see(3, ROOT, "sandbox", "swept", swept("stripped", None, 0))
        .see(4, ROOT, "git", "left_out", json!({ "branch": "story/1", "paths": ["a", "b", "c", "d"], "more": 7 }));
    let told: Vec<_> = scene.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "plan (run 00000001): a command left `a/.git`, which Baton moved to /data/sandbox/moved/r-3/1",
            "plan (run 00000001): a command left `a/.git`, which Baton moved to /data/sandbox/moved/r-4/1, and 2 more",
            "plan (run 00000001): a command left `a/.git`, which Baton disarmed",
            "plan (run 00000001): the commit on `story/1` leaves out `a`, `b`, `c` and 8 more, because of the name or the size; these files stay in the worktree",
        ]
    );
}
