//! No plugin gets more done by another than its operator saw, however many stand between.

use std::fs;

use baton::{
    journal::RunId,
    kernel::{
        granting::Change,
        registry::{Origin, Plugin},
        run::{Run, State},
    },
};
use baton_tests::{
    MISCHIEF, PROBE, changed_probe,
    host::{person, tester},
    hostile::{Stage, failure, guest, output},
};
use serde_json::{Value, json};

/// The agent does whatever it is told: it writes, runs a command, and each reply costs something.
const OBEDIENT: &str = "log: calls.log\nrules:\n  \
    - { name: deed, when: { plugin: amelia, turn: 0 }, reply: At once., usage: { cost-usd: 0.4 }, calls: [ \
        { name: write_file, arguments: { path: docs/a.txt, content: x } }, \
        { name: write_file, arguments: { path: out/a.txt, content: x } }, \
        { name: run_command, arguments: { command: 'touch out/ran.txt' } } ] }\n  \
    - { name: end, when: { plugin: amelia }, reply: Done., usage: { cost-usd: 0.4 } }\n  \
    - { name: any, when: { contains: question }, reply: an answer, usage: { cost-usd: 0.4 } }\n";

/// A stage with the guest as a file of its user's, granted its few needs; with a third plugin that passes on what it is
/// asked, granted everything; and with a toolbox that may write.
async fn stage() -> Stage {
    let stage = Stage::with_settings(json!({})).await;
    fs::write(stage.host.folder.path().join("answers.yaml"), OBEDIENT).unwrap();
    let proxy = changed_probe(|manifest| manifest.replacen("\"probe\"", "\"proxy\"", 1));
    for (wasm, origin) in [
        (guest("borrow_hands"), Origin::File("borrow-hands.wasm".into())),
        (proxy, Origin::File("proxy.wasm".into())),
        (MISCHIEF.to_vec(), Origin::Bundled),
    ] {
        let plugin = Plugin::read(wasm, origin, |package| package.manifest.needs.clone()).unwrap();
        stage.host.app.kernel.registry().add(plugin).unwrap();
    }
    stage
}

async fn grant(stage: &Stage, plugin: &str, capabilities: &[&str]) {
    let named = capabilities.iter().map(|text| text.parse().unwrap()).collect();
    stage.host.app.kernel.decide(plugin, &Change::Grant(named), &person("ada")).await.unwrap();
}

async fn borrow(stage: &Stage, hands: Value) -> Run {
    stage.play("borrow_hands", json!({ "hands": hands })).await
}

/// What each was refused for.
fn refusals(run: &Run) -> Vec<&str> {
    output(run).as_array().unwrap().iter().map(|answer| answer["Err"].as_str().unwrap_or_else(|| panic!("{answer} was done"))).collect()
}

