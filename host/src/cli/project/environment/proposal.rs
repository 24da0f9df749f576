//! A proposal as people read it. All of it comes from a repository, so every text is escaped.

use crate::{
    cli::{
        Context,
        screen::{FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::environments::{EnvironmentOrigin, EnvironmentProposal, RequiredTool, Step},
};

/// Lines of a Dockerfile.
const MOST_LINES: usize = 100;
/// Characters of one text of a repository.
const LONGEST: usize = 200;

/// For people.
pub(super) fn lines(context: &Context, proposal: &EnvironmentProposal) -> Vec<String> {
    let mut lines = origin(proposal);
    if !proposal.parts.is_empty() {
        lines.push(String::new());
        lines.push(parts(&proposal.parts).fit(context.screen.room()));
    }
    lines.extend(remarks(proposal));
    lines
}

/// What is left out and missing, a line each.
pub(super) fn remarks(proposal: &EnvironmentProposal) -> Vec<String> {
    let mark = painted(WARNING, "!");
    let left_out = proposal
        .left_out
        .iter()
        .map(|left| format!("{mark} Left out: {} of {}, because {}", word(&left.what), word(&left.path), sentence(&left.why)));
    left_out.chain(proposal.missing.iter().map(|missing| format!("{mark} Missing: {}", sentence(missing)))).collect()
}

/// How the image comes to be, in one line.
pub(super) fn summary(proposal: &EnvironmentProposal) -> String {
    text::excerpt(&text::escaped(&proposal.summary()), 3 * LONGEST)
}

fn origin(proposal: &EnvironmentProposal) -> Vec<String> {
    let heading = |image: String| format!("{} {image}", painted(STRONG, "Image"));
    match &proposal.origin {
        None => vec![
            "No file proposes an image for the project's commands. Name one with `baton project environment build --image NAME`."
                .to_owned(),
        ],
        Some(EnvironmentOrigin::Image { .. }) => vec![heading(summary(proposal))],
        Some(EnvironmentOrigin::Tools { image, steps }) => [heading(word(image))].into_iter().chain(steps.iter().map(step)).collect(),
        Some(EnvironmentOrigin::Dockerfile { text, context, target, arguments, copied, .. }) => {
            let mut lines = vec![heading(summary(proposal))];
            let copied: Vec<_> = copied.keys().map(|name| word(name)).collect();
            if !copied.is_empty() {
                let folder = if context.is_empty() { "the project".to_owned() } else { word(context) };
                lines.push(format!("  copies {} of {folder}", text::excerpt(&copied.join(", "), 1_000)));
            }
            lines.extend(target.iter().map(|target| format!("  stage {}", word(target))));
            lines.extend(arguments.iter().map(|(name, value)| format!("  argument {}={}", word(name), word(value))));
            // What is approved is read here, and not in a file that may say something else by then.
            lines.extend(text.lines().take(MOST_LINES).map(|line| format!("  | {}", text::excerpt(&text::escaped(line), 500))));
            let more = text.lines().count().saturating_sub(MOST_LINES);
            lines.extend((more > 0).then(|| format!("  | … and {more} more lines")));
            lines
        }
    }
}

fn step(step: &Step) -> String {
    match step {
        Step::Copy { image, from, to } => format!("  + {} from {} to {to}", from.join(", "), word(image)),
        Step::Variables { line } => format!("  + variables {}", word(line)),
        Step::Run { line, needs_network } => {
            let network = if *needs_network { painted(FAINT, " (with --network)") } else { String::new() };
            format!("  + command {}{network}", word(line))
        }
    }
}

fn parts(parts: &[RequiredTool]) -> Table {
    let head = ["FOLDER", "TOOL", "VERSION", "REQUIRED", "IMAGE", "SOURCE"].map(|name| (name, Align::Left));
    let mut table = Table::new(&head);
    for part in parts {
        let folder = if part.folder.is_empty() { ".".to_owned() } else { word(&part.folder) };
        let required = part.required.as_deref().map(word).unwrap_or_default();
        table.row([
            folder.into(),
            part.tool.name().into(),
            word(&part.version).into(),
            required.into(),
            part.image.as_deref().map(word).unwrap_or_default().into(),
            Cell::styled(word(&part.source), FAINT),
        ]);
    }
    table
}

/// A text of a repository in one line.
pub(super) fn word(said: &str) -> String {
    text::excerpt(&text::escaped(said), LONGEST)
}

/// The same as the end of a sentence.
fn sentence(said: &str) -> String {
    format!("{}.", text::excerpt(&text::escaped(said), 500).trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::environments::LeftOut;

    #[test]
    fn what_a_repository_says_reaches_no_terminal_as_it_is() {
        let evil = "x\u{1b}[2J\u{202e}".to_owned();
        let left = LeftOut { path: evil.clone(), what: evil.clone(), why: evil.clone() };
        let origin =
            Some(EnvironmentOrigin::Tools { image: evil.clone(), steps: vec![Step::Run { line: evil.clone(), needs_network: true }] });
        let (parts, files) = (Vec::new(), std::collections::BTreeMap::new());
        let proposal = EnvironmentProposal { origin, parts, left_out: vec![left], missing: vec![evil], files };
        let shown = lines(&Context::bare(), &proposal).join("\n");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert!(!plain.contains("\u{1b}[2J") && !plain.contains('\u{202e}'), "{plain:?}");
        assert!(plain.contains(r"Left out: x\u{1b}[2J"), "{plain}");
    }
}
