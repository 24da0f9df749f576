//! What Claude's models can do, as far as their names say it. Other names are taken for those of recent models.

use serde_json::{Map, Value, json};

use super::effort;

/// The fewest tokens of thinking that may be asked for.
const LEAST_THINKING: u32 = 1_024;

/// What a request says about thinking.
pub(super) struct ThinkingRequest<'a> {
    pub(super) effort: Option<&'a str>,
    /// The longest reply, thinking included.
    pub(super) max_tokens: u32,
    /// The model has to call a tool, which it does not do while it thinks.
    pub(super) is_call_forced: bool,
}

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
    pub(super) fn parse_name(name: &'a str) -> Self {
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

    /// Asks for this much thinking, in `body` and in its `output_config`.
    pub(super) fn think(&self, wanted: &ThinkingRequest<'_>, body: &mut Map<String, Value>, output: &mut Map<String, Value>) {
        let is_excluded = wanted.is_call_forced || wanted.effort == Some("none");
        // These think unless they are told not to.
        if is_excluded && self.family != Family::Other && self.version >= (5, 0) {
            body.insert("thinking".to_owned(), json!({ "type": "disabled" }));
        }
        let Some(effort) = wanted.effort.filter(|effort| *effort != "none") else { return };
        if self.takes_effort() {
            output.insert("effort".to_owned(), json!(self.effort(effort)));
        }
        let thinking = match self.takes_effort() {
            _ if is_excluded => None,
            true => self.thinks_freely().then(|| json!({ "type": "adaptive" })),
            false => self.budget(effort, wanted.max_tokens).map(|tokens| json!({ "type": "enabled", "budget_tokens": tokens })),
        };
        body.extend(thinking.map(|thinking| ("thinking".to_owned(), thinking)));
    }

    /// The tokens of thinking, where a model takes a number. Half of the reply at least is left for the answer. None: there is
    /// no room for it, or the model is too old to think.
    fn budget(&self, effort: &str, max_tokens: u32) -> Option<u32> {
        let thinks = match self.family {
            Family::Opus => self.version >= (4, 0),
            Family::Sonnet => self.version >= (3, 7),
            Family::Haiku => self.version >= (4, 5),
            Family::Other => true,
        };
        effort::budget(effort).map(|tokens| tokens.min(max_tokens / 2)).filter(|tokens| thinks && *tokens >= LEAST_THINKING)
    }

    fn takes_effort(&self) -> bool {
        match self.family {
            Family::Opus => self.version >= (4, 5),
            Family::Sonnet => self.version >= (4, 6),
            Family::Haiku => self.version >= (5, 0),
            Family::Other => self.is_always_thinking(),
        }
    }

    fn is_always_thinking(&self) -> bool {
        self.name.contains("fable") || self.name.contains("mythos")
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
    fn an_effort_is_asked_for_in_the_way_of_the_model() {
        let asked = |name, effort| thinking(name, &ThinkingRequest { effort: Some(effort), max_tokens: 64_000, is_call_forced: false });
        assert_eq!(asked("claude-opus-4-8", "xhigh"), (json!({"thinking": {"type": "adaptive"}}), json!({"effort": "xhigh"})));
        assert_eq!(asked("claude-opus-4-5", "max"), (json!({}), json!({"effort": "high"})));
        let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 8000}});
        assert_eq!(asked("claude-sonnet-4", "medium"), (budget, json!({})));
        assert_eq!(asked("claude-sonnet-5", "none"), (json!({"thinking": {"type": "disabled"}}), json!({})));
        assert_eq!(asked("claude-3-5-haiku-20241022", "high"), (json!({}), json!({})), "it is too old to think");
    }

    #[test]
    fn thinking_is_left_out_where_a_call_is_forced_or_there_is_no_room() {
        let wanted = |effort, max_tokens, is_call_forced| ThinkingRequest { effort, max_tokens, is_call_forced };
        let disabled = json!({"thinking": {"type": "disabled"}});
        for (name, body, output) in [
            ("claude-sonnet-5", &disabled, json!({"effort": "high"})),
            ("claude-opus-4-8", &json!({}), json!({"effort": "high"})),
            ("claude-sonnet-4", &json!({}), json!({})),
        ] {
            assert_eq!(thinking(name, &wanted(Some("high"), 64_000, true)), (body.clone(), output), "{name}");
        }
        assert_eq!(thinking("claude-sonnet-5", &wanted(None, 64_000, true)), (disabled, json!({})));
        assert_eq!(thinking("claude-sonnet-5", &wanted(None, 64_000, false)), (json!({}), json!({})));
        let budget =
            |max_tokens| thinking("claude-sonnet-4", &wanted(Some("high"), max_tokens, false)).0["thinking"]["budget_tokens"].clone();
        assert_eq!((budget(64_000), budget(8_192), budget(2_048), budget(2_047)), (json!(24_000), json!(4_096), json!(1_024), Value::Null));
    }

    fn thinking(name: &str, wanted: &ThinkingRequest<'_>) -> (Value, Value) {
        let (mut body, mut output) = (Map::new(), Map::new());
        Claude::parse_name(name).think(wanted, &mut body, &mut output);
        (Value::Object(body), Value::Object(output))
    }
}
