//! As much of XML as manifests of Maven have. What it does not know, such as a document type with entities of its own, makes the
//! whole unreadable: nothing is passed over.

/// Elements in each other.
const DEEPEST: usize = 64;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// All its own text, without what lies in elements in it.
    pub(crate) text: String,
    pub(crate) inside: Vec<Element>,
}

impl Element {
    /// The first element in it of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.inside.iter().find(|element| element.name == name)
    }

    /// The text of the first element in it of this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|element| element.text.trim())
    }
}

/// The outermost element of a text.
pub(crate) fn read(text: &str) -> Option<Element> {
    let mut rest = text.trim_start_matches('\u{feff}');
    let (mut open, mut root) = (Vec::<Element>::new(), None);
    while let Some(begin) = rest.find('<') {
        let (before, tag) = rest.split_at(begin);
        put_text(&mut open, &decode(before)?)?;
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(data) = tag.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>")?;
            put_text(&mut open, data)?;
            rest = after;
        } else if let Some(instruction) = tag.strip_prefix("<?") {
            rest = instruction.split_once("?>")?.1;
        } else if let Some(end) = tag.strip_prefix("</") {
            let (name, after) = end.split_once('>')?;
            let closed = open.pop().filter(|element| element.name == name.trim_end())?;
            put_element(&mut open, &mut root, closed)?;
            rest = after;
        } else {
            let (inside, after) = split_tag(&tag[1..])?;
            let (inside, is_empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
            let name = inside.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or_default();
            if name.is_empty() || name.starts_with('!') || open.len() >= DEEPEST {
                return None;
            }
            let element = Element { name: name.to_owned(), ..Element::default() };
            if is_empty {
                put_element(&mut open, &mut root, element)?
            } else {
                open.push(element)
            }
            rest = after;
        }
    }
    (open.is_empty() && rest.trim().is_empty()).then_some(root)?
}

/// Outside of all elements there are only blanks.
fn put_text(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// Into what it lies in; the outermost one there is once.
fn put_element(open: &mut [Element], root: &mut Option<Element>, element: Element) -> Option<()> {
    match open.last_mut() {
        Some(above) => above.inside.push(element),
        None => return root.replace(element).is_none().then_some(()),
    }
    Some(())
}

/// What lies before the end of a tag, in whose attributes there may be a `>`, and what follows it.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => return Some((&text[..place], &text[place + 1..])),
            (None, '<') => return None,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(begun), letter) if begun == letter => quote = None,
            _ => {}
        }
    }
    None
}

fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';')?;
        plain.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                code.ok().and_then(char::from_u32)?
            }
        });
        plain.push_str(rest);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_their_text_and_what_lies_in_them() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- <a> -->\n<p x=\">\">\n <a>1 &lt;&#65;<!-- no --><![CDATA[<&]]></a><b/><c\n y='/'></c ></p>\n";
        let root = read(text).expect("it is read");
        assert_eq!((root.name.as_str(), root.text_of("a")), ("p", Some("1 <A<&")));
        assert_eq!(root.inside.iter().map(|element| element.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for text in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "</a>",
            "<a>&own;</a>",
            "<a>&</a>",
            "<a>&#xd800;</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a x=\"></a>",
            "<a <b/></a>",
            "<a><!-- </a>",
            "< a/>",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"<a>".repeat(100_000)).is_none());
        assert!(read(&["<a>".repeat(64), "</a>".repeat(64)].concat()).is_some());
    }
}
