//! Settings that are not what somebody meant, with the real program.

use std::{fs, io::Read as _, net::TcpListener, path::Path};

use baton_tests::{
    host::{TestHost, tester},
    listed,
    program::{self, Ended},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What `plan` comes to with these settings of the user and of the project.
fn plan(user: &str, project: &str) -> Ended {
    let home: TempDir = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("shop")).unwrap();
    fs::write(home.path().join("settings.toml"), user).unwrap();
    fs::write(home.path().join("shop/baton.toml"), project).unwrap();
    let arguments = ["run", "plan", "--input", "{\"brief\": \"A notebook.\"}", "--workspace", "shop", "--data-dir", "data"];
    let mut command = program::command(home.path(), &arguments);
    program::output(command.env("BATON_CONFIG", home.path().join("settings.toml")))
}

#[test]
fn a_word_that_is_perhaps_misspelt_is_told_and_stops_nothing() {
    let ended = plan("[models]\ndefualt = \"lab/any\"\n", "[plugins.mary]\nmodle = \"lab/any\"\n").exits(3);
    for told in [
        "`models.defualt` is not known; did you mean `models.default`?",
        "`plugins.mary.modle` is not known; did you mean `plugins.mary.model`?",
    ] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(ended.stderr.contains("No model is set."), "{}", ended.stderr);
}

#[test]
fn doctor_tells_of_words_that_are_perhaps_misspelt_in_either_file() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("settings.toml"), "[models]\ndefualt = \"lab/any\"\n").unwrap();
    let with_project = |project: &str| {
        fs::write(home.path().join("baton.toml"), project).unwrap();
        let checks = doctor(home.path());
        let of = |name: &str| checks.iter().find(|check| check["subject"] == name).cloned().unwrap_or_default();
        (of("settings"), of("project"))
    };
    let (user, project) = with_project("[plugins.mary]\nmodle = \"lab/any\"\n");
    assert_eq!(user["hint"], "Look at `models.defualt`, where `models.default` may be meant.", "{user}");
    assert_eq!(project["level"], "warn");
    assert_eq!(project["hint"], "Look at `plugins.mary.modle`, where `plugins.mary.model` may be meant.", "{project}");
    let (_, project) = with_project("[models]\ndefault = 5\n");
    assert!(project["level"] == "warn" && project["message"].as_str().unwrap().contains("and is 5"), "{project}");
    assert_eq!(with_project("[test]\nimage = \"default\"\n").1["level"], "ok");
    fs::remove_file(home.path().join("baton.toml")).unwrap();
    assert!(doctor(home.path()).iter().all(|check| check["subject"] != "project"));
}

/// The checks of `baton doctor` in a folder, with the user's settings that lie there.
fn doctor(folder: &Path) -> Vec<Value> {
    let mut command = program::command(folder, &["doctor", "-o", "json"]);
    let told = program::output(command.env("BATON_CONFIG", folder.join("settings.toml"))).exits(0);
    assert_eq!(told.stderr, "");
    let checks: Value = serde_json::from_str(&told.stdout).unwrap();
    checks["items"].as_array().unwrap().clone()
}

#[test]
fn doctor_tells_of_what_a_repository_proposes_until_it_is_approved() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("settings.toml"), "").unwrap();
    let proposal = "[test]\nsetup = \"npm ci\"\n\n[test.services.db]\nimage = \"postgres:16\"\nports = [5432]\n";
    fs::write(home.path().join("baton.toml"), proposal).unwrap();
    let of = |subject: &str| doctor(home.path()).into_iter().find(|check| check["subject"] == subject);
    let services = of("services").unwrap();
    assert_eq!(services["level"], "warn");
    assert!(services["message"].as_str().unwrap().contains("not approved: `db` (postgres:16)"), "{services}");
    assert!(services["hint"].as_str().unwrap().contains("`baton project services approve`"), "{services}");
    assert!(of("setup").unwrap()["hint"].as_str().unwrap().contains("`baton project setup approve`"));
    for approve in [["project", "services", "approve"], ["project", "setup", "approve"]] {
        let mut command = program::command(home.path(), &approve);
        let _approved = program::output(command.env("BATON_CONFIG", home.path().join("settings.toml"))).exits(0);
    }
    assert_eq!((of("services"), of("setup")), (None, None), "what is approved is not told");
}

