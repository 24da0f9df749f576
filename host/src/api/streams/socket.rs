//! The stream by WebSocket: each frame as a text message. Takes no message but the one that says who asks.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts as _, Request, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::Deserialize;

use super::{StreamParameters, open};
use crate::{
    api::{
        Api, authentication,
        extract::{Parameters, read_json},
        failure::Failure,
        peer::Peer,
    },
    operations::{
        access::Caller,
        streams::{CloseReason, Frame, Subscription},
    },
};

/// How long a client may take to say who it is.
const SIGN_IN_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the largest message of a client.
const LARGEST_MESSAGE: usize = 16 << 10;
/// Bytes that are written before they are sent, and that may wait to be sent.
const WRITE_BUFFER: usize = 16 << 10;
const LARGEST_WRITE_BUFFER: usize = 4 << 20;

/// Why a connection is closed, for programs: codes of RFC 6455, and from 4000 on Baton's own.
const GOING_AWAY: u16 = 1001;
const INTERNAL: u16 = 1011;
const REJECTED: u16 = 4000;
const UNAUTHENTICATED: u16 = 4001;
const SLOW: u16 = 4008;
const REPLACED: u16 = 4009;

/// The message that says who asks.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum ClientMessage {
    Authenticate {
        /// An access token.
        token: String,
    },
}

/// Follow events by WebSocket
///
/// Each text message is a frame: one JSON document, whose `type` says what it is. Without a credential in the header and without
/// a ticket, the first message of the client has to be `{"type":"authenticate","token":"…"}`, within 10 s.
#[utoipa::path(
    get,
    path = "/stream",
    tag = "streams",
    params(StreamParameters),
    responses(
        (status = 101, description = "The connection is a WebSocket from here on"),
        (status = 426, description = "The request does not open a WebSocket.")
    )
)]
pub(in crate::api) async fn connect(
    State(api): State<Arc<Api>>,
    Parameters(parameters): Parameters<StreamParameters>,
    request: Request,
) -> Result<Response, Failure> {
    let (mut parts, _) = request.into_parts();
    let upgrade = read_upgrade(&mut parts).await?;
    let caller = parts.extensions.get::<Caller>().cloned();
    if let Some(caller) = caller {
        let subscription = open(&api, &caller, parameters, &parts.headers).await?;
        return Ok(upgrade.on_upgrade(move |mut socket| async move { send(&mut socket, subscription, write_frame).await }));
    }
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        let opened = async {
            let address = authentication::address(&api, Peer::of(&parts.extensions), &parts.headers);
            let caller = authentication::authenticate(&api, &read_token(&mut socket).await?, address).await?;
            open(&api, &caller, parameters, &parts.headers).await
        };
        let opened = opened.await;
        match opened {
            Ok(subscription) => send(&mut socket, subscription, write_frame).await,
            Err(failure) => {
                let code = if failure.is_unauthenticated() { UNAUTHENTICATED } else { REJECTED };
                close(&mut socket, code, failure.code()).await;
            }
        }
    }))
}

/// The request as one that opens a WebSocket, which takes short messages.
pub(super) async fn read_upgrade(parts: &mut Parts) -> Result<WebSocketUpgrade, Failure> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await.map_err(|_| not_an_upgrade())?;
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.write_buffer_size(WRITE_BUFFER).max_write_buffer_size(LARGEST_WRITE_BUFFER))
}

fn write_frame(frame: &Frame) -> Option<Bytes> {
    Some(frame.json.clone())
}

fn not_an_upgrade() -> Failure {
    let failure = Failure::of_client(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This is a WebSocket.");
    failure.advise("Open it with a WebSocket client, or follow events by `/api/v1/events/stream`.")
}

/// The token of the first message.
async fn read_token(socket: &mut WebSocket) -> Result<String, Failure> {
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Some(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    };
    let missing = || Failure::unauthenticated("credential_missing", "The client did not say within 10 s who it is.");
    let text = tokio::time::timeout(SIGN_IN_PATIENCE, first).await.ok().flatten().ok_or_else(missing)?;
    let ClientMessage::Authenticate { token } = read_json(text.as_bytes())?;
    Ok(token)
}

/// Sends frames, as far as they are written, until the stream ends or the client does not want more.
pub(super) async fn send(socket: &mut WebSocket, mut subscription: Subscription, write: impl Fn(&Frame) -> Option<Bytes>) {
    loop {
        tokio::select! {
            frame = subscription.next() => {
                let Some(frame) = frame else { return };
                // What is JSON is text.
                let text = write(&frame).and_then(|text| Utf8Bytes::try_from(text).ok());
                if let Some(text) = text
                    && socket.send(Message::Text(text)).await.is_err()
                {
                    return;
                }
                if let Some(reason) = frame.close_reason() {
                    return close(socket, code_of(reason), reason.as_str()).await;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return close(socket, REJECTED, "message_unexpected").await;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

async fn close(socket: &mut WebSocket, code: u16, reason: &str) {
    // The client may be gone.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

fn code_of(reason: CloseReason) -> u16 {
    match reason {
        CloseReason::Slow => SLOW,
        CloseReason::Replaced => REPLACED,
        CloseReason::SignedOut => UNAUTHENTICATED,
        CloseReason::Shutdown => GOING_AWAY,
        CloseReason::Failed => INTERNAL,
    }
}
