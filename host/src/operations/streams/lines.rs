//! The stream of one item as lines for programs that show its work: the same events under six kinds. Follows nothing by itself.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::frame::{ControlFrame, EventFrame, Frame, FrameBody};
use crate::{
    events::{Category, EventLevel},
    journal::RunId,
    operations::Moment,
};

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// How far a run is.
    Progress,
    /// What happened, or what a plugin or a command wrote.
    Log,
    /// A run or an agent has ended with what it was to do.
    Result,
    /// Something failed.
    Error,
    /// The item, or a run that works on it, has another state.
    Status,
    /// The stream lives.
    Heartbeat,
}

/// A line of the stream of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemLine {
    /// What it tells.
    #[serde(rename = "type")]
    pub kind: LineKind,
    /// What a client gives as `after` to continue behind this line.
    pub cursor: i64,
    /// What the frame of the stream of events is called.
    pub event: String,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// The run it happened in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The particulars, as the frame has them.
    pub data: Value,
}

impl ItemLine {
    /// The line that a frame is; none for what models are writing.
    pub fn of(frame: &Frame) -> Option<Self> {
        let line = |kind, cursor, event: &str, at, data| Self { kind, cursor, event: event.to_owned(), at, run: None, data };
        match &frame.body {
            FrameBody::Event(frame) => Some(Self::of_event(frame)),
            FrameBody::Control(ControlFrame::Token { .. }) => None,
            FrameBody::Control(ControlFrame::Heartbeat { cursor, at }) => {
                Some(line(LineKind::Heartbeat, *cursor, "heartbeat", Some(*at), json!({})))
            }
            FrameBody::Control(ControlFrame::Opened { cursor }) => Some(line(LineKind::Status, *cursor, "stream.opened", None, json!({}))),
            FrameBody::Control(ControlFrame::Truncated { after, cursor }) => {
                Some(line(LineKind::Log, *cursor, "log.truncated", None, json!({ "after": after })))
            }
            FrameBody::Control(ControlFrame::Closed { reason, cursor }) => {
                Some(line(LineKind::Status, *cursor, "stream.closed", None, json!({ "reason": reason.as_str() })))
            }
        }
    }

    fn of_event(frame: &EventFrame) -> Self {
        let event = &frame.event;
        let kind = match (event.category, event.name.as_str()) {
            (Category::Run, "progress") => LineKind::Progress,
            (Category::Run, "succeeded") => LineKind::Result,
            (Category::Agent, "ended") if event.data["error"].is_null() => LineKind::Result,
            (Category::Run, "failed") | (Category::Agent, "ended") => LineKind::Error,
            (Category::Run, "log" | "published") => LineKind::Log,
            (Category::Run, _) | (Category::Item, "moved") => LineKind::Status,
            _ if event.level == EventLevel::Error => LineKind::Error,
            _ => LineKind::Log,
        };
        let (at, run, data) = (Some(event.at), event.run.clone(), event.data.clone());
        Self { kind, cursor: event.cursor, event: frame.kind.clone(), at, run, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{events::Event, streams::CloseReason};

    fn kind(category: Category, name: &str, level: EventLevel, data: Value) -> LineKind {
        let event = Event { cursor: 7, at: Moment(0), category, name: name.to_owned(), level, run: None, project: None, actor: None, data };
        let frame = Frame::new(FrameBody::Event(Box::new(EventFrame { kind: "subject.action".to_owned(), event })));
        let line = ItemLine::of(&frame).unwrap();
        assert_eq!((line.cursor, line.event.as_str()), (7, "subject.action"));
        line.kind
    }

    #[test]
    fn every_event_is_one_line_of_its_kind() {
        let info = |category, name, data| kind(category, name, EventLevel::Info, data);
        assert_eq!(info(Category::Run, "progress", json!({})), LineKind::Progress);
        assert_eq!(info(Category::Run, "paused", json!({})), LineKind::Status);
        assert_eq!(info(Category::Item, "moved", json!({})), LineKind::Status);
        assert_eq!(info(Category::Item, "changed", json!({})), LineKind::Log);
        assert_eq!(info(Category::Agent, "ended", json!({ "summary": "Done." })), LineKind::Result);
        assert_eq!(info(Category::Agent, "ended", json!({ "error": "No." })), LineKind::Error);
        assert_eq!(info(Category::Sandbox, "output", json!({})), LineKind::Log);
        assert_eq!(kind(Category::Audit, "tripped", EventLevel::Error, json!({})), LineKind::Error);
    }

    #[test]
    fn the_end_of_a_stream_is_a_line_with_its_reason() {
        let line = ItemLine::of(&ControlFrame::Closed { reason: CloseReason::Slow, cursor: 3 }.into()).unwrap();
        assert_eq!((line.kind, &line.data["reason"]), (LineKind::Status, &json!("slow")));
    }
}
