//! A story of the backlog and the tasks it makes for the developer. A scripted model tells the tasks apart by the first
//! words of their goals. What a task says once, it does not say again.

use baton_sdk::prelude::*;
use baton_slots::code_review::Finding;
use baton_survey::document;

use crate::failure::Failure;
use crate::ways::Ways;

/// Bytes of a diff that a task carries; the developer can look at the rest.
const LONGEST_DIFF: usize = 32 << 10;

pub(crate) struct Story {
    pub(crate) key: String,
    pub(crate) title: String,
    body: String,
    /// Where the workspace has it as a document.
    document: Option<String>,
}

/// A task in two forms.
pub(crate) struct Order {
    /// With all that a developer needs who knows nothing.
    pub(crate) whole: Task,
    /// With what is new, for a developer who continues where it was.
    pub(crate) rest: Task,
}

impl Order {
    pub(crate) fn answered_by(self, schema: &Value) -> Self {
        Self { whole: self.whole.with_answer_schema(schema), rest: self.rest.with_answer_schema(schema) }
    }
}

/// What the developer is told beside the story when it is not done yet.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// Earlier attempts and what became of them, oldest first.
    pub(crate) tried: &'a [String],
    /// What code undid or noticed since the developer was told last.
    pub(crate) notes: &'a [String],
    /// What a person says.
    pub(crate) advice: &'a str,
    pub(crate) diff: &'a str,
    /// Attempts until a person is asked.
    pub(crate) left: u32,
}

/// What a review wants changed, as a line of a list.
pub(crate) fn listed(finding: &Finding) -> String {
    let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
    let why = if finding.why.is_empty() { String::new() } else { format!(" ({})", finding.why.trim()) };
    format!("{}{line}: {}{why}", finding.path, finding.what.trim())
}

impl Story {
    pub(crate) fn read(key: &str) -> Result<Self> {
        let item = backlog::get(key)?;
        let path = format!("docs/stories/{}.md", item.draft.key);
        let document = files::read(&path).is_ok().then_some(path);
        Ok(Self { key: item.draft.key, title: item.draft.title, body: item.draft.body, document })
    }

    /// From the beginning, with what was gathered for it, which holds the story.
    pub(crate) fn develop(&self, context: &str, ways: &Ways, left: u32) -> Order {
        let goal = format!("Develop story {}: {}.", self.key, self.title.trim_end_matches('.'));
        let rules = document("how to work", &ways.rules(&self.key, left));
        let task = Task::new(goal).with_context(format!("{}\n\n{rules}", context.trim()));
        Order { rest: task.clone(), whole: task }.answered_by(&answer_schema(&[]))
    }

    /// After a review, or on a person's word.
    pub(crate) fn change(&self, findings: &[Finding], ways: &Ways, known: &Known<'_>) -> Order {
        let numbered: String =
            (1..).zip(findings).map(|(number, finding)| format!("{number}. {}{}\n", weight(finding), listed(finding))).collect();
        let goal = format!(
            "Change story {} as its review asks: correct each finding that is blocking at its cause, and others where it is little work. A finding that is \
             wrong is not corrected: say in `replies` why, with what shows it.",
            self.key
        );
        self.task(goal, ways, known, &[("findings of the review", &numbered)]).answered_by(&answer_schema(findings))
    }

    /// While it does not do.
    pub(crate) fn repair(&self, failure: &Failure, ways: &Ways, known: &Known<'_>) -> Order {
        let goal = format!("Repair story {}: {}. {}", self.key, failure.named(), failure.instruction());
        self.task(goal, ways, known, &[(failure.heading(), failure.report())]).answered_by(&answer_schema(&[]))
    }

    /// A task with the story and these texts, those that are empty left out.
    pub(crate) fn with_story(&self, goal: String, parts: &[(&str, &str)]) -> Order {
        self.order(goal, &[], parts)
    }

