//! A project with workflow folders in it, and a model that answers by rules. Each answer follows from its task alone.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex};

use baton::interfaces::llm::{Part, Reply, Stop};
use baton_tests::{
    listed,
    model_server::{Delivery, Hooks, Line, ModelServer, Turn},
    program::{self, Ended},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const WORKFLOW: &str = "name: garden\ndescription: Plans a garden\ninstructions: instructions.md\ntemplate: template.md\nvalidation: checklist.md\noutput_folder: \"{project-root}/docs\"\ndefault_output_file: \"{output_folder}/garden.md\"\nstory_key: \"\"\nsprint_status: \"{output_folder}/sprint-status.yaml\"\n";
pub(super) const STEPS: &str = "# Garden\n<workflow>\n<critical>Name plants by their names.</critical>\n<step n=\"1\" goal=\"Look\" tag=\"sprint-status\">\n<action>Look around.</action>\n<check if=\"story_key == ''\"><ask response=\"story_key\">Which story?</ask></check>\n<check if=\"the place is sunny\"><template-output>herbs</template-output></check>\n<template-output>overview</template-output>\n</step>\n<step n=\"2\" goal=\"Plan\">\n<action>Update development_status[{{story_key}}] = \"in-progress\"</action>\n<invoke-workflow path=\"{project-root}/bmad/g/workflows/water\"><param>mode: dry</param></invoke-workflow>\n<action>Write the plan of the beds.</action>\n</step>\n</workflow>\n";
const TEMPLATE: &str = "# Garden\n\n{{overview}}\n\n{{#if has_pond}}Pond: {{pond}}{{else}}No pond.{{/if}}\n{{rest}}\n";
pub(super) const STATUS: &str =
    "# Status, kept by hand\ndevelopment_status:\n  epic-1: backlog # the first\n  1-1-beds: ready-for-dev # mine\n  1-2-paths: backlog\n";

/// A project with folders in it, and a model.
pub(super) struct Gardener {
    pub(super) home: TempDir,
    pub(super) server: ModelServer,
}

impl Gardener {
    /// An agent that agrees, and that the place is sunny.
    pub(super) fn new() -> Self {
        let asked = Mutex::new(BTreeMap::new());
        Self::with(move |task| answer(task, &asked))
    }

    /// An agent that answers tasks so.
    pub(super) fn with(answer: impl Fn(&str) -> Value + Send + Sync + 'static) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work/docs")).unwrap();
        fs::write(home.path().join("work/docs/sprint-status.yaml"), STATUS).unwrap();
        let script = home.path().join("replies.yaml");
        fs::write(&script, "rules:\n  - reply: x\n").unwrap();
        let spoil = move |turn: &Turn<'_>, reply: Reply| {
            let text = answer(&task_of(turn)).to_string();
            Delivery { reply: Reply { parts: vec![Part::Text(text)], stop: Stop::End, ..reply }, way: None, line: Line::Good }
        };
        let server = ModelServer::start(&script, Hooks { check: None, spoil: Some(Box::new(spoil)) });
        let settings = format!("[providers.lab]\nbase-url = \"{}\"\n[models]\ndefault = \"lab/any\"\n", server.base_url());
        fs::write(home.path().join("baton.toml"), settings).unwrap();
        Self { home, server }
    }

    pub(super) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Lays a folder out below `work`.
    pub(super) fn lays(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        for (path, text) in files {
            let path = self.work().join(name).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.work().join(name)
    }

    pub(super) fn garden(&self) -> PathBuf {
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

    pub(super) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.home.path(), arguments);
        let home = self.home.path();
        command.env("BATON_DATA_DIR", home.join("data")).env("BATON_CONFIG", home.join("baton.toml")).current_dir(self.work());
        command
    }

    pub(super) fn baton(&self, arguments: &[&str]) -> Ended {
        program::output(self.command(arguments))
    }

    pub(super) fn document(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// Runs a folder without a question to its end, which may be a halt.
    pub(super) fn runs(&self, folder: &str) -> Value {
        let ended = self.baton(&["run", folder, "--grant", "--input", r#"{"yolo": true}"#, "-o", "json"]);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{folder}: {}", ended.stderr))
    }

    /// Kills a run once its journal has had so many writes, and has it resumed to its end. None: it ended before.
    pub(super) fn killed(&self, arguments: &[&str], writes: u64) -> Option<Value> {
        let mut command = self.command(arguments);
        command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string());
        let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let frozen = self.home.path().join("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        std::thread::sleep(std::time::Duration::from_millis(15));
        child.kill().unwrap();
        child.wait().unwrap();
        if !stands {
            return None;
        }
        fs::remove_file(frozen).unwrap();
        let id = listed::newest_id(&self.baton(&["runs", "list", "-o", "json"]).exits(0));
        let root = self.document(&["runs", "show", &id]);
        let ended = self.baton(&["runs", "resume", root["root"].as_str().unwrap_or(&id), "-o", "json"]);
        Some(serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("killed after write {writes}: {}", ended.stderr)))
    }

    pub(super) fn file(&self, path: &str) -> String {
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

/// What the agent is to do, without what it is told beside.
pub(super) fn goal_of(task: &str) -> &str {
    ["\n\n# About this workflow\n", "\n\n# Rules\n", "\n\n# Variables\n", "\n\n# Done so far\n", "\n\n# The document so far\n"]
        .into_iter()
        .fold(task, |goal, part| goal.split(part).next().unwrap_or_default())
}

/// What every agent answers: it continues, writes `NAME!` for each section, and finds each item of a checklist.
pub(super) fn agree(goal: &str) -> Option<Value> {
    let first = goal.lines().next().unwrap_or_default();
    Some(if first.starts_with("Carry out") {
        json!({ "report": "Done.", "verdict": "continue" })
    } else if let Some(rest) = first.strip_prefix("Write ") {
        let names = rest.split(" for the document").next().unwrap_or_default();
        let sections: Vec<_> = names.split(", ").map(|name| json!({ "name": name, "text": format!("{name}!") })).collect();
        json!({ "sections": sections })
    } else if first.starts_with("Check the document") {
        let numbers = goal.lines().filter_map(|line| line.split_once(". ")?.0.parse::<usize>().ok());
        let verdicts: Vec<_> = numbers.map(|item| json!({ "item": item, "result": "PASS", "evidence": "Here." })).collect();
        json!({ "verdicts": verdicts })
    } else if first.starts_with("Choose") {
        json!({ "choice": "1" })
    } else if first.starts_with("Name the placeholders") {
        json!({ "placeholders": [] })
    } else {
        return None;
    })
}

/// What the agent answers. Asked the same by a person's name again, it says no: an agent that always agrees ends no loop.
fn answer(task: &str, asked: &Mutex<BTreeMap<String, usize>>) -> Value {
    let goal = goal_of(task);
    let first = goal.lines().next().unwrap_or_default();
    if first.starts_with("# Question") {
        // What `decide` asks its model: it knows nothing, so that a person is asked.
        json!({ "reasoning": "It is not said.", "quote": "", "clarity": 0.1, "sufficiency": 0.0, "answer": "1-2-paths" })
    } else if first.starts_with("Carry out") && goal.contains("Write the plan of the beds") {
        let files = json!([{ "name": "docs/garden.beds.md", "text": "Beds" }, { "name": "../outside.md", "text": "x" }]);
        json!({ "report": "Done.", "verdict": "continue", "files": files })
    } else if first.starts_with("Say whether") {
        json!({ "answer": if goal.contains("sunny") || goal.contains("as often as") { "true" } else { "false" } })
    } else if let Some(answer) = agree(goal) {
        answer
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
