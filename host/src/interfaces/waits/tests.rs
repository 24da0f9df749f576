use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::{
    actor::Actor,
    bindings::{
        Fault,
        waits::{Arrival, Host},
    },
    interfaces::{
        backlog::{BacklogError, Status, unknown},
        item_changes::Seen,
        signals::{Signal, SignalError},
        tickets::{Awaited, MOST, Moment},
    },
    journal::{self, CallError, Entry, EntryState, ErrorKind, Interrupt, Performed, RunId, Wait, testing::Bench},
};

/// An operator who sends signals, and an item that changes.
#[derive(Default)]
struct World {
    /// Name, value, and the call that took it.
    signals: Mutex<Vec<(String, Value, Option<u64>)>>,
    revision: Mutex<u64>,
}

impl World {
    fn send(&self, name: &str, value: Value) {
        self.signals.lock().unwrap().push((name.to_owned(), value, None));
    }
}

fn signal(place: usize, (name, value, _): &(String, Value, Option<u64>)) -> Signal {
    Signal { place: place as u64, name: name.clone(), value: value.clone(), sent_at: 1, sent_by: "ada".to_owned() }
}

#[async_trait]
impl Signals for World {
    async fn send(&self, _: &RunId, name: &str, value: &Value, _: &Actor) -> Result<(), SignalError> {
        self.send(name, value.clone());
        Ok(())
    }

    async fn take(&self, run: &RunId, name: &str, seq: u64) -> Result<Option<Signal>, SignalError> {
        if let Some(taken) = self.find_taken(run, seq).await? {
            return Ok(Some(taken));
        }
        let mut signals = self.signals.lock().unwrap();
        let found = signals.iter_mut().enumerate().find(|(_, signal)| signal.0 == name && signal.2.is_none());
        Ok(found.map(|(place, found)| {
            found.2 = Some(seq);
            signal(place, found)
        }))
    }

    async fn find_taken(&self, _: &RunId, seq: u64) -> Result<Option<Signal>, SignalError> {
        let signals = self.signals.lock().unwrap();
        Ok(signals.iter().enumerate().find(|(_, signal)| signal.2 == Some(seq)).map(|(place, found)| signal(place, found)))
    }

    async fn untaken(&self, _: &RunId) -> Result<Vec<Signal>, SignalError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ItemChanges for World {
    async fn see(&self, _: &str, key: &str) -> Result<Seen, BacklogError> {
        if key == "ghost" {
            return Err(unknown(key, std::iter::empty()).into());
        }
        let revision = *self.revision.lock().unwrap();
        Ok(Seen { revision, status: Status::Review, assignee: Some("amelia".to_owned()), branch: None })
    }
}

/// A child that ends when a test says so.
#[derive(Clone, Default)]
struct Child(Arc<Mutex<Option<Value>>>);

#[async_trait]
impl Awaited for Child {
    async fn look(&self, _: Moment) -> Performed<Value> {
        match self.0.lock().unwrap().clone() {
            Some(value) => Performed::answer(Ok(value)),
            None => Performed::Waiting(Wait::Runs(vec![RunId::from_text("child")])),
        }
    }

    async fn give_up(&self) -> Performed<()> {
        *self.0.lock().unwrap() = Some(json!("given up"));
        Performed::answer(Ok(()))
    }

    fn arrives_given_up(&self) -> bool {
        true
    }
}

struct Scene {
    bench: Bench,
    world: Arc<World>,
    signals: Arc<dyn Signals>,
    items: Arc<dyn ItemChanges>,
    child: Child,
}

impl Scene {
    fn new() -> Self {
        let world = Arc::new(World::default());
        Self { bench: Bench::new(), signals: world.clone(), items: world.clone(), world, child: Child::default() }
    }

