//! What a host offers to other programs for as long as it serves, whoever implements it. Speaks no protocol itself.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Problem};
use crate::config::ApiSettings;

/// Offers a host to other programs.
#[async_trait]
pub trait Interface: Send + Sync {
    /// Begins to offer it.
    async fn start(&self, host: Arc<Host>, settings: ApiSettings) -> Result<Box<dyn Served>, Problem>;
}

/// A host while it is offered.
#[async_trait]
pub trait Served: Send {
    /// Where other programs reach it.
    fn listening(&self) -> Listening;

    /// Ends it: what is in flight is answered, within 10 s.
    async fn stop(self: Box<Self>);
}

/// Where other programs reach a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Listening {
    /// The address, as a URL.
    pub url: String,
    /// The socket for programs of this user.
    pub socket: String,
    /// Where the first admin is made, once; absent where there are users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
}

impl Listening {
    /// Of an address and the path of a socket.
    pub fn new(address: SocketAddr, is_encrypted: bool, socket: String) -> Self {
        let scheme = if is_encrypted { "https" } else { "http" };
        Self { url: format!("{scheme}://{address}"), socket, setup: None }
    }
}
