//! Races and deadlines by the clock, tickets that cannot be used, cancelling, and runs that begin again.

use serde_json::json;

use super::*;
use crate::agents::Outcome;
use crate::people::{self, Question};
use crate::waits::{self, Pending, Ticket};

#[test]
fn different_things_race_and_the_losers_are_given_up() {
    let host = timed(&[("a", 30)]).answers_after("Which?", 20, "this").with_signal_after("stop", 10, "now");
    let race = |until| {
        waits::race([
            start("a").map(|ended| ended.output.to_string()),
            people::post(&Question::new("Which?"))?,
            waits::signal::<String>("stop")?,
            waits::timer(until)?.map(|()| "timer".to_owned()),
        ])
    };
    host.inside(|| {
        assert_eq!((race(40), run::now()), (Ok("now".to_owned()), 10));
        assert_eq!((race(40), run::now()), (Ok("this".to_owned()), 30), "the signal was taken");
        assert_eq!((race(40), run::now()), (Ok("timer".to_owned()), 40));
        run::sleep_until(500).unwrap();
    });
    assert!(host.logged().is_empty(), "a child that was cancelled does nothing");
    let cancelled = ["child-1", "question-2", "timer-4", "child-2", "signal-11", "timer-12"];
    assert_eq!(host.requests("waits.cancel")[..6], cancelled.map(|ticket| json!(ticket)));
    assert_eq!(host.questions(), ["Which?"; 3]);
}

#[test]
fn a_deadline_passes_and_the_list_is_as_it_was() {
    let host = timed(&[("a", 30)]);
    host.inside(|| {
        let mut open = vec![named("a")];
        assert_eq!(waits::any_until(&mut open, 0), Ok(None), "a time that has passed asks without waiting");
        assert_eq!((waits::any_until(&mut open, 29), run::now()), (Ok(None), 29));
        let ended = waits::any_until(&mut open, 1_000).unwrap().unwrap();
        assert_eq!((ended.outcome, run::now(), open.len()), (Ok(("a", 30)), 30, 0));
        let late = start("a").wait_until(45).unwrap_err();
        assert_eq!((late.kind, late.subject.as_deref(), run::now()), (ErrorKind::TimedOut, Some("child-2"), 45));
        assert_eq!(start("at-once").wait_until(0).map(|ended| ended.output), Ok(45));
    });
    assert_eq!(host.requests("waits.cancel"), ["child-2"]);
}

#[test]
fn tickets_that_cannot_be_waited_for_are_refused_and_are_no_calls() {
    let host = Host::new();
    host.inside(|| {
        let timer = waits::timer(0).unwrap();
        let ticket = timer.ticket().clone();
        timer.wait().unwrap();
        let given_up = waits::signal::<Value>("stop").unwrap();
        given_up.cancel().unwrap();
        let held = waits::timer(0).unwrap();
        for (ticket, kind) in [
            (ticket, ErrorKind::Invalid),
            (given_up.ticket().clone(), ErrorKind::Invalid),
            (Ticket::from("child-1".to_owned()), ErrorKind::NotFound),
            (Ticket::from("\u{1b}[2J".to_owned()), ErrorKind::NotFound),
            (Ticket::from(String::new()), ErrorKind::NotFound),
        ] {
            let refused = waits::any_of(&[held.ticket().clone(), ticket.clone()], None).unwrap_err();
            assert_eq!((&refused.kind, refused.subject), (&kind, Some(ticket.as_str().escape_debug().to_string())));
            assert_eq!(waits::cancel(&ticket).unwrap_err().kind, kind);
        }
        let long = Ticket::from("x".repeat(10_000));
        let foreign = waits::cancel(&long).unwrap_err();
        assert!(foreign.kind == ErrorKind::NotFound && foreign.subject.is_some_and(|subject| subject.len() == 64));
        let none = waits::any_of(&[], None).unwrap_err();
        assert_eq!((&none.kind, none.subject.as_deref()), (&ErrorKind::Invalid, Some("tickets")));
        let wrong = waits::item_change("no key").map(drop).unwrap_err();
        assert_eq!((&wrong.kind, wrong.subject.as_deref()), (&ErrorKind::Invalid, Some("no key")));
        let many = vec![held.ticket().clone(); 1001];
        assert!(matches!(waits::any_of(&many, None), Err(Error { kind: ErrorKind::Invalid, .. })));
        assert_eq!(waits::any_of(&many[1..], None).unwrap().map(|(ticket, _)| ticket), Some(held.ticket().clone()));
    });
    let names: Vec<_> = host.calls().into_iter().map(|call| call.name).collect();
    assert_eq!(names, ["waits.timer", "waits.any", "waits.signal", "waits.cancel", "waits.timer", "waits.any"]);
}

