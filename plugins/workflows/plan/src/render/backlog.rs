//! The documents about the work: epics, stories, readiness.

use baton_sdk::serde_json::json;

use super::{document, line, list, section, table};
use crate::documents::{Backlog, Epic, Readiness, Requirements, Story};

const TEST_ENTRY: &str = "The project has no command that runs its tests. This story makes one that a host without network can run: `tests/run.sh`, \
    which exits with 0 when all tests pass, or an entry of the build tool, such as a target `test` of a Makefile.";

/// `docs/epics.md`.
pub(crate) fn backlog(title: &str, backlog: &Backlog, waves: &[Vec<String>]) -> String {
    let rows = backlog.stories().map(|(_, story)| {
        let wave = waves.iter().position(|wave| wave.contains(&story.key)).map_or_else(String::new, |index| (index + 1).to_string());
        let link = format!("[{}](stories/{}.md)", story.key, story.key);
        vec![
            wave,
            link,
            line(&story.title),
            or_dash(&story.after),
            or_dash(&story.requirements),
            story.priority.clone(),
            story.points.to_string(),
        ]
    });
    let order = waves.iter().enumerate().map(|(index, wave)| format!("{}. {}", index + 1, wave.join(", "))).collect::<Vec<_>>().join("\n");
    let order = format!("Stories of one wave can be built at the same time; each wave waits for those it depends on.\n\n{order}");
    let stories = table(&["Wave", "Story", "Title", "After", "Requirements", "Priority", "Points"], rows);
    let epics = backlog.epics.iter().map(epic);
    let parts = [backlog.summary.clone(), section("Ready order", &order), section("Stories", &stories)];
    document(&format!("{title}: epics and stories"), parts.into_iter().chain(epics))
}

/// `docs/stories/<key>.md`, with front matter that the backlog is filled from.
pub(crate) fn story(epic: &Epic, story: &Story, context: Context<'_>) -> String {
    // JSON strings and lists are YAML, and need no rules about quoting.
    let front = [
        ("key", json!(story.key)),
        ("title", json!(line(&story.title))),
        ("epic", json!(epic.key)),
        ("status", json!("todo")),
        ("after", json!(story.after)),
        ("requirements", json!(story.requirements)),
        ("priority", json!(story.priority)),
        ("points", json!(story.points)),
    ];
    let front: String = front.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("---\n{front}---\n\n{}", story_body(story, context))
}

/// What a story is rendered with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) requirements: &'a Requirements,
    /// The story that makes the entry by which tests are run, where the project has none.
    pub(crate) makes_tests: Option<&'a str>,
}

/// What stands below the front matter.
pub(crate) fn story_body(story: &Story, context: Context<'_>) -> String {
    let acceptance: Vec<String> = story.acceptance.iter().map(|criterion| format!("[ ] {}", line(criterion))).collect();
    let serves: Vec<String> = story.requirements.iter().map(|id| served(id, context.requirements)).collect();
    let files: Vec<String> = story.files.iter().map(|file| format!("`{}`", line(file))).collect();
    let mut parts = vec![story.story.clone(), section("Acceptance criteria", &list(&acceptance))];
    if context.makes_tests == Some(story.key.as_str()) {
        parts.push(section("Tests", TEST_ENTRY));
    }
    parts.push(section("Requirements", &list(&serves)));
    if !files.is_empty() {
        parts.push(section("Files", &list(&files)));
    }
    parts.push(section("After", &list(&story.after)));
    document(&story.title, parts)
}

/// `docs/readiness.md`.
pub(crate) fn readiness(title: &str, readiness: &Readiness) -> String {
    let findings = readiness.findings.iter().map(|finding| vec![finding.severity.clone(), finding.finding.clone(), finding.advice.clone()]);
    let verdict = if readiness.ready { "**Ready to build.**" } else { "**Not ready to build.**" };
    document(
        &format!("{title}: readiness"),
        [verdict.to_owned(), readiness.summary.clone(), section("Findings", &table(&["Severity", "Finding", "Advice"], findings))],
    )
}

fn epic(epic: &Epic) -> String {
    let stories: Vec<String> =
        epic.stories.iter().map(|story| format!("**{}** {}: {}", story.key, line(&story.title), line(&story.story))).collect();
    section(&format!("Epic {}: {}", epic.key, epic.title), &format!("{}\n\n{}", epic.goal.trim(), list(&stories)))
}

fn served(id: &str, requirements: &Requirements) -> String {
    let functional = requirements.functional.iter().map(|requirement| (&requirement.id, &requirement.title));
    let qualities = requirements.non_functional.iter().map(|quality| (&quality.id, &quality.title));
    let title = functional.chain(qualities).find(|(known, _)| *known == id).map(|(_, title)| title.as_str());
    format!("{id}: {}", title.unwrap_or("unknown"))
}

fn or_dash(keys: &[String]) -> String {
    if keys.is_empty() { "–".to_owned() } else { keys.join(", ") }
}
