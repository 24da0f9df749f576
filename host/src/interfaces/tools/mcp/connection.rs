//! A conversation with one server, for as long as it lasts. Offers the server nothing: no sampling, no roots, no
//! questions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation, PaginatedRequestParams},
    service::{NotificationContext, RunningService, ServiceError, serve_client},
    transport::{StreamableHttpClientTransport, async_rw::AsyncRwTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use tokio::sync::Mutex;

use super::{Config, Reach, process::Process, translate};
use crate::interfaces::toolboxes::Declared;

/// Bytes of one message; an answer's own bound is lower.
const LARGEST_MESSAGE: usize = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// More than a model can choose from.
const MOST_TOOLS: usize = 512;

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said so.
    Refused(ErrorData),
    /// The server is gone; it may have done what it was asked.
    Lost(String),
}

/// One conversation.
pub(super) struct Connection {
    service: RunningService<RoleClient, Client>,
    /// None until asked, and after the server said that they changed.
    tools: Mutex<Option<Arc<[Declared]>>>,
    /// Dropped, and so killed, with the conversation.
    _process: Option<Process>,
}

impl Connection {
    /// Starts or calls on the server. The error says why it cannot be used, without an end.
    pub(super) async fn open(config: &Config) -> Result<Self, String> {
        let (service, process) = match &config.reach {
            Reach::Program { command, environment } => {
                let (process, pipes) = Process::start(&config.name, command, environment)?;
                let transport = AsyncRwTransport::new_client(pipes.output, pipes.input).with_max_line_length(LARGEST_MESSAGE);
                (serve_client(Client::default(), transport).await, Some(process))
            }
            Reach::Address { url, token } => {
                let mut settings = StreamableHttpClientTransportConfig::with_uri(url.as_str()).max_sse_event_size(LARGEST_MESSAGE);
                if let Some(token) = token {
                    settings = settings.auth_header(token);
                }
                let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
                let client = client.build().map_err(|error| format!("no client can be made: {error}"))?;
                (serve_client(Client::default(), StreamableHttpClientTransport::with_client(client, settings)).await, None)
            }
        };
        let service = service.map_err(|error| translate::plain(&format!("it does not speak MCP: {error}")))?;
        Ok(Self { service, tools: Mutex::default(), _process: process })
    }

    /// Whether nothing more will come of it.
    pub(super) fn is_lost(&self) -> bool {
        self.service.is_closed() || self.service.is_transport_closed()
    }

    /// What the server has.
    pub(super) async fn tools(&self) -> Result<Arc<[Declared]>, String> {
        let mut tools = self.tools.lock().await;
        if self.service.service().changed.swap(false, Ordering::SeqCst) {
            *tools = None;
        }
        if let Some(tools) = tools.as_ref() {
            return Ok(Arc::clone(tools));
        }
        let listed = self.list().await.map_err(|error| translate::plain(&format!("it does not list its tools: {error}")))?;
        Ok(Arc::clone(tools.insert(listed)))
    }

    async fn list(&self) -> Result<Arc<[Declared]>, ServiceError> {
        let (mut tools, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.service.list_tools(Some(PaginatedRequestParams::default().with_cursor(cursor))).await?;
            tools.extend(page.tools.into_iter().filter_map(translate::declared));
            cursor = page.next_cursor;
            if cursor.is_none() || tools.len() >= MOST_TOOLS {
                tools.truncate(MOST_TOOLS);
                return Ok(tools.into());
            }
        }
    }

    /// Asks for one call.
    pub(super) async fn call(&self, request: CallToolRequestParams) -> Result<CallToolResult, Trouble> {
        self.service.call_tool(request).await.map_err(|error| match error {
            ServiceError::McpError(error) => Trouble::Refused(error),
            error => Trouble::Lost(translate::plain(&error.to_string())),
        })
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
