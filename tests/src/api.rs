//! Requests over HTTP as they are written, and answers as they are read: what tests send and get, however wrong it is.

use std::io::{self, Read, Write};

use serde_json::Value;

/// What the host answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Its JSON, once the status is the one that is expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The code of the problem that it is, once the status is the one that is expected, and it names the request as the header does.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        let is_problem = self.header("content-type") == Some("application/problem+json");
        assert!(is_problem, "{} {:?} {}", self.status, self.headers, self.text());
        let document = self.expect(status);
        assert_eq!(document["request_id"].as_str(), self.header("x-request-id"), "{document}");
        document["code"].as_str().unwrap().to_owned()
    }

    /// The same, once the status is the one that is expected.
    #[must_use]
    #[track_caller]
    pub fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The text of a request that ends its connection.
pub fn request(method: &str, target: &str, host: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut lines = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    headers.iter().for_each(|(name, value)| lines.push_str(&format!("{name}: {value}\r\n")));
    if !body.is_empty() || method != "GET" {
        lines.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    [lines.as_bytes(), b"\r\n", body].concat()
}

/// Sends a request and reads the answer to its end.
pub fn exchange(mut stream: impl Read + Write, request: &[u8]) -> io::Result<Answer> {
    // A host that rejects a body need not read it to its end.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        read?;
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended without an answer"));
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|first| first.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let body = bytes[end + 4..].to_vec();
    let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Ok(Answer { status, body: if is_chunked { join_chunks(&body) } else { body }, headers })
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok()).unwrap_or_default();
        let (begin, last) = (end + 2, (end + 2 + size).min(rest.len()));
        joined.extend_from_slice(&rest[begin..last]);
        rest = rest.get(last + 2..).unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    joined
}
