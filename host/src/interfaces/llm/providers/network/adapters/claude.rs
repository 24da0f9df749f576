//! What Claude's models can do, as far as their names say it. Other names are taken for those of recent models.

use serde_json::{Map, Value, json};

use super::effort;

/// A model by its name.
pub(super) struct Claude<'a> {
    name: &'a str,
    family: Family,
    version: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Opus,
    Sonnet,
    Haiku,
    /// Any other, which is newer than these.
    Other,
}

impl<'a> Claude<'a> {
    /// The version stands behind the family since 4, and before it until then.
    pub(super) fn named(name: &'a str) -> Self {
        let words: Vec<&str> = name.split('-').collect();
        let place = words.iter().position(|word| ["opus", "sonnet", "haiku"].contains(word));
        let family = match place.map(|place| words[place]) {
            Some("opus") => Family::Opus,
            Some("sonnet") => Family::Sonnet,
            Some("haiku") => Family::Haiku,
            _ => Family::Other,
        };
        let numbers = |words: &[&str]| -> Vec<u32> {
            words.iter().map_while(|word| if word.len() <= 2 { word.parse().ok() } else { None }).collect()
        };
        let place = place.unwrap_or(words.len());
        let behind = numbers(words.get(place + 1..).unwrap_or_default());
        let before = numbers(words.get(1..place).unwrap_or_default());
        let found = if behind.is_empty() { before } else { behind };
        let version = (found.first().copied().unwrap_or(u32::MAX), found.get(1).copied().unwrap_or_default());
        Self { name, family, version }
    }

    /// The most tokens it replies with, which its protocol wants to be told.
    pub(super) fn longest_reply(&self) -> u32 {
        match (self.family, self.version) {
            (Family::Opus, version) if version >= (4, 8) => 128_000,
            (Family::Haiku, version) if version >= (5, 0) => 128_000,
            (Family::Opus, version) if version >= (4, 5) => 64_000,
            (Family::Opus, version) if version >= (4, 0) => 32_000,
            (Family::Sonnet, version) if version >= (3, 7) => 64_000,
            (Family::Haiku, version) if version >= (4, 0) => 64_000,
            (Family::Sonnet | Family::Haiku, version) if version >= (3, 5) => 8_192,
            (Family::Opus | Family::Sonnet | Family::Haiku, _) => 4_096,
            (Family::Other, _) if self.name.contains("fable") || self.name.contains("mythos") => 128_000,
            (Family::Other, _) => 64_000,
        }
    }

    /// Asks for this much thinking, in `body` and in its `output_config`.
    pub(super) fn think(&self, effort: &str, body: &mut Map<String, Value>, output: &mut Map<String, Value>) {
        if effort == "none" {
            if self.family != Family::Other && self.version >= (5, 0) {
                body.insert("thinking".to_owned(), json!({ "type": "disabled" }));
            }
            return;
        }
        if self.takes_effort() {
            output.insert("effort".to_owned(), json!(self.effort(effort)));
        }
        if self.thinks_freely() {
            body.insert("thinking".to_owned(), json!({ "type": "adaptive" }));
        } else if !self.takes_effort() {
            body.insert("thinking".to_owned(), json!({ "type": "enabled", "budget_tokens": effort::budget(effort) }));
        }
    }

    fn takes_effort(&self) -> bool {
        match self.family {
            Family::Opus => self.version >= (4, 5),
            Family::Sonnet => self.version >= (4, 6),
            Family::Haiku => self.version >= (5, 0),
            Family::Other => self.name.contains("fable") || self.name.contains("mythos"),
        }
    }

    fn thinks_freely(&self) -> bool {
        self.takes_effort() && (self.family != Family::Opus || self.version >= (4, 6))
    }

    fn effort<'b>(&self, effort: &'b str) -> &'b str {
        match effort {
            "minimal" => "low",
            "xhigh" if self.version < (4, 7) => "high",
            "max" if self.version < (4, 6) => "high",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_reply_follows_from_the_name() {
        let cases = [
            ("claude-opus-4-8", 128_000),
            ("claude-opus-4-5-20251101", 64_000),
            ("claude-opus-4-20250514", 32_000),
            ("claude-sonnet-5", 64_000),
            ("claude-3-7-sonnet-latest", 64_000),
            ("claude-haiku-4-5", 64_000),
            ("claude-3-5-haiku-20241022", 8_192),
            ("claude-3-opus-20240229", 4_096),
            ("some-model", 64_000),
            ("claude", 64_000),
            ("", 64_000),
        ];
        for (name, tokens) in cases {
            assert_eq!(Claude::named(name).longest_reply(), tokens, "{name}");
        }
    }

    #[test]
    fn an_effort_is_asked_for_in_the_way_of_the_model() {
        let asked = |name, effort| {
            let (mut body, mut output) = (Map::new(), Map::new());
            Claude::named(name).think(effort, &mut body, &mut output);
            (Value::Object(body), Value::Object(output))
        };
        assert_eq!(asked("claude-opus-4-8", "xhigh"), (json!({"thinking": {"type": "adaptive"}}), json!({"effort": "xhigh"})));
        assert_eq!(asked("claude-opus-4-5", "max"), (json!({}), json!({"effort": "high"})));
        let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 8000}});
        assert_eq!(asked("claude-sonnet-4", "medium"), (budget, json!({})));
        assert_eq!(asked("claude-sonnet-5", "none"), (json!({"thinking": {"type": "disabled"}}), json!({})));
    }
}
