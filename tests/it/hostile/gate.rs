//! What was not granted is denied with a way to grant it, whatever was granted beside it, and nothing of it is done.

use baton::kernel::registry::{Origin, Plugin};
use baton_tests::{
    CALCULATOR, HELLO,
    hostile::{Stage, output},
};
use serde_json::{Value, json};

/// A stage with secrets, and with others to call.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    std::fs::create_dir(stage.host.workspace().join("public")).unwrap();
    std::fs::write(stage.host.workspace().join("secret.txt"), "the secret of the workspace").unwrap();
    for wasm in [CALCULATOR, HELLO] {
        stage.host.app.kernel.registry().add(Plugin::read(wasm.to_vec(), Origin::Bundled, |_| Default::default()).unwrap()).unwrap();
    }
    stage
}

fn refusals(answers: &Value) -> Vec<&str> {
    answers.as_array().unwrap().iter().map(|answer| answer.as_str().expect("nothing of it is done")).collect()
}

async fn nothing_was_done(stage: &Stage) {
    assert_eq!(stage.host.asked(), 0, "no model was asked");
    assert_eq!(std::fs::read_to_string(stage.host.workspace().join("secret.txt")).unwrap(), "the secret of the workspace");
    assert!(!stage.host.workspace().join("planted.txt").exists() && !stage.host.workspace().join("public/a").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_nothing_may_do_nothing() {
    let stage = stage().await;
    let run = stage.play("ask_for_nothing", json!({})).await;
    let answers = output(&run);
    for refusal in refusals(&answers["refused"]) {
        assert!(refusal.starts_with("denied: ") && refusal.contains("[needs] in its plugin.toml"), "{refusal}");
        assert!(refusal.contains("`baton plugin grant ask-for-nothing`"), "{refusal}");
    }
    assert_eq!(answers["listed"], json!([0, 0, 0]), "files, matches and tools");
    assert!(!answers.to_string().contains("the secret"));
    let denied = stage.host.events(&run.id).await.iter().filter(|event| event.draft.name == "denied").count();
    assert_eq!(denied, 14, "each is in the log, once");
    nothing_was_done(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_for_what_it_names_alone() {
    let stage = stage().await;
    let run = stage.play("overreach", json!({})).await;
    let refusals = refusals(output(&run));
    let denied = |kind: &str, of: &str| format!("denied: Plugin `overreach` does not ask for `{kind}` of `{of}`.");
    let expected = [
        denied("models", "anthropic/large"),
        "invalid: Only the operator can let a script answer".to_owned(),
        denied("models", "script/"),
        denied("tools", "write_file"),
        denied("read", "secret.txt"),
        denied("tools", "calculator.add"),
        denied("agents", "john"),
        denied("workflows", "probe"),
        "invalid: `public/../secret.txt` is not a path of the workspace".to_owned(),
        denied("read", "secret.txt"),
        denied("write", "public/a"),
        denied("state", "others"),
    ];
    assert_eq!(refusals.len(), expected.len());
    for (refusal, expected) in refusals.iter().zip(&expected) {
        let expected = expected.trim_end_matches("`.");
        assert!(refusal.starts_with(expected), "{refusal}\nis not {expected}");
    }
    nothing_was_done(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_a_projects_own_and_a_bucket_whoever_was_granted_it() {
    let stage = Stage::new().await;
    let kept = stage.play("take_from_others", json!({ "keep": "the secret of one project" })).await;
    assert_eq!(output(&kept), &json!(1));
    let others = stage.play("take_from_others", json!({ "bucket": "others" })).await;
    for answer in output(&others).as_array().unwrap() {
        assert!(answer["refused"].as_str().unwrap().contains("does not ask for `state` of `others`"), "{answer}");
    }
    let elsewhere = stage.host.folder.path().join("elsewhere/workspace");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let order = baton::kernel::Order { plugin: "take-from-others".to_owned(), workspace: elsewhere, ..stage.host.order(json!({})) };
    let run = stage.host.app.kernel.start(order).await.unwrap();
    stage.host.drive(&run.id).await;
    assert_eq!(output(&stage.host.find(&run.id).await), &json!([null, [], 1, null]), "another project of the same folder name");
    let again = stage.play("take_from_others", json!({})).await;
    assert_eq!(output(&again).get(0), Some(&json!("the secret of one project")), "nor is it changed from there");
}
