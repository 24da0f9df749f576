//! Folders that are executed in the SDK's host in memory, by an agent that answers by rules.

mod acts;
mod bundled;
mod corpus;

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Folder;

const WORKFLOW: &str = "name: garden\nconfig_source: \"{project-root}/bmad/g/config.yaml\"\noutput_folder: \"{config_source}:output_folder\"\ninstructions: \"instructions.md\"\ntemplate: \"template.md\"\ndefault_output_file: \"{output_folder}/garden-{{season}}-{date}.md\"\n";

fn host(instructions: &str) -> Host {
    Host::new()
        .at(1_796_000_000_000)
        .with_asset("workflow.yaml", WORKFLOW)
        .with_asset("instructions.md", instructions)
        .with_asset("template.md", "# Garden\n{{overview}}\n")
        .with_file("bmad/g/config.yaml", "output_folder: \"{project-root}/docs\"\n")
}

/// An agent that continues, writes `NAME!` for each section, judges true what contains `sunny`, and notes what it was asked.
fn agent(task: &Task) -> Result<Report> {
    let answer = if task.goal.starts_with("Carry out") {
        json!({ "report": "Done.", "verdict": "continue" })
    } else if let Some(rest) = task.goal.strip_prefix("Write ") {
        let names = rest.split(" for the document").next().unwrap_or_default();
        let sections: Vec<_> = names.split(", ").map(|name| json!({ "name": name, "text": format!("{name}!") })).collect();
        json!({ "sections": sections })
    } else if task.goal.starts_with("Check the document") {
        let numbers = task.goal.lines().filter_map(|line| line.split_once(". ")?.0.parse::<usize>().ok());
        let verdicts: Vec<_> = numbers
            .map(|item| json!({ "item": item, "result": if item == 2 { "FAIL" } else { "PASS" }, "evidence": format!("Line {item}.") }))
            .collect();
        json!({ "verdicts": verdicts })
    } else if task.goal.starts_with("Name the placeholders") {
        json!({ "placeholders": if task.goal.contains("the soil") { vec!["soil"] } else { Vec::new() } })
    } else if task.goal.starts_with("Say whether") {
        json!({ "answer": if task.goal.contains("sunny") || task.goal.contains("as often as") { "true" } else { "false" } })
    } else {
        json!({ "answer": "y" })
    };
    Ok(Report::new(answer.to_string(), ""))
}

fn goals(host: &Host) -> Vec<String> {
    host.requests("agents.perform").iter().map(|request| request["task"]["goal"].as_str().unwrap_or_default().to_owned()).collect()
}

fn run(host: &Host, input: Value) -> Value {
    host.run(<Folder as Workflow<_, _>>::run, input).expect("an output")
}

fn steps(body: &str) -> String {
    format!(
        "<workflow>\n<step n=\"1\" goal=\"Begin\">\n{body}\n</step>\n<step n=\"2\" goal=\"End\"><action>Finish it.</action></step>\n</workflow>\n"
    )
}

#[test]
fn steps_are_executed_in_order_and_sections_are_written() {
    let text = steps("<action>Look around.</action>\n<action>Count beds.</action>\n<template-output>overview, soil</template-output>");
    let host = host(&text).with_agent("analyst", agent);
    let output = run(&host, json!({ "inputs": { "season": "spring" }, "yolo": true }));
    assert_eq!((output["status"].as_str(), &output["files"]), (Some("completed"), &json!(["docs/garden-spring-2026-11-30.md"])));
    assert_eq!(host.file("docs/garden-spring-2026-11-30.md").as_deref(), Some("# Garden\noverview!\n\n## Soil\n\nsoil!\n"));
    let goals = goals(&host);
    assert!(goals[0].contains("- Look around.\n- Count beds."), "instructions go together: {goals:?}");
    assert!(goals.last().is_some_and(|goal| goal.contains("Finish it.")));
}

#[test]
fn the_finished_document_is_checked_against_the_checklist() {
    let host = host(&steps("<template-output>overview</template-output>"))
        .with_asset("workflow.yaml", format!("{WORKFLOW}validation: checklist.md\n"))
        .with_asset("checklist.md", "# Beds\n- [ ] Has beds\n# Care\n- [ ] Names pests\n")
        .with_agent("analyst", agent);
    let output = run(&host, json!({ "inputs": { "season": "spring" }, "yolo": true }));
    assert_eq!(output["validation"], "docs/validation-report-2026-11-30.md");
    let report = host.file("docs/validation-report-2026-11-30.md").expect("a report");
    assert!(report.contains("Passed: 1 of 2") && report.contains("## Care\n\n- **FAIL** Names pests\n  Line 2."), "{report}");
}

