//! Takes the events of a stream as they were sent, and puts them together. Takes no more than a reply may hold.

use std::sync::{Mutex, MutexGuard, PoisonError};

use genai::chat::{ChatFrameSink, FrameCtx, MessageContent, RawFrameRef, StopReason, StreamEnd};
use serde_json::Value;

use super::{completion::Completion, message::Message};
use crate::interfaces::llm::providers::network::{Protocol, translate::LONGEST_REPLY};

/// Bytes of an event that are not counted, since they are there however little it says.
const ENVELOPE: usize = 512;
/// Events of one reply; there is about one for each token.
const MOST_FRAMES: usize = 262_144;

/// The events of one stream.
pub(super) struct Frames(Mutex<State>);

/// All that a stream said.
pub(super) struct Pieces {
    pub(super) content: MessageContent,
    pub(super) reasoning: Option<String>,
    pub(super) model: Option<String>,
    pub(super) stop: Option<StopReason>,
    /// What a reply in one piece would have had for a body, as far as it is looked at.
    pub(super) body: Value,
}

struct State {
    count: usize,
    bytes: usize,
    fault: Option<String>,
    reply: Growing,
}

enum Growing {
    Message(Message),
    Completion(Completion),
}

impl Frames {
    /// None yet.
    pub(super) fn of(protocol: Protocol) -> Self {
        let reply = match protocol {
            Protocol::Anthropic => Growing::Message(Message::default()),
            _ => Growing::Completion(Completion::default()),
        };
        Self(Mutex::new(State { count: 0, bytes: 0, fault: None, reply }))
    }

    /// How many there were that held something.
    pub(super) fn count(&self) -> usize {
        self.state().count
    }

    /// Why no more of them are taken, a sentence.
    pub(super) fn fault(&self) -> Option<String> {
        self.state().fault.clone()
    }

    /// The reply of a stream that has ended well.
    pub(super) fn whole(&self, end: StreamEnd) -> Result<Pieces, String> {
        match &mut self.state().reply {
            Growing::Message(message) => std::mem::take(message).whole(end),
            Growing::Completion(completion) => std::mem::take(completion).whole(end),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChatFrameSink for Frames {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        let mut state = self.state();
        if !frame.data.is_empty() && state.fault.is_none() {
            state.take(frame.event, frame.data);
        }
    }
}

impl State {
    fn take(&mut self, event: Option<&str>, data: &str) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(data.len().saturating_sub(ENVELOPE));
        if self.bytes > LONGEST_REPLY || self.count > MOST_FRAMES {
            self.fault = Some(format!("it streams more than the {LONGEST_REPLY} bytes or {MOST_FRAMES} events that are passed on."));
            return;
        }
        // What is no JSON the library declines, or it is the word for the end.
        let Ok(frame) = serde_json::from_str::<Value>(data) else { return };
        match &mut self.reply {
            Growing::Message(message) => message.take(event, &frame),
            Growing::Completion(completion) => completion.take(&frame),
        }
    }
}
