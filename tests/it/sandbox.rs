//! A guest sees nothing of the machine, and sees the same at every replay.

use baton::kernel::run::State;
use baton_tests::host::{TestHost, tester};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn wasi_gives_nothing() {
    let host = TestHost::new().await;
    let seen = host.run(json!({ "do": "ambient" })).await;
    let output = seen.output.unwrap();
    assert_eq!(output["variables"], 0);
    assert_eq!(output["arguments"], 0);
    for closed in ["root", "file", "network"] {
        assert_eq!(output[closed], false, "{closed}");
    }
    assert_eq!(output["since"], output["now"], "the clock stands at the journal's time");
    assert_eq!(output["now"], seen.started_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn chance_derives_from_the_run() {
    let host = TestHost::new().await;
    let first = host.run(json!({ "do": "ambient" })).await;
    let again = host.app.kernel.fork(&first, 1, None, &tester()).await.unwrap();
    host.drive(&again.id).await;
    let (first, again) = (first.output.unwrap(), host.find(&again.id).await.output.unwrap());
    assert_eq!(first["order"], again["order"], "a fork has the same random numbers");
    let other = host.run(json!({ "do": "ambient" })).await.output.unwrap();
    assert_ne!(first["order"], other["order"], "another run has others");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_the_run_and_its_message_is_in_the_log() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "panic", "say": "the sky is falling" })).await;
    assert!(matches!(run.state, State::Failed { .. }), "{:?}", run.state);
    let events = host.events(&run.id).await;
    assert!(events.iter().any(|event| event.draft.name == "log" && event.draft.data.to_string().contains("the sky is falling")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_granted_is_denied_with_the_command_that_grants_it() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "write", "path": "elsewhere.txt", "content": "x" })).await;
    match run.state {
        State::Failed { error } => {
            assert!(error.text.contains("plugin.toml") && error.text.contains("baton plugin grant probe"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    assert!(!host.workspace().join("elsewhere.txt").exists());
    let events = host.events(&run.id).await;
    assert_eq!(events.iter().filter(|event| event.draft.name == "denied").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leaves_the_workspace() {
    let host = TestHost::new().await;
    std::fs::write(host.folder.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(host.folder.path(), host.workspace().join("up")).unwrap();
    std::os::unix::fs::symlink("/etc", host.workspace().join("etc")).unwrap();
    for path in ["../secret", "/etc/passwd", "up/secret", "etc/passwd", "out/../../secret", "..\\secret", "a\0b", "", "./../secret"] {
        let run = host.run(json!({ "do": "read", "path": path })).await;
        assert!(matches!(run.state, State::Failed { .. }), "{path:?} gave {:?} {:?}", run.state, run.output);
    }
    for path in ["out/../../planted", "/tmp/planted", "out/\u{0}"] {
        let run = host.run(json!({ "do": "write", "path": path, "content": "x" })).await;
        assert!(matches!(run.state, State::Failed { .. }), "{path:?} gave {:?}", run.state);
    }
    assert!(!host.folder.path().join("planted").exists());
}