#[test]
fn a_run_holds_a_thousand_tickets_and_no_more() {
    let host = Host::new()
        .with_agent("ann", |_| Ok(Report::new("", "")))
        .answers("", "yes")
        .with_item(Draft::new(Kind::Task, "a", "A"), Status::Todo);
    let refused = |result: Result<()>| {
        assert!(matches!(&result, Err(error) if error.kind == ErrorKind::Invalid && error.text.contains("1000 tickets")), "{result:?}")
    };
    host.inside(|| {
        let mut open: Vec<_> = (0..999).map(|_| waits::timer(0).unwrap()).collect();
        open.push(agents::begin("ann", &Task::new("Do.")).unwrap().map(drop));
        refused(waits::timer(0).map(drop));
        refused(waits::signal::<Value>("stop").map(drop));
        refused(waits::item_change("a").map(drop));
        refused(agents::begin("ann", &Task::new("Do.")).map(drop));
        refused(workflows::start::<Value, _>("luck", &()).map(drop));
        refused(people::post(&Question::new("Is it?")).map(drop));
        assert!(agents::perform("ann", &Task::new("Do.")).is_ok(), "what is waited for at once is not held");
        waits::any(&mut open).unwrap();
        let item = waits::item_change("a").unwrap();
        refused(waits::timer(0).map(drop));
        item.cancel().unwrap();
        assert!(waits::timer(0).is_ok());
    });
}

#[test]
fn signals_wait_in_their_order_until_a_ticket_takes_them() {
    let host = Host::new().at(50).with_signal_after("b", 30, 3).with_signal_after("a", 20, 2).with_signal_after("a", 10, 1).at(0);
    host.inside(|| {
        let signal = |name| waits::signal::<u32>(name).unwrap();
        let (mut open, given_up) = (vec![signal("b"), signal("a")], signal("a"));
        assert_eq!((first(&mut open), run::now()), (1, 10));
        run::sleep_until(20).unwrap();
        given_up.cancel().unwrap();
        assert_eq!((signal("a").wait(), run::now()), (Ok(2), 20), "what was given up took none");
        assert_eq!(waits::any_until(&mut open, 29), Ok(None));
        assert_eq!((first(&mut open), run::now()), (3, 30));
        for name in ["", "A", "a_b", "a\n", &"a".repeat(65)] {
            let refused = waits::signal::<Value>(name).unwrap_err();
            assert_eq!((refused.kind, refused.subject.as_deref()), (ErrorKind::Invalid, Some("name")), "{name:?}");
        }
        assert!(waits::signal::<Value>(&"a-9".repeat(21)).is_ok());
    });
    let odd = Host::new().with_signal_after("limit", 0, json!({ "most": "ten" }));
    let wrong = odd.inside(|| waits::signal::<std::collections::BTreeMap<String, u32>>("limit").unwrap().wait()).unwrap_err();
    assert_eq!((&wrong.kind, wrong.subject.as_deref()), (&ErrorKind::Invalid, Some("limit")));
    assert!(wrong.text.contains("at `most`"), "{wrong}");
    let said = panics(|| drop(Host::new().with_signal_after("limit", 0, "x".repeat(64 << 10))));
    assert!(said.contains("at most 65536"), "{said}");
}

#[test]
fn a_wait_without_an_end_fails_the_test_and_is_shown() {
    let host = Host::new().with_item(Draft::new(Kind::Task, "a", "A"), Status::Todo);
    let said = panics(|| drop(host.inside(|| waits::race([waits::signal::<()>("go")?, waits::item_change("a")?.map(drop)]))));
    assert!(said.contains("signal-1, item-2") && said.contains("Host::with_signal_after"), "{said}");
}

