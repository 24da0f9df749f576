//! What a stream sends: events of the log, and what says how the stream itself is. Each is one JSON document.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    journal::RunId,
    operations::{Moment, events::Event},
};

/// An event of the log in a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventFrame {
    /// What happened to what, such as `story.status.changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The event, as the log has it.
    #[serde(flatten)]
    pub event: Event,
}

/// What a stream says beside the events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum ControlFrame {
    /// The first frame.
    #[serde(rename = "stream.opened")]
    Opened {
        /// The events behind this one follow.
        cursor: i64,
    },
    /// Sent every 15 s. A stream on which nothing comes for much longer is dead.
    #[serde(rename = "heartbeat")]
    Heartbeat {
        /// All events up to this one, as far as they are meant, have been sent.
        cursor: i64,
        /// The time by the clock of the host.
        at: Moment,
    },
    /// Events behind the cursor that was given are not kept any more. The oldest that are kept follow.
    #[serde(rename = "log.truncated")]
    Truncated {
        /// The cursor that was given.
        after: i64,
        /// The events behind this one follow.
        cursor: i64,
    },
    /// The next words of a reply that a model is writing. They are not in the log: a later stream begins with all of a reply that
    /// was written until then.
    #[serde(rename = "run.token")]
    Token {
        /// The run that asked.
        run: RunId,
        /// The id of its project.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        /// The call, which tells replies of one run apart that are written at the same time.
        call: String,
        /// Bytes of the reply before this text. Where it is not the end of the text before, some was missed.
        offset: u64,
        /// The text; empty in the last frame of a reply.
        text: String,
        /// Whether the reply has ended. It may have failed; the whole reply is in the journal of the run.
        done: bool,
    },
    /// The last frame.
    #[serde(rename = "stream.closed")]
    Closed {
        /// Why.
        reason: CloseReason,
        /// All events up to this one, as far as they are meant, have been sent: a stream from here on misses none.
        cursor: i64,
    },
}

/// Why a host closes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The client reads too slowly.
    Slow,
    /// The same client opened another stream.
    Replaced,
    /// The client may not read this any more.
    SignedOut,
    /// The host stops.
    Shutdown,
    /// The host cannot read its log.
    Failed,
}

impl CloseReason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Replaced => "replaced",
            Self::SignedOut => "signed_out",
            Self::Shutdown => "shutdown",
            Self::Failed => "failed",
        }
    }
}

/// A document of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FrameBody {
    /// What the stream says of itself, or what is not in the log.
    Control(ControlFrame),
    /// An event of the log.
    Event(Box<EventFrame>),
}

/// A frame, written once for all that it is sent to.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What a client gives to continue behind this frame; none for what is not in the log.
    pub cursor: Option<i64>,
    /// What it says.
    pub body: FrameBody,
    /// The same as JSON in one line.
    pub json: Bytes,
}

impl Frame {
    pub(super) fn new(body: FrameBody) -> Self {
        let cursor = match &body {
            FrameBody::Event(frame) => Some(frame.event.cursor),
            FrameBody::Control(ControlFrame::Token { .. }) => None,
            FrameBody::Control(
                ControlFrame::Opened { cursor }
                | ControlFrame::Heartbeat { cursor, .. }
                | ControlFrame::Truncated { cursor, .. }
                | ControlFrame::Closed { cursor, .. },
            ) => Some(*cursor),
        };
        // A frame has no form that JSON has not: every map in it has texts for keys.
        let json = serde_json::to_vec(&body).unwrap_or_default().into();
        Self { cursor, body, json }
    }

    /// Why the stream ends with it, if it does.
    pub fn close_reason(&self) -> Option<CloseReason> {
        match self.body {
            FrameBody::Control(ControlFrame::Closed { reason, .. }) => Some(reason),
            _ => None,
        }
    }
}

impl From<ControlFrame> for Frame {
    fn from(frame: ControlFrame) -> Self {
        Self::new(FrameBody::Control(frame))
    }
}
