//! The checks on broken backlogs, and the documents of `examples/expense-splitter`, which must not drift from the schemas.

use std::fs;
use std::path::PathBuf;

use baton_sdk::schema;
use baton_sdk::serde_json::{Value, from_value, json};
use serde::de::DeserializeOwned;

use crate::documents::*;
use crate::{checks, goals, render, waves::waves};

pub(crate) fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../examples/expense-splitter").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reply<T: DeserializeOwned>(name: &str, schema: &Value) -> T {
    let document: Value = baton_sdk::serde_json::from_str(&example(&format!("replies/{name}.json"))).expect(name);
    assert_eq!(schema::violations(schema, &document), [], "{name}");
    from_value(document).expect(name)
}

fn example_requirements() -> Requirements {
    reply("requirements", &requirements_schema())
}

fn example_backlog() -> Backlog {
    reply("backlog", &backlog_schema())
}

/// A backlog of one epic from `(key, after)`, each story serving FR1.
fn stories(stories: &[(&str, &[&str])]) -> Backlog {
    let story = |(key, after): &(&str, &[&str])| json!({ "key": key, "title": "T", "story": "S", "acceptance": ["A"], "after": after, "requirements": ["FR1"], "files": [], "priority": "high", "points": 1 });
    let stories: Vec<Value> = stories.iter().map(story).collect();
    from_value(json!({ "summary": "S", "epics": [{ "key": "1", "title": "E", "goal": "G", "stories": stories }] })).expect("a backlog")
}

fn one_requirement() -> Requirements {
    let mut requirements = example_requirements();
    requirements.functional.truncate(1);
    requirements
}

fn context(requirements: &Requirements) -> render::Context<'_> {
    render::Context { requirements, makes_tests: None }
}

fn findings(backlog: &Backlog) -> Vec<String> {
    checks::backlog(backlog, &one_requirement())
}

#[test]
fn a_sound_backlog_has_no_findings() {
    assert_eq!(findings(&stories(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])])), Vec::<String>::new());
}

#[test]
fn a_cycle_is_shown_from_its_first_story_to_its_first_story() {
    let found = findings(&stories(&[("start", &["b"]), ("a", &["c"]), ("b", &["a"]), ("c", &["b"])]));
    assert_eq!(found, ["These stories wait for each other: a → c → b → a."]);
    assert_eq!(findings(&stories(&[("a", &["a"])])), ["These stories wait for each other: a → a."]);
}

#[test]
fn a_long_chain_is_no_cycle_and_no_stack_overflow() {
    let keys: Vec<String> = (0..5_000).map(|number| format!("s{number:05}")).collect();
    let mut backlog = stories(&[("s", &[])]);
    let template = backlog.epics[0].stories.remove(0);
    let template = baton_sdk::serde_json::to_value(template).expect("a story");
    for (index, key) in keys.iter().enumerate() {
        let mut story: Story = from_value(template.clone()).expect("a story");
        story.key.clone_from(key);
        story.after = keys.get(index + 1).cloned().into_iter().collect();
        backlog.epics[0].stories.push(story);
    }
    assert_eq!(findings(&backlog), Vec::<String>::new());
}

#[test]
fn broken_backlogs_are_found() {
    let unknown = findings(&stories(&[("a", &["ghost"])]));
    assert_eq!(unknown, ["Story a comes after `ghost`, which is no story."]);
    assert_eq!(findings(&stories(&[("1", &[])])), ["The story key `1` is that of an epic."]);
    let twice = findings(&stories(&[("a", &[]), ("a", &[])]));
    assert_eq!(twice, ["The story key `a` is used twice."]);
    for key in ["", "A", "a--b", "-a", "../../etc/passwd", "a/b", &"a".repeat(65)] {
        assert!(findings(&stories(&[(key, &[])])).iter().any(|finding| finding.contains("story key")), "{key}");
    }
}

#[test]
fn coverage_is_checked_both_ways() {
    let mut backlog = stories(&[("a", &[])]);
    backlog.epics[0].stories[0].requirements = vec!["FR7".to_owned()];
    assert_eq!(findings(&backlog), ["No story covers FR1.", "A story names the requirement `FR7`, which does not exist."]);
}

#[test]
fn requirement_ids_are_numbered_and_unique() {
    let mut requirements = example_requirements();
    requirements.functional[0].id = "FR2".to_owned();
    requirements.functional[2].id = "R-3".to_owned();
    assert_eq!(
        checks::requirements(&requirements),
        ["The requirement id FR2 is used twice.", "The requirement id `R-3` is not FR with a number."]
    );
}

