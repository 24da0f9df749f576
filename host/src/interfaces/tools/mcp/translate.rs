//! Between the words of MCP and ours. Trusts no text of a server's to be short or harmless.

use rmcp::model::{ContentBlock, ResourceContents};
use serde_json::Value;

use crate::{
    interfaces::tools::{text::cut, toolset::Outcome},
    journal::CallError,
};

const LONGEST_MESSAGE: usize = 600;

/// What came of a call, as text of at most `most` bytes. None: it is not the result of a call.
pub(super) fn outcome(result: &Value, most: usize) -> Option<Result<Outcome, CallError>> {
    let given = |field: &str| result.get(field).filter(|value| !value.is_null());
    let (blocks, structured, failed) = (given("content"), given("structuredContent"), given("isError"));
    if blocks.or(structured).or(failed).is_none() || blocks.is_some_and(|blocks| !blocks.is_array()) {
        return None;
    }
    let blocks = blocks.and_then(Value::as_array).into_iter().flatten();
    let mut content = blocks.map(text).collect::<Vec<_>>().join("\n");
    if content.is_empty()
        && let Some(structured) = structured
    {
        content = structured.to_string();
    }
    if content.len() > most {
        return Some(Err(CallError::invalid(format!(
            "The tool answers with {} bytes, more than the {most} that one call may bring; ask it for less.",
            content.len()
        ))));
    }
    Some(Ok(Outcome { content, failed: failed.is_some_and(|failed| *failed == true) }))
}

/// A block by itself, so that one of a new kind takes no other with it.
fn text(block: &Value) -> String {
    match serde_json::from_value::<ContentBlock>(block.clone()) {
        Ok(ContentBlock::Text(text)) => text.text,
        Ok(ContentBlock::Image(image)) => format!("[an image ({}), which is left out]", image.mime_type),
        Ok(ContentBlock::Audio(audio)) => format!("[a sound ({}), which is left out]", audio.mime_type),
        Ok(ContentBlock::ResourceLink(link)) => format!("[a resource: {}]", link.uri),
        Ok(ContentBlock::Resource(resource)) => match &resource.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => format!("[{uri}]\n{text}"),
            ResourceContents::BlobResourceContents { uri, .. } => format!("[{uri}, which is no text and left out]"),
            _ => "[a resource of a kind that is not known, which is left out]".to_owned(),
        },
        // A text whose annotations are odd is a text.
        _ => match block.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => "[something of a kind that is not known, which is left out]".to_owned(),
        },
    }
}

/// Enough of a server's text for a sentence, harmless to a terminal.
pub(super) fn plain(text: &str) -> String {
    let text: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    cut(text.trim().trim_end_matches('.'), LONGEST_MESSAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ErrorKind;
    use serde_json::json;

    #[test]
    fn a_servers_words_are_one_harmless_line() {
        assert_eq!(plain("a\u{1b}[2J\nb."), "a [2J b");
    }

    #[test]
    fn an_answer_is_text_within_its_bound() {
        let answer = |result: Value| outcome(&result, 100).unwrap().unwrap();
        let image = json!({ "type": "image", "data": "AAAA", "mimeType": "image/png" });
        let mixed = answer(json!({ "content": [{ "type": "text", "text": "one" }, image], "isError": true }));
        assert_eq!((mixed.content.as_str(), mixed.failed), ("one\n[an image (image/png), which is left out]", true));
        let long = json!({ "content": [{ "type": "text", "text": "x".repeat(101) }] });
        assert!(matches!(outcome(&long, 100), Some(Err(CallError { kind: ErrorKind::Invalid, .. }))));
        assert_eq!(answer(json!({ "content": [], "structuredContent": { "n": 1 } })).content, "{\"n\":1}");
    }

    #[test]
    fn a_block_of_a_new_kind_takes_no_other_with_it() {
        let blocks =
            json!([{ "type": "text", "text": "one" }, { "type": "hologram" }, 7, { "type": "text", "text": "two", "annotations": 7 }]);
        let content = outcome(&json!({ "content": blocks, "prompts": [] }), 1000).unwrap().unwrap().content;
        let lines: Vec<_> = content.lines().collect();
        assert!(lines.len() == 4 && lines[0] == "one" && lines[1].contains("not known") && lines[3] == "two", "{content}");
        for other in [json!({}), json!([]), json!(null), json!({ "content": "text" }), json!({ "prompts": [] })] {
            assert!(outcome(&other, 100).is_none(), "{other}");
        }
    }
}
