//! Any bytes as the reply of a model service, in each protocol, in one piece and as a stream: a reply that can be passed on, or
//! an error in one line.
#![no_main]

use std::collections::HashSet;

use baton::interfaces::llm::providers::network::{Form, Protocol, read};
use baton::interfaces::llm::{Part, Reply, Request, Stop};
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [Protocol; 6] = [
    Protocol::OpenAi,
    Protocol::OpenAiCompatible,
    Protocol::Ollama,
    Protocol::Anthropic,
    Protocol::Gemini,
    Protocol::OpenAiResponses,
];

// The first byte says which protocol and which form.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let form = if first & 8 == 0 { Form::Whole } else { Form::Stream };
    let protocol = PROTOCOLS[usize::from(first & 7) % PROTOCOLS.len()];
    match read(protocol, &Request::default(), form, bytes) {
        Ok(reply) => check_reply(&reply),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains(char::is_control) && text.len() < 4_000, "this is not one line: {text:?}");
        }
    }
});

fn check_reply(reply: &Reply) {
    let ids: Vec<_> = reply.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(&call.id) } else { None }).collect();
    assert!(reply.stop != Stop::Other || ids.is_empty(), "a call of an unfinished reply is passed on");
    assert!(ids.iter().all(|id| !id.is_empty()) && ids.iter().collect::<HashSet<_>>().len() == ids.len(), "two calls have one id");
    let usage = &reply.usage;
    assert!(usage.cached_input_tokens + usage.cache_write_tokens <= usage.input_tokens, "more was cached than sent");
    let text = serde_json::to_string(reply).expect("a reply is JSON");
    assert_eq!(&serde_json::from_str::<Reply>(&text).expect("it is read back"), reply);
}
