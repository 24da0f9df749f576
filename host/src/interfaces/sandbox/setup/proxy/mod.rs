//! The proxy through which a setup reaches the network: it listens on a Unix socket, which the forwarder in the container
//! connects to, and lets through to the hosts that the operator allows. It notes every host, reached or denied, and bounds
//! connections, bytes and time. What is encrypted it does not read.

mod head;
mod registries;
mod rules;
#[cfg(test)]
mod tests;
mod upstream;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc::UnboundedSender},
    task::{JoinHandle, JoinSet},
};

pub use registries::Registry;
pub(super) use rules::{Host, Network, Rules};
pub use upstream::Onward;

use crate::interfaces::keys::Keys;
use head::{Head, Target};
use upstream::Unreached;

/// The socket in its folder.
pub(super) const SOCKET: &str = "s";
/// Connections at once.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(120);
/// Bytes that are copied at once.
const PIECE: usize = 32 << 10;
/// Hosts that are noted.
const MOST_NOTED: usize = 500;
/// Bytes of the name of a host that is noted.
const LONGEST_NOTED: usize = 260;
/// How long it takes until a failed `accept` is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// What a proxy is made of.
#[derive(Clone)]
pub(super) struct Ways {
    /// Which hosts may be reached.
    pub rules: Rules,
    /// The operator's own proxy.
    pub onward: Option<Onward>,
    /// Registries that want a secret, by name.
    pub registries: BTreeMap<String, Registry>,
    /// Finds the secrets.
    pub keys: Arc<dyn Keys>,
    /// Bytes that may pass, both ways together.
    pub most_bytes: u64,
}

/// A proxy at work. It ends when it is dropped, with all its connections.
pub(super) struct Proxy {
    noted: Arc<Mutex<Noted>>,
    work: JoinHandle<()>,
}

/// The hosts that a setup asked for, with their ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Those that were let through.
    pub reached: BTreeSet<String>,
    /// Those that were not.
    pub denied: BTreeSet<String>,
    /// The bytes that may pass are used up.
    pub is_used_up: bool,
}

/// Something that is noted for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A host was let through.
    Reached(String),
    /// A host was not.
    Denied(String),
}

/// What the connections of a proxy share.
struct Shared {
    ways: Ways,
    left: AtomicU64,
    noted: Arc<Mutex<Noted>>,
    notes: UnboundedSender<Note>,
}

impl Proxy {
    /// Listens on a socket in `folder`, where another that is gone may have listened before.
    pub(super) fn listen(folder: &Path, ways: Ways, notes: UnboundedSender<Note>) -> io::Result<Self> {
        let listener = bind(folder)?;
        let noted = Arc::default();
        let shared = Arc::new(Shared { left: AtomicU64::new(ways.most_bytes), ways, noted: Arc::clone(&noted), notes });
        Ok(Self { noted, work: tokio::spawn(accept(listener, shared)) })
    }

