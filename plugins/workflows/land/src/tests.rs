//! The whole workflow on a host in memory, in a landing worktree.

use std::cell::Cell;

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Land;

/// A repository with a branch for each story, which writes one file; green as long as `judge` says so of its files.
fn host(stories: &[(&str, &str, &str)], judge: fn() -> bool) -> Host {
    let mut host = Host::new().with_manifest(include_str!("../plugin.toml")).with_file("kitty", "begin\n").with_repository();
    for (key, path, content) in stories {
        host = host.with_item(Draft::new(Kind::Story, *key, format!("Story {key}")), Status::Review).with_commit(
            &format!("story/{key}"),
            path,
            content,
        );
    }
    host.in_worktree("land/1").with_workflow("run-tests", move |_| {
        let passed = judge();
        Ok(json!({ "passed": passed, "command": "make test", "report": if passed { "ok" } else { "1 failed" }, "took_ms": 1 }))
    })
}

fn land(host: &Host, keys: &[&str]) -> Result<Value> {
    let stories: Vec<_> = keys.iter().map(|key| json!({ "key": key, "branch": format!("story/{key}") })).collect();
    host.run(Land::run, json!({ "stories": stories }))
}

fn keys(outcome: &Value, list: &str) -> Vec<String> {
    outcome[list].as_array().into_iter().flatten().filter_map(|story| story["key"].as_str()).map(str::to_owned).collect()
}

fn on_main(host: &Host, path: &str) -> Option<String> {
    host.inside(|| git::read("main", path)).ok().and_then(|content| String::from_utf8(content).ok())
}

fn there(path: &str) -> bool {
    files::read(path).is_ok()
}

#[test]
fn a_green_batch_moves_the_branch_and_the_backlog() {
    let host = host(&[("1-1", "a", "A"), ("1-2", "b", "B")], || true);
    let outcome = land(&host, &["1-1", "1-2"]).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1", "1-2"]);
    assert_eq!((on_main(&host, "a").as_deref(), on_main(&host, "b").as_deref()), (Some("A"), Some("B")));
    assert_eq!(host.requests("workflows.start").len(), 1, "a batch is tested once");
    host.inside(|| {
        assert_eq!(backlog::get("1-1").expect("an item").status, Status::Done);
        let log: Vec<_> = git::log(Some("main"), 9).expect("a log").into_iter().map(|commit| commit.summary).collect();
        assert_eq!(log[0], "docs: 1-1, 1-2 are done");
        assert!(log.contains(&"Merge story 1-1: Story 1-1".to_owned()), "{log:?}");
    });
    assert!(!outcome["documents"].as_array().expect("a list").is_empty());
}

#[test]
fn of_a_red_batch_only_the_guilty_stay_behind() {
    let stories = [("1-1", "a", ""), ("1-2", "bad", ""), ("1-3", "c", ""), ("1-4", "worse", ""), ("1-5", "e", "")];
    let host = host(&stories, || !there("bad") && !there("worse"));
    let outcome = land(&host, &["1-1", "1-2", "1-3", "1-4", "1-5"]).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1", "1-3", "1-5"]);
    assert_eq!(keys(&outcome, "red"), ["1-2", "1-4"]);
    assert_eq!(outcome["red"][0]["report"], "1 failed");
    assert!(on_main(&host, "e").is_some() && on_main(&host, "bad").is_none() && on_main(&host, "worse").is_none());
    host.inside(|| assert_eq!(backlog::get("1-2").expect("an item").status, Status::Review));
}

#[test]
fn stories_whose_tests_cannot_be_run_are_not_red() {
    for outcome in ["killed", "not-started"] {
        let host = host(&[("1-1", "a", "A"), ("1-2", "b", "B")], || true);
        let stopped =
            move |_: &Value| Ok(json!({ "passed": false, "outcome": outcome, "command": "make test", "report": "The image lacks make." }));
        let host = host.with_workflow("run-tests", stopped);
        let failed = land(&host, &["1-1", "1-2"]).expect_err("an error");
        assert!(failed.text.contains("not their fault. The image lacks make."), "{failed}");
        assert_eq!(host.requests("workflows.start").len(), 1, "the stories are not tried one by one");
        let newest = |branch| host.inside(|| git::log(Some(branch), 1)).expect("a log").remove(0).id;
        assert_eq!(newest("land/1"), newest("main"), "nothing is left on its branch");
    }
}

