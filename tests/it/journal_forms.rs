//! Journals that cannot be replayed or written: an answer that cannot be read, another call than the journal's, a run of another
//! form, a row that the database rejects.
//! Each pauses its own run, and the host goes on with the others.

use baton::{
    journal::{Entry, PauseKind, Write},
    kernel::{
        Drive,
        run::{Added, Run, State},
    },
};
use baton_tests::{
    host::{TestHost, tester},
    program,
};
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

/// A run that has read and written, and asked to be paused then.
async fn paused_run(host: &TestHost) -> Run {
    let inputs = json!([{ "do": "count", "times": 1 }, { "do": "pause", "say": "Look.", "times": 1 }]);
    let run = host.run(json!({ "do": "in-turn", "inputs": inputs })).await;
    assert!(matches!(&run.state, State::Paused { pause } if pause.kind == PauseKind::Requested), "{:?}", run.state);
    run
}

/// Changes the entry of call `seq` as a broken disk or another program would.
async fn change(host: &TestHost, run: &Run, seq: u64, change: impl FnOnce(&mut Entry)) {
    let mut entry = host.journal(&run.id).await.remove(usize::try_from(seq).unwrap() - 1);
    change(&mut entry);
    host.app.kernel.journal().write(vec![Write { entry, events: Vec::new() }]).await.unwrap();
}

async fn drive_all(host: &TestHost) {
    host.app.kernel.drive(&Drive { root: None, until_idle: true }, &Default::default()).await.unwrap();
}

fn pause(run: &Run) -> (PauseKind, Option<u64>, &str) {
    match &run.state {
        State::Paused { pause } => (pause.kind, pause.at, &pause.reason),
        other => panic!("not paused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_rejects_pauses_its_run_alone() {
    let host = TestHost::new().await;
    let run = host.start(json!({ "do": "steps", "times": 3 })).await;
    let mut database = database(&host).await;
    let statement = format!(
        "create trigger odd before insert on journal when new.run_id = '{}' and new.seq = 2 begin select raise(abort, 'odd value'); end",
        run.id
    );
    database.execute(sqlx::query(AssertSqlSafe(statement))).await.unwrap();
    let other = host.start(json!({ "do": "steps", "times": 3 })).await;
    drive_all(&host).await;
    assert_eq!(host.find(&other.id).await.state, State::Succeeded, "the host executes other runs");
    let run = host.find(&run.id).await;
    let (kind, at, reason) = pause(&run);
    assert_eq!((kind, at), (PauseKind::Operator, None), "{reason}");
    assert!(reason.contains("The database reports an error: odd value.") && reason.contains("Only this run is paused."), "{reason}");
    database.execute("drop trigger odd").await.unwrap();
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    drive_all(&host).await;
    assert_eq!(host.find(&run.id).await.state, State::Succeeded);
}

/// The database of a host, as another program opens it.
async fn database(host: &TestHost) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&format!("sqlite://{}", host.folder.path().join("data/baton.db").display())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_pauses_its_run_alone() {
    let host = TestHost::new().await;
    for damaged in ["", "{\"ok\":", "{\"ok\":\"text\"}", "[]"] {
        let run = paused_run(&host).await;
        change(&host, &run, 1, |entry| entry.answer = Some(damaged.to_owned())).await;
        host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        let other = host.start(json!({ "do": "steps", "times": 1 })).await;
        drive_all(&host).await;
        let run = host.find(&run.id).await;
        let (kind, at, reason) = pause(&run);
        assert_eq!((kind, at), (PauseKind::Unreadable, Some(1)), "{reason}");
        assert!(reason.contains("The answer of call 1 (state.get)"), "{reason}");
        assert_eq!(host.find(&other.id).await.state, State::Succeeded);
        // The way out that the pause names.
        let fork = host.app.kernel.fork(&run, 1, None, &tester()).await.unwrap();
        host.drive(&fork.id).await;
        assert!(matches!(pause(&host.find(&fork.id).await), (PauseKind::Requested, ..)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_divergence_is_shown_by_its_place() {
    let host = TestHost::new().await;
    let run = paused_run(&host).await;
    change(&host, &run, 2, |entry| {
        entry.request = entry.request.replace("\"count\"", "\"counted\"");
        entry.request_hash = Entry::hash(&entry.call, &entry.request);
    })
    .await;
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    drive_all(&host).await;
    let run = host.find(&run.id).await;
    let (kind, at, reason) = pause(&run);
    assert_eq!((kind, at), (PauseKind::Mismatch, Some(2)));
    let expected = "Call 2 (state.set) of the run differs from its journal at /key.\n  recorded: \"counted\"\n  now:      \"count\"\n";
    assert!(reason.starts_with(expected), "{reason}");
    let data = host.folder.path().join("data").display().to_string();
    let show = |options: &[&str]| {
        let arguments = [&["runs", "show", run.id.as_str(), "--data-dir", &data], options].concat();
        program::run(host.folder.path(), &arguments).exits(0).stdout
    };
    for part in ["at /key.", "recorded: \"counted\"", "now:      \"count\""] {
        assert!(show(&[]).contains(part), "{part} is missing: {}", show(&[]));
    }
    let document: serde_json::Value = serde_json::from_str(&show(&["-o", "json"])).unwrap();
    assert!(document["reason"].as_str().is_some_and(|told| told.starts_with(expected)), "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_another_form_is_readable_and_begins_again() {
    let host = TestHost::new().await;
    let ended = host.run(json!({ "do": "count", "times": 1 })).await;
    let (runs, id) = (host.app.kernel.runs(), baton::journal::RunId::from_text("00000000-0000-7000-8000-000000000001"));
    let older = Run { id: id.clone(), root: id.clone(), journal_form: 0, state: State::Queued, output: None, ..ended.clone() };
    assert_eq!(runs.add(&older, u64::MAX, Vec::new()).await.unwrap(), Added::New);
    let other = host.start(json!({ "do": "steps", "times": 1 })).await;
    drive_all(&host).await;
    assert_eq!(host.find(&other.id).await.state, State::Succeeded);
    let older = host.find(&id).await;
    let (kind, at, reason) = pause(&older);
    assert_eq!((kind, at), (PauseKind::JournalForm, Some(1)));
    assert!(reason.contains("begin it again with `baton runs fork 00000001 --at 1`"), "{reason}");

    let kernel = &host.app.kernel;
    for refused in [
        kernel.resume(&older, None, &tester()).await.unwrap_err().to_string(),
        kernel.fork(&older, 2, None, &tester()).await.unwrap_err().to_string(),
        kernel.record(&older).await.unwrap_err().to_string(),
    ] {
        assert!(refused.contains("cannot replay its journal"), "{refused}");
    }
    let fork = kernel.fork(&older, 1, None, &tester()).await.unwrap();
    host.drive(&fork.id).await;
    let fork = host.find(&fork.id).await;
    assert_eq!((fork.state, fork.seed, fork.input), (State::Succeeded, older.seed, older.input));
}
