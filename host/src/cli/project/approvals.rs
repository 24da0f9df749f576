//! Shows what a repository proposes beside its tests and what is approved of it, in one form for setups and services. Decides
//! nothing.

use anyhow::Result;
use serde::Serialize;

use crate::{
    cli::{
        Context,
        place::ProjectChoice,
        screen::{FAINT, GOOD, WARNING, painted},
        text,
    },
    operations::approvals::ApprovalStatus,
};

/// How one kind of proposal is put into words.
pub(super) trait Words: Serialize {
    /// The command group, such as `setup`; the heading in capitals follows from it.
    const NAME: &'static str;
    /// The sentence for a project without an approval.
    const REVOKED: &'static str;

    /// What it is, in one line.
    fn summary(&self) -> String;

    /// All that it is, a line each, where one line does not say it.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is said of one that would hold once it is approved. `approve` is the command for that.
    fn pending(&self, approve: &str) -> String;

    /// The hash that pins it.
    fn hash(&self) -> &str;
}

/// Prints the status, and what to do where an approval is missing.
pub(super) fn show<T: Words>(context: &Context, status: &ApprovalStatus<T>, choice: &ProjectChoice) -> Result<()> {
    if context.screen.is_json() {
        return context.screen.document(status);
    }
    context.screen.answer(lines(status))?;
    if let Some(pending) = &status.pending {
        let approve = choice.again(context, &format!("project {} approve", T::NAME));
        context.screen.warn(format!("{} {}", painted(WARNING, "!"), pending.pending(&approve)));
    }
    Ok(())
}

/// Reports an approval.
pub(super) fn approved<T: Words>(context: &Context, status: &ApprovalStatus<T>) -> Result<()> {
    if context.screen.is_json() {
        return context.screen.document(status);
    }
    if let Some(approval) = &status.approved {
        let (summary, hash) = (approval.content.summary(), approval.content.hash());
        let hash = text::escaped(hash.get(..12).unwrap_or_default());
        context.screen.tell(format!("{} Approved the {} {summary} (sha256 {hash}).", painted(GOOD, "✓"), T::NAME));
    }
    Ok(())
}

/// Reports the end of an approval.
pub(super) fn revoked<T: Words>(context: &Context, status: &ApprovalStatus<T>) -> Result<()> {
    if context.screen.is_json() {
        return context.screen.document(status);
    }
    context.screen.tell(format!("{} {}", painted(GOOD, "✓"), T::REVOKED));
    Ok(())
}

fn lines<T: Words>(status: &ApprovalStatus<T>) -> String {
    let line = |name: &str, value: Option<String>| format!("{name:<11}{}\n", value.unwrap_or_else(|| painted(FAINT, "none")));
    let summary = |content: &Option<T>| content.as_ref().map(Words::summary);
    let heading: String = T::NAME.chars().enumerate().map(|(at, each)| if at == 0 { each.to_ascii_uppercase() } else { each }).collect();
    let mut lines = line(&heading, summary(&status.effective));
    if status.settings.is_some() {
        lines += &line("Settings", summary(&status.settings));
    }
    let approved = status.approved.as_ref();
    lines += &line("Approved", approved.map(|approval| format!("{}, by {}", approval.content.summary(), text::escaped(&approval.by))));
    lines += &line("Proposed", status.problem.as_deref().map(text::line).or_else(|| summary(&status.proposed)));
    lines.extend(status.proposed.iter().flat_map(Words::details).map(|detail| detail + "\n"));
    if status.suggested.is_some() {
        lines += &line("Suggested", summary(&status.suggested));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{
        Moment,
        approvals::{Approval, ApprovalState},
    };

    #[derive(Serialize)]
    struct Thing(&'static str);

    impl Words for Thing {
        const NAME: &'static str = "thing";
        const REVOKED: &'static str = "No thing is approved.";

        fn summary(&self) -> String {
            format!("`{}`", self.0)
        }

        fn details(&self) -> Vec<String> {
            vec!["  with a detail".to_owned()]
        }

        fn pending(&self, approve: &str) -> String {
            format!("Approve it with `{approve}`.")
        }

        fn hash(&self) -> &str {
            "0123"
        }
    }

    #[test]
    fn what_holds_and_what_is_proposed_are_lines_below_each_other() {
        let mut status = ApprovalStatus {
            project: "p".to_owned(),
            state: ApprovalState::Approved,
            effective: Some(Thing("a")),
            settings: None,
            approved: Some(Approval { content: Thing("a"), by: "ada\u{1b}".to_owned(), at: Moment(0) }),
            proposed: Some(Thing("b")),
            problem: None,
            suggested: None,
            pending: None,
        };
        let shown = |status: &ApprovalStatus<Thing>| anstream::adapter::strip_str(&lines(status)).to_string();
        let expected = "Thing      `a`\nApproved   `a`, by ada\\u{1b}\nProposed   `b`\n  with a detail\n";
        assert_eq!(shown(&status), expected);
        (status.proposed, status.problem) = (None, Some("It is wrong.".to_owned()));
        (status.suggested, status.effective) = (Some(Thing("c")), None);
        let expected = "Thing      none\nApproved   `a`, by ada\\u{1b}\nProposed   It is wrong.\nSuggested  `c`\n";
        assert_eq!(shown(&status), expected);
    }
}