#[test]
fn waves_wait_only_for_earlier_ones() {
    let backlog = stories(&[("c", &["a", "b"]), ("a", &[]), ("b", &["a"]), ("d", &[])]);
    assert_eq!(waves(&backlog), [vec!["a", "d"], vec!["b"], vec!["c"]]);
    assert!(waves(&stories(&[("a", &["b"]), ("b", &["a"])])).is_empty());
}

#[test]
fn the_example_is_a_plan_without_findings() {
    let requirements = example_requirements();
    assert_eq!(checks::requirements(&requirements), Vec::<String>::new());
    let backlog = example_backlog();
    assert_eq!(checks::backlog(&backlog, &requirements), Vec::<String>::new());
    let sizes: Vec<usize> = waves(&backlog).iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 6, 1], "stories that can be built side by side");
    let readiness: Readiness = reply("readiness", &readiness_schema());
    assert!(readiness.ready);
}

#[test]
fn the_examples_documents_read_well() {
    let requirements = example_requirements();
    let analysis: Analysis = reply("analysis", &analysis_schema());
    let prd = render::requirements(&requirements, &analysis);
    assert!(prd.starts_with("# Kitty: product requirements\n\nKitty records"), "{prd}");
    assert!(prd.contains("### FR1: Start a ledger\n\n`kitty init NAME…`"), "{prd}");

    let architecture = render::architecture("Kitty", &reply("architecture", &architecture_schema()));
    assert!(architecture.contains("### 1. Amounts are whole cents\n"), "{architecture}");
    let strategy = render::test_strategy("Kitty", &reply("test-strategy", &test_strategy_schema()));
    assert!(strategy.contains("| Property | Random sequences"), "{strategy}");

    let backlog = example_backlog();
    let epics = render::backlog("Kitty", &backlog, &waves(&backlog));
    assert!(epics.contains("| 3 | [2-3-settle-up](stories/2-3-settle-up.md) |"), "{epics}");
    for document in [prd, architecture, strategy, epics] {
        assert!(!document.contains("\n\n\n") && document.ends_with('\n'), "{document}");
    }
}

#[test]
fn a_story_file_begins_with_its_front_matter() {
    let backlog = example_backlog();
    let (epic, story) = backlog.stories().next().expect("a story");
    let requirements = example_requirements();
    let text = render::story(epic, story, context(&requirements));
    let front = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("front matter").0;
    let front: Value = serde_yaml_ng::from_str(front).expect("YAML");
    assert_eq!(front["key"], "1-1-init-ledger");
    assert_eq!(front["status"], "todo");
    assert_eq!(front["after"], json!([]));
    assert_eq!(front["requirements"], json!(["FR1", "NFR3", "NFR5"]));
    assert!(text.contains("- [ ] `kitty init Ann Ben Cem` writes"), "{text}");
    assert!(text.contains("## Files\n\n- `kitty`\n- `tests/run`"), "{text}");
    assert!(!text.contains("## Tests"), "{text}");
    let begins = render::story(epic, story, render::Context { makes_tests: Some("1-1-init-ledger"), ..context(&requirements) });
    assert!(begins.contains("## Tests\n\nThe project has no command that runs its tests."), "{begins}");
}

#[test]
fn text_of_a_model_can_not_break_the_documents() {
    let mut backlog = stories(&[("a", &[])]);
    backlog.epics[0].stories[0].title = "x\n---\nstatus: done | \"y\"".to_owned();
    let (epic, story) = backlog.stories().next().expect("a story");
    let requirements = one_requirement();
    let text = render::story(epic, story, context(&requirements));
    let front = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("front matter").0;
    let front: Value = serde_yaml_ng::from_str(front).expect("YAML");
    assert_eq!(front["status"], "todo");
    assert_eq!(front["title"], "x --- status: done | \"y\"");
    let table = render::backlog("T", &backlog, &waves(&backlog));
    assert!(table.contains("| x --- status: done \\| \"y\" |"), "{table}");
}

#[test]
fn the_examples_rules_answer_every_goal_from_files_that_exist() {
    let script: Value = serde_yaml_ng::from_str(&example("replies.yaml")).expect("YAML");
    let rules = script["rules"].as_array().expect("rules");
    let phrase = |rule: &Value| {
        rule["when"]["contains"].as_array().map_or(&rule["when"]["contains"], |phrases| &phrases[0]).as_str().unwrap_or_default().to_owned()
    };
    for goal in [goals::ANALYSE, goals::REQUIRE, goals::DESIGN, goals::TEST, goals::BREAK_DOWN, goals::JUDGE] {
        let answering = rules.iter().filter(|rule| goal.contains(&phrase(rule))).filter_map(|rule| rule["file"].as_str());
        let files: Vec<&str> = answering.collect();
        assert_eq!(files.len(), 1, "{goal}");
        assert!(!example(files[0]).is_empty());
    }
}
