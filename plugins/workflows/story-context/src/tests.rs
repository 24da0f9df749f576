//! The whole workflow on a host in memory.

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::StoryContext;

const BODY: &str = "As a flatmate, I want balances of the ledger.\n\n## Acceptance criteria\n\n- [ ] Balances add up to zero.\n\n## Requirements\n\n- FR2: Balances";
const PRD: &str = "# PRD\n\n### FR1: Start\n\nThe ledger is started by a command of its own.\n\n### FR2: Balances\n\nBalances show each person with what is owed to her, in whole cents.\n";

fn bare() -> Host {
    Host::new()
        .with_item(Draft::new(Kind::Epic, "1", "See who owes whom").with_body("Nobody has to reckon."), Status::Todo)
        .with_item(Draft::new(Kind::Story, "1-2-balances", "Show balances").below("1").with_body(BODY), Status::Todo)
        .with_file("kitty", "#!/bin/sh\n# reads the ledger\nfail() {\n  exit 1\n}\n")
        .with_file("lib/balances.awk", "{ print }\n")
        .with_file("notes.bin", [0xff, 0xfe, 0x00])
        .with_file("tests/run.sh", "exit 0\n")
        .with_file("AGENTS.md", "Indent by two blanks.")
        .with_file("docs/PRD.md", PRD)
        .knowing("docs/architecture.md", "The ledger is plain text, and balances are derived from it.")
        .knowing("docs/PRD.md", PRD)
        .knowing("docs/stories/1-2-balances.md", "Show balances of the ledger")
}

fn host() -> Host {
    bare().with_repository().in_worktree("story/1-2-balances")
}

fn gathered(host: &Host, input: Value) -> Value {
    host.run(StoryContext::run, input).expect("a context")
}

fn context(host: &Host) -> Value {
    gathered(host, json!({ "key": "1-2-balances" }))
}

fn sources(context: &Value) -> Vec<&str> {
    context["sources"].as_array().into_iter().flatten().filter_map(|source| source["source"].as_str()).collect()
}

fn text(context: &Value) -> &str {
    context["text"].as_str().expect("a text")
}

#[test]
fn a_context_has_every_part_once_and_in_its_order() {
    let context = context(&host());
    let expected = [
        "story 1-2-balances",
        "epic 1, which it belongs to",
        "requirements of this story, from docs/PRD.md",
        "AGENTS.md",
        "where commands run",
        "files of the project",
        "docs/architecture.md",
        "docs/PRD.md",
        "latest commits, newest first",
        "lib/balances.awk",
        "kitty",
        "tests/run.sh",
    ];
    assert_eq!(sources(&context), expected, "{context}");
    let text = text(&context);
    assert!(text.starts_with("<document title=\"story 1-2-balances\">\nShow balances\n\nAs a flatmate"), "{text}");
    assert!(text.contains("./ AGENTS.md kitty notes.bin\n") && text.contains("balances are derived"), "{text}");
    assert_eq!(text.matches("in whole cents").count(), 1, "a requirement is not said again as a passage: {text}");
}

#[test]
fn the_requirements_are_those_that_the_story_cites() {
    let context = context(&bare().with_file("docs/PRD.md", PRD).with_repository());
    let text = text(&context);
    let begin = text.find("requirements of this story").expect("requirements");
    let part = &text[begin..][..text[begin..].find("</document>").expect("an end")];
    assert!(part.contains("### FR2: Balances\n\nBalances show each person") && !part.contains("FR1"), "{part}");
}

#[test]
fn a_developer_is_told_how_commands_run() {
    let unset = text(&context(&host())).to_owned();
    assert!(unset.contains("they may take 600 s."), "{unset}");
    assert!(unset.contains("image `default`, which has no network and has 2048 MiB of memory."), "{unset}");
    let set = host().with_setting("test", json!({ "image": "rust", "timeout": 90 }));
    let set = set.with_setting("sandbox", json!({ "images": { "rust": { "network": true, "memory-mib": 4096 } } }));
    let told = text(&context(&set)).to_owned();
    assert!(told.contains("they may take 90 s."), "{told}");
    assert!(told.contains("image `rust`, which reaches the network and has 4096 MiB of memory."), "{told}");
    let project = host().with_setting("test", json!({ "image": "project" }));
    let usual = project.with_setting("sandbox", json!({ "images": { "default": { "memory-mib": 512 } } }));
    assert!(text(&context(&usual)).contains("image `project`, which has no network and has 512 MiB of memory."));
    let process = text(&context(&host().with_setting("sandbox.engine", "process"))).to_owned();
    assert!(process.contains("as a process of this machine") && !process.contains("container"), "{process}");
}

