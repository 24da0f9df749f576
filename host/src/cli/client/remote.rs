//! A host that another process serves: reached through the socket in the data directory, or at the address that `--server` names.
//! Knows no command.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode, Url, header, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{
    address::{is_local, parse_server, path_of, route_url},
    answer,
    credentials::{self, Kept, Store},
    parameters::{Fields, Parameters},
};
use crate::{
    cli::{Context, context::NamedServer, text},
    config,
    operations::{
        Page, Problem, ProblemKind, ProblemSource,
        accounts::sessions::{Credentials, Refresh},
    },
};

/// The version of the API that this program speaks.
const API: u32 = 1;
/// The socket in the data directory.
const SOCKET: &str = "api.sock";
/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long more of an answer is waited for: adding a project that is cloned takes the longest.
const LONGEST: Duration = Duration::from_secs(660);
/// How often a request is sent again that a server is too busy for, and how long is waited before at most.
const REPEATS: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Items of the longest page, and pages that are read of one list at most.
const LONGEST_PAGE: u32 = 200;
const MOST_PAGES: usize = 100_000;
/// What a request has that is to be done once.
const KEY: &str = "idempotency-key";

/// A served host.
pub(in crate::cli) struct Remote {
    client: Client,
    base: Url,
    sign_in: Mutex<SignIn>,
    /// What it is called in a message.
    name: String,
}

/// What requests bring.
#[derive(Clone)]
enum SignIn {
    /// Nothing: the socket lets in the operator, an address nobody.
    Nothing,
    /// The token of the environment.
    Variable(String),
    /// What was kept for the server.
    Kept(Kept),
}

/// A request to it.
#[derive(Debug)]
pub(in crate::cli) struct Request {
    pub(in crate::cli) method: Method,
    /// Its path, with or without `/api/v1`.
    pub(in crate::cli) path: String,
    /// What it says behind the path.
    pub(in crate::cli) parameters: Parameters,
    pub(in crate::cli) body: Option<Value>,
}

/// What a server says of itself.
#[derive(Deserialize)]
struct ServerVersion {
    version: String,
    oldest_api: u32,
    newest_api: u32,
}

impl Remote {
    /// The host that serves the data directory, as its operator.
    pub(in crate::cli) fn at_socket(context: &Context) -> anyhow::Result<Self> {
        let socket: PathBuf = context.config()?.data_dir.join(SOCKET);
        if !socket.exists() {
            return Err(no_host(&socket).into());
        }
        let client = builder().unix_socket(socket.as_path()).no_proxy().build()?;
        let sign_in = Mutex::new(SignIn::Nothing);
        Ok(Self { client, base: Url::parse("http://localhost")?, sign_in, name: "The running host".to_owned() })
    }

    /// The host at an address, with what this user signs in to it by.
    pub(in crate::cli) fn at_address(context: &Context, server: &NamedServer) -> anyhow::Result<Self> {
        let remote = Self::unknown_at(&server.url)?;
        let sign_in = match config::token_for_server() {
            Some(token) => SignIn::Variable(token),
            None => credentials::find(remote.base.as_str())?.map_or(SignIn::Nothing, SignIn::Kept),
        };
        match &sign_in {
            SignIn::Nothing => {}
            SignIn::Variable(token) => context.redactor.learn(token),
            SignIn::Kept(kept) => kept.secrets().for_each(|secret| context.redactor.learn(secret)),
        }
        Ok(Self { sign_in: Mutex::new(sign_in), ..remote })
    }

    /// The host at an address, to which nothing signs in.
    pub(super) fn unknown_at(url: &str) -> anyhow::Result<Self> {
        let base = parse_server(url)?;
        let client = builder();
        let client = if is_local(&base) { client.no_proxy() } else { client };
        let name = format!("The server {}", text::escaped(url));
        Ok(Self { client: client.build()?, base, sign_in: Mutex::new(SignIn::Nothing), name })
    }

    /// Checks that it is Baton and serves the API that this program speaks.
    pub(super) async fn check_version(&self) -> Result<(), Problem> {
        let request = Request { method: Method::GET, path: path_of(&["version"]), parameters: Parameters::default(), body: None };
        let answered = answer::read_small(&self.name, self.ask(&request).await?).await;
        // A server that is not Baton has no such route.
        let answered = answered.map_err(|problem| if problem.is("request_failed") { answer::not_baton(&self.name) } else { problem });
        let ServerVersion { version, oldest_api, newest_api } = answered?;
        if (oldest_api..=newest_api).contains(&API) {
            return Ok(());
        }
        let message = format!("{} has version {}, which does not serve version {API} of the API.", self.name, text::escaped(&version));
        let problem = Problem::conflict("server_version", message);
        Err(problem.advise("Use a version of Baton that is nearer to the server's."))
    }

