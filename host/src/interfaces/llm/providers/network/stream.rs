//! One reply that comes in pieces: they are told as they arrive, and put together into what would have come in one.

use serde_json::Value;

use super::adapters::{Adapter, Assembly};
use super::events::{Event, Events};
use super::failure::{Failure, Judge};
use super::transport::{Answer, LONGEST_REPLY, Obstacle};
use crate::interfaces::lenient;
use crate::interfaces::llm::watching::Telling;

/// Bytes of an event that are not counted, since they are there however little it says.
const ENVELOPE: usize = 512;
/// Events of one reply; there is about one for each token.
const MOST_EVENTS: usize = 262_144;

/// A stream of which some has come.
pub(super) struct Stream<'a> {
    judge: &'a Judge<'a>,
    assembly: Box<dyn Assembly>,
    events: Events,
    row: lenient::Row,
    bytes: usize,
    count: usize,
    /// Something of the reply has come.
    has_begun: bool,
}

/// What came of a stream.
pub(super) struct Streamed {
    /// The body, as far as it has come.
    pub(super) body: Value,
    /// Why it is not whole, if it is not.
    pub(super) broken: Option<Box<Failure>>,
}

/// Reads a stream to its end, and tells what is said until it is over.
pub(super) async fn read(answer: &mut Answer, adapter: &dyn Adapter, judge: &Judge<'_>, mut telling: Telling) -> Streamed {
    let mut stream = Stream::new(adapter, judge);
    let broken = stream.follow(answer, &mut telling).await.err();
    stream.ended(broken)
}

impl<'a> Stream<'a> {
    /// Nothing has come.
    pub(super) fn new(adapter: &dyn Adapter, judge: &'a Judge<'a>) -> Self {
        let (events, row) = (Events::default(), lenient::Row::default());
        Self { judge, assembly: adapter.stream(), events, row, bytes: 0, count: 0, has_begun: false }
    }

    async fn follow(&mut self, answer: &mut Answer, telling: &mut Telling) -> Result<(), Box<Failure>> {
        while let Some(piece) = answer.piece().await.map_err(|obstacle| self.judge.obstacle(obstacle))? {
            if self.feed(&piece, &mut |words| telling.say(words))? {
                return Ok(());
            }
        }
        self.close(&mut |words| telling.say(words))
    }

    /// Takes in what came next. True: that was the end.
    pub(super) fn feed(&mut self, piece: &[u8], say: &mut dyn FnMut(&str)) -> Result<bool, Box<Failure>> {
        for event in self.events.take(piece) {
            self.take(&event, say)?;
            if self.assembly.is_whole(false) {
                return Ok(true);
            }
        }
        if self.events.unfinished() > LONGEST_REPLY {
            let reason = format!("one event of its stream has more than the {LONGEST_REPLY} bytes that are read.");
            return Err(self.judge.obstacle(Obstacle::TooLong(reason)));
        }
        Ok(false)
    }

    /// The service closed the stream.
    pub(super) fn close(&mut self, say: &mut dyn FnMut(&str)) -> Result<(), Box<Failure>> {
        if let Some(event) = self.events.rest() {
            self.take(&event, say)?;
        }
        if self.assembly.is_whole(true) { Ok(()) } else { Err(self.judge.ended(self.count)) }
    }

    /// What there is of it.
    pub(super) fn ended(self, broken: Option<Box<Failure>>) -> Streamed {
        Streamed { body: self.assembly.body(), broken }
    }

    fn take(&mut self, event: &Event, say: &mut dyn FnMut(&str)) -> Result<(), Box<Failure>> {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(event.bytes.saturating_sub(ENVELOPE));
        if self.bytes > LONGEST_REPLY || self.count > MOST_EVENTS {
            let reason = format!("it streams more than the {LONGEST_REPLY} bytes or {MOST_EVENTS} events that are read.");
            return Err(self.judge.obstacle(Obstacle::TooLong(reason)));
        }
        let text = event.data.trim();
        if text == "[DONE]" {
            self.assembly.done();
            return Ok(());
        }
        let read = self.row.read(text);
        let value =
            read.map_err(|error| self.judge.malformed(&format!("an event of its stream is not JSON ({error}). It begins: {text}")))?;
        if !value["error"].is_null() || value["type"] == "error" {
            return Err(self.judge.classify_error(&value, self.has_begun));
        }
        // What keeps a connection open is no beginning of a reply.
        self.has_begun |= value["type"] != "ping" && value.as_object().is_none_or(|fields| !fields.is_empty());
        let words = self.assembly.take(&value);
        if !words.is_empty() {
            say(&words);
        }
        Ok(())
    }
}
