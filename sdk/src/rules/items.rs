//! What items of a backlog may be called and hold, and how their keys are ordered. Keeps none.

/// Bytes of the longest key.
pub const LONGEST_KEY: usize = 64;
/// Bytes of the longest title, assignee or branch.
pub const LONGEST_LINE: usize = 1 << 10;
/// Bytes of the longest body.
pub const LONGEST_BODY: usize = 256 << 10;
/// Bytes of the longest reason.
pub const LONGEST_REASON: usize = 4 << 10;
/// Items that one may wait for.
pub const MOST_AFTER: usize = 100;
/// The priority of what comes first.
pub const HIGHEST_PRIORITY: u8 = 10;
/// Labels of one item.
pub const MOST_LABELS: usize = 20;
/// Bytes of the longest label.
pub const LONGEST_LABEL: usize = 50;
/// Items of one project.
pub const MOST_ITEMS: usize = 10_000;

/// ASCII alone, so that no two keys look alike and each is a file's name and a branch's everywhere.
pub fn is_key(key: &str) -> bool {
    let plain = key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    plain && !key.is_empty() && key.len() <= LONGEST_KEY && !key.starts_with('-') && !key.ends_with('-') && !key.contains("--")
}

/// ASCII in lower case alone, so that no two labels look alike and none needs quotes in a filter or an address.
pub fn is_label(label: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/' | b'_');
    label.starts_with(|first: char| first.is_ascii_alphanumeric()) && label.len() <= LONGEST_LABEL && label.bytes().all(fits)
}

/// Whether a text can be a title, an assignee or a branch.
pub fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST_LINE && !text.contains(char::is_control)
}

/// Whether a text can be the body of an item.
pub fn is_body(text: &str) -> bool {
    text.len() <= LONGEST_BODY && !text.contains(|character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

/// Where a key stands: the numbers in it compared as numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey(Vec<Part>, String);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// How many digits it has, and which, without zeros before them.
    Number(usize, String),
    Text(String),
}

impl SortKey {
    /// The place of a key.
    pub fn of(key: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = key;
        while let Some(is_number) = rest.bytes().next().map(|byte| byte.is_ascii_digit()) {
            let end = rest.find(|character: char| character.is_ascii_digit() != is_number).unwrap_or(rest.len());
            let (part, later) = rest.split_at(end);
            let number = part.trim_start_matches('0');
            parts.push(if is_number { Part::Number(number.len(), number.to_owned()) } else { Part::Text(part.to_owned()) });
            rest = later;
        }
        Self(parts, key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_labels_are_plain() {
        assert!(is_key("1-2-user-login") && is_label("area/checkout") && is_line("A title") && is_body("a\n\tb"));
        for bad in ["", "-a", "a-", "a--b", "A", "é", "a b", "a\n"] {
            assert!(!is_key(bad), "{bad:?}");
        }
        assert!(!is_label("-a") && !is_label("A") && !is_line(" ") && !is_line("a\nb") && !is_body("\u{1b}"));
    }

    #[test]
    fn numbers_in_keys_are_compared_as_numbers() {
        let mut keys = ["1-10-a", "1-2-a", "1-02-a", "a", "2-1"];
        keys.sort_by_key(|key| SortKey::of(key));
        assert_eq!(keys, ["1-02-a", "1-2-a", "1-10-a", "2-1", "a"]);
    }
}
