//! Two JSON documents side by side: only the places where they differ, for people. Pure.

use serde_json::Value;

use crate::{cli::text, operations::runs::pointer_part};

/// Places shown before the rest is counted.
const MOST: usize = 12;
/// Characters of a value on one line.
const WIDTH: usize = 100;
/// Characters before the first that differs.
const BEFORE: usize = 30;

/// Each place where the documents differ, with what was there and what is there now.
pub(super) fn describe_differences(recorded: &Value, now: &Value) -> String {
    let mut places = Vec::new();
    collect(recorded, now, String::new(), &mut places);
    let more = places.len().saturating_sub(MOST);
    let mut lines: Vec<String> = places.iter().take(MOST).map(Place::lines).collect();
    if more > 0 {
        lines.push(format!("  and {more} more places"));
    }
    lines.join("\n")
}

struct Place<'a> {
    path: String,
    recorded: Option<&'a Value>,
    now: Option<&'a Value>,
}

impl Place<'_> {
    fn lines(&self) -> String {
        let path = if self.path.is_empty() { "the whole".to_owned() } else { text::line(&self.path) };
        let from = match (self.recorded, self.now) {
            (Some(Value::String(recorded)), Some(Value::String(now))) => common(recorded, now),
            _ => 0,
        };
        format!("  at {path}\n    recorded  {}\n    now       {}", excerpt(self.recorded, from), excerpt(self.now, from))
    }
}

fn collect<'a>(recorded: &'a Value, now: &'a Value, path: String, places: &mut Vec<Place<'a>>) {
    match (recorded, now) {
        _ if recorded == now => {}
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                pair(one.get(name), other.get(name), format!("{path}/{}", pointer_part(name)), places);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for index in 0..one.len().max(other.len()) {
                pair(one.get(index), other.get(index), format!("{path}/{index}"), places);
            }
        }
        _ => places.push(Place { path, recorded: Some(recorded), now: Some(now) }),
    }
}

fn pair<'a>(recorded: Option<&'a Value>, now: Option<&'a Value>, path: String, places: &mut Vec<Place<'a>>) {
    match (recorded, now) {
        (Some(recorded), Some(now)) => collect(recorded, now, path, places),
        (recorded, now) => places.push(Place { path, recorded, now }),
    }
}

/// Characters that both begin with.
fn common(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// A value around its character `from`, in one line.
fn excerpt(value: Option<&Value>, from: usize) -> String {
    match value {
        None => "absent".to_owned(),
        Some(Value::String(content)) => {
            let start = from.saturating_sub(BEFORE);
            let rest: String = content.chars().skip(start).take(WIDTH * 8).collect();
            let dots = if start > 0 { "…" } else { "" };
            format!("\"{dots}{}\"", text::excerpt(&rest, WIDTH))
        }
        Some(other) => text::excerpt(&other.to_string(), WIDTH),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let recorded = json!({ "path": "a", "content": { "text": "one two" }, "gone": 1, "list": [1, 2] });
        let now = json!({ "path": "a", "content": { "text": "one three" }, "list": [1, 2, 3] });
        assert_eq!(
            describe_differences(&recorded, &now),
            "  at /content/text\n    recorded  \"one two\"\n    now       \"one three\"\n  at /gone\n    recorded  1\n    now       absent\n  \
             at /list/2\n    recorded  absent\n    now       3"
        );
        assert_eq!(describe_differences(&recorded, &recorded), "");
        let by_path = |now: u8| json!({ "files": { "docs/~a.md": now } });
        assert!(describe_differences(&by_path(1), &by_path(2)).starts_with("  at /files/docs~1~0a.md\n"), "a JSON pointer");
    }

    #[test]
    fn a_long_text_is_shown_where_it_differs() {
        let (one, other) = (format!("{}alpha", "x".repeat(10_000)), format!("{}beta", "x".repeat(10_000)));
        let text = describe_differences(&json!(one), &json!(other));
        assert!(text.contains("xalpha\"") && text.contains("xbeta\"") && text.len() < 200, "{text}");
    }

    #[test]
    fn many_places_are_counted_and_escapes_do_no_harm() {
        let one: Vec<_> = (0..100).collect();
        let other: Vec<_> = (1..101).collect();
        assert!(describe_differences(&json!(one), &json!(other)).ends_with("and 88 more places"));
        assert!(!describe_differences(&json!({ "\u{1b}[2J": "a" }), &json!({ "\u{1b}[2J": "\u{1b}[31mb" })).contains('\u{1b}'));
    }
}
