//! The whole workflow on a host in memory, in a worktree of a repository.

mod dependencies;
mod merging;
mod proof;
mod single;

use std::cell::Cell;

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::DevStory;

const KEY: &str = "1-2-balances";

fn bare() -> Host {
    let story = Draft::new(Kind::Story, KEY, "Show balances").with_body("- [ ] Balances add up to zero.");
    Host::new()
        .with_manifest(include_str!("../../plugin.toml"))
        .with_item(story, Status::InProgress)
        .with_workflow("story-context", |_| Ok(json!({ "text": "All about balances." })))
        .with_file("kitty", "begin\n")
        .with_file("tests/run.sh", "check one\ncheck two\n")
        .with_file("docs/PRD.md", "The plan")
        .with_file("docs/stories/1-2-balances.md", "# Show balances\n")
        .with_repository()
        .in_worktree("story/1-2-balances")
}

/// What `run-tests` says when it is asked which command it would run, or to test a part for which it knows none.
fn command(input: &Value) -> Option<Value> {
    if input["changed"].is_array() {
        return Some(json!({ "passed": false, "outcome": "not-run" }));
    }
    (input["find_only"] == true)
        .then(|| json!({ "passed": false, "outcome": "not-run", "command": "sh tests/run.sh", "quick": "sh tests/quick", "parts": true }))
}

/// What `run-tests` says of a run.
fn result(passed: bool, report: &str) -> Value {
    let outcome = if passed { "passed" } else { "failed" };
    json!({ "passed": passed, "outcome": outcome, "command": "sh tests/run.sh", "report": report, "took_ms": 1 })
}

/// Whether the story's code is as it was before it began.
fn as_before() -> bool {
    files::read_text("kitty").is_ok_and(|text| text == "begin\n") && files::read_text("src/a.sh").is_err()
}

/// A host whose tests are red so many times and green after that, and red without the story.
fn red(times: u32) -> Host {
    let tested = Cell::new(0);
    bare().with_workflow("run-tests", move |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        if as_before() {
            return Ok(result(false, "without the story"));
        }
        tested.set(tested.get() + 1);
        Ok(result(tested.get() > times, &format!("run {}", tested.get())))
    })
}

/// A developer who does these things, one for each task.
fn amelia(host: Host, deeds: &'static [fn() -> Result<()>]) -> Host {
    let turn = Cell::new(0);
    host.with_agent("developer", move |task| {
        deeds[turn.get().min(deeds.len() - 1)]()?;
        turn.set(turn.get() + 1);
        assert!(task.answer_schema.is_some());
        Ok(Report::new(json!({ "summary": "Balances add up.", "plan": ["write"], "assumptions": ["Whole cents"] }).to_string(), "did"))
    })
}

fn developed(host: &Host, input: Value) -> Value {
    host.run(DevStory::run, input).expect("an output")
}

fn goals(host: &Host) -> Vec<String> {
    let words = |request: &Value| request["task"]["goal"].as_str().unwrap_or_default().split(' ').take(3).collect::<Vec<_>>().join(" ");
    host.requests("agents.perform").iter().map(words).collect()
}

fn write() -> Result<()> {
    files::write("kitty", "balances\n")?;
    files::write("tests/balances.sh", "check\n")
}

#[test]
fn a_story_is_developed_tested_recorded_and_committed() {
    let host = amelia(red(0), &[write]);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"], &output["guards"]), (&json!("done"), &json!(1), &json!([])));
    assert!(host.requests("agents.perform")[0]["task"]["context"].as_str().is_some_and(|context| {
        context.starts_with("All about balances.") && context.contains("`sh tests/run.sh` runs the tests, and `sh tests/quick` is quicker")
    }));
    let document = host.file("docs/stories/1-2-balances.md").expect("the story's document");
    assert!(
        document.contains("## Dev Agent Record\n\n- By the developer: Balances add up.\n- Files: `kitty`, `tests/balances.sh`"),
        "{document}"
    );
    assert!(document.contains("- Assumed: Whole cents"), "{document}");
    host.inside(|| {
        assert!(git::status().expect("a status").is_empty());
        let newest = git::log(None, 1).expect("a log").remove(0);
        assert_eq!((newest.summary.as_str(), newest.author.as_str()), ("story 1-2-balances: Show balances", "developer"));
        assert_eq!(output["commit"], newest.id);
    });
}

