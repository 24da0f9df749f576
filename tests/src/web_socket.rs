//! A client of WebSockets that sends whatever a test tells it to. Knows no more of the protocol than the host's frames need.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use serde_json::Value;

/// A WebSocket that is open.
pub struct WebSocket<S> {
    reader: BufReader<S>,
}

/// What came from the host.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A frame.
    Frame(Value),
    /// The host closes the connection, with this code and reason.
    Close(u16, String),
}

impl<S: Read + Write> WebSocket<S> {
    /// Opens one at a path below `/api/v1`, with further lines of the head. The status where it is not 101.
    pub fn open(mut stream: S, path: &str, head: &str) -> io::Result<Result<Self, u16>> {
        write!(
            stream,
            "GET /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{head}\r\n"
        )?;
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| line != "\r\n") {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            lines.push(line);
        }
        let status = lines[0].split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Ok(if status == 101 { Ok(Self { reader }) } else { Err(status) })
    }

    /// Sends a text.
    pub fn send(&mut self, text: &str) -> io::Result<()> {
        let mut frame = vec![0x81];
        match u16::try_from(text.len()) {
            Ok(length @ 0..126) => frame.push(0x80 | length as u8),
            Ok(length) => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend((text.len() as u64).to_be_bytes());
            }
        }
        // A mask of nothing but zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.reader.get_mut().write_all(&frame)
    }

    /// What comes next.
    #[expect(clippy::should_implement_trait, reason = "reading can fail, so it is no iterator")]
    pub fn next(&mut self) -> io::Result<Message> {
        loop {
            let mut head = [0; 2];
            self.reader.read_exact(&mut head)?;
            let length = match head[1] {
                126 => u64::from(u16::from_be_bytes(self.bytes()?)),
                127 => u64::from_be_bytes(self.bytes()?),
                length => u64::from(length),
            };
            let mut body = vec![0; length as usize];
            self.reader.read_exact(&mut body)?;
            match head[0] {
                0x81 => return serde_json::from_slice(&body).map(Message::Frame).map_err(io::Error::from),
                0x88 => {
                    let (code, reason) = body.split_first_chunk().unwrap_or((&[0; 2], &[]));
                    return Ok(Message::Close(u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()));
                }
                _ => {}
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
