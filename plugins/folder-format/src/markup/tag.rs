//! The tags that instructions are made of, and how one is read. Every other tag is text.

use serde::{Deserialize, Serialize};

use crate::limits::LONGEST_TAG;
use crate::source::Span;

macro_rules! tags {
    ($($name:ident $text:literal $about:literal,)*) => {
        /// A tag of the vocabulary.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        pub enum Tag {
            $(#[doc = $about] #[serde(rename = $text)] $name,)*
        }

        impl Tag {
            /// The tag of this name, spelled exactly so.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// As it is written between `<` and `>`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

tags! {
    Workflow "workflow" "Contains the steps.",
    Step "step" "A step.",
    Substep "substep" "A step inside a step.",
    Action "action" "Something to do.",
    Check "check" "What is done under a condition.",
    If "if" "The same, by another name.",
    ForEach "for-each" "What is done for each item of a collection.",
    Ask "ask" "A question to a person.",
    Output "output" "What a person is shown.",
    TemplateOutput "template-output" "What is written into the document.",
    Critical "critical" "A rule that binds in its scope; raw text.",
    Goto "goto" "A jump.",
    Anchor "anchor" "Where a jump may lead.",
    InvokeWorkflow "invoke-workflow" "Another workflow that runs as a child.",
    InvokeTask "invoke-task" "A task that is performed.",
    InvokeProtocol "invoke-protocol" "A procedure of the format, such as finding inputs.",
    Param "param" "A parameter of an invoked workflow.",
    WebSearch "WebSearch" "A search of the web.",
    Example "example" "Context; tags in it are not executed.",
    Note "note" "Context.",
    Format "format" "How something is to look.",
    Guide "guide" "Context.",
    Guidelines "guidelines" "Context.",
    Guideline "guideline" "Context.",
}

impl Tag {
    /// Whether it is context for the agent: nothing in it is executed.
    pub fn is_context(self) -> bool {
        matches!(self, Self::Example | Self::Note | Self::Format | Self::Guide | Self::Guidelines | Self::Guideline)
    }
}

/// `name="value"` in a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// As written.
    pub name: String,
    /// With the five entities of XML and numbers replaced.
    pub value: String,
}

/// A tag that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct RawTag {
    pub(super) tag: Tag,
    pub(super) span: Span,
    pub(super) closing: bool,
    pub(super) self_closing: bool,
    pub(super) attributes: Vec<Attribute>,
}

/// Reads the tag of the vocabulary that begins at `start`, where `<` stands. None: it is text.
pub(super) fn read(text: &str, start: usize, limit: usize) -> Option<RawTag> {
    let end = text.len().min(limit).min(start + LONGEST_TAG);
    let bytes = &text.as_bytes()[..end];
    let closing = bytes.get(start + 1) == Some(&b'/');
    let name_start = start + 1 + usize::from(closing);
    let name_end = end_of(bytes, name_start, |byte| byte.is_ascii_alphabetic() || byte == b'-');
    let tag = Tag::named(text.get(name_start..name_end)?)?;
    let mut attributes = Vec::new();
    let mut at = name_end;
    loop {
        let next = skip_space(bytes, at);
        match bytes.get(next)? {
            b'>' => return Some(RawTag { tag, span: Span::new(start, next + 1), closing, self_closing: false, attributes }),
            b'/' if !closing && bytes.get(next + 1) == Some(&b'>') => {
                return Some(RawTag { tag, span: Span::new(start, next + 2), closing, self_closing: true, attributes });
            }
            // Attributes stand apart, and a closing tag has none.
            _ if next == at || closing => return None,
            _ => {
                let (attribute, after) = read_attribute(text, bytes, next)?;
                attributes.push(attribute);
                at = after;
            }
        }
    }
}

fn read_attribute(text: &str, bytes: &[u8], start: usize) -> Option<(Attribute, usize)> {
    let name_end = end_of(bytes, start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    let name = text.get(start..name_end).filter(|name| !name.is_empty())?;
    let equals = skip_space(bytes, name_end);
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let value_start = skip_space(bytes, equals + 1);
    let (value, after) = match bytes.get(value_start)? {
        quote @ (b'"' | b'\'') => {
            let length = bytes[value_start + 1..].iter().position(|byte| byte == quote)?;
            (text.get(value_start + 1..value_start + 1 + length)?, value_start + length + 2)
        }
        _ => {
            let end = end_of(bytes, value_start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
            (text.get(value_start..end).filter(|value| !value.is_empty())?, end)
        }
    };
    // A paragraph in a value is a quote that was never closed.
    if value.contains("\n\n") {
        return None;
    }
    Some((Attribute { name: name.to_owned(), value: decode_entities(value) }, after))
}

fn end_of(bytes: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    start + bytes.get(start..).unwrap_or_default().iter().take_while(|byte| belongs(**byte)).count()
}

fn skip_space(bytes: &[u8], start: usize) -> usize {
    end_of(bytes, start, |byte| byte.is_ascii_whitespace())
}

/// Replaces the five entities of XML and numbers. Anything else stays: no entity is ever looked up.
pub fn decode_entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('&') {
        decoded.push_str(&rest[..position]);
        rest = &rest[position..];
        match rest.as_bytes().iter().take(12).position(|byte| *byte == b';').and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((character, end)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// The character of an entity's name.
pub(super) fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<RawTag> {
        read(text, 0, text.len())
    }

    #[test]
    fn attributes_are_quoted_in_either_way_and_may_hold_tags() {
        let tag = parse("<action if='a \"b\"'\n  other=\"<x> or <y>\" n=2>").expect("a tag");
        let values: Vec<_> = tag.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str())).collect();
        assert_eq!(values, [("if", "a \"b\""), ("other", "<x> or <y>"), ("n", "2")]);
        assert!(parse("<anchor id=\"a\" />").is_some_and(|tag| tag.self_closing));
    }

    #[test]
    fn what_is_not_a_tag_of_the_vocabulary_is_text() {
        for text in [
            "<30 min",
            "<LoginForm>",
            "<actions>",
            "<action",
            "<action if=\"x>",
            "<action if you like>",
            "<action n=\"1\"if=\"2\">",
            "< action>",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("<action if=\"{}\">", "x".repeat(LONGEST_TAG))), None);
    }

    #[test]
    fn entities_are_replaced_and_unknown_ones_stay() {
        assert_eq!(decode_entities("a &lt; b &amp; c &#65;&#x42; &bomb; & d &"), "a < b & c AB &bomb; & d &");
        assert_eq!(decode_entities("&#xD800;"), "&#xD800;", "a surrogate is not a character");
    }
}
