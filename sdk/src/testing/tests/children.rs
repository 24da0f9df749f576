//! Children that take time: their order by the clock, where they work, how far they may go, and how they fail.

use serde_json::json;

use super::*;
use crate::waits;

#[test]
fn children_that_fail_are_errors_their_parent_can_read() {
    let fail = |_: &Value| Err(Error::invalid("No luck."));
    let host = Host::new().with_workflow("luck", fail).with_agent("ann", |_| Err(Error::cancelled("x")));
    host.inside(|| {
        let child = start("luck");
        let run = child.ticket().to_string();
        let failed = child.wait().unwrap_err();
        assert_eq!((&failed.kind, failed.subject.as_ref()), (&ErrorKind::ChildFailed, Some(&run)));
        assert_eq!(failed.of_child(), Some(Error::invalid("No luck.")));
        let cancelled = agents::perform("ann", &Task::new("Do.")).unwrap_err();
        assert_eq!((cancelled.kind, cancelled.subject.as_deref()), (ErrorKind::Cancelled, Some("child-2")));
        let begun = agents::begin("ann", &Task::new("Do.")).unwrap();
        assert_eq!(begun.wait().unwrap_err().subject.as_deref(), Some("child-3"));
        for refused in [agents::perform("bob", &Task::new("Do.")), agents::begin("bob", &Task::new("Do.")).map(|_| unreachable!())] {
            assert!(matches!(refused, Err(Error { kind: ErrorKind::NotFound, .. })));
        }
        for refused in [agents::perform("ann", &Task::new(" ")), agents::begin("ann", &Task::new(" ")).map(|_| unreachable!())] {
            assert!(matches!(refused, Err(Error { kind: ErrorKind::Invalid, .. })));
        }
    });
}

#[test]
fn an_output_of_another_form_names_the_run_and_the_place() {
    let host = Host::new().with_workflow("odd", |_| Ok(json!({ "stories": ["one", 2] })));
    let read = host.inside(|| workflows::start::<std::collections::BTreeMap<String, Vec<String>>, _>("odd", &()).unwrap().wait());
    let error = read.unwrap_err();
    assert_eq!((&error.kind, error.subject.as_deref()), (&ErrorKind::Other, Some("child-1")));
    assert!(error.text.contains("at `stories[1]`"), "{error}");
}

#[test]
fn children_end_in_the_order_of_the_time_they_take() {
    let host = timed(&[("a", 30), ("b", 10), ("c", 20), ("d", 20)]);
    host.inside(|| {
        let mut open = ["a", "b", "d", "c"].map(named).into_iter().collect();
        assert_eq!((first(&mut open), run::now()), (("b", 10), 10));
        assert_eq!(first(&mut open), ("d", 20), "of two that end together the first in the list");
        assert_eq!(first(&mut open), ("c", 20), "it has ended");
        assert_eq!((first(&mut open), run::now()), (("a", 30), 30));
        assert!(matches!(waits::any(&mut open), Err(Error { kind: ErrorKind::Invalid, .. })), "nothing is left");
    });
    assert_eq!(logged(&host), ["b", "d", "c", "a"]);
}

#[test]
fn a_child_counts_from_its_start_and_a_sleep_passes_it() {
    let host = timed(&[("a", 30), ("b", 10)]);
    host.inside(|| {
        let a = named("a");
        run::sleep_until(25).unwrap();
        let mut open = vec![named("b"), named("at-once")];
        assert_eq!(first(&mut open), ("at-once", 25), "what takes no time has ended already");
        open.push(a);
        assert_eq!(first(&mut open), ("a", 30));
        run::sleep_until(100).unwrap();
        assert_eq!((first(&mut open), run::now()), (("b", 35), 100), "what has ended takes no more time");
        let _dropped = [start("a"), start("b")];
        run::sleep_until(200).unwrap();
        drop(start("b"));
    });
    assert_eq!(logged(&host), ["a", "b", "b", "a"], "one sleep passes two in the order of their ends, and nobody waited for the last one");
}

#[test]
fn an_agent_that_takes_time_lets_others_end() {
    let host = timed(&[("a", 30)]).with_agent_after("ann", 50, |_| {
        run::info("ann");
        Err(Error::invalid("No luck."))
    });
    host.inside(|| {
        let a = start("a");
        assert!(matches!(agents::perform("ann", &Task::new("Do.")), Err(Error { kind: ErrorKind::ChildFailed, .. })));
        assert_eq!((a.wait().unwrap().output, run::now()), (30, 50));
    });
    assert_eq!(logged(&host), ["a", "ann"]);
}

#[test]
fn an_agent_that_takes_longer_than_it_may_does_nothing() {
    let host =
        Host::new().at(0).with_agent_after("ann", 50, |_| Ok(Report::new("done", ""))).with_agent("bob", |_| Ok(Report::new("", "")));
    host.inside(|| {
        let within = |name, timeout| agents::perform_with(name, &Task::new("Do."), &ChildOptions::new().with_timeout_ms(timeout));
        let late = within("ann", 49).unwrap_err();
        assert_eq!((late.kind, late.subject.as_deref(), run::now()), (ErrorKind::TimedOut, Some("child-1"), 49));
        assert_eq!(within("ann", 50).map(|outcome| (outcome.answer, run::now())), Ok(("done".to_owned(), 99)));
        assert!(within("bob", 1).is_ok());
        assert_eq!(within("bob", 0).unwrap_err().subject.as_deref(), Some("timeout-ms"));
        let begun = agents::begin_with("ann", &Task::new("Do."), &ChildOptions::new().with_timeout_ms(1)).unwrap_err();
        assert_eq!((begun.kind, begun.subject.as_deref()), (ErrorKind::Invalid, Some("timeout-ms")));
    });
    assert_eq!(host.requests("agents.perform")[0]["timeout-ms"], 49);
}

