//! The one place that knows every secret, to blot them out of whatever is shown or written. Gives none of them back.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::Value;

/// What stands where a secret stood.
const BLOT: &str = "[key]";
/// Shorter texts stand in too many innocent places to be blotted out.
const SHORTEST: usize = 8;

/// Blots out secrets. Clones know the same ones.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<String>>>);

impl Redactor {
    /// From now on `secret` is blotted out. Fewer than 8 characters are no secret.
    pub fn learn(&self, secret: &str) {
        let secret = secret.trim();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if secret.chars().count() >= SHORTEST && !known.iter().any(|other| other == secret) {
            known.push(secret.to_owned());
            // One secret may be the beginning of another, of which nothing must be left.
            known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// Knows all that `other` knows now.
    pub fn include(&self, other: &Self) {
        let known = other.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.iter().for_each(|secret| self.learn(secret));
    }

    /// The text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().filter(|secret| text.contains(secret.as_str()));
        found.fold(Cow::Borrowed(text), |text, secret| Cow::Owned(text.replace(secret.as_str(), BLOT)))
    }

    /// How many bytes from the beginning of a text that goes on no secret can reach into that is not whole yet, and none
    /// reaches out of.
    pub fn settled(&self, text: &str) -> usize {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let longest = known.iter().map(String::len).max().unwrap_or(1);
        let mut end = text.floor_char_boundary((text.len() + 1).saturating_sub(longest));
        while let Some(start) = known.iter().find_map(|secret| across(text, secret, end)) {
            end = start;
        }
        end
    }

    /// The value with no secret in any of its texts and names.
    pub fn value(&self, value: Value) -> Value {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members.into_iter().map(|(name, value)| (self.text(&name).into_owned(), self.value(value))).collect(),
            plain => plain,
        }
    }

    /// A JSON document without secrets, where there was one in it.
    pub fn document(&self, json: &str) -> Option<String> {
        if !self.may_hold(json) {
            return None;
        }
        let value: Value = serde_json::from_str(json).ok()?;
        let clean = self.value(value.clone());
        (clean != value).then(|| clean.to_string())
    }

    /// Whether a secret stands there as it is, or as JSON writes it.
    fn may_hold(&self, json: &str) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .any(|secret| json.contains(secret.as_str()) || json.contains(Value::from(secret.as_str()).to_string().trim_matches('"')))
    }
}

/// Where a secret begins that reaches across `end`.
fn across(text: &str, secret: &str, end: usize) -> Option<usize> {
    text.match_indices(secret).map(|(start, _)| start).find(|start| *start < end && end < start + secret.len())
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn knowing(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.learn(secret));
        redactor
    }

    #[test]
    fn nothing_is_left_of_a_secret_or_of_a_longer_one() {
        let redactor = knowing(&["sk-12345", "sk-12345-long", "short"]);
        assert_eq!(redactor.text("a sk-12345-long b sk-12345 c short"), "a [key] b [key] c short");
        assert!(matches!(redactor.text("nothing"), Cow::Borrowed(_)));
        assert_eq!(format!("{redactor:?}"), "Redactor");
    }

    #[test]
    fn documents_stay_documents_whatever_a_secret_looks_like() {
        let redactor = knowing(&["a\"b\\c\"d,", "12345678", "{\"ok\":\"x"]);
        let document = json!({ "ok": ["x a\"b\\c\"d, y", 12_345_678, { "12345678": true }] }).to_string();
        assert_eq!(redactor.document(&document).unwrap(), json!({ "ok": ["x [key] y", 12_345_678, { "[key]": true }] }).to_string());
        assert_eq!(redactor.document(r#"{"ok":"x"}"#), None, "what only looks like one is kept");
        assert_eq!(redactor.document("nothing"), None);
    }
}
