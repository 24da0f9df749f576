//! Long conversations: no request exceeds the window, and most of each is what was sent before.

use serde_json::json;

use super::*;
use crate::conversation::{transcript, window};

/// Works for a while with one tool, and answers at the end. Measures each request as a provider would.
struct Worker {
    window: Window,
    turns: u32,
    asked: u32,
    handed_over: u32,
    last: String,
    bytes: usize,
    prefix: usize,
}

impl Worker {
    fn new(tokens: u32, reply_tokens: u32, turns: u32) -> Self {
        let window = Window { tokens, reply_tokens };
        Self { window, turns, asked: 0, handed_over: 0, last: String::new(), bytes: 0, prefix: 0 }
    }

    /// The share of bytes that are the beginning of the request before.
    fn share(&self) -> usize {
        self.prefix * 100 / self.bytes
    }
}

/// How many bytes two begin with.
fn common(one: &[u8], other: &[u8]) -> usize {
    const STEP: usize = 1_000;
    let whole = one.chunks_exact(STEP).zip(other.chunks_exact(STEP)).take_while(|(one, other)| one == other).count() * STEP;
    whole + one[whole..].iter().zip(&other[whole..]).take_while(|(one, other)| one == other).count()
}

/// A request as chat completions have it, so that arguments are escaped twice.
pub(super) fn sent(request: &Request) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::ToolCall(call) => {
            json!({ "type": "function", "id": call.id, "function": { "name": call.name, "arguments": call.arguments } })
        }
        Part::ToolResult(result) => json!({ "role": "tool", "tool_call_id": result.call_id, "content": result.content }),
        other => json!({ "type": "other", "text": format!("{other:?}") }),
    };
    let tools: Vec<_> = request.tools.iter().map(|tool| json!([tool.name, tool.description, tool.parameters])).collect();
    let messages = request.messages.iter().map(|message| {
        let role = if message.role == Role::User { "user" } else { "assistant" };
        json!({ "role": role, "content": message.parts.iter().map(part).collect::<Vec<_>>() })
    });
    let head = json!({ "tools": tools, "system": request.system }).to_string();
    head + &messages.map(|message| message.to_string()).collect::<String>()
}

impl Model for Worker {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        let sent = sent(request);
        let tokens = u32::try_from(sent.len().div_ceil(4)).expect("it is small");
        let reply_tokens = request.options.iter().find(|option| option.name == "max-tokens");
        let reply_tokens = reply_tokens.map_or(self.window.reply_tokens, |option| option.value.parse().expect("a number"));
        assert!(tokens + reply_tokens <= self.window.tokens, "request {}: {tokens} and {reply_tokens}", self.asked);
        assert_eq!(transcript::problem(&request.messages), None);
        self.asked += 1;
        self.bytes += sent.len();
        self.prefix += common(sent.as_bytes(), self.last.as_bytes());
        self.last = sent;
        let hands_over = request.options.iter().any(|option| option.value == "\"none\"");
        let reply = if hands_over {
            self.handed_over += 1;
            says("Half of it is done. The other half is left.")
        } else if self.asked > self.turns {
            calls("finish", r#"{"n":1}"#)
        } else {
            let path = format!("src/module-{}.rs", self.asked);
            calls("read", &json!({ "path": path }).to_string())
        };
        Ok(Reply { usage: Usage { input_tokens: tokens, output_tokens: 100, ..reply.usage }, ..reply })
    }

    fn window(&mut self, _: Option<&str>) -> Result<Window> {
        Ok(self.window)
    }
}

/// A tool that gives so many bytes of what looks like code.
fn reading(bytes: usize) -> Conversation {
    let tool = Tool::new("read", "Reads a file.", json!({ "type": "object" }), move |arguments| {
        let line = format!("    let value = read(\"{}\")?;\n", arguments["path"]);
        Ok(line.repeat(bytes.div_ceil(line.len())))
    });
    let system = Some("You are a developer. ".repeat(50));
    Conversation { tools: vec![tool], max_turns: Some(400), system, ..with_schema() }
}

