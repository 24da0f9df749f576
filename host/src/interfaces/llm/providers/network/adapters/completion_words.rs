//! Words and texts of chat completions as services write them, whole or in pieces. Sends and keeps none.

use serde_json::Value;

use super::{finished, items, text, waiting_for_calls};
use crate::interfaces::llm::messages::{Part, Stop};

/// The text of a content, which is a string or a list of chunks.
pub(super) fn texts(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        content => items(content).filter_map(|chunk| chunk["text"].as_str()).collect(),
    }
}

/// What a model thinks where that is among the chunks of its content.
pub(super) fn thoughts(content: &Value) -> String {
    let of = |chunk: &Value| match &chunk["thinking"] {
        Value::String(text) => text.clone(),
        inner => texts(inner),
    };
    items(content).map(of).collect()
}

/// Words by which a service says that the model has finished, that it came upon a stop sequence, and that it waits for calls.
/// Most say `stop` for both of the former.
const FINISHED: &[&str] = &["stop", "end_turn", "eos", "eos_token", "complete", "completed"];
const STOPPED: &str = "stop_sequence";
const WAITING: &[&str] = &["tool_calls", "function_call", "tool_use"];

/// Words of services that a gateway in front of them has no word for, and says `stop` instead.
const BROKEN: &[&str] =
    &["abort", "aborted", "cancelled", "error", "insufficient_system_resource", "missing_thought_signature", "network_error", "pause_turn"];

/// Words of services for a tool call that they cannot read.
const MALFORMED: &[&str] =
    &["malformed_function_call", "malformed_response", "malformed_tool_call", "too_many_tool_calls", "unexpected_tool_call"];

/// Why the model stopped. What a gateway says that its service said counts where that is worse.
pub(super) fn reason(choice: &Value) -> Option<&str> {
    let told = text(&choice["finish_reason"])?;
    let native = [&choice["native_finish_reason"], &choice["provider_specific_fields"]["native_finish_reason"]];
    let is_worse = |reason: &&str| {
        let word = reason.to_ascii_lowercase();
        BROKEN.contains(&word.as_str()) || matches!(stop(&word, &[]), Stop::MaxTokens | Stop::Refusal | Stop::Malformed)
    };
    let worse = native.into_iter().filter_map(text).find(is_worse);
    worse.filter(|_| is_sound(told)).or(Some(told))
}

/// Whether a reply that stopped for this reason ended well.
pub(super) fn is_sound(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    [FINISHED, &[STOPPED], WAITING].iter().any(|words| words.contains(&reason.as_str()))
}

pub(super) fn stop(reason: &str, parts: &[Part]) -> Stop {
    match reason.to_ascii_lowercase().as_str() {
        STOPPED => Stop::StopSequence,
        reason if FINISHED.contains(&reason) => finished(parts),
        reason if WAITING.contains(&reason) => waiting_for_calls(parts),
        "length" | "max_tokens" | "model_length" | "max_output_tokens" | "model_context_window_exceeded" => Stop::MaxTokens,
        reason if MALFORMED.contains(&reason) => Stop::Malformed,
        "content_filter" | "refusal" | "safety" | "sensitive" => Stop::Refusal,
        _ => Stop::Other,
    }
}
