//! Splits instructions into tags, opaque parts and the text between. Knows no nesting.

use super::fences::Fence;
use super::spans::{Ends, InlineCode};
use super::tag::{RawTag, Tag, read};
use crate::source::{Source, Span};

/// What is not plain text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Token {
    Tag(RawTag),
    Fence(Span),
    Comment(Span),
    Code(Span),
    /// The text of a rule, in which nothing is a tag.
    Raw(Span),
    /// A comment that does not end; it is text.
    OpenComment(Span),
}

/// Goes through a part of a source once.
pub(super) struct Tokens<'a> {
    source: &'a Source,
    fences: std::iter::Peekable<std::slice::Iter<'a, Fence>>,
    position: usize,
    end: usize,
    /// Whether a tag in the middle of prose is a tag: the text is well-formed.
    well_formed: bool,
    code: InlineCode,
    ends: Ends,
    tag_end: usize,
    mention: Option<(Tag, u32)>,
    queued: Option<Token>,
    /// Tags that stand in prose or in a rule and are text.
    pub(super) mentions: u32,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a Source, part: std::ops::Range<usize>, fences: &'a [Fence], well_formed: bool) -> Self {
        Self {
            source,
            fences: fences.iter().peekable(),
            position: part.start,
            end: part.end,
            well_formed,
            code: InlineCode::default(),
            ends: Ends::default(),
            tag_end: part.start,
            mention: None,
            queued: None,
            mentions: 0,
        }
    }

    /// The next fence that has not been passed, if it begins before `limit`.
    fn next_fence(&mut self, limit: usize) -> Option<Span> {
        while self.fences.next_if(|fence| (fence.span.start as usize) < self.position).is_some() {}
        self.fences.next_if(|fence| (fence.span.start as usize) <= limit).map(|fence| fence.span)
    }

    fn next_special(&self) -> usize {
        let bytes = &self.source.text.as_bytes()[self.position..self.end];
        bytes.iter().position(|byte| matches!(byte, b'<' | b'`')).map_or(self.end, |found| self.position + found)
    }

    fn pass(&mut self, span: Span) -> Span {
        self.position = span.end as usize;
        span
    }

    fn backtick(&mut self, at: usize) -> Option<Token> {
        let Some(span) = self.code.at(self.source, at) else {
            let run = self.source.text.as_bytes()[at..self.end].iter().take_while(|byte| **byte == b'`').count();
            self.position = at + run;
            return None;
        };
        Some(Token::Code(self.pass(span)))
    }

    fn angle(&mut self, at: usize) -> Option<Token> {
        let text = &self.source.text;
        if text[at..self.end].starts_with("<!--") {
            return Some(match self.ends.after(text, at + 4, self.end, "-->") {
                Some(end) => Token::Comment(self.pass(Span::new(at, end))),
                None => Token::OpenComment(self.pass(Span::new(at, at + 4))),
            });
        }
        let Some(tag) = read(text, at, self.end) else {
            self.position = at + 1;
            return None;
        };
        self.position = tag.span.end as usize;
        if !self.well_formed && self.is_mention(&tag) {
            return None;
        }
        self.tag_end = self.position;
        if tag.tag == Tag::Critical && !tag.closing && !tag.self_closing {
            self.queue_raw();
        }
        Some(Token::Tag(tag))
    }

    /// A tag that follows text in its line, and its closing tag in the same line.
    fn is_mention(&mut self, tag: &RawTag) -> bool {
        let start = tag.span.start as usize;
        let line = self.source.line(start);
        if tag.closing {
            let closes = self.mention == Some((tag.tag, line));
            if closes {
                self.mention = None;
            }
            return closes;
        }
        let before = self.source.text[self.source.line_start(start).max(self.tag_end)..start].trim();
        if before.is_empty() || is_list_marker(before) {
            return false;
        }
        self.mentions += 1;
        self.mention = (!tag.self_closing).then_some((tag.tag, line));
        true
    }

    fn queue_raw(&mut self) {
        let start = self.position;
        let Some(after) = self.ends.after(&self.source.text, start, self.end, "</critical>") else { return };
        let span = Span::new(start, after - "</critical>".len());
        if !span.is_empty() {
            self.queued = Some(Token::Raw(span));
        }
        if !self.well_formed {
            let raw = &self.source.text[span.range()];
            self.mentions +=
                raw.match_indices('<').filter(|(position, _)| read(raw, *position, raw.len()).is_some_and(|tag| !tag.closing)).count()
                    as u32;
        }
        self.position = span.end as usize;
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(queued) = self.queued.take() {
            return Some(queued);
        }
        while self.position < self.end {
            let special = self.next_special();
            if let Some(fence) = self.next_fence(special) {
                return Some(Token::Fence(self.pass(fence)));
            }
            if special >= self.end {
                self.position = self.end;
                break;
            }
            let token = if self.source.text.as_bytes()[special] == b'`' { self.backtick(special) } else { self.angle(special) };
            if token.is_some() {
                return token;
            }
        }
        None
    }
}

fn is_list_marker(text: &str) -> bool {
    let number = text.trim_end_matches(['.', ')']);
    matches!(text, "-" | "*" | "+" | ">")
        || number.len() < text.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}