    /// An execution that holds the ticket `child` from its beginning.
    async fn execute<T>(&self, guest: impl AsyncFnOnce(&mut View<'_>) -> T) -> T {
        self.execute_over(self.bench.journal.history(), guest).await
    }

    async fn execute_over<T>(&self, history: Vec<Entry>, guest: impl AsyncFnOnce(&mut View<'_>) -> T) -> T {
        let (mut recorder, mut tickets) = (self.bench.resumed_from(history), Tickets::default());
        tickets.hold("child", self.child.clone());
        let (recorder, tickets) = (&mut recorder, &mut tickets);
        guest(&mut View { recorder, tickets, signals: &self.signals, items: &self.items, project: "p" }).await
    }
}

fn came(result: Result<Option<Arrival>, Fault>) -> (String, Value) {
    match result {
        Ok(Some(Arrival { ticket, outcome: Ok(outcome) })) => (ticket, serde_json::from_str(&outcome).unwrap()),
        other => panic!("nothing came: {other:?}"),
    }
}

fn rejection<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("not rejected: {other:?}"),
    }
}

fn woken_by<T: std::fmt::Debug>(result: Result<T, Fault>) -> (Vec<journal::Awaited>, Option<u64>) {
    match result {
        Err(Fault::Interrupt(Interrupt::Suspended(Wait::Any { of, until }))) => (of, until),
        other => panic!("not waiting: {other:?}"),
    }
}

fn tickets(tickets: &[&str]) -> Vec<String> {
    tickets.iter().map(|ticket| (*ticket).to_owned()).collect()
}

#[tokio::test]
async fn the_run_waits_for_all_and_is_told_of_the_first() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let timer = waits.timer(9e12).await.unwrap();
        let signal = waits.signal("go".to_owned()).await.unwrap();
        let item = waits.item_change("1-2".to_owned()).await.unwrap();
        waits.any(vec![timer, signal, item, "child".to_owned()], Some(8e12)).await
    };
    let (of, until) = woken_by(scene.execute(guest).await);
    let item = journal::Awaited::Item { key: "1-2".to_owned(), revision: 0 };
    assert_eq!(of, [journal::Awaited::Signal("go".to_owned()), item, journal::Awaited::Run(RunId::from_text("child"))]);
    assert_eq!(until, Some(8_000_000_000_000));
    *scene.child.0.lock().unwrap() = Some(json!(7));
    *scene.world.revision.lock().unwrap() = 3;
    let (ticket, value) = came(scene.execute(guest).await);
    assert_eq!(
        (ticket.as_str(), &value["status"], &value["assignee"]),
        ("item-3", &json!("review"), &json!("amelia")),
        "the earlier in the list"
    );
    *scene.world.revision.lock().unwrap() = 0;
    assert_eq!(came(scene.execute(guest).await).0, "item-3", "a replay is told the same");
}

#[tokio::test]
async fn a_ticket_arrives_once_and_only_for_the_run_that_got_it() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let timer = waits.timer(1.0).await.unwrap();
        let first = came(waits.any(vec![timer.clone()], None).await);
        let again = rejection(waits.any(vec![timer.clone()], None).await);
        let cancelled = rejection(waits.cancel(timer).await);
        (first, again, cancelled, rejection(waits.any(tickets(&["timer-9\u{1b}[2J"]), None).await))
    };
    let (first, again, cancelled, foreign) = scene.execute(guest).await;
    assert_eq!(first, ("timer-1".to_owned(), Value::Null));
    assert_eq!((again.kind, again.subject.as_deref(), cancelled.kind), (ErrorKind::Invalid, Some("timer-1"), ErrorKind::Invalid));
    assert_eq!((foreign.kind, foreign.subject.as_deref()), (ErrorKind::NotFound, Some("timer-9\\u{1b}[2J")));
    let long = scene.execute(async |waits: &mut View<'_>| rejection(waits.cancel("x".repeat(1 << 20)).await)).await;
    assert!(long.kind == ErrorKind::NotFound && long.text.len() < 200 && long.subject.is_some(), "{long}");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let scene = Scene::new();
    for (key, kind) in [("ghost", ErrorKind::NotFound), ("no key", ErrorKind::Invalid)] {
        let guest = async |waits: &mut View<'_>| rejection(waits.item_change(key.to_owned()).await);
        let error = scene.execute_over(Vec::new(), guest).await;
        assert_eq!((error.kind, error.subject.as_deref()), (kind, Some(key)));
    }
    for count in [0, MOST + 1] {
        let guest = async |waits: &mut View<'_>| rejection(waits.any(vec!["child".to_owned(); count], None).await);
        let error = scene.execute_over(Vec::new(), guest).await;
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("tickets")));
        assert!(error.text.contains(&format!("and {count} were given")), "{}", error.text);
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_asks_without_waiting() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let nothing = waits.any(tickets(&["child"]), Some(1.0)).await;
        (nothing, rejection(waits.any(tickets(&["child"]), Some(f64::NAN)).await))
    };
    let (nothing, rejected) = scene.execute(guest).await;
    assert!(matches!(nothing, Ok(None)));
    assert_eq!((rejected.kind, rejected.subject.as_deref()), (ErrorKind::Invalid, Some("until-ms")), "it is not a time");
    *scene.child.0.lock().unwrap() = Some(json!(7));
    assert!(matches!(scene.execute(guest).await.0, Ok(None)), "a replay is told the same");
    let later = async |waits: &mut View<'_>| {
        guest(waits).await.0.unwrap();
        came(waits.any(tickets(&["child"]), Some(1.0)).await)
    };
    assert_eq!(scene.execute(later).await, ("child".to_owned(), json!(7)), "what has come comes first");
}

