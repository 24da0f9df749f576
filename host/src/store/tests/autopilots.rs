use serde_json::json;

use super::{child, fresh, id, run};
use crate::{
    actor::Actor,
    events::{Category, Draft as Event, EventLog},
    interfaces::{
        autopilot::{Autopilot, AutopilotLimits, Autopilots, Hours},
        backlog::{Author, Backlog, Draft, Kind, Labels, Status},
        llm::money::{Amount, Ledger, PostingFilter},
        people::{Question, Questions, Severity},
        report::Reports,
        signals::Signals,
    },
    kernel::run::{Run, Runs, State},
    store::Store,
};

fn wanted(run: &str) -> Autopilot {
    let hours = Some(Hours { from: 22 * 60, to: 6 * 60 });
    let limits = AutopilotLimits { stories: 2, tries: 3, dollars: "20".parse().ok(), hours, zone: "Europe/Berlin".to_owned() };
    Autopilot {
        project: "demo".to_owned(),
        run: id(run),
        is_on: true,
        branch: "main".to_owned(),
        limits,
        set_at: 0,
        set_by: "ada".to_owned(),
    }
}

fn story(key: &str) -> Draft {
    let (title, labels) = (format!("About {key}"), Labels::default());
    Draft { key: key.to_owned(), kind: Kind::Story, title, body: String::new(), parent: None, after: Vec::new(), priority: 5, labels }
}

fn person() -> Author {
    Author::Person(Actor::operator("ada"))
}

async fn untaken(store: &Store, run: &str) -> usize {
    store.untaken(&id(run)).await.unwrap().len()
}

#[tokio::test]
async fn however_often_it_is_turned_on_one_run_is_the_autopilot_until_that_has_ended() {
    let (_folder, store) = fresh().await;
    let first = store.turn_on(&wanted("a"), &Actor::operator("ada")).await.unwrap();
    assert_eq!((first.run.clone(), first.limits.clone()), (id("a"), wanted("a").limits));
    // Its run was not started yet: whoever turns it on again is told of it and starts that.
    let limits = AutopilotLimits { stories: 5, dollars: None, hours: None, ..wanted("a").limits };
    let again = store.turn_on(&Autopilot { limits: limits.clone(), ..wanted("b") }, &Actor::operator("ada")).await.unwrap();
    assert_eq!((again.run, store.autopilot("demo").await.unwrap().unwrap().limits), (id("a"), limits));
    store.add(&run("a"), 1, Vec::new()).await.unwrap();
    assert_eq!(store.turn_on(&wanted("c"), &Actor::operator("ada")).await.unwrap().run, id("a"));
    store.transition(&id("a"), &["queued"], State::Cancelled, None, Vec::new()).await.unwrap();
    assert_eq!(store.turn_on(&wanted("d"), &Actor::operator("ada")).await.unwrap().run, id("d"));
    assert_eq!(store.turn_off("demo", &Actor::operator("bob")).await.unwrap().unwrap().run, id("d"));
    assert_eq!(store.turn_off("demo", &Actor::operator("bob")).await.unwrap(), None);
    assert!(!store.autopilot("demo").await.unwrap().unwrap().is_on);
    assert_eq!(
        store.turn_on(&wanted("e"), &Actor::operator("ada")).await.unwrap().run,
        id("e"),
        "one that was turned off is not the autopilot again"
    );
    let told: Vec<_> = store.after(0, None, 99).await.unwrap().into_iter().map(|event| event.draft.name).collect();
    assert_eq!(told.iter().filter(|name| *name == "autopilot_on").count(), 5);
    assert_eq!(told.iter().filter(|name| *name == "autopilot_off").count(), 1);
}

#[tokio::test]
async fn the_run_is_told_once_of_all_that_changes_before_it_looks() {
    let (_folder, store) = fresh().await;
    store.add(&run("a"), 1, Vec::new()).await.unwrap();
    store.put("demo", &[story("1-1")], &person()).await.unwrap();
    assert_eq!(untaken(&store, "a").await, 0, "no autopilot is on");
    store.turn_on(&wanted("a"), &Actor::operator("ada")).await.unwrap();
    assert_eq!(store.take(&id("a"), "look", 1).await.unwrap().map(|signal| signal.sent_by), Some("baton".to_owned()));
    store.put("demo", &[story("1-2")], &person()).await.unwrap();
    store.move_to("demo", "1-1", Status::Blocked, "", &person()).await.unwrap();
    store.put("other", &[story("1-2")], &person()).await.unwrap();
    assert_eq!(untaken(&store, "a").await, 1);
    store.take(&id("a"), "look", 2).await.unwrap().unwrap();
    store.move_to("demo", "1-1", Status::Todo, "", &person()).await.unwrap();
    store.take(&id("a"), "look", 3).await.unwrap().unwrap();
    store.turn_off("demo", &Actor::operator("ada")).await.unwrap();
    assert_eq!(untaken(&store, "a").await, 1, "also that it is off");
    store.take(&id("a"), "look", 4).await.unwrap().unwrap();
    store.move_to("demo", "1-1", Status::Cancelled, "", &person()).await.unwrap();
    assert_eq!(untaken(&store, "a").await, 0);
    store.turn_on(&wanted("a"), &Actor::operator("ada")).await.unwrap();
    store.take(&id("a"), "look", 5).await.unwrap().unwrap();
    store.transition(&id("a"), &["queued"], State::Cancelled, None, Vec::new()).await.unwrap();
    store.move_to("demo", "1-1", Status::Todo, "", &person()).await.unwrap();
    assert_eq!(untaken(&store, "a").await, 0, "one that has ended is told nothing");
}

