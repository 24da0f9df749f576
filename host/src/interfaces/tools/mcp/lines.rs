//! Messages as lines over the pipes of a program. What is not a message is skipped, counted and noted; an answer that is
//! too long, or that cannot be told from the text before it, is a failure of its request at once and of nothing else.

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use rmcp::{
    RoleClient,
    model::{ClientRequest, JsonRpcMessage, RequestId},
    service::TxJsonRpcMessage,
    transport::Transport,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    sync::Mutex,
    time::Instant,
};

use super::{
    answers::{self, Received, failure},
    notes::{Notes, excerpt_line},
    oversize::Oversize,
};

/// Bytes of one message; an answer's own bound is lower.
pub(super) const LARGEST_MESSAGE: usize = 8 << 20;
/// A line that is longer has no end.
const LONGEST_LINE: usize = 256 << 20;
/// How long the answer to a request may still come after one was found behind other text.
const PATIENCE: Duration = Duration::from_secs(2);
/// Places in a line at which a message is looked for.
const MOST_PLACES: usize = 4;
/// Bytes that are kept of a line that is too long.
const LONGEST_SHOWN: usize = 1 << 10;
/// Lines that the log shows of one program.
const MOST_LOGGED: u64 = 100;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The pipes of one program.
pub(super) struct Lines<R, W> {
    server: String,
    notes: Notes,
    input: Arc<Mutex<Option<W>>>,
    output: BufReader<R>,
    line: Vec<u8>,
    /// The line that is read is too long to be kept.
    oversize: Option<Oversize>,
    /// The requests that have no answer yet.
    open: HashSet<RequestId>,
    /// The one by which the conversation began.
    greeting: Option<RequestId>,
    /// An answer that was found behind other text, and when it is given up.
    swallowed: Option<(RequestId, Instant)>,
    patience: Duration,
}

impl<R: AsyncRead + Unpin, W> Lines<R, W> {
    pub(super) fn new(server: &str, output: R, input: W, notes: Notes) -> Self {
        Self {
            server: server.to_owned(),
            notes,
            input: Arc::new(Mutex::new(Some(input))),
            output: BufReader::with_capacity(64 << 10, output),
            line: Vec::new(),
            oversize: None,
            open: HashSet::new(),
            greeting: None,
            swallowed: None,
            patience: PATIENCE,
        }
    }

    /// Waits until there is more to read. Gives the request that is given up first, or nothing at the end.
    async fn more(&mut self) -> Option<Result<(), RequestId>> {
        let Some((id, until)) = self.swallowed.clone() else {
            return self.output.fill_buf().await.ok().filter(|read| !read.is_empty()).map(|_| Ok(()));
        };
        tokio::select! {
            read = self.output.fill_buf() => read.ok().filter(|read| !read.is_empty()).map(|_| Ok(())),
            () = tokio::time::sleep_until(until) => Some(Err(id)),
        }
    }

    /// Takes in what was read up to the next line break.
    fn take_in(&mut self) -> Option<Received> {
        let read = self.output.buffer();
        let end = read.iter().position(|byte| *byte == b'\n');
        let piece = &read[..end.unwrap_or(read.len())];
        match &mut self.oversize {
            Some(oversize) => oversize.read(piece),
            None if self.line.len() + piece.len() > LARGEST_MESSAGE => {
                let mut oversize = Oversize::default();
                oversize.read(&self.line);
                oversize.read(piece);
                // Its beginning is enough to show what it was.
                self.line.truncate(LONGEST_SHOWN);
                self.line.shrink_to_fit();
                self.oversize = Some(oversize);
            }
            None => self.line.extend_from_slice(piece),
        }
        let used = end.map_or(read.len(), |end| end + 1);
        self.output.consume(used);
        let answer = self.too_long();
        if end.is_none() {
            return answer;
        }
        let line = std::mem::take(&mut self.line);
        match self.oversize.take() {
            None => self.read_line(&line),
            Some(oversize) => {
                if oversize.answered().is_none() {
                    self.skip(&line);
                }
                answer
            }
        }
    }

