//! Says whether a text is well-formed XML, as a strict parser would. Builds nothing: the answer alone decides how tags that
//! stand in prose are read.

use std::collections::BTreeSet;

use super::tag::entity;

/// Where and why a strict parser stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotWellFormed {
    /// The position in the text.
    pub position: usize,
    /// Why.
    pub reason: Reason,
}

/// Why a strict parser stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// A character that must not stand there.
    InvalidToken,
    /// A closing tag of another name.
    MismatchedTag,
    /// An entity that was not declared.
    UndefinedEntity,
    /// An attribute that a tag has twice.
    DuplicateAttribute,
    /// Something after the outermost element.
    JunkAfterDocument,
    /// The text ends inside an element.
    Incomplete,
}

type Checked<T> = Result<T, NotWellFormed>;

/// Checks one element with everything in it.
pub fn check(text: &str) -> Checked<()> {
    let mut checker = Checker { text, position: 0, open: Vec::new(), begun: false };
    checker.check()
}

struct Checker<'a> {
    text: &'a str,
    position: usize,
    open: Vec<&'a str>,
    begun: bool,
}

impl<'a> Checker<'a> {
    fn check(&mut self) -> Checked<()> {
        while self.position < self.text.len() {
            self.check_text()?;
            if self.position < self.text.len() {
                self.check_markup()?;
            }
        }
        if self.open.is_empty() && self.begun { Ok(()) } else { self.stop(self.text.len(), Reason::Incomplete) }
    }

    fn stop<T>(&self, position: usize, reason: Reason) -> Checked<T> {
        Err(NotWellFormed { position, reason })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// Up to the next `<`.
    fn check_text(&mut self) -> Checked<()> {
        let rest = self.rest();
        let text = &rest[..rest.find('<').unwrap_or(rest.len())];
        let junk = text.find(|character: char| !character.is_ascii_whitespace());
        if let Some(junk) = junk.filter(|_| self.open.is_empty()) {
            let reason = if self.begun { Reason::JunkAfterDocument } else { Reason::InvalidToken };
            return self.stop(self.position + junk, reason);
        }
        check_characters(text, self.position)?;
        if let Some(end) = text.find("]]>") {
            return self.stop(self.position + end, Reason::InvalidToken);
        }
        self.position += text.len();
        Ok(())
    }

    fn check_markup(&mut self) -> Checked<()> {
        let rest = self.rest();
        if let Some(comment) = rest.strip_prefix("<!--") {
            let Some(end) = comment.find("--") else { return self.stop(self.text.len(), Reason::Incomplete) };
            if !comment[end..].starts_with("-->") {
                return self.stop(self.position + 4 + end, Reason::InvalidToken);
            }
            self.position += 4 + end + 3;
            return Ok(());
        }
        if rest.starts_with("<![CDATA[") && !self.open.is_empty() {
            return self.skip_to("]]>");
        }
        if rest.starts_with("<?") {
            return self.skip_to("?>");
        }
        if rest.starts_with("</") { self.check_close() } else { self.check_open() }
    }

    fn skip_to(&mut self, end: &str) -> Checked<()> {
        let Some(length) = self.rest().find(end) else { return self.stop(self.text.len(), Reason::Incomplete) };
        self.position += length + end.len();
        Ok(())
    }

    fn check_close(&mut self) -> Checked<()> {
        let start = self.position;
        let name = name_at(self.text, start + 2);
        let end = start + 2 + name.len();
        let space = space_at(self.text, end);
        if name.is_empty() || !self.text[end + space..].starts_with('>') {
            return self.stop(end + space, Reason::InvalidToken);
        }
        if self.open.pop() != Some(name) {
            return self.stop(start + 2, Reason::MismatchedTag);
        }
        self.position = end + space + 1;
        Ok(())
    }

    fn check_open(&mut self) -> Checked<()> {
        if self.open.is_empty() && self.begun {
            return self.stop(self.position, Reason::JunkAfterDocument);
        }
        let name = name_at(self.text, self.position + 1);
        if name.is_empty() {
            return self.stop(self.position + 1, Reason::InvalidToken);
        }
        let mut names = BTreeSet::new();
        let mut at = self.position + 1 + name.len();
        loop {
            let space = space_at(self.text, at);
            at += space;
            let rest = &self.text[at..];
            if rest.starts_with('>') {
                self.open.push(name);
                self.position = at + 1;
                break;
            }
            if rest.starts_with("/>") {
                self.position = at + 2;
                break;
            }
            if space == 0 {
                return self.stop(at, Reason::InvalidToken);
            }
            at = self.check_attribute(at, &mut names)?;
        }
        self.begun = true;
        Ok(())
    }

    fn check_attribute(&self, start: usize, names: &mut BTreeSet<&'a str>) -> Checked<usize> {
        let name = name_at(self.text, start);
        let mut at = start + name.len();
        at += space_at(self.text, at);
        if name.is_empty() || !self.text[at..].starts_with('=') {
            return self.stop(at, Reason::InvalidToken);
        }
        at += 1;
        at += space_at(self.text, at);
        let Some(quote) = self.text[at..].chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
            return self.stop(at, Reason::InvalidToken);
        };
        let value = &self.text[at + 1..];
        let end = value.find([quote, '<']).unwrap_or(value.len());
        if !value[end..].starts_with(quote) {
            return self.stop(at + 1 + end, Reason::InvalidToken);
        }
        check_characters(&value[..end], at + 1)?;
        if !names.insert(name) {
            return self.stop(start, Reason::DuplicateAttribute);
        }
        Ok(at + 1 + end + 1)
    }
}

