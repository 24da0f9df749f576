use serde_json::json;

use super::{HOSTILE, child, draft, entry, fresh, id, open, run, write};
use crate::{
    actor::Actor,
    events::{Category, Draft, EventLog},
    interfaces::children::Outcome,
    journal::{CallError, Entry, Journal, Pause, PauseKind, Wait, Write},
    kernel::run::{Added, CancelCause, FailedCall, Filter, Run, Runs, State, Summary, Tally},
    store::Store,
};

pub(super) async fn add(store: &Store, run: &Run) {
    assert_eq!(store.add(run, u64::MAX, Vec::new()).await.unwrap(), Added::New);
}

pub(super) async fn go(store: &Store, name: &str, to: State) -> bool {
    let anywhere = ["queued", "running", "waiting", "paused"];
    store.transition(&id(name), &anywhere, to, None, Vec::new()).await.unwrap()
}

pub(super) async fn state(store: &Store, name: &str) -> State {
    store.find(&id(name)).await.unwrap().unwrap().state
}

fn waiting_for(runs: &[&str]) -> State {
    State::Waiting { wait: Wait::Runs(runs.iter().map(|name| id(name)).collect()) }
}

fn due(time: u64) -> State {
    State::Waiting { wait: Wait::Until(time) }
}

fn failed() -> State {
    State::Failed { error: CallError::other("It's over.") }
}

async fn queued(store: &Store, root: Option<&str>, plugin: Option<&str>, limit: u32) -> Vec<String> {
    let queued = store.queued(root.map(id).as_ref(), plugin, limit).await.unwrap();
    queued.into_iter().map(|queued| queued.id.to_string()).collect()
}

fn names(runs: &[Run]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}

#[tokio::test]
async fn a_run_comes_back_as_it_was_added_and_is_added_once() {
    let (folder, store) = fresh().await;
    add(&store, &run("root")).await;
    let mut expected = Vec::new();
    for (seq, text) in (1..).zip(HOSTILE) {
        let name = format!("run {text}");
        let mut hostile = child(&name, "root", seq);
        hostile.input = json!({ text: [text, "\u{0}"], "large": "x".repeat(1 << 20) });
        (hostile.plugin, hostile.project, hostile.seed, hostile.workspace) = (text.into(), text.into(), text.into(), text.into());
        (hostile.settings, hostile.output) = (json!(text), Some(json!(null)));
        let bound = json!([{ "run": text, "plugin": text, "by": "narrowed", "to": { "write": [text] } }]);
        hostile.ceiling = serde_json::from_value(bound).unwrap();
        hostile.state = State::Paused { pause: Pause::new(PauseKind::Ambiguous, text) };
        add(&store, &hostile).await;
        expected.push(hostile);
    }
    let again = Run { input: json!("other"), ..expected[0].clone() };
    assert_eq!(store.add(&again, u64::MAX, vec![draft("root", "added", json!({}))]).await.unwrap(), Added::There);
    assert!(store.after(0, None, 10).await.unwrap().is_empty(), "an addition that changed nothing told of itself");
    drop(store);
    let store = open(folder.path()).await;
    for run in expected {
        assert_eq!(store.find(&run.id).await.unwrap().unwrap(), Run { output: run.output.clone(), ..run });
    }
    assert_eq!(store.find(&id("%")).await.unwrap(), None);
}

#[tokio::test]
async fn a_tree_that_grows_at_many_places_at_once_stops_at_its_most() {
    let (_folder, store) = fresh().await;
    add(&store, &run("root")).await;
    let children: Vec<Run> = (1..=8).map(|seq| child(&format!("child {seq}"), "root", seq)).collect();
    let event = || vec![draft("root", "added", json!({}))];
    let added = futures::future::join_all(children.iter().map(|child| store.add(child, 4, event()))).await;
    let added: Vec<Added> = added.into_iter().map(Result::unwrap).collect();
    assert_eq!(added.iter().filter(|added| **added == Added::New).count(), 3, "{added:?}");
    assert_eq!(added.iter().filter(|added| **added == Added::Full).count(), 5, "{added:?}");
    assert_eq!(store.after(0, None, 10).await.unwrap().len(), 3, "one that found no room told of itself");
    // Runs that have no parent begin a tree of their own.
    assert_eq!(store.add(&run("other"), 0, Vec::new()).await.unwrap(), Added::New);
}