#[test]
fn a_child_that_takes_time_works_where_it_was_started() {
    let host = Host::new().with_file("a.txt", "A").with_repository().with_workflow_after("write", 10, |_| {
        files::write("a.txt", "B")?;
        Ok(json!(git::branch()?))
    });
    let start_in = |worktree: &str| workflows::start_with::<String, _>("write", &(), &in_worktree(worktree));
    host.inside(|| {
        let worktree = git::worktree_add("story/1", "main").unwrap();
        let (there, here) = (start_in(&worktree).unwrap(), workflows::start::<String, _>("write", &()).unwrap());
        assert_eq!(there.wait().unwrap().output, "story/1");
        assert_eq!(here.wait().unwrap().output, "main");
        let none = start_in("ghost").map(drop).unwrap_err();
        assert_eq!((none.kind, none.subject.as_deref()), (ErrorKind::NotFound, Some("ghost")));
        let late = start_in(&worktree).unwrap();
        git::worktree_remove(&worktree).unwrap();
        assert_eq!(late.wait().unwrap_err().of_child().map(|error| error.kind), Some(ErrorKind::NotFound), "its worktree is gone");
    });
    assert_eq!(host.file("a.txt").as_deref(), Some("B"));
}

#[test]
fn a_child_and_all_below_it_do_no_more_than_they_were_started_for() {
    let host = Host::new().granting("workflows", "*").granting("write", "docs/**").granting("backlog", "*");
    let host = host.with_workflow_after("below", 5, |path| files::write(path.as_str().unwrap(), "x").map(|()| Value::Null));
    let host = host.with_workflow("above", |path| Ok(workflows::start::<Value, _>("below", path)?.wait()?.output));
    let start = |path: &str, within: Value| {
        let start = || workflows::start_with::<Value, _>("above", path, &ChildOptions::new().within(&within))?.wait();
        host.inside(start).map(|_| ())
    };
    let denied = |within: Value| {
        let error = start("docs/b.md", within).unwrap_err();
        error.of_child().and_then(|above| above.of_child()).unwrap_or(error)
    };
    assert_eq!(start("docs/a/a.md", json!({ "workflows": ["below"], "write": ["docs/a/**"] })), Ok(()));
    let beyond = denied(json!({ "workflows": ["*"], "write": ["docs/a/**"] }));
    assert_eq!((&beyond.kind, beyond.subject.as_deref()), (&ErrorKind::Denied, Some("write=docs/b.md")));
    assert!(beyond.text.contains("started this run for less"), "{beyond}");
    assert_eq!(denied(json!({ "workflows": ["*"] })).kind, ErrorKind::Denied, "a kind that is not named");
    for (within, part) in [
        (json!({ "write": ["**"] }), "`write` of `**` is beyond what plugin `plugin` was granted"),
        (json!({ "models": ["*"] }), "`models` of `*` is beyond"),
        (json!({ "wirte": ["docs/**"] }), "`wirte` is not a kind of capability; the kinds are `models`, "),
        (json!({ "write": ["["] }), "`[` of `write` is not a pattern"),
        (json!({ "write": "docs/**" }), "must be an object of lists of patterns by kind"),
        (json!(["write"]), "must be an object"),
    ] {
        let error = denied(within);
        assert_eq!((&error.kind, error.subject.as_deref()), (&ErrorKind::Invalid, Some("within")));
        assert!(error.text.contains(part), "{error}");
    }
    host.inside(|| assert!(files::write("docs/b.md", "mine").is_ok(), "the run itself is not narrowed"));
}

#[test]
fn a_child_that_was_cancelled_arrives_and_what_has_ended_stays() {
    let host = timed(&[("a", 30)]);
    host.inside(|| {
        let (a, done) = (start("a"), start("at-once"));
        a.cancel().unwrap();
        a.cancel().unwrap();
        done.cancel().unwrap();
        let cancelled = a.wait().unwrap_err();
        assert_eq!((&cancelled.kind, cancelled.subject.as_deref()), (&ErrorKind::Cancelled, Some("child-1")));
        assert!(!cancelled.ends_the_run(), "this run goes on");
        assert_eq!(done.wait().map(|ended| ended.output), Ok(0));
    });
}

#[test]
fn a_stand_in_can_begin_again_too() {
    let count = |left: &Value| match left.as_u64() {
        Some(0) => Ok(json!("done")),
        left => Err(run::continue_with(&(left.unwrap_or_default() - 1))),
    };
    let host = Host::new().at(0).with_workflow("count", count).with_workflow_after("later", 10, count);
    host.inside(|| {
        let (count, later) = (workflows::start::<String, _>("count", &3).unwrap(), workflows::start::<String, _>("later", &2).unwrap());
        assert_eq!((later.wait().unwrap().output, count.wait().unwrap().output), ("done".to_owned(), "done".to_owned()));
    });
}
