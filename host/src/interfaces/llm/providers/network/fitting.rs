//! Fits a request to what a model is known to take, before a protocol writes it down. Changes nothing that the model has to
//! be told: messages, tools and their results stay as they are.

use std::borrow::Cow;

use serde_json::Value;

use crate::interfaces::llm::{
    abilities::ModelAbilities,
    messages::{Effort, Request},
};

/// Fewer bytes than a token has in English or code, so that a request is taken for more tokens than it has.
const BYTES_A_TOKEN: usize = 3;
/// A request that nearly fills the window is sent with room for this much: whether it fits, the service decides.
const SHORTEST_REPLY: u32 = 1_024;

/// The request without what the model does not take.
pub(super) fn fitted<'a>(request: &'a Request, abilities: &ModelAbilities) -> Cow<'a, Request> {
    let temperature = request.temperature.filter(|_| abilities.temperature);
    let effort = request.effort.and_then(|effort| nearest(effort, &abilities.effort));
    let max_tokens = longest_reply(request, abilities);
    let keeps_schema = request.reply_schema.is_none() || abilities.reply_schema != Some(false);
    if (temperature, effort, max_tokens) == (request.temperature, request.effort, request.max_tokens) && keeps_schema {
        return Cow::Borrowed(request);
    }
    let reply_schema = request.reply_schema.clone().filter(|_| keeps_schema);
    Cow::Owned(Request { temperature, effort, max_tokens, reply_schema, ..request.clone() })
}

/// The level that a model knows, where it does not know the one that was asked for.
fn nearest(asked: Effort, known: &[Effort]) -> Option<Effort> {
    let place = |effort: &Effort| match effort {
        Effort::Low => 0_i32,
        Effort::Medium => 1,
        Effort::High => 2,
    };
    known.iter().min_by_key(|known| (place(known) - place(&asked)).abs()).copied()
}

/// What was asked for, within what the model replies with at most and what its window leaves. A longest reply that is not known
/// limits nothing.
fn longest_reply(request: &Request, abilities: &ModelAbilities) -> Option<u32> {
    if !abilities.is_known {
        return request.max_tokens;
    }
    let bytes = serde_json::to_string(request).map_or(0, |text| text.len());
    let asking = u32::try_from(bytes / BYTES_A_TOKEN).unwrap_or(u32::MAX);
    let room = abilities.window_tokens.saturating_sub(asking).max(SHORTEST_REPLY);
    let longest = abilities.max_output_tokens.min(room);
    Some(request.max_tokens.map_or(longest, |asked| asked.min(longest)))
}

/// Takes the marks of the cache out of a body that is ready to be sent.
pub(super) fn unmark(body: &mut Value) {
    let (system, messages) = (list(&body["system"]), list(&body["messages"]));
    let blocks = (0..system).map(|block| format!("/system/{block}"));
    let contents = (0..messages).flat_map(|message| {
        let blocks = list(&body["messages"][message]["content"]);
        (0..blocks).map(move |block| format!("/messages/{message}/content/{block}"))
    });
    for place in blocks.chain(contents).collect::<Vec<_>>() {
        if let Some(Value::Object(block)) = body.pointer_mut(&place) {
            block.remove("cache_control");
        }
    }
}

fn list(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::interfaces::llm::tests::ask;

    fn known() -> ModelAbilities {
        ModelAbilities { window_tokens: 10_000, max_output_tokens: 4_000, is_known: true, ..ModelAbilities::default() }
    }

    #[test]
    fn what_a_model_does_not_take_is_left_out() {
        let request = Request { temperature: Some(0.3), effort: Some(Effort::Medium), reply_schema: Some(json!({})), ..ask("hello") };
        assert!(matches!(fitted(&request, &ModelAbilities::default()), Cow::Borrowed(_)), "nothing is known of it");
        let poor = ModelAbilities { temperature: false, effort: Vec::new(), reply_schema: Some(false), ..ModelAbilities::default() };
        assert_eq!(*fitted(&request, &poor), ask("hello"));
    }

    #[test]
    fn marks_of_the_cache_are_taken_out_and_nothing_else() {
        let block = |text: &str| json!({ "type": "text", "text": text });
        let marked = |text: &str| json!({ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } });
        let tool = json!({ "input_schema": { "properties": { "cache_control": {} } } });
        let mut body =
            json!({ "system": [marked("a")], "messages": [{ "content": [block("b"), marked("c")] }, { "content": "d" }], "tools": [tool] });
        unmark(&mut body);
        assert_eq!(
            body,
            json!({ "system": [block("a")], "messages": [{ "content": [block("b"), block("c")] }, { "content": "d" }], "tools": [tool] })
        );
        let mut other = json!({ "contents": [] });
        unmark(&mut other);
        assert_eq!(other, json!({ "contents": [] }));
    }

    #[test]
    fn an_effort_that_a_model_lacks_becomes_the_nearest() {
        assert_eq!(nearest(Effort::Medium, &[Effort::Low, Effort::High]), Some(Effort::Low));
        assert_eq!(nearest(Effort::Low, &[Effort::High]), Some(Effort::High));
        assert_eq!(nearest(Effort::High, &[]), None);
    }

    #[test]
    fn a_reply_is_no_longer_than_the_model_and_its_window_allow() {
        let limit = |asked: Option<u32>, text: &str, abilities: &ModelAbilities| {
            fitted(&Request { max_tokens: asked, ..ask(text) }, abilities).max_tokens
        };
        assert_eq!(limit(None, "hello", &known()), Some(4_000));
        assert_eq!(limit(Some(64_000), "hello", &known()), Some(4_000));
        assert_eq!(limit(Some(100), "hello", &known()), Some(100));
        let long = limit(None, &"x".repeat(24_000), &known()).unwrap();
        assert!((1_900..2_000).contains(&long), "{long}");
        assert_eq!(limit(None, &"x".repeat(60_000), &known()), Some(SHORTEST_REPLY));
        assert_eq!(limit(None, "hello", &ModelAbilities::default()), None);
        assert_eq!(limit(Some(64_000), "hello", &ModelAbilities::default()), Some(64_000));
    }
}
