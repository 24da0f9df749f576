//! Where the client library comes in: a socket that nobody but this user's programs can reach, and a client that goes there
//! whatever it is asked for. Lets in only who is expected.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Channel};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// What is sent back, piece by piece.
pub(super) type Body = Channel<Bytes, io::Error>;

/// How long nobody is let in after that has failed, as it does where too many files are open.
const REST: Duration = Duration::from_millis(50);

/// The way in.
pub(super) struct Door {
    client: genai::Client,
    expected: Arc<Expected>,
    /// Ends with the door.
    _porter: JoinSet<()>,
    /// Only its owner can enter it.
    _folder: TempDir,
}

/// One request of the client library.
pub(super) struct Visit {
    pub(super) head: Parts,
    pub(super) body: Bytes,
    /// What stands behind the address that it was given.
    pub(super) rest: String,
    pub(super) answer: Answer,
}

/// Where a visit is answered. Dropping it cuts the connection.
pub(super) struct Answer(oneshot::Sender<Response<Body>>);

/// Where one visitor is expected, as long as this lives.
pub(super) struct Address {
    number: u64,
    expected: Arc<Expected>,
}

#[derive(Default)]
struct Expected {
    last: AtomicU64,
    visitors: Mutex<HashMap<u64, oneshot::Sender<Visit>>>,
}

impl Door {
    /// Opens it, for as long as it lives.
    pub(super) async fn open() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("baton-").tempdir()?;
        let path = folder.path().join("models");
        let listener = UnixListener::bind(&path)?;
        let client = reqwest::Client::builder().unix_socket(path).no_proxy().no_gzip().redirect(Policy::none());
        let client = client.http1_only().pool_max_idle_per_host(0).tls_certs_only([]).build().map_err(io::Error::other)?;
        let client = genai::Client::builder().with_reqwest(client).build().map_err(io::Error::other)?;
        let expected = Arc::<Expected>::default();
        let mut porter = JoinSet::new();
        porter.spawn(let_in(listener, Arc::clone(&expected)));
        Ok(Self { client, expected, _porter: porter, _folder: folder })
    }

    /// A client that goes nowhere else.
    pub(super) fn client(&self) -> genai::Client {
        self.client.clone()
    }

    /// Expects one visitor.
    pub(super) fn expect(&self) -> (Address, oneshot::Receiver<Visit>) {
        let (visitor, visit) = oneshot::channel();
        let number = self.expected.last.fetch_add(1, Ordering::Relaxed);
        self.expected.visitors().insert(number, visitor);
        (Address { number, expected: Arc::clone(&self.expected) }, visit)
    }
}

impl Address {
    /// As the client library is told. The name is never looked up.
    pub(super) fn text(&self) -> String {
        format!("http://baton.invalid/{}/", self.number)
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.expected.visitors().remove(&self.number);
    }
}

impl Answer {
    /// A body, and where its pieces are put; one of them waits at most.
    pub(super) fn body() -> (http_body_util::channel::Sender<Bytes, io::Error>, Body) {
        Channel::new(1)
    }

    /// Answers. Whoever has gone is not told.
    pub(super) fn begin(self, status: StatusCode, headers: HeaderMap, body: Body) {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let _ = self.0.send(response);
    }
}

impl Expected {
    fn visitors(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Visit>>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: such a visitor is not expected.
    async fn receive(&self, request: Request<Incoming>) -> Option<Result<Response<Body>, io::Error>> {
        let path = request.uri().path_and_query()?.as_str().to_owned();
        let (number, rest) = path.strip_prefix('/')?.split_once('/')?;
        let visitor = self.visitors().remove(&number.parse().ok()?)?;
        let (head, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Some(Err(io::Error::other(error))),
        };
        let (answer, answered) = oneshot::channel();
        visitor.send(Visit { head, body, rest: rest.to_owned(), answer: Answer(answer) }).ok()?;
        Some(answered.await.map_err(io::Error::other))
    }
}

async fn let_in(listener: UnixListener, expected: Arc<Expected>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let expected = Arc::clone(&expected);
                    let service = service_fn(move |request| {
                        let expected = Arc::clone(&expected);
                        async move { expected.receive(request).await.unwrap_or_else(|| Ok(stranger())) }
                    });
                    connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn stranger() -> Response<Body> {
    let (_, body) = Answer::body();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
