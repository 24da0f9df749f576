//! The way to the services: one connection for each call, and a reply that is read piece by piece. Everything a service
//! sends is bounded in bytes and in time. Knows no protocol above HTTP.

mod connector;
mod meter;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::Proxy;
use connector::Connector;
use meter::{Meter, Metered};

/// Most bytes of a reply's body.
pub(super) const LONGEST_REPLY: usize = 8 * 1024 * 1024;
/// Most bytes that are received before the reply's body begins, informational responses (1xx) among them.
const LONGEST_PROLOGUE: u64 = 256 * 1024;
/// Most bytes of one set of headers.
const LONGEST_HEAD: usize = 64 * 1024;
/// Most bytes that are received behind the head, whatever they are: framing, comments, what an event repeats.
const LONGEST_TRANSFER: u64 = 160 * 1024 * 1024;
/// Bytes of an error that are read; its beginning says what is wrong.
const LONGEST_ERROR: usize = 64 * 1024;
/// How long an error is read.
const ERROR_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes calls. All accounts share one.
pub struct Client {
    connector: Connector,
    timeout: Duration,
}

/// One call.
pub(super) struct Call {
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A reply whose head is here. Dropping it closes the connection.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    connection: Option<Connection>,
    /// The connection closes without it.
    _sender: http1::SendRequest<Full<Bytes>>,
    meter: Meter,
    deadline: Instant,
}

/// Why there is no reply, or no whole one. Each holds a sentence.
#[derive(Debug, PartialEq)]
pub(super) enum Obstacle {
    /// There is no connection, so nothing was sent.
    Unreachable(String),
    /// The connection ended or time ran out after the request was sent.
    Broken(String),
    /// The service sends more than is read.
    TooLong(String),
}

/// Reads and writes while somebody polls it. It is polled by whoever waits for the reply, so it ends with them.
type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

impl Client {
    /// A client that waits at most `timeout` for a whole reply. The process's TLS provider must be installed before.
    pub fn new(proxy: Option<&Proxy>, timeout: Duration) -> Result<Self, String> {
        Ok(Self { connector: Connector::new(proxy)?, timeout })
    }

    /// Sends a call and waits for the head of its reply.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Obstacle> {
        let deadline = Instant::now() + self.timeout;
        let stream = self.connect(&call.url).await.map_err(Obstacle::Unreachable)?;
        let (metered, meter) = Metered::new(stream, LONGEST_PROLOGUE);
        let exchanged = timeout_at(deadline, exchange(TokioIo::new(metered), call)).await;
        let (response, connection, sender) = exchanged.unwrap_or_else(|_| Err(late())).map_err(|obstacle| match obstacle {
            Obstacle::Broken(_) if meter.is_exceeded() => {
                Obstacle::TooLong(format!("more than {LONGEST_PROLOGUE} bytes come before its body."))
            }
            other => other,
        })?;
        meter.allow(LONGEST_TRANSFER);
        let (head, body) = response.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body, connection, _sender: sender, meter, deadline })
    }

    /// Whether something takes connections at an address. Sends nothing but what opens an encrypted one.
    pub async fn reach(&self, address: &str) -> Result<(), String> {
        let url: Uri = address.parse().map_err(|error| format!("the address cannot be used ({error})"))?;
        self.connect(&url).await.map(drop)
    }

    async fn connect(&self, url: &Uri) -> Result<Box<dyn connector::Stream>, String> {
        let connecting = timeout(CONNECT_TIMEOUT.min(self.timeout), self.connector.connect(url)).await;
        connecting.unwrap_or_else(|_| Err("nothing answers".to_owned()))
    }
}

impl Answer {
    /// The next piece of the body; none at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Obstacle> {
        loop {
            let frame = timeout_at(self.deadline, alongside(&mut self.connection, self.body.frame())).await;
            match frame.map_err(|_| late())? {
                None => return Ok(None),
                // Trailers say nothing that is wanted.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Ok(Some(data)),
                    Err(_) => continue,
                },
                Some(Err(_)) if self.meter.is_exceeded() => {
                    return Err(Obstacle::TooLong(format!("it has more than the {LONGEST_TRANSFER} bytes that are received.")));
                }
                Some(Err(error)) => return Err(broken(&error)),
            }
        }
    }

    /// The whole body.
    pub(super) async fn whole(&mut self) -> Result<Vec<u8>, Obstacle> {
        let too_long = || Obstacle::TooLong(format!("it has more than the {LONGEST_REPLY} bytes that are read."));
        if hyper::body::Body::size_hint(&self.body).lower() > LONGEST_REPLY as u64 {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len() + piece.len() > LONGEST_REPLY {
                return Err(too_long());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The beginning of an error's body. That it breaks off makes it no other error.
    pub(super) async fn beginning(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        self.deadline = self.deadline.min(Instant::now() + ERROR_TIMEOUT);
        while let Ok(Some(piece)) = self.piece().await {
            body.extend_from_slice(&piece);
            if body.len() >= LONGEST_ERROR {
                body.truncate(LONGEST_ERROR);
                break;
            }
        }
        body
    }

    /// How the body is compressed, which nobody asked for and nothing here undoes.
    pub(super) fn compression(&self) -> Option<String> {
        let encoding = self.headers.get(CONTENT_ENCODING)?.to_str().unwrap_or("an unknown encoding").trim();
        (!encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity")).then(|| encoding.chars().take(40).collect())
    }
}

type Exchanged = (hyper::Response<Incoming>, Option<Connection>, http1::SendRequest<Full<Bytes>>);

async fn exchange<T>(stream: T, call: Call) -> Result<Exchanged, Obstacle>
where
    T: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    let handshake = http1::Builder::new().max_buf_size(LONGEST_HEAD).handshake(stream).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
    let mut connection: Option<Connection> = Some(Box::pin(connection));
    let response = alongside(&mut connection, sender.send_request(request(call))).await;
    Ok((response.map_err(|error| broken(&error))?, connection, sender))
}

fn request(call: Call) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::from(call.body)));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = call.headers;
    let host = call.url.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    let path = call.url.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

/// What `wanted` comes to, while the connection is driven.
async fn alongside<T>(connection: &mut Option<Connection>, wanted: impl Future<Output = T>) -> T {
    let mut wanted = pin!(wanted);
    poll_fn(|context| {
        if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
            // What it has received is still there, and so is the reason why it ended.
            *connection = None;
        }
        wanted.as_mut().poll(context)
    })
    .await
}

fn late() -> Obstacle {
    Obstacle::Broken("no whole reply came in time.".to_owned())
}

fn broken(error: &hyper::Error) -> Obstacle {
    if error.is_parse_too_large() {
        return Obstacle::TooLong(format!("its head has more than the {LONGEST_HEAD} bytes that are read."));
    }
    Obstacle::Broken(format!("the connection failed: {}", chain(error)))
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