/// Entities are known, and characters may stand in XML.
fn check_characters(text: &str, offset: usize) -> Checked<()> {
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    if let Some(position) = text.bytes().position(control) {
        return Err(NotWellFormed { position: offset + position, reason: Reason::InvalidToken });
    }
    for (position, _) in text.match_indices('&') {
        let rest = &text[position + 1..];
        let Some(name) = rest.find(';').map(|end| &rest[..end]).filter(|name| name.len() == name_or_number(name)) else {
            return Err(NotWellFormed { position: offset + position, reason: Reason::InvalidToken });
        };
        if entity(name).is_none() {
            return Err(NotWellFormed { position: offset + position, reason: Reason::UndefinedEntity });
        }
    }
    Ok(())
}

fn name_or_number(text: &str) -> usize {
    match text.strip_prefix('#') {
        Some(number) => 1 + number.bytes().take_while(u8::is_ascii_alphanumeric).count(),
        None => name_at(text, 0).len().max(1),
    }
}

fn name_at(text: &str, start: usize) -> &str {
    let rest = &text[start..];
    let begins = |character: char| character.is_alphabetic() || matches!(character, '_' | ':');
    let belongs = |character: char| begins(character) || character.is_alphanumeric() || matches!(character, '-' | '.');
    if !rest.starts_with(begins) {
        return "";
    }
    &rest[..rest.find(|character| !belongs(character)).unwrap_or(rest.len())]
}

fn space_at(text: &str, start: usize) -> usize {
    text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<(usize, Reason)> {
        check(text).err().map(|error| (error.position, error.reason))
    }

    #[test]
    fn well_formed_text_is() {
        assert_eq!(reason("<a b=\"1 > 0\" c='\"'><!-- <d> --><e/>\u{e9} &lt; &#65;<![CDATA[<&]]></a>\n"), None);
    }

    #[test]
    fn each_way_of_being_wrong_has_its_place() {
        assert_eq!(reason("<a>1 <30</a>"), Some((6, Reason::InvalidToken)));
        assert_eq!(reason("<a>b & c</a>"), Some((5, Reason::InvalidToken)));
        assert_eq!(reason("<a>&bomb;</a>"), Some((3, Reason::UndefinedEntity)));
        assert_eq!(reason("<a if=\"b < 2\"/>"), Some((9, Reason::InvalidToken)));
        assert_eq!(reason("<a><b></a>"), Some((8, Reason::MismatchedTag)));
        assert_eq!(reason("<a b=\"\" b=\"\"/>"), Some((8, Reason::DuplicateAttribute)));
        assert_eq!(reason("<a/>b"), Some((4, Reason::JunkAfterDocument)));
        assert_eq!(reason("<a>"), Some((3, Reason::Incomplete)));
        assert_eq!(reason("<a b>"), Some((4, Reason::InvalidToken)));
        assert_eq!(reason("<a><!-- b -- c --></a>"), Some((10, Reason::InvalidToken)));
    }
}