#[test]
fn a_section_named_as_in_the_path_does_not_move_the_document() {
    let host =
        host(&steps("<template-output>overview</template-output>\n<template-output>season</template-output>")).with_agent("analyst", agent);
    let output = run(&host, json!({ "yolo": true }));
    assert_eq!(output["files"], json!(["docs/garden-season-2026-11-30.md"]));
}

#[test]
fn questions_go_to_people_and_their_answers_decide() {
    let text = steps(
        "<ask response=\"beds\">How many beds?</ask>\n<check if=\"beds > 2\"><action>Plan paths.</action></check>\n<check if=\"n\"><action>Nothing.</action></check>",
    );
    let host = host(&text).with_agent("analyst", agent).answers("How many", "3");
    let output = run(&host, json!({ "inputs": { "season": "spring" } }));
    assert_eq!(output["status"], "completed");
    assert_eq!(host.questions(), ["How many beds?"]);
    let goals = goals(&host);
    assert!(goals.iter().any(|goal| goal.contains("Plan paths.")) && !goals.iter().any(|goal| goal.contains("Nothing.")), "{goals:?}");
}

#[test]
fn what_only_a_judge_can_decide_is_judged() {
    let text = steps("<check if=\"the place is sunny\"><action>Plant herbs.</action></check>\n<action if=\"it rains\">Wait.</action>");
    let host = host(&text).with_agent("analyst", agent);
    run(&host, json!({ "yolo": true }));
    let goals = goals(&host);
    assert!(goals.iter().any(|goal| goal.contains("Plant herbs.")) && !goals.iter().any(|goal| goal.ends_with("Wait.\n")), "{goals:?}");
}

#[test]
fn jumps_halts_and_loops_end() {
    let jump = host(&steps("<action if=\"season == spring\"><goto step=\"2\">On</goto></action>\n<action>Not in spring.</action>"))
        .with_agent("analyst", agent);
    run(&jump, json!({ "inputs": { "season": "spring" }, "yolo": true }));
    assert_eq!(goals(&jump).len(), 1, "{:?}", goals(&jump));
    let halt = host(&steps("<action>HALT: \"No beds.\"</action>")).with_agent("analyst", agent);
    let output = run(&halt, json!({ "yolo": true }));
    assert_eq!((output["status"].as_str(), output["reason"].as_str()), (Some("halted"), Some("No beds.")));
    let endless = host(&steps("<goto step=\"1\">Again</goto>")).with_agent("analyst", agent);
    let output = run(&endless, json!({ "yolo": true }));
    assert!(output["reason"].as_str().is_some_and(|reason| reason.contains("jumps")), "{output}");
    let anchor = host(&steps(
        "<goto>here</goto><action>Left out.</action><check if=\"never\"><anchor id=\"here\" /><action>Reached.</action></check>",
    ))
    .with_agent("analyst", agent);
    run(&anchor, json!({ "yolo": true }));
    assert!(goals(&anchor)[0].contains("Reached."), "{:?}", goals(&anchor));
}

#[test]
fn optional_steps_are_left_out_where_nobody_is_asked() {
    let text = "<workflow><step n=\"1\" optional=\"true\" goal=\"Extra\"><action>More.</action></step>\n<step n=\"2\" repeat=\"until-done\"><action>Again.</action></step></workflow>";
    let host = host(text).with_agent("analyst", agent);
    run(&host, json!({ "yolo": true }));
    let goals = goals(&host);
    assert!(goals[0].contains("Again.") && goals.len() == 2, "{goals:?}");
    assert!(host.questions().is_empty());
}

#[test]
fn values_go_to_the_caller_and_come_from_children() {
    let text = steps(
        "<invoke-workflow path=\"{project-root}/bmad/g/workflows/water\"><param>mode: {{season}}</param></invoke-workflow>\n<template-output>success = {{amount}}</template-output>",
    );
    let host = host(&text).with_agent("analyst", agent).with_workflow("water", |input| {
        assert_eq!(input["inputs"]["mode"], "spring");
        Ok(json!({ "status": "completed", "values": { "amount": "5" } }))
    });
    let output = run(&host, json!({ "inputs": { "season": "spring" }, "yolo": true }));
    assert_eq!(output["values"], json!({ "success": "5" }));
}

