//! Calls that are made together.

use super::*;

#[tokio::test]
async fn calls_made_together_are_calls_of_their_own() {
    let scene = Scene::new();
    std::fs::write(scene.folder.path().join("a"), "one").unwrap();
    scene.bench.authority.deny(TOOLS.word, "web.put");
    let calls = [
        ("read_file", r#"{"path":"a"}"#),
        ("web.look", r#"{"a":1}"#),
        ("read_file", "{"),
        ("web.put", r#"{"a":1}"#),
        ("write_file", r#"{"path":"a","content":"two"}"#),
        ("read_file", r#"{"path":"a"}"#),
        ("web.none", "{}"),
    ];
    let answers = scene.together(&calls).await.unwrap();
    let said: Vec<_> = answers.into_iter().map(|answer| answer.map_or_else(|error| error.kind, |outcome| outcome.content)).collect();
    let (one, two) = ("     1\tone\n[All 1 lines.]", "     1\ttwo\n[All 1 lines.]");
    assert_eq!(said, [one, "done", "invalid", "denied", "Wrote 3 bytes to a.", two, "not-found"]);
    let history = scene.bench.journal.history();
    let effects: Vec<_> = history.iter().map(|entry| (entry.seq, entry.call.as_str(), entry.effect)).collect();
    let read = |seq| (seq, "tools.call", Effect::Read);
    assert_eq!(effects, [read(1), read(2), read(3), (4, "tools.call", Effect::Write), read(5), read(6)]);
    // A replay is answered from the journal, also where the calls are made one by one.
    std::fs::remove_file(scene.folder.path().join("a")).unwrap();
    let again: Vec<_> = scene.together(&calls).await.unwrap().into_iter().map(|answer| answer.is_ok()).collect();
    assert_eq!(again, [true, true, false, false, true, true, false]);
    assert_eq!(scene.server.called.lock().unwrap().len(), 1);
    assert_eq!(scene.call(calls[0].0, calls[0].1).await.unwrap().content, one);
}

#[tokio::test]
async fn calls_that_look_are_made_side_by_side_and_leave_no_gap() {
    let scene = Scene::new();
    std::fs::write(scene.folder.path().join("a"), "one").unwrap();
    let gate = Arc::new(tokio::sync::Barrier::new(2));
    *scene.server.meets.lock().unwrap() = Some(gate);
    let looks = [("web.look", r#"{"a":1}"#), ("web.look", r#"{"a":2}"#)];
    let answers = tokio::time::timeout(std::time::Duration::from_secs(20), scene.together(&looks)).await;
    assert!(answers.expect("they wait for each other").unwrap().iter().all(Result::is_ok));
    // One that pauses the run has none after it written down, since it is not there itself.
    let scene = Scene { bench: Bench::new(), ..scene };
    *scene.server.meets.lock().unwrap() = None;
    *scene.server.breaks.lock().unwrap() = true;
    let calls = [("web.look", r#"{"a":1}"#), ("read_file", r#"{"path":"a"}"#), ("write_file", r#"{"path":"b","content":""}"#)];
    assert!(scene.together(&calls).await.is_err());
    assert!(scene.bench.journal.history().is_empty() && !scene.folder.path().join("b").exists());
    *scene.server.breaks.lock().unwrap() = false;
    assert!(scene.together(&calls).await.unwrap().iter().all(Result::is_ok));
    assert!(scene.folder.path().join("b").exists());
}

#[tokio::test]
async fn too_many_calls_at_once_are_refused() {
    let scene = Scene::new();
    let answers = scene.together(&[("read_file", "{}"); 17]).await.unwrap();
    assert!(
        answers.len() == 17 && answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.text.contains("17 calls at once")))
    );
    assert!(scene.bench.journal.history().is_empty());
    assert!(scene.together(&[]).await.unwrap().is_empty());
}
