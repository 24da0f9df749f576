//! What the engine does for the folder and the agent: status files, files, questions, blocks of templates, jumps.

use baton_sdk::prelude::*;

use super::{agent, goals, host, run, steps};

const STATUS: &str = "# Kept by hand\r\ndevelopment_status:\r\n  epic-1: backlog # first\r\n  1-1-beds: \"ready-for-dev\"   # mine\r\n  1-2-paths: backlog\r\n";

fn story(key: &str) -> Value {
    json!({ "inputs": { "season": "spring", "story_key": key }, "yolo": true })
}

#[test]
fn values_of_status_files_change_in_their_lines() {
    let text = steps("<action>Update development_status[{{story_key}}] = \"in-progress\"</action>");
    let host = host(&text).with_agent("analyst", agent).with_file("docs/sprint-status.yaml", STATUS);
    let output = run(&host, story("1-1-beds"));
    let expected = STATUS.replace("\"ready-for-dev\"  ", "\"in-progress\"    ").replace("epic-1: backlog #", "epic-1: in-progress #");
    assert_eq!(host.file("docs/sprint-status.yaml"), Some(expected), "the epic follows its story");
    assert_eq!(output["files"], json!(["docs/sprint-status.yaml"]));
    assert_eq!(goals(&host).len(), 1, "the agent has nothing to do for it");
    let unknown = super::host(&text).with_agent("analyst", agent).with_file("docs/sprint-status.yaml", STATUS);
    run(&unknown, story("9-9-none"));
    assert_eq!(unknown.file("docs/sprint-status.yaml").as_deref(), Some(STATUS));
    assert!(goals(&unknown)[0].contains("development_status[9-9-none]"), "what cannot be set is the agent's");
}

#[test]
fn files_of_the_verdict_are_written_where_the_folder_may() {
    let written = json!({ "report": "Done.", "verdict": "continue", "files": [
        { "name": "docs/garden-beds.md", "text": "Beds" },
        { "name": "../outside.md", "text": "x" },
        { "name": "src/main.rs", "text": "x" },
        { "name": "docs/sprint-status.yaml", "text": "development_status:\n  1-1-beds: done\n  1-2-paths: done\n  1-3-pond: backlog\n" },
    ] });
    let answer = written.to_string();
    let host = host(&steps("<action>Write the beds.</action>"))
        .with_file("docs/sprint-status.yaml", STATUS)
        .with_manifest("name = \"garden\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n[needs]\nagents = [\"*\"]\nread = [\"**\"]\nwrite = [\"docs/**\"]\n")
        .with_agent("analyst", move |task| if task.goal.contains("Write the beds") { Ok(Report::new(answer.clone(), "")) } else { agent(task) });
    let output = run(&host, story("1-1-beds"));
    assert_eq!(output["files"], json!(["docs/garden-beds.md", "docs/sprint-status.yaml"]));
    assert_eq!((host.file("docs/garden-beds.md").as_deref(), host.file("src/main.rs")), (Some("Beds"), None));
    let status = host.file("docs/sprint-status.yaml").unwrap_or_default();
    assert!(
        status.starts_with("# Kept by hand\r\n") && status.contains("1-1-beds: \"done\"") && status.contains("1-3-pond: backlog"),
        "{status}"
    );
    assert!(status.contains("epic-1: in-progress # first"), "{status}");
}

#[test]
fn questions_are_decided_before_a_person_is_asked() {
    let text = steps("<ask response=\"beds\">How many beds?</ask><check if=\"beds == 3\"><action>Plan paths.</action></check>");
    let host = host(&text).with_agent("analyst", agent).with_workflow("decide", |input| {
        assert!(input["question"] == "How many beds?" && input["context"].as_str().is_some_and(|text| text.contains("garden")), "{input}");
        Ok(json!({ "answer": "3", "by": "knowledge" }))
    });
    run(&host, json!({ "inputs": { "season": "spring" } }));
    assert!(host.questions().is_empty());
    assert!(goals(&host).iter().any(|goal| goal.contains("Plan paths.")));
}

#[test]
fn yolo_in_an_answer_ends_the_questions() {
    let text = steps("<ask response=\"beds\">How many beds?</ask><ask>And paths?</ask><template-output>overview</template-output>");
    let host = host(&text).with_agent("analyst", agent).answers("How many", "3 #yolo");
    let output = run(&host, json!({ "inputs": { "season": "spring" } }));
    assert_eq!((output["status"].as_str(), host.questions()), (Some("completed"), vec!["How many beds?".to_owned()]));
}

