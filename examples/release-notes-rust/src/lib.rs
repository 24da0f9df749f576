//! Has an agent write release notes, and writes them to a file once a person has approved them.
use baton_sdk::people::Question;
use baton_sdk::prelude::*;
use serde::Deserialize;

/// What the workflow is started with.
#[derive(Deserialize)]
struct Input {
    /// What has changed, in any words.
    changes: String,
}

struct ReleaseNotes;

impl Workflow<Input> for ReleaseNotes {
    fn run(input: Input) -> Result<Value> {
        // The run is suspended until Mary has answered, and needs no memory meanwhile.
        let task = Task::new("Write release notes of at most ten lines.").with_context(input.changes);
        let notes = agents::perform("mary", &task)?.answer;

        // And again until a person answers, however long that takes.
        let question = Question::new(format!("May these notes go out?\n{notes}")).with_options(["yes", "no"]);
        if people::ask(&question)? != "yes" {
            return Ok(json!({ "written": null }));
        }

        files::write("docs/release-notes.md", &notes)?;
        Ok(json!({ "written": "docs/release-notes.md" }))
    }

    fn shortfall(output: &Value) -> Option<String> {
        output["written"].is_null().then(|| "The notes were not approved. Start the workflow again with other changes.".to_owned())
    }
}

baton_sdk::export!(ReleaseNotes);

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    /// A host on which Mary writes notes and a person gives this answer.
    fn host(answer: &str) -> Host {
        let mary = |task: &Task| Ok(Report::new(format!("- {}", task.context), "wrote notes"));
        Host::new().with_manifest(include_str!("../plugin.toml")).with_agent("mary", mary).answers("May these notes go out?", answer)
    }

    #[test]
    fn what_was_approved_is_written() {
        let host = host("yes");
        let output = host.run(ReleaseNotes::run, json!({ "changes": "Swiss francs" }));
        assert_eq!(output, Ok(json!({ "written": "docs/release-notes.md" })));
        assert_eq!(host.file("docs/release-notes.md").as_deref(), Some("- Swiss francs"));
    }

    #[test]
    fn what_was_not_approved_is_not_written() {
        let host = host("no");
        let output = host.run(ReleaseNotes::run, json!({ "changes": "Swiss francs" })).unwrap_or_default();
        assert!(ReleaseNotes::shortfall(&output).is_some_and(|said| said.contains("not approved")), "{output}");
        assert!(host.files().is_empty());
    }

    #[test]
    fn the_page_on_writing_plugins_shows_this_plugin() {
        let page = include_str!("../../../docs/writing-plugins.md");
        let code = include_str!("lib.rs").split("\n#[cfg(test)]").next().unwrap_or_default();
        let code = code.split_once('\n').map_or("", |(_, code)| code).trim();
        assert!(page.contains(&format!("```rust\n{code}\n```")), "copy src/lib.rs of this example to docs/writing-plugins.md");
        let needs = include_str!("../plugin.toml").split("\n\n").find(|part| part.starts_with("[needs]")).unwrap_or_default();
        assert!(needs.contains("people") && page.contains(needs), "and [needs] of its plugin.toml");
    }
}