    /// What was asked for until now.
    pub(super) fn noted(&self) -> Noted {
        locked(&self.noted).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// A socket that every user of the container may connect to: which user that is, the engine decides later. On this machine
/// nobody else comes by the folders above it.
fn bind(folder: &Path) -> io::Result<UnixListener> {
    use std::os::{fd::AsRawFd as _, unix::fs::PermissionsExt as _};

    let path = folder.join(SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A path of a socket has 107 bytes at most, and the data directory may lie deep.
    let opened = fs::File::open(folder)?;
    let listener = if cfg!(target_os = "linux") {
        UnixListener::bind(format!("/proc/self/fd/{}/{SOCKET}", opened.as_raw_fd()))?
    } else {
        UnixListener::bind(&path)?
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

async fn accept(listener: UnixListener, shared: Arc<Shared>) {
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((client, _)) => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    shared.serve(client).await;
                    drop(permit);
                });
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

impl Shared {
    /// One connection, which carries one request.
    async fn serve(&self, mut client: UnixStream) {
        let served = match head::read(&mut client).await {
            Ok(Some(head)) => self.answer(&mut client, head).await,
            Ok(None) => Ok(()),
            Err(error) => refuse(&mut client, "400 Bad Request", &format!("Baton's proxy cannot read the request: {error}.")).await,
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection of a setup broke off");
        }
    }

    async fn answer(&self, client: &mut UnixStream, head: Head) -> io::Result<()> {
        match &head.target {
            Target::Registry { name, path } => self.of_registry(client, &head, name, path).await,
            Target::Tunnel { host, port } => {
                let Some((server, early)) = self.reach(client, host, *port, true).await? else { return Ok(()) };
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                self.count(early.len())?;
                client.write_all(&early).await?;
                self.join(client, server, &head.rest).await
            }
            Target::Plain { host, port, path } => {
                let Some((server, _)) = self.reach(client, host, *port, false).await? else { return Ok(()) };
                let named = if *port == 80 { host.clone() } else { format!("{host}:{port}") };
                let onward = self.onward(host);
                let address = if onward.is_some() { format!("http://{named}{path}") } else { path.clone() };
                let login = onward.and_then(Onward::authorization);
                let more: Vec<_> = login.iter().map(|login| ("proxy-authorization", login.as_str())).collect();
                let sent = [head.for_server(&address, &named, &more).as_bytes(), &head.rest].concat();
                self.join(client, server, &sent).await
            }
        }
    }

    fn onward(&self, host: &str) -> Option<&Onward> {
        self.ways.onward.as_ref().filter(|onward| onward.leads_to(host))
    }

    /// A connection to a host that is allowed, and what came from it already; else the client is told why there is none.
    async fn reach(
        &self,
        client: &mut UnixStream,
        host: &str,
        port: u16,
        as_tunnel: bool,
    ) -> io::Result<Option<(tokio::net::TcpStream, Vec<u8>)>> {
        let place = format!("{host}:{port}");
        let Some(allowed) = self.ways.rules.find(host, port) else {
            self.note(Note::Denied(place));
            let text = format!(
                "Baton: the operator does not allow setups to reach {host} at port {port}. [setup] hosts in the operator's settings lists what they may reach."
            );
            return refuse(client, "403 Forbidden", &text).await.map(|()| None);
        };
        let connected = match self.onward(host) {
            Some(onward) if as_tunnel => onward.tunnel(host, port).await,
            Some(onward) => onward.connect().await.map(|server| (server, Vec::new())),
            None => upstream::connect(host, port, allowed).await.map(|server| (server, Vec::new())),
        };
        match connected {
            Ok(connected) => {
                self.note(Note::Reached(place));
                Ok(Some(connected))
            }
            Err(Unreached::Forbidden) => {
                self.note(Note::Denied(place));
                let text = format!(
                    "Baton: {host} lies in a network that setups may not reach. [setup] networks in the operator's settings lists those they may."
                );
                refuse(client, "403 Forbidden", &text).await.map(|()| None)
            }
            Err(Unreached::Failed(error)) => {
                let text = format!("Baton: {host} cannot be reached at port {port}: {error}.");
                refuse(client, "502 Bad Gateway", &text).await.map(|()| None)
            }
        }
    }

    /// Copies both ways until both have ended; `first` is what the client said already.
    async fn join(&self, client: &mut UnixStream, mut server: tokio::net::TcpStream, first: &[u8]) -> io::Result<()> {
        self.count(first.len())?;
        server.write_all(first).await?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(self.copy(from_client, to_server), self.copy(from_server, to_client)).map(drop)
    }

    async fn copy(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let length = tokio::time::timeout(SILENCE, from.read(&mut piece)).await??;
            if length == 0 {
                return to.shutdown().await;
            }
            self.count(length)?;
            tokio::time::timeout(SILENCE, to.write_all(&piece[..length])).await??;
        }
    }

    /// Takes bytes off what may pass.
    fn count(&self, bytes: usize) -> io::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let taken = self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes));
        taken.map(drop).map_err(|_| {
            locked(&self.noted).is_used_up = true;
            io::Error::other("the setup has moved as many bytes as it may")
        })
    }

    /// Notes a host, and tells of it the first time.
    fn note(&self, note: Note) {
        let mut noted = locked(&self.noted);
        if noted.reached.len() + noted.denied.len() >= MOST_NOTED {
            return;
        }
        let (set, host) = match &note {
            Note::Reached(host) => (&mut noted.reached, host),
            Note::Denied(host) => (&mut noted.denied, host),
        };
        if host.len() <= LONGEST_NOTED && set.insert(host.clone()) {
            // Whether anybody listens does not matter.
            let _ = self.notes.send(note);
        }
    }
}

/// Tells a client in plain words why it gets nothing.
async fn refuse(client: &mut UnixStream, status: &str, text: &str) -> io::Result<()> {
    let text = text.replace(['\r', '\n'], " ");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
        text.len() + 1
    );
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await
}

fn locked(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}