#[test]
fn two_that_are_red_only_together_do_not_both_land() {
    let host = host(&[("1-1", "a", ""), ("1-2", "b", "")], || !(there("a") && there("b")));
    let outcome = land(&host, &["1-1", "1-2"]).expect("an outcome");
    assert_eq!((keys(&outcome, "landed"), keys(&outcome, "red")), (vec!["1-1".to_owned()], vec!["1-2".to_owned()]));
}

#[test]
fn a_conflict_is_told_and_the_others_land() {
    let host = host(&[("1-1", "kitty", "one\n"), ("1-2", "kitty", "two\n"), ("1-3", "c", "")], || true);
    let outcome = land(&host, &["1-1", "1-2", "1-3"]).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1", "1-3"]);
    assert_eq!(outcome["conflicts"], json!([{ "key": "1-2", "paths": ["kitty"] }]));
    assert_eq!(on_main(&host, "kitty").as_deref(), Some("one\n"));
}

#[test]
fn nothing_green_moves_nothing() {
    let host = host(&[("1-1", "a", "")], || false);
    let before = host.inside(|| git::log(Some("main"), 1)).expect("a log");
    let outcome = land(&host, &["1-1"]).expect("an outcome");
    assert_eq!((keys(&outcome, "landed").len(), keys(&outcome, "red").len()), (0, 1));
    assert_eq!(host.inside(|| git::log(Some("main"), 1)).expect("a log"), before);
    assert!(host.requests("git.advance").is_empty());
}

/// Somebody else moves `main` while the tests run, so many times.
fn moving(times: u32) -> Host {
    let moved = Cell::new(0);
    // The other one needs more than landing does.
    let manifest = include_str!("../plugin.toml").replace("\"run-tests\", \"land\"", "\"*\"");
    host(&[("1-1", "a", "A")], || true)
        .with_manifest(&manifest)
        .with_workflow("other", |input| {
            files::write(&format!("other-{input}"), "theirs")?;
            git::commit("Other work", Some("other"))?;
            let main = git::log(Some("main"), 1)?.remove(0).id;
            git::advance("main", &main)?;
            Ok(Value::Null)
        })
        .with_workflow("run-tests", move |_| {
            if moved.get() < times {
                moved.set(moved.get() + 1);
                let worktree = git::worktree_add(&format!("other/{}", moved.get()), "main")?;
                workflows::start_with::<Value, _>("other", &moved.get(), &ChildOptions::new().in_worktree(worktree))?.wait()?;
            }
            Ok(json!({ "passed": true, "command": "make test", "report": "ok", "took_ms": 1 }))
        })
}

#[test]
fn a_branch_that_moved_is_merged_and_tested_anew() {
    let host = moving(2);
    let outcome = land(&host, &["1-1"]).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1"]);
    for path in ["a", "other-1", "other-2"] {
        assert!(on_main(&host, path).is_some(), "{path}");
    }
    let tests = host.requests("workflows.start").iter().filter(|request| request["workflow"] == "run-tests").count();
    assert_eq!(tests, 3);
    // What landed meanwhile stays in the first line of the branch's history.
    assert!(host.requests("git.merge").iter().all(|request| request["revision"] != "main"));
}

#[test]
fn a_branch_that_never_rests_is_given_up() {
    let host = moving(99);
    assert!(matches!(land(&host, &["1-1"]), Err(Error { kind: ErrorKind::Conflict, text, .. }) if text.contains("moved 20 times")));
}

