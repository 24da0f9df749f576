//! A proposal as people and programs read it. All of it comes from a repository, so every text is escaped.

use serde_json::{Value, json};

use crate::{
    app::environment::{Origin, Part, Proposal, Step},
    cli::{
        Context,
        screen::{FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
};

/// Lines of a Dockerfile.
const MOST_LINES: usize = 100;
/// Characters of one text of a repository.
const LONGEST: usize = 200;

/// For programs.
pub(super) fn document(proposal: &Proposal) -> Value {
    json!(proposal)
}

/// For people.
pub(super) fn lines(context: &Context, proposal: &Proposal) -> Vec<String> {
    let mut lines = origin(proposal);
    if !proposal.parts.is_empty() {
        lines.push(String::new());
        lines.push(parts(&proposal.parts).fit(context.screen.room()));
    }
    lines.extend(remarks(proposal));
    lines
}

/// What is left out and missing, a line each.
pub(super) fn remarks(proposal: &Proposal) -> Vec<String> {
    let mark = painted(WARNING, "!");
    let left_out = proposal
        .left_out
        .iter()
        .map(|left| format!("{mark} Left out: {} of {}, because {}", word(&left.what), word(&left.path), sentence(&left.why)));
    left_out.chain(proposal.missing.iter().map(|missing| format!("{mark} Missing: {}", sentence(missing)))).collect()
}

/// How the image comes to be, in one line.
pub(super) fn summary(proposal: &Proposal) -> String {
    match &proposal.origin {
        None => "no image".to_owned(),
        Some(Origin::Image { image, .. }) => word(image),
        Some(Origin::Tools { image, steps }) if steps.is_empty() => word(image),
        Some(Origin::Tools { image, steps }) => {
            let mut added: Vec<_> = steps
                .iter()
                .filter_map(|step| match step {
                    Step::Copy { image, .. } => Some(word(image)),
                    _ => None,
                })
                .collect();
            added.dedup();
            match added.is_empty() {
                true => format!("{} with settings of its own", word(image)),
                false => format!("{} with {}", word(image), added.join(", ")),
            }
        }
        Some(Origin::Dockerfile { path, .. }) => format!("built from {}", word(path)),
    }
}

fn origin(proposal: &Proposal) -> Vec<String> {
    let heading = |image: String| format!("{} {image}", painted(STRONG, "Image"));
    match &proposal.origin {
        None => vec![
            "No file says what the project's commands need. Name an image with `baton project environment build --image NAME`.".to_owned(),
        ],
        Some(Origin::Image { .. }) => vec![heading(summary(proposal))],
        Some(Origin::Tools { image, steps }) => [heading(word(image))].into_iter().chain(steps.iter().map(step)).collect(),
        Some(Origin::Dockerfile { text, context, target, arguments, copied, .. }) => {
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

fn parts(parts: &[Part]) -> Table {
    let head = ["FOLDER", "TOOL", "VERSION", "WANTED", "IMAGE", "SAID BY"].map(|name| (name, Align::Left));
    let mut table = Table::new(&head);
    for part in parts {
        let folder = if part.folder.is_empty() { ".".to_owned() } else { word(&part.folder) };
        let wanted = part.wanted.as_deref().map(word).unwrap_or_default();
        table.row([
            folder.into(),
            part.tool.name().into(),
            word(&part.version).into(),
            wanted.into(),
            part.image.as_deref().map(word).unwrap_or_default().into(),
            Cell::styled(word(&part.said_by), FAINT),
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
    use crate::app::environment::LeftOut;

    #[test]
    fn what_a_repository_says_reaches_no_terminal_as_it_is() {
        let evil = "x\u{1b}[2J\u{202e}".to_owned();
        let left = LeftOut { path: evil.clone(), what: evil.clone(), why: evil.clone() };
        let origin = Some(Origin::Tools { image: evil.clone(), steps: vec![Step::Run { line: evil.clone(), needs_network: true }] });
        let proposal = Proposal { origin, left_out: vec![left], missing: vec![evil], ..Proposal::default() };
        let shown = lines(&Context::bare(), &proposal).join("\n");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert!(!plain.contains("\u{1b}[2J") && !plain.contains('\u{202e}'), "{plain:?}");
        assert!(plain.contains(r"Left out: x\u{1b}[2J"), "{plain}");
    }
}
