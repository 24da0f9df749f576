//! Builds the tree of a document. Every byte belongs to exactly one leaf or tag of it; what is wrong becomes a finding.

use std::collections::BTreeMap;

use super::tag::{Attribute, RawTag, Tag};
use super::tokens::Token;
use crate::finding::{Code, Findings, Severity};
use crate::limits::{MOST_DEPTH, MOST_NODES};
use crate::source::{Source, Span};

/// The place of a node in its document.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(pub(super) u32);

/// What a node is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The whole document.
    Root,
    /// A tag with what stands in it.
    Element(Element),
    /// Text for the agent.
    Text,
    /// A code fence, with its first and last line.
    Fence,
    /// A comment.
    Comment,
    /// Inline code.
    Code,
    /// A closing tag without an open element.
    StrayClose(Tag),
}

/// A tag of the vocabulary with its ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    /// Which.
    pub tag: Tag,
    /// In their order.
    pub attributes: Vec<Attribute>,
    /// The opening tag.
    pub open: Span,
    /// The closing tag; none where it is missing or the element closes itself.
    pub close: Option<Span>,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }
}

/// A part of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// From its first byte to its last.
    pub span: Span,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What stands in it.
    pub children: Vec<NodeId>,
}

/// The nodes of a document, the root first.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The whole document.
    pub const ROOT: NodeId = NodeId(0);

    /// A node of this tree.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The children of a node.
    pub fn children(&self, id: NodeId) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.node(id).children.iter().map(|child| (*child, self.node(*child)))
    }

    /// All nodes, in document order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index as u32), node))
    }

    /// Every element, in document order.
    pub fn elements(&self) -> impl Iterator<Item = (NodeId, &Node, &Element)> {
        self.nodes().filter_map(|(id, node)| match &node.kind {
            Kind::Element(element) => Some((id, node, element)),
            _ => None,
        })
    }

    /// The spans that own the bytes of the document, in order: leaves, opening tags and closing tags.
    pub fn owned_spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut work = vec![Visit::Node(Self::ROOT)];
        while let Some(visit) = work.pop() {
            let id = match visit {
                Visit::Span(span) => {
                    spans.push(span);
                    continue;
                }
                Visit::Node(id) => id,
            };
            let node = self.node(id);
            match &node.kind {
                Kind::Root => {}
                Kind::Element(element) => {
                    spans.push(element.open);
                    work.extend(element.close.map(Visit::Span));
                }
                _ => spans.push(node.span),
            }
            work.extend(node.children.iter().rev().map(|child| Visit::Node(*child)));
        }
        spans
    }
}

enum Visit {
    Node(NodeId),
    Span(Span),
}