#[test]
fn what_tests_leave_behind_is_not_in_the_way_and_not_landed() {
    let host = host(&[("1-1", "a", ""), ("1-2", "bad", "")], || {
        let _ = files::write("report.txt", "left behind");
        let _ = files::write("kitty", "scribbled over");
        !there("bad")
    });
    let outcome = land(&host, &["1-1", "1-2"]).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1"]);
    assert_eq!((on_main(&host, "report.txt"), on_main(&host, "kitty").as_deref()), (None, Some("begin\n")));
}

/// A person's change in the checkout is where a story goes.
fn in_the_way() -> Host {
    let host = Host::new().with_manifest(include_str!("../plugin.toml")).with_file("kitty", "begin\n").with_repository();
    let host = host.with_item(Draft::new(Kind::Story, "1-1", "Story 1-1"), Status::Review).with_commit("story/1-1", "kitty", "new\n");
    let host = host.with_file("kitty", "a person's\n").in_worktree("land/1");
    host.with_workflow("run-tests", |_| Ok(json!({ "passed": true, "command": "make test", "report": "ok" })))
}

#[test]
fn what_a_person_has_to_clear_away_is_waited_for_and_leaves_nothing() {
    let host = in_the_way().resumes(3);
    assert!(matches!(land(&host, &["1-1"]), Err(Error { kind: ErrorKind::Conflict, text, .. }) if text.contains("`kitty`")));
    assert_eq!(host.requests("git.advance").len(), 4, "it is tried again whenever somebody resumes it");
    assert!(host.pauses().iter().all(|reason| reason.contains("`kitty`") && reason.contains("merged and green")), "{:?}", host.pauses());
    let newest = |branch| host.inside(|| git::log(Some(branch), 1)).expect("a log").remove(0).id;
    assert_eq!(newest("land/1"), newest("main"), "its branch goes with the worktree");
    host.inside(|| assert_eq!(backlog::get("1-1").expect("an item").status, Status::Review));
    let ordered = in_the_way().run(Land::run, json!({ "stories": [{ "key": "1-1", "branch": "story/1-1" }], "at_once": true }));
    assert!(matches!(ordered, Err(Error { kind: ErrorKind::Conflict, .. })), "a person who ordered it is told and not waited for");
}

#[test]
fn without_stories_it_looks_whether_any_could_land() {
    let host = host(&[], || false);
    let outcome = land(&host, &[]).expect("an outcome");
    let base = &outcome["base"];
    assert_eq!([&base["passed"], &base["command"], &base["report"]], [&json!(false), &json!("make test"), &json!("1 failed")]);
    assert_eq!(host.requests("git.commit").len() + host.requests("git.merge").len(), 0);
    let bare = host.with_workflow("run-tests", |input| match input["command"].as_str() {
        Some("true") => Err(Error::invalid("There is no image.")),
        _ => Ok(json!({ "passed": false, "command": null, "report": "No command is known." })),
    });
    assert!(land(&bare, &[]).is_err_and(|error| error.to_string().contains("no image")), "the sandbox is tried all the same");
    assert_eq!(land(&self::host(&[], || true).without_auto_merge(), &[]).expect("an outcome")["base"]["passed"], true);
}

#[test]
fn what_somebody_took_back_is_not_landed() {
    let host = host(&[("1-1", "a", "A"), ("1-2", "b", "B")], || true);
    host.inside(|| backlog::move_to("1-2", Status::Cancelled, "")).expect("a move");
    let outcome = land(&host, &["1-1", "1-2"]).expect("an outcome");
    assert_eq!((keys(&outcome, "landed"), keys(&outcome, "withdrawn")), (vec!["1-1".to_owned()], vec!["1-2".to_owned()]));
    assert!(outcome["withdrawn"][0]["reason"].to_string().contains("`cancelled`") && on_main(&host, "b").is_none());
}

