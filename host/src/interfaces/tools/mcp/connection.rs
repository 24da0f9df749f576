//! A conversation with one server, for as long as it lasts. Offers the server nothing: no sampling, no roots, no
//! questions.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ClientRequest, Implementation, ListToolsRequest,
        PaginatedRequestParams, ServerResult,
    },
    service::{ClientInitializeError, NotificationContext, RunningService, ServiceError, serve_client},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    Config, Reach,
    http::Http,
    lines::{LARGEST_MESSAGE, Lines, UNREADABLE},
    listing,
    notes::Notes,
    process::Process,
    translate,
};
use crate::interfaces::toolboxes::Roster;

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said so.
    Refused(ErrorData),
    /// The server answered, and nobody could take it in.
    Unreadable(String),
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
            Reach::Program { command, environment } => {
                let (mut process, pipes) = Process::start(&config.name, command, environment, notes)?;
                let lines = Lines::new(&config.name, pipes.output, pipes.input, notes.clone());
                match serve_client(Client::default(), lines).await {
                    Ok(service) => (service, Some(process)),
                    // One that said something wrong ends as well, now that nobody speaks to it.
                    Err(error @ (ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })) => {
                        return Err(process.end().await.unwrap_or_else(|| unspoken(&error)));
                    }
                    Err(error) => return Err(unspoken(&error)),
                }
            }
            Reach::Address { url, token } => {
                let mut settings = StreamableHttpClientTransportConfig::with_uri(url.as_str()).max_sse_event_size(LARGEST_MESSAGE);
                if let Some(token) = token {
                    settings = settings.auth_header(token);
                }
                let service = serve_client(Client::default(), StreamableHttpClientTransport::with_client(Http::new()?, settings)).await;
                (service.map_err(|error| unspoken(&error))?, None)
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
        let listed = listing::listed(|cursor| self.page(cursor)).await.map_err(|why| translate::plain(&why))?;
        Ok(Arc::clone(tools.insert(Arc::new(listed))))
    }

    /// A page of the list as it was sent: the library takes one that has anything wrong in it for no list at all.
    async fn page(&self, cursor: Option<String>) -> Result<Value, String> {
        let request = ListToolsRequest::with_param(PaginatedRequestParams::default().with_cursor(cursor));
        match self.service.send_request(ClientRequest::ListToolsRequest(request)).await {
            Ok(ServerResult::ListToolsResult(page)) => serde_json::to_value(page).map_err(|error| error.to_string()),
            Ok(ServerResult::CustomResult(page)) => Ok(page.0),
            Ok(_) => Err("its answer to `tools/list` is not a list of tools".to_owned()),
            Err(error) => Err(match self.trouble(error) {
                Trouble::Refused(error) => format!("it does not list its tools: {}", error.message),
                Trouble::Unreadable(why) => format!("its list of tools cannot be read: {why}"),
                Trouble::Lost(why) => format!("it was lost while it listed its tools ({why})"),
            }),
        }
    }

    /// Asks for one call.
    pub(super) async fn call(&self, request: CallToolRequestParams) -> Result<CallToolResult, Trouble> {
        self.service.call_tool(request).await.map_err(|error| self.trouble(error))
    }

    fn trouble(&self, error: ServiceError) -> Trouble {
        match error {
            ServiceError::McpError(error) if error.code == UNREADABLE => Trouble::Unreadable(translate::plain(&error.message)),
            ServiceError::McpError(error) => Trouble::Refused(error),
            ServiceError::UnexpectedResponse => Trouble::Unreadable("its answer has another form than MCP says".to_owned()),
            error => Trouble::Lost(self.notes.end().map_or_else(|| translate::plain(&error.to_string()), str::to_owned)),
        }
    }
}

/// Why a conversation did not begin.
fn unspoken(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) if error.code == UNREADABLE => translate::plain(&error.message),
        error => translate::plain(&format!("it does not speak MCP: {error}")),
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
