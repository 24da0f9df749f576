//! The head of a request that a setup sends to the proxy, read within bounds: where it wants to go, and what is handed on of
//! it. Refuses what it does not understand whole, so that nobody behind it reads it otherwise.

use std::{io, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::interfaces::sandbox::setup::caches::PORT;

/// Bytes of a head.
const LONGEST: usize = 32 << 10;
const MOST_HEADERS: usize = 100;
/// How long a client may take for a head.
const PATIENCE: Duration = Duration::from_secs(30);
/// Headers that concern one connection, and are not handed on.
const OF_CONNECTION: [&str; 9] =
    ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade", "host"];

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: Target,
    pub(super) headers: Vec<(String, String)>,
    /// What followed the head already.
    pub(super) rest: Vec<u8>,
}

/// Where a request wants to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A way to a host, on which the proxy reads nothing.
    Tunnel { host: String, port: u16 },
    /// A document of a host, without encryption.
    Plain { host: String, port: u16, path: String },
    /// A document of a registry of the operator's, by its name.
    Registry { name: String, path: String },
}

/// Reads a head; none where the client said nothing.
pub(super) async fn read(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(PATIENCE, until_end(client, &mut bytes)).await??;
    let Some(end) = end else { return Ok(None) };
    let rest = bytes.split_off(end);
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("the head is not text"))?;
    parse(text, rest).map(Some)
}

/// Reads until the empty line that ends a head, and says where it ends; none where there is nothing.
pub(super) async fn until_end(from: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut piece = [0; 4096];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(wrong("the head is cut off")) };
        }
        let before = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(&piece[..length]);
        if let Some(end) = bytes[before..].windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(Some(before + end + 4));
        }
        if bytes.len() > LONGEST {
            return Err(wrong("the head is too long"));
        }
    }
}

fn parse(text: &str, rest: Vec<u8>) -> io::Result<Head> {
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let line = lines.next().unwrap_or_default();
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(wrong("the request line is not HTTP/1.1"));
    };
    if method.is_empty() || !method.bytes().all(is_token) || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("the request line is not HTTP/1.1"));
    }
    let headers = lines.map(header).collect::<io::Result<Vec<_>>>()?;
    if headers.len() > MOST_HEADERS {
        return Err(wrong("the head has too many headers"));
    }
    let target = target_of(method, target).ok_or_else(|| wrong("the target is not an address that a proxy takes"))?;
    Ok(Head { method: method.to_owned(), target, headers, rest })
}

fn header(line: &str) -> io::Result<(String, String)> {
    let (name, value) = line.split_once(':').ok_or_else(|| wrong("a header has no colon"))?;
    let is_plain = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    if name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(is_plain) {
        return Err(wrong("a header is malformed"));
    }
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}

fn target_of(method: &str, target: &str) -> Option<Target> {
    if method == "CONNECT" {
        let (host, port) = authority(target, None)?;
        return Some(Target::Tunnel { host, port });
    }
    if let Some(registry) = registry(target) {
        return Some(registry);
    }
    let rest = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).map(|_| &target[7..])?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, port) = authority(&rest[..end], Some(80))?;
    let path = if rest[end..].starts_with('/') { rest[end..].to_owned() } else { format!("/{}", &rest[end..]) };
    // Some clients ask the proxy for the proxy.
    let is_own = port.to_string() == PORT && ["127.0.0.1", "localhost"].contains(&host.as_str());
    match registry(&path).filter(|_| is_own) {
        Some(registry) => Some(registry),
        None => Some(Target::Plain { host, port, path }),
    }
}

/// The document of a registry that a path names.
fn registry(path: &str) -> Option<Target> {
    let rest = path.strip_prefix("/registries/")?;
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Target::Registry { name: name.to_owned(), path: path.to_owned() })
}

/// A host and its port. A login in it would be for a server that nobody asked for.
fn authority(text: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let authority: http::uri::Authority = text.parse().ok()?;
    if text.contains('@') || authority.host().is_empty() {
        return None;
    }
    let port = match authority.port() {
        Some(port) => Some(port.as_u16()),
        None if text.ends_with(':') => None,
        None => usual,
    };
    Some((authority.host().to_owned(), port?))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

impl Head {
    /// The head as a server gets it, for one request on a connection of its own.
    pub(super) fn for_server(&self, address: &str, host: &str, more: &[(&str, &str)]) -> String {
        let named = self.headers.iter().filter(|(name, _)| name == "connection").flat_map(|(_, value)| value.split(','));
        let named: Vec<_> = named.map(|name| name.trim().to_ascii_lowercase()).collect();
        let kept = self.headers.iter().filter(|(name, _)| !OF_CONNECTION.contains(&name.as_str()) && !named.contains(name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [("host", host), ("connection", "close")];
        let lines: String =
            own.into_iter().chain(more.iter().copied()).chain(kept).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{} {address} HTTP/1.1\r\n{lines}\r\n", self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parsed(text: &str) -> io::Result<Option<Head>> {
        read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn the_three_forms_are_read() {
        let head = parsed("CONNECT registry.example:443 HTTP/1.1\r\nHost: x\r\n\r\nmore").await.unwrap().unwrap();
        assert_eq!(head.target, Target::Tunnel { host: "registry.example".to_owned(), port: 443 });
        assert_eq!(head.rest, b"more");
        let head = parsed(
            "GET http://a.example:8080/b?c=d HTTP/1.1\r\nProxy-Authorization: x\r\nConnection: Foo\r\nFoo: 1\r\nAccept: */*\r\n\r\n",
        );
        let head = head.await.unwrap().unwrap();
        assert_eq!(head.target, Target::Plain { host: "a.example".to_owned(), port: 8080, path: "/b?c=d".to_owned() });
        let sent = head.for_server("/b?c=d", "a.example:8080", &[]);
        assert_eq!(sent, "GET /b?c=d HTTP/1.1\r\nhost: a.example:8080\r\nconnection: close\r\naccept: */*\r\n\r\n");
        for target in ["/registries/own/simple/a/", "http://127.0.0.1:3128/registries/own/simple/a/"] {
            let head = parsed(&format!("GET {target} HTTP/1.1\r\n\r\n")).await.unwrap().unwrap();
            assert_eq!(head.target, Target::Registry { name: "own".to_owned(), path: "simple/a/".to_owned() });
        }
        assert_eq!(parsed("").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_could_be_read_in_two_ways_is_not_read() {
        let long = format!("GET http://a.example/ HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(LONGEST + 5000));
        for bad in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nA : 1\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nA: 1\nB: 2\r\n\r\n",
            "GET http://user@a.example/ HTTP/1.1\r\n\r\n",
            "GET https://a.example/ HTTP/1.1\r\n\r\n",
            "GET  http://a.example/ HTTP/1.1\r\n\r\n",
            "CONNECT a.example HTTP/1.1\r\n\r\n",
            "CONNECT a.example: HTTP/1.1\r\n\r\n",
            "CONNECT a.example:99999 HTTP/1.1\r\n\r\n",
            "CONNECT u@a.example:443 HTTP/1.1\r\n\r\n",
            "GET http://a.example/ HTTP/2\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\n",
            "\r\n\r\n",
            &long,
        ] {
            assert!(parsed(bad).await.is_err(), "{}", &bad[..bad.len().min(80)]);
        }
    }
}
