//! Makes messages of what a server sends. Answers to Baton's requests pass through the library unread and are read at its
//! other end: it would take a list of tools with one odd tool in it for no list at all.

use rmcp::{
    RoleClient,
    model::{CustomResult, ErrorCode, ErrorData, JsonRpcMessage, RequestId, ServerResult},
    service::RxJsonRpcMessage,
};
use serde_json::{Value, json};

use super::oversize::Oversize;
use crate::interfaces::lenient::{self, Reading};

/// By which an answer that was never taken in is told from what a server says itself.
pub(super) const UNREADABLE: ErrorCode = ErrorCode(-32_097);
/// No answer came, and nobody knows what became of the request.
pub(super) const LOST: ErrorCode = ErrorCode(-32_096);
/// The server did certainly not take the request.
pub(super) const UNASKED: ErrorCode = ErrorCode(-32_095);
/// The same, and it takes none until its operator has corrected something.
pub(super) const UNREACHABLE: ErrorCode = ErrorCode(-32_094);
/// Holds an answer that the library has not read. No result of MCP has a field of this name.
const UNREAD: &str = "baton/unread";

/// A message of a server to the host.
pub(super) type Received = RxJsonRpcMessage<RoleClient>;

/// The message that a text is, if it is one. `greeting`: the request by which the conversation began, whose answer the
/// library reads itself.
pub(super) fn message(text: &str, greeting: Option<&RequestId>) -> Option<Received> {
    let value = lenient::read(text).ok()?.value;
    match find_answered_request(&value) {
        Some(id) if Some(&id) != greeting => {
            let unread = CustomResult(json!({ UNREAD: text }));
            Some(JsonRpcMessage::response(ServerResult::CustomResult(unread), id))
        }
        _ => serde_json::from_value(value).ok(),
    }
}

/// The request to which a message is the result.
fn find_answered_request(message: &Value) -> Option<RequestId> {
    let is_result = message["jsonrpc"] == "2.0" && message.get("result").is_some() && message.get("method").is_none();
    serde_json::from_value(message.get("id").filter(|_| is_result)?.clone()).ok()
}

/// Whether a text that is not a message would answer this request.
pub(super) fn seems_to_answer(text: &str, id: &RequestId) -> bool {
    let mut message = Oversize::default();
    message.read(text.as_bytes());
    message.answered() == Some(id)
}

/// The result of a request, as the server wrote it.
pub(super) fn result(result: ServerResult) -> Result<Reading, String> {
    match result {
        ServerResult::CustomResult(CustomResult(value)) => match value.get(UNREAD).and_then(Value::as_str) {
            Some(text) => lenient::read(text).map(|reading| reading.part("result")).map_err(|error| error.to_string()),
            None => Ok(value.into()),
        },
        read => serde_json::to_value(read).map(Reading::from).map_err(|error| error.to_string()),
    }
}

/// An answer that stands in for one that was not taken in.
pub(super) fn failure(id: RequestId, why: impl Into<std::borrow::Cow<'static, str>>) -> Received {
    fail_request(UNREADABLE, id, why)
}

/// An answer that stands in for one that did not come.
pub(super) fn fail_request(code: ErrorCode, id: RequestId, why: impl Into<std::borrow::Cow<'static, str>>) -> Received {
    JsonRpcMessage::error(ErrorData::new(code, why, None), Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an answer on its way through the library, which a stream of events passes as text.
    fn passed(text: &str) -> Reading {
        let direct = message(text, None).unwrap();
        let again: Received = serde_json::from_str(&serde_json::to_string(&direct).unwrap()).unwrap();
        let read = |message: Received| match message {
            JsonRpcMessage::Response(response) => result(response.result).unwrap(),
            other => panic!("{other:?}"),
        };
        let (direct, again) = (read(direct), read(again));
        assert_eq!(direct, again);
        direct
    }

    #[test]
    fn an_answer_arrives_as_it_was_written() {
        for result in [
            json!({ "tools": [], "prompts": [], "resources": [] }),
            json!({ "tools": [7, null], "nextCursor": 3, "resultType": "complete" }),
            json!({ "content": [{ "type": "new" }], "contents": [], "completion": {}, "task": {}, "messages": [] }),
            json!({}),
            json!([]),
            Value::Null,
        ] {
            let text = json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string();
            assert_eq!(passed(&text), Reading::from(result), "{text}");
        }
        let odd = passed(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"\ud83d"},{"n":1e999}]}}"#);
        assert_eq!(odd.value, json!({ "tools": [{ "name": "\u{fffd}" }, { "n": null }] }));
        assert_eq!(odd.oddities.iter().map(|oddity| oddity.pointer.as_str()).collect::<Vec<_>>(), ["/tools/0/name", "/tools/1/n"]);
        let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{}{}]}}}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(passed(&deep).oddities.len(), 1);
    }

    #[test]
    fn what_is_no_answer_is_read_by_the_library() {
        let greeting = RequestId::Number(0);
        let text = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"\ud83d","version":"1"}}}"#;
        let Some(JsonRpcMessage::Response(response)) = message(text, Some(&greeting)) else { panic!("it is an answer") };
        assert!(matches!(response.result, ServerResult::InitializeResult(_)));
        let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
        assert!(matches!(message(changed, None), Some(JsonRpcMessage::Notification(_))));
        let refused = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"\ud83d no"}}"#;
        assert!(matches!(message(refused, None), Some(JsonRpcMessage::Error(error)) if error.error.message == "\u{fffd} no"));
        for text in ["", "7", "{}", "[1]", r#"{"id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","id":1,"result":{}"#] {
            assert!(message(text, None).is_none(), "{text}");
        }
    }
}
