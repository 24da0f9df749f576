//! Workflow folders in the real program: packed, planned, run as they are, and killed anywhere.

mod corpus;
mod gardener;
mod sprint;

use std::fs;

use baton_tests::sweep::Sweep;
use serde_json::{Value, json};

use gardener::{Gardener, STATUS, STEPS};

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
        STATUS.replace("epic-1: backlog # ", "epic-1: in-progress # ").replace("1-1-beds: ready-for-dev # ", "1-1-beds: in-progress   # ");
    assert_eq!(status, moved, "the epic follows, and comments stay in their columns");
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

/// Its name, its files, and the code of what is found in it.
type HostileFolder<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn hostile_folders_are_planned_and_do_no_harm() {
    let gardener = Gardener::new();
    let bomb =
        format!("a: &a [x, x]\n{}name: bomb\ninstructions: i.md\n", (0..20).map(|i| format!("b{i}: &b{i} [*a, *a]\n")).collect::<String>());
    let steps = "<workflow><step n=\"1\"><action>Look.</action></step></workflow>";
    let million = format!("name: long\ninstructions: i.md\n{}", "x: y\n".repeat(1_000_000));
    let cases: &[HostileFolder<'_>] = &[
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
        let Some(ended) = gardener.killed(RUN, writes) else { return false };
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