fn nothing_was_done(stage: &Stage) {
    assert_eq!(stage.host.asked(), 0, "a model was asked");
    let left: Vec<_> = fs::read_dir(stage.host.workspace()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn write(path: &str) -> Value {
    json!({ "do": "write", "path": path, "content": "x" })
}

fn started(workflow: &str, input: &Value) -> Value {
    json!({ "workflow": workflow, "input": input })
}

fn below(input: &Value) -> Value {
    json!({ "do": "start-all", "inputs": [input] })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_for_a_plugin_what_it_may_not_do_itself() {
    let stage = stage().await;
    let execute = json!({ "do": "execute", "command": ["true"] });
    let ask = json!({ "do": "ask", "prompt": "question" });
    let hands = json!([
        { "agent": "question" },
        started("probe", &write("out/a.txt")),
        started("probe", &ask),
        started("probe", &execute),
        { "tool": "mischief.write", "arguments": { "path": "out/a.txt" } },
    ]);
    let run = stage.play("borrow_hands", json!({ "hands": hands })).await;
    let refusals = refusals(&run);
    assert_eq!(refusals.len(), 5);
    for (refusal, kind) in refusals.iter().zip(["models", "write", "models", "images", "write"]) {
        let ceiling = format!("is beyond the ceiling of run {}, which led to this run", run.id.short());
        assert!(refusal.contains(&format!("`{kind}` of `")) && refusal.contains(&ceiling), "{refusal}");
        assert!(refusal.contains(&format!("`baton plugin grant borrow-hands 'through.{kind}=")), "{refusal}");
    }
    nothing_was_done(&stage);
    let amelia = stage.host.find(&run.id.child(2)).await;
    let told: Vec<_> = stage.host.events(&amelia.id).await.into_iter().filter(|event| event.draft.name == "denied").collect();
    assert_eq!(told.len(), 1, "it is in the log, once");
    assert_eq!((&told[0].draft.data["plugin"], &told[0].draft.data["capability"]["kind"]), (&json!("amelia"), &json!("models")));
}

/// Threat: The same through others that pass it on: a workflow of Baton's, another plugin that was granted everything, a toolbox that calls a tool.
/// Stopped by: A ceiling comes down the whole tree: each run below is bound by it beside the grants of those in between.
/// Expects: Each is `denied` however deep it is, by the ceiling of the run at which it began.
#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_comes_down_through_everyone_in_between() {
    let stage = stage().await;
    // What passes it on has to be allowed to start others for it.
    grant(&stage, "borrow-hands", &["through.workflows=probe", "through.tools=mischief.*", "through.agents=amelia"]).await;
    let deep = write("out/a.txt");
    let toolbox = json!({ "do": "call-tools", "calls": [["mischief.write", { "path": "out/a.txt" }]] });
    let agent = json!({ "do": "perform", "agent": "amelia", "goal": "question" });
    let hands = json!([
        started("probe", &below(&deep)),
        started("probe", &below(&below(&deep))),
        started("proxy", &below(&deep)),
        started("probe", &agent),
        { "tool": "mischief.onward", "arguments": { "path": "out/a.txt" } },
    ]);
    let run = borrow(&stage, hands).await;
    for refusal in refusals(&run) {
        assert!(refusal.contains(&format!("is beyond the ceiling of run {}, which led to this run", run.id.short())), "{refusal}");
    }
    let passed_on = borrow(&stage, json!([started("probe", &toolbox)])).await;
    assert!(output(&passed_on).to_string().contains("is beyond the ceiling"), "{:?}", passed_on.output);
    nothing_was_done(&stage);
}

/// Threat: A plugin has others spend more on models than it was granted, a little each.
/// Stopped by: What all runs below it spend is counted against one amount.
/// Expects: The first call beyond the amount is `denied`, whichever run makes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_spend_for_a_plugin_counts_together() {
    let stage = stage().await;
    grant(&stage, "borrow-hands", &["through.models=script/*", "through.dollars=1.00"]).await;
    let ask = || json!({ "do": "ask", "prompt": "question" });
    let twice = json!({ "do": "in-turn", "inputs": [ask(), ask()] });
    let run = borrow(&stage, json!([started("probe", &twice), started("probe", &twice), started("probe", &ask())])).await;
    let answers = output(&run).as_array().unwrap();
    assert!(answers[0]["Ok"].is_array(), "{}", answers[0]);
    for refused in &answers[1..] {
        let refused = refused["Err"].as_str().unwrap();
        assert!(refused.contains("and those it led to may use 1.00 of `dollars`, and have used 1.200000"), "{refused}");
        assert!(refused.contains("`baton plugin grant borrow-hands through.dollars=AMOUNT`"), "{refused}");
    }
    assert_eq!(stage.host.asked(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_granted_through_a_plugin_is_done_and_no_more() {
    let stage = stage().await;
    grant(&stage, "borrow-hands", &["through.models=script/*", "through.write=docs/**"]).await;
    let run = borrow(&stage, json!([{ "agent": "question" }])).await;
    assert_eq!(output(&run)[0]["Ok"], "Done.");
    assert!(stage.host.workspace().join("docs/a.txt").is_file());
    assert!(!stage.host.workspace().join("out").exists(), "neither the file nor the command");
}

async fn drive(stage: &Stage, id: &RunId) -> Run {
    stage.host.drive(id).await;
    stage.host.find(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_is_raised_and_taken_back_under_a_run_and_a_fork_keeps_it() {
    let stage = stage().await;
    let insists = json!({ "insists": true, "hands": [started("probe", &write("out/a.txt"))] });
    let run = stage.play("borrow_hands", insists.clone()).await;
    assert!(failure(&run).contains("'through.write=out/a.txt'"), "{}", failure(&run));
    let kernel = &stage.host.app.kernel;
    let child = stage.host.find(&run.id.child(2)).await;
    let fork = kernel.fork(&child, 1, None, &tester()).await.unwrap();
    assert_eq!(fork.ceiling, child.ceiling);
    assert!(failure(&drive(&stage, &fork.id).await).contains("is beyond the ceiling of run"), "a person's fork is no way around it");
    nothing_was_done(&stage);
    grant(&stage, "borrow-hands", &["through.write=out/a.txt"]).await;
    kernel.resume(&stage.host.find(&run.id).await, None, &tester()).await.unwrap();
    assert_eq!(drive(&stage, &run.id).await.state, State::Succeeded);
    assert!(stage.host.workspace().join("out/a.txt").is_file());
    kernel.decide("borrow-hands", &Change::Revoke(vec!["through".parse().unwrap()]), &person("ada")).await.unwrap();
    assert!(failure(&stage.play("borrow_hands", insists).await).contains("is beyond the ceiling"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_starts_has_no_ceiling_and_what_is_bundled_sets_none() {
    let stage = stage().await;
    let run = stage.host.run(below(&below(&write("out/a.txt")))).await;
    assert_eq!(run.state, State::Succeeded);
    let lowest = stage.host.find(&run.id.child(1).child(1)).await;
    assert!(lowest.parent.is_some() && lowest.ceiling.is_empty(), "{:?}", lowest.ceiling);
    // A file of the user's has one of its own, which takes nothing from what it may do itself.
    let order = baton::kernel::Order { plugin: "proxy".to_owned(), ..stage.host.order(below(&write("out/b.txt"))) };
    let run = stage.host.app.kernel.start(order).await.unwrap();
    assert_eq!(drive(&stage, &run.id).await.state, State::Succeeded);
    let child = stage.host.find(&run.id.child(1)).await;
    assert_eq!(child.ceiling.bounds().iter().map(|bound| bound.plugin.as_str()).collect::<Vec<_>>(), ["proxy"]);
    assert_eq!(Plugin::read(PROBE.to_vec(), Origin::Bundled, |_| Default::default()).unwrap().package.hash, child.plugin_hash);
}
