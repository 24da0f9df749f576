//! A host that another process serves: reached through the socket in the data directory, or at the address that `--server` names.
//! Knows no command.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use reqwest::{Client, Method, Response, Url};
use serde_json::Value;

use super::{Context, text};
use crate::{
    config,
    operations::{Problem, ProblemKind, ProblemSource},
};

/// Where all routes lie.
const ROOT: &str = "/api/v1";
/// The socket in the data directory.
const SOCKET: &str = "api.sock";
/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// A served host.
pub(super) struct Remote {
    client: Client,
    base: Url,
    token: Option<String>,
    /// What it is called in a message.
    name: String,
}

/// A request to it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Its path, with or without `/api/v1`.
    pub(super) path: String,
    /// The parameters behind the path.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

impl Remote {
    /// The host that the command line or the environment names, else the one that serves the data directory.
    pub(super) fn find(context: &Context, server: Option<&str>) -> Result<Self> {
        let named = server.map(str::to_owned).or_else(config::named_server);
        match named {
            Some(url) => Self::at_address(context, &url),
            None => Self::at_socket(context),
        }
    }

    fn at_address(context: &Context, url: &str) -> Result<Self> {
        let base = parse_server(url)?;
        let token = config::token_for_server();
        token.iter().for_each(|token| context.redactor.learn(token));
        let client = Client::builder().connect_timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, name: format!("The server {}", text::escaped(url)), base, token })
    }

    fn at_socket(context: &Context) -> Result<Self> {
        let socket: PathBuf = context.config()?.data_dir.join(SOCKET);
        if !socket.exists() {
            return Err(no_host(&socket).into());
        }
        let client = Client::builder().connect_timeout(PATIENCE).unix_socket(socket.as_path()).no_proxy().build()?;
        Ok(Self { client, base: Url::parse("http://localhost")?, token: None, name: "The running host".to_owned() })
    }

    /// Sends a request. An answer that says what went wrong is an answer.
    pub(super) async fn send(&self, request: Request) -> Result<Response> {
        let mut url = self.base.clone();
        let (path, query) = request.path.split_once('?').map_or((request.path.as_str(), None), |(path, query)| (path, Some(query)));
        url.set_path(&under_root(path));
        url.set_query(query);
        if !request.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.parameters);
        }
        let mut sending = self.client.request(request.method, url);
        if let Some(token) = &self.token {
            sending = sending.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            sending = sending.json(body);
        }
        sending.send().await.map_err(|error| self.unreachable(&error).into())
    }

    fn unreachable(&self, error: &reqwest::Error) -> Problem {
        let cause = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source()).last();
        let cause = cause.map(ToString::to_string).unwrap_or_default();
        let message = format!("{} does not answer: {}.", self.name, cause.trim_end_matches('.'));
        Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host)
            .advise("Start it with `baton serve`, or name another server with --server.")
    }
}

fn no_host(socket: &Path) -> Problem {
    let message = format!("No host serves this data directory: there is no socket {}.", text::escaped(&socket.display().to_string()));
    Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host)
        .advise("Start one with `baton serve`, or name a server with --server.")
}

/// The address of a server. Without TLS only on this machine: a credential would be sent in the clear.
fn parse_server(text: &str) -> Result<Url, Problem> {
    const EXAMPLE: &str = "Give one such as https://baton.example.com.";
    let shown = text::escaped(text);
    let invalid = |message: String| Problem::invalid("server_invalid", "server", message).advise(EXAMPLE);
    let url = Url::parse(text).map_err(|error| invalid(format!("`{shown}` is not the URL of a server: {error}.")))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local => Ok(url),
        "http" => Err(invalid(format!("A request to `{shown}` would send your credential in the clear."))),
        _ => Err(invalid(format!("`{shown}` is not the URL of a server."))),
    }
}

/// A path below the root of the API, whether or not it names it.
fn under_root(path: &str) -> String {
    let path = path.trim_start_matches('/');
    match path.strip_prefix(ROOT.trim_start_matches('/')) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{ROOT}{rest}"),
        _ => format!("{ROOT}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_name_the_root_or_not() {
        for path in ["runs", "/runs", "/api/v1/runs", "api/v1/runs"] {
            assert_eq!(under_root(path), "/api/v1/runs");
        }
        assert_eq!(under_root("/api/v10"), "/api/v1/api/v10");
    }

    #[test]
    fn a_credential_is_sent_in_the_clear_to_this_machine_alone() {
        for good in ["https://baton.example.com", "http://127.0.0.1:7788", "http://[::1]:7788", "http://localhost:1"] {
            assert!(parse_server(good).is_ok(), "{good}");
        }
        for bad in ["http://baton.example.com", "http://10.0.0.1", "ftp://localhost", "baton", "http://localhost.example.com"] {
            assert!(parse_server(bad).is_err(), "{bad}");
        }
    }
}
