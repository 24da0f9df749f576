//! Workflow folders in the real program: packed, planned, run as they are, and killed anywhere. The agent behind the model
//! answers by rules, and each answer follows from its task alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use baton::{
    interfaces::llm::{Part, Reply, Stop},
    operations::plugins::{PluginFile, plan_folder},
};
use baton_tests::{
    folder, listed,
    model_server::{Delivery, Hooks, Line, ModelServer, Turn},
    program::{self, Ended},
    sweep::Sweep,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const WORKFLOW: &str = "name: garden\ndescription: Plans a garden\ninstructions: instructions.md\ntemplate: template.md\nvalidation: checklist.md\noutput_folder: \"{project-root}/docs\"\ndefault_output_file: \"{output_folder}/garden.md\"\nstory_key: \"\"\nsprint_status: \"{output_folder}/sprint-status.yaml\"\n";
const STEPS: &str = "# Garden\n<workflow>\n<critical>Name plants by their names.</critical>\n<step n=\"1\" goal=\"Look\" tag=\"sprint-status\">\n<action>Look around.</action>\n<check if=\"story_key == ''\"><ask response=\"story_key\">Which story?</ask></check>\n<check if=\"the place is sunny\"><template-output>herbs</template-output></check>\n<template-output>overview</template-output>\n</step>\n<step n=\"2\" goal=\"Plan\">\n<action>Update development_status[{{story_key}}] = \"in-progress\"</action>\n<invoke-workflow path=\"{project-root}/bmad/g/workflows/water\"><param>mode: dry</param></invoke-workflow>\n<action>Write the plan of the beds.</action>\n</step>\n</workflow>\n";
const TEMPLATE: &str = "# Garden\n\n{{overview}}\n\n{{#if has_pond}}Pond: {{pond}}{{else}}No pond.{{/if}}\n{{rest}}\n";
const STATUS: &str =
    "# Status, kept by hand\ndevelopment_status:\n  epic-1: backlog # the first\n  1-1-beds: ready-for-dev # mine\n  1-2-paths: backlog\n";

/// A project with folders in it, and a model.
struct Gardener {
    home: TempDir,
    server: ModelServer,
}

impl Gardener {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work/docs")).unwrap();
        fs::write(home.path().join("work/docs/sprint-status.yaml"), STATUS).unwrap();
        let script = home.path().join("replies.yaml");
        fs::write(&script, "rules:\n  - reply: x\n").unwrap();
        let asked = Mutex::new(BTreeMap::new());
        let spoil = move |turn: &Turn<'_>, reply: Reply| {
            let text = answer(&task_of(turn), &asked).to_string();
            Delivery { reply: Reply { parts: vec![Part::Text(text)], stop: Stop::End, ..reply }, way: None, line: Line::Good }
        };
        let server = ModelServer::start(&script, Hooks { check: None, spoil: Some(Box::new(spoil)) });
        let settings = format!("[providers.lab]\nbase-url = \"{}\"\n[models]\ndefault = \"lab/any\"\n", server.base_url());
        fs::write(home.path().join("baton.toml"), settings).unwrap();
        Self { home, server }
    }

    fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Lays a folder out below `work`.
    fn lays(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        for (path, text) in files {
            let path = self.work().join(name).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.work().join(name)
    }

    fn garden(&self) -> PathBuf {
        self.lays(
            "flows/garden",
            &[
                ("workflow.yaml", WORKFLOW),
                ("instructions.md", STEPS),
                ("template.md", TEMPLATE),
                ("checklist.md", "# Beds\n- [ ] Has beds\n"),
            ],
        )
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.home.path(), arguments);
        let home = self.home.path();
        command.env("BATON_DATA_DIR", home.join("data")).env("BATON_CONFIG", home.join("baton.toml")).current_dir(self.work());
        command
    }

    fn baton(&self, arguments: &[&str]) -> Ended {
        program::output(self.command(arguments))
    }

    fn document(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// Runs a folder without a question to its end, which may be a halt.
    fn runs(&self, folder: &str) -> Value {
        let ended = self.baton(&["run", folder, "--grant", "--input", r#"{"yolo": true}"#, "-o", "json"]);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{folder}: {}", ended.stderr))
    }

    fn file(&self, path: &str) -> String {
        fs::read_to_string(self.work().join(path)).unwrap_or_default()
    }
}

/// The words of the user: the task, and whatever came after it.
fn task_of(turn: &Turn<'_>) -> String {
    let texts = turn.request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// What the agent answers. Asked the same by a person's name again, it says no: an agent that always agrees ends no loop.
fn answer(task: &str, asked: &Mutex<BTreeMap<String, usize>>) -> Value {
    let goal = task.split("\n\n# ").next().unwrap_or_default();
    let first = goal.lines().next().unwrap_or_default();
    if first.starts_with("# Question") {
        // What `decide` asks its model: it knows nothing, so that a person is asked.
        json!({ "reasoning": "It is not said.", "quote": "", "clarity": 0.1, "sufficiency": 0.0, "answer": "1-2-paths" })
    } else if first.starts_with("Carry out") {
        let mut work = json!({ "report": "Done.", "verdict": "continue" });
        if goal.contains("Write the plan of the beds") {
            work["files"] = json!([{ "name": "docs/garden.beds.md", "text": "Beds" }, { "name": "../outside.md", "text": "x" }]);
        }
        work
    } else if let Some(rest) = first.strip_prefix("Write ") {
        let names = rest.split(" for the document").next().unwrap_or_default();
        let sections: Vec<_> = names.split(", ").map(|name| json!({ "name": name, "text": format!("{name}!") })).collect();
        json!({ "sections": sections })
    } else if first.starts_with("Check the document") {
        let numbers = goal.lines().filter_map(|line| line.split_once(". ")?.0.parse::<usize>().ok());
        let verdicts: Vec<_> = numbers.map(|item| json!({ "item": item, "result": "PASS", "evidence": "Here." })).collect();
        json!({ "verdicts": verdicts })
    } else if first.starts_with("Say whether") {
        json!({ "answer": if goal.contains("sunny") || goal.contains("as often as") { "true" } else { "false" } })
    } else if first.starts_with("Choose") {
        json!({ "choice": "1" })
    } else {
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(first.to_owned()).or_insert(0);
        *times += 1;
        let answer = match (goal.contains("Which story"), *times) {
            (true, _) => "1-1-beds",
            (false, 1) => "y",
            (false, _) => "n",
        };
        json!({ "answer": answer })
    }
}

const RUN: &[&str] = &["run", "./flows/garden", "--grant", "--input", r#"{"yolo": true}"#];

#[test]
fn a_folder_is_run_as_it_is_and_as_it_is_now() {
    let gardener = Gardener::new();
    gardener.garden();
    let ended = gardener.document(RUN);
    let output = &ended["output"];
    assert_eq!(output["status"], "completed", "{ended}");
    let (document, status) = (gardener.file("docs/garden.md"), gardener.file("docs/sprint-status.yaml"));
    assert!(document.starts_with("# Garden\n\noverview!\n\nNo pond.\nrest!\n") && document.contains("## Herbs\n\nherbs!"), "{document}");
    let moved =
        STATUS.replace("epic-1: backlog # ", "epic-1: in-progress # ").replace("1-1-beds: ready-for-dev # ", "1-1-beds: in-progress # ");
    assert_eq!(status.replace("  #", " #"), moved.replace("  #", " #"), "the epic follows, and comments stay");
    assert_eq!(gardener.file("docs/garden.beds.md"), "", "the folder does not ask to write there");
    assert!(!gardener.home.path().join("outside.md").exists());
    assert!(
        output["files"].as_array().unwrap().iter().any(|file| file.as_str().unwrap().starts_with("docs/validation-report-")),
        "{output}"
    );

    let before = gardener.document(&["plugin", "show", "garden"])["hash"].clone();
    let asked = gardener.server.exchanges().len();
    gardener.document(RUN);
    assert_eq!(gardener.document(&["plugin", "show", "garden"])["hash"], before, "nothing has changed");
    assert!(gardener.server.exchanges().len() > asked);
    gardener.lays("flows/garden", &[("instructions.md", &STEPS.replace("Look around.", "Walk around."))]);
    gardener.document(RUN);
    assert_ne!(gardener.document(&["plugin", "show", "garden"])["hash"], before, "a new run takes up the change");
    assert!(gardener.server.exchanges().iter().any(|exchange| exchange.body.to_string().contains("Walk around.")));
}

#[test]
fn what_a_folder_asks_goes_through_decide_to_a_person() {
    let gardener = Gardener::new();
    gardener.garden();
    let waiting = gardener.baton(&["run", "./flows/garden", "--grant", "-o", "json"]).exits(3);
    let waiting: Value = serde_json::from_str(&waiting.stdout).unwrap();
    let questions = gardener.document(&["questions", "list"]);
    assert!(questions["items"][0]["text"].as_str().is_some_and(|text| text.contains("Which story?")), "{questions}");
    let id = questions["items"][0]["id"].as_str().unwrap();
    let _answered = gardener.baton(&["questions", "answer", id, "1-1-beds #yolo"]).exits(0);
    let ended = gardener.document(&["runs", "resume", waiting["id"].as_str().unwrap()]);
    assert_eq!(ended["output"]["status"], "completed", "nothing more is asked: {ended}");
    assert!(gardener.file("docs/sprint-status.yaml").contains("1-1-beds: in-progress"));
}

#[test]
fn a_packed_folder_is_the_same_folder() {
    let gardener = Gardener::new();
    let folder = gardener.garden();
    let pack = |to: &str| gardener.document(&["plugin", "pack", "flows/garden", "--to", to])["hash"].clone();
    assert_eq!(pack("one.wasm"), pack("two.wasm"));
    assert_eq!(fs::read(gardener.work().join("one.wasm")).unwrap(), fs::read(gardener.work().join("two.wasm")).unwrap());
    let of_folder = gardener.document(&["plugin", "plan", "flows/garden"]);
    assert_eq!(gardener.document(&["plugin", "plan", "one.wasm"]), of_folder);
    let _installed = gardener.baton(&["plugin", "install", "flows/garden"]).exits(0);
    assert_eq!(gardener.document(&["plugin", "plan", "garden"]), of_folder);
    assert_eq!(of_folder["needs"]["workflows"], json!(["decide", "water"]));
    let checked = gardener.document(&["plugin", "check", "flows/garden"]);
    assert_eq!(checked["workflow"], of_folder);
    assert_eq!(checked["warnings"], json!([]));
    let shown = gardener.baton(&["plugin", "plan", "flows/garden"]).exits(0).stdout;
    assert!(shown.contains("if the place is sunny [agent]") && shown.contains("status {{story_key}} [Baton]"), "{shown}");
    let none = gardener.baton(&["plugin", "plan", "plan"]).exits(1);
    assert!(none.stderr.contains("not packed from a workflow folder"), "{}", none.stderr);
    assert!(folder.join("instructions.md").is_file());
}

#[test]
fn hostile_folders_are_planned_and_do_no_harm() {
    let gardener = Gardener::new();
    let bomb =
        format!("a: &a [x, x]\n{}name: bomb\ninstructions: i.md\n", (0..20).map(|i| format!("b{i}: &b{i} [*a, *a]\n")).collect::<String>());
    let steps = "<workflow><step n=\"1\"><action>Look.</action></step></workflow>";
    let million = format!("name: long\ninstructions: i.md\n{}", "x: y\n".repeat(1_000_000));
    let cases: &[(&str, &[(&str, &str)], &str)] = &[
        ("cyclic", &[("workflow.yaml", "name: a\ninstructions: i.md\na: \"{b}\"\nb: \"{a}\"\n"), ("i.md", steps)], "cyclic_variable"),
        (
            "config",
            &[("workflow.yaml", "name: a\nconfig_source: \"{project-root}/none.yaml\"\ninstructions: i.md\n"), ("i.md", steps)],
            "missing_config",
        ),
        (
            "goto",
            &[
                ("workflow.yaml", "name: a\ninstructions: i.md\n"),
                ("i.md", "<workflow><step n=\"1\"><goto step=\"9\">x</goto></step></workflow>"),
            ],
            "unknown_target",
        ),
        (
            "endless",
            &[
                ("workflow.yaml", "name: a\ninstructions: i.md\n"),
                ("i.md", "<workflow><step n=\"1\"><goto step=\"1\">x</goto></step></workflow>"),
            ],
            "endless_loop",
        ),
        (
            "outside",
            &[("workflow.yaml", "name: a\ninstructions: i.md\ndefault_output_file: ../../a.md\n"), ("i.md", steps)],
            "path_outside",
        ),
        (
            "remote",
            &[("workflow.yaml", "name: a\ninstructions: i.md\ntemplate: https://example.org/t.md\n"), ("i.md", steps)],
            "remote_file",
        ),
        ("bomb", &[("workflow.yaml", &bomb), ("i.md", steps)], "yaml_alias"),
        (
            "entity",
            &[
                ("workflow.yaml", "name: a\ninstructions: i.md\n"),
                (
                    "i.md",
                    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<workflow><step n=\"1\"><action>&e;</action></step></workflow>",
                ),
            ],
            "xml_entity",
        ),
        (
            "shell",
            &[
                ("workflow.yaml", "name: a\ninstructions: i.md\n"),
                ("i.md", "<workflow><step n=\"1\">\n```bash\nrm -rf /\n```\n</step></workflow>"),
            ],
            "shell_text",
        ),
        ("long", &[("workflow.yaml", &million), ("i.md", steps)], "file_too_long"),
    ];
    for (name, files, code) in cases {
        let folder = gardener.lays(&format!("flows/{name}"), files);
        let planned = gardener.baton(&["plugin", "plan", &format!("flows/{name}"), "-o", "json"]);
        let plan: Value = serde_json::from_str(&planned.stdout).unwrap_or_else(|_| panic!("{name}: {}", planned.stderr));
        let found = plan["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == *code && finding["severity"].is_string());
        assert!(found, "{name}: {}", plan["findings"]);
        if plan["runnable"] == true {
            let ended = gardener.runs(&format!("./flows/{name}"));
            assert!(ended["output"]["status"].is_string(), "{name}: {ended}");
        } else {
            let refused = gardener.baton(&["run", &format!("./flows/{name}"), "--grant"]).exits(1);
            assert!(refused.stderr.contains("cannot be run"), "{name}: {}", refused.stderr);
        }
        assert!(folder.is_dir());
    }
    assert!(!gardener.home.path().join("a.md").exists() && !gardener.work().join("a.md").exists());
    fs::write(gardener.work().join("flows/cyclic/i.md"), b"<workflow><step n=\"1\"><action>\xff\xfe</action></step></workflow>").unwrap();
    let plan = gardener.document(&["plugin", "plan", "flows/cyclic"]);
    assert!(plan["findings"].to_string().contains("invalid_utf8"), "{plan}");
}

#[test]
fn killed_anywhere_a_folder_comes_to_the_same_end() {
    let undisturbed = Gardener::new();
    undisturbed.garden();
    undisturbed.document(RUN);
    let end = |gardener: &Gardener| (gardener.file("docs/garden.md"), gardener.file("docs/sprint-status.yaml"));
    let keys = |gardener: &Gardener| gardener.server.exchanges().into_iter().map(|exchange| exchange.key).collect::<Vec<_>>();
    let sweep = Sweep::new(12);
    let last = sweep.run(2, |writes| {
        let gardener = Gardener::new();
        gardener.garden();
        let mut command = gardener.command(RUN);
        command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string());
        let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let frozen = gardener.home.path().join("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        std::thread::sleep(std::time::Duration::from_millis(15));
        child.kill().unwrap();
        child.wait().unwrap();
        if !stands {
            return false;
        }
        let runs = gardener.baton(&["runs", "list", "-o", "json"]).exits(0);
        let id = listed::newest_id(&runs);
        let root = gardener.document(&["runs", "show", &id]);
        let id = root["root"].as_str().map_or(id, str::to_owned);
        let ended = gardener.document(&["runs", "resume", &id]);
        assert_eq!(ended["output"]["status"], "completed", "killed after write {writes}: {ended}");
        assert!(end(&gardener) == end(&undisturbed), "killed after write {writes}: {:?}", end(&gardener));
        let made = keys(&gardener);
        let twice = made.len() - made.iter().collect::<std::collections::HashSet<_>>().len();
        assert!(twice <= 1, "killed after write {writes}: {twice} calls were made twice");
        assert_eq!(made.len() - twice, keys(&undisturbed).len(), "killed after write {writes}: another number of calls");
        true
    });
    assert!(last > 20, "the run makes more writes than {last}");
}

/// Real folders, which are not part of the project.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_BMAD_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bmad");
    let found = named.into_iter().chain([beside]).map(|path| path.join("corpus")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no corpus of workflow folders. Set BATON_BMAD_CORPUS to a folder with `corpus/`.");
    }
    found
}

fn workflows_below(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("workflow.yaml").is_file() {
        found.push(folder.to_owned());
    }
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    entries.sort();
    entries.iter().for_each(|entry| workflows_below(entry, found));
}

#[test]
fn real_folders_are_packed_and_a_sample_of_them_is_run() {
    let Some(corpus) = corpus() else { return };
    let gardener = Gardener::new();
    folder::copy(&corpus, &gardener.work().join("bmad"));
    let mut folders = Vec::new();
    workflows_below(&gardener.work().join("bmad"), &mut folders);
    let (mut hashes, mut rejected, mut packed) = (BTreeMap::new(), Vec::new(), Vec::new());
    for path in &folders {
        let plan = plan_folder(path, &gardener.work()).unwrap();
        match PluginFile::pack_unsigned(path) {
            Ok(file) => {
                assert!(plan.runnable && !plan.needs.is_empty(), "{}", path.display());
                let again = PluginFile::pack_unsigned(path).unwrap();
                assert_eq!(file.wasm(), again.wasm(), "{}", path.display());
                let view = file.view();
                if let Some(other) = hashes.insert(view.hash, path) {
                    panic!("{} and {} are the same", path.display(), other.display());
                }
                packed.push(path);
            }
            Err(problem) => {
                assert!(!plan.runnable, "{}: {problem}", path.display());
                rejected.push(problem.to_string());
            }
        }
    }
    assert!(packed.len() >= 43, "{} packed, {rejected:?}", packed.len());
    assert!(matches!(&rejected[..], [one] if one.contains("scaffold")), "{rejected:?}");
    for path in Sweep::new(11).sample(packed) {
        let named = format!("./{}", path.strip_prefix(gardener.work()).unwrap().display());
        let ended = gardener.runs(&named);
        assert!(ended["output"]["status"].is_string(), "{named}: {ended}");
        let questions = gardener.document(&["questions", "list"]);
        assert_eq!(questions["items"], json!([]), "{named} asks nobody");
    }
}