#[test]
fn earlier_attempts_are_told_with_their_reasons_and_without_names_of_runs() {
    let host = bare().with_repository().in_worktree("story/1-2-balances-2");
    host.inside(|| {
        backlog::move_to("1-2-balances", Status::InProgress, "taken up by a sprint on main")?;
        backlog::move_to("1-2-balances", Status::Blocked, "The review asked six times for a test of rounding.")?;
        backlog::move_to("1-2-balances", Status::Todo, "Tried again.")?;
        files::write("kitty", "balances\n")?;
        git::commit("story 1-2-balances: unfinished\n\nRed.", Some("developer"))
    })
    .expect("an attempt");
    let host = host.knowing("failures/0f3c9a7be2d14c55", "Balances of the ledger: the run failed.");
    let context = context(&host);
    let text = text(&context);
    assert!(text.contains("- blocked: The review asked six times for a test of rounding.\n- todo: Tried again."), "{text}");
    assert!(text.contains("On this branch:\n- story 1-2-balances: unfinished"), "{text}");
    assert!(text.contains("<document title=\"an earlier failure\">") && !text.contains("0f3c9a7be2d14c55"), "{text}");
}

#[test]
fn branches_that_earlier_sprints_left_are_named() {
    let host = bare().with_repository().in_worktree("story/1-2-balances");
    host.inside(|| {
        files::write("kitty", "balances\n")?;
        git::commit("story 1-2-balances: unfinished", Some("developer"))?;
        git::worktree_add("story/1-2-balances-2", "main")
    })
    .expect("two worktrees");
    let input = json!({ "key": "1-2-balances" });
    let options = ChildOptions::new().in_worktree("story/1-2-balances-2");
    let host = host.with_workflow("story-context", |input| {
        let order = baton_sdk::serde_json::from_value(input.clone())?;
        Ok(baton_sdk::serde_json::to_value(StoryContext::run(order)?)?)
    });
    let later = host.inside(|| workflows::start_with::<Value, _>("story-context", &input, &options)?.wait()).expect("a context").output;
    assert!(
        text(&later).contains("On the branch story/1-2-balances, which this branch does not have:\n- story 1-2-balances: unfinished"),
        "{later}"
    );
}

#[test]
fn files_that_do_not_fit_are_told_by_their_definitions() {
    let host =
        bare().with_file("big.py", format!("class Balances:\n    def show(self):\n{}", "        pass\n".repeat(3000))).with_repository();
    let context = context(&host);
    let text = text(&context);
    assert!(text.contains("definitions in other files, by line\">\nbig.py\n1 class Balances:\n2     def show(self):\n"), "{text}");
    assert!(!sources(&context).contains(&"big.py") && !text.contains("pass\n"), "{:?}", sources(&context));
}

#[test]
fn a_budget_is_kept_and_the_story_goes_first() {
    let host = host().with_file("balances.txt", "balances of the ledger\n".repeat(1000)).with_setting("story.context-tokens", 500);
    let context = context(&host);
    assert!(context["tokens"].as_u64().is_some_and(|tokens| (200..=500).contains(&tokens)), "{context}");
    let tight = gathered(&host, json!({ "key": "1-2-balances", "tokens": 200 }));
    assert!(tight["tokens"].as_u64().is_some_and(|tokens| tokens <= 200), "{tight}");
    assert_eq!(sources(&tight)[0], "story 1-2-balances");
    assert!(text(&tight).len() < 200 * 4 + 200);
    let wide = gathered(&host, json!({ "key": "1-2-balances", "tokens": 200_000 }));
    assert!(wide["tokens"].as_u64().is_some_and(|tokens| tokens < 20_000), "{}", wide["tokens"]);
}

#[test]
fn of_a_project_with_very_many_files_those_nearest_to_its_root_are_looked_at() {
    let many = (0..10_001).fold(host(), |host, number| host.with_file(&format!("data/deep/{number}.txt"), "balances"));
    let context = context(&many);
    assert!(text(&context).contains("lib/ balances.awk") && !text(&context).contains("data/deep/ 7.txt"), "{context}");
}

#[test]
fn no_model_is_asked_and_nothing_is_changed() {
    let host = host().with_manifest(include_str!("../plugin.toml"));
    assert_eq!(context(&host), context(&host));
    assert!(host.prompts().is_empty() && host.requests("files.write").is_empty());
}

#[test]
fn a_story_that_is_not_there_is_named() {
    let missing = host().run(StoryContext::run, json!({ "key": "9-9-none" }));
    assert!(matches!(missing, Err(Error { kind: ErrorKind::NotFound, text, .. }) if text.contains("9-9-none")));
}

#[test]
fn the_context_is_kept_as_a_developer_reads_it() {
    let prompt = baton_prompts::Prompt {
        asked: baton_slots::DEVELOPER.to_owned(),
        text: text(&context(&host())).to_owned(),
        ..baton_prompts::Prompt::default()
    };
    baton_prompts::check("story-context", &[prompt]);
}