#[test]
fn what_somebody_takes_back_while_it_is_tested_is_not_landed() {
    let host = host(&[("1-1", "a", "A"), ("1-2", "b", "B")], || {
        let _ = backlog::move_to("1-2", Status::Todo, "Not yet.");
        true
    });
    let outcome = land(&host, &["1-1", "1-2"]).expect("an outcome");
    assert_eq!((keys(&outcome, "landed"), keys(&outcome, "withdrawn")), (vec!["1-1".to_owned()], vec!["1-2".to_owned()]));
    assert!(on_main(&host, "b").is_none(), "the batch was merged without it");
    host.inside(|| assert_eq!(git::log(Some("main"), 1).expect("a log")[0].summary, "docs: 1-1 is done"));
}

#[test]
fn the_pull_requests_of_what_lands_are_marked_as_merged() {
    let host = host(&[("1-1", "a", "A"), ("1-2", "kitty", "two\n"), ("1-3", "kitty", "three\n")], || true);
    let host = host.with_manifest(&include_str!("../plugin.toml").replace("pull-requests = [\"merge\"]", "pull-requests = [\"*\"]"));
    let stories = ["1-1", "1-2", "1-3"].map(|key| {
        let proposal = forge::Proposal::new(format!("story/{key}"), "main", key);
        let number = host.inside(|| forge::open(&proposal)).expect("a number");
        json!({ "key": key, "branch": format!("story/{key}"), "pull_request": number })
    });
    let head = host.inside(|| git::log(Some("story/1-1"), 1)).expect("a log").remove(0).id;
    let outcome = host.run(Land::run, json!({ "stories": stories })).expect("an outcome");
    let found = |number| host.inside(|| forge::get(number)).expect("a pull request");
    assert_eq!((found(1).state, found(1).head), (forge::State::Merged, Some(head)));
    assert_eq!(found(1).merge_commit.as_deref(), outcome["landed"][0]["commit"].as_str());
    assert_eq!((found(2).state, found(3).state), (forge::State::Merged, forge::State::Open), "a conflict is merged later");
}

#[test]
fn a_pull_request_that_is_not_there_holds_nothing_up() {
    let host = host(&[("1-1", "a", "A")], || true);
    let stories = json!([{ "key": "1-1", "branch": "story/1-1", "pull_request": 9 }]);
    let outcome = host.run(Land::run, json!({ "stories": stories })).expect("an outcome");
    assert_eq!(keys(&outcome, "landed"), ["1-1"]);
    assert!(host.logged().iter().any(|line| line.message.contains("pull request 9")), "{:?}", host.logged());
}

#[test]
fn where_a_person_works_the_batch_lands_in_a_worktree_of_its_own() {
    let apart = |order: Value| {
        let host = Host::new().with_manifest(include_str!("../plugin.toml")).with_file("kitty", "begin\n").with_repository();
        let host = host.with_workflow("land", |input| match input["main"].as_str() {
            Some("main") => Ok(json!({ "landed": [], "conflicts": [], "red": [], "main": "c", "documents": [] })),
            _ => Err(Error::other("The branch is not there.")),
        });
        let ended = host.run(Land::run, order);
        let started = host.requests("workflows.start").remove(0);
        assert!(started["worktree"].as_str().is_some_and(|name| name.starts_with("land/")), "{started}");
        assert_eq!((started["input"]["apart"].clone(), host.requests("git.worktree-remove").len()), (json!(false), 1));
        ended
    };
    let stories = json!([{ "key": "1-1", "branch": "story/1-1", "pull_request": 3 }]);
    assert_eq!(apart(json!({ "stories": stories })).expect("an outcome")["main"], "c");
    assert!(apart(json!({ "stories": stories, "main": "main", "apart": true })).is_ok());
}

#[test]
fn a_run_that_may_not_merge_lands_nothing() {
    let host = host(&[("1-1", "a", "A")], || true).without_auto_merge();
    assert!(
        matches!(land(&host, &["1-1"]), Err(Error { kind: ErrorKind::Denied, text, .. }) if text.contains("A person brings work into `main`"))
    );
    assert!(on_main(&host, "a").is_none());
}
