//! Deeds that wait for everything a run can wait for, and one that puts things in order when it is cancelled.

use std::collections::BTreeMap;

use baton_sdk::{
    backlog::{Draft, Kind, Status},
    people::Question,
    prelude::*,
};

/// One of the things that two children, a person, a clock, an operator and a backlog can do first.
enum Event {
    Child(Value),
    Answer(String),
    Time,
    Signal(u64),
    Item(String),
}

/// Expects: two signals `go`, 1 and 2; two models that answer; and a question to expire. Gives the same however often its
/// host dies, and leaves a child that the host has to cancel.
pub(crate) fn for_everything() -> Result<Value> {
    let mut gave = BTreeMap::new();
    gave.insert("side-by-side", side_by_side()?);
    gave.insert("question", question_against_a_clock()?);
    gave.insert("signals", json!([signal()?, signal()?]));
    gave.insert("item", item()?);
    gave.insert("given-up", given_up()?);
    run::publish("gave", &gave)?;
    let _left = child("sleep")?;
    Ok(json!(gave))
}

fn child(deed: &str) -> Result<Pending<workflows::Outcome<Value>>> {
    workflows::start("probe", &json!({ "do": deed, "prompt": "a question", "milliseconds": 3_600_000, "of": 1 }))
}

/// Both in the order in which they were started, whichever ends first.
fn side_by_side() -> Result<Value> {
    let (one, two) = (child("ask")?, child("ask")?);
    let mut open = vec![one.map(|ended| (1, ended.output)), two.map(|ended| (2, ended.output))];
    let mut ended = BTreeMap::new();
    while !open.is_empty() {
        let (place, output) = waits::any(&mut open)?.outcome?;
        ended.insert(place, output);
    }
    Ok(json!(ended))
}

fn question_against_a_clock() -> Result<Value> {
    let question = Question::new("Which currency?").with_options(["EUR", "USD"]).expiring(run::now() + 30, "EUR");
    let first = waits::race([people::post(&question)?.map(Event::Answer), waits::timer(run::now() + 3_600_000)?.map(|()| Event::Time)])?;
    Ok(told(first))
}

fn signal() -> Result<Value> {
    let hour = run::now() + 3_600_000;
    Ok(told(waits::race([waits::signal::<u64>("go")?.map(Event::Signal), waits::timer(hour)?.map(|()| Event::Time)])?))
}

fn item() -> Result<Value> {
    backlog::put(&[Draft::new(Kind::Task, "waited-for", "Changes")])?;
    let change = waits::item_change("waited-for")?.map(|item| Event::Item(item.status.as_str().to_owned()));
    backlog::move_to("waited-for", Status::InProgress, "begun")?;
    Ok(told(change.wait()?))
}

/// A deadline that passes, and a child that is cancelled and still arrives.
fn given_up() -> Result<Value> {
    let mut open = vec![child("sleep")?.then(|ended| Ok(Event::Child(json!(ended.map_err(|error| String::from(error.kind)).err()))))];
    let nothing = waits::any_until(&mut open, run::now() + 20)?.is_none();
    open[0].cancel()?;
    let Some(child) = open.pop() else { return Ok(Value::Null) };
    Ok(json!([nothing, told(child.wait()?)]))
}

fn told(event: Event) -> Value {
    match event {
        Event::Child(ended) => json!({ "child": ended }),
        Event::Answer(answer) => json!({ "answer": answer }),
        Event::Time => json!("time"),
        Event::Signal(signal) => json!({ "signal": signal }),
        Event::Item(status) => json!({ "item": status }),
    }
}

/// Expects: to be cancelled while it and a child of it wait for signals that nobody sends. Takes a lock, and gives it back when it is told; what it
/// may not do any more, it tries.
pub(crate) fn until_cancelled() -> Result<Value> {
    run::publish("lock", &"taken")?;
    let _child = child("first-signal")?;
    let waited = waits::signal::<Value>("never")?.wait();
    let refused = [
        waited,
        llm::complete(&llm::Request::new().with_user("a question")).map(|_| Value::Null),
        child("ask").map(|_| Value::Null),
        people::post(&Question::new("May I?")).map(|_| Value::Null),
        waits::timer(0).and_then(Pending::wait).map(|()| Value::Null),
    ];
    let refused: Vec<_> = refused.into_iter().map(|answer| answer.err().map(|error| String::from(error.kind))).collect();
    run::publish("lock", &Value::Null)?;
    run::publish("refused", &refused)?;
    Ok(json!("in order"))
}

/// Expects: to be ended by the host, for it hears nothing.
pub(crate) fn deaf() -> Result<Value> {
    let never = waits::signal::<Value>("never")?;
    loop {
        let _ = waits::any_of(std::slice::from_ref(never.ticket()), None);
    }
}

/// Expects: to be denied what it writes after it has started a child, and the child to be cancelled with it.
pub(crate) fn leave_and_fail() -> Result<Value> {
    let _child = child("first-signal")?;
    files::write("elsewhere.txt", "").map(|()| Value::Null)
}

/// Expects: so many timers that are due at once, one after the other, in one run.
pub(crate) fn timers(times: u64) -> Result<Value> {
    let mut open = (0..times).map(|_| waits::timer(0)).collect::<Result<Vec<_>>>()?;
    let mut arrived = 0;
    while !open.is_empty() {
        waits::any(&mut open)?.outcome?;
        arrived += 1;
    }
    Ok(json!(arrived))
}

/// Expects: to be suspended until one of so many signals comes, `signal-0` and so on; gives which.
pub(crate) fn first_signal(of: u64) -> Result<Value> {
    let signals = (0..of).map(|number| Ok(waits::signal::<Value>(&format!("signal-{number}"))?.map(move |_| number)));
    Ok(json!(waits::any(&mut signals.collect::<Result<Vec<_>>>()?)?.outcome?))
}

/// Expects: the first of several children to end, and the others to be cancelled then. Gives what the first gave, or fails as it did.
pub(crate) fn race(inputs: &Value) -> Result<Value> {
    let start = |input: &Value| Ok(workflows::start::<Value, _>("probe", input)?.map(|ended| ended.output));
    waits::race(inputs.as_array().into_iter().flatten().map(start).collect::<Result<Vec<_>>>()?)
}

/// Expects: a ticket of each kind to give what it stands for, and one to be given up.
pub(crate) fn each_ticket(agent: &str) -> Result<Value> {
    let agent = agents::begin(agent, &Task::new("Add up bill.txt"))?;
    let question = people::post(&Question::new("Which?").expiring(run::now() + 1, "two"))?;
    let never = waits::signal::<Value>("never")?;
    let changed = item()?;
    waits::timer(0)?.wait()?;
    never.cancel()?;
    Ok(json!([agent.wait()?.answer, question.wait()?, changed]))
}

/// Expects: so many signals `go`, one after the other, whenever they come. Gives their values in the order in which it got them.
pub(crate) fn signals(times: u64) -> Result<Value> {
    (0..times).map(|_| waits::signal::<Value>("go")?.wait()).collect::<Result<Vec<_>>>().map(Value::from)
}

/// Expects: to be suspended until the item `other` changes, which is there already. Changes its own then.
pub(crate) fn turn(own: &str, other: &str) -> Result<Value> {
    let change = waits::item_change(other)?.wait()?;
    backlog::move_to(own, Status::InProgress, "The other has changed.")?;
    Ok(json!(change.status.as_str()))
}
