//! The log of events as streams, each from a cursor on and for one caller: one reader of the log for all of them. Knows no
//! transport.

mod about;
mod filter;
mod frame;
mod hub;
mod lines;
mod replies;
mod subscription;
mod types;

#[cfg(test)]
mod tests;

use utoipa::OpenApi;

pub use filter::FollowEvents;
pub use frame::{CloseReason, ControlFrame, EventFrame, Frame, FrameBody};
pub use hub::{EventHub, HEARTBEAT};
pub use lines::{ItemLine, LineKind};
pub use replies::ReplySoFar;
pub use subscription::Subscription;
pub use types::types_of;

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(ControlFrame, EventFrame, FrameBody, ItemLine, ReplySoFar)))]
pub(super) struct Views;