#[test]
fn blocks_are_decided_and_what_is_left_is_filled_in_at_the_end() {
    let template = "# {{season}}\n{{#if season == spring}}\nSow.\n{{else}}\nReap.\n{{/if}}\n{{#if the place is sunny}}Herbs{{/if}}\n{{overview}}\n{{pests}}\n";
    let text =
        steps("<template-output>overview</template-output><output>{{#if season == fall}}Rest{{else}}Work{{/if}} in {{season}}</output>");
    let host = host(&text).with_asset("template.md", template).with_agent("analyst", agent);
    let output = run(&host, story(""));
    assert_eq!(host.file("docs/garden-spring-2026-11-30.md").as_deref(), Some("# spring\nSow.\nHerbs\noverview!\npests!\n"));
    assert!(output.get("unfilled").is_none() && host.logged().iter().any(|line| format!("{line:?}").contains("Work in spring")));
}

#[test]
fn what_the_agent_writes_into_the_document_is_not_overwritten_at_the_end() {
    let host =
        host(&steps("<template-output>overview</template-output><action>Write the garden.</action>")).with_agent("analyst", |task| {
            match task.goal.contains("Write the garden") {
                true => {
                    let files = json!([{ "name": "docs/garden-spring-2026-11-30.md", "text": "# By the agent\n{{season}}\n" }]);
                    Ok(Report::new(json!({ "report": "Done.", "verdict": "continue", "files": files }).to_string(), ""))
                }
                false => agent(task),
            }
        });
    run(&host, story(""));
    assert_eq!(host.file("docs/garden-spring-2026-11-30.md").as_deref(), Some("# By the agent\nspring\n"));
}

#[test]
fn sections_that_are_written_again_take_the_place_of_those_before() {
    let text = steps("<template-output>overview, soil</template-output>\n<template-output file=\"docs/notes.md\">soil</template-output>");
    let host = host(&text)
        .with_file("docs/notes.md", "# Notes\n\n## Soil\n\nOld.\n\n## Pests\n\nNone.\n")
        .with_agent("analyst", |task| match task.goal.contains("Change it") {
            true => Ok(Report::new(
                json!({ "sections": [{ "name": "overview", "text": "new overview" }, { "name": "soil", "text": "new soil" }] }).to_string(),
                "",
            )),
            false => agent(task),
        })
        .answers("overview, soil is written", "Make it new #yolo")
        .answers("soil is written", "continue");
    run(&host, json!({ "inputs": { "season": "spring" } }));
    let written = host.file("docs/garden-spring-2026-11-30.md").unwrap_or_default();
    assert_eq!(
        host.file("docs/notes.md").as_deref(),
        Some("# Notes\n\n## Soil\n\nsoil!\n\n## Pests\n\nNone.\n"),
        "what others wrote stays"
    );
    assert!(written.matches("## Soil").count() == 1 && written.starts_with("# Garden\n"), "{written}");
}

#[test]
fn what_a_sentence_tells_to_write_goes_where_the_agent_says() {
    let told =
        "<template-output>Describe the soil of each bed.</template-output><template-output>Describe, in short, the rest.</template-output>";
    let host = host(&steps(told)).with_asset("template.md", "# G\n{{soil}}\n{{rest}}\n").with_agent("analyst", agent);
    run(&host, story(""));
    let text = host.file("docs/garden-spring-2026-11-30.md").unwrap_or_default();
    assert_eq!(text, "# G\nsoil!\nrest!\n\n## 1 (Begin)\n\n1 (Begin)!\n");
}

#[test]
fn what_is_written_in_each_round_of_a_loop_stays() {
    let text = "<workflow><step n=\"1\" goal=\"Beds\"><for-each bed=\"every bed\"><template-output>bed</template-output></for-each></step></workflow>";
    let host = host(text).with_agent("analyst", |task| match task.goal.starts_with("Write items") {
        true => Ok(Report::new(json!({ "sections": [{ "name": "items", "text": "- a\n- b" }] }).to_string(), "")),
        false if task.goal.starts_with("Write bed") => {
            let bed = if task.context.contains("- bed: a") { "Bed A" } else { "Bed B" };
            Ok(Report::new(json!({ "sections": [{ "name": "bed", "text": bed }] }).to_string(), ""))
        }
        false => agent(task),
    });
    run(&host, story(""));
    let text = host.file("docs/garden-spring-2026-11-30.md").unwrap_or_default();
    assert!(text.contains("## Bed\n\nBed A\n\n## Bed\n\nBed B\n"), "{text}");
}