#[test]
fn red_tests_go_back_to_the_developer_with_their_output() {
    let host = amelia(red(2), &[write, || files::write("kitty", "better\n"), || files::write("kitty", "best\n")]);
    assert_eq!(developed(&host, json!({ "key": KEY }))["attempts"], 3);
    assert_eq!(goals(&host), ["Develop story 1-2-balances:", "Repair story 1-2-balances:", "Repair story 1-2-balances:"]);
    assert!(host.requests("agents.perform")[2]["task"]["context"].to_string().contains("run 2"));
    assert!(host.questions().is_empty());
}

#[test]
fn after_three_failures_a_person_is_asked_and_heard() {
    let deeds: &[fn() -> Result<()>] =
        &[write, || files::write("kitty", "1\n"), || files::write("kitty", "2\n"), || files::write("kitty", "3\n")];
    let host = amelia(red(3), deeds).answers("are still red", "Round to whole cents.");
    assert_eq!(developed(&host, json!({ "key": KEY }))["outcome"], "done");
    assert_eq!(host.questions().len(), 1);
    let last = host.requests("agents.perform")[3]["task"]["context"].to_string();
    assert!(last.contains("Round to whole cents."), "{last}");
}

#[test]
fn who_leaves_a_story_finds_what_was_written_on_its_branch() {
    let host = amelia(red(99), &[write, || files::write("kitty", "1\n"), || files::write("kitty", "2\n")]).answers("", "Leave this story");
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["tests"]), (&json!("skipped"), &Value::Null));
    assert_eq!(host.inside(|| git::read("story/1-2-balances", "kitty")), Ok(b"2\n".to_vec()));
}

#[test]
fn a_change_that_comes_back_is_a_loop_and_questions_have_an_end() {
    let host = amelia(red(99), &[write]).answers("", "Try again");
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], host.questions().len()), (&json!("skipped"), 3));
    assert!(output["guards"].to_string().contains("had been red before"), "{output}");
    assert_eq!(host.requests("people.ask")[1]["best"], "Leave this story");
}

#[test]
fn a_developer_who_changes_nothing_is_not_tested() {
    let host = amelia(red(0), &[|| Ok(()), write]);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"]), (&json!("done"), &json!(1)));
    assert!(host.requests("agents.perform")[1]["task"]["context"].to_string().contains("Nothing was changed"));
}

#[test]
fn who_never_changes_anything_is_not_said_to_have_red_tests() {
    let host = amelia(red(0), &[|| Ok(())]).answers("no test was run", "Leave this story");
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"]), (&json!("skipped"), &json!(0)));
    assert!(output["reason"].to_string().contains("changes nothing"), "{output}");
    assert!(!output.to_string().contains(" red"), "{output}");
    assert_eq!(goals(&host).len(), 3, "a person is asked after three");
}

#[test]
fn what_cannot_be_committed_is_taken_out_and_the_developer_told() {
    let deeds: &[fn() -> Result<()>] = &[
        || {
            write()?;
            files::write(".gitmodules", "[submodule]\n")
        },
        || files::write("kitty", "better\n"),
    ];
    let host = amelia(red(0), deeds);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"]), (&json!("done"), &json!(2)));
    assert_eq!(goals(&host), ["Develop story 1-2-balances:", "Repair story 1-2-balances:"]);
    let told = &host.requests("agents.perform")[1]["task"];
    assert!(told["goal"].to_string().contains("cannot be committed") && told["context"].to_string().contains("`.gitmodules`"), "{told}");
    assert!(output["guards"].to_string().contains("taken out"), "{output}");
    let on_branch = |path| host.inside(|| git::read("story/1-2-balances", path));
    assert_eq!((on_branch("kitty"), on_branch(".gitmodules").is_err()), (Ok(b"better\n".to_vec()), true));
}

#[test]
fn what_was_written_before_a_failure_is_on_the_branch() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write(".gitmodules", "[submodule]\n")
    }];
    let broken = |input: &Value| command(input).ok_or_else(|| Error::invalid("A timeout of 600 s is too long."));
    let host = amelia(bare().with_workflow("run-tests", broken), deed);
    let failed = host.run(DevStory::run, json!({ "key": KEY }));
    assert!(failed.is_err_and(|error| error.to_string().contains("too long")));
    host.inside(|| {
        assert_eq!(git::read("story/1-2-balances", "kitty"), Ok(b"balances\n".to_vec()));
        assert_eq!(git::log(None, 1).expect("a log")[0].summary, "story 1-2-balances: unfinished");
        assert!(git::read("story/1-2-balances", ".gitmodules").is_err());
    });
}

