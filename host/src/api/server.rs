//! Listens: on a socket in the data directory for this user's own programs, and on an address for all others. Does not start where
//! others could read along.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr, TcpListener},
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use axum_server::{
    Control, Handle,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::{rt::TokioExecutor, server::conn::auto::Builder};
use tokio::task::JoinSet;

use super::{connection::Acceptor, peer::Peer, router, setup_page};
use crate::{
    config::{ApiSettings, TlsFiles},
    operations::{
        Host, Problem, ProblemKind, ProblemSource,
        accounts::{credential, setup},
        path_text,
        serving::{Interface, Listening, Served},
        streams::EventHub,
    },
};

/// The socket in the data directory.
const SOCKET: &str = "api.sock";
/// How long requests in flight may take once the host stops.
const GRACE: Duration = Duration::from_secs(10);
/// How long the head of a request may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes and lines of the largest head.
const LARGEST_HEAD: usize = 64 << 10;
const LARGEST_HEAD_OF_2: u32 = 64 << 10;
const MOST_HEADERS: usize = 100;
/// Connections at once; more are closed as they come.
const MOST_CONNECTIONS: usize = 4_096;
/// Requests of one HTTP/2 connection at once.
const MOST_STREAMS: u32 = 100;
/// How often it is checked whether the certificate has changed.
const LOOK: Duration = Duration::from_secs(5);

/// Why the API does not start.
#[derive(Debug, thiserror::Error)]
enum ServerError {
    /// Others could read along.
    #[error("The API does not listen on {0}, which is not a loopback address: credentials would be sent in the clear.")]
    InTheClear(SocketAddr),
    /// The address cannot be used.
    #[error("The API cannot listen on {address}: {error}.")]
    Address { address: SocketAddr, error: io::Error },
    /// The socket cannot be made.
    #[error("The API cannot listen on its socket in the data directory: {0}.")]
    Socket(io::Error),
    /// The certificate or its key cannot be used.
    #[error("The certificate of the API cannot be used: {0}.")]
    Certificate(io::Error),
}

impl ServerError {
    fn hint(&self) -> &'static str {
        match self {
            Self::InTheClear(_) => "Set `tls` under [api] in your settings, or name the proxy that ends TLS in `proxies` there.",
            Self::Address { .. } => "Give another address with --listen, or serve without the API with --no-api.",
            Self::Socket(_) => "Make the data directory writable for this user, or serve without the API with --no-api.",
            Self::Certificate(_) => "Correct `tls` under [api] in your settings: it names two files in PEM format.",
        }
    }
}

impl From<ServerError> for Problem {
    fn from(error: ServerError) -> Self {
        let kind = if matches!(error, ServerError::InTheClear(_)) { ProblemKind::Invalid } else { ProblemKind::Unavailable };
        Self::new(kind, "api_unavailable", error.to_string(), ProblemSource::Host).advise(error.hint())
    }
}

/// The API over HTTP, which a serving host offers.
pub struct Http;

#[async_trait]
impl Interface for Http {
    async fn start(&self, host: Arc<Host>, settings: ApiSettings) -> Result<Box<dyn Served>, Problem> {
        let hub = Arc::new(EventHub::start(Arc::clone(&host)).await?);
        // Before anybody can connect: what is begun afterwards would be cut off by a host that is told to stop meanwhile.
        let link = setup::begin(&host).await?;
        credential::create(&host)?;
        let started = Server::start(Arc::clone(&host), hub, settings).await;
        let mut server = started.inspect_err(|_| credential::remove(&host))?;
        server.listening.setup = link.map(|link| setup_page::link(&server.listening.url, &link.secret));
        Ok(Box::new(server))
    }
}

/// The API while it is served.
struct Server {
    host: Arc<Host>,
    hub: Arc<EventHub>,
    socket: PathBuf,
    listening: Listening,
    control: Control,
    tasks: JoinSet<io::Result<()>>,
}

