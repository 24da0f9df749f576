//! One stream: what is in the log from its cursor on, then what is added to it, each event once. Reads no faster than its reader.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use super::{
    filter::Filter,
    frame::{CloseReason, ControlFrame, Frame, FrameBody},
    hub::Shared,
};
use crate::operations::Problem;

/// A stream of events.
pub struct Subscription {
    ended: watch::Receiver<Option<CloseReason>>,
    reading: Reading,
    is_over: bool,
}

struct Reading {
    shared: Arc<Shared>,
    id: u64,
    filter: Arc<Filter>,
    heartbeat: Interval,
    /// What was found and not given yet.
    pending: VecDeque<Arc<Frame>>,
    /// The last event that was looked at.
    looked_at: i64,
    /// The last event that was given, or the beginning.
    given: i64,
    /// What is added to the log, once all before it was looked at: behind the event with this cursor.
    live: Option<(i64, mpsc::Receiver<Arc<Frame>>)>,
}

impl Subscription {
    /// `begin`: the cursor that was asked for and the one that is possible; none from now on.
    pub(super) fn begin(
        shared: Arc<Shared>,
        id: u64,
        filter: Arc<Filter>,
        ended: watch::Receiver<Option<CloseReason>>,
        begin: Option<(i64, i64)>,
        heartbeat: Duration,
    ) -> Self {
        let mut heartbeat = interval_at(Instant::now() + heartbeat, heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reading = Reading { shared, id, filter, heartbeat, pending: VecDeque::new(), looked_at: 0, given: 0, live: None };
        match begin {
            Some((after, cursor)) => {
                (reading.looked_at, reading.given) = (cursor, cursor);
                reading.push(ControlFrame::Opened { cursor: after });
                if cursor != after {
                    reading.push(ControlFrame::Truncated { after, cursor });
                }
            }
            None => {
                let cursor = reading.shared.lock().position;
                reading.push(ControlFrame::Opened { cursor });
                (reading.looked_at, reading.given) = (cursor, cursor);
            }
        }
        Self { ended, reading, is_over: false }
    }

    /// The next frame; none behind the one that says why the stream is closed. Can be dropped at any point and misses nothing.
    pub async fn next(&mut self) -> Option<Arc<Frame>> {
        while !self.is_over {
            let reason = *self.ended.borrow();
            if let Some(reason) = reason {
                return Some(self.close(reason));
            }
            if let Some(frame) = self.reading.pending.pop_front() {
                self.reading.given = frame.cursor.unwrap_or(self.reading.given);
                return Some(frame);
            }
            tokio::select! {
                biased;
                changed = self.ended.changed() => if changed.is_err() {
                    return Some(self.close(CloseReason::Failed));
                },
                advanced = self.reading.advance() => if let Err(problem) = advanced {
                    tracing::warn!("a stream cannot read the log of events: {problem}");
                    return Some(self.close(CloseReason::Failed));
                },
            }
        }
        None
    }

    fn close(&mut self, reason: CloseReason) -> Arc<Frame> {
        self.is_over = true;
        let reading = &self.reading;
        let cursor = if reading.pending.is_empty() { reading.looked_at } else { reading.given };
        Arc::new(ControlFrame::Closed { reason, cursor }.into())
    }
}

impl Reading {
    fn push(&mut self, frame: ControlFrame) {
        self.pending.push_back(Arc::new(frame.into()));
    }

    /// Adds what comes next to what is pending.
    async fn advance(&mut self) -> Result<(), Problem> {
        if let Some((begin, live)) = &mut self.live
            && self.looked_at >= *begin
        {
            tokio::select! {
                biased;
                _ = self.heartbeat.tick() => {
                    // Whatever was sent to the streams before is in the queue, so that an empty one has all of it.
                    let position = self.shared.lock().position;
                    if live.is_empty() {
                        self.looked_at = self.looked_at.max(position);
                    }
                    self.push_heartbeat();
                }
                Some(frame) = live.recv() => self.take(frame),
                // The stream is being closed.
                else => std::future::pending().await,
            }
            return Ok(());
        }
        let (page, is_full) = self.shared.read(self.looked_at).await?;
        for (frame, about) in page {
            let FrameBody::Event(event) = &frame.body else { continue };
            self.looked_at = event.event.cursor;
            if self.filter.admits(event.event.category, &about) {
                self.pending.push_back(frame);
            }
        }
        match &self.live {
            // The log has no more up to there.
            Some((begin, _)) if !is_full => self.looked_at = self.looked_at.max(*begin),
            None if !is_full => {
                let (position, replies, live) = self.shared.join(self.id, &self.filter);
                self.pending.extend(replies.into_iter().map(Arc::new));
                self.live = Some((position, live));
            }
            _ => {}
        }
        if self.pending.is_empty() && self.heartbeat.tick().now_or_never().is_some() {
            self.push_heartbeat();
        }
        Ok(())
    }

    fn take(&mut self, frame: Arc<Frame>) {
        match frame.cursor {
            // It was in the log already when that was read.
            Some(cursor) if cursor <= self.looked_at => {}
            cursor => {
                self.looked_at = cursor.unwrap_or(self.looked_at);
                self.pending.push_back(frame);
            }
        }
    }

    fn push_heartbeat(&mut self) {
        let at = self.shared.host.now();
        self.push(ControlFrame::Heartbeat { cursor: self.looked_at, at });
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.shared.remove(self.id);
    }
}
