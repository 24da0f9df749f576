//! What the documentation's examples do not show: refusals, failures of a test, one host inside another.

mod children;
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::*;
use crate::backlog::{Draft, Kind, Status};
use crate::git::{self, Merged, Resolution};
use crate::sandbox::Job;
use crate::waits::{self, Pending};
use crate::{ChildOptions, Error, ErrorKind, agents, backlog, files, llm, run, sandbox, settings, state, workflows};

fn panics(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("it panics");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

type Ended = workflows::Outcome<u64>;

/// Workflows that take so long and log when they do their work, and one that takes no time.
fn timed(children: &'static [(&'static str, u64)]) -> Host {
    let host = Host::new().at(0).with_workflow("at-once", |_| Ok(json!(run::now())));
    children.iter().fold(host, |host, (name, takes)| {
        host.with_workflow_after(name, *takes, |_| {
            run::info(name);
            Ok(json!(run::now()))
        })
    })
}

fn start(name: &str) -> Pending<Ended> {
    workflows::start(name, &()).unwrap()
}

fn named(name: &'static str) -> Pending<(&'static str, u64)> {
    start(name).map(move |ended| (name, ended.output))
}

/// What comes first, and when it says that it was.
fn first<T>(open: &mut Vec<Pending<T>>) -> T {
    waits::any(open).unwrap().outcome.unwrap()
}

fn logged(host: &Host) -> Vec<String> {
    host.logged().into_iter().map(|line| line.message).collect()
}

#[test]
fn paths_that_leave_the_workspace_are_refused_and_are_no_calls() {
    let host = Host::new();
    for path in ["../etc/passwd", "/etc/passwd", "a/../../b", "C:/a", "a\\b", "", ".", "a/.git/config", ".BATON/x", "a\0b"] {
        let refused = host.inside(|| files::write(path, "x"));
        assert!(
            matches!(&refused, Err(Error { kind: ErrorKind::Invalid, text, .. }) if text.contains("is not a path of the workspace")),
            "{path:?}: {refused:?}"
        );
    }
    assert!(host.calls().is_empty() && host.files().is_empty());
}