    /// What it is called in a message.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The URL under which credentials for it are kept.
    pub(super) fn url(&self) -> &str {
        self.base.as_str()
    }

    /// From now on requests bring this.
    pub(super) fn sign_in_with(&self, kept: Kept) {
        *self.lock() = SignIn::Kept(kept);
    }

    /// A view.
    pub(super) async fn read<T: DeserializeOwned>(&self, segments: &[&str], parameters: &Parameters) -> Result<T, Problem> {
        let request = Request { method: Method::GET, path: path_of(segments), parameters: parameters.clone(), body: None };
        answer::read(&self.name, self.ask(&request).await?).await.map_err(|problem| self.with_login(problem))
    }

    /// The view of what was changed. `fields` are those of the operation's request that the path has not.
    pub(super) async fn change<T: DeserializeOwned>(&self, method: Method, segments: &[&str], fields: Fields) -> Result<T, Problem> {
        let Fields { parameters, body } = fields;
        let response = self.ask(&Request { method, path: path_of(segments), parameters, body }).await?;
        answer::read(&self.name, response).await.map_err(|problem| self.with_login(problem))
    }

    /// The view of a plugin that was sent as a component.
    pub(super) async fn upload<T: DeserializeOwned>(&self, segments: &[&str], parameters: Parameters, wasm: &[u8]) -> Result<T, Problem> {
        let request = Request { method: Method::POST, path: path_of(segments), parameters, body: None };
        let component = |sending: RequestBuilder| sending.header(header::CONTENT_TYPE, "application/wasm").body(wasm.to_vec());
        let response = self.send_as(&request, component).await?;
        answer::read(&self.name, response).await.map_err(|problem| self.with_login(problem))
    }

