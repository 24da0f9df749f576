//! Stands between the client library and the services, within this process: the library reads a body whole before anybody
//! can count it, so it is shown the way to here alone. Passes on no more than a reply may hold, and knows no protocol.

mod door;
mod events;

use std::future::pending;
use std::io;

use hyper::body::{Bytes, Frame};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use reqwest::Url;
use tokio::sync::{OnceCell, oneshot};

use super::translate::LONGEST_REPLY;
use door::{Answer, Door, Visit};
use events::Events;

/// Bytes of an error that are passed on; what it is about stands at its beginning.
const LONGEST_ERROR: usize = 64 * 1024;

/// The one way to all services.
pub struct Relay {
    services: reqwest::Client,
    door: OnceCell<Door>,
}

/// What is held against the limit.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    /// The body: it is read to its end before anybody sees of it.
    Body,
    /// Each event of a stream by itself, and each is passed on whole.
    Events,
}

/// What came of a call.
pub(super) struct Carried<T> {
    /// What the client library made of it.
    pub(super) said: T,
    /// What broke the stream off that was passed on to it.
    pub(super) broken: Option<reqwest::Error>,
}

/// Why there is nothing that could be passed on.
pub(super) enum Obstacle {
    /// The service was not reached, or broke off.
    Service(reqwest::Error),
    /// It sends more than is passed on: what that is, a sentence.
    TooLong(String),
    /// The way within this process is not there.
    Door(io::Error),
}

impl Relay {
    /// A relay that reaches services by this client. Opens nothing before the first call.
    pub fn new(services: reqwest::Client) -> Self {
        Self { services, door: OnceCell::new() }
    }

    /// Lets `talk` make one call with a client and the address, ending in a slash, that stand for `base_url`. What happens
    /// on the way ends with the future.
    pub(super) async fn carry<T, F>(
        &self,
        base_url: &str,
        measure: Measure,
        talk: impl FnOnce(genai::Client, String) -> F,
    ) -> Result<Carried<T>, Obstacle>
    where
        F: Future<Output = T>,
    {
        let door = self.door.get_or_try_init(Door::open).await.map_err(Obstacle::Door)?;
        let (address, visit) = door.expect();
        let mut broken = None;
        let said = tokio::select! {
            biased;
            said = talk(door.client(), address.text()) => said,
            obstacle = self.attend(base_url, measure, visit, &mut broken) => return Err(obstacle),
        };
        Ok(Carried { said, broken })
    }

    /// Ends only where there is an obstacle; else what is said is waited for.
    async fn attend(
        &self,
        base_url: &str,
        measure: Measure,
        visit: oneshot::Receiver<Visit>,
        broken: &mut Option<reqwest::Error>,
    ) -> Obstacle {
        let Ok(visit) = visit.await else { return pending().await };
        match self.forward(base_url, measure, visit, broken).await {
            Ok(()) => pending().await,
            Err(obstacle) => obstacle,
        }
    }

    async fn forward(&self, base_url: &str, measure: Measure, visit: Visit, broken: &mut Option<reqwest::Error>) -> Result<(), Obstacle> {
        let Visit { head, body, rest, answer } = visit;
        let url = Url::parse(&format!("{base_url}{rest}")).map_err(|error| Obstacle::Door(io::Error::other(error)))?;
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = end_to_end(head.headers);
        *request.body_mut() = Some(body.into());
        let mut response = self.services.execute(request).await.map_err(Obstacle::Service)?;
        let (status, headers) = (response.status(), end_to_end(response.headers().clone()));
        let answer = |body| answer.begin(status, headers, body);
        match measure {
            _ if !status.is_success() => answer(once(beginning(&mut response).await).await),
            Measure::Body => answer(once(whole(&mut response).await?).await),
            Measure::Events => {
                let (pieces, body) = Answer::body();
                answer(body);
                *broken = pass_on(&mut response, pieces).await?;
            }
        }
        Ok(())
    }
}

type Pieces = http_body_util::channel::Sender<Bytes, io::Error>;

/// A body of one piece.
async fn once(piece: Vec<u8>) -> door::Body {
    let (mut pieces, body) = Answer::body();
    // There is room for one, and the body is still here.
    let _ = pieces.send(Frame::data(Bytes::from(piece))).await;
    body
}

/// As much of an error as there is, at most [`LONGEST_ERROR`]. That it breaks off makes it no other error.
async fn beginning(response: &mut reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() >= LONGEST_ERROR {
            body.truncate(LONGEST_ERROR);
            break;
        }
    }
    body
}

async fn whole(response: &mut reqwest::Response) -> Result<Vec<u8>, Obstacle> {
    let too_long = || Obstacle::TooLong(format!("it has more than the {LONGEST_REPLY} bytes that are passed on."));
    if response.content_length().is_some_and(|length| length > LONGEST_REPLY as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(Obstacle::Service)? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST_REPLY {
            return Err(too_long());
        }
    }
    Ok(body)
}

/// Passes events on until the stream ends or breaks off, and says by what it broke off. How many there are is for whoever
/// takes them to count.
async fn pass_on(response: &mut reqwest::Response, mut pieces: Pieces) -> Result<Option<reqwest::Error>, Obstacle> {
    let mut events = Events::default();
    let rest = loop {
        match response.chunk().await {
            Ok(Some(piece)) => {
                let ended = events.take(&piece);
                if events.unfinished() > LONGEST_REPLY {
                    let reason = format!("one event of its stream has more than the {LONGEST_REPLY} bytes that are passed on.");
                    return Err(Obstacle::TooLong(reason));
                }
                // Who has heard enough takes no more of it.
                if !ended.is_empty() && pieces.send_data(Bytes::from(ended)).await.is_err() {
                    return Ok(None);
                }
            }
            Ok(None) => break events.rest(),
            Err(error) => {
                pieces.abort(io::Error::other("the service broke off"));
                return Ok(Some(error));
            }
        }
    };
    let _ = pieces.send_data(Bytes::from(rest)).await;
    Ok(None)
}

/// Without what belongs to one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}
