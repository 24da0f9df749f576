//! How large the body of a request may be and how long it may take, by the table of routes. Reads no body itself.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::{failure::Failure, routes};
use crate::operations::{Problem, ProblemKind, ProblemSource};

/// How long no part of a body may arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Bytes of the largest body.
    pub(super) largest_body: usize,
    /// How long its answer may take to begin, with the time in which its body arrives.
    pub(super) patience: Duration,
}

/// What a request may take whose route says nothing else.
pub(super) const USUAL: Bounds = Bounds { largest_body: 1 << 20, patience: Duration::from_secs(60) };

/// Ends a request that takes more than its route allows.
pub(super) async fn bound(request: Request, next: Next) -> Response {
    let bounds = routes::of(&request).map_or(USUAL, |route| route.bounds);
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > bounds.largest_body) {
        return Failure::of_status(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    }
    let arrival = Arc::new(Arrival { has_ended: AtomicBool::new(request.body().is_end_stream()), is_late: AtomicBool::new(false) });
    let mut request = request.map(|body| Body::new(Watched::new(body, BODY_PATIENCE, Arc::clone(&arrival))));
    DefaultBodyLimit::max(bounds.largest_body).apply(&mut request);
    let answered = tokio::time::timeout(bounds.patience, next.run(request)).await;
    match answered {
        // What the handler made of a body that ended too early counts for nothing.
        Ok(_) if arrival.is_late.load(Ordering::Relaxed) => Failure::of_status(StatusCode::REQUEST_TIMEOUT).into_response(),
        Ok(response) => response,
        Err(_) if !arrival.has_ended.load(Ordering::Relaxed) => Failure::of_status(StatusCode::REQUEST_TIMEOUT).into_response(),
        Err(_) => too_long(bounds.patience).into_response(),
    }
}

fn too_long(patience: Duration) -> Failure {
    let message = format!("The host did not answer within {} s.", patience.as_secs());
    // Not `Host`: there is nothing in it that a client must not see.
    let problem = Problem::new(ProblemKind::Unavailable, "answer_too_slow", message, ProblemSource::Engine);
    Failure::from(problem.advise("Look whether the request was done before you repeat it."))
}

/// How far the body of a request has come.
struct Arrival {
    has_ended: AtomicBool,
    is_late: AtomicBool,
}

/// A body that fails once no part of it arrives for too long.
struct Watched {
    inner: Body,
    patience: Duration,
    arrival: Arc<Arrival>,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    fn new(inner: Body, patience: Duration, arrival: Arc<Arrival>) -> Self {
        Self { inner, patience, arrival, silence: None }
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) else {
            let silence = this.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(this.patience)));
            ready!(silence.as_mut().poll(context));
            this.arrival.is_late.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(axum::Error::new("the body did not arrive in time"))));
        };
        this.silence = None;
        if frame.is_none() || this.inner.is_end_stream() {
            this.arrival.has_ended.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    const PAUSE: Duration = Duration::from_millis(50);

    fn watched(body: Body, patience: Duration) -> (Watched, Arc<Arrival>) {
        let arrival = Arc::new(Arrival { has_ended: AtomicBool::new(false), is_late: AtomicBool::new(false) });
        (Watched::new(body, patience, Arc::clone(&arrival)), arrival)
    }

    #[tokio::test]
    async fn a_body_whose_parts_do_not_come_fails_and_is_late() {
        let ever_slower = stream::unfold(0, |part| async move {
            if part > 0 {
                tokio::time::sleep(PAUSE * 100).await;
            }
            Some((Ok::<_, std::io::Error>("part"), part + 1))
        });
        let (mut body, arrival) = watched(Body::from_stream(ever_slower), PAUSE);
        assert!(body.frame().await.unwrap().is_ok() && !arrival.is_late.load(Ordering::Relaxed));
        assert!(body.frame().await.unwrap().is_err() && arrival.is_late.load(Ordering::Relaxed));
        assert!(!arrival.has_ended.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_body_that_comes_is_as_it_was_and_has_ended() {
        let (body, arrival) = watched(Body::from("whole"), BODY_PATIENCE);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");
        assert!(arrival.has_ended.load(Ordering::Relaxed) && !arrival.is_late.load(Ordering::Relaxed));
    }
}
