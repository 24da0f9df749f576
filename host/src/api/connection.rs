//! Takes connections up to a limit, and on the socket only those of this user. Closes one whose other end takes nothing of what
//! is sent to it.

use std::{
    future::{Ready, ready},
    io,
    net::SocketAddr,
    os::unix::net::SocketAddr as SocketPath,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::connect_info::Connected;
use axum_server::accept::Accept;
use tokio::{
    net::{TcpStream, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::Service;

use super::{patience::Patient, peer::Peer};

/// How long the other end may take nothing.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// Takes connections as long as there are permits.
#[derive(Clone)]
pub(super) struct Acceptor {
    permits: Arc<Semaphore>,
}

/// The requests of a connection, which has a permit for as long as it lasts.
#[derive(Clone)]
pub(super) struct Permitted<S> {
    inner: S,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Acceptor {
    /// For at most this many connections at once, over all that it is cloned for.
    pub(super) fn new(most: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(most)) }
    }

    fn permit<S>(&self, inner: S) -> io::Result<Permitted<S>> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.map_err(|_| io::Error::other("there are too many connections"))?;
        Ok(Permitted { inner, _permit: Arc::new(permit) })
    }
}

impl<S> Accept<TcpStream, S> for Acceptor {
    type Stream = Patient<TcpStream>;
    type Service = Permitted<S>;
    type Future = Ready<io::Result<(Patient<TcpStream>, Permitted<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Events are small, and wait for nothing.
        let accepted = stream.set_nodelay(true).and_then(|()| self.permit(service));
        ready(accepted.map(|service| (Patient::new(stream, WRITE_PATIENCE), service)))
    }
}

impl<S> Accept<UnixStream, S> for Acceptor {
    type Stream = Patient<UnixStream>;
    type Service = Permitted<S>;
    type Future = Ready<io::Result<(Patient<UnixStream>, Permitted<S>)>>;

    fn accept(&self, stream: UnixStream, service: S) -> Self::Future {
        let accepted = check_user(&stream).and_then(|()| self.permit(service));
        ready(accepted.map(|service| (Patient::new(stream, WRITE_PATIENCE), service)))
    }
}

/// The file of the socket lets in nobody else, unless somebody changed its mode.
fn check_user(stream: &UnixStream) -> io::Result<()> {
    let (user, own) = (stream.peer_cred()?.uid(), rustix::process::geteuid().as_raw());
    if user == own || user == 0 { Ok(()) } else { Err(io::Error::other(format!("user {user} may not use the socket of user {own}"))) }
}

impl<S: Service<Request>, Request> Service<Request> for Permitted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.inner.call(request)
    }
}

impl Connected<SocketAddr> for Peer {
    fn connect_info(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl Connected<SocketPath> for Peer {
    fn connect_info(_: SocketPath) -> Self {
        Self::Socket
    }
}
