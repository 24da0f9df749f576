//! How large a request is in tokens, and what makes it smaller: results of tools that are left out, and texts that are cut in
//! the middle. Counts on the safe side, and asks no model.
//!
//! Tokens are estimated from the bytes of the request as JSON: one for every three bytes, until a reply tells what its request
//! came to. After that the rate of the last reply holds, a tenth higher. It is never lower than a token for four bytes and never
//! higher than one for each: some tokenizers take every digit for one. So a tokenizer of four bytes a token never counts more than
//! the estimate.

use std::collections::HashMap;

use crate::llm::{Message, Part, Request, Role, ToolCall, ToolResult};

/// Bytes that a part, a message and a tool have around their content.
const AROUND: u64 = 80;
/// Results of tools up to this many bytes are not left out: what stands in their place is as long.
const SHORT: usize = 400;
/// Bytes of a call that are named where its result is left out.
const NAMED: usize = 120;
/// Where a model says of its window and its replies nothing else.
const USUAL: Window = Window { tokens: 128_000, reply_tokens: 16_000 };

/// What a model has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Tokens of a request and its reply together.
    pub tokens: u32,
    /// Tokens of its longest reply.
    pub reply_tokens: u32,
}

impl Default for Window {
    fn default() -> Self {
        USUAL
    }
}

/// The room that requests have.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// Tokens that a request may have.
    pub(super) tokens: u64,
    /// Tokens that its reply may have; none where the provider's own limit is low enough.
    pub(super) reply_tokens: Option<u32>,
    /// Tokens and bytes of a request that was counted.
    rate: (u64, u64),
}

impl Room {
    /// A reply has at most a quarter of the window: the more a request may hold, the more of it the provider has in its cache.
    pub(super) fn new(window: Window, max_tokens: Option<u32>) -> Self {
        let window = if window.tokens == 0 { Window::default() } else { window };
        let share = (window.tokens / 4).max(1);
        let wanted = max_tokens.unwrap_or(if window.reply_tokens == 0 { share } else { window.reply_tokens });
        let reply = wanted.min(share);
        let is_set = max_tokens.is_some() || wanted > share;
        Self { tokens: u64::from(window.tokens - reply), reply_tokens: is_set.then_some(reply), rate: (1, 3) }
    }

    /// The estimate for so many bytes.
    pub(super) fn estimate(&self, bytes: u64) -> u64 {
        let (tokens, counted) = self.rate;
        (bytes.saturating_mul(tokens)).div_ceil(counted)
    }

    /// Takes over what a request of so many bytes came to.
    pub(super) fn learn(&mut self, bytes: u64, input_tokens: u32) {
        if input_tokens == 0 || bytes == 0 {
            return;
        }
        let (tokens, counted) = (u64::from(input_tokens).saturating_mul(11), bytes.saturating_mul(10));
        self.rate = if tokens.saturating_mul(4) < counted {
            (1, 4)
        } else if tokens > counted {
            (1, 1)
        } else {
            (tokens, counted)
        };
    }

    /// Bytes that one result may have, of so many in one message: a twelfth of the room, and all together a quarter.
    pub(super) fn result_bytes(&self, results: usize) -> usize {
        let (single, share) = (self.tokens / 4, self.tokens * 3 / 4 / (results.max(1) as u64));
        usize::try_from(single.min(share)).unwrap_or(usize::MAX).max(SHORT)
    }
}

/// Bytes of a request as JSON, with what providers put around its parts.
pub(super) fn bytes(request: &Request) -> u64 {
    let tools = request.tools.iter().map(|tool| AROUND + escaped(&tool.name) + escaped(&tool.description) + escaped(&tool.parameters));
    let schema = request.reply_schema.as_deref().map_or(0, escaped);
    let system = request.system.as_deref().map_or(0, escaped);
    4 * AROUND + system + schema + tools.sum::<u64>() + request.messages.iter().map(message_bytes).sum::<u64>()
}

/// Bytes of one message.
pub(super) fn message_bytes(message: &Message) -> u64 {
    AROUND + message.parts.iter().map(part_bytes).sum::<u64>()
}

fn part_bytes(part: &Part) -> u64 {
    /// Bytes that an image or a document counts for; the provider's count of the reply corrects it.
    const MEDIA: u64 = 24_000;
    AROUND
        + match part {
            Part::Text(text) => escaped(text),
            Part::Thinking(thinking) => escaped(&thinking.text) + thinking.signature.as_deref().map_or(0, escaped),
            Part::ToolCall(call) => escaped(&call.id) + escaped(&call.name) + escaped(&call.arguments),
            Part::ToolResult(result) => escaped(&result.call_id) + escaped(&result.content),
            Part::Media(media) => MEDIA + escaped(&media.path),
            Part::Opaque(opaque) => escaped(&opaque.data),
        }
}

