//! Between the words of MCP and ours. Trusts no text of a server's to be short or harmless.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

use crate::{
    interfaces::tools::{text::cut, toolset::Outcome},
    journal::CallError,
};

const LONGEST_MESSAGE: usize = 600;

/// What came of a call, as text of at most `most` bytes.
pub(super) fn outcome(result: CallToolResult, most: usize) -> Result<Outcome, CallError> {
    let mut content = result.content.iter().map(text).collect::<Vec<_>>().join("\n");
    if content.is_empty()
        && let Some(structured) = result.structured_content
    {
        content = structured.to_string();
    }
    if content.len() > most {
        return Err(CallError::Invalid(format!(
            "The tool answers with {} bytes, more than the {most} that one call may bring; ask it for less.",
            content.len()
        )));
    }
    Ok(Outcome { content, failed: result.is_error.unwrap_or(false) })
}

fn text(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[an image ({}), which is left out]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[a sound ({}), which is left out]", audio.mime_type),
        ContentBlock::ResourceLink(link) => format!("[a resource: {}]", link.uri),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => format!("[{uri}]\n{text}"),
            ResourceContents::BlobResourceContents { uri, .. } => format!("[{uri}, which is no text and left out]"),
            _ => "[a resource of a kind that is not known, which is left out]".to_owned(),
        },
        _ => "[something of a kind that is not known, which is left out]".to_owned(),
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
    use serde_json::{Value, json};

    #[test]
    fn a_servers_words_are_one_harmless_line() {
        assert_eq!(plain("a\u{1b}[2J\nb."), "a [2J b");
    }

    #[test]
    fn an_answer_is_text_within_its_bound() {
        let result = |content: Value| serde_json::from_value::<CallToolResult>(json!({ "content": content, "isError": true })).unwrap();
        let mixed = result(json!([{ "type": "text", "text": "one" }, { "type": "image", "data": "AAAA", "mimeType": "image/png" }]));
        let answer = outcome(mixed, 100).unwrap();
        assert_eq!((answer.content.as_str(), answer.failed), ("one\n[an image (image/png), which is left out]", true));
        let long = result(json!([{ "type": "text", "text": "x".repeat(101) }]));
        assert!(matches!(outcome(long, 100), Err(CallError::Invalid(_))));
        let structured: CallToolResult = serde_json::from_value(json!({ "content": [], "structuredContent": { "n": 1 } })).unwrap();
        assert_eq!(outcome(structured, 100).unwrap().content, "{\"n\":1}");
    }
}