#[test]
fn files_and_directories_do_not_take_each_others_place() {
    let host = Host::new().with_file("a/b.txt", "B");
    host.inside(|| {
        assert!(matches!(files::read("a"), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert!(matches!(files::write("a", "x"), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert!(matches!(files::write("a/b.txt/c", "x"), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert!(matches!(files::remove("a"), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert!(matches!(files::remove("x"), Err(Error { kind: ErrorKind::NotFound, .. })));
        assert_eq!(files::remove("./a//b.txt"), Ok(()));
        assert_eq!(files::remove("a"), Ok(()));
    });
    assert_eq!(host.inside(|| files::find("**")), Ok(Vec::new()));
}

#[test]
fn what_may_not_be_read_is_neither_found_nor_searched() {
    let host = Host::new().with_file("docs/a.md", "one\ntwo").with_file("secret/b.md", "two").granting("read", "docs/**");
    let found: Vec<_> = host.inside(|| files::find("**/*.md")).unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(found, ["docs/a.md"]);
    let lines: Vec<_> = host.inside(|| files::search("^t", None, 9)).unwrap().into_iter().map(|line| (line.path, line.line)).collect();
    assert_eq!(lines, [("docs/a.md".to_owned(), 2)]);
    assert!(matches!(host.inside(|| files::search("(", None, 9)), Err(Error { kind: ErrorKind::Invalid, .. })));
}

#[test]
fn a_denied_call_is_noted_with_its_denial() {
    let host = Host::new().granting("read", "**");
    let denied = host.inside(|| state::set("x", "y", &1, None)).unwrap_err();
    assert_eq!(
        denied,
        Error::denied(
            "Plugin `plugin` asks for `state` of `x` and was not granted it. Grant it with `baton plugin grant plugin 'state=x'`."
        )
        .about("state=x")
    );
    assert_eq!(host.calls()[0].answer, Err(denied));
}

#[test]
fn versions_go_on_counting_after_a_deletion() {
    Host::new().inside(|| {
        assert_eq!(state::set("b", "k", &1, Some(0)), Ok(1));
        assert!(matches!(state::set("b", "k", &2, Some(7)), Err(Error { kind: ErrorKind::Conflict, .. })));
        assert_eq!(state::remove("b", "k"), Ok(()));
        assert_eq!(state::get::<u32>("b", "k"), Ok(None));
        assert_eq!(state::set("b", "k", &3, Some(0)), Ok(2));
        assert_eq!(state::keys("b", ""), Ok(vec!["k".to_owned()]));
        assert!(matches!(state::get::<u32>("B", "k"), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert!(matches!(state::get::<u32>("b", ""), Err(Error { kind: ErrorKind::Invalid, .. })));
    });
}

#[test]
fn an_unanswered_prompt_fails_the_test_and_is_shown() {
    let host = Host::new().when("something else", "no");
    let said = panics(|| drop(host.inside(|| llm::complete(&llm::Request::new().with_system("You are Ann.").with_user("Who are you?")))));
    assert!(said.contains("You are Ann.") && said.contains("Who are you?"), "{said}");
}

#[test]
fn a_pause_that_nobody_resumes_fails_the_test_and_is_shown() {
    let host = Host::new().resumes(1);
    let said = panics(|| host.inside(|| ["Look.", "Look again."].into_iter().for_each(|reason| run::pause(reason).unwrap())));
    assert!(said.contains("Look again.") && said.contains("Host::resumes"), "{said}");
    assert_eq!(host.pauses(), ["Look.", "Look again."]);
    assert!(host.calls()[0].answer.is_ok() && host.calls()[1].answer.is_err());
}

#[test]
fn a_call_without_a_host_says_what_is_missing() {
    let said = panics(|| drop(files::read("a")));
    assert!(said.contains("`files.read`") && said.contains("testing::Host"), "{said}");
}

#[test]
fn a_host_inside_another_gives_way_again_even_after_a_panic() {
    let (outer, inner) = (Host::new().at(1), Host::new().at(2));
    outer.inside(|| {
        assert_eq!(inner.inside(run::now), 2);
        panics(|| inner.inside(|| panic!("{}", "inside")));
        assert_eq!(run::now(), 1);
    });
}

#[test]
fn a_backlog_that_does_not_fit_together_is_refused_and_left_as_it_was() {
    let (story, epic) = (|key: &str| Draft::new(Kind::Story, key, "T"), |key: &str| Draft::new(Kind::Epic, key, "T"));
    let host = Host::new().with_item(story("a"), Status::Todo);
    let put = |drafts: &[Draft]| host.inside(|| backlog::put(drafts)).unwrap_err().to_string();
    assert!(put(&[story("b").after(["c"]), story("c").after(["b"])]).contains("b → c → b"));
    assert!(put(&[story("a").after(["a"])]).contains("a → a"));
    assert!(put(&[epic("1"), story("b").below("1").after(["1"])]).contains("1 → b → 1"));
    assert!(put(&[story("b").after(["ghost"])]).contains("`ghost`, which is not in the backlog"));
    assert!(put(&[story("b"), story("c").below("b")]).contains("`c` is a story and cannot belong to `b`, which is a story"));
    assert!(put(&[story("b"), epic("1").below("b")]).contains("`1` is an epic and cannot belong"));
    for key in ["", "A", "a/b", "..", "a--b", "-a", "\u{430}", "a\n", &"a".repeat(65)] {
        assert!(put(&[story(key)]).contains("is not a key"), "{key}");
    }
    assert!(put(&[Draft::new(Kind::Task, "b", "two\nlines")]).contains("one line"));
    assert!(put(&[story("b").with_priority(11)]).contains("priority"));
    assert!(put(&[story("b"), story("b")]).contains("twice"));
    for label in ["", "A", "-a", "a b", "\u{430}", "a\n", &"a".repeat(51)] {
        assert!(put(&[story("b").with_labels(["ui", label])]).contains("is not a label"), "{label}");
    }
    assert!(put(&[story("b").with_labels(["ui", "a", "ui"])]).contains("the label `ui` twice"));
    assert!(put(&[story("b").with_labels((0..21).map(|number| number.to_string()))]).contains("has 21 labels"));
    assert_eq!(host.inside(backlog::all).unwrap().len(), 1);
}

#[test]
fn labels_are_kept_sorted_and_noted_where_there_are_some() {
    let host = Host::new();
    let draft = |key: &str| Draft::new(Kind::Story, key, "T");
    host.inside(|| backlog::put(&[draft("a").with_labels(["ui", "area/a"]), draft("b")])).unwrap();
    assert_eq!(host.item("a").unwrap().draft.labels, ["area/a", "ui"]);
    let noted = host.requests("backlog.put")[0]["items"].clone();
    assert_eq!((noted[0].get("labels"), noted[1].get("labels")), (Some(&json!(["area/a", "ui"])), None));
    let error = host.inside(|| backlog::put(&[draft("c").with_labels(["A"])])).unwrap_err();
    assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("A")));
}

#[test]
fn what_is_in_an_epic_waits_for_what_the_epic_waits_for() {
    let host = Host::new()
        .with_item(Draft::new(Kind::Epic, "1", "One"), Status::Todo)
        .with_item(Draft::new(Kind::Epic, "2", "Two").after(["1"]), Status::Todo)
        .with_item(Draft::new(Kind::Story, "1-2", "T").below("1"), Status::Todo)
        .with_item(Draft::new(Kind::Story, "1-10", "T").below("1"), Status::Todo)
        .with_item(Draft::new(Kind::Story, "2-1", "T").below("2").with_priority(9).with_body("B"), Status::Todo);
    let ready = || host.inside(backlog::ready).unwrap().into_iter().map(|item| item.draft.key).collect::<Vec<_>>();
    assert_eq!(ready(), ["1-2", "1-10"]);
    host.inside(|| backlog::move_to("1-2", Status::Done, "")).unwrap();
    host.inside(|| backlog::move_to("1-10", Status::Cancelled, "")).unwrap();
    assert_eq!(ready(), ["2-1"]);
    assert!(matches!(host.inside(|| backlog::move_to("1-2", Status::Todo, "")), Err(Error { kind: ErrorKind::Conflict, .. })));
    assert_eq!(host.inside(backlog::all).unwrap()[3].draft.body, "");
    assert_eq!(host.inside(|| backlog::get("2-1")).unwrap().draft.body, "B");
    let written = host.inside(backlog::write_documents).unwrap();
    assert_eq!(written.len(), 5);
    assert!(host.inside(backlog::write_documents).unwrap().is_empty());
    let blind = host.granting("backlog", "write");
    assert!(matches!(blind.inside(backlog::all), Err(Error { kind: ErrorKind::Denied, .. })));
}

#[test]
fn a_secret_stays_out_of_sight() {
    let host = Host::new().with_setting("forge.api-token", "x").with_setting("forge.url", "y");
    assert_eq!(host.inside(|| settings::get::<Value>("forge.api-token")), Ok(None));
    assert_eq!(host.inside(|| settings::get::<Value>("forge")), Ok(Some(json!({ "url": "y" }))));
}

#[test]
fn a_command_is_answered_by_its_rule_or_refused() {
    let host = Host::new().when_executed("make", sandbox::Execution::exited(2).with_stdout("no")).granting("images", "default");
    let outcome = host.inside(|| sandbox::execute(&Job::new(["make", "all"]).with_env("A", "1")));
    assert_eq!(outcome.map(|outcome| (outcome.succeeded(), outcome.stdout)), Ok((false, "no".to_owned())));
    let noted = serde_json::json!({ "image": "default", "command": ["make", "all"], "env": { "A": "1" }, "timeout-ms": null });
    assert_eq!(host.requests("sandbox.execute"), [noted]);
    let refused = |job: Job| host.inside(|| sandbox::execute(&job)).unwrap_err();
    assert!(matches!(refused(Job::new(["make"]).with_image("rust")), Error { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refused(Job::new([""])), Error { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(refused(Job::new(["a"; 257])), Error { kind: ErrorKind::Invalid, .. }));
    let said = panics(|| drop(host.inside(|| sandbox::execute(&Job::shell("rm -r x")))));
    assert!(said.contains("sh -c rm -r x") && said.contains("Host::when_executed"), "{said}");
}

fn in_worktree(worktree: &str) -> ChildOptions {
    ChildOptions::new().in_worktree(worktree)
}

/// Two agents change the same file, each in its own worktree.
fn two_stories() -> Host {
    let host = Host::new().with_file("a.txt", "A").with_repository().with_agent("amelia", |task| {
        files::write("a.txt", &task.goal)?;
        files::write(&format!("{}.txt", task.goal), "new")?;
        git::commit(&format!("Write {}", task.goal), Some("amelia"))?;
        Ok(Report::new("done", "done"))
    });
    host.inside(|| {
        for story in ["one", "two"] {
            let worktree = git::worktree_add(&format!("story/{story}"), "main").unwrap();
            agents::perform_with("amelia", &Task::new(story), &in_worktree(&worktree)).unwrap();
        }
    });
    host
}

#[test]
fn a_conflict_changes_nothing_until_it_is_resolved() {
    let host = two_stories().with_workflow("land", |input| {
        let before = git::log(None, 9)?;
        let conflicts = git::merge("story/two", "Merge two", &[])?;
        assert_eq!((conflicts, git::log(None, 9)?, git::status()?), (Merged::Conflicts(vec!["a.txt".into()]), before, Vec::new()));
        let Merged::Clean(merged) = git::merge("story/two", "Merge two", &[Resolution::keep("a.txt", "both")])? else { panic!() };
        git::advance("main", input.as_str().unwrap())?;
        Ok(json!(merged))
    });
    host.inside(|| {
        let main = git::log(Some("main"), 1).unwrap().remove(0).id;
        let stale = workflows::start_with::<String, _>("land", &"0".repeat(40), &in_worktree("story/one")).unwrap();
        assert!(matches!(stale.wait(), Err(Error { kind: ErrorKind::ChildFailed, text, .. }) if text.contains("not at 000")));
        let again = git::diff("main").unwrap();
        assert_eq!((again.as_str(), git::merge_base("main", "story/two").unwrap()), ("", main));
    });
}

#[test]
fn a_branch_moves_forward_only_where_nobody_has_changes() {
    let host = two_stories().with_workflow("land", |input| {
        git::advance("main", input.as_str().unwrap())?;
        Ok(json!(null))
    });
    let main = host.inside(|| git::log(None, 1)).unwrap().remove(0).id;
    let start = || workflows::start_with::<Value, _>("land", &main, &in_worktree("story/one"));
    let land = || host.inside(|| Ok(start()?.wait()?.output));
    host.inside(|| files::write("a.txt", "mine")).unwrap();
    assert!(matches!(land(), Err(Error { kind: ErrorKind::ChildFailed, text, .. }) if text.contains("`a.txt` was changed")));
    host.inside(|| files::write("a.txt", "A")).unwrap();
    host.inside(|| files::write("mine.txt", "mine")).unwrap();
    assert_eq!(land(), Ok(Value::Null));
    assert_eq!(
        (host.file("a.txt").as_deref(), host.file("one.txt").as_deref(), host.file("mine.txt").as_deref()),
        (Some("one"), Some("new"), Some("mine"))
    );
    host.inside(|| {
        git::worktree_remove("story/one").unwrap();
        git::worktree_remove("story/two").unwrap();
        assert!(matches!(git::log(Some("story/one"), 1), Err(Error { kind: ErrorKind::NotFound, .. })), "its commits are in main");
        assert_eq!(git::log(Some("story/two"), 1).unwrap()[0].summary, "Write two");
        assert!(matches!(git::worktree_remove("story/two"), Err(Error { kind: ErrorKind::NotFound, .. })));
    });
}

#[test]
fn a_persons_checkout_is_left_alone() {
    let host = Host::new().with_file("a.txt", "A");
    assert!(matches!(host.inside(git::branch), Err(Error { kind: ErrorKind::Invalid, text, .. }) if text.contains("git init")));
    let host = host.with_repository();
    host.inside(|| {
        files::write("b.txt", "B").unwrap();
        assert_eq!(git::status().unwrap(), [git::Change { path: "b.txt".into(), kind: git::ChangeKind::Added }]);
        assert!(matches!(git::commit("Add b", None), Err(Error { kind: ErrorKind::Denied, .. })));
        assert!(matches!(git::merge("main", "Merge", &[]), Err(Error { kind: ErrorKind::Denied, .. })));
        assert!(matches!(git::reset("main"), Err(Error { kind: ErrorKind::Denied, .. })));
        for name in ["-f", "a..b", "a b", "a/", "/a", "a.lock", "HEAD", "", "a@{1}", "a\nb"] {
            assert!(matches!(git::worktree_add(name, "main"), Err(Error { kind: ErrorKind::Invalid, .. })), "{name:?}");
        }
        assert!(matches!(
            agents::perform_with("amelia", &Task::new("Look."), &in_worktree("none")),
            Err(Error { kind: ErrorKind::NotFound, .. })
        ));
    });
}

#[test]
fn branches_need_a_grant_of_their_own() {
    let host = Host::new().with_repository().granting("git", "worktree").granting("branches", "story/*");
    host.inside(|| {
        assert_eq!(git::worktree_add("story/1", "main"), Ok("story/1".into()));
        assert!(matches!(git::worktree_add("main2", "main"), Err(Error { kind: ErrorKind::Denied, text, .. }) if text.contains("branches=main2")));
        assert!(matches!(git::branch(), Err(Error { kind: ErrorKind::Denied, text, .. }) if text.contains("git=read")));
    });
}

#[test]
fn the_first_call_that_differs_is_named_with_its_place() {
    let turn = std::cell::Cell::new(0);
    let host = Host::new().when("", "Yes.");
    let differs = |work: &dyn Fn(u32)| {
        turn.set(0);
        let said = panics(|| {
            host.twice(|| {
                turn.set(turn.get() + 1);
                run::info("begun");
                work(turn.get());
            });
        });
        said.lines().take(3).collect::<Vec<_>>().join("|")
    };
    let write = |content: &str| files::write("a.md", content).unwrap();
    let long = "x".repeat(50);
    let at = differs(&|turn| write(&format!("{long} {turn} {long}")));
    let [call, first, again] = at.split('|').collect::<Vec<_>>()[..] else { panic!("{at}") };
    assert_eq!(call, "Executed again, the work makes call 2 (files.write) with another request, at /content/text.");
    assert!(first.starts_with("  first: \"…xxx") && first.contains("x 1 x") && first.ends_with("x…\""), "{first}");
    assert!(again.contains("x 2 x"), "{again}");
    let request = |turn| llm::Request::new().with_user("Is it?").with_option("effort", &["low", "high"][turn as usize - 1]);
    let at = differs(&|turn| drop(llm::complete(&request(turn))));
    assert_eq!(
        at,
        "Executed again, the work makes call 2 (llm.complete) with another request, at /effort.|  first: \"low\"|  again: \"high\""
    );
    let request = |turn| if turn == 1 { llm::Request::new() } else { llm::Request::new().with_system("S") };
    let at = differs(&|turn| drop(llm::complete(&request(turn).with_user("Is it?"))));
    assert!(at.ends_with("at /system.|  first: absent|  again: \"S\""), "{at}");
    let other = differs(&|turn| if turn == 1 { write("A") } else { run::info("no") });
    let [call, first, again] = other.split('|').collect::<Vec<_>>()[..] else { panic!("{other}") };
    assert_eq!(call, "Executed again, the work makes another call 2.");
    assert!(first.starts_with("  first: files.write {") && first.contains("\"path\":\"a.md\""), "{first}");
    assert!(again.starts_with("  again: run.log {") && again.contains("\"message\":\"no\""), "{again}");
    let more = differs(&|turn| (1..turn).for_each(|_| run::info("more")));
    assert!(more.starts_with("Executed again, the work makes call 2, which it did not make before.|  again: run.log"), "{more}");
    let fewer = differs(&|turn| (turn..2).for_each(|_| run::info("more")));
    assert!(fewer.starts_with("Executed again, the work ends before call 2, which it made before.|  first: run.log"), "{fewer}");
    assert!(host.inside(|| files::read("a.md")).is_ok(), "the host answers as before");
}

#[test]
fn another_result_of_the_same_calls_is_found() {
    let turn = std::cell::Cell::new(0);
    let said = panics(|| {
        Host::new().twice(|| turn.replace(turn.get() + 1));
    });
    assert!(said.contains("another result.\n  first: 0\n  again: 1"), "{said}");
}
