//! What providers refuse of a request, one function for each rule, with the place where the provider documents it or users
//! report it. A request that breaks one gets the provider's 400. Answers nothing itself.

mod anthropic;
mod gemini;
mod openai;
mod schemas;

use serde_json::Value;

use super::{Check, Refusal, Seen};

/// What is refused, in the provider's words.
type Verdict = Result<(), String>;

/// One rule.
type Rule = fn(&Request<'_>) -> Verdict;

/// A request that is looked at.
struct Request<'a> {
    /// The name by which the provider knows the model.
    model: &'a str,
    body: &'a Value,
}

impl Request<'_> {
    /// Whether a model of OpenAI's reasons (OpenAI, "Reasoning models").
    fn reasons(&self) -> bool {
        let family = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|family| self.model.starts_with(family));
        family && !self.model.contains("-chat")
    }
}

/// Refuses what the provider of each protocol refuses.
pub fn strict() -> Box<Check> {
    Box::new(|seen| broken(seen).map_or(Ok(()), |message| Err(Refusal { status: "400 Bad Request", message })))
}

/// What is refused of a request, in the provider's words.
pub fn broken(seen: &Seen<'_>) -> Option<String> {
    let model = super::contents::model_of(seen.path).map(|(model, _)| model).or(seen.body["model"].as_str()).unwrap_or_default();
    let request = Request { model, body: seen.body };
    let rules: &[Rule] = match seen.protocol {
        "chat-completions" => openai::COMPLETIONS,
        "responses" => openai::RESPONSES,
        "messages" => anthropic::MESSAGES,
        "generate-content" => gemini::CONTENTS,
        _ => &[],
    };
    rules.iter().find_map(|rule| rule(&request).err())
}

/// Fields that a request has and its protocol has not.
fn unknown<'a>(body: &'a Value, known: &[&str]) -> Option<&'a str> {
    body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
}

/// Whether a name is of letters, digits, `_` and `-`, 1 to `longest` of them.
fn is_plain(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// A name that stands twice among these.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut known = std::collections::HashSet::new();
    names.into_iter().find(|name| !known.insert(*name))
}
