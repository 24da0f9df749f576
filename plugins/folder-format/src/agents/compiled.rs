//! A compiled agent: tags in a Markdown file. Reads the few that say who it is; all others are for chat programs.

use super::{Item, ModuleAgent, cut};

/// The agent of a file; none where it has none.
pub(super) fn read(text: &str) -> Option<ModuleAgent> {
    let start = text.find("<agent ")?;
    let text = &text[start..];
    let tag = &text[..text.find('>')?];
    let persona = inner(text, "persona").unwrap_or_default();
    let part = |name: &str| inner(persona, name).map(|text| cut(&unescape(text))).unwrap_or_default();
    let menu = inner(text, "menu").unwrap_or_default();
    Some(ModuleAgent {
        id: String::new(),
        name: attribute(tag, "name").unwrap_or_default(),
        title: attribute(tag, "title").unwrap_or_default(),
        role: part("role"),
        identity: part("identity"),
        style: part("communication_style"),
        principles: Some(part("principles")).filter(|text| !text.is_empty()).into_iter().collect(),
        rules: rules(text),
        menu: elements(menu, "item").filter_map(|(tag, text)| Item::of_tag(tag, text)).collect(),
    })
}

/// What stands between the steps that every compiled agent has: after that with the user's name, up to the greeting.
fn rules(text: &str) -> Vec<String> {
    let activation = inner(text, "activation").unwrap_or_default();
    let steps = elements(activation, "step").map(|(_, text)| cut(&unescape(text)));
    let own = steps.skip_while(|step| !step.starts_with("Remember: user")).skip(1);
    own.take_while(|step| !step.starts_with("Show greeting")).collect()
}

/// What stands in the first element of a name; up to the end where it is not closed.
fn inner<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next().map(|(_, text)| text)
}

/// The elements of a name, one after the other: the opening tag without `<` and `>`, and what stands in each.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(&open)?;
            let after = &rest[start + open.len()..];
            if !after.starts_with(['>', ' ', '\n', '\t', '/']) {
                rest = after;
                continue;
            }
            let end = tag_end(after)?;
            let body = &after[end + 1..];
            let stop = body.find(&close);
            rest = stop.map_or("", |stop| &body[stop + close.len()..]);
            return Some((&after[..end], &body[..stop.unwrap_or(body.len())]));
        }
    })
}

/// Where a tag ends: `>` in quotes does not end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(position, character)| match (quote, character) {
        (None, '>') => Some(position),
        (None, '"' | '\'') => {
            quote = Some(character);
            None
        }
        (Some(open), _) if open == character => {
            quote = None;
            None
        }
        _ => None,
    })
}

/// The value of an attribute.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mark = format!(" {name}=\"");
    let start = tag.find(&mark)? + mark.len();
    let end = tag[start..].find('"')?;
    Some(unescape(&tag[start..start + end]))
}

/// The five entities of XML; others stay as they are.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