    fn task(&self, goal: String, ways: &Ways, known: &Known<'_>, parts: &[(&str, &str)]) -> Order {
        let tried = numbered(known.tried);
        let notes: String = known.notes.iter().map(|note| format!("- {note}\n")).collect();
        let (rules, diff) = (ways.rules(&self.key, known.left), clipped(known.diff));
        let before = [("how to work", rules.as_str()), ("the change so far", diff.as_str()), ("what was tried", tried.as_str())];
        let after = [("what code undid or noticed", notes.as_str()), ("what a person says", known.advice)];
        let mut order = self.order(goal, &before, &[parts, &after[..]].concat());
        if known.left == 1 {
            order.rest.context.push_str("\n\nThis is the last attempt before a person is asked.");
        }
        order
    }

    /// With texts that a developer knows who was told before, and others.
    fn order(&self, goal: String, known: &[(&str, &str)], new: &[(&str, &str)]) -> Order {
        let (name, story) = (format!("story {}", self.key), format!("{}\n\n{}", self.title, self.body));
        // A few words for another developer, who is given a conversation that is not its own.
        let pointer = self.document.as_ref().map_or_else(|| story.clone(), |path| format!("{}. All of it is in `{path}`.", self.title));
        let whole = documents(&[&[(name.as_str(), story.as_str())][..], known, new].concat());
        let rest = documents(&[&[(name.as_str(), pointer.as_str())][..], new].concat());
        Order { whole: Task::new(goal.clone()).with_context(whole), rest: Task::new(goal).with_context(rest) }
    }
}

/// Texts under their names, those that are empty left out.
pub(crate) fn documents(parts: &[(&str, &str)]) -> String {
    let filled = parts.iter().filter(|(_, text)| !text.trim().is_empty());
    filled.map(|(title, text)| document(title, text)).collect::<Vec<_>>().join("\n\n")
}

fn weight(finding: &Finding) -> &'static str {
    if finding.is_blocking() { "Blocking: " } else { "Minor: " }
}

fn numbered(lines: &[String]) -> String {
    (1..).zip(lines).map(|(number, line)| format!("{number}. {line}\n")).collect()
}

fn answer_schema(findings: &[Finding]) -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let mut properties = json!({
        "assumptions": { "type": "array", "items": { "type": "string" }, "description": "What you had to assume" },
        "untested": text("Only where the story needs no test of its own, or where its tests cannot fail without the change: why"),
        "summary": { "type": "string", "minLength": 1, "description": "What you did, in a sentence or two" },
    });
    if !findings.is_empty() {
        let reply = json!({
            "type": "object",
            "required": ["finding", "reply"],
            "properties": {
                "finding": { "type": "integer", "minimum": 1, "maximum": findings.len(), "description": "Its number" },
                "reply": text("How it was corrected, or why it is wrong"),
            },
        });
        properties["replies"] = json!({ "type": "array", "items": reply, "description": "What you say to each finding" });
    }
    // Other fields are not a mistake: nothing reads them.
    json!({ "type": "object", "required": ["summary", "assumptions"], "properties": properties })
}

/// The beginning of a diff, in whole lines, and what of it is missing.
fn clipped(diff: &str) -> String {
    if diff.len() <= LONGEST_DIFF {
        return diff.to_owned();
    }
    let end = diff.floor_char_boundary(LONGEST_DIFF);
    let end = diff[..end].rfind('\n').map_or(end, |line_break| line_break + 1);
    format!("{}[{} bytes of the change are left out here; look at the files]", &diff[..end], diff.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_that_is_cut_says_so() {
        assert_eq!(clipped("+a\n"), "+a\n");
        let cut = clipped(&"+ä line\n".repeat(10_000));
        assert!(cut.len() < LONGEST_DIFF + 100 && cut.contains("line\n[") && cut.ends_with("look at the files]"), "{}", cut.len());
    }

    #[test]
    fn empty_documents_are_left_out() {
        assert_eq!(documents(&[("a", " "), ("b", "text\n")]), "<document title=\"b\">\ntext\n</document>");
    }
}