#[test]
fn the_story_at_work_is_found_and_moved() {
    let text = steps(
        "<action>Find the FIRST story where:\n- Status value equals \"ready-for-dev\"\n</action><action>Update story file: Change Status to \"review\"</action><action>Update development_status[{{story_key}}] = \"review\"</action>",
    );
    let host = host(&text)
        .with_asset("workflow.yaml", format!("{}story_dir: \"{{output_folder}}/stories\"\n", super::WORKFLOW))
        .with_file("docs/sprint-status.yaml", STATUS)
        .with_file("docs/stories/1-1-beds.md", "# Story\n\nStatus: drafted\n\nStatus: not this\n")
        .with_agent("analyst", agent);
    let output = run(&host, json!({ "yolo": true }));
    assert_eq!(host.file("docs/stories/1-1-beds.md").as_deref(), Some("# Story\n\nStatus: review\n\nStatus: not this\n"));
    assert!(host.file("docs/sprint-status.yaml").is_some_and(|text| text.contains("1-1-beds: \"review\"")));
    assert_eq!((goals(&host).len(), &output["files"]), (1, &json!(["docs/stories/1-1-beds.md", "docs/sprint-status.yaml"])));
    let none = super::host(&text).with_agent("analyst", agent);
    run(&none, json!({ "yolo": true }));
    assert!(goals(&none)[0].contains("Find the FIRST story"), "without a status file the agent looks for it");
}

#[test]
fn instructions_beside_flow_reach_the_agent() {
    let text = steps("<action>Set beds = 3\nThen count them.</action><action>Count again:\n- If none: HALT\n- Set beds = 0</action>");
    let host = host(&text).with_agent("analyst", agent);
    assert_eq!(run(&host, story(""))["status"], "completed");
    let goals = goals(&host);
    assert!(goals[0].contains("Then count them.") && !goals[0].contains("Set beds = 3"), "{goals:?}");
    assert!(goals[1].contains("Set beds = 0") && goals[1].contains("HALT"), "{goals:?}");
}

#[test]
fn a_value_that_is_part_of_a_name_makes_no_folders() {
    let text = steps("<action>Set bed = a/../../b</action><template-output file=\"docs/beds/{{bed}}.md\">soil</template-output>");
    let host = host(&text).with_agent("analyst", agent);
    assert_eq!(run(&host, story(""))["files"], json!(["docs/beds/a-..-..-b.md"]));
}

#[test]
fn people_read_where_the_run_is() {
    let text = steps("<action>Look around.</action>");
    let host = host(&text).with_file("docs/workflow-status.md", "# Status\n\nMine.\n").with_agent("analyst", agent);
    run(&host, story("1-1 | <x>"));
    let text = host.file("docs/workflow-status.md").unwrap_or_default();
    assert!(text.starts_with("# Status\n\nMine.\n\n<!-- baton:workflow "), "{text}");
    assert!(
        text.contains("completed on 2026-11-30.") && text.contains("Agent: analyst.") && text.contains("| story_key | 1-1 \\| &lt;x> |"),
        "{text}"
    );
    let written: Vec<_> = host.requests("files.write").iter().map(ToString::to_string).collect();
    assert!(written[0].contains("is in step 1 of 2: 1 (Begin).") && written[1].contains("is in step 2 of 2"), "{written:?}");
}

#[test]
fn of_several_jumps_the_agent_chooses_one() {
    let text = "<workflow><step n=\"1\"><goto step=\"1\">Again</goto><goto step=\"3\">On</goto></step><step n=\"2\"><action>Two.</action></step><step n=\"3\"><action>Three.</action></step></workflow>";
    let host = host(text).with_agent("analyst", |task| match task.goal.starts_with("Choose") {
        true => Ok(Report::new(json!({ "choice": "2" }).to_string(), "")),
        false => agent(task),
    });
    run(&host, story(""));
    let goals = goals(&host);
    assert!(goals[0].contains("2. step 3: On") && goals.len() == 2 && goals[1].contains("Three."), "{goals:?}");
}

#[test]
fn tasks_and_protocols_are_told_with_what_belongs_to_them() {
    let text = steps("<invoke-task>{project-root}/bmad/core/tasks/think.xml</invoke-task><invoke-protocol name=\"discover_inputs\" />");
    let host = host(&text)
        .with_asset(
            "workflow.yaml",
            format!("{}input_file_patterns:\n  prd:\n    whole: \"{{output_folder}}/*prd*.md\"\n", super::WORKFLOW),
        )
        .with_file("bmad/core/tasks/think.xml", "<task>Think twice.</task>")
        .with_agent("analyst", agent);
    run(&host, story(""));
    let goals = goals(&host);
    assert!(goals[0].contains("Think twice.") && goals[1].contains("docs/*prd*.md"), "{goals:?}");
}

#[test]
fn a_packed_folder_has_its_agent_and_its_workflows() {
    let text = steps("<invoke-workflow path=\"{project-root}/bmad/g/workflows/plan\" />");
    let packing = "agent = \"architect\"\n[workflows]\nplan = \"g-plan\"\n";
    let host = host(&text)
        .with_asset(baton_folder_format::packing::PACKING, packing)
        .with_agent("architect", agent)
        .with_workflow("g-plan", |_| Ok(json!({ "status": "completed", "values": {} })));
    assert_eq!(run(&host, story(""))["status"], "completed");
    assert_eq!(host.requests("workflows.start")[0]["workflow"], "g-plan");
}