#[tokio::test]
async fn a_run_moves_only_from_the_states_that_were_named() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    let events = || vec![draft("a", "moved", json!({}))];
    assert!(!store.transition(&id("a"), &["running", "no such"], State::Succeeded, Some(json!(1).into()), events()).await.unwrap());
    assert!(!store.transition(&id("a"), &[], State::Succeeded, None, events()).await.unwrap());
    assert!(!store.transition(&id("b"), &["queued"], State::Running, None, events()).await.unwrap());
    assert!(store.transition(&id("a"), &["paused", "queued"], State::Running, None, events()).await.unwrap());
    assert!(
        store
            .transition(
                &id("a"),
                &["running"],
                State::Succeeded,
                Some(Outcome { output: json!({ "x": 1 }), shortfall: Some("One is left.".to_owned()) }),
                events()
            )
            .await
            .unwrap()
    );
    let ended = store.find(&id("a")).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.output), (State::Succeeded, Some(json!({ "x": 1 }))));
    assert_eq!(ended.shortfall.as_deref(), Some("One is left."));
    assert!(ended.updated_at >= 1_000);
    assert_eq!(store.after(0, None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn every_state_comes_back() {
    let (_folder, store) = fresh().await;
    add(&store, &run("other")).await;
    let paused = State::Paused { pause: Pause::new(PauseKind::Mismatch, "Look.") };
    let states = [
        State::Queued,
        State::Running,
        due(7),
        due(u64::MAX),
        waiting_for(&["other"]),
        paused,
        State::Succeeded,
        failed(),
        State::Cancelled,
    ];
    for (index, expected) in states.into_iter().enumerate() {
        let name = index.to_string();
        add(&store, &run(&name)).await;
        assert!(go(&store, &name, expected.clone()).await);
        assert_eq!(state(&store, &name).await, expected);
        let listed = store.list(&Filter { states: vec![expected.as_str().to_owned()], limit: 1, ..Filter::default() }).await.unwrap();
        assert_eq!(listed.len(), 1, "{expected:?}");
    }
}

#[tokio::test]
async fn a_run_that_ends_wakes_whoever_waits_for_it() {
    let (folder, store) = fresh().await;
    for name in ["parent", "uncle", "stranger"] {
        add(&store, &run(name)).await;
    }
    for (seq, name) in [(1, "one"), (2, "two")] {
        add(&store, &child(name, "parent", seq)).await;
    }
    go(&store, "parent", waiting_for(&["one", "two", "one"])).await;
    go(&store, "uncle", waiting_for(&["two"])).await;
    go(&store, "stranger", due(9)).await;
    go(&store, "one", State::Paused { pause: Pause::new(PauseKind::Operator, "Rest.") }).await;
    assert_eq!(state(&store, "parent").await, waiting_for(&["one", "two", "one"]));
    drop(store);
    let store = open(folder.path()).await;
    go(&store, "one", failed()).await;
    assert_eq!(state(&store, "parent").await, State::Queued);
    assert_eq!((state(&store, "uncle").await, state(&store, "stranger").await), (waiting_for(&["two"]), due(9)));
    go(&store, "parent", State::Running).await;
    go(&store, "two", State::Succeeded).await;
    assert_eq!(state(&store, "parent").await, State::Running, "a wait outlived its waking");
    assert_eq!(state(&store, "uncle").await, State::Queued);
}

#[tokio::test]
async fn a_run_that_waits_for_one_that_has_ended_is_queued_at_once() {
    let (_folder, store) = fresh().await;
    add(&store, &run("parent")).await;
    for (seq, name) in [(1, "one"), (2, "two")] {
        add(&store, &child(name, "parent", seq)).await;
    }
    go(&store, "one", State::Cancelled).await;
    assert!(go(&store, "parent", waiting_for(&["two", "one"])).await);
    assert_eq!(state(&store, "parent").await, State::Queued);
    go(&store, "parent", due(50)).await;
    go(&store, "two", State::Succeeded).await;
    assert_eq!(state(&store, "parent").await, due(50), "a wait outlived its waking");
}

#[tokio::test]
async fn a_run_that_stops_waiting_is_not_woken() {
    let (_folder, store) = fresh().await;
    add(&store, &run("parent")).await;
    add(&store, &child("one", "parent", 1)).await;
    go(&store, "parent", waiting_for(&["one"])).await;
    go(&store, "parent", State::Cancelled).await;
    go(&store, "one", State::Succeeded).await;
    assert_eq!(state(&store, "parent").await, State::Cancelled);
}

#[tokio::test]
async fn waiting_for_a_run_that_is_not_there_changes_nothing() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    add(&store, &run("b")).await;
    let (a, b) = (id("a"), id("b"));
    let (lonely, fine) = tokio::join!(
        store.transition(&a, &["queued"], waiting_for(&["nobody"]), None, Vec::new()),
        store.transition(&b, &["queued"], State::Running, None, Vec::new()),
    );
    assert!(lonely.unwrap_err().to_string().contains("does not exist"));
    assert!(fine.unwrap(), "one failing change took another with it");
    assert_eq!((state(&store, "a").await, state(&store, "b").await), (State::Queued, State::Running));
}

#[tokio::test]
async fn due_runs_are_queued_in_their_tree_alone() {
    let (_folder, store) = fresh().await;
    for name in ["a", "b"] {
        add(&store, &run(name)).await;
    }
    add(&store, &child("a-child", "a", 1)).await;
    for (name, time) in [("a", 300), ("a-child", 100), ("b", 50)] {
        go(&store, name, due(time)).await;
    }
    assert_eq!(store.next_due(None).await.unwrap(), Some(50));
    assert_eq!(store.next_due(Some(&id("a"))).await.unwrap(), Some(100));
    assert_eq!(store.wake_due(Some(&id("a")), 99).await.unwrap(), 0);
    assert_eq!(store.wake_due(Some(&id("a")), 100).await.unwrap(), 1);
    assert_eq!((state(&store, "a-child").await, state(&store, "b").await), (State::Queued, due(50)));
    assert_eq!(store.wake_due(None, u64::MAX).await.unwrap(), 2);
    assert_eq!(store.next_due(None).await.unwrap(), None);
    assert_eq!(store.wake_due(None, u64::MAX).await.unwrap(), 0);
}

#[tokio::test]
async fn runs_of_a_dead_host_are_queued_again_oldest_first() {
    let (folder, store) = fresh().await;
    for (name, created_at) in [("young", 30), ("old", 10), ("middle", 20)] {
        add(&store, &Run { created_at, ..run(name) }).await;
        go(&store, name, State::Running).await;
    }
    drop(store);
    let store = open(folder.path()).await;
    assert_eq!(store.requeue_running().await.unwrap(), 3);
    assert_eq!(queued(&store, None, None, 2).await, ["old", "middle"]);
    assert_eq!(queued(&store, Some("young"), None, 9).await, ["young"]);
    assert_eq!(store.requeue_running().await.unwrap(), 0);
}

#[tokio::test]
async fn runs_are_found_by_the_beginning_or_the_end_of_their_id() {
    let (_folder, store) = fresh().await;
    for name in ["0190-abc", "0191-xyz", "a%c", "9-0190", "0192-4000-beef1234", "0193-4000-beef5678"] {
        add(&store, &run(name)).await;
    }
    // People see the last eight characters, and give the beginning of what they see.
    assert_eq!(names(&store.matching("beef1").await.unwrap()), ["0192-4000-beef1234"]);
    assert_eq!(store.matching("beef").await.unwrap().len(), 2);
    assert_eq!(names(&store.matching("0191").await.unwrap()), ["0191-xyz"]);
    assert_eq!(names(&store.matching("xyz").await.unwrap()), ["0191-xyz"]);
    assert_eq!(names(&store.matching("0190").await.unwrap()), ["0190-abc", "9-0190"]);
    for nothing in ["%", "_", "90-a", "eef1", "4000", "longer than any id there is", "'"] {
        assert!(store.matching(nothing).await.unwrap().is_empty(), "{nothing}");
    }
    for number in 0..30 {
        add(&store, &run(&format!("many-{number}"))).await;
    }
    assert_eq!(store.matching("many").await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_run_that_cannot_be_read_hides_no_other() {
    use sqlx::{Connection, Executor};
    let (folder, store) = fresh().await;
    for name in ["a", "b"] {
        add(&store, &run(name)).await;
    }
    let file = folder.path().join("baton.db");
    let mut meddler = sqlx::AnyConnection::connect(&format!("sqlite://{}?mode=rw", file.display())).await.unwrap();
    meddler.execute("update runs set settings = 'not json' where id = 'a'").await.unwrap();
    let listed = store.list(&Filter { limit: 10, ..Filter::default() }).await.unwrap();
    assert_eq!(listed.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(store.find(&id("a")).await.unwrap_err().to_string().contains("cannot be understood"));
    // It can still be put in a state in which no host executes it.
    let paused = State::Paused { pause: Pause::new(PauseKind::Operator, "It cannot be read.") };
    assert!(store.transition(&id("a"), &["queued"], paused, None, Vec::new()).await.unwrap());
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    let (_folder, store) = fresh().await;
    for (name, created_at) in [("a", 1), ("b", 2)] {
        add(&store, &Run { created_at, ..run(name) }).await;
    }
    add(&store, &Run { created_at: 3, ..child("a1", "a", 1) }).await;
    add(&store, &Run { created_at: 4, parent: Some((id("a1"), 1)), ..child("a11", "a", 1) }).await;
    go(&store, "a11", State::Running).await;
    let list = async |filter: Filter| names(&store.list(&filter).await.unwrap()).join(" ");
    let all = || Filter { limit: 9, ..Filter::default() };
    assert_eq!(list(all()).await, "a11 a1 b a");
    assert_eq!(list(Filter { limit: 1, ..all() }).await, "a11");
    assert_eq!(list(Filter { roots_only: true, ..all() }).await, "b a");
    assert_eq!(list(Filter { plugin: Some(run("a").plugin), ..all() }).await, "a11 a1 b a");
    assert_eq!(list(Filter { plugin: Some("nobody".into()), ..all() }).await, "");
    assert_eq!(list(Filter { plugin: Some("nobody".into()), within: vec![id("a1")], ..all() }).await, "");
    assert_eq!(list(Filter { within: vec![id("a1")], ..all() }).await, "a11 a1");
    assert_eq!(list(Filter { states: vec!["queued".into()], within: vec![id("a")], ..all() }).await, "a1 a");
    assert_eq!(list(Filter { states: vec!["' or 1=1".into()], ..all() }).await, "");
    assert_eq!(list(Filter { within: vec![id("a1"), id("b"), id("nobody")], ..all() }).await, "a11 a1 b");
    add(&store, &Run { created_at: 5, item: Some("1-1".to_owned()), ..child("a2", "a", 2) }).await;
    assert_eq!(list(Filter { item: Some("1-1".to_owned()), ..all() }).await, "a2");
    assert_eq!(list(Filter { item: Some("1-1".to_owned()), within: vec![id("b")], ..all() }).await, "");
}

#[tokio::test]
async fn the_call_that_a_run_failed_by_is_kept_with_it() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    let call = FailedCall { seq: 3, call: "files.write".to_owned(), child: Some(id("b")) };
    let error = || CallError::other("It failed.");
    go(&store, "a", State::Running).await;
    assert!(store.fail(&id("a"), error(), Some(&call), Vec::new()).await.unwrap());
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().failed_call, Some(call));
    store.reopen(&[(id("a"), 1)], Vec::new()).await.unwrap();
    go(&store, "a", State::Running).await;
    assert!(store.fail(&id("a"), error(), None, Vec::new()).await.unwrap());
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().failed_call, None, "the last failure counts");
}

#[tokio::test]
async fn summaries_are_listed_as_runs_are_and_continue_behind_any_of_them() {
    let (_folder, store) = fresh().await;
    for (name, created_at) in [("a", 1), ("b", 2), ("c", 2), ("d", 3)] {
        add(&store, &Run { created_at, input: json!("x".repeat(1 << 20)), ..run(name) }).await;
    }
    let all = || Filter { limit: 9, ..Filter::default() };
    let runs = store.list(&all()).await.unwrap().into_iter().map(Summary::from).collect::<Vec<_>>();
    assert_eq!(store.summaries(&all()).await.unwrap(), runs);
    let behind = async |at: u64, name: &str, limit| {
        let page = Filter { behind: Some((at, id(name))), limit, ..all() };
        let runs = store.summaries(&page).await.unwrap();
        runs.iter().map(|run| run.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(behind(3, "d", 1).await, "c");
    assert_eq!(behind(2, "c", 9).await, "b a", "made in the same millisecond");
    assert_eq!(behind(1, "a", 9).await, "");
    assert_eq!(behind(9, "' or 1=1", 9).await, "d c b a");
}

#[tokio::test]
async fn a_fork_begins_with_the_prefix_of_its_source() {
    let (_folder, store) = fresh().await;
    add(&store, &run("source")).await;
    let large = Entry { request: "q".repeat(1 << 20), ..entry("source", 2) };
    store.write(vec![write("source", 1), Write { entry: large.clone(), events: Vec::new() }, write("source", 3)]).await.unwrap();
    // Not waited for: the copy must see it all the same.
    store.enqueue(write("source", 4)).await.unwrap();
    add(&store, &Run { forked_from: Some((id("source"), 3)), ..run("short") }).await;
    add(&store, &Run { forked_from: Some((id("source"), u64::MAX)), ..run("whole") }).await;
    let expected = [entry("short", 1), Entry { run: id("short"), ..large }];
    assert_eq!(store.entries(&id("short")).await.unwrap(), expected);
    assert_eq!(store.entries(&id("whole")).await.unwrap().len(), 4);
    store.write(vec![write("short", 3)]).await.unwrap();
    assert_eq!(store.entries(&id("source")).await.unwrap().len(), 4);
    assert_eq!(store.find(&id("short")).await.unwrap().unwrap().forked_from, Some((id("source"), 3)));
}

#[tokio::test]
async fn a_tally_counts_the_tree_and_nothing_else() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    add(&store, &child("a1", "a", 1)).await;
    add(&store, &run("b")).await;
    let reply = |name: &str, cost| {
        Draft::for_test(Category::Llm, "completed", Some(&id(name)), json!({ "input_tokens": 10, "output_tokens": 3, "cost_usd": cost }))
    };
    store.write(vec![write("a", 1), write("a", 2), write("a1", 1), write("b", 1)]).await.unwrap();
    store.append(vec![reply("a", json!(0.25)), reply("a1", json!(0.5)), reply("b", json!(null))]).await.unwrap();
    let repeated = |name: &str, seq| Draft::for_test(Category::Llm, "repeated", Some(&id(name)), json!({ "seq": seq }));
    let cut_off = vec![repeated("a1", 1), repeated("a1", 1), repeated("a1", 2), repeated("a", 1), draft("a", "completed", json!({}))];
    store.append(cut_off).await.unwrap();
    let tree =
        Tally { runs: 2, host_calls: 3, model_calls: 2, repeated_model_calls: 3, input_tokens: 20, output_tokens: 6, cost_usd: Some(0.75) };
    assert_eq!(store.tally(&id("a")).await.unwrap(), tree);
    let below = store.tally(&id("a1")).await.unwrap();
    assert_eq!((below.runs, below.model_calls, below.cost_usd), (1, 1, Some(0.5)));
    assert_eq!(store.tally(&id("b")).await.unwrap().cost_usd, None);
    let nothing = Tally { cost_usd: Some(0.0), ..Tally::default() };
    assert_eq!(store.tally(&id("nobody")).await.unwrap(), nothing);
    let ids = ["a", "a1", "b", "nobody"].map(id);
    let mut tallies = store.tallies(&ids).await.unwrap();
    let of_all = ids.map(|id| tallies.remove(&id).unwrap());
    assert_eq!((of_all[0], of_all[1], of_all[2].cost_usd, of_all[3]), (tree, below, None, nothing), "each as if it were asked for alone");
}

#[tokio::test]
async fn a_request_to_cancel_stands_until_the_run_has_ended() {
    let (folder, store) = fresh().await;
    for name in ["a", "b"] {
        add(&store, &run(name)).await;
    }
    // As the command line does while a host works: a second process, the same files.
    let command = open(folder.path()).await;
    for name in ["b", "b", "nobody"] {
        command.request_cancel(&id(name), CancelCause::Operator, false, &Actor::operator("ada")).await.unwrap();
    }
    assert_eq!(store.cancel_requests().await.unwrap(), [id("b")]);
    go(&store, "b", State::Cancelled).await;
    assert!(store.cancel_requests().await.unwrap().is_empty());
    // One that failed could be resumed, unless the run that started it knows so already.
    let child = Run { parent: Some((id("a"), 1)), root: id("a"), ..run("a1") };
    add(&store, &child).await;
    for name in ["a", "a1"] {
        go(&store, name, State::Failed { error: CallError::other("no luck") }).await;
        command.request_cancel(&id(name), CancelCause::Operator, false, &Actor::operator("ada")).await.unwrap();
    }
    assert_eq!(store.cancel_requests().await.unwrap(), [id("a")]);
}

#[tokio::test]
async fn settings_are_changed_of_one_run_alone() {
    let (_folder, store) = fresh().await;
    for name in ["a", "b"] {
        add(&store, &run(name)).await;
    }
    store.change_settings(&id("a"), &json!({ "plan": "it's" })).await.unwrap();
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().settings, json!({ "plan": "it's" }));
    assert_eq!(store.find(&id("b")).await.unwrap().unwrap().settings, json!({}));
}

fn of(plugin: &str, name: &str, created_at: u64) -> Run {
    Run { plugin: plugin.to_owned(), created_at, ..run(name) }
}

#[tokio::test]
async fn queued_runs_are_found_plugin_by_plugin() {
    let (_folder, store) = fresh().await;
    for (plugin, name, at) in [("b", "b2", 4), ("a", "a1", 1), ("b", "b1", 2), ("c", "c1", 3), ("%", "d1", 9), ("done", "e1", 1)] {
        add(&store, &of(plugin, name, at)).await;
    }
    go(&store, "e1", State::Succeeded).await;
    let mut plugins = store.queued_plugins(None).await.unwrap();
    plugins.sort();
    assert_eq!(plugins, ["%", "a", "b", "c"]);
    assert_eq!(queued(&store, None, Some("b"), 9).await, ["b1", "b2"]);
    assert_eq!(queued(&store, None, Some("b"), 1).await, ["b1"]);
    assert!(queued(&store, None, Some("done"), 9).await.is_empty());
    add(&store, &Run { plugin: "a".to_owned(), ..child("a2", "b1", 1) }).await;
    assert_eq!(store.queued_plugins(Some(&id("b1"))).await.unwrap().len(), 2);
    assert_eq!(queued(&store, Some("b1"), Some("a"), 9).await, ["a2"]);
}

#[tokio::test]
async fn ten_thousand_queued_runs_of_one_plugin_do_not_hide_another() {
    let (_folder, store) = fresh().await;
    let crowd: Vec<_> = (0..10_000).map(|number| of("crowd", &format!("crowd-{number}"), number)).collect();
    futures::future::join_all(crowd.iter().map(|run| store.add(run, u64::MAX, Vec::new()))).await;
    add(&store, &of("other", "late", 20_000)).await;
    assert_eq!(store.queued_plugins(None).await.unwrap(), ["crowd", "other"]);
    assert_eq!(queued(&store, None, Some("other"), 64).await, ["late"]);
}

/// Ends a run that began before, by a trap or not; gives how many in a row did.
async fn trap(store: &Store, name: &str, since: u64) -> u32 {
    let trapped = run(name);
    add(store, &trapped).await;
    go(store, name, failed()).await;
    store.note_trap(&trapped, since, 3).await.unwrap()
}

#[tokio::test]
async fn traps_are_counted_back_to_the_last_run_of_the_version_that_succeeded() {
    let (_folder, store) = fresh().await;
    assert_eq!(trap(&store, "one", 0).await, 1);
    add(&store, &run("an error")).await;
    go(&store, "an error", failed()).await;
    add(&store, &Run { plugin_hash: "11".repeat(32), ..run("another version") }).await;
    go(&store, "another version", State::Succeeded).await;
    assert_eq!(trap(&store, "two", 0).await, 2, "neither an error nor another version counts");
    add(&store, &run("good")).await;
    go(&store, "good", State::Succeeded).await;
    assert_eq!(trap(&store, "three", 0).await, 1);
    for (name, traps) in [("four", 2), ("five", 3), ("six", 3)] {
        assert_eq!(trap(&store, name, 0).await, traps, "{name}");
    }
    let decided = store.find(&id("six")).await.unwrap().unwrap().updated_at;
    assert_eq!(trap(&store, "seven", decided).await, 1, "what was before a decision is forgiven");
    assert!(store.transition(&id("seven"), &["failed"], State::Queued, None, Vec::new()).await.unwrap());
    go(&store, "seven", failed()).await;
    assert_eq!(trap(&store, "eight", decided).await, 1, "a run that was resumed ended by what ended it last");
}

#[test]
fn the_states_in_statements_are_those_of_the_kernel() {
    use crate::store::runs::{ended, unfinished};
    let states = [
        State::Queued,
        State::Running,
        State::Waiting { wait: Wait::Runs(Vec::new()) },
        State::Paused { pause: crate::journal::Pause::new(crate::journal::PauseKind::Operator, "") },
        State::Succeeded,
        State::Failed { error: crate::journal::CallError::other("") },
        State::Cancelled,
    ];
    for state in states {
        let (word, is_final) = (format!("'{}'", state.as_str()), state.is_final());
        assert_eq!((unfinished!().contains(&word), ended!().contains(&word)), (!is_final, is_final), "{word}");
        assert_eq!(State::UNFINISHED.contains(&state.as_str()), !is_final, "{word}");
    }
}
