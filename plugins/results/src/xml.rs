//! Elements and texts of an XML document, one after the other. Checks nothing: what is not XML gives odd pieces, never an
//! endless number. Knows no entity but the five and numbers, so none can grow.

/// A piece of a document.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// The name and what else the tag says; whether it ends at once.
    Begin(&'a str, &'a str, bool),
    End(&'a str),
    /// As it stands, or between CDATA marks.
    Text(&'a str),
}

pub(crate) struct Pieces<'a>(&'a str);

impl<'a> Pieces<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self(text)
    }

    fn skip(&mut self, begin: &str, end: &str) -> Option<&'a str> {
        let rest = self.0.strip_prefix(begin)?;
        let (inner, after) = rest.split_once(end).unwrap_or((rest, ""));
        self.0 = after;
        Some(inner)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.0.is_empty() {
                return None;
            }
            if !self.0.starts_with('<') {
                let end = self.0.find('<').unwrap_or(self.0.len());
                let (text, rest) = self.0.split_at(end);
                self.0 = rest;
                return Some(Piece::Text(text));
            }
            if let Some(text) = self.skip("<![CDATA[", "]]>") {
                return Some(Piece::Text(text));
            }
            if self.skip("<!--", "-->").is_some() || self.skip("<?", "?>").is_some() || self.skip("<!", ">").is_some() {
                continue;
            }
            if let Some(name) = self.skip("</", ">") {
                return Some(Piece::End(name.trim()));
            }
            let end = end_of_tag(self.0);
            let (tag, rest) = (&self.0[1..end], self.0[end..].strip_prefix('>').unwrap_or(""));
            self.0 = rest;
            let is_closed = tag.ends_with('/');
            let tag = tag.trim_end_matches('/');
            let name = tag.find(|letter: char| letter.is_whitespace()).unwrap_or(tag.len());
            return Some(Piece::Begin(&tag[..name], &tag[name..], is_closed));
        }
    }
}

/// Where the `>` of a tag is, which may also stand in a quoted value.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (place, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return place,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// The value of an attribute.
pub(crate) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, next) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(unescaped(value));
        }
        rest = next;
    }
    None
}

/// With its entities replaced.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find('&') {
        plain.push_str(&rest[..begin]);
        rest = &rest[begin + 1..];
        // The longest that is known is `&#x10ffff;`.
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        match end.and_then(|end| Some((entity(&rest[..end])?, end))) {
            Some((letter, end)) => {
                plain.push(letter);
                rest = &rest[end + 1..];
            }
            None => plain.push('&'),
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_in_pieces() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE a><a b='1 > 0'><!-- <c/> --><c/>x<![CDATA[<y>]]></a>";
        let pieces: Vec<_> = Pieces::of(text).collect();
        let begin = |name, attributes, closed| Piece::Begin(name, attributes, closed);
        assert_eq!(pieces, [begin("a", " b='1 > 0'", false), begin("c", "", true), Piece::Text("x"), Piece::Text("<y>"), Piece::End("a")]);
        assert_eq!(attribute(" a = \"x\" b='1 &gt; 0'", "b").as_deref(), Some("1 > 0"));
        assert_eq!(attribute(" ab=\"x\"", "b"), None);
    }

    #[test]
    fn what_is_cut_off_ends() {
        for text in ["<", "<a", "</", "<![CDATA[", "<!--", "<a b=\"", "a<", "&", "<a b=c d='e'"] {
            assert!(Pieces::of(text).count() < 4, "{text}");
            let _ = attribute(text, "b");
        }
        assert_eq!(unescaped("&lt;&#10;&#x41;&unknown;&#xD800;& &amp;amp;"), "<\nA&unknown;&#xD800;& &amp;");
    }
}