/// Bytes of a text inside a JSON document.
fn escaped(text: &str) -> u64 {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

/// Leaves out the results of tools but the last `keep` and those of the last message, which the model has not seen yet. What
/// stands in their place names the call.
pub(super) fn mask(messages: &mut [Message], keep: usize) {
    let calls = calls(messages);
    let unseen = messages.len().saturating_sub(1);
    let total = messages.iter().flat_map(|message| &message.parts).filter(|part| matches!(part, Part::ToolResult(_))).count();
    let results = messages[..unseen].iter_mut().flat_map(|message| &mut message.parts).filter_map(|part| match part {
        Part::ToolResult(result) => Some(result),
        _ => None,
    });
    for result in results.take(total.saturating_sub(keep)).filter(|result| result.content.len() > SHORT) {
        result.content = placeholder(calls.get(&result.call_id), result);
    }
}

fn calls(messages: &[Message]) -> HashMap<String, ToolCall> {
    let parts = messages.iter().filter(|message| message.role == Role::Assistant).flat_map(|message| &message.parts);
    let calls = parts.filter_map(|part| if let Part::ToolCall(call) = part { Some((call.id.clone(), call.clone())) } else { None });
    calls.collect()
}

fn placeholder(call: Option<&ToolCall>, result: &ToolResult) -> String {
    let called = call.map_or_else(|| "a tool".to_owned(), named);
    format!("[Left out to save room: the result of {called}, {} bytes. Call it again if you need it.]", result.content.len())
}

/// A call in a line of bounded length.
pub(super) fn named(call: &ToolCall) -> String {
    let end = call.arguments.floor_char_boundary(NAMED);
    let cut = if end < call.arguments.len() { "…" } else { "" };
    let name: String = call.name.chars().take(NAMED).collect();
    format!("{name} {}{cut}", &call.arguments[..end])
}

/// A text of about at most so many bytes, with its beginning and its end, and a mark for what is left out between them.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let left_out = text.len() - most;
    let mark = format!("\n[… {left_out} bytes are left out here, because there is no room for them. Ask for a smaller part. …]\n");
    let half = most.saturating_sub(mark.len()) / 2;
    let (end, begin) = (text.floor_char_boundary(half), text.ceil_char_boundary(text.len() - half));
    format!("{}{mark}{}", &text[..end], &text[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_the_last_count_within_bounds() {
        let mut room = Room::new(Window { tokens: 100_000, reply_tokens: 8_000 }, None);
        assert_eq!((room.tokens, room.reply_tokens), (92_000, None));
        assert_eq!(room.estimate(3_000), 1_000);
        room.learn(1_000, 300);
        assert_eq!(room.estimate(1_000), 330);
        for (counted, expected) in [(0, 330), (1, 250), (227, 250), (400, 440), (455, 501), (900, 990), (950, 1_000), (4_000_000, 1_000)] {
            room.learn(1_000, counted);
            assert_eq!(room.estimate(1_000), expected, "{counted}");
        }
        assert_eq!(room.estimate(1), 1);
    }

    #[test]
    fn a_reply_has_at_most_a_quarter() {
        let room = |tokens, reply_tokens, most| {
            let room = Room::new(Window { tokens, reply_tokens }, most);
            (room.tokens, room.reply_tokens)
        };
        assert_eq!(room(16_000, 64_000, None), (12_000, Some(4_000)));
        assert_eq!(room(16_000, 64_000, Some(500)), (15_500, Some(500)));
        assert_eq!(room(16_000, 1_000, Some(9_000)), (12_000, Some(4_000)));
        assert_eq!(room(0, 0, None), (112_000, None), "nothing is known");
        assert_eq!(room(1, 1, None), (0, None));
    }

    #[test]
    fn what_is_cut_keeps_both_ends_and_its_size() {
        let text = format!("begin{}end", "ä".repeat(5_000));
        let shown = cut(&text, 1_000);
        assert!(shown.len() <= 1_000 && shown.starts_with("begin") && shown.ends_with("end"), "{shown}");
        assert!(shown.contains("9008 bytes are left out"), "{shown}");
        assert_eq!(cut("short", 5), "short");
        assert!(cut(&text, 10).contains("left out"));
    }

    #[test]
    fn escapes_count_as_they_are_sent() {
        for text in ["plain", "a\"b\\c\nd\te", "\u{1}\u{1f}", "üü\u{7f}"] {
            let sent = serde_json::to_string(text).expect("a text").len() as u64 - 2;
            assert_eq!(escaped(text), sent, "{text:?}");
        }
    }
}