#[test]
fn tests_that_vanish_and_plans_that_change_are_put_back_and_told() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::remove("tests/run.sh")?;
        files::write("docs/PRD.md", "My plan")?;
        files::write("docs/stories/9-9-mine.md", "mine")
    }];
    let host = amelia(red(0), deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    for expected in ["`tests/run.sh` is a test and was deleted", "`docs/PRD.md` belongs to the plan", "`docs/stories/9-9-mine.md`"] {
        assert!(guards.contains(expected), "{guards}");
    }
    assert_eq!(host.file("tests/run.sh").as_deref(), Some("check one\ncheck two\n"));
    assert_eq!((host.file("docs/PRD.md").as_deref(), host.file("docs/stories/9-9-mine.md")), (Some("The plan"), None));
}

#[test]
fn emptied_tests_are_put_back_and_weakened_ones_told() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "\n")
    }];
    let host = amelia(red(0), deed);
    assert!(developed(&host, json!({ "key": KEY }))["guards"].to_string().contains("was emptied"));
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "check one\n")
    }];
    let host = amelia(red(0), deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("look whether a test was weakened"), "{guards}");
    assert_eq!(host.file("tests/run.sh").as_deref(), Some("check one\n"), "that is for the review to judge");
}

#[test]
fn what_tests_leave_behind_is_not_the_storys() {
    let host = bare().with_workflow("run-tests", |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        files::write("alltests.out", "3 passed")?;
        files::write("docs/PRD.md", "tested")?;
        Ok(result(!as_before(), ""))
    });
    let host = amelia(host, &[write]);
    let told = json!(["Running the tests changed `docs/PRD.md`; it was put back as it was."]);
    assert_eq!(developed(&host, json!({ "key": KEY }))["guards"], told);
    assert_eq!((host.file("alltests.out"), host.file("docs/PRD.md").as_deref()), (None, Some("The plan")));
    assert_eq!(host.file("kitty").as_deref(), Some("balances\n"));
}

#[test]
fn tests_that_change_the_story_are_told_and_undone() {
    let host = bare().with_workflow("run-tests", |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        let passed = !as_before();
        files::write("kitty", "changed by a test\n")?;
        files::write("tests/run.sh", "")?;
        Ok(result(passed, ""))
    });
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "check one\ncheck two\ncheck three\n")
    }];
    let host = amelia(host, deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    for expected in ["Running the tests changed `kitty`; it was put back", "Running the tests changed `tests/run.sh`"] {
        assert!(guards.contains(expected), "{expected}: {guards}");
    }
    assert_eq!(host.file("tests/run.sh").as_deref(), Some("check one\ncheck two\ncheck three\n"));
    assert_eq!(host.inside(|| git::read("story/1-2-balances", "kitty")), Ok(b"balances\n".to_vec()), "what was tested is what lands");
}

#[test]
fn what_a_test_deletes_or_makes_again_of_the_story_is_undone() {
    let host = bare().with_file("old", "old\n").with_workflow("run-tests", |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        let passed = !as_before();
        if files::read_text("src/a.sh").is_ok() {
            files::remove("src/a.sh")?;
        }
        files::write("docs/usage.md", "made by a test")?;
        Ok(result(passed, ""))
    });
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("src/a.sh", "sums\n")
    }];
    let host = amelia(host, deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("Running the tests changed `src/a.sh`"), "{guards}");
    assert_eq!(host.inside(|| git::read("story/1-2-balances", "src/a.sh")), Ok(b"sums\n".to_vec()));
    assert_eq!(host.file("docs/usage.md"), None);
}

#[test]
fn what_a_reviewer_leaves_does_not_reach_the_developer() {
    let host = amelia(red(0), &[write]);
    developed(&host, json!({ "key": KEY }));
    let host = host.with_file("kitty", "tried by the reviewer\n").with_file("probe.py", "print(1)\n").with_file(".gitignore", "*\n");
    let host = amelia(
        host,
        &[|| {
            let seen = files::read_text("kitty")?;
            assert_eq!((seen.as_str(), files::read_text("probe.py").is_err()), ("balances\n", true));
            files::write("kitty", "better\n")
        }],
    );
    let finding = json!({ "path": "kitty", "line": 1, "what": "Rounds", "why": "FR1" });
    assert_eq!(developed(&host, json!({ "key": KEY, "findings": [finding] }))["outcome"], "done");
    let on_branch = |path: &'static str| host.inside(|| git::read("story/1-2-balances", path));
    assert_eq!((on_branch("kitty"), on_branch("probe.py").is_err()), (Ok(b"better\n".to_vec()), true));
}

