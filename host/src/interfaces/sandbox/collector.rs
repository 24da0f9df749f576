//! Takes in what a command writes: keeps the head and the tail of each stream and, within bounds, all of it; tells watchers
//! while it runs, without secrets and not without end. Keeps nothing on a disk itself.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use baton_sdk::tools::text::{SHOWN_OUTPUT, left_out};
use tokio::sync::mpsc::Receiver;

use super::engine::{Key, Piece, Stream};
use super::events::{Pulling, Started, Wrote};
use crate::{
    errors::StorageError,
    events::{Draft, EventLog, Payload},
    journal::Redactor,
};

/// Bytes of the beginning of each stream in an outcome.
pub(super) const HEAD: usize = 16 << 10;
/// Bytes of the end of each stream in an outcome.
pub(super) const TAIL: usize = 48 << 10;
/// Bytes beside them, so that a secret at the edge is known for one.
const MARGIN: usize = 4 << 10;
/// Bytes of the whole output that are kept: the first.
pub(super) const WHOLE: usize = 16 << 20;
/// Bytes of output that watchers are told of one command.
const TOLD: usize = 256 << 10;
/// Bytes of one event.
const LONGEST_PIECE: usize = 8 << 10;
/// How often watchers are told.
const BEAT: Duration = Duration::from_millis(250);

/// Keeps what is too long for an answer.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Keeps a text for good and gives its name; the same text has one name.
    async fn keep(&self, text: String) -> Result<String, StorageError>;
    /// The text of that name.
    async fn load(&self, name: &str) -> Result<String, StorageError>;
}

/// What a command wrote.
#[derive(Debug, Default)]
pub(super) struct Collected {
    out: Written,
    err: Written,
    /// Both streams as they came, the first so many bytes.
    whole: Vec<u8>,
    total: usize,
    /// Bytes of each stream that watchers were told by an earlier host.
    before: [usize; 2],
}

/// One stream.
#[derive(Debug, Default)]
struct Written {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: usize,
    /// Not told yet.
    pending: Vec<u8>,
    told: usize,
}

/// Tells watchers of one command.
pub(super) struct Teller {
    pub(super) key: Key,
    pub(super) events: Arc<dyn EventLog>,
    pub(super) redactor: Redactor,
    /// Bytes of each stream that an earlier host has told of.
    pub(super) before: [usize; 2],
    pub(super) image: String,
    pub(super) command: String,
}

impl Collected {
    /// Takes in all that comes, until there is no more.
    pub(super) async fn listen(&mut self, mut pieces: Receiver<Piece>, teller: &Teller) {
        let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + BEAT, BEAT);
        let mut pulled: Option<Instant> = None;
        loop {
            tokio::select! {
                piece = pieces.recv() => match piece {
                    Some(Piece::Wrote(stream, bytes)) => {
                        self.take(stream, &bytes);
                        self.tell(teller, false).await;
                    }
                    Some(Piece::Started { again }) => {
                        // What an earlier try wrote that does not count says nothing of this one.
                        self.before = if again { teller.before } else { [0; 2] };
                        let (image, command) = (teller.image.clone(), teller.command.clone());
                        teller.tell(&Started { seq: teller.key.seq, image, command, again }).await;
                    }
                    Some(Piece::Pulling(progress)) if pulled.is_none_or(|last| last.elapsed() >= BEAT) => {
                        pulled = Some(Instant::now());
                        teller.tell(&Pulling { seq: teller.key.seq, image: teller.image.clone(), progress }).await;
                    }
                    Some(Piece::Pulling(_)) => {}
                    None => break,
                },
                _ = beat.tick() => self.tell_lines(teller).await,
            }
        }
        self.tell(teller, true).await;
    }

    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        self.total += bytes.len();
        let room = WHOLE.saturating_sub(self.whole.len());
        self.whole.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.stream(stream).take(bytes);
    }

    fn stream(&mut self, stream: Stream) -> &mut Written {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }

    /// The head and the tail of what was printed.
    pub(super) fn stdout(&self, redactor: &Redactor) -> String {
        self.out.text(redactor)
    }

    /// The head and the tail of what was complained.
    pub(super) fn stderr(&self, redactor: &Redactor) -> String {
        self.err.text(redactor)
    }

    /// All of it, where that is more than is shown at once.
    pub(super) fn whole(&self, redactor: &Redactor) -> Option<String> {
        if self.total <= SHOWN_OUTPUT {
            return None;
        }
        let text = String::from_utf8_lossy(&self.whole);
        let settled = if self.total > WHOLE { redactor.settled(&text) } else { text.len() };
        let mut text = redactor.text(&text[..settled]).into_owned();
        if self.total > WHOLE {
            text.push_str(&format!("\n[{} bytes more were printed and are not kept]\n", self.total - WHOLE));
        }
        Some(text)
    }

    /// Tells what fills an event, or all there is.
    async fn tell(&mut self, teller: &Teller, all: bool) {
        for stream in [Stream::Out, Stream::Err] {
            while self.stream(stream).pending.len() >= LONGEST_PIECE || (all && !self.stream(stream).pending.is_empty()) {
                self.tell_piece(stream, teller, all).await;
            }
        }
    }

    /// Tells the lines that are whole.
    async fn tell_lines(&mut self, teller: &Teller) {
        for stream in [Stream::Out, Stream::Err] {
            if self.stream(stream).pending.contains(&b'\n') {
                self.tell_piece(stream, teller, false).await;
            }
        }
    }

    async fn tell_piece(&mut self, stream: Stream, teller: &Teller, all: bool) {
        let before = self.before[stream as usize];
        let written = self.stream(stream);
        let (from, bytes) = written.next_piece(all, &teller.redactor);
        let to = from + bytes.len();
        if to <= before || from > TOLD {
            return;
        }
        let left_out = to > TOLD;
        let text = (!left_out).then(|| String::from_utf8_lossy(&bytes).into_owned());
        teller.tell(&Wrote { seq: teller.key.seq, stream: stream.word().to_owned(), to: to as u64, text, left_out }).await;
    }
}