    /// What is said to a request whose answer is too long, as soon as it is known which one that is.
    fn too_long(&mut self) -> Option<Received> {
        let id = self.oversize.as_ref()?.answered()?.clone();
        let megabytes = LARGEST_MESSAGE >> 20;
        self.settle(&id)
            .then(|| failure(id, format!("its answer is longer than {megabytes} MiB, which is the most that one message may have")))
    }

    fn read_line(&mut self, line: &[u8]) -> Option<Received> {
        let line = line.strip_prefix(BOM).unwrap_or(line).trim_ascii();
        if line.is_empty() {
            return None;
        }
        if let Some(message) = answers::message(&String::from_utf8_lossy(line), self.greeting.as_ref()) {
            match &message {
                JsonRpcMessage::Response(response) => drop(self.settle(&response.id)),
                JsonRpcMessage::Error(error) => drop(error.id.as_ref().map(|id| self.settle(id))),
                _ => {}
            }
            return Some(message);
        }
        if let Some(id) = self.answer_to(line).filter(|id| self.settle(id)) {
            return Some(failure(id, "its answer is not a message of JSON-RPC 2.0"));
        }
        self.skip(line);
        None
    }

    /// Skips a line that is no message.
    fn skip(&mut self, line: &[u8]) {
        if self.notes.noise(line) <= MOST_LOGGED {
            tracing::debug!(target: "baton::mcp", server = self.server, line = excerpt_line(line), "a line on standard output is not a message and is skipped");
        }
        let mut places = line.windows(2).enumerate().filter(|(place, pair)| *place > 0 && pair == b"{\"").map(|(place, _)| place);
        if let Some(id) = places.by_ref().take(MOST_PLACES).find_map(|place| self.answer_to(&line[place..])) {
            self.notes.swallowed();
            self.swallowed = Some((id, Instant::now() + self.patience));
        }
    }

    /// The open request that this text would answer, whether it can be read as a whole or not.
    fn answer_to(&self, text: &[u8]) -> Option<RequestId> {
        let mut message = Oversize::default();
        message.read(text);
        message.answered().filter(|id| self.open.contains(id)).cloned()
    }

    /// Whether the request was open, which it is not any more.
    fn settle(&mut self, id: &RequestId) -> bool {
        if self.swallowed.as_ref().is_some_and(|(swallowed, _)| swallowed == id) {
            self.swallowed = None;
        }
        self.open.remove(id)
    }
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Transport<RoleClient> for Lines<R, W> {
    type Error = io::Error;

    fn send(&mut self, item: TxJsonRpcMessage<RoleClient>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        if let JsonRpcMessage::Request(request) = &item {
            self.open.insert(request.id.clone());
            if matches!(request.request, ClientRequest::InitializeRequest(_)) {
                self.greeting = Some(request.id.clone());
            }
        }
        let input = Arc::clone(&self.input);
        // Whoever gives up waiting must not leave half a line behind.
        let sending = tokio::spawn(async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            let mut input = input.lock().await;
            let input = input.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            input.write_all(&line).await?;
            input.flush().await
        });
        async move { sending.await? }
    }

    async fn receive(&mut self) -> Option<Received> {
        loop {
            if let Err(id) = self.more().await? {
                self.settle(&id);
                let why = "its answer stands at the end of a line that begins with other text; the server has to end what it prints with a line break";
                return Some(failure(id, why));
            }
            if let Some(message) = self.take_in() {
                return Some(message);
            }
            if self.oversize.as_ref().is_some_and(|oversize| oversize.length() > LONGEST_LINE) {
                self.notes.ended("it wrote a line without an end");
                return None;
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        drop(self.input.lock().await.take());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ClientRequest, PingRequest, ServerResult};
    use tokio::io::DuplexStream;

    use super::*;

    /// A program that has been asked under the ids 1 and 2, and what it writes to.
    async fn asked() -> (Lines<DuplexStream, DuplexStream>, DuplexStream) {
        let (output, program) = tokio::io::duplex(64 << 20);
        let (input, _) = tokio::io::duplex(1 << 20);
        let mut lines = Lines::new("web", output, input, Notes::default());
        lines.patience = Duration::from_millis(50);
        for id in [1, 2] {
            let request = ClientRequest::PingRequest(PingRequest::default());
            drop(lines.send(JsonRpcMessage::request(request, RequestId::Number(id))));
        }
        (lines, program)
    }

    /// The answers that arrive: the id, and what is wrong if something is.
    async fn heard(text: &str) -> (Vec<(i64, Option<String>)>, Notes) {
        let (mut lines, mut program) = asked().await;
        program.write_all(text.as_bytes()).await.unwrap();
        // The end comes later than what is waited for.
        let ending = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(program);
        });
        let mut heard = Vec::new();
        while let Some(message) = lines.receive().await {
            match message {
                JsonRpcMessage::Response(response) => heard.push((number(&response.id), None)),
                JsonRpcMessage::Error(error) => heard.push((number(&error.id.unwrap()), Some(error.error.message.into_owned()))),
                other => panic!("{other:?}"),
            }
        }
        ending.await.unwrap();
        (heard, lines.notes)
    }

