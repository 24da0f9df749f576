//! What a service says that a reply took, out of its own words. Counts that are missing or that make no sense are unknown,
//! which is not none. Prices nothing.

use serde_json::Value;

use super::Protocol;
use super::adapters::first_choice;
use crate::interfaces::llm::messages::Usage;

/// More tokens than any model reads or writes at once.
const MOST_TOKENS: u64 = 100_000_000;

/// What the body of a reply says of its tokens.
pub(super) fn read(protocol: Protocol, body: &Value) -> Usage {
    let counted = match protocol {
        Protocol::Anthropic => anthropic(&body["usage"]),
        Protocol::Gemini => gemini(&body["usageMetadata"]),
        Protocol::OpenAiResponses => responses(&body["usage"]),
        Protocol::OpenAi | Protocol::OpenAiCompatible | Protocol::Ollama => openai(of_completion(body)),
    };
    counted.filter(is_sensible).unwrap_or(Usage { uncounted: true, ..Usage::default() })
}

/// Whether these are counts of a chat completion that make sense.
pub(super) fn is_counted(usage: &Value) -> bool {
    openai(usage).is_some_and(|usage| is_sensible(&usage))
}

/// Moonshot has its counts in the choice.
fn of_completion(body: &Value) -> &Value {
    let places = [&body["usage"], &first_choice(&body["choices"])["usage"]];
    places.into_iter().find(|usage| is_counted(usage)).unwrap_or(&Value::Null)
}

/// Nobody answers to no tokens, and some services say 0 for what they do not count.
fn is_sensible(usage: &Usage) -> bool {
    let within = |tokens: u64| tokens <= MOST_TOKENS;
    let part = usage.cached_input_tokens.saturating_add(usage.cache_write_tokens);
    usage.input_tokens > 0 && within(usage.input_tokens) && within(usage.output_tokens) && part <= usage.input_tokens
}

fn openai(usage: &Value) -> Option<Usage> {
    let (read, written) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    let cache_write = [&read["cache_write_tokens"], &read["cache_creation_tokens"]].into_iter().find(|count| !count.is_null());
    let output = Some(&usage["completion_tokens"]).filter(|count| !count.is_null()).unwrap_or(&written["reasoning_tokens"]);
    let (input, output) = (count(&usage["prompt_tokens"])?, count(output)?);
    // DeepSeek and Moonshot count beside the details what they read from their caches.
    let cached = [&read["cached_tokens"], &usage["prompt_cache_hit_tokens"], &usage["cached_tokens"]];
    let cached = cached.into_iter().find(|count| !count.is_null()).unwrap_or(&Value::Null);
    Some(Usage {
        input_tokens: input,
        output_tokens: output.saturating_add(beside(usage, input, output)),
        cached_input_tokens: part(cached)?,
        cache_write_tokens: part(cache_write.unwrap_or(&Value::Null))?,
        ..Usage::default()
    })
}

/// Reasoning is part of the output.
fn responses(usage: &Value) -> Option<Usage> {
    let read = &usage["input_tokens_details"];
    Some(Usage {
        input_tokens: count(&usage["input_tokens"])?,
        output_tokens: count(&usage["output_tokens"])?,
        cached_input_tokens: part(&read["cached_tokens"])?,
        cache_write_tokens: part(&read["cache_write_tokens"])?,
        ..Usage::default()
    })
}

/// xAI counts reasoning beside the completion, and its total says so.
fn beside(usage: &Value, input: u64, output: u64) -> u64 {
    let reasoning = count(&usage["completion_tokens_details"]["reasoning_tokens"]).unwrap_or_default();
    let total = input.saturating_add(output).saturating_add(reasoning);
    if count(&usage["total_tokens"]) == Some(total) { reasoning } else { 0 }
}

/// Anthropic counts what it reads from and writes to its cache beside the rest.
fn anthropic(usage: &Value) -> Option<Usage> {
    let (read, written) = (part(&usage["cache_read_input_tokens"])?, part(&usage["cache_creation_input_tokens"])?);
    Some(Usage {
        input_tokens: count(&usage["input_tokens"])?.saturating_add(read).saturating_add(written),
        output_tokens: count(&usage["output_tokens"])?,
        cached_input_tokens: read,
        cache_write_tokens: written,
        ..Usage::default()
    })
}

/// Gemini leaves out what is none, and counts thoughts beside what is said.
fn gemini(usage: &Value) -> Option<Usage> {
    let input = count(&usage["promptTokenCount"])?.saturating_add(part(&usage["toolUsePromptTokenCount"])?);
    Some(Usage {
        input_tokens: input,
        output_tokens: part(&usage["candidatesTokenCount"])?.saturating_add(part(&usage["thoughtsTokenCount"])?),
        cached_input_tokens: part(&usage["cachedContentTokenCount"])?,
        ..Usage::default()
    })
}

