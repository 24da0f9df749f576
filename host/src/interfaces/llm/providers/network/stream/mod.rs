//! One completion that comes in pieces: they are told as they arrive, and the end is the reply that would have come in
//! one. The client library reads the stream and drops some of it, so replies are put together from the events themselves.

mod completion;
mod frames;
mod message;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt;
use genai::chat::{ChatOptions, ChatRequest, ChatResponse, ChatStream, ChatStreamEvent, StreamEnd};
use genai::{Client, ServiceTarget};

use super::failure::{Failure, Judge};
use super::relay::{Carried, Measure, Relay};
use super::{Protocol, translate};
use crate::interfaces::llm::messages::Reply;
use crate::interfaces::llm::watching::Telling;
use frames::Frames;

/// Whether the pieces of this protocol can be put together without loss. Gemini's proofs of thought belong to the part
/// behind them, and the client library hands on neither that order nor the parts.
pub(super) fn is_possible(protocol: Protocol) -> bool {
    protocol != Protocol::Gemini
}

/// Makes the call, and tells what is said until it is over.
pub(super) async fn reply(
    relay: &Relay,
    judge: &Judge<'_>,
    target: impl Fn(&str) -> ServiceTarget,
    chat: ChatRequest,
    options: &ChatOptions,
    mut telling: Telling,
) -> Result<Reply, Box<Failure>> {
    let frames = Arc::new(Frames::of(judge.account.protocol));
    let options = capturing(options).with_raw_frame_sink_arc(Arc::clone(&frames) as _);
    let talk = async |client: Client, address: String| {
        let target = target(&address);
        let model = target.model.clone();
        let response = client.exec_chat_stream(target, chat, Some(&options)).await;
        let mut stream = response.map_err(|error| judge.failure(&error))?.stream;
        Ok((model, end(&mut stream, &frames, judge, &mut telling).await?))
    };
    let carried = relay.carry(&judge.account.base_url, Measure::Events, talk).await;
    let Carried { said, broken } = carried.map_err(|obstacle| judge.obstacle(&obstacle))?;
    let (model, end) = said.map_err(|failure| match &broken {
        Some(error) => judge.broken(failure, error),
        None => failure,
    })?;
    let pieces = frames.whole(end).map_err(|reason| judge.malformed(&reason))?;
    let response = ChatResponse {
        content: pieces.content,
        reasoning_content: pieces.reasoning,
        provider_model_iden: model.from_optional_name(pieces.model),
        model_iden: model,
        stop_reason: pieces.stop,
        usage: genai::chat::Usage::default(),
        captured_raw_body: Some(pieces.body),
        response_id: None,
    };
    translate::reply(judge.account, response).map_err(|reason| judge.malformed(&reason))
}

/// Tool calls are not left to the library, which makes room for as many as the service's highest number.
fn capturing(options: &ChatOptions) -> ChatOptions {
    options.clone().with_capture_usage(true).with_capture_content(true).with_capture_reasoning_content(true).with_capture_tool_calls(false)
}

async fn end(stream: &mut ChatStream, frames: &Frames, judge: &Judge<'_>, telling: &mut Telling) -> Result<StreamEnd, Box<Failure>> {
    loop {
        let event = next(stream, frames).await.map_err(|reason| judge.too_long(&reason))?;
        match event {
            Some(Ok(ChatStreamEvent::Chunk(chunk) | ChatStreamEvent::ReasoningChunk(chunk))) => telling.say(&chunk.content),
            Some(Ok(ChatStreamEvent::End(end))) => return Ok(end),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(judge.stream(&error, frames.count())),
            None => return Err(judge.ended(frames.count())),
        }
    }
}

/// The next event, or what there is too much of: the library takes events that say nothing for as long as there are any.
async fn next(stream: &mut ChatStream, frames: &Frames) -> Result<Option<genai::Result<ChatStreamEvent>>, String> {
    poll_fn(|context| {
        let polled = stream.poll_next_unpin(context);
        match frames.fault() {
            Some(fault) => Poll::Ready(Err(fault)),
            None => polled.map(Ok),
        }
    })
    .await
}