/// Takes tokens in their order and puts them where they belong.
pub(super) struct Builder<'a> {
    source: &'a Source,
    findings: &'a mut Findings,
    nodes: Vec<Node>,
    open: Vec<(NodeId, Tag)>,
    text_start: usize,
    /// Opening tags that were read as text because of a limit; their closing tags are text as well.
    ignored: BTreeMap<Tag, u32>,
    limit_is_reported: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source, findings: &'a mut Findings) -> Self {
        let root = Node { kind: Kind::Root, span: Span::new(0, source.text.len()), line: 1, children: Vec::new() };
        let (open, ignored) = (Vec::new(), BTreeMap::new());
        Self { source, findings, nodes: vec![root], open, text_start: 0, ignored, limit_is_reported: false }
    }

    /// Everything before `position` that no token has taken is text.
    pub(super) fn take(&mut self, token: Token) {
        match token {
            Token::Tag(tag) if tag.closing => self.close(&tag),
            Token::Tag(tag) => self.open(tag),
            Token::Fence(span) => self.add_leaf(Kind::Fence, span),
            Token::Comment(span) => self.add_leaf(Kind::Comment, span),
            Token::Code(span) => self.add_leaf(Kind::Code, span),
            Token::Raw(span) => self.add_leaf(Kind::Text, span),
            Token::OpenComment(span) => {
                let message = "A comment begins here and does not end; it is read as text.";
                self.warn(Code::UnterminatedComment, span.start as usize, message.to_owned());
            }
        }
    }

    /// Closes what is still open; the rest of the document is text.
    pub(super) fn finish(mut self) -> Tree {
        let end = self.source.text.len();
        self.flush_text(end);
        self.close_down_to(0, end);
        Tree { nodes: self.nodes }
    }

    /// Text up to here belongs to what is open now, and elements that are open end here.
    pub(super) fn end_part(&mut self, position: usize) {
        self.flush_text(position);
        self.close_down_to(0, position);
    }

    fn warn(&mut self, code: Code, position: usize, message: String) {
        self.findings.add(Severity::Warning, code, &self.source.path, self.source.line(position), message);
    }

    fn parent(&self) -> NodeId {
        self.open.last().map_or(Tree::ROOT, |(id, _)| *id)
    }

    fn add(&mut self, kind: Kind, span: Span) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let parent = self.parent().0 as usize;
        self.nodes.push(Node { kind, span, line: self.source.line(span.start as usize), children: Vec::new() });
        self.nodes[parent].children.push(id);
        id
    }

    fn flush_text(&mut self, until: usize) {
        if self.text_start < until {
            let span = Span::new(self.text_start, until);
            self.add(Kind::Text, span);
            self.text_start = until;
        }
    }

    fn add_leaf(&mut self, kind: Kind, span: Span) {
        if self.is_full(span) {
            return;
        }
        self.flush_text(span.start as usize);
        self.add(kind, span);
        self.text_start = span.end as usize;
    }

    /// Whether a limit is reached: what comes is part of the text around it.
    fn is_full(&mut self, span: Span) -> bool {
        let full = self.nodes.len() >= MOST_NODES;
        if full && !self.limit_is_reported {
            self.limit_is_reported = true;
            let message = format!(
                "More than {MOST_NODES} parts, or elements nested more than {MOST_DEPTH} deep: tags from here on are read as text."
            );
            self.warn(Code::TooManyNodes, span.start as usize, message);
        }
        full
    }

    fn open(&mut self, tag: RawTag) {
        let deep = self.open.len() >= MOST_DEPTH;
        if deep && !self.limit_is_reported {
            self.limit_is_reported = true;
            let message = format!("Elements are nested more than {MOST_DEPTH} deep; deeper ones are read as text.");
            self.warn(Code::TooManyNodes, tag.span.start as usize, message);
        }
        if deep || self.is_full(tag.span) {
            if !tag.self_closing {
                *self.ignored.entry(tag.tag).or_default() += 1;
            }
            return;
        }
        self.flush_text(tag.span.start as usize);
        let element = Element { tag: tag.tag, attributes: tag.attributes, open: tag.span, close: None };
        let id = self.add(Kind::Element(element), tag.span);
        self.text_start = tag.span.end as usize;
        if !tag.self_closing {
            self.open.push((id, tag.tag));
        }
    }

    fn close(&mut self, tag: &RawTag) {
        if let Some(count) = self.ignored.get_mut(&tag.tag).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        let Some(depth) = self.open.iter().rposition(|(_, open)| *open == tag.tag) else {
            if !self.is_full(tag.span) {
                self.flush_text(tag.span.start as usize);
                self.add(Kind::StrayClose(tag.tag), tag.span);
                self.text_start = tag.span.end as usize;
                let message = format!("`</{}>` closes nothing; it is ignored.", tag.tag.name());
                self.warn(Code::StrayClose, tag.span.start as usize, message);
            }
            return;
        };
        self.flush_text(tag.span.start as usize);
        self.close_down_to(depth + 1, tag.span.start as usize);
        let Some((id, _)) = self.open.pop() else { return };
        let node = &mut self.nodes[id.0 as usize];
        node.span.end = tag.span.end;
        if let Kind::Element(element) = &mut node.kind {
            element.close = Some(tag.span);
        }
        self.text_start = tag.span.end as usize;
    }

    fn close_down_to(&mut self, depth: usize, end: usize) {
        while self.open.len() > depth {
            let Some((id, tag)) = self.open.pop() else { return };
            let node = &mut self.nodes[id.0 as usize];
            node.span.end = Span::new(0, end).end;
            let start = node.span.start as usize;
            self.warn(Code::AutoClosed, start, format!("`<{}>` is not closed; it ends where what it stands in ends.", tag.name()));
        }
    }
}
