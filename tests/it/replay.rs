//! Recording a run and executing a plugin against it: nothing is done for real, and the first difference is shown.

use std::sync::Arc;

use baton::{
    journal::Asked,
    kernel::{
        recording::{Ending, Recording},
        replay::Verdict,
        run::{Filter, Run},
    },
    operations::runs::{ReplayVerdict, Replayed},
};
use baton_tests::{host::TestHost, program};
use serde_json::{Value, json};

/// A recorded run of the probe, as a document to be tampered with.
async fn recorded(host: &TestHost, input: Value) -> Value {
    let run = host.run(input).await;
    document(host, &run).await
}

async fn document(host: &TestHost, run: &Run) -> Value {
    serde_json::from_str(&host.app.kernel.record(run).await.unwrap().to_text().unwrap()).unwrap()
}

async fn replayed(host: &TestHost, document: &Value) -> Verdict {
    let recording = Recording::parse(&document.to_string()).unwrap();
    let plugin = host.app.kernel.recorded_plugin(&recording).unwrap();
    host.app.kernel.replay(&recording, Arc::clone(&plugin)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_plugin_does_the_same_and_nothing_is_done_again() {
    let host = TestHost::new().await;
    let document = recorded(&host, json!({ "do": "steps", "times": 2 })).await;
    std::fs::remove_dir_all(host.workspace()).unwrap();
    let runs = host.app.kernel.runs();
    let before = runs.list(&Filter { limit: 100, ..Filter::default() }).await.unwrap();
    assert_eq!(replayed(&host, &document).await, Verdict::Same);
    assert_eq!(host.asked(), 2, "no model was asked");
    assert!(!host.workspace().exists(), "no file was written");
    assert_eq!(runs.list(&Filter { limit: 100, ..Filter::default() }).await.unwrap(), before, "no run was added or changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn children_sleeps_questions_at_once_and_failures_are_replayed() {
    let host = TestHost::new().await;
    let children = json!([{ "do": "echo", "say": "a" }, { "do": "sleep", "milliseconds": 20 }]);
    for input in [
        json!({ "do": "start-all", "inputs": children }),
        json!({ "do": "sleep", "milliseconds": 20 }),
        json!({ "do": "ask-all", "times": 3 }),
        json!({ "do": "ambient" }),
        json!({ "do": "setting", "key": "models.default" }),
        json!({ "do": "read", "path": "ghost" }),
        json!({ "do": "write", "path": "not-granted/a", "content": "x" }),
        json!({ "do": "fail", "say": "no luck" }),
        json!({ "do": "echo", "say": 1 }),
    ] {
        let document = recorded(&host, input.clone()).await;
        assert_eq!(replayed(&host, &document).await, Verdict::Same, "{input}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_not_ended_is_the_same_as_far_as_it_went() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "ask", "prompt": "something nobody foresaw" })).await;
    let document = document(&host, &run).await;
    assert_eq!(document["ending"], json!("unfinished"));
    assert_eq!(replayed(&host, &document).await, Verdict::Same);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_difference_is_told() {
    let host = TestHost::new().await;
    let document = recorded(&host, json!({ "do": "steps", "times": 1 })).await;
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(&mut document);
        document
    };
    let asked = |document: &Value, place: usize| {
        let call = &document["calls"][place];
        Asked { call: call["call"].as_str().unwrap().to_owned(), request: call["request"].to_string() }
    };

    let other_request = changed(&|document| document["calls"][1]["request"]["path"] = json!("out/other.txt"));
    match replayed(&host, &other_request).await {
        Verdict::Diverged(divergence) => {
            assert_eq!((divergence.seq, divergence.recorded), (2, Some(asked(&other_request, 1))));
            assert!(divergence.now.unwrap().request.contains("out/0.txt"));
        }
        other => panic!("{other:?}"),
    }

    let other_answer = changed(&|document| document["calls"][2]["answer"]["ok"]["text"] = json!("changed"));
    match replayed(&host, &other_answer).await {
        Verdict::Diverged(divergence) => assert_eq!(divergence.seq, 4, "what was read is what is kept next"),
        other => panic!("{other:?}"),
    }

    let calls = document["calls"].as_array().unwrap().len();
    let shorter = changed(&|document| drop(document["calls"].as_array_mut().unwrap().pop()));
    match replayed(&host, &shorter).await {
        Verdict::Diverged(divergence) => assert_eq!((divergence.seq, divergence.recorded), (calls as u64, None), "beyond the recording"),
        other => panic!("{other:?}"),
    }

    let longer = changed(&|document| {
        let mut extra = document["calls"][0].clone();
        extra["seq"] = json!(calls + 1);
        document["calls"].as_array_mut().unwrap().push(extra);
    });
    match replayed(&host, &longer).await {
        Verdict::Diverged(divergence) => assert_eq!((divergence.seq, divergence.now), (calls as u64 + 1, None), "ended before"),
        other => panic!("{other:?}"),
    }

    let other_output = changed(&|document| document["ending"] = json!({ "succeeded": { "output": "else" } }));
    assert_eq!(replayed(&host, &other_output).await, Verdict::EndedOtherwise(Ending::Succeeded(json!(1).into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_ends_is_stopped() {
    let host = TestHost::new().await;
    let mut document = recorded(&host, json!({ "do": "echo" })).await;
    document["input"] = json!({ "do": "allocate", "step": 1 << 20 });
    assert!(matches!(replayed(&host, &document).await, Verdict::Stopped(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_records_and_replays_and_shows_the_difference() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "steps", "times": 1 })).await;
    let home = host.folder.path();
    let wasm = home.join("new.wasm");
    std::fs::write(&wasm, baton_tests::PROBE).unwrap();
    let path = |name: &str| home.join(name).display().to_string();
    let data = path("data");
    let baton = |arguments: &[&str]| program::run(home, &[arguments, &["--data-dir", &data]].concat());

    let (recording, plugin) = (path("run.json"), wasm.display().to_string());
    assert!(baton(&["runs", "record", run.id.as_str(), &recording]).exits(0).stderr.contains("calls"));
    let same = baton(&["runs", "replay", &recording, "--plugin", &plugin]).exits(0);
    assert!(same.stdout.contains("and the same end"), "{}", same.stdout);
    let from_journal = baton(&["runs", "replay", run.id.as_str(), "--plugin", &plugin]).exits(0);
    assert_eq!(from_journal.stdout, same.stdout);

    let tampered = std::fs::read_to_string(&recording).unwrap().replacen("out/0.txt", "out/zero.txt", 1);
    std::fs::write(path("tampered.json"), tampered).unwrap();
    let diverged = baton(&["runs", "replay", &path("tampered.json"), "--plugin", &plugin]).exits(1);
    for part in ["call 2", "files.write", "at /path", "out/zero.txt", "out/0.txt"] {
        assert!(diverged.stdout.contains(part), "{part} is missing: {}", diverged.stdout);
    }
    let diverged = baton(&["runs", "replay", &path("tampered.json"), "--plugin", &plugin, "-o", "json"]).exits(1).stdout;
    let Replayed { calls, verdict, .. } = serde_json::from_str(&diverged).unwrap();
    let ReplayVerdict::Diverged { divergence } = verdict else { panic!("{verdict:?}") };
    assert_eq!((calls > 2, divergence.seq, divergence.pointer.as_deref()), (true, 2, Some("/path")));
    assert_eq!(divergence.recorded.unwrap().request["path"], "out/zero.txt");
    let same = baton(&["runs", "replay", &recording, "--plugin", &plugin, "-o", "json"]).exits(0).stdout;
    assert_eq!(serde_json::from_str::<Replayed>(&same).unwrap().verdict, ReplayVerdict::Same);

    for (content, sentence) in [("nonsense", "not JSON"), ("{\"baton-recording\": 7}", "format 7"), ("{}", "Not a recording")] {
        std::fs::write(path("hostile.json"), content).unwrap();
        let refused = baton(&["runs", "replay", &path("hostile.json"), "--plugin", &plugin]).exits(2);
        assert!(refused.stderr.contains(sentence), "{}", refused.stderr);
    }
    std::fs::File::create(path("huge.json")).unwrap().set_len(Recording::LARGEST + 1).unwrap();
    assert!(baton(&["runs", "replay", &path("huge.json")]).exits(2).stderr.contains("more than the limit"));
    assert!(baton(&["runs", "replay", "no/such.json"]).exits(2).stderr.contains("does not exist"));
}