#[test]
fn a_change_of_an_item_is_one_after_the_ticket() {
    let host =
        Host::new().with_item(Draft::new(Kind::Story, "a", "A"), Status::Todo).with_item(Draft::new(Kind::Story, "b", "B"), Status::Todo);
    let host = host.with_workflow_after("take", 10, |_| backlog::assign("a", Some("amelia"), Some("story/a")).map(|()| Value::Null));
    host.inside(|| {
        let watch = |key| waits::item_change(key).unwrap();
        let now = run::now();
        let mut open = vec![watch("a"), watch("b")];
        let as_it_is = backlog::get("b").unwrap().draft;
        backlog::put(std::slice::from_ref(&as_it_is)).unwrap();
        backlog::assign("b", None, None).unwrap();
        assert_eq!(waits::any_until(&mut open, now), Ok(None), "nothing has changed");
        backlog::put(&[as_it_is.with_body("More.")]).unwrap();
        backlog::move_to("b", Status::InProgress, "").unwrap();
        let changed = first(&mut open);
        assert_eq!((changed.key.as_str(), changed.status, run::now()), ("b", Status::InProgress, now), "several changes arrive once");
        let _taking = workflows::start::<Value, _>("take", &()).unwrap();
        let changed = first(&mut open);
        assert_eq!((changed.assignee.as_deref(), changed.branch.as_deref(), run::now()), (Some("amelia"), Some("story/a"), now + 10));
        assert_eq!(waits::item_change("ghost").unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(waits::item_change("A").unwrap_err().kind, ErrorKind::Invalid);
    });
    let blind = host.granting("backlog", "write");
    assert_eq!(blind.inside(|| waits::item_change("a")).unwrap_err().kind, ErrorKind::Denied);
}

#[test]
fn a_question_that_nobody_answers_in_time_expires() {
    let host = Host::new().at(0).answers_after("Which?", 60, "that");
    host.inside(|| {
        let question = Question::new("Which?");
        assert_eq!(people::post(&question.clone().expiring(20, "this")).unwrap().wait(), Ok("this".to_owned()));
        assert_eq!(run::now(), 20);
        assert_eq!(people::ask(&question.clone().expiring(10, "late")), Ok("late".to_owned()), "its time has passed");
        let open: Vec<_> = (0..32).map(|_| people::post(&question).unwrap()).collect();
        let refused = people::post(&question).unwrap_err();
        assert!(refused.kind == ErrorKind::Invalid && refused.text.contains("32 questions open"), "{refused}");
        open[0].cancel().unwrap();
        let last = people::post(&question).unwrap();
        assert_eq!((last.wait(), run::now()), (Ok("that".to_owned()), 80));
    });
}

#[test]
fn a_run_that_is_cancelled_can_put_things_in_order_and_no_more() {
    let host = timed(&[("a", 30), ("b", 5)])
        .with_cancel_after(10)
        .with_agent("ann", |_| Ok(Report::new("", "")))
        .answers("", "yes")
        .when("", "Yes.")
        .with_item(Draft::new(Kind::Task, "a", "A"), Status::InProgress);
    let work = |_: Value| {
        let (b, mut open) = (start("b"), vec![start("a").map(drop)]);
        assert!(b.wait().is_ok());
        let cancelled = waits::any(&mut open).unwrap_err();
        assert!(cancelled.kind == ErrorKind::Cancelled && cancelled.ends_the_run());
        let refused = |result: Result<()>| assert_eq!(result, Err(cancelled.clone()));
        let due = waits::timer(0).unwrap();
        refused(waits::any_until(&mut open, 0).map(drop));
        refused(waits::any_of(&[due.ticket().clone()], None).map(drop));
        refused(run::sleep_until(0));
        refused(run::pause("Look."));
        refused(agents::perform("ann", &Task::new("Do.")).map(drop));
        refused(agents::begin("ann", &Task::new("Do.")).map(drop));
        refused(workflows::start::<Value, _>("at-once", &()).map(drop));
        refused(people::ask(&Question::new("Is it?")).map(drop));
        refused(people::post(&Question::new("Is it?")).map(drop));
        refused(llm::complete(&llm::Request::new().with_user("Is it?")).map(drop));
        refused(llm::complete_all(&[llm::Request::new().with_user("Is it?")]).remove(0).map(drop));
        open.iter().try_for_each(Pending::cancel).unwrap();
        due.cancel().unwrap();
        backlog::move_to("a", Status::Todo, "The run was cancelled.").unwrap();
        run::publish("phase", "ended").unwrap();
        files::write("a.md", "A").unwrap();
        Ok::<_, Error>(run::now())
    };
    assert_eq!(host.twice(|| host.inside(|| work(Value::Null))), Ok(10));
    assert_eq!((host.published("phase"), host.file("a.md").as_deref()), (Some(json!("ended")), Some("A")));
    let host = timed(&[("a", 30), ("b", 5)]).with_cancel_after(10).with_file("a.md", "");
    let sleeps = |_: Value| run::sleep_until(20).or_else(|_| files::remove("a.md"));
    assert_eq!(host.run(sleeps, ()).unwrap_err().kind, ErrorKind::Cancelled, "whatever it returns");
    assert!(host.files().is_empty());
}

#[test]
fn whatever_waits_is_told_that_the_run_is_cancelled() {
    let told = |host: Host, wait: &dyn Fn() -> Result<()>| {
        let host = host.at(0).with_cancel_after(10);
        assert_eq!(host.inside(wait).map_err(|error| error.kind), Err(ErrorKind::Cancelled));
        assert_eq!(host.inside(run::now), 10);
    };
    told(Host::new(), &|| run::sleep_until(11));
    told(Host::new(), &|| run::sleep_until(10));
    told(Host::new(), &|| run::pause("Look."));
    told(Host::new(), &|| waits::timer(11)?.wait());
    told(Host::new(), &|| waits::timer(11)?.wait_until(20));
    told(Host::new().answers_after("", 11, "yes"), &|| people::ask(&Question::new("Is it?")).map(drop));
    let ann = Host::new().with_agent_after("ann", 11, |_| unreachable!("its run is cancelled as well"));
    told(ann, &|| agents::perform("ann", &Task::new("Do.")).map(drop));
    let nested = Host::new().with_agent("ann", |_| run::sleep_until(20).map(|()| Report::new("", "")));
    told(nested, &|| agents::perform("ann", &Task::new("Do.")).map(drop));
    let paused = Host::new().at(0).resumes(1).with_cancel_after(10);
    assert_eq!(paused.inside(|| (run::pause("Look."), run::now())), (Ok(()), 0), "it is resumed before");
}

#[test]
fn what_a_run_publishes_is_bounded() {
    let host = Host::new();
    let refused = |key: &str, value: &Value, part: &str| {
        let error = host.inside(|| run::publish(key, value)).unwrap_err();
        assert!(error.kind == ErrorKind::Invalid && error.text.contains(part), "{error}");
        let wrong = match key {
            "a" => "value",
            "more" => "more",
            _ => "key",
        };
        assert_eq!(error.subject.as_deref(), Some(wrong));
    };
    for key in ["", "A", "a/b", "a\n", "\u{430}", &"a".repeat(65)] {
        refused(key, &json!(1), "The key is not one");
    }
    refused("a", &json!("x".repeat((64 << 10) - 1)), "65537 bytes is more than the 65536");
    host.inside(|| {
        run::publish("large", &"x".repeat((64 << 10) - 2)).unwrap();
        (0..63).try_for_each(|key| run::publish(&format!("key.{key}"), &key)).unwrap();
    });
    refused("more", &json!(1), "64 keys");
    host.inside(|| {
        run::publish("key.0", &"again").unwrap();
        run::publish("more", &Value::Null).unwrap();
        run::publish("large", &None::<u8>).unwrap();
        run::publish("more", &1).unwrap();
    });
    assert_eq!((host.published("large"), host.published("more"), host.published("key.0")), (None, Some(json!(1)), Some(json!("again"))));
}

#[test]
fn a_run_begins_again_with_nothing_that_it_held() {
    let host = timed(&[("a", 30)]);
    let work = |left: u64| {
        let child = start("a");
        let signal = waits::signal::<Value>("never")?;
        assert_eq!(signal.ticket().to_string(), format!("signal-{}", 17 - 5 * left), "its calls count on");
        if left == 0 {
            return Ok(child.wait()?.output);
        }
        run::publish("left", &left)?;
        run::sleep_until(run::now() + 10)?;
        Err(run::continue_with(&(left - 1)))
    };
    assert_eq!(host.run(work, 3), Ok(json!(60)));
    assert_eq!(host.requests("run.continue-with"), [2, 1, 0].map(|left| json!({ "input": left })));
    assert_eq!(logged(&host), ["a"], "what was held before was given up");
    assert_eq!(host.published("left"), Some(json!(1)), "what it published stays");
    assert_eq!(host.run_once(|_: u64| work(3), 0), Ending::Continued(json!(2)));
    let ignores = |left: u64| {
        drop(run::sleep_until(u64::MAX));
        Err::<(), _>(run::continue_with(&left))
    };
    assert_eq!(host.with_cancel_after(5).run(ignores, 1).unwrap_err().kind, ErrorKind::Cancelled, "it has no time left");
}

#[test]
fn only_a_workflow_begins_again_and_a_part_of_one_has_no_result() {
    let agent = |_: Task| Err(run::continue_with(&1));
    let toolbox = |_: &str, _: Value| Err(run::continue_with(&1));
    let host = Host::new().with_agent("ann", move |task| agent(task.clone()));
    assert_eq!(host.perform(agent, Task::new("Do.")).unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(host.call(toolbox, "x", json!({})).unwrap_err().kind, ErrorKind::Invalid);
    let by_another = host.run(|_: Value| agents::perform("ann", &Task::new("Do.")).map(|outcome| outcome.answer), ()).unwrap_err();
    assert_eq!(by_another.of_child().map(|error| error.kind), Some(ErrorKind::Invalid));
    let said = panics(|| drop(host.inside(|| run::continue_with(&json!({ "left": 1 })))));
    assert!(said.contains(r#"{"left":1}"#) && said.contains("Host::run_once"), "{said}");
    let said = panics(|| drop(host.run(|left: u64| Err::<(), _>(run::continue_with(&left)), 1)));
    assert!(said.contains("1000 times") && said.contains("Host::with_cancel_after"), "{said}");
    let broken = panics(|| drop(host.run(|_: Value| -> Result<()> { panic!("{}", "broken") }, ())));
    assert_eq!(broken, "broken", "another panic stays what it is");
}

#[test]
fn the_second_execution_waits_for_the_same() {
    let host = timed(&[("a", 30)])
        .answers_after("Which?", 20, "this")
        .with_signal_after("go", 5, 7)
        .with_item(Draft::new(Kind::Task, "a", "A"), Status::Todo)
        .with_item_moved_after("a", 40, Status::Cancelled)
        .with_agent_after("ann", 15, |task| Ok(Report::new(format!("{} at {}", task.goal, run::now()), "")));
    let work = |rounds: u64| {
        let mut open = vec![
            agents::begin("ann", &Task::new("Look."))?.map(|Outcome { answer, .. }| answer),
            people::post(&Question::new("Which?"))?,
            waits::signal::<u32>("go")?.map(|number| number.to_string()),
            waits::item_change("a")?.map(|item| item.status.as_str().to_owned()),
            start("a").map(|ended| ended.output.to_string()),
        ];
        if rounds == 0 {
            return Ok((Vec::new(), 0));
        }
        let mut came = Vec::new();
        while let Some(arrival) = waits::any_until(&mut open, 60)? {
            came.push(arrival.outcome?);
            if open.len() == 1 {
                open.remove(0).cancel()?;
                return if rounds == 1 { Ok((came, run::now())) } else { Err(run::continue_with(&0)) };
            }
        }
        unreachable!()
    };
    let came = ["7", "Look. at 15", "this", "30"].map(str::to_owned).to_vec();
    assert_eq!(host.twice(|| work(1)), Ok((came, 30)));
    let host = Host::new().at(0).with_signal_after("go", 5, 7).with_cancel_after(50);
    let again = |rounds: u64| match rounds {
        0 => waits::signal::<u32>("go")?.wait(),
        _ => Err(run::continue_with(&(rounds - 1))),
    };
    assert_eq!(host.twice(|| host.run(again, 2)), Ok(json!(7)));
    assert_eq!(
        host.twice(|| host.run(|_: Value| waits::signal::<u32>("go")?.wait(), ()).map_err(|error| error.kind)),
        Err(ErrorKind::Cancelled)
    );
}

#[test]
fn the_second_execution_is_answered_from_the_first_and_changes_nothing() {
    let asked = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&asked);
    let host = timed(&[("a", 30)])
        .resumes(1)
        .with_agent("ann", |_| {
            files::write("by-ann.md", "A")?;
            Ok(Report::new("done", "wrote"))
        })
        .with_model(move |_| {
            count.set(count.get() + 1);
            Some(says(count.get().to_string()))
        });
    let work = || {
        let begin = run::now();
        let version = state::set("b", "k", &1, Some(0))?;
        let answer = agents::perform("ann", &Task::new("Write."))?.answer;
        run::pause("Look.")?;
        let ended = start("a").wait()?.output;
        let reply = llm::complete(&llm::Request::new().with_user(format!("{begin} {ended} {}", run::now())))?.text();
        Ok::<_, Error>((version, answer, reply, files::read("ghost").map_err(|error| error.kind)))
    };
    let expected = (1, "done".to_owned(), "1".to_owned(), Err(ErrorKind::NotFound));
    assert_eq!(host.twice(work), Ok(expected));
    assert_eq!((asked.get(), host.inside(run::now), host.prompts()), (1, 30, vec!["0 30 30".to_owned()]));
    let names: Vec<_> = host.calls().into_iter().map(|call| call.name).collect();
    let own = ["state.set", "agents.perform", "files.write", "run.pause", "workflows.start", "waits.any", "run.log"];
    assert_eq!(names, [&own[..], &["llm.complete", "files.read"]].concat());
}
