//! What an agent wants handed back to continue where it was. Checks its size and that it is JSON; does not look inside.

use serde_json::Value;

use crate::journal::CallError;

/// Bytes of one conversation.
const LARGEST: usize = 4 << 20;

/// The document of a task's or a report's conversation. `null` is none.
pub(super) fn read(text: Option<&str>) -> Result<Option<Value>, CallError> {
    let Some(text) = text else { return Ok(None) };
    if text.len() > LARGEST {
        let size = text.len();
        let reason = format!("The conversation has {size} bytes and may have {LARGEST}. Shorten it, or leave it out.");
        return Err(CallError::invalid(reason).about("conversation"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Null) => Ok(None),
        Ok(document) => Ok(Some(document)),
        Err(error) => Err(CallError::invalid(format!("The conversation is not JSON: {error}.")).about("conversation")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_json_of_a_bounded_size() {
        assert_eq!(read(None).unwrap(), None);
        assert_eq!(read(Some("null")).unwrap(), None);
        assert_eq!(read(Some("[\"b\", {\"b\": 1, \"a\": 2}]")).unwrap().unwrap().to_string(), "[\"b\",{\"b\":1,\"a\":2}]");
        let longest = format!("\"{}\"", "x".repeat(LARGEST - 2));
        assert!(read(Some(&longest)).is_ok());
        for wrong in ["", "{", "[1,]", &format!("{longest} ")] {
            let error = read(Some(wrong)).unwrap_err();
            assert_eq!(error.subject.as_deref(), Some("conversation"), "{}", error.text);
        }
    }
}
