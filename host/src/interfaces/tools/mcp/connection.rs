//! A conversation with one server, for as long as it lasts. Offers the server nothing: no sampling, no roots, no
//! questions.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientCapabilities, ClientConfig, ClientRequest,
        Implementation, ListToolsRequest, PaginatedRequestParams, RequestId,
    },
    service::{ClientInitializeError, NotificationContext, Peer, PeerRequestOptions, RunningService, ServiceError, serve_client},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use tokio::sync::Mutex;

use super::{
    Config, Reach,
    answers::{self, LOST, UNASKED, UNREACHABLE, UNREADABLE},
    http::Http,
    lines::{LARGEST_MESSAGE, Lines},
    listing,
    notes::Notes,
    process::Process,
    translate,
};
use crate::interfaces::{lenient::Reading, toolboxes::Roster};

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said so.
    Refused(ErrorData),
    /// The server answered, and nobody could take it in.
    Unreadable(String),
    /// The server did certainly not take it.
    Unasked(String),
    /// The same, and it takes nothing until its operator has corrected something.
    Unreachable(String),
    /// The server is gone; it may have done what it was asked.
    Lost(String),
}

/// One conversation.
pub(super) struct Connection {
    service: RunningService<RoleClient, Client>,
    /// None until asked, and after the server said that they changed.
    tools: Mutex<Option<Arc<Roster>>>,
    notes: Notes,
    /// Dropped, and so killed, with the conversation.
    _process: Option<Process>,
}

impl Connection {
    /// Starts or calls on the server. The error says why it cannot be used, without an end.
    pub(super) async fn open(config: &Config, notes: &Notes) -> Result<Self, String> {
        notes.begin();
        let (service, process) = match &config.reach {
            Reach::Program { command, environment, .. } => {
                let (mut process, pipes) = Process::start(&config.name, command, environment, notes)?;
                let lines = Lines::new(&config.name, pipes.output, pipes.input, notes.clone());
                match serve_client(Client::default(), lines).await {
                    Ok(service) => (service, Some(process)),
                    // One that said something wrong ends as well, now that nobody speaks to it.
                    Err(error @ (ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })) => {
                        return Err(process.end().await.unwrap_or_else(|| describe_failure(&error)));
                    }
                    Err(error) => return Err(describe_failure(&error)),
                }
            }
            Reach::Address { url, token, .. } => {
                let mut settings = StreamableHttpClientTransportConfig::with_uri(url.as_str()).max_sse_event_size(LARGEST_MESSAGE);
                if let Some(token) = token {
                    settings = settings.auth_header(token);
                }
                let service =
                    serve_client(Client::default(), StreamableHttpClientTransport::with_client(Http::new(notes.clone())?, settings)).await;
                (service.map_err(|error| describe_failure(&error))?, None)
            }
        };
        Ok(Self { service, tools: Mutex::default(), notes: notes.clone(), _process: process })
    }

    /// Whether nothing more will come of it.
    pub(super) fn is_lost(&self) -> bool {
        self.service.is_closed() || self.service.is_transport_closed()
    }

    /// What the server has.
    pub(super) async fn tools(&self) -> Result<Arc<Roster>, String> {
        let mut tools = self.tools.lock().await;
        if self.service.service().changed.swap(false, Ordering::SeqCst) {
            *tools = None;
        }
        if let Some(tools) = tools.as_ref() {
            return Ok(Arc::clone(tools));
        }
        let listed = listing::load_roster(|cursor| self.page(cursor)).await.map_err(|why| translate::plain(&why))?;
        Ok(Arc::clone(tools.insert(Arc::new(listed))))
    }

    async fn page(&self, cursor: Option<String>) -> Result<Reading, String> {
        let request = ListToolsRequest::with_param(PaginatedRequestParams::default().with_cursor(cursor));
        self.ask(ClientRequest::ListToolsRequest(request)).await.map_err(|trouble| match trouble {
            Trouble::Refused(error) => format!("it does not list its tools: {}", error.message),
            Trouble::Unreadable(why) => format!("its list of tools cannot be read: {why}"),
            Trouble::Unasked(why) | Trouble::Unreachable(why) => why,
            Trouble::Lost(why) => format!("it was lost while it listed its tools ({why})"),
        })
    }

    /// Asks for one call. Gives its result as the server wrote it.
    pub(super) async fn call(&self, request: CallToolRequestParams) -> Result<Reading, Trouble> {
        self.ask(ClientRequest::CallToolRequest(CallToolRequest::new(request))).await
    }

    async fn ask(&self, request: ClientRequest) -> Result<Reading, Trouble> {
        let peer = self.service.peer();
        let asked = peer.send_cancellable_request(request, PeerRequestOptions::no_options()).await;
        let asked = asked.map_err(|error| self.trouble(error))?;
        let mut unanswered = Unanswered { peer, id: Some(asked.id.clone()) };
        let answer = asked.await_response().await;
        unanswered.id = None;
        answers::result(answer.map_err(|error| self.trouble(error))?).map_err(|why| Trouble::Unreadable(translate::plain(&why)))
    }

    fn trouble(&self, error: ServiceError) -> Trouble {
        match error {
            ServiceError::McpError(error) if error.code == UNREADABLE => Trouble::Unreadable(translate::plain(&error.message)),
            ServiceError::McpError(error) if error.code == UNASKED => Trouble::Unasked(translate::plain(&error.message)),
            ServiceError::McpError(error) if error.code == UNREACHABLE => Trouble::Unreachable(translate::plain(&error.message)),
            ServiceError::McpError(error) if error.code == LOST => Trouble::Lost(translate::plain(&error.message)),
            ServiceError::McpError(error) => Trouble::Refused(error),
            error => {
                tracing::debug!(target: "baton::mcp", %error, "a conversation with an MCP server ended");
                Trouble::Lost(self.notes.end().unwrap_or("it closed the connection").to_owned())
            }
        }
    }
}

/// A request in flight, which the server is told to drop where nobody waits for it any more.
struct Unanswered<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) {
            let peer = self.peer.clone();
            runtime.spawn(async move { peer.notify_cancelled(CancelledNotificationParam::new(Some(id), None)).await });
        }
    }
}

/// Why a conversation did not begin.
fn describe_failure(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) if [UNREADABLE, UNASKED, UNREACHABLE, LOST].contains(&error.code) => {
            translate::plain(&error.message)
        }
        ClientInitializeError::JsonRpcError(error) => translate::plain(&format!("it rejects the connection: {}", error.message)),
        ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. } => {
            "it closed the connection before it answered".to_owned()
        }
        error => {
            tracing::debug!(target: "baton::mcp", %error, "a conversation with an MCP server does not begin");
            "it does not speak MCP: its answer to `initialize` has another form than MCP says".to_owned()
        }
    }
}

/// What the server may say to the host: that its tools changed.
#[derive(Default)]
pub(super) struct Client {
    changed: AtomicBool,
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("baton", env!("CARGO_PKG_VERSION")))
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.store(true, Ordering::SeqCst);
    }
}
