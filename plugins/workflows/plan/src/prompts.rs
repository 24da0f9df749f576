//! What a plan of a very small product asks each agent.

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::{Plan, goals};

fn answer(goal: &str) -> Value {
    let criterion = "`count a.txt` prints 2 and a line break for a file of two lines";
    match goal {
        goals::ANALYSE => json!({
            "title": "Count", "summary": "Counts lines.", "users": ["Writers"], "goals": ["The length of a text is known"],
            "constraints": ["POSIX shell"], "risks": ["A last line without its end is forgotten"],
            "open-questions": [{
                "question": "Are empty lines counted?", "reasoning": "The brief does not say.", "options": ["Yes.", "No."], "assumption": "Yes.",
                "confidence": 0.9
            }]
        }),
        goals::REQUIRE => json!({
            "title": "Count", "summary": "One requirement.", "overview": "Count tells how many lines a file has.",
            "goals": ["The length of a text is known"],
            "functional": [{ "id": "FR1", "title": "Count lines", "description": "`count FILE` prints the number.", "acceptance": [criterion] }],
            "non-functional": [{ "id": "NFR1", "title": "Speed", "description": "Large files are counted.", "measure": "1 GB in 5 s" }],
            "out-of-scope": ["Words"], "success-measures": ["It is used"], "open-questions": []
        }),
        goals::DESIGN => json!({
            "summary": "One script.", "decisions": [{ "title": "wc", "reason": "It is everywhere.", "choice": "Ask `wc -l`." }],
            "components": [{ "name": "count", "responsibility": "Counts.", "interface": "count FILE" }], "data": "None is kept.",
            "files": [{ "path": "count", "purpose": "The program" }], "risks": []
        }),
        goals::TEST => json!({
            "summary": "Cases.", "levels": [{ "name": "Program", "scope": "All", "tools": "sh" }], "risks": [],
            "checks": [{ "requirement": "FR1", "checks": ["No file, an empty file, a file without a last line break"] }],
            "quality-gates": ["All cases pass"]
        }),
        goals::BREAK_DOWN => json!({
            "summary": "One story.",
            "epics": [{ "key": "1", "title": "Count", "goal": "Lines are counted.", "stories": [{
                "key": "1-1-count", "title": "Count lines", "story": "As a writer, I want to know how long a text is.",
                "acceptance": ["A file that is missing exits with 1"], "after": [], "requirements": ["FR1"], "files": ["count", "tests/run.sh"],
                "priority": "high", "points": 1
            }] }]
        }),
        goals::JUDGE => json!({ "findings": [], "summary": "It can begin.", "ready": true }),
        other => panic!("an unknown goal: {other}"),
    }
}

#[test]
fn the_prompts_of_a_plan_are_kept() {
    let agents = ["analyst", "product-manager", "architect", "test-architect", "scrum-master"];
    let host = agents.into_iter().fold(Host::new().answers("", "Yes."), |host, agent| {
        host.with_agent(agent, |task| Ok(Report::new(answer(&task.goal).to_string(), "done")))
    });
    let host = host.with_file("AGENTS.md", "Indent by two blanks.").with_file("lib/words.sh", "words() {\n  wc -w\n}\n");
    host.run(Plan::run, json!({ "brief": "We want to know how many lines a text has." })).expect("a plan");
    baton_prompts::check("plan", &baton_prompts::to_agents(&host));
}
