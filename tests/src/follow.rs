//! A client that follows the events of a host by Server-Sent Events, over the socket in its data directory. Connects again for no
//! reason of its own.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::Value;

/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream that is open.
pub struct Follower {
    messages: BufReader<Chunks>,
    /// The id of the last message that had one.
    pub last_id: Option<i64>,
}

/// Why a stream was not opened.
#[derive(Debug)]
pub enum Refused {
    /// Nothing answers.
    Io(io::Error),
    /// This status, with this problem.
    Status(u16, Value),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Follower {
    /// Opens a stream with these parameters, such as `after=0`, and as a browser with the id of the last message that it has.
    pub fn open(socket: &Path, parameters: &str, last_event_id: Option<&str>) -> Result<Self, Refused> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let id = last_event_id.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        write!(stream, "GET /api/v1/events/stream?{parameters} HTTP/1.1\r\nhost: localhost\r\n{id}\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| line != "\r\n") {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            head.push(line);
        }
        let status = head[0].split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        if status == 200 {
            assert!(head.iter().any(|line| line.trim_end() == "content-type: text/event-stream"), "{head:?}");
            return Ok(Self { messages: BufReader::new(Chunks { reader, left: 0 }), last_id: None });
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or_default();
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Err(Refused::Status(status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The next frame; none once the host has closed the stream.
    #[expect(clippy::should_implement_trait, reason = "reading can fail, so it is no iterator")]
    pub fn next(&mut self) -> io::Result<Option<Value>> {
        let mut frame = None;
        loop {
            let mut line = String::new();
            if self.messages.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("id", id)) => self.last_id = id.parse().ok(),
                Some(("data", data)) => frame = serde_json::from_str(data).ok(),
                _ if line == "\n" && frame.is_some() => return Ok(frame),
                _ => {}
            }
        }
    }
}

/// The body of an answer that comes in chunks.
struct Chunks {
    reader: BufReader<UnixStream>,
    /// Bytes of the present chunk that are not read yet.
    left: usize,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let mut line = String::new();
            // The line break behind the chunk before comes first.
            while line.trim().is_empty() {
                line.clear();
                if self.reader.read_line(&mut line)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.left = usize::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            if self.left == 0 {
                return Ok(0);
            }
        }
        let most = self.left.min(buffer.len());
        let read = self.reader.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        Ok(read)
    }
}
