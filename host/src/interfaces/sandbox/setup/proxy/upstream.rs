//! The proxy's way out: connects to a host at an address that the rules allow, or through the operator's own proxy. An address
//! is judged and connected to in one step, so that a name cannot be turned elsewhere between the two.

use std::{io, net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpStream, lookup_host},
};

use super::{head, rules::Allowed};

/// How long a host may take to be found and to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 8;

/// The operator's own proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Onward {
    host: String,
    port: u16,
    login: Option<String>,
    /// Hosts that are reached without it; `.example.org` stands for all below.
    except: Vec<String>,
}

/// Why a host was not reached.
#[derive(Debug)]
pub(super) enum Unreached {
    /// It resolves to addresses that the rules do not allow.
    Forbidden,
    /// It is not there, or does not answer.
    Failed(io::Error),
}

impl Onward {
    /// Reads what `HTTPS_PROXY` and `NO_PROXY` say; none where that is not a proxy that Baton can use.
    pub fn parse(proxy: &str, except: &str) -> Option<Self> {
        let rest = proxy.strip_prefix("http://").or_else(|| (!proxy.contains("://")).then_some(proxy))?;
        let authority = rest.split('/').next()?;
        let (login, address) = authority.rsplit_once('@').map_or((None, authority), |(login, address)| (Some(login), address));
        let address: http::uri::Authority = address.parse().ok()?;
        let except = except.split(',').map(|host| host.trim().trim_start_matches('*').to_ascii_lowercase());
        Some(Self {
            host: address.host().trim_matches(['[', ']']).to_owned(),
            port: address.port_u16().unwrap_or(80),
            login: login.map(|login| STANDARD.encode(decode_login(login))),
            except: except.filter(|host| !host.is_empty()).collect(),
        })
    }

    /// Whether a host is reached through it.
    pub(super) fn leads_to(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let is_excepted =
            |end: &String| host == end.trim_start_matches('.') || host.ends_with(&format!(".{}", end.trim_start_matches('.')));
        !self.except.iter().any(is_excepted)
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        let is_bare = self.host.contains(':');
        if is_bare { format!("http://[{}]:{}", self.host, self.port) } else { format!("http://{}:{}", self.host, self.port) }
    }

    /// The header by which it knows the operator.
    pub(super) fn authorization(&self) -> Option<String> {
        self.login.as_ref().map(|login| format!("Basic {login}"))
    }

    /// A connection to it.
    pub(super) async fn connect(&self) -> Result<TcpStream, Unreached> {
        let connected = tokio::time::timeout(PATIENCE, TcpStream::connect((self.host.as_str(), self.port))).await;
        connected.map_err(|_| late()).and_then(|connected| connected.map_err(Unreached::Failed))
    }

    /// A way through it to a host. What the host sent already comes with it.
    pub(super) async fn tunnel(&self, host: &str, port: u16) -> Result<(TcpStream, Vec<u8>), Unreached> {
        let mut stream = self.connect().await?;
        let authorization = self.authorization().map(|login| format!("Proxy-Authorization: {login}\r\n")).unwrap_or_default();
        let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
        let answered = tokio::time::timeout(PATIENCE, async {
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            let end = head::until_end(&mut stream, &mut answer).await?;
            let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let rest = answer.split_off(end);
            let line = String::from_utf8_lossy(&answer);
            match line.split(' ').nth(1) {
                Some(code) if code.starts_with('2') => Ok(rest),
                code => Err(io::Error::other(format!("the operator's proxy answers {}", code.unwrap_or("nothing that is HTTP")))),
            }
        });
        let rest = answered.await.map_err(|_| late())?.map_err(Unreached::Failed)?;
        Ok((stream, rest))
    }
}

impl std::fmt::Debug for Onward {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Onward").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A connection to a host, at the first of its addresses that is allowed and answers.
pub(super) async fn connect(host: &str, port: u16, allowed: Allowed<'_>) -> Result<TcpStream, Unreached> {
    let bare = host.trim_matches(['[', ']']);
    let found = tokio::time::timeout(PATIENCE, lookup_host((bare, port))).await.map_err(|_| late())?.map_err(Unreached::Failed)?;
    let addresses: Vec<SocketAddr> = found.filter(|address| allowed.at(address.ip())).take(MOST_ADDRESSES).collect();
    if addresses.is_empty() {
        return Err(Unreached::Forbidden);
    }
    let mut last = late();
    for address in addresses {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Unreached::Failed(error),
            Err(_) => last = late(),
        }
    }
    Err(last)
}

fn late() -> Unreached {
    Unreached::Failed(io::Error::from(io::ErrorKind::TimedOut))
}

/// A login of an address, in which `%40` stands for `@`.
fn decode_login(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|digits| hex::decode(digits).ok());
        rest = if code.is_some() { &after[2..] } else { after };
        bytes.push(code.map_or(byte, |code| code[0]));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_proxy_is_read_with_its_login_and_exceptions() {
        let onward = Onward::parse("http://ada:p%40ss@proxy.example:3128/", "localhost, .corp.example,*.lab.example").unwrap();
        assert_eq!((onward.host.as_str(), onward.port), ("proxy.example", 3128));
        assert_eq!(onward.authorization().unwrap(), format!("Basic {}", STANDARD.encode("ada:p@ss")));
        assert!(onward.leads_to("registry.example") && !onward.leads_to("localhost"));
        assert!(!onward.leads_to("a.corp.example") && !onward.leads_to("Corp.example") && !onward.leads_to("x.lab.example"));
        assert!(onward.leads_to("notcorp.example"));
        assert_eq!(Onward::parse("proxy:8080", "").unwrap().port, 8080);
        assert_eq!(Onward::parse("https://proxy.example", ""), None);
        assert!(!format!("{onward:?}").contains(&STANDARD.encode("ada:p@ss")));
    }
}