#[test]
fn most_of_a_long_conversation_is_what_was_sent_before() {
    for (tokens, reply_tokens, result) in [(64_000, 8_000, 3_000), (16_000, 4_000, 2 << 20), (32_000, 4_000, 2 << 20)] {
        let mut worker = Worker::new(tokens, reply_tokens, 200);
        let answer = reading(result).hold(&mut worker, "Read all of it.").expect("an answer");
        println!("{tokens}: {} requests, {} hand-overs, {} % cached", worker.asked, worker.handed_over, worker.share());
        assert_eq!(answer.value, Some(json!({ "n": 1 })));
        assert!(worker.share() >= 80, "{tokens}: {} % of {} bytes", worker.share(), worker.bytes);
    }
}

#[test]
fn the_last_ten_results_are_kept_where_there_is_room_for_them() {
    let mut worker = Worker::new(200_000, 32_000, 100);
    reading(9_000).hold(&mut worker, "Read all of it.").expect("an answer");
    let left_out = worker.last.matches("Left out to save room").count();
    let whole = worker.last.matches("let value = read").count() / (9_000 / 50);
    assert!(left_out > 0 && whole >= 10, "{left_out} left out, {whole} whole");
    assert!(worker.last.contains(r#"the result of read {\"path\":\"src/module-1.rs\"}"#), "the call is named");
    assert_eq!(worker.handed_over, 0);
}

#[test]
fn a_small_window_is_never_exceeded() {
    for (tokens, reply_tokens) in [(4_000, 1_000), (6_000, 6_000), (8_000, 500), (16_000, 100_000)] {
        let mut worker = Worker::new(tokens, reply_tokens, 60);
        let task = format!("Read all of it. {}", "Mind the details. ".repeat(5_000));
        let answer = reading(2 << 20).hold(&mut worker, &task).expect("an answer");
        assert_eq!(answer.value, Some(json!({ "n": 1 })), "{tokens}");
    }
}

#[test]
fn what_does_not_fit_at_all_is_for_the_operator() {
    let mut worker = Worker::new(600, 100, 5);
    let error = reading(10).hold(&mut worker, "Go").expect_err("the instructions alone are larger");
    assert!(error.text.contains("Set a model with a larger window"), "{error}");
    assert_eq!(worker.asked, 0);
}

#[test]
fn many_calls_in_one_reply_share_the_room() {
    let many: Vec<_> = (0..40).map(|n| ("read", format!("{{\"path\":\"{n}\"}}"))).collect();
    let many: Vec<_> = many.iter().map(|(name, arguments)| (*name, arguments.as_str())).collect();
    let window = Window { tokens: 20_000, reply_tokens: 2_000 };
    let mut script = Script { window, ..Script::new([calls_all(&many), calls_all(&many), says("{\"n\":1}")]) };
    reading(50_000).hold(&mut script, "Read all of it.").expect("an answer");
    for request in &script.asked {
        assert!(sent(request).len() / 4 <= 18_000 && transcript::problem(&request.messages).is_none());
    }
}

#[test]
fn a_hand_over_that_the_model_does_not_give_is_a_list_of_calls() {
    struct Silent(Worker);
    impl Model for Silent {
        fn ask(&mut self, request: &Request) -> Result<Reply> {
            let reply = self.0.ask(request)?;
            Ok(if request.options.iter().any(|option| option.value == "\"none\"") { Reply { parts: Vec::new(), ..reply } } else { reply })
        }

        fn window(&mut self, model: Option<&str>) -> Result<Window> {
            self.0.window(model)
        }
    }
    let mut silent = Silent(Worker::new(8_000, 2_000, 120));
    reading(4_000).hold(&mut silent, "Read all of it.").expect("an answer");
    assert!(silent.0.handed_over > 0 && silent.0.last.contains("You called:"), "{} hand-overs", silent.0.handed_over);
}

#[test]
fn the_estimate_is_above_what_is_sent() {
    let (mut script, arguments) = (Script::new([calls("double", r#"{"n":1}"#), says("{\"n\":1}")]), "\"\\\n\u{1}ü".repeat(500));
    with_both().hold(&mut script, &arguments).expect("an answer");
    for request in &script.asked {
        assert!(window::bytes(request) >= sent(request).len() as u64, "{} and {}", window::bytes(request), sent(request).len());
    }
}