#[test]
fn settings_and_what_nobody_can_look_at_are_put_back() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("baton.toml", "[test]\ncommand = \"true\"\n")?;
        files::write("data [1].bin", vec![0; (5 << 20) + 1])
    }];
    let host = amelia(red(0), deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    for expected in ["`baton.toml` says how Baton works", "`data [1].bin` has more than the 5 MiB"] {
        assert!(guards.contains(expected), "{expected}: {guards}");
    }
    assert_eq!((host.file("baton.toml"), host.file("data [1].bin")), (None, None));
    let host = amelia(red(0), deed).with_setting("story.paths", json!(["kitty", "tests/", "baton.toml"]));
    developed(&host, json!({ "key": KEY }));
    assert!(host.file("baton.toml").is_some(), "an operator who names it means it");
}

#[test]
fn who_changes_what_says_which_tests_are_run_is_told_of() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "exit 0\ncheck one\ncheck two\n")
    }];
    let guards = developed(&amelia(red(0), deed), json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("`tests/run.sh` has a say in which tests are run"), "{guards}");
}

#[test]
fn an_operator_says_which_paths_a_story_may_change() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("src/a.sh", "a")
    }];
    let host = amelia(red(0), deed).with_setting("story.paths", json!(["src/", "tests/"]));
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("`kitty` lies outside `story.paths`"), "{guards}");
    assert_eq!((host.file("kitty").as_deref(), host.file("src/a.sh").as_deref()), (Some("begin\n"), Some("a")));
}

#[test]
fn findings_of_a_review_are_the_task() {
    let host = amelia(red(0), &[write]);
    let findings = json!([{ "path": "kitty", "line": 7, "what": "Cents are lost", "why": "FR2" }]);
    developed(&host, json!({ "key": KEY, "findings": findings }));
    assert_eq!(goals(&host), ["Change story 1-2-balances"]);
    assert_eq!(host.inside(|| git::log(None, 1)).expect("a log")[0].summary, "story 1-2-balances: what its review asks for");
    assert!(host.requests("agents.perform")[0]["task"]["context"].to_string().contains("1. Blocking: kitty:7: Cents are lost (FR2)"));
}

#[test]
fn a_person_decides_what_review_and_developer_cannot() {
    let order = json!({ "key": KEY, "ask": true, "findings": [{ "path": "kitty", "what": "Not good", "why": "" }] });
    let accepted = amelia(red(0), &[write]).answers("back again", "Take it as it is");
    assert_eq!(developed(&accepted, order.clone())["outcome"], "accepted");
    assert!(accepted.requests("agents.perform").is_empty());
    let told = amelia(red(0), &[write]).answers("back again", "Use awk.");
    assert_eq!(developed(&told, order)["outcome"], "done");
    assert!(told.requests("agents.perform")[0]["task"]["context"].to_string().contains("Use awk."));
}

#[test]
fn a_run_that_was_stopped_is_not_called_red() {
    let runs = Cell::new(0);
    let stopped = bare().with_workflow("run-tests", move |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        runs.set(runs.get() + 1);
        if runs.get() > 2 {
            return Ok(result(!as_before(), ""));
        }
        Ok(json!({ "passed": false, "outcome": "timed-out", "command": "make test", "report": "The tests were stopped after 600 s." }))
    });
    let host = amelia(stopped, &[write]).answers("stopped at their time limit", "Try again");
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], host.questions().len()), (&json!("done"), 1), "the change is not to blame, so a person is asked");
    let told = host.requests("agents.perform")[1]["task"].to_string();
    assert!(told.contains("did not end within their time") && told.contains("600 s") && !told.contains("its tests fail"), "{told}");
}

#[test]
fn flaky_tests_are_noted_for_the_review() {
    let flaky = bare().with_workflow("run-tests", |input| {
        if let Some(command) = command(input) {
            return Ok(command);
        }
        let mut flaky = result(!as_before(), "");
        flaky["flaky"] = json!(true);
        Ok(flaky)
    });
    let guards = developed(&amelia(flaky, &[write]), json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("passed in a second run and not in the first"), "{guards}");
}

#[test]
fn replies_to_findings_come_back_in_their_order() {
    let host = red(0).with_agent("developer", |_| {
        write()?;
        let replies = json!([{ "finding": 2, "reply": "It is on purpose." }, { "finding": 9, "reply": "?" }]);
        Ok(Report::new(json!({ "summary": "Done.", "assumptions": [], "replies": replies }).to_string(), "did"))
    });
    let findings = json!([{ "path": "kitty", "what": "One", "severity": "minor" }, { "path": "kitty", "what": "Two" }]);
    let output = developed(&host, json!({ "key": KEY, "findings": findings }));
    assert_eq!(output["replies"], json!(["", "It is on purpose."]));
    let context = host.requests("agents.perform")[0]["task"]["context"].to_string();
    assert!(context.contains("1. Minor: kitty: One") && context.contains("2. Blocking: kitty: Two"), "{context}");
}