impl Server {
    /// Begins to serve a host.
    async fn start(host: Arc<Host>, hub: Arc<EventHub>, settings: ApiSettings) -> Result<Self, ServerError> {
        check_address(&settings)?;
        let socket = host.config().data_dir.join(SOCKET);
        let tls = match &settings.tls {
            Some(files) => Some(load_certificate(files).await.map_err(ServerError::Certificate)?),
            None => None,
        };
        let tcp = listen(settings.listen).map_err(|error| ServerError::Address { address: settings.listen, error })?;
        let address = tcp.local_addr().map_err(|error| ServerError::Address { address: settings.listen, error })?;
        let unix = listen_on_socket(&socket).map_err(ServerError::Socket)?;
        let listening = Listening::new(address, tls.is_some(), path_text(&socket));
        let files = settings.tls.clone();
        let service = router(Arc::clone(&host), Arc::clone(&hub), settings).into_make_service_with_connect_info::<Peer>();
        let (control, mut tasks) = (Control::new(), JoinSet::new());
        let acceptor = Acceptor::new(MOST_CONNECTIONS);
        let mut of_socket = axum_server::from_unix(unix).map_err(ServerError::Socket)?.acceptor(acceptor.clone());
        bound(of_socket.http_builder());
        let of_socket = of_socket.first_request_timeout(HEAD_PATIENCE).handle(Handle::with_control(control.clone()));
        tasks.spawn(of_socket.serve(service.clone()));
        let unusable = |error| ServerError::Address { address, error };
        let mut of_address = axum_server::from_tcp(tcp).map_err(unusable)?.acceptor(acceptor);
        bound(of_address.http_builder());
        let of_address = of_address.first_request_timeout(HEAD_PATIENCE).handle(Handle::with_control(control.clone()));
        match tls {
            Some(tls) => {
                tasks.spawn(watch_certificate(tls.clone(), files));
                tasks.spawn(of_address.map(|inner| RustlsAcceptor::new(tls).acceptor(inner)).serve(service))
            }
            None => tasks.spawn(of_address.serve(service)),
        };
        Ok(Self { host, hub, socket, listening, control, tasks })
    }
}

#[async_trait]
impl Served for Server {
    fn listening(&self) -> Listening {
        self.listening.clone()
    }

    async fn stop(mut self: Box<Self>) {
        self.hub.close();
        self.control.graceful_shutdown(Some(GRACE));
        let ended = async { while self.tasks.join_next().await.is_some_and(|_| self.control.connection_count() > 0) {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("requests to the API were cut off as the host stopped");
        }
        self.tasks.abort_all();
        credential::remove(&self.host);
        // The next host makes it again.
        let _ = fs::remove_file(&self.socket);
    }
}

/// Beyond this machine only what nobody can read along, or what a proxy passes on that the settings name.
fn check_address(settings: &ApiSettings) -> Result<(), ServerError> {
    let is_safe = settings.listen.ip().is_loopback() || settings.tls.is_some() || !settings.proxies.is_empty();
    if is_safe { Ok(()) } else { Err(ServerError::InTheClear(settings.listen)) }
}

/// Whether a connection may be spoken to: without TLS beyond this machine only the named proxies.
pub(super) fn may_connect(settings: &ApiSettings, from: IpAddr) -> bool {
    let from = from.to_canonical();
    settings.tls.is_some() || from.is_loopback() || settings.listen.ip().is_loopback() || settings.proxies.contains(&from)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes the place of a socket that a host left which was killed: the data directory has one host.
fn listen_on_socket(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Bounds what a connection may take before its first request is understood.
fn bound(http: &mut Builder<TokioExecutor>) {
    let _ = http.http1().header_read_timeout(HEAD_PATIENCE).max_buf_size(LARGEST_HEAD).max_headers(MOST_HEADERS);
    let _ = http.http2().max_concurrent_streams(MOST_STREAMS).max_header_list_size(LARGEST_HEAD_OF_2).keep_alive_interval(HEAD_PATIENCE);
}

async fn load_certificate(files: &TlsFiles) -> io::Result<RustlsConfig> {
    RustlsConfig::from_pem_file(&files.certificate, &files.key).await
}

/// Loads the certificate again when its files change. Files that cannot be used change nothing.
async fn watch_certificate(config: RustlsConfig, files: Option<TlsFiles>) -> io::Result<()> {
    let Some(files) = files else { return Ok(()) };
    let changed = || [&files.certificate, &files.key].map(|file| fs::metadata(file).and_then(|about| about.modified()).ok());
    let mut known: [Option<SystemTime>; 2] = changed();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = changed();
        if now == known {
            continue;
        }
        known = now;
        match config.reload_from_pem_file(&files.certificate, &files.key).await {
            Ok(()) => tracing::info!("the certificate of the API was loaded again"),
            Err(error) => tracing::error!("the changed certificate of the API cannot be used: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str) -> ApiSettings {
        ApiSettings { listen: listen.parse().unwrap(), ..ApiSettings::default() }
    }

    #[test]
    fn beyond_loopback_it_listens_only_with_tls_or_behind_a_named_proxy() {
        let files = TlsFiles { certificate: "c".into(), key: "k".into() };
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        assert!(check_address(&settings("127.0.0.1:0")).is_ok() && check_address(&settings("[::1]:0")).is_ok());
        assert!(matches!(check_address(&settings("0.0.0.0:0")), Err(ServerError::InTheClear(_))));
        assert!(check_address(&ApiSettings { tls: Some(files), ..settings("0.0.0.0:0") }).is_ok());
        let behind = ApiSettings { proxies: vec![proxy], ..settings("0.0.0.0:0") };
        assert!(check_address(&behind).is_ok() && may_connect(&behind, proxy));
        assert!(!may_connect(&behind, "10.0.0.2".parse().unwrap()));
        assert!(may_connect(&behind, "::ffff:10.0.0.1".parse().unwrap()), "an IPv4 address in its IPv6 form is the same");
    }
}