#[tokio::test]
async fn the_stories_that_wait_for_a_person_are_known() {
    let (_folder, store) = fresh().await;
    store.add(&run("a"), 9, Vec::new()).await.unwrap();
    store.turn_on(&wanted("a"), &Actor::operator("ada")).await.unwrap();
    store.take(&id("a"), "look", 1).await.unwrap();
    store.add(&Run { item: Some("1-1".to_owned()), ..child("b", "a", 1) }, 9, Vec::new()).await.unwrap();
    let question = Question {
        text: "Which?".to_owned(),
        options: Vec::new(),
        reasoning: String::new(),
        confidence: 0.5,
        severity: Severity::Important,
        context: json!({}),
        best: None,
        expiry: None,
    };
    store.ask(&id("b"), 1, &question).await.unwrap();
    assert_eq!(store.asking(&id("a")).await.unwrap(), ["1-1"]);
    assert_eq!(untaken(&store, "a").await, 1, "its place is free");
    store.transition(&id("b"), &["queued"], State::Cancelled, None, Vec::new()).await.unwrap();
    assert_eq!(store.asking(&id("a")).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_report_has_what_happened_since_and_what_is_left_each_once() {
    let (_folder, store) = fresh().await;
    store.add(&Run { item: Some("1-1".to_owned()), ..run("a") }, 9, Vec::new()).await.unwrap();
    store.put("demo", &[story("1-1"), story("1-2"), story("1-3")], &person()).await.unwrap();
    let by = |seq: u64| Author::Call { run: id("a"), call: format!("a:{seq}") };
    store.move_to("demo", "1-1", Status::Done, "landed", &by(1)).await.unwrap();
    store.move_to("demo", "1-2", Status::Blocked, "It is red.", &by(2)).await.unwrap();
    let reply = |data| Event::for_test(Category::Llm, "completed", Some(&id("a")), data);
    let usage = |seq: u64, cost: f64| json!({ "seq": seq, "model": "a/b", "input_tokens": 7, "output_tokens": 2, "cost_usd": cost });
    store.append(vec![reply(usage(1, 0.1))]).await.unwrap();
    let since = store.after(0, None, 99).await.unwrap().last().unwrap().at + 1;
    store
        .append(vec![reply(usage(2, 0.2)), Event::for_test(Category::Llm, "repeated", Some(&id("a")), json!({ "seq": 2 }))])
        .await
        .unwrap();
    for (name, flaky) in [("t1", true), ("t2", false)] {
        let tests = Run { plugin: "run-tests".to_owned(), item: Some("1-3".to_owned()), created_at: since, ..child(name, "a", 7) };
        store.add(&tests, 9, Vec::new()).await.unwrap();
        let output = crate::interfaces::children::Outcome { output: json!({ "passed": true, "flaky": flaky }), shortfall: None };
        store.transition(&tests.id, &["queued"], State::Succeeded, Some(output), Vec::new()).await.unwrap();
    }
    store.move_to("demo", "1-3", Status::Done, "landed", &by(3)).await.unwrap();
    store.move_to("demo", "1-3", Status::Done, "landed", &by(3)).await.unwrap();
    let happened = store.happened("demo", since).await.unwrap();
    let moves: Vec<_> = happened.moves.iter().map(|moved| (moved.key.as_str(), moved.after, moved.run.is_some())).collect();
    // What is blocked is told whenever that was; a call that is made again moved it once.
    assert_eq!(moves, [("1-2", Status::Todo, false), ("1-2", Status::Blocked, true), ("1-3", Status::Done, true)]);
    assert_eq!(happened.postings.iter().map(|posting| posting.charge.cost).collect::<Vec<_>>(), [Amount::from_dollars(0.2)]);
    assert_eq!(happened.postings[0].item.as_deref(), Some("1-1"));
    let of_item =
        |project: &str, item: &str| PostingFilter { since, item: Some((project.to_owned(), item.to_owned())), ..PostingFilter::default() };
    assert_eq!(store.postings(&of_item("demo", "1-1"), 0, 9).await.unwrap(), happened.postings);
    assert_eq!(store.postings(&of_item("demo", "1-3"), 0, 9).await.unwrap(), []);
    assert_eq!(store.postings(&of_item("shop", "1-1"), 0, 9).await.unwrap(), []);
    assert_eq!((happened.repeated, happened.flaky), (vec![Some("1-1".to_owned())], vec![Some("1-3".to_owned())]));
    assert_eq!(store.happened("other", 0).await.unwrap(), crate::interfaces::report::Happened::default());
}
