//! The whole workflow on a host in memory, with a stand-in for `sprint`.

use std::cell::Cell;
use std::rc::Rc;

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Autopilot;

const HOUR: u64 = 60 * 60 * 1000;

/// Limits as the host gives them.
fn limits(host: &Host) -> Value {
    let me = host.inside(run::about).id;
    json!({
        "run": me, "is_on": true, "branch": "main", "stories": 2, "tries": 2, "is_open": true, "changes_at": null, "is_spent": false,
        "day_ends": host.inside(run::now) + 6 * HOUR, "asking": [], "set_at": 1,
    })
}

/// A night that ends after two hours.
fn host(stories: &[&str]) -> Host {
    let mut host = Host::new().with_manifest(&manifest()).with_file("kitty", "begin\n").with_repository();
    for key in stories {
        host = host.with_item(Draft::new(Kind::Story, *key, format!("Story {key}")), Status::Todo);
    }
    let limits = limits(&host);
    host.with_setting("autopilot", limits).with_cancel_after(2 * HOUR)
}

/// The stand-in works inside the same host and needs what its original has.
fn manifest() -> String {
    include_str!("../plugin.toml").replace("[needs]", "[needs]\nstate = [\"*\"]")
}

/// The keys of the stories that sprints were started for, in their order.
fn begun(host: &Host) -> Vec<String> {
    let keys = host.requests("workflows.start").into_iter().filter_map(|request| Some(request["input"]["stories"][0].as_str()?.to_owned()));
    keys.collect()
}

fn key_of(input: &Value) -> String {
    input["stories"][0].as_str().unwrap_or_default().to_owned()
}

/// How a sprint of one story ends.
fn told(key: &str, outcome: &str) -> Value {
    let landed = u32::from(outcome == "landed");
    json!({ "landed": landed, "main": format!("{:040x}", 1), "stories": [{ "key": key, "outcome": outcome, "reason": "Why." }] })
}

fn landed(input: &Value) -> Result<Value> {
    if input["look"] == "only" {
        return Ok(json!({ "landed": 0, "stories": [] }));
    }
    let key = key_of(input);
    backlog::move_to(&key, Status::InProgress, "taken up")?;
    backlog::move_to(&key, Status::Done, "landed")?;
    Ok(told(&key, "landed"))
}

/// A sprint of one story that takes it up and ends so.
fn ending(outcome: &'static str, status: Status) -> impl Fn(&Value) -> Result<Value> {
    move |input| {
        if input["look"] == "only" {
            return Ok(json!({ "landed": 0, "stories": [] }));
        }
        let key = key_of(input);
        match backlog::move_to(&key, Status::InProgress, "taken up") {
            Err(error) if error.kind != ErrorKind::Conflict => return Err(error),
            _ => backlog::move_to(&key, status, "Why.")?,
        }
        Ok(told(&key, outcome))
    }
}

/// Until it is cancelled.
fn night(host: &Host) -> Error {
    host.run(Autopilot::run, json!({})).expect_err("it never ends by itself")
}

#[test]
fn stories_that_are_ready_land_the_most_urgent_first_and_the_branch_is_looked_at_once() {
    let urgent = Draft::new(Kind::Story, "1-9", "Urgent").with_priority(9);
    let host = host(&["1-1", "1-2", "1-3"]).with_item(urgent, Status::Todo).with_workflow_after("sprint", 60_000, landed);
    assert_eq!(night(&host).kind, ErrorKind::Cancelled);
    assert_eq!(begun(&host), ["1-9", "1-1", "1-2", "1-3"]);
    let starts = host.requests("workflows.start");
    assert_eq!(starts.iter().filter(|request| request["input"]["look"] == "only").count(), 1, "{starts:?}");
    assert!(
        starts.iter().filter(|request| request["input"]["look"] != "only").all(|request| request["item"] == request["input"]["stories"][0])
    );
}