/// A count that may be left out. None: it is there, and no count.
fn part(value: &Value) -> Option<u64> {
    if value.is_null() { Some(0) } else { count(value) }
}

/// A count, which some services write with a point: `12.0`.
fn count(value: &Value) -> Option<u64> {
    let whole = |number: f64| (number.fract() == 0.0 && (0.0..=MOST_TOKENS as f64).contains(&number)).then_some(number as u64);
    value.as_u64().or_else(|| whole(value.as_f64()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_read_in_each_protocol() {
        let body = json!({"usage": {"prompt_tokens": 9, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2}}});
        let counted = Usage { input_tokens: 9, cached_input_tokens: 4, cache_write_tokens: 2, ..Usage::default() };
        assert_eq!(read(Protocol::OpenAi, &body), counted);
        for cached in [
            json!({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5}),
            json!({"cached_tokens": 4, "prompt_tokens_details": null}),
        ] {
            let mut usage = json!({"prompt_tokens": 9.0, "completion_tokens": 1});
            usage.as_object_mut().unwrap().extend(cached.as_object().unwrap().clone());
            let counted = Usage { input_tokens: 9, output_tokens: 1, cached_input_tokens: 4, ..Usage::default() };
            assert_eq!(read(Protocol::OpenAiCompatible, &json!({ "usage": usage })), counted);
        }
        let body = json!({"usage": {"prompt_tokens": 9, "completion_tokens": null, "completion_tokens_details": {"reasoning_tokens": 3}}});
        assert_eq!(read(Protocol::OpenAiCompatible, &body).output_tokens, 3);
        for (total, output) in [(19, 10), (12, 3), (0, 3)] {
            let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": total, "completion_tokens_details": {"reasoning_tokens": 7}});
            assert_eq!(read(Protocol::OpenAiCompatible, &json!({"usage": usage})).output_tokens, output, "{total}: xAI counts it beside");
        }
        let counts = json!({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 4});
        for body in [
            json!({"choices": [{"index": 0, "usage": counts}]}),
            json!({"usage": {"prompt_tokens": 0, "completion_tokens": 0}, "choices": [{"index": 1}, {"index": 0, "usage": counts}]}),
        ] {
            let counted = Usage { input_tokens: 9, output_tokens: 1, cached_input_tokens: 4, ..Usage::default() };
            assert_eq!(read(Protocol::OpenAiCompatible, &body), counted, "{body}");
        }
        let body =
            json!({"usage": {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 8, "cache_creation_input_tokens": null}});
        let counted = Usage { input_tokens: 11, output_tokens: 5, cached_input_tokens: 8, ..Usage::default() };
        assert_eq!(read(Protocol::Anthropic, &body), counted);
        let counts = json!({"input_tokens": 9, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}, "output_tokens_details": {"reasoning_tokens": 3}});
        let counted = Usage { input_tokens: 9, output_tokens: 5, cached_input_tokens: 4, ..Usage::default() };
        assert_eq!(read(Protocol::OpenAiResponses, &json!({ "usage": counts })), counted);
        let body = json!({"usageMetadata": {"promptTokenCount": 2, "toolUsePromptTokenCount": 1, "thoughtsTokenCount": 7}});
        assert_eq!(read(Protocol::Gemini, &body), Usage { input_tokens: 3, output_tokens: 7, ..Usage::default() });
    }

    #[test]
    fn what_is_missing_or_makes_no_sense_is_unknown() {
        for input in
            [json!(null), json!(0), json!(-1), json!(1.5), json!("12"), json!(i32::MAX), json!(1_000_000_000_000_000_000_u64), json!(1e18)]
        {
            let openai = json!({"usage": {"prompt_tokens": input, "completion_tokens": 1}});
            let anthropic = json!({"usage": {"input_tokens": input, "output_tokens": 1}});
            let gemini = json!({"usageMetadata": {"promptTokenCount": input, "candidatesTokenCount": 1}});
            for (protocol, body) in [(Protocol::OpenAi, openai), (Protocol::Anthropic, anthropic), (Protocol::Gemini, gemini)] {
                assert_eq!(read(protocol, &body), Usage { uncounted: true, ..Usage::default() }, "{body}");
            }
        }
        let beside = |more: Value| {
            let mut usage = json!({"prompt_tokens": 5, "completion_tokens": 1});
            usage.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(Protocol::OpenAi, &json!({ "usage": usage })).uncounted
        };
        assert!(!beside(json!({})));
        assert!(beside(json!({"completion_tokens": null})) && beside(json!({"completion_tokens": -7})));
        assert!(beside(json!({"prompt_tokens_details": {"cached_tokens": 6}})), "more from the cache than at all");
        for body in [json!({}), json!({"usage": null}), json!({"usage": []}), json!({"usage": "5"}), json!(null)] {
            assert!(
                [Protocol::OpenAi, Protocol::Anthropic, Protocol::Gemini].iter().all(|protocol| read(*protocol, &body).uncounted),
                "{body}"
            );
        }
    }
}