#[test]
fn a_repair_is_told_what_was_tried_and_what_is_left() {
    let host = amelia(red(2), &[write, || files::write("kitty", "better\n"), || files::write("kitty", "best\n")]);
    developed(&host, json!({ "key": KEY }));
    let last = host.requests("agents.perform")[2]["task"]["context"].to_string();
    for expected in ["1. Balances add up. Then: its tests fail (sh tests/run.sh).", "is the last attempt", "`docs/PRD.md`", "+better"] {
        assert!(last.contains(expected), "{expected}: {last}");
    }
    assert_eq!(last.matches("Balances add up to zero.").count(), 1, "the criteria stand there once: {last}");
}

#[test]
fn a_story_is_never_developed_on_the_branch_it_is_for() {
    let host = amelia(red(0), &[write]);
    let refused = host.run(DevStory::run, json!({ "key": KEY, "base": "story/1-2-balances" }));
    assert!(matches!(refused, Err(Error { kind: ErrorKind::Invalid, text, .. }) if text.contains("worktree")));
    assert!(matches!(host.run(DevStory::run, json!({ "key": "9-9" })), Err(Error { kind: ErrorKind::NotFound, .. })));
    assert!(matches!(host.run(DevStory::run, json!({ "key": KEY, "what": 1 })), Err(Error { kind: ErrorKind::Invalid, .. })));
}

/// A developer who counts its conversation and does these things, one for each task.
fn remembering(host: Host, deeds: &'static [fn() -> Result<()>]) -> Host {
    host.with_agent("developer", move |task| {
        let turn: usize = task.conversation.as_deref().map_or(0, |turn| turn.parse().unwrap_or_default());
        deeds[turn.min(deeds.len() - 1)]()?;
        let answer = json!({ "summary": "Done.", "assumptions": [] }).to_string();
        Ok(Report::new(answer, "did").with_conversation((turn + 1).to_string()))
    })
}

#[test]
fn a_repair_continues_the_conversation_and_is_told_only_what_is_new() {
    let deeds: &[fn() -> Result<()>] = &[write, || files::write("kitty", "better\n"), || files::write("kitty", "best\n")];
    let host = remembering(red(2), deeds);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!(output["conversation"], "3");
    let tasks: Vec<_> = host.requests("agents.perform").iter().map(|request| request["task"].clone()).collect();
    let handed: Vec<_> = tasks.iter().map(|task| task["conversation"].to_string()).collect();
    assert!(handed[1].contains('1') && handed[2].contains('2'), "{handed:?}");
    let repair = tasks[2]["context"].to_string();
    assert!(repair.contains("run 2") && repair.contains("last attempt") && repair.contains("docs/stories/1-2-balances.md"), "{repair}");
    assert!(!repair.contains("Balances add up to zero") && !repair.contains("how to work") && !repair.contains("+better"), "{repair}");
}

#[test]
fn the_rounds_of_a_review_continue_it_too() {
    let host = remembering(red(0), &[|| Ok(()), write]);
    let findings = json!([{ "path": "kitty", "what": "Cents are lost" }]);
    let output = developed(&host, json!({ "key": KEY, "findings": findings, "conversation": "1" }));
    assert_eq!(output["conversation"], "2");
    let task = &host.requests("agents.perform")[0]["task"];
    assert!(task["context"].to_string().contains("Cents are lost") && !task["context"].to_string().contains("how to work"), "{task}");
}

#[test]
fn a_developer_who_does_not_understand_the_conversation_is_told_everything() {
    let deed: &[fn() -> Result<()>] = &[write];
    let host = red(0).with_agent("developer", move |task| {
        if task.context.contains("how to work") {
            write()?;
        }
        Ok(Report::new(json!({ "summary": "Done.", "assumptions": [] }).to_string(), "did"))
    });
    let findings = json!([{ "path": "kitty", "what": "Cents are lost" }]);
    let output = developed(&host, json!({ "key": KEY, "findings": findings, "conversation": "\"of another agent\"" }));
    assert_eq!((&output["outcome"], host.requests("agents.perform").len()), (&json!("done"), 2));
    let host = amelia(red(0), deed);
    let refused = developed(&host, json!({ "key": KEY, "conversation": "not JSON" }));
    assert_eq!(refused["outcome"], "done", "a conversation that is not taken costs nothing");
}
