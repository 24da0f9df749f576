//! Slots and bindings: what fills a slot, who says so, what does not fit, and what a repository only proposes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton::{
    interfaces::backlog::{Author, Draft, Kind, Labels},
    journal::ErrorKind,
    kernel::{
        registry::{Origin, Plugin},
        run::{Run, State},
        slots::Scope,
    },
};
use baton_tests::{
    changed_probe, componentize,
    host::{TestHost, person, tester},
    listed, node, program,
};
use serde_json::{Value, json};

use crate::sprint::{PROCESSES, Project, STORIES, document, story};

const CACHE: &str = env!("CARGO_TARGET_TMPDIR");
/// A story that fits every slot's input.
const KEY: &str = "1-1-add";

/// The probe under another name: what it is given without a deed it answers with the setting `stand-in.NAME`.
fn stand_in(name: &str) -> Vec<u8> {
    changed_probe(|manifest| {
        let lines = manifest.lines().filter(|line| !line.starts_with("description") && !line.starts_with("tools"));
        let line = |line: &str| match line {
            "name = \"probe\"" => format!("name = \"{name}\""),
            "workflows = [\"probe\"]" => "workflows = [\"*\"]".to_owned(),
            other => other.to_owned(),
        };
        lines.map(line).collect::<Vec<_>>().join("\n")
    })
}

// ---- which plugin fills a slot, in this process ----

/// A host with stand-ins, each of which answers with its name.
async fn host(names: &[&str], settings: Value) -> TestHost {
    let mut settings = settings;
    for name in names {
        if settings["stand-in"].get(*name).is_none() {
            settings["stand-in"][*name] = json!(json!({ "verdict": "approve", "summary": name }).to_string());
        }
    }
    let host = TestHost::with_settings(settings).await;
    for name in ["caller"].iter().chain(names) {
        add(&host, name);
    }
    host
}

