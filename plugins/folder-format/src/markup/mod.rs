//! Parses instructions: Markdown with tags, a whole file in a code fence, or plain Markdown. Never fails; defects are findings.

mod fences;
mod spans;
pub mod strict;
pub mod tag;
mod tokens;
mod tree;

use serde::{Deserialize, Serialize};

use crate::finding::{Code, Findings, Severity};
use crate::source::{Source, Span};

pub use tag::{Attribute, Tag, decode_entities};
pub use tree::{Element, Kind, Node, NodeId, Tree};

use fences::Fence;
use strict::NotWellFormed;
use tokens::{Token, Tokens};
use tree::Builder;

/// How a file of instructions is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Markdown, with the workflow as tags in it.
    #[serde(rename = "md+xml")]
    Tags,
    /// The same, all of it in a code fence.
    #[serde(rename = "xml-in-fence")]
    TagsInFence,
    /// No tags: steps are headings, or the whole file is text for the agent.
    Markdown,
}

/// A parsed file of instructions.
#[derive(Clone, Debug)]
pub struct Document {
    /// What was parsed.
    pub source: Source,
    /// How it is written.
    pub format: Format,
    /// Its parts.
    pub tree: Tree,
    /// What a strict parser says of its workflow; none where there is no workflow in tags.
    pub strict: Option<Result<(), NotWellFormed>>,
    /// Tags that stand in prose, and are text.
    pub mentions: u32,
}

/// Parses a file.
pub fn parse(source: Source, findings: &mut Findings) -> Document {
    let whole = 0..source.text.len();
    let outer = fences::find(&source, whole.clone());
    let (part, fences, format) = match workflow_start(&source, whole.clone(), &outer) {
        Some(_) => (whole, outer, Format::Tags),
        None => match outer.iter().find(|fence| holds_workflow(&source, fence)) {
            Some(container) => {
                let part = container.content.range();
                (part.clone(), fences::find(&source, part), Format::TagsInFence)
            }
            None => (whole, outer, Format::Markdown),
        },
    };
    warn_of_fences(&source, &fences, findings);
    warn_of_entities(&source, findings);
    let slice = workflow_start(&source, part.clone(), &fences).map(|start| start..workflow_end(&source, start, part.end));
    let strict = slice.map(|range| {
        let start = range.start;
        strict::check(&source.text[range]).map_err(|error| NotWellFormed { position: start + error.position, ..error })
    });
    let (tree, mentions) = build(&source, part, &fences, strict.is_none_or(|strict| strict.is_ok()), findings);
    let format = if format == Format::Markdown && has_steps(&tree) { Format::Tags } else { format };
    Document { source, format, tree, strict, mentions }
}

fn build(source: &Source, part: std::ops::Range<usize>, fences: &[Fence], well_formed: bool, findings: &mut Findings) -> (Tree, u32) {
    let end = part.end;
    let mut builder = Builder::new(source, findings);
    builder.end_part(part.start);
    let mut tokens = Tokens::new(source, part, fences, well_formed);
    for token in tokens.by_ref() {
        builder.take(token);
    }
    builder.end_part(end);
    (builder.finish(), tokens.mentions)
}

fn has_steps(tree: &Tree) -> bool {
    tree.elements().any(|(_, _, element)| element.tag == Tag::Step)
}

/// Where the first workflow begins that is neither in a fence, nor in a comment, nor in inline code.
fn workflow_start(source: &Source, part: std::ops::Range<usize>, fences: &[Fence]) -> Option<usize> {
    if !source.text[part.clone()].contains("<workflow") {
        return None;
    }
    Tokens::new(source, part, fences, true).find_map(|token| match token {
        Token::Tag(tag) if tag.tag == Tag::Workflow && !tag.closing => Some(tag.span.start as usize),
        _ => None,
    })
}

fn holds_workflow(source: &Source, fence: &Fence) -> bool {
    let part = fence.content.range();
    let inner = fences::find(source, part.clone());
    workflow_start(source, part, &inner).is_some()
}

fn workflow_end(source: &Source, start: usize, limit: usize) -> usize {
    source.text[start..limit].rfind("</workflow>").map_or(limit, |end| start + end + "</workflow>".len())
}

fn warn_of_fences(source: &Source, fences: &[Fence], findings: &mut Findings) {
    for fence in fences.iter().filter(|fence| !fence.terminated) {
        let line = source.line(fence.span.start as usize);
        let message = "A code fence begins here and does not end; everything after it is code.";
        findings.add(Severity::Warning, Code::UnterminatedFence, &source.path, line, message);
    }
}

fn warn_of_entities(source: &Source, findings: &mut Findings) {
    for name in ["<!DOCTYPE", "<!ENTITY"] {
        if let Some(position) = source.text.find(name) {
            let line = source.line(position);
            let message = format!("`{name}` is text: entities are not expanded.");
            findings.add(Severity::Warning, Code::XmlEntity, &source.path, line, message);
        }
    }
}

impl Document {
    /// What stands at a span.
    pub fn slice(&self, span: Span) -> &str {
        self.source.slice(span)
    }

    /// How many elements there are of a tag.
    pub fn count(&self, tag: Tag) -> usize {
        self.tree.elements().filter(|(_, _, element)| element.tag == tag).count()
    }
}

#[cfg(test)]
mod tests;