    fn number(id: &RequestId) -> i64 {
        match id {
            RequestId::Number(number) => *number,
            RequestId::String(text) => panic!("{text}"),
        }
    }

    fn answer(id: i64) -> String {
        serde_json::to_string(&Received::response(ServerResult::empty(()), RequestId::Number(id))).unwrap()
    }

    #[tokio::test]
    async fn what_is_no_message_is_skipped_and_counted() {
        let noise = "Server listening\n\n{not json\n\u{1b}[32mready\u{1b}[0m\n[1,2,3]\n\"hello\"\n{\"level\":\"info\"}\n";
        let (heard, notes) = heard(&format!("\u{feff}{}\r\n{noise}{}\n", answer(1), answer(2))).await;
        assert_eq!(heard, [(1, None), (2, None)]);
        let remarks = notes.remarks();
        assert!(remarks.len() == 1 && remarks[0].contains("6 lines") && remarks[0].contains("`Server listening`"), "{remarks:?}");
    }

    #[tokio::test]
    async fn an_answer_behind_other_text_fails_soon_with_a_hint() {
        let (first, notes) = heard(&format!("no line end {}\n", answer(1))).await;
        assert!(first.len() == 1 && first[0].0 == 1 && first[0].1.as_ref().unwrap().contains("line break"), "{first:?}");
        assert!(notes.remarks()[1].contains("line break"), "{:?}", notes.remarks());
        let (echoed, _) = heard(&format!("DEBUG sends {0}\n{0}\n", answer(1))).await;
        assert_eq!(echoed, [(1, None)], "a line of a log that shows the answer is not the answer");
        let (strange, _) = heard("DEBUG {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n").await;
        assert_eq!(strange, []);
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_fails_its_request_and_no_other() {
        let long = "x".repeat(LARGEST_MESSAGE);
        for text in [
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"{long}\"}}\n{}\n", answer(2)),
            format!("{{\"result\":\"{long}\",\"jsonrpc\":\"2.0\",\"id\":1}}\n{}\n", answer(2)),
        ] {
            let (heard, _) = heard(&text).await;
            assert!(heard[0].0 == 1 && heard[0].1.as_ref().unwrap().contains("8 MiB"), "{:?}", heard[0]);
            assert_eq!(heard[1..], [(2, None)]);
        }
        let (none, notes) = heard(&format!("{long}{long}\n{}\n", answer(2))).await;
        assert!(none == [(2, None)] && notes.remarks()[0].contains("`xxx"), "{none:?}");
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_fails_its_request() {
        let text = "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":\"no\"}\n{\"id\":1,\"error\":\"a log\"}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[nil]}\n";
        let (heard, _) = heard(text).await;
        assert_eq!(heard.iter().map(|(id, why)| (*id, why.is_some())).collect::<Vec<_>>(), [(2, true), (1, true)]);
    }

    #[tokio::test]
    async fn an_answer_that_is_nearly_json_is_an_answer() {
        let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let (heard, notes) = heard(&format!("{deep}\n{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[\"\\ud83d\",NaN]}}\n")).await;
        assert_eq!((heard, notes.remarks().len()), (vec![(1, None), (2, None)], 0));
    }
}