fn add(host: &TestHost, name: &str) {
    let plugin = Plugin::read(stand_in(name), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    host.app.kernel.registry().add(plugin).unwrap();
}

/// A run that asks for the slot `code-review`, for an item by an option or only by what it gives it.
async fn review(host: &TestHost, item: Option<&str>) -> Run {
    let mut input = json!({ "do": "start", "workflow": "code-review", "input": { "key": KEY } });
    if let Some(item) = item {
        input["item"] = json!(item);
    }
    let order = baton::kernel::Order { plugin: "caller".to_owned(), ..host.order(input) };
    let run = host.app.kernel.start(order).await.unwrap();
    host.drive(&run.id).await;
    host.find(&run.id).await
}

async fn reviewer(host: &TestHost, item: Option<&str>) -> String {
    let run = review(host, item).await;
    run.output.unwrap_or_else(|| panic!("{:?}", run.state))["summary"].as_str().unwrap().to_owned()
}

async fn put(host: &TestHost, key: &str, labels: &[&str]) {
    let draft = Draft {
        key: key.to_owned(),
        kind: Kind::Story,
        title: "A story".to_owned(),
        body: String::new(),
        parent: None,
        after: Vec::new(),
        priority: 0,
        labels: Labels::from(labels.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    let project = host.app.kernel.open_project(&host.workspace(), &person("ada")).await.unwrap();
    host.app.backlog.put(&project.id, &[draft], &Author::Person(person("ada"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_projects_and_operators_bind_in_this_order() {
    let settings = json!({ "bindings": { "code-review": "in-settings", "labels": { "web": { "code-review": "web-in-settings" } } } });
    let host = host(&["in-settings", "web-in-settings", "by-project", "web-by-project"], settings).await;
    put(&host, KEY, &["web"]).await;
    put(&host, "1-2-plain", &[]).await;
    assert_eq!(reviewer(&host, None).await, "web-in-settings", "the input names the item");
    assert_eq!(reviewer(&host, Some("1-2-plain")).await, "in-settings", "the option comes before the input");

    let project = host.app.kernel.open_project(&host.workspace(), &person("ada")).await.unwrap().id;
    let bind = async |label: Option<&str>, plugin: &str| {
        let scope = Scope { project: Some(project.clone()), label: label.map(str::to_owned) };
        host.app.kernel.bind(scope, "code-review", plugin, &person("ada")).await.unwrap();
    };
    bind(None, "by-project").await;
    assert_eq!((reviewer(&host, None).await, reviewer(&host, Some("1-2-plain")).await), ("by-project".to_owned(), "by-project".to_owned()));
    bind(Some("web"), "web-by-project").await;
    assert_eq!(reviewer(&host, None).await, "web-by-project");

    let run = review(&host, Some("1-9-ghost")).await;
    let State::Failed { error } = run.state else { panic!("{:?}", run.state) };
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.text.contains("no item `1-9-ghost`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_child_keeps_slot_item_and_version_and_those_it_starts_are_for_the_same_item() {
    let nested = json!({ "do": "in-turn", "inputs": [{ "do": "start", "workflow": "run-tests", "input": {} }] }).to_string();
    let passed = json!({ "passed": true }).to_string();
    let settings = json!({
        "bindings": { "dev-story": "outer", "run-tests": "plain-tests", "labels": { "web": { "run-tests": "web-tests" } } },
        "stand-in": { "outer": nested, "plain-tests": passed, "web-tests": passed },
    });
    let host = host(&["outer", "plain-tests", "web-tests"], settings).await;
    put(&host, KEY, &["web"]).await;
    let input = json!({ "do": "start", "workflow": "dev-story", "input": { "key": KEY } });
    let order = baton::kernel::Order { plugin: "caller".to_owned(), ..host.order(input) };
    let run = host.app.kernel.start(order).await.unwrap();
    host.drive(&run.id).await;
    let tree = host.app.kernel.tree(&run.id).await.unwrap();
    let of = |plugin: &str| tree.iter().find(|run| run.plugin == plugin).unwrap_or_else(|| panic!("{plugin}: {tree:?}"));
    assert_eq!((of("outer").slot.as_deref(), of("outer").item.as_deref()), (Some("dev-story"), Some(KEY)));
    assert_eq!((of("web-tests").slot.as_deref(), of("web-tests").item.as_deref()), (Some("run-tests"), Some(KEY)));
    assert_eq!((of("caller").slot.as_deref(), of("caller").item.as_deref()), (None, None));
    let journal = host.journal(&run.id).await;
    assert!(journal[0].request.contains("\"dev-story\"") && !journal[0].request.contains("outer"), "{}", journal[0].request);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_may_stand_before_the_default_of_its_slot() {
    let inner = json!({ "do": "start", "workflow": "run-tests", "input": { "command": "true" } }).to_string();
    let settings = json!({
        "bindings": { "run-tests": "wrapper" }, "stand-in": { "wrapper": inner }, "sandbox": { "engine": "process" },
    });
    let host = host(&["wrapper"], settings).await;
    let input = json!({ "do": "start", "workflow": "run-tests", "input": {} });
    let order = baton::kernel::Order { plugin: "caller".to_owned(), ..host.order(input) };
    let run = host.app.kernel.start(order).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    let output = run.output.unwrap_or_else(|| panic!("{:?}", run.state));
    assert_eq!((&output["passed"], &output["command"]), (&json!(true), &json!("true")));
    let tree = host.app.kernel.tree(&run.id).await.unwrap();
    let mut plugins: Vec<_> = tree.iter().map(|run| run.plugin.as_str()).collect();
    plugins.sort_unstable();
    assert_eq!(plugins, ["caller", "run-tests", "wrapper"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_nothing_can_fill_pauses_the_run_until_the_operator_binds_another() {
    for (plugin, said) in [("nobody", "no plugin of that name is installed"), ("mary", "is an agent and not a workflow")] {
        let host = host(&["second"], json!({ "bindings": { "code-review": plugin } })).await;
        let run = review(&host, None).await;
        let State::Paused { pause } = &run.state else { panic!("{:?}", run.state) };
        assert!(pause.reason.contains(said) && pause.reason.contains("baton bindings set code-review PLUGIN"), "{}", pause.reason);
        assert_eq!(host.app.kernel.tree(&run.id).await.unwrap().len(), 1, "nothing was started");
        host.app.kernel.bind(Scope::default(), "code-review", "second", &person("ada")).await.unwrap();
        host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        host.drive(&run.id).await;
        assert_eq!(host.find(&run.id).await.output.unwrap()["summary"], "second");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_is_the_childs_failure_with_plugin_and_field() {
    for (answer, field) in [
        (json!({ "verdict": "fine" }), "verdict"),
        (json!({ "summary": "Good." }), ""),
        (json!({ "verdict": "changes", "findings": [{ "what": 7 }] }), "findings[0].what"),
        (json!(null), ""),
    ] {
        let host = host(&["odd"], json!({ "bindings": { "code-review": "odd" }, "stand-in": { "odd": answer.to_string() } })).await;
        let run = review(&host, None).await;
        let State::Failed { error } = run.state else { panic!("{answer}: {:?}", run.state) };
        assert_eq!(error.kind, ErrorKind::ChildFailed);
        assert!(error.text.contains("`odd`") && error.text.contains("`code-review`") && error.text.contains(field), "{error}");
        assert_eq!(error.details.unwrap()["error"]["subject"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_progress_keeps_the_proposal_that_was_approved_when_it_began() {
    let host = host(&["theirs", "others"], json!({})).await;
    let project = host.app.kernel.open_project(&host.workspace(), &person("ada")).await.unwrap().id;
    let approve = async |plugin: &str| {
        fs::write(host.workspace().join("baton.toml"), format!("[bindings]\ncode-review = \"{plugin}\"\n")).unwrap();
        let proposal = host.app.kernel.proposal(&project, &json!({ "bindings": { "code-review": plugin } })).await.unwrap().unwrap();
        host.app.kernel.approve(&project, &proposal, &person("ada")).await.unwrap();
    };
    approve("theirs").await;
    let pausing = json!({ "do": "pause", "say": "Look.", "times": 1 });
    let asking = json!({ "do": "start", "workflow": "code-review", "input": { "key": KEY } });
    let order = baton::kernel::Order { plugin: "caller".to_owned(), ..host.order(json!({ "do": "in-turn", "inputs": [pausing, asking] })) };
    let run = host.app.kernel.start(order).await.unwrap();
    host.drive(&run.id).await;
    // Its time is not that of the approval.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    approve("others").await;
    host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!(run.output.unwrap_or_else(|| panic!("{:?}", run.state))[1]["summary"], "theirs");
    assert_eq!(reviewer(&host, None).await, "others", "a run that begins now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_asked_for_in_its_own_way() {
    let host = host(&[], json!({})).await;
    let asked = async |input: Value| {
        let run = host.run(input).await;
        let State::Failed { error } = run.state else { panic!("{:?}", run.state) };
        error.text
    };
    let told = asked(json!({ "do": "perform", "agent": "code-review", "goal": "x" })).await;
    assert!(told.contains("`code-review` is the slot of a workflow. Call `workflows.start`."), "{told}");
    let told = asked(json!({ "do": "start", "workflow": "probe", "input": {}, "item": "ghost" })).await;
    assert!(told.contains("no item `ghost`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_named_only_by_a_plugin_that_may_read_the_backlog() {
    let host = host(&["mine"], json!({ "bindings": { "code-review": "mine" } })).await;
    put(&host, KEY, &[]).await;
    let blind = changed_probe(|manifest| {
        let left_out = ["description", "tools", "backlog"];
        let lines = manifest.lines().filter(|line| !left_out.iter().any(|start| line.starts_with(start)));
        let line = |line| match line {
            "name = \"probe\"" => "name = \"blind\"",
            "workflows = [\"probe\"]" => "workflows = [\"*\"]",
            other => other,
        };
        lines.map(line).collect::<Vec<_>>().join("\n")
    });
    let plugin = Plugin::read(blind, Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    host.app.kernel.registry().add(plugin).unwrap();
    for item in [KEY, "1-9-ghost"] {
        let input = json!({ "do": "start", "workflow": "code-review", "input": { "key": KEY }, "item": item });
        let order = baton::kernel::Order { plugin: "blind".to_owned(), ..host.order(input) };
        let run = host.app.kernel.start(order).await.unwrap();
        host.drive(&run.id).await;
        let state = host.find(&run.id).await.state;
        let State::Failed { error } = state else { panic!("{item} is told: {state:?}, {:?}", host.find(&run.id).await.output) };
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Denied, Some("backlog=read")), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_starts_for_a_slot_is_what_is_bound() {
    let host = host(&["mine"], json!({ "bindings": { "land": "mine" } })).await;
    assert_eq!(host.app.kernel.filling("land", &host.workspace()).await.unwrap(), "mine");
    assert_eq!(host.app.kernel.filling("decide", &host.workspace()).await.unwrap(), "decide");
    host.app.kernel.bind(Scope::default(), "land", "nobody", &person("ada")).await.unwrap();
    let told = host.app.kernel.filling("land", &host.workspace()).await.unwrap_err().to_string();
    assert!(told.contains("no plugin of that name is installed"), "{told}");
}

// ---- the real program ----

impl Project {
    /// Puts a stand-in into the plugin folder and grants it what it asks for.
    fn install(&self, name: &str) {
        let file = self.home.path().join(format!("{name}.wasm"));
        fs::write(&file, stand_in(name)).unwrap();
        let _ = self.baton(&["plugin", "install", file.to_str().unwrap(), "--grant"]).exits(0);
    }

    fn configure(&self, settings: &str) {
        fs::write(self.home.path().join("baton.toml"), format!("{PROCESSES}{settings}")).unwrap();
    }

    /// The plugins of all runs so far, by the slot they filled.
    fn filled(&self) -> Vec<(String, String)> {
        let runs = listed::runs(&self.baton(&["runs", "list", "-o", "json", "--all", "--limit", "500"]).exits(0));
        let filled = |run: &Value| Some((run["slot"].as_str()?.to_owned(), run["plugin"].as_str()?.to_owned()));
        runs.iter().filter_map(filled).collect()
    }

    fn bindings(&self, more: &[&str]) -> Value {
        document(&self.baton(&[&["bindings", "list", "-o", "json"], more].concat()).exits(0))
    }

    /// What fills a slot for all items, as `bindings list` says.
    fn bound(&self, slot: &str, more: &[&str]) -> (String, String) {
        let listed = self.bindings(more);
        let rows = listed["items"].as_array().unwrap();
        let row = rows.iter().find(|row| row["slot"] == slot && row["label"].is_null()).unwrap();
        (row["plugin"].as_str().unwrap().to_owned(), row["bound_by"].as_str().unwrap().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_of_a_sprint_are_replaced_without_touching_another_file() {
    let project = Project::with(&STORIES[..1], "").await;
    ["acme-dev", "acme-review", "acme-land"].iter().for_each(|name| project.install(name));
    project.configure(&format!(
        "[bindings]\ndev-story = \"acme-dev\"\ncode-review = \"acme-review\"\nland = \"acme-land\"\n[stand-in]\n\
         acme-dev = '{{ \"outcome\": \"done\", \"summary\": \"Did it.\" }}'\nacme-review = '{{ \"verdict\": \"approve\" }}'\n\
         acme-land = '{{ \"landed\": [{{ \"key\": \"{KEY}\", \"commit\": \"c0ffee\" }}] }}'\n"
    ));
    let summary = project.sprint();
    assert_eq!((&summary["landed"], &story(&summary, KEY)["commit"]), (&json!(1), &json!("c0ffee")), "{summary}");
    let filled = project.filled();
    for (slot, plugin) in [("dev-story", "acme-dev"), ("code-review", "acme-review"), ("land", "acme-land")] {
        assert!(filled.iter().all(|(other, found)| other != slot || found == plugin), "{filled:?}");
        assert!(filled.contains(&(slot.to_owned(), plugin.to_owned())), "{filled:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_replaced_by_plugins_in_python_javascript_and_without_code() {
    let Some(python) = componentize::python(Path::new(CACHE)) else { return };
    let Some(javascript) = node::is_there().then(|| componentize::javascript(Path::new(CACHE))).flatten() else { return };
    let project = Project::with(&STORIES[..1], "").await;
    ["acme-context", "acme-decide", "caller"].iter().for_each(|name| project.install(name));
    built_in_python(&project, &python);
    built_in_javascript(&project, &javascript);
    persona(&project);
    project.configure(
        "[bindings]\nstory-context = \"acme-context\"\nrun-tests = \"py-tests\"\ndeveloper = \"js-dev\"\nreviewer = \"critic\"\n\
         decide = \"acme-decide\"\n[stand-in]\nacme-context = '{ \"text\": \"All of it.\" }'\nacme-decide = '{ \"answer\": \"yes\" }'\n",
    );
    fs::write(
        project.home.path().join("replies.yaml"),
        "rules:\n  - when: { plugin: critic, contains: \"+1 + 1\" }\n    json: { verdict: approve, summary: It adds., findings: [] }\n",
    )
    .unwrap();
    let summary = project.sprint();
    assert_eq!(summary["landed"], 1, "{summary}");
    assert_eq!(fs::read_to_string(project.work().join("sum")).unwrap(), "1 + 1\n", "what the agent in JavaScript wrote");
    let asked = r#"{"do": "start", "workflow": "decide", "input": {"question": "May it go out?"}}"#;
    let decided = project.baton(&["run", "caller", "--workspace", "workspace", "--input", asked]).exits(0);
    assert_eq!(document(&decided), json!({ "answer": "yes" }));
    let filled = project.filled();
    for (slot, plugin) in [
        ("story-context", "acme-context"),
        ("run-tests", "py-tests"),
        ("developer", "js-dev"),
        ("reviewer", "critic"),
        ("decide", "acme-decide"),
    ] {
        assert!(filled.contains(&(slot.to_owned(), plugin.to_owned())), "{slot}: {filled:?}");
        assert!(filled.iter().all(|(other, found)| other != slot || found == plugin), "{slot}: {filled:?}");
    }
}

/// A folder of files, built by `baton plugin build` with these programs before all others, and installed.
fn built(project: &Project, name: &str, files: &[(&str, &str)], programs: Option<&Path>) {
    let folder = project.home.path().join(name);
    fs::create_dir_all(&folder).unwrap();
    files.iter().for_each(|(file, text)| fs::write(folder.join(file), text).unwrap());
    let mut command = project.command(&["plugin", "build", folder.to_str().unwrap()]);
    let path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path: Vec<PathBuf> = programs.map(Path::to_owned).into_iter().chain(path).collect();
    let _ = program::output(command.env("PATH", std::env::join_paths(path).unwrap())).exits(0);
    let file = folder.join(format!("target/{name}.wasm"));
    let _ = project.baton(&["plugin", "install", file.to_str().unwrap(), "--grant"]).exits(0);
}

fn built_in_python(project: &Project, programs: &Path) {
    const APP: &str = r#"import json

import wit_world
from wit_world.imports import workflows


class WitWorld(wit_world.WitWorld):
    def run_workflow(self, input: str) -> workflows.Outcome:
        command = json.loads(input).get("command") or "pytest"
        return workflows.Outcome(json.dumps({"passed": True, "command": command, "report": "3 passed"}), shortfall=None)
"#;
    let manifest = "name = \"py-tests\"\nversion = \"0.1.0\"\nkind = \"workflow\"\ndescription = \"Finds every test green\"\n";
    let requirements = include_str!("../../host/scaffolds/python/all/requirements.txt");
    built(project, "py-tests", &[("plugin.toml", manifest), ("app.py", APP), ("requirements.txt", requirements)], Some(programs));
}

fn built_in_javascript(project: &Project, modules: &Path) {
    const APP: &str = r#"import { write } from "baton:plugin/files@0.2.0";

export function perform(task) {
  write("sum", new TextEncoder().encode("1 + 1\n"));
  const answer = { summary: "Wrote the sum.", assumptions: [], untested: "It is one sum." };
  return { answer: task.answerSchema ? JSON.stringify(answer) : answer.summary, summary: answer.summary };
}
"#;
    let manifest =
        "name = \"js-dev\"\nversion = \"0.1.0\"\nkind = \"agent\"\ndescription = \"Writes a sum\"\n\n[needs]\nwrite = [\"**\"]\n";
    let package = include_str!("../../host/scaffolds/javascript/all/package.json");
    let folder = project.home.path().join("js-dev");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
    built(project, "js-dev", &[("plugin.toml", manifest), ("app.js", APP), ("package.json", package)], None);
}

/// An agent without code.
fn persona(project: &Project) {
    let manifest = "name = \"critic\"\nversion = \"0.1.0\"\nkind = \"agent\"\ndescription = \"Judges\"\n\n[needs]\nmodels = [\"*\"]\n";
    built(project, "critic", &[("plugin.toml", manifest), ("persona.md", "+++\n+++\n\nYou judge what others wrote.\n")], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_fit_a_slot_is_refused_with_the_field() {
    let project = Project::with(&[], "").await;
    let file = project.home.path().join("acme.wasm");
    fs::write(&file, stand_in("acme")).unwrap();
    let file = file.to_str().unwrap();
    let check = |answer: &str, slot: &str| {
        project.configure(&format!("[stand-in]\nacme = '{answer}'\n"));
        project.baton(&["plugin", "check", file, "--as", slot, "-o", "json"])
    };
    let good = document(&check(r#"{ "verdict": "approve" }"#, "code-review").exits(0));
    assert_eq!((&good["slot"]["fits"], &good["slot"]["samples"][0]["outcome"]), (&json!(true), &json!("fits")), "{good}");
    for (answer, slot, field) in [
        (r#"{ "verdict": "fine" }"#, "code-review", "verdict"),
        (r#"{ "passed": "yes" }"#, "run-tests", "passed"),
        (r#"{ "landed": [{ "key": "1-1" }] }"#, "land", "landed[0]"),
    ] {
        let refused = document(&check(answer, slot).exits(1));
        assert_eq!((&refused["slot"]["fits"], &refused["slot"]["field"]), (&json!(false), &json!(field)), "{refused}");
    }
    let denied = document(&check(r#"{ "do": "read", "path": "README.md" }"#, "decide").exits(0));
    assert_eq!(denied["slot"]["samples"][0]["outcome"], "not_tried", "{denied}");
    let kind = project.baton(&["plugin", "check", file, "--as", "developer"]).exits(1);
    assert!(kind.stderr.contains("is a workflow, and the slot `developer` is for an agent"), "{}", kind.stderr);
    let unknown = project.baton(&["plugin", "check", file, "--as", "code-reviw"]).exits(2);
    assert!(unknown.stderr.contains("Did you mean `code-review`?"), "{}", unknown.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_bind_before_settings_and_say_what_is_wrong() {
    let project = Project::with(&[], "").await;
    project.install("acme");
    assert_eq!(project.bound("land", &[]), ("land".to_owned(), "default".to_owned()));
    project.configure("[bindings]\nland = \"acme\"\n[bindings.labels.web]\ndeveloper = \"bob\"\n");
    assert_eq!(project.bound("land", &[]), ("acme".to_owned(), "settings".to_owned()));
    let rows = project.bindings(&[])["items"].as_array().unwrap().len();
    assert_eq!(rows, 14, "each slot once, and one for a label");
    let _ = project.baton(&["bindings", "set", "land", "land"]).exits(0);
    assert_eq!(project.bound("land", &[]), ("land".to_owned(), "command".to_owned()));
    let _ = project.baton(&["bindings", "set", "land", "acme", "--workspace", "workspace"]).exits(0);
    assert_eq!(project.bound("land", &["--workspace", "workspace"]), ("acme".to_owned(), "command".to_owned()));
    assert_eq!(project.bound("land", &[]), ("land".to_owned(), "command".to_owned()), "another project's is nothing to the rest");
    let _ = project.baton(&["bindings", "unset", "land"]).exits(0);
    assert_eq!(project.bound("land", &[]), ("acme".to_owned(), "settings".to_owned()));
    for (arguments, said) in [
        (&["unset", "land"][..], "`land` has no binding that was set by a command"),
        (&["set", "lnd", "acme"], "Did you mean `land`?"),
        (&["set", "land", "nobody"], "The plugin `nobody` is not installed."),
        (&["set", "land", "mary"], "`mary` is an agent, and the slot `land` is for a workflow."),
        (&["set", "land", "decide"], "which is a slot itself"),
        (&["set", "code-review", "plan"], "`[input]` of `plan`"),
        (&["set", "land", "acme", "--label", "Web\u{1b}"], "label"),
        (&["set", "land", "acme", "--project", "ghost"], "ghost"),
    ] {
        let refused = project.baton(&[&["bindings"], arguments].concat()).exits(2);
        assert!(refused.stderr.contains(said) && !refused.stderr.contains('\u{1b}'), "{arguments:?}: {}", refused.stderr);
    }

    let _ = project.baton(&["plugin", "remove", "acme"]).exits(0);
    let doctor = document(&project.baton(&["doctor", "-o", "json"]));
    let check = doctor["items"].as_array().unwrap().iter().find(|check| check["subject"] == "bindings").unwrap();
    assert!(check["level"] == "warn" && check["hint"].as_str().unwrap().contains("`land` is bound to `acme`"), "{check}");
    let listed = project.baton(&["bindings", "list"]).exits(0);
    assert!(listed.stdout.contains("not installed") && listed.stderr.contains("no plugin of that name is installed"), "{}", listed.stdout);

    for (wrong, said) in [("develper = \"amelia\"", "Did you mean `developer`?"), ("developer = \"reviewer\"", "which is a slot itself")] {
        project.configure(&format!("[bindings]\n{wrong}\n"));
        let refused = project.baton(&["plugin", "list"]).exits(1);
        assert!(refused.stderr.contains(said) && refused.stderr.contains("bindings.devel"), "{}", refused.stderr);
    }
    project.configure("[bindings]\ndevelper = \"amelia\"\nland = \"land\"\n");
    let listed = project.baton(&["bindings", "list"]).exits(0);
    assert!(listed.stderr.contains("`bindings.develper` in") && listed.stderr.contains("Did you mean `developer`?"), "{}", listed.stderr);
    assert_eq!(project.bound("land", &[]), ("land".to_owned(), "settings".to_owned()), "the rest is listed");
    assert_eq!(project.bindings(&[])["mistakes"][0]["key"], "bindings.develper");
    let name = project.baton(&["plugin", "new", "developer", "--kind", "agent"]).exits(2);
    assert!(name.stderr.contains("`developer` is the name of a slot"), "{}", name.stderr);
    fs::write(project.home.path().join("data/plugins/reviewer.wasm"), stand_in("reviewer")).unwrap();
    project.configure("");
    let rejected = project.baton(&["plugin", "list"]).exits(0);
    assert!(rejected.stderr.contains("`reviewer` is the name of a slot"), "{}", rejected.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repository_proposes_holds_once_approved_and_not_after_a_change() {
    let project = Project::with(&[], "").await;
    ["caller", "theirs", "others"].iter().for_each(|name| project.install(name));
    project.configure("[stand-in]\ntheirs = '{ \"answer\": \"theirs\" }'\nothers = '{ \"answer\": \"others\" }'\n");
    let propose = |text: &str| fs::write(project.work().join("baton.toml"), text).unwrap();
    let asked = r#"{"do": "start", "workflow": "decide", "input": {"question": "May it go out?", "severity": "critical", "options": ["yes", "no"]}}"#;
    let decide = || project.baton(&["run", "caller", "--workspace", "workspace", "--input", asked]);
    let by_default =
        |ended: &program::Ended| assert!(!ended.stdout.contains("theirs") && !ended.stdout.contains("others"), "{}", ended.stdout);

    propose("[bindings]\ndecide = \"theirs\"\n");
    let ended = decide();
    by_default(&ended);
    let lines: Vec<_> = ended.stderr.lines().filter(|line| line.contains("proposes bindings")).collect();
    assert!(lines.len() == 1 && ended.stderr.contains("baton bindings approve"), "{}", ended.stderr);
    let listed = project.bindings(&["--workspace", "workspace"]);
    assert_eq!((&listed["proposal"]["state"], &listed["proposal"]["bindings"][0]["plugin"]), (&json!("proposed"), &json!("theirs")));
    assert_eq!(project.bound("decide", &["--workspace", "workspace"]).1, "default");

    let _ = project.baton(&["bindings", "approve", "--workspace", "workspace"]).exits(0);
    let ended = decide().exits(0);
    assert_eq!(document(&ended)["answer"], "theirs");
    assert!(!ended.stderr.contains("proposes"), "{}", ended.stderr);
    propose("[team]\nmotto = \"on\"\n[bindings]\ndecide = \"theirs\"\n");
    assert_eq!(document(&decide().exits(0))["answer"], "theirs", "the rest of the file may change");

    propose("[bindings]\ndecide = \"others\"\n");
    let ended = decide();
    by_default(&ended);
    assert!(ended.stderr.contains("changed since you approved them"), "{}", ended.stderr);
    assert_eq!(project.bindings(&["--workspace", "workspace"])["proposal"]["state"], "changed");
    let _ = project.baton(&["bindings", "approve", "--workspace", "workspace"]).exits(0);
    assert_eq!(document(&decide().exits(0))["answer"], "others");
    let _ = project.baton(&["bindings", "set", "decide", "theirs", "--workspace", "workspace"]).exits(0);
    assert_eq!(document(&decide().exits(0))["answer"], "theirs", "the operator's own word comes first");

    for (text, said) in
        [("[bindings]\ndecid = \"x\"\n", "`decide`"), ("[bindings.projects.shop]\ndecide = \"x\"\n", "cannot have `projects`")]
    {
        propose(text);
        let refused = project.baton(&["bindings", "approve", "--workspace", "workspace"]).exits(2);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    for (plugin, said) in [("ghost", "is not installed"), ("mary", "is an agent, and the slot `decide` is for a workflow")] {
        propose(&format!("[bindings]\ndecide = \"{plugin}\"\n"));
        let refused = project.baton(&["bindings", "approve", "--workspace", "workspace"]).exits(2);
        let again = "`baton bindings approve --workspace workspace --data-dir ";
        assert!(refused.stderr.contains(said) && refused.stderr.contains(again), "{}", refused.stderr);
        assert_eq!(project.bindings(&["--workspace", "workspace"])["proposal"]["state"], "changed", "nothing was approved");
    }
    let elsewhere = project.home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for text in ["", "[bindings]\ndecide = \"ghost\"\n"] {
        fs::write(elsewhere.join("baton.toml"), text).unwrap();
        let _ = project.baton(&["bindings", "approve", "--workspace", elsewhere.to_str().unwrap()]).exits(2);
    }
    let projects = project.baton(&["project", "list", "-o", "json"]).exits(0).stdout;
    assert!(!projects.contains("elsewhere"), "where nothing is approved no project begins: {projects}");
    propose("");
    let nothing = project.baton(&["bindings", "approve", "--workspace", "workspace"]).exits(2);
    assert!(nothing.stderr.contains("proposes no bindings"), "{}", nothing.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_name_slots_and_the_reach_goes_through_what_is_bound() {
    let project = Project::with(&[], "").await;
    project.install("acme");
    let reach = || {
        let shown = document(&project.baton(&["plugin", "grant", "acme", "agents=developer", "--dry-run", "-o", "json"]).exits(0));
        shown["reach"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let _ = project.baton(&["plugin", "revoke", "acme"]).exits(0);
    assert_eq!(reach(), ["amelia"]);
    let _ = project.baton(&["bindings", "set", "developer", "bob", "--label", "web"]).exits(0);
    assert_eq!(reach(), ["amelia", "bob"], "of some stories");
    let _ = project.baton(&["bindings", "set", "developer", "winston"]).exits(0);
    assert_eq!(reach(), ["bob", "winston"]);
    let _ = project.baton(&["plugin", "grant", "acme", "agents=developer"]).exits(0);
    let denied = r#"{"do": "perform", "agent": "winston", "goal": "x"}"#;
    let ended = project.baton(&["run", "acme", "--workspace", "workspace", "--input", denied]).exits(1);
    assert!(ended.stderr.contains("`agents` of `winston`"), "the slot was granted and not what fills it: {}", ended.stderr);
}
