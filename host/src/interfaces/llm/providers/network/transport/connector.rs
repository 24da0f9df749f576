//! Opens connections: TCP, TLS where the address says so, and a tunnel through the operator's proxy. Sends no request.

use std::sync::Arc;

use hyper::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::{Service, ServiceExt};

use super::super::super::Proxy;
use super::{CONNECT_TIMEOUT, chain};

/// Both directions of a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Direct = HttpsConnector<HttpConnector>;
type Tunnelled = HttpsConnector<Tunnel<Direct>>;

/// Opens connections to services.
pub(super) struct Connector {
    direct: Direct,
    proxied: Option<(Matcher, Tunnelled)>,
}

impl Connector {
    /// What is plain HTTP is as a rule on this machine or beside it, and what is encrypted goes through the proxy unless
    /// its host is excepted.
    pub(super) fn new(proxy: Option<&Proxy>) -> Result<Self, String> {
        let tls = Arc::new(ClientConfig::with_platform_verifier().map_err(|error| error.to_string())?);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let direct = HttpsConnector::from((tcp, Arc::clone(&tls)));
        let proxied = proxy.map(|proxy| tunnelled(proxy, &direct, tls)).transpose()?;
        Ok(Self { direct, proxied })
    }

    /// A connection to the host of this address. The error says why there is none.
    pub(super) async fn connect(&self, url: &Uri) -> Result<Box<dyn Stream>, String> {
        match &self.proxied {
            Some((matcher, tunnelled)) if matcher.intercept(url).is_some() => open_stream(tunnelled.clone(), url).await,
            _ => open_stream(self.direct.clone(), url).await,
        }
    }
}

async fn open_stream<C>(connector: C, url: &Uri) -> Result<Box<dyn Stream>, String>
where
    C: Service<Uri, Error = Box<dyn std::error::Error + Send + Sync>>,
    C::Response: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    let stream = connector.oneshot(url.clone()).await.map_err(|error| chain(error.as_ref()))?;
    Ok(Box::new(TokioIo::new(stream)))
}

fn tunnelled(proxy: &Proxy, direct: &Direct, tls: Arc<ClientConfig>) -> Result<(Matcher, Tunnelled), String> {
    let unusable = || "it is not an http or https address".to_owned();
    let anywhere = Uri::from_static("https://service.invalid");
    let found = Matcher::builder().https(proxy.url.as_str()).build().intercept(&anywhere).ok_or_else(unusable)?;
    if !matches!(found.uri().scheme_str(), Some("http" | "https")) {
        return Err(unusable());
    }
    let mut tunnel = Tunnel::new(found.uri().clone(), direct.clone());
    if let Some(auth) = found.basic_auth() {
        tunnel = tunnel.with_auth(auth.clone());
    }
    let excepted = format!("localhost,127.0.0.0/8,::1,{}", proxy.except);
    let matcher = Matcher::builder().https(proxy.url.as_str()).no(excepted).build();
    Ok((matcher, HttpsConnector::from((tunnel, tls))))
}
