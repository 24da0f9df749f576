//! Addresses of servers and paths of routes. Lets a credential go nowhere in the clear but to this machine.

use std::net::IpAddr;

use reqwest::Url;

use crate::{cli::text, operations::Problem};

/// Where all routes lie.
const ROOT: &str = "/api/v1";

/// The address of a server. Without TLS only on this machine: a credential would be sent in the clear.
pub(super) fn parse_server(text: &str) -> Result<Url, Problem> {
    const EXAMPLE: &str = "Give one such as https://baton.example.com.";
    let invalid = |message: String| Problem::invalid("server_invalid", "server", message).advise(EXAMPLE);
    let shown = text::escaped(text);
    let url = Url::parse(text).map_err(|error| invalid(format!("`{shown}` is not a URL: {error}.")))?;
    if !url.username().is_empty() || url.password().is_some() {
        // What is told of it, here or in a log, would have the password.
        let problem = Problem::invalid("server_invalid", "server", "The URL of a server contains a login.");
        return Err(problem.advise("Leave it out, and log in with `baton login`."));
    }
    let is_server = url.has_host() && url.query().is_none() && url.fragment().is_none();
    match url.scheme() {
        "https" if is_server => Ok(url),
        "http" if is_server && is_local(&url) => Ok(url),
        "http" if is_server => Err(invalid(format!("A request to `{shown}` would send your credential in the clear."))),
        _ => Err(invalid(format!("`{shown}` is not the URL of a server."))),
    }
}

/// Whether a server is on this machine.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The URL of a route; its path names the root of the API or not, and may have parameters behind it.
pub(super) fn route_url(base: &Url, path: &str) -> Url {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), under_root(path)));
    url.set_query(query);
    url
}

/// A path below the root of the API, whether or not it names it.
fn under_root(path: &str) -> String {
    let path = path.trim_start_matches('/');
    match path.strip_prefix(ROOT.trim_start_matches('/')) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{ROOT}{rest}"),
        _ => format!("{ROOT}/{path}"),
    }
}

/// The path of these segments, each of which may hold any characters.
pub(super) fn path_of(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", encoded(segment))).collect()
}

fn encoded(segment: &str) -> String {
    // As a segment it would lead elsewhere, however it is encoded.
    let is_step = segment.chars().all(|character| character == '.');
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !is_step);
    let encoded = segment.bytes().map(|byte| match byte {
        byte if kept(byte) => char::from(byte).to_string(),
        b'.' => "%252E".to_owned(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_name_the_root_or_not() {
        let base = Url::parse("https://example.com").unwrap();
        for path in ["runs", "/runs", "/api/v1/runs", "api/v1/runs"] {
            assert_eq!(route_url(&base, path).as_str(), "https://example.com/api/v1/runs");
        }
        assert_eq!(route_url(&base, "/api/v10").path(), "/api/v1/api/v10");
        let below = Url::parse("https://example.com/baton/").unwrap();
        assert_eq!(route_url(&below, "/runs?limit=2").as_str(), "https://example.com/baton/api/v1/runs?limit=2");
    }

    #[test]
    fn a_segment_leads_nowhere_else() {
        let base = Url::parse("https://example.com").unwrap();
        let path = |segment: &str| route_url(&base, &path_of(&["projects", segment, "items"])).path().to_owned();
        assert_eq!(path("my shop/ü?#"), "/api/v1/projects/my%20shop%2F%C3%BC%3F%23/items");
        assert_eq!(path("a.b"), "/api/v1/projects/a.b/items");
        assert_eq!(path(".."), "/api/v1/projects/%252E%252E/items");
    }

    #[test]
    fn a_credential_is_sent_in_the_clear_to_this_machine_alone() {
        for good in ["https://baton.example.com", "http://127.0.0.1:7788", "http://[::1]:7788", "http://localhost:1"] {
            assert!(parse_server(good).is_ok(), "{good}");
        }
        let bad =
            ["http://baton.example.com", "http://10.0.0.1", "ftp://localhost", "baton", "http://localhost.example.com", "https://a/?b"];
        for bad in bad {
            assert!(parse_server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_rejected_and_not_told() {
        let problem = parse_server("https://ada:hunter2@example.com").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }
}