impl Written {
    fn take(&mut self, bytes: &[u8]) {
        self.total += bytes.len();
        let room = (HEAD + MARGIN).saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        let most = TAIL + MARGIN;
        self.tail.extend(&bytes[bytes.len().saturating_sub(most)..]);
        self.tail.drain(..self.tail.len().saturating_sub(most));
        // What nobody will be told needs no room.
        if self.told + self.pending.len() <= TOLD + LONGEST_PIECE {
            self.pending.extend_from_slice(bytes);
        }
    }

    /// Where the next piece begins, and the piece: lines where it can be, so that no character and no secret is cut.
    fn next_piece(&mut self, all: bool, redactor: &Redactor) -> (usize, Vec<u8>) {
        let window = &self.pending[..self.pending.len().min(LONGEST_PIECE)];
        let is_last = all && window.len() == self.pending.len();
        let lines = || window.iter().rposition(|byte| *byte == b'\n').map(|end| end + 1);
        let end = if is_last { window.len() } else { lines().unwrap_or_else(|| find_settled_end(window, redactor)) };
        let from = self.told;
        self.told += end;
        (from, self.pending.drain(..end).collect())
    }

    /// All of it, or its head and its tail with what is left out between them.
    fn text(&self, redactor: &Redactor) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.total <= HEAD + TAIL {
            // What the tail does not hold is all in the head.
            let bytes = [&self.head[..self.total - tail.len()], &tail].concat();
            return redactor.text(&String::from_utf8_lossy(&bytes)).into_owned();
        }
        let head = String::from_utf8_lossy(&self.head);
        let head = redactor.text(&head[..redactor.settled(&head)]);
        let head = &head[..end_of_lines(&head, HEAD)];
        let tail = String::from_utf8_lossy(&tail);
        let tail = redactor.text(&tail);
        let tail = &tail[start_of_lines(&tail, tail.len().saturating_sub(TAIL))..];
        let line_break = if head.ends_with('\n') { "" } else { "\n" };
        let between = left_out(self.total.saturating_sub(head.len() + tail.len()) as u64);
        format!("{head}{line_break}{between}{tail}")
    }
}

/// Where a head of at most so many bytes ends: with a line, where one ends near there.
fn end_of_lines(text: &str, most: usize) -> usize {
    let end = text.floor_char_boundary(most);
    text[..end].rfind('\n').map(|line| line + 1).filter(|line| *line + MARGIN > end).unwrap_or(end)
}

/// Where a tail begins that leaves out at least so many bytes: with a line, where one begins near there.
fn start_of_lines(text: &str, least: usize) -> usize {
    let start = text.ceil_char_boundary(least);
    text[start..].find('\n').filter(|line| *line < MARGIN).map_or(start, |line| start + line + 1)
}

/// How much of a long line can be told before the rest of it is there. Never nothing.
fn find_settled_end(window: &[u8], redactor: &Redactor) -> usize {
    let whole = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
        // This is no text.
        Err(_) => return window.len(),
    };
    match redactor.settled(whole) {
        0 => window.len(),
        settled => settled,
    }
}

impl Stream {
    fn word(self) -> &'static str {
        match self {
            Self::Out => "stdout",
            Self::Err => "stderr",
        }
    }
}

impl Teller {
    /// What is told is not waited for by the run's journal: that it could not be written shows there soon enough.
    async fn tell(&self, payload: &impl Payload) {
        let event = Draft::of_run(&self.key.run, payload).map(|data| self.redactor.value(data));
        if let Err(error) = self.events.append(vec![event]).await {
            tracing::warn!(%error, "watchers are not told of a command's output");
        }
    }

    /// How much an earlier host has told of this command.
    pub(super) async fn count_told(events: &dyn EventLog, key: &Key) -> [usize; 2] {
        const PAGE: u32 = 1_000;
        let (mut told, mut cursor) = ([0; 2], 0);
        while let Ok(page) = events.after(cursor, Some(&key.run), PAGE).await {
            let Some(last) = page.last().map(|event| event.cursor) else { break };
            for event in page {
                if let Some(wrote) = event.draft.payload::<Wrote>().filter(|wrote| wrote.seq == key.seq) {
                    let stream = usize::from(wrote.stream == Stream::Err.word());
                    told[stream] = told[stream].max(usize::try_from(wrote.to).unwrap_or_default());
                }
            }
            cursor = last;
        }
        told
    }
}
