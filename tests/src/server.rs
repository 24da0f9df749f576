//! A server on loopback that answers whatever a test tells it to, however wrong that is.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use socket2::SockRef;

/// What the server was asked: the first line, the headers, names in lower case, and the body.
pub struct Asked {
    /// Such as `GET`.
    pub method: String,
    /// With the query.
    pub path: String,
    /// Name, colon, value, one a line.
    pub headers: String,
    /// Whatever came with it.
    pub body: Vec<u8>,
}

/// What it answers.
pub struct Reply {
    /// Such as `200 OK`.
    pub status: &'static str,
    /// Lines without their end.
    pub headers: Vec<String>,
    /// What comes after them.
    pub body: Vec<u8>,
    /// How the body is sent.
    pub manner: Manner,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In one piece, with its length.
    Whole,
    /// In one piece, without its length: it ends with the connection.
    Unsized,
    /// Again and again until the client reads no more.
    Endless,
    /// In pieces of so many bytes, so long apart, without its length.
    Slow(usize, Duration),
    /// Its first so many bytes; then the connection is closed in good order.
    Cut(usize),
    /// Its first so many bytes; then the connection is reset. With none of them the head is not sent either.
    Reset(usize),
}

impl Reply {
    /// An answer with a body.
    pub fn new(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), manner: Manner::Whole }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, header: impl Into<String>) -> Self {
        self.headers.push(header.into());
        self
    }

    /// The same without an end.
    #[must_use]
    pub fn endless(self) -> Self {
        self.sent(Manner::Endless)
    }

    /// The same, sent in this manner.
    #[must_use]
    pub fn sent(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

/// The server; it listens until the process ends.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one. `answer` is also told the port.
    pub fn start(answer: impl Fn(&Asked, u16) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (port, answer, asked) = (listener.local_addr().unwrap().port(), Arc::new(answer), Arc::new(Mutex::new(Vec::new())));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                // Whoever asked may go away at any time.
                thread::spawn(move || drop(serve(stream, port, &*answer, &log)));
            }
        });
        Self { port, asked }
    }

    /// What it was asked so far: method, path and headers of each.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, port: u16, answer: &dyn Fn(&Asked, u16) -> Reply, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
        headers.push_str(&format!("{}:{}\n", name.to_lowercase(), value.trim()));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let asked = Asked { method: words.next().unwrap_or_default(), path: words.next().unwrap_or_default(), headers, body };
    log.lock().unwrap().push(format!("{} {}\n{}", asked.method, asked.path, asked.headers));
    send(&answer(&asked, port), stream)
}

fn send(reply: &Reply, mut stream: TcpStream) -> std::io::Result<()> {
    if reply.manner == Manner::Reset(0) {
        return reset(&stream);
    }
    let is_sized = matches!(reply.manner, Manner::Whole | Manner::Cut(_) | Manner::Reset(_));
    let length = if is_sized { format!("Content-Length: {}\r\n", reply.body.len()) } else { String::new() };
    let headers: String = reply.headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(stream, "HTTP/1.1 {}\r\n{headers}{length}Connection: close\r\n\r\n", reply.status)?;
    let beginning = |length: usize| &reply.body[..length.min(reply.body.len())];
    match reply.manner {
        Manner::Whole | Manner::Unsized => stream.write_all(&reply.body)?,
        Manner::Endless => loop {
            stream.write_all(&reply.body)?;
        },
        Manner::Slow(length, pause) => {
            for piece in reply.body.chunks(length.max(1)) {
                stream.write_all(piece)?;
                thread::sleep(pause);
            }
        }
        Manner::Cut(length) => stream.write_all(beginning(length))?,
        Manner::Reset(length) => {
            stream.write_all(beginning(length))?;
            // Without a pause the reset may overtake what was sent.
            thread::sleep(Duration::from_millis(20));
            return reset(&stream);
        }
    }
    stream.flush()
}

/// Has the connection reset when it is dropped, instead of closed.
fn reset(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