#[test]
fn a_story_that_fails_is_tried_again_as_often_as_it_may_be_and_then_left() {
    let host = host(&["1-1"]).with_workflow_after("sprint", 1_000, ending("failed", Status::Failed));
    night(&host);
    assert_eq!(begun(&host), ["1-1", "1-1"]);
}

#[test]
fn a_blocked_story_waits_for_a_change_and_gets_all_its_tries_again() {
    let host = host(&["1-1"]).with_workflow_after("sprint", 1_000, ending("blocked", Status::Blocked));
    let host = host.with_signal_after("look", HOUR / 2, Value::Null);
    night(&host);
    assert_eq!(begun(&host), ["1-1"], "nothing about it has changed");
    let again = self::host(&["1-1"]).with_workflow_after("sprint", 1_000, ending("blocked", Status::Blocked));
    let again = again.with_item_moved_after("1-1", HOUR / 2, Status::Todo).with_signal_after("look", HOUR / 2 + 1, Value::Null);
    night(&again);
    assert_eq!(begun(&again), ["1-1", "1-1"], "a person made it ready");
}

#[test]
fn what_a_person_moved_is_the_persons() {
    for status in [Status::InProgress, Status::Review, Status::Blocked, Status::Failed] {
        let host = host(&[]).with_item(Draft::new(Kind::Story, "1-1", "Mine"), status).with_workflow("sprint", landed);
        night(&host);
        assert_eq!(begun(&host), Vec::<String>::new(), "{status:?}");
    }
}

#[test]
fn outside_its_hours_and_on_a_spent_day_nothing_is_begun() {
    for (key, value) in [("is_open", json!(false)), ("is_spent", json!(true))] {
        let host = host(&["1-1"]).with_workflow("sprint", landed);
        let mut limits = limits(&host);
        limits[key] = value;
        let host = host.with_setting("autopilot", limits);
        night(&host);
        assert_eq!(begun(&host), Vec::<String>::new(), "{key}");
    }
}

#[test]
fn a_checkout_with_changes_is_told_once_and_waited_for() {
    let host = host(&["1-1"]).with_workflow("sprint", landed).with_file("mine", "not committed");
    night(&host);
    assert_eq!(begun(&host), Vec::<String>::new());
    let told = host.requests("people.inform");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["reasoning"].to_string().contains("not committed"), "{told:?}");
    assert!(host.requests("run.continue-with").len() > 5, "its journal does not grow all night");
}

#[test]
fn a_branch_that_is_not_fit_is_told_once() {
    let looks = Rc::new(Cell::new(0));
    let counted = Rc::clone(&looks);
    let host = host(&["1-1"]).with_workflow("sprint", move |_| {
        counted.set(counted.get() + 1);
        Err(Error::invalid("The tests of `main` are red."))
    });
    night(&host);
    assert_eq!((looks.get(), host.requests("people.inform").len()), (1, 1));
}

#[test]
fn a_story_that_asks_a_person_leaves_its_place_to_another() {
    let host = host(&["1-1", "1-2"]).with_workflow_after("sprint", 3 * HOUR, landed);
    let mut limits = limits(&host);
    (limits["stories"], limits["asking"]) = (json!(1), json!(["1-1"]));
    let host = host.with_workflow("sprint", landed).with_setting("autopilot", limits);
    night(&host);
    assert_eq!(begun(&host), ["1-1", "1-2"]);
}

#[test]
fn one_that_is_off_or_not_the_projects_ends_and_begins_nothing() {
    for (key, value) in [("is_on", json!(false)), ("run", json!("another"))] {
        let host = host(&["1-1"]).with_workflow("sprint", landed);
        let mut limits = limits(&host);
        limits[key] = value;
        let ended = host.with_setting("autopilot", limits);
        let output = ended.run(Autopilot::run, json!({})).expect("it ends");
        assert!(output["reason"].to_string().contains("autopilot"), "{output}");
        assert_eq!(begun(&ended), Vec::<String>::new(), "{key}");
    }
}