#[tokio::test]
async fn a_signal_goes_to_one_call_also_when_that_was_cut_off() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let (stop, go) = (waits.signal("stop".to_owned()).await.unwrap(), waits.signal("go".to_owned()).await.unwrap());
        waits.any(vec![stop, "child".to_owned(), go], None).await
    };
    scene.world.send("go", json!(1));
    scene.world.send("go", json!(2));
    assert_eq!(came(scene.execute(guest).await), ("signal-2".to_owned(), json!(1)));
    // The host died before the answer was written; meanwhile everything else has come as well.
    let mut history = scene.bench.journal.history();
    let cut = history.last_mut().unwrap();
    (cut.state, cut.answer) = (EntryState::Intended, None);
    scene.world.send("stop", json!(3));
    *scene.child.0.lock().unwrap() = Some(json!(7));
    assert_eq!(came(scene.execute_over(history, guest).await), ("signal-2".to_owned(), json!(1)));
    let untaken = scene.world.signals.lock().unwrap().iter().filter(|signal| signal.2.is_none()).count();
    assert_eq!(untaken, 2, "nothing else was taken");
    for wrong in ["", "Go", "a b", &"x".repeat(65)] {
        let error = scene.execute_over(Vec::new(), async |waits: &mut View<'_>| rejection(waits.signal(wrong.to_owned()).await)).await;
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("name")));
    }
}

#[tokio::test]
async fn a_child_that_was_given_up_still_arrives_and_a_timer_does_not() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let timer = waits.timer(1.0).await.unwrap();
        waits.cancel(timer.clone()).await.unwrap();
        waits.cancel("child".to_owned()).await.unwrap();
        waits.cancel("child".to_owned()).await.unwrap();
        (rejection(waits.any(vec![timer], None).await), came(waits.any(tickets(&["child"]), None).await))
    };
    let (timer, child) = scene.execute(guest).await;
    assert_eq!((timer.kind, child), (ErrorKind::Invalid, ("child".to_owned(), json!("given up"))));
}

#[tokio::test]
async fn a_run_holds_a_thousand_tickets_and_waits_for_as_many() {
    let mut scene = Scene::new();
    scene.bench.limits.calls = 2_000;
    let guest = async |waits: &mut View<'_>| {
        let mut timers = Vec::new();
        for _ in 0..999 {
            timers.push(waits.timer(9e12).await.unwrap());
        }
        let full = [rejection(waits.timer(9e12).await), rejection(waits.signal("a".to_owned()).await)];
        let odd = [rejection(waits.any(Vec::new(), None).await), rejection(waits.any(vec!["child".to_owned(); 1001], None).await)];
        waits.cancel(timers.pop().unwrap()).await.unwrap();
        timers.push(waits.timer(9e12).await.unwrap());
        (full, odd, waits.any(timers, None).await)
    };
    let (full, odd, waits) = scene.execute(guest).await;
    assert!(full.into_iter().chain(odd).all(|error| error.kind == ErrorKind::Invalid));
    assert_eq!(woken_by(waits), (Vec::new(), Some(9_000_000_000_000)));
}

#[tokio::test]
async fn a_run_that_is_cancelled_is_told_so_where_it_waits() {
    let scene = Scene::new();
    let guest = async |waits: &mut View<'_>| {
        let timer = waits.timer(9e12).await.unwrap();
        (waits.any(vec![timer.clone()], None).await, waits.cancel(timer).await)
    };
    woken_by(scene.execute(async |waits: &mut View<'_>| guest(waits).await.0).await);
    scene.bench.halt.begin_cancelling();
    let (any, cancelled) = scene.execute(guest).await;
    let error = rejection(any);
    assert_eq!((error.kind, error.subject), (ErrorKind::Cancelled, None));
    assert!(cancelled.is_ok(), "what puts things in order is done");
}