#[test]
fn doctor_names_a_provider_that_is_down_with_its_address() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let up = listener.local_addr().unwrap().port();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let provider = |name: &str, port: u16| format!("[providers.{name}]\nbase-url = \"http://127.0.0.1:{port}/v1\"\n");
    fs::write(home.path().join("settings.toml"), provider("gone", down) + &provider("lab", up)).unwrap();
    let checks = doctor(home.path());
    let [gone, lab] = checks.iter().filter(|check| check["subject"] == "provider").collect::<Vec<_>>()[..] else { panic!("{checks:?}") };
    assert!(gone["message"].as_str().unwrap().starts_with(&format!("`gone` cannot be reached at http://127.0.0.1:{down}/v1/: ")), "{gone}");
    assert!(gone["hint"].as_str().unwrap().contains("[providers.gone]"), "{gone}");
    assert_eq!((&lab["level"], &lab["message"]), (&json!("ok"), &json!(format!("`lab` is reached at http://127.0.0.1:{up}/v1/"))));
    let (mut connection, _) = listener.accept().unwrap();
    let mut sent = Vec::new();
    connection.read_to_end(&mut sent).unwrap();
    assert!(sent.is_empty(), "nothing is asked of it: {}", String::from_utf8_lossy(&sent));
}

#[test]
fn what_can_name_no_model_is_refused_before_anything_is_done() {
    for (user, project) in [("[models]\ndefault = 5\n", ""), ("", "[models]\ndefault = 5\n")] {
        let ended = plan(user, project).exits(1);
        let told = "has to be a provider/model, an alias, or a list of them, and is 5";
        assert!(ended.stderr.contains("`models.default` in `") && ended.stderr.contains(told), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_by_the_settings_of_its_workspace_as_they_were_when_it_began() {
    let host = TestHost::new().await;
    let file = host.workspace().join("baton.toml");
    let say = |remote: &str| fs::write(&file, format!("[git]\nremote = \"{remote}\"\n")).unwrap();
    let asked = |key: &str| json!({ "do": "setting", "key": key });
    say("origin");
    // Put away before it looks, and with it a run below it.
    let both = json!({ "do": "in-turn", "inputs": [{ "do": "pause", "say": "wait", "times": 1 }, asked("git.remote"), { "do": "start-all", "inputs": [asked("git.remote")] }] });
    let run = host.run(both).await;
    say("elsewhere");
    let host = host.restarted().await;
    let run = host.find(&run.id).await;
    assert_eq!(host.app.kernel.settings_since(&run).await.unwrap(), ["git.remote"]);
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let output = host.find(&run.id).await.output.unwrap().to_string();
    assert!(output.matches("origin").count() == 2 && !output.contains("elsewhere"), "{output}");
    let next = host.run(asked("git.remote")).await;
    assert_eq!(next.output, Some(json!("elsewhere")), "a new run takes what is there");
    let fork = host.app.kernel.fork(&run, 1, None, &tester()).await.unwrap();
    assert_eq!(fork.project_settings, Some(json!({ "git": { "remote": "elsewhere" } })));
}

#[test]
fn a_model_that_nobody_can_ask_is_told_before_a_run_begins() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("probe.wasm"), baton_tests::PROBE).unwrap();
    fs::write(
        home.path().join("settings.toml"),
        "[models]\nbad = \"fine\"\nfine = [\"openai/x\", \"bogus/y\"]\nround = \"round\"\nlost = \"script/none.yaml\"\n",
    )
    .unwrap();
    let baton = |arguments: &[&str]| {
        let mut command = program::command(home.path(), &[arguments, &["--data-dir", "data"]].concat());
        program::output(command.env("BATON_CONFIG", home.path().join("settings.toml")))
    };
    let _installed = baton(&["plugin", "install", "probe.wasm", "--grant"]).exits(0);
    for (model, told) in [
        ("bogus/x", "the provider `bogus` does not exist.\nhint: Use one of anthropic, gemini, ollama, openai, script"),
        ("", "`` is not a model"),
        ("x", "`x` is not an alias for a model"),
        ("anthropic/", "has no model name"),
        ("bad", "`models.bad`: `bogus/y` is not a model"),
        ("round", "leads back to itself"),
        ("lost", "The script `none.yaml` does not exist"),
        ("script/none.yaml", "does not exist"),
    ] {
        let refused = baton(&["run", "probe", "--input", "{\"do\":\"echo\"}", "--model", model]).exits(2).stderr;
        assert!(refused.contains(told), "{model}: {refused}");
    }
    assert!(listed::runs(&baton(&["runs", "list", "-o", "json"]).exits(0)).is_empty(), "none has begun");
    let _echoed = baton(&["run", "probe", "--input", "{\"do\":\"echo\"}", "--model", "openai/x"]).exits(0);
}