#[test]
fn the_agents_verdict_moves_the_run() {
    let text = steps("<action>If there are no beds, jump to Step 2</action>\n<ask>Never asked?</ask>");
    let verdict = json!({ "report": "None.", "verdict": "goto", "target": "Step 2", "set": [{ "name": "beds", "text": "0" }] }).to_string();
    let host = host(&text)
        .with_agent("analyst", move |task| if task.goal.contains("no beds") { Ok(Report::new(verdict.clone(), "")) } else { agent(task) });
    assert_eq!(run(&host, json!({}))["status"], "completed");
    assert!(host.questions().is_empty());
}

#[test]
fn files_that_are_loaded_are_executed_in_their_place() {
    let text = steps("<action>Load and execute: {project-root}/more-instructions.md</action>");
    let more = "<workflow><step n=\"1\"><action>Dig.</action><action>Exit workflow</action></step></workflow>";
    let host = host(&text).with_asset("more-instructions.md", more).with_agent("analyst", agent);
    assert_eq!(run(&host, json!({ "yolo": true }))["status"], "completed");
    let goals = goals(&host);
    assert!(goals.len() == 2 && goals[0].contains("Dig.") && goals[1].contains("Finish it."), "{goals:?}");
}

#[test]
fn step_files_are_executed_as_they_lead_to_each_other() {
    let host = Host::new()
        .with_asset("workflow.md", "---\nname: a\n---\n# A\nRead fully and follow: `steps/step-01-a.md`\n")
        .with_asset("steps/step-01-a.md", "---\nnextStepFile: ./step-02-b.md\n---\n# One\n")
        .with_asset("steps/step-02-b.md", "# Two\n")
        .with_asset("steps/step-09-z.md", "# Nine\n")
        .with_agent("analyst", agent);
    run(&host, json!({ "yolo": true }));
    let goals = goals(&host);
    assert!(goals.len() == 3 && goals[1].contains("# One") && goals[2].contains("# Two"), "{goals:?}");
}

#[test]
fn a_skill_is_customized_by_its_project_and_its_files_reach_the_agent() {
    let skill = "---\nname: a-skill\ndescription: Use when beds are empty.\n---\n# Fill beds\nStyle: {workflow.style}. Read `references/plants.md` and obey references/rules.md.\n";
    let host = Host::new()
        .with_asset("SKILL.md", skill)
        .with_asset("customize.toml", "[workflow]\nstyle = \"short\"\n")
        .with_asset("references/plants.md", "Beans and peas.")
        .with_asset("references/other.md", "Not named.")
        .with_file("_bmad/custom/a-skill.toml", "[workflow]\nstyle = \"long\"\n")
        .with_agent("analyst", agent);
    assert_eq!(run(&host, json!({ "yolo": true }))["status"], "completed");
    assert!(goals(&host)[0].contains("Style: long."), "{:?}", goals(&host));
    let context = host.requests("agents.perform")[0]["task"]["context"].as_str().unwrap_or_default().to_owned();
    assert!(context.contains("## references/plants.md\nBeans and peas.") && !context.contains("Not named."), "{context}");
}

#[test]
fn a_run_is_the_same_when_it_is_executed_again() {
    let text = steps("<ask>How many?</ask><template-output>overview</template-output>");
    let host = host(&text).with_agent("analyst", agent).answers("How many", "2").answers("is written", "continue");
    let input = || baton_sdk::serde_json::from_value(json!({ "inputs": { "season": "fall" } })).expect("an input");
    let output = host.twice(|| Folder::run(input()).map(|output| output.files).map_err(|error| error.to_string()));
    assert_eq!(output, Ok(vec!["docs/garden-fall-2026-11-30.md".to_owned()]));
}

#[test]
fn a_folder_that_cannot_be_run_says_why() {
    let error = Host::new().with_asset("README.md", "# A").run(<Folder as Workflow<_, _>>::run, json!({})).expect_err("nothing to run");
    assert!(error.to_string().contains("SKILL.md"), "{error}");
}

#[test]
fn days_are_counted_as_calendars_do() {
    for (day, expected) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_787, "2026-11-30"), (47_540, "2100-02-28")] {
        assert_eq!(crate::date(day * 86_400_000), expected);
    }
}
