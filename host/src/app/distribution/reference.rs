//! References to artifacts in registries: `host/name:tag`, `host/name@sha256:…`. Reaches nothing.

use std::{fmt, net::IpAddr, str::FromStr};

/// What an artifact is called by in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A name its publisher may move.
    Tag(String),
    /// The SHA-256 of its manifest, `sha256:` before it: for ever the same.
    Digest(String),
}

/// Where an artifact lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host, with its port if it has one.
    pub host: String,
    /// Name of the repository, of one or more parts with `/` between them.
    pub repository: String,
    /// Which of those in the repository.
    pub version: Version,
}

/// The text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a reference to a registry: {reason}. Write it as `oci://HOST/NAME:TAG` or `oci://HOST/NAME@sha256:…`.")]
pub struct NoReference {
    text: String,
    reason: &'static str,
}

impl Reference {
    /// Whether a text says itself that it is meant as one.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("oci://")
    }

    /// The same repository with another tag.
    pub fn with_tag(&self, tag: &str) -> Result<Self, NoReference> {
        format!("{}/{}:{tag}", self.host, self.repository).parse()
    }

    /// Whether the registry is on this machine, so that nobody listens on the way.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(&*self.host, |(host, _)| host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The tag or the digest.
    pub fn word(&self) -> &str {
        match &self.version {
            Version::Tag(word) | Version::Digest(word) => word,
        }
    }
}

impl FromStr for Reference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        let refuse = |reason| NoReference { text: text.chars().take(200).flat_map(char::escape_debug).collect(), reason };
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        let (host, rest) = bare.split_once('/').ok_or_else(|| refuse("it has no `/` after the host"))?;
        if !is_host(host) {
            return Err(refuse("it does not begin with a host such as `ghcr.io` or `localhost:5000`"));
        }
        let (repository, version) = match rest.split_once('@') {
            Some((name, digest)) if is_digest(digest) => {
                // A tag beside the digest says nothing the digest does not.
                (name.split_once(':').map_or(name, |(name, _)| name), Version::Digest(digest.to_owned()))
            }
            Some(_) => return Err(refuse("a digest is `sha256:` and 64 lower-case hexadecimal digits")),
            None => {
                let (name, tag) = rest.rsplit_once(':').ok_or_else(|| refuse("it names neither tag nor digest"))?;
                if !is_tag(tag) {
                    return Err(refuse("a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two"));
                }
                (name, Version::Tag(tag.to_owned()))
            }
        };
        if !is_repository(repository) {
            return Err(refuse("a name is lower-case letters and digits with single `.`, `_`, `-` or `/` between them, at most 255"));
        }
        Ok(Self { host: host.to_owned(), repository: repository.to_owned(), version })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if matches!(self.version, Version::Tag(_)) { ':' } else { '@' };
        write!(formatter, "{}/{}{mark}{}", self.host, self.repository, self.word())
    }
}

/// A host with a dot, a port, or the name `localhost`: a plain word would be a folder.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if is_port(port) => (name, Some(port)),
        _ => (text, None),
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        let good = |character: char| character.is_ascii_alphanumeric() || character == '-';
        !label.is_empty() && label.chars().all(good) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label) && (name.contains('.') || port.is_some() || name == "localhost")
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether a text is a digest as registries write it.
pub(super) fn is_digest(text: &str) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hexadecimal))
}

fn is_tag(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(good) && !text.starts_with(['.', '-'])
}

fn is_repository(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| {
        let ends = part.bytes().next().is_some_and(plain) && part.bytes().last().is_some_and(plain);
        ends && part.bytes().all(|byte| plain(byte) || b"._-".contains(&byte)) && !part.contains("..")
    };
    text.len() <= 255 && text.split('/').all(part)
}
