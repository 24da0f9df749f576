//! The hand-over of a conversation that has no room left: the model's own summary, or a list of its calls where it can give
//! none. The conversation goes on from the task, the hand-over and the last messages.

use super::window::{self, Room};
use crate::llm::{Message, Part, Role};

/// What the model is asked for.
pub(super) const ASKED: &str = "Write a hand-over now, and call no tool: there is no room left for this conversation. It goes on with the task, your \
    hand-over and your last steps alone. Say in plain text, in at most 60 lines: what was done, with the files that were changed and why; what you \
    found out that is still needed; what is left, in which order; what did not work.";

/// Calls that are listed where the model gives no summary.
const LISTED: usize = 40;
/// Last pairs of a reply and what it was told that are kept.
const PAIRS: usize = 3;

/// The messages that the conversation goes on with: the user's and whole pairs, of which each call is answered.
pub(super) fn shortened(messages: &[Message], task: &str, summary: Option<&str>, room: &Room) -> Vec<Message> {
    let most = usize::try_from(room.tokens * 3 / 8).unwrap_or(usize::MAX);
    let handed = window::cut(summary.unwrap_or(&listed(messages)), most);
    let mut first = Message::user(task);
    first.parts.push(Part::Text(format!("The work began earlier. Your hand-over:\n{handed}")));
    let kept = last_pairs(messages, room);
    if kept.is_empty() {
        first.parts.extend(last_told(messages, most).map(Part::Text));
    }
    [first].into_iter().chain(kept.iter().cloned()).collect()
}

/// As many of the last pairs as a quarter of the room holds.
fn last_pairs<'a>(messages: &'a [Message], room: &Room) -> &'a [Message] {
    let mut from = messages.len();
    let mut bytes = 0;
    while from >= 3 && messages.len() - from < 2 * PAIRS {
        bytes += messages[from - 2..from].iter().map(window::message_bytes).sum::<u64>();
        if room.estimate(bytes) > room.tokens / 4 {
            break;
        }
        from -= 2;
    }
    &messages[from..]
}

/// What the model was told last, where the message itself is not kept.
fn last_told(messages: &[Message], most: usize) -> Option<String> {
    let last = messages.last().filter(|_| messages.len() > 1)?;
    let told = last.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::ToolResult(result) => Some(result.content.as_str()),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    Some(format!("What you were told last:\n{}", window::cut(&told.join("\n"), most)))
}

fn listed(messages: &[Message]) -> String {
    let parts = messages.iter().filter(|message| message.role == Role::Assistant).flat_map(|message| &message.parts);
    let calls: Vec<_> = parts.filter_map(|part| if let Part::ToolCall(call) = part { Some(window::named(call)) } else { None }).collect();
    let (left_out, shown) = calls.split_at(calls.len().saturating_sub(LISTED));
    let before = if left_out.is_empty() { String::new() } else { format!("- {} calls before these\n", left_out.len()) };
    let lines: String = shown.iter().map(|call| format!("- {call}\n")).collect();
    format!("(There was no room to write one. You called:)\n{before}{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{transcript, window::Window};
    use crate::llm::{ToolCall, ToolResult};

    fn messages(results: usize, bytes: usize) -> Vec<Message> {
        let mut messages = vec![Message::user("The task.")];
        for n in 0..results {
            let call = ToolCall { id: n.to_string(), name: "read_file".to_owned(), arguments: "{\"path\":\"a\"}".to_owned() };
            messages.push(Message { role: Role::Assistant, parts: vec![Part::ToolCall(call)] });
            let result = ToolResult { call_id: n.to_string(), content: "x".repeat(bytes), failed: false };
            messages.push(Message { role: Role::User, parts: vec![Part::ToolResult(result)] });
        }
        messages
    }

    #[test]
    fn the_task_the_hand_over_and_whole_pairs_remain() {
        let room = Room::new(Window { tokens: 9_000, reply_tokens: 3_000 }, None);
        for (results, bytes, kept) in [(50, 100, 7), (50, 1_500, 5), (50, 100_000, 1), (1, 100, 3), (0, 0, 1)] {
            let shorter = shortened(&messages(results, bytes), "The task.", Some("All is well."), &room);
            assert_eq!(shorter.len(), kept, "{results} results of {bytes} bytes");
            assert_eq!(transcript::problem(&shorter), None);
            assert_eq!(shorter[0].parts[0], Part::Text("The task.".to_owned()));
            let Part::Text(handed) = &shorter[0].parts[1] else { panic!("no hand-over") };
            assert!(handed.contains("All is well."));
            let size: u64 = shorter.iter().map(window::message_bytes).sum();
            assert!(room.estimate(size) < room.tokens, "{size}");
        }
    }

    #[test]
    fn without_a_summary_the_calls_are_listed() {
        let room = Room::new(Window { tokens: 90_000, reply_tokens: 3_000 }, None);
        let shorter = shortened(&messages(50, 10), "The task.", None, &room);
        let Part::Text(handed) = &shorter[0].parts[1] else { panic!("no hand-over") };
        assert!(handed.contains("10 calls before these") && handed.contains("read_file {\"path\":\"a\"}"), "{handed}");
    }
}
