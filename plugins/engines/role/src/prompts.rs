//! What each bundled agent is asked with, whatever the task: persona, tools, and how an answer in a form is asked for.

use std::fs;
use std::path::Path;

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Role;

#[test]
fn the_prompts_of_the_agents_are_kept() {
    let agents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents");
    let names = fs::read_dir(&agents).expect("the agents").map(|entry| entry.expect("an agent").file_name().into_string().expect("a name"));
    for name in names {
        let read = |file: &str| fs::read_to_string(agents.join(&name).join(file)).expect(file);
        let host = Host::new()
            .with_manifest(&read("plugin.toml"))
            .with_asset("persona.md", read("persona.md"))
            .when("", "{\"summary\": \"Done.\"}");
        let form = json!({ "type": "object", "properties": { "summary": { "type": "string" } }, "required": ["summary"], "additionalProperties": false });
        let task = Task::new("The task's goal.").with_context("<document title=\"a title\">\nThe task's context.\n</document>");
        host.perform(Role::perform, task.with_answer_schema(&form)).expect("a report");
        baton_prompts::check(&format!("agents/{name}"), &baton_prompts::to_models(&host, &name));
    }
}
