//! A story of the backlog and the tasks it makes for the developer. A scripted model tells the tasks apart by the first
//! words of their goals.

use baton_sdk::prelude::*;
use baton_slots::code_review::Finding;

use crate::failure::Failure;

/// Bytes of a diff that a task carries; the developer can look at the rest.
const LONGEST_DIFF: usize = 32 << 10;

const RULES: &str = "Work in the files of this workspace with your tools. Every acceptance criterion gets a test. Run the tests before you answer. \
    Touch nothing that has nothing to do with the story; test files are never deleted, emptied or weakened. Leave commits and branches alone: \
    what you change is committed for you. Then answer with what you did, the steps you planned, and what you had to assume.";

pub(crate) struct Story {
    pub(crate) key: String,
    pub(crate) title: String,
    body: String,
}

/// What a review wants changed, as a line of a list.
pub(crate) fn listed(finding: &Finding) -> String {
    let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
    let why = if finding.why.is_empty() { String::new() } else { format!(" ({})", finding.why.trim()) };
    format!("- {}{line}: {}{why}\n", finding.path, finding.what.trim())
}

impl Story {
    pub(crate) fn read(key: &str) -> Result<Self> {
        let item = backlog::get(key)?;
        Ok(Self { key: item.draft.key, title: item.draft.title, body: item.draft.body })
    }

    /// From the beginning, with what was gathered for it.
    pub(crate) fn develop(&self, context: &str) -> Task {
        let goal = format!("Develop story {}: {}. {RULES}", self.key, self.title.trim_end_matches('.'));
        Task::new(goal).with_context(context).with_answer_schema(&answer_schema())
    }

    /// After a review, or on a person's word.
    pub(crate) fn change(&self, findings: &[Finding], advice: &str, diff: &str) -> Task {
        let listed: String = findings.iter().map(listed).collect();
        let goal = format!("Change story {} as its review asks: mend exactly the findings, at their cause. {RULES}", self.key);
        self.task(goal, &[("Findings of the review", &listed), ("What a person says", advice), ("The change so far", clipped(diff))])
            .with_answer_schema(&answer_schema())
    }

    /// While it does not do.
    pub(crate) fn repair(&self, failure: &Failure, advice: &str, diff: &str) -> Task {
        let goal = format!("Repair story {}: {}. Find the cause before you change anything. {RULES}", self.key, failure.named());
        self.task(goal, &[(failure.heading(), failure.report()), ("What a person says", advice), ("The change so far", clipped(diff))])
            .with_answer_schema(&answer_schema())
    }

    /// A task with the story and these texts, those that are empty left out.
    pub(crate) fn task(&self, goal: String, parts: &[(&str, &str)]) -> Task {
        let story = format!("{}\n\n{}", self.title, self.body);
        let name = format!("story {}", self.key);
        let parts = [(name.as_str(), story.as_str())].into_iter().chain(parts.iter().copied());
        let filled = parts.filter(|(_, text)| !text.trim().is_empty());
        let context: Vec<_> = filled.map(|(title, text)| format!("<document title=\"{title}\">\n{}\n</document>", text.trim())).collect();
        Task::new(goal).with_context(context.join("\n\n"))
    }
}

fn answer_schema() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["summary", "plan", "assumptions"],
        "properties": { "summary": { "type": "string", "minLength": 1 }, "plan": texts, "assumptions": texts },
    })
}

fn clipped(diff: &str) -> &str {
    &diff[..diff.floor_char_boundary(LONGEST_DIFF)]
}
