//! Registries that want a secret: the setup asks the proxy without one, at `/registries/NAME/…`, and the proxy asks the
//! registry with it. The secret is in no variable, file, output or event of the container, and goes to no other server.

use std::{fmt, io, time::Duration};

use futures::StreamExt as _;
use reqwest::{Method, Proxy, Url, redirect::Policy};
use tokio::{io::AsyncWriteExt as _, net::UnixStream};

use super::{Note, Shared, head::Head, refuse};

/// How long a registry may take to answer at all, and be silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a client says that a registry has to know.
const ASKED: [&str; 8] =
    ["accept", "accept-encoding", "accept-language", "if-modified-since", "if-none-match", "range", "user-agent", "npm-command"];
/// What a registry says that a client has to know.
const ANSWERED: [&str; 8] =
    ["cache-control", "content-encoding", "content-length", "content-type", "etag", "last-modified", "content-range", "retry-after"];

/// A registry of the operator's.
#[derive(Clone, PartialEq, Eq)]
pub struct Registry {
    /// Where it is, by https, ending with a slash.
    pub url: Url,
    /// The name of its secret.
    pub secret: String,
    /// The user for whom the secret is a password; none where it is a token.
    pub user: Option<String>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registry").field("url", &self.url.as_str()).field("secret", &self.secret).finish_non_exhaustive()
    }
}

impl Registry {
    /// Reads an address; none where it is not one by https that a secret may be sent to.
    pub fn address(text: &str) -> Option<Url> {
        let mut url: Url = text.parse().ok()?;
        let is_own = url.scheme() == "http" && url.host_str().is_some_and(|host| host == "127.0.0.1" || host == "localhost");
        if !(url.scheme() == "https" || is_own) || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return None;
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        url.set_fragment(None);
        Some(url)
    }

    /// The document that a client asks for; none where that lies outside of the registry.
    fn document(&self, path: &str) -> Option<Url> {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path()));
        url.set_query(query);
        url.path().starts_with(self.url.path()).then_some(url)
    }

    /// Where the registry sends a client on: through the proxy again, where that is in the registry.
    fn onward(&self, name: &str, location: &str, asked: &Url) -> Option<String> {
        let url = asked.join(location).ok()?;
        let is_inside = url.origin() == self.url.origin() && url.path().starts_with(self.url.path());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(if is_inside { format!("/registries/{name}/{}{query}", &url.path()[self.url.path().len()..]) } else { url.to_string() })
    }
}

impl Shared {
    pub(super) async fn of_registry(&self, client: &mut UnixStream, head: &Head, name: &str, path: &str) -> io::Result<()> {
        let Some(registry) = self.ways.registries.get(name) else {
            return refuse(client, "404 Not Found", "Baton: the operator named no registry of this name under [setup.registries].").await;
        };
        let method = match head.method.as_str() {
            "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            _ => return refuse(client, "405 Method Not Allowed", "Baton: setups read registries, and change nothing there.").await,
        };
        let Some(url) = registry.document(path) else {
            return refuse(client, "403 Forbidden", "Baton: the address lies outside of the registry.").await;
        };
        let Some(secret) = self.ways.keys.find(&registry.secret) else {
            let text = format!(
                "Baton: the secret `{}` of the registry is not set; the operator sets it with `baton secret set`.",
                registry.secret
            );
            return refuse(client, "502 Bad Gateway", &text).await;
        };
        self.note(Note::Reached(format!("registries/{name}")));
        let asked = match self.client(registry) {
            Ok(asking) => {
                let request = head.headers.iter().filter(|(name, _)| ASKED.contains(&name.as_str()));
                let request = request.fold(asking.request(method, url.clone()), |request, (name, value)| request.header(name, value));
                let request = match &registry.user {
                    Some(user) => request.basic_auth(user, Some(secret)),
                    None => request.bearer_auth(secret),
                };
                request.send().await
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok(answer) => self.hand_on(client, answer, registry, name, &url).await,
            // What the library says of an address names no header.
            Err(error) => {
                refuse(client, "502 Bad Gateway", &format!("Baton: the registry `{name}` cannot be reached: {}.", error.without_url()))
                    .await
            }
        }
    }

    /// A client for one request: a setup makes few to registries with secrets, and each shall resolve names anew.
    fn client(&self, registry: &Registry) -> reqwest::Result<reqwest::Client> {
        let building = reqwest::Client::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).redirect(Policy::none()).no_proxy();
        let host = registry.url.host_str().unwrap_or_default();
        match self.onward(host) {
            Some(onward) => {
                let proxy = Proxy::all(onward.address())?;
                let proxy = onward
                    .authorization()
                    .and_then(|login| login.parse().ok())
                    .map_or(proxy.clone(), |login| proxy.custom_http_auth(login));
                building.proxy(proxy).build()
            }
            None => building.build(),
        }
    }

    async fn hand_on(
        &self,
        client: &mut UnixStream,
        answer: reqwest::Response,
        registry: &Registry,
        name: &str,
        asked: &Url,
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", answer.status());
        for (header, value) in answer.headers() {
            let Ok(value) = value.to_str() else { continue };
            if ANSWERED.contains(&header.as_str()) {
                head.push_str(&format!("{header}: {value}\r\n"));
            } else if header == "location"
                && let Some(location) = registry.onward(name, value, asked)
            {
                head.push_str(&format!("location: {location}\r\n"));
            }
        }
        head.push_str("\r\n");
        client.write_all(head.as_bytes()).await?;
        let mut body = answer.bytes_stream();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| io::Error::other(error.without_url()))?;
            self.count(piece.len())?;
            client.write_all(&piece).await?;
        }
        client.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        Registry { url: Registry::address("https://npm.corp.example/team").unwrap(), secret: "NPM".to_owned(), user: None }
    }

    #[test]
    fn a_secret_goes_to_the_registry_and_nowhere_else() {
        let registry = registry();
        let document = |path: &str| registry.document(path).map(|url| url.to_string());
        assert_eq!(document("left-pad/-/a.tgz?x=1").unwrap(), "https://npm.corp.example/team/left-pad/-/a.tgz?x=1");
        for outside in ["../other/a", "%2e%2e/other", "..%2f../a/../../b", "./../.."] {
            let url = registry.document(outside);
            assert!(url.as_ref().is_none_or(|url| url.path().starts_with("/team/")), "{outside}: {url:?}");
        }
        assert_eq!(document("//evil.example/a").unwrap(), "https://npm.corp.example/team///evil.example/a");
        for bad in ["http://npm.corp.example/", "https://u:p@npm.corp.example/", "ftp://x/", "npm.corp.example", "https://a/?token=1"] {
            assert_eq!(Registry::address(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_redirect_inside_of_the_registry_comes_back_through_the_proxy() {
        let (registry, asked) = (registry(), Url::parse("https://npm.corp.example/team/a").unwrap());
        let onward = |location: &str| registry.onward("own", location, &asked).unwrap();
        assert_eq!(onward("/team/b?c=1"), "/registries/own/b?c=1");
        assert_eq!(onward("https://cdn.example/x"), "https://cdn.example/x");
        assert_eq!(onward("/other"), "https://npm.corp.example/other");
    }
}