    /// At most so many items of a list, from the page behind a cursor on.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        parameters: &Parameters,
        cursor: Option<&str>,
        most: u32,
    ) -> Result<Page<T>, Problem> {
        let (mut items, mut next) = (Vec::new(), cursor.map(str::to_owned));
        for _ in 0..MOST_PAGES {
            let left = most.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            let page = parameters.clone().with("cursor", next.as_deref()).with("limit", Some(left.min(LONGEST_PAGE)));
            let page: Page<T> = self.read(segments, &page).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() || items.len() as u64 >= u64::from(most) {
                return Ok(Page { items, next });
            }
        }
        Err(answer::not_baton(&self.name))
    }

    /// All items of a list.
    pub(super) async fn list_all<T: DeserializeOwned>(&self, segments: &[&str], parameters: &Parameters) -> Result<Page<T>, Problem> {
        let page = self.list(segments, parameters, None, u32::MAX).await?;
        Ok(Page::whole(page.items))
    }

    /// Opens a stream. An answer that says what went wrong is an answer.
    pub(super) async fn open(&self, segments: &[&str], parameters: Parameters) -> Result<Response, Problem> {
        self.send(&Request { method: Method::GET, path: path_of(segments), parameters, body: None }).await
    }

    /// What an answer says that went wrong.
    pub(in crate::cli) async fn read_problem(&self, response: Response) -> Problem {
        self.with_login(answer::read_problem(&self.name, response).await)
    }

    /// Sends a request, and again where the server is too busy for it or a session has to be continued first.
    async fn ask(&self, request: &Request) -> Result<Response, Problem> {
        let key = (request.method == Method::POST).then(|| Uuid::now_v7().to_string());
        let mut repeats = 0;
        loop {
            let response = self.send_with(request, key.as_deref()).await?;
            // A request that was answered like this was not done.
            let wait = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
                .then(|| wait_of(&response))
                .flatten();
            match wait.filter(|wait| repeats < REPEATS && *wait <= LONGEST_WAIT) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(response),
            }
            repeats += 1;
        }
    }

    /// Sends a request. An answer that says what went wrong is an answer.
    pub(in crate::cli) async fn send(&self, request: &Request) -> Result<Response, Problem> {
        self.send_with(request, None).await
    }

    async fn send_with(&self, request: &Request, key: Option<&str>) -> Result<Response, Problem> {
        self.send_as(request, |sending| match key {
            Some(key) => sending.header(KEY, key),
            None => sending,
        })
        .await
    }

    /// Sends a request as it is completed, which is done once more where a session has to be continued first.
    async fn send_as(&self, request: &Request, complete: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Response, Problem> {
        let (sending, sign_in) = self.prepare(request);
        let response = complete(sending).send().await.map_err(|error| self.unreachable(&error))?;
        let SignIn::Kept(used @ Kept::Session { .. }) = sign_in else { return Ok(response) };
        if response.status() != StatusCode::UNAUTHORIZED || !self.renew(&used).await? {
            return Ok(response);
        }
        complete(self.prepare(request).0).send().await.map_err(|error| self.unreachable(&error))
    }

    fn prepare(&self, request: &Request) -> (RequestBuilder, SignIn) {
        let mut url = route_url(&self.base, &request.path);
        if !request.parameters.pairs().is_empty() {
            url.query_pairs_mut().extend_pairs(request.parameters.pairs());
        }
        let sign_in = self.lock().clone();
        let mut sending = self.client.request(request.method.clone(), url);
        sending = match &sign_in {
            SignIn::Nothing => sending,
            SignIn::Variable(token) => sending.bearer_auth(token),
            SignIn::Kept(kept) => sending.bearer_auth(kept.bearer()),
        };
        if let Some(body) = &request.body {
            sending = sending.json(body);
        }
        (sending, sign_in)
    }

    /// Continues the session whose access token is not accepted any more. False where the session is over.
    async fn renew(&self, used: &Kept) -> Result<bool, Problem> {
        // A refresh token that is used twice ends its session, so one process refreshes and the others take what it got.
        let store = Store::open().await?;
        let kept = store.find(self.url())?;
        let Some(Kept::Session { refresh_token, .. }) = &kept else { return Ok(false) };
        if let Some(other) = kept.as_ref().filter(|kept| *kept != used) {
            self.sign_in_with(other.clone());
            return Ok(true);
        }
        let url = route_url(&self.base, "/auth/refresh");
        let refresh = Refresh { refresh_token: refresh_token.clone() };
        let response = self.client.post(url).json(&refresh).send().await.map_err(|error| self.unreachable(&error))?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Ok(false);
        }
        let given: Credentials = answer::read(&self.name, response).await?;
        let kept = Kept::from(given);
        store.put(self.url(), Some(kept.clone()))?;
        self.sign_in_with(kept);
        Ok(true)
    }

    /// A problem of who is not signed in, with how they do.
    fn with_login(&self, problem: Problem) -> Problem {
        if problem.kind != ProblemKind::Unauthenticated || problem.is("login_failed") {
            return problem;
        }
        match &*self.lock() {
            SignIn::Nothing => problem.advise("Log in with `baton login`, or set BATON_TOKEN."),
            SignIn::Variable(_) => problem.advise("Set BATON_TOKEN to a token that is valid."),
            SignIn::Kept(Kept::Token { .. }) => problem.advise("Log in again with `baton login`."),
            SignIn::Kept(Kept::Session { .. }) => {
                let message = format!("Your session at {} is over.", self.url());
                Problem { message, ..problem }.advise("Log in again with `baton login`.")
            }
        }
    }

    /// The problem of one that takes too long.
    pub(super) fn silent(&self) -> Problem {
        let message = format!("{} does not answer.", self.name);
        Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Problem {
        let cause = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source()).last();
        let cause = cause.map(ToString::to_string).unwrap_or_default();
        let message = format!("{} does not answer: {}.", self.name, cause.trim_end_matches('.'));
        Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host)
            .advise("Check the URL in --server or BATON_SERVER, and whether a server runs there.")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SignIn> {
        self.sign_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all connections have in common. A credential goes where it was sent, and nowhere that an answer leads.
fn builder() -> ClientBuilder {
    // Another part of the program may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().connect_timeout(PATIENCE).read_timeout(LONGEST).redirect(Policy::none())
}

fn wait_of(response: &Response) -> Option<Duration> {
    response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn no_host(socket: &Path) -> Problem {
    let message = format!("No host serves this data directory: there is no socket {}.", text::escaped(&socket.display().to_string()));
    Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host)
        .advise("Start one with `baton serve`, or name a server with --server.")
}
