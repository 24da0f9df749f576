//! Reads checklists: Markdown boxes, items in tags, and sections that are executed. Judges nothing.

use serde::{Deserialize, Serialize};

/// What a document is checked against.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Checklist {
    /// Its path in the folder.
    pub file: String,
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One item.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its line, from 1.
    pub line: u32,
    /// The heading or section in which it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// What is to hold.
    pub text: String,
}

/// Most items of one checklist.
const MOST_ITEMS: usize = 2_000;

/// Reads a file. A line gives at most one item.
pub fn read(file: &str, text: &str) -> Checklist {
    let mut reader = Reader { items: Vec::new(), section: String::new(), open: None };
    for (line, content) in (1..).zip(text.lines()) {
        if reader.items.len() < MOST_ITEMS {
            reader.read_line(line, content.trim());
        }
    }
    Checklist { file: file.to_owned(), items: reader.items }
}

struct Reader {
    items: Vec<Item>,
    section: String,
    /// An `<item>` or `<check-item>` that has not ended.
    open: Option<(u32, String)>,
}

impl Reader {
    fn read_line(&mut self, line: u32, content: &str) {
        if let Some((_, text)) = &mut self.open {
            let end = content.find("</item>").or_else(|| content.find("</check-item>"));
            let more = strip_tags(&content[..end.unwrap_or(content.len())]);
            if !more.is_empty() {
                text.push_str(if text.is_empty() { "" } else { "\n" });
                text.push_str(&more);
            }
            if end.is_some() {
                self.end_item();
            }
        } else if let Some(text) = box_text(content) {
            self.add(line, text.to_owned());
        } else if let Some(heading) = content.strip_prefix('#') {
            self.section = heading.trim_start_matches('#').trim().to_owned();
        } else if content.starts_with("<section") {
            self.section = attribute(content, "title").unwrap_or_default();
        } else if content.starts_with("<item") || content.starts_with("<check-item") {
            let after = content.split_once('>').map_or("", |(_, after)| after);
            let end = after.find("</item>").or_else(|| after.find("</check-item>"));
            self.open = Some((line, strip_tags(&after[..end.unwrap_or(after.len())])));
            if end.is_some() {
                self.end_item();
            }
        }
    }

    fn end_item(&mut self) {
        if let Some((line, text)) = self.open.take() {
            self.add(line, text);
        }
    }

    fn add(&mut self, line: u32, text: String) {
        if !text.is_empty() {
            self.items.push(Item { line, section: self.section.clone(), text });
        }
    }
}

/// `- [ ] text`, `* [x] text`.
fn box_text(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(['-', '*', '+'])?.trim_start().strip_prefix('[')?;
    let (mark, text) = rest.split_once(']')?;
    (mark.chars().count() <= 1).then_some(text.trim())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// The text between tags. `<prompt>`, `<action>` and `<status>` only say what each part is for.
fn strip_tags(text: &str) -> String {
    let mut stripped = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        stripped.push_str(before);
        match after.split_once('>') {
            Some((_, after)) => rest = after,
            None => {
                stripped.push('<');
                rest = after;
            }
        }
    }
    stripped.push_str(rest);
    stripped.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stand_under_their_heading() {
        let list = read("checklist.md", "# C\n## 1. Document\n- [ ] **Clear** goals\n  * [x] Done\n- not one\n- [link](a)\n");
        let items: Vec<_> = list.items.iter().map(|item| (item.line, item.section.as_str(), item.text.as_str())).collect();
        assert_eq!(items, [(3, "1. Document", "**Clear** goals"), (4, "1. Document", "Done")]);
    }

    #[test]
    fn items_in_tags_are_read() {
        let text = "```xml\n<checklist>\n<item>One</item>\n<section n=\"1\" title=\"S\">\n<check-item id=\"1.1\">\n<prompt>Look</prompt>\n<action>Write:</action>\n- a < b\n</check-item>\n</section>\n";
        let list = read("checklist.md", text);
        let items: Vec<_> = list.items.iter().map(|item| (item.line, item.section.as_str(), item.text.as_str())).collect();
        assert_eq!(items, [(3, "", "One"), (5, "S", "Look\nWrite:\n- a < b")]);
    }
}
