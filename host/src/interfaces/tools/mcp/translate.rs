//! Between the words of MCP and ours. Trusts no text of a server's to be short or harmless.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents, Tool};
use serde_json::Value;

use crate::{
    interfaces::{
        schema_bounds,
        toolboxes::{Declared, Effects},
        tools::toolset::Outcome,
    },
    journal::CallError,
};

const LONGEST_NAME: usize = 128;
const LONGEST_DESCRIPTION: usize = 4096;
const LONGEST_MESSAGE: usize = 600;

/// A server's tool, unless its name is none.
pub(super) fn declared(tool: Tool) -> Option<Declared> {
    let named = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '/');
    if tool.name.is_empty() || tool.name.len() > LONGEST_NAME || !tool.name.chars().all(named) {
        tracing::warn!(name = plain(&tool.name), "a tool is left out for its name");
        return None;
    }
    let parameters = Value::Object((*tool.input_schema).clone());
    if let Err(reason) = schema_bounds::accept(&parameters) {
        tracing::warn!(name = plain(&tool.name), reason, "a tool is left out for the schema of its parameters");
        return None;
    }
    let hints = tool.annotations.unwrap_or_default();
    let read_only = hints.read_only_hint.unwrap_or(false);
    let effects = Effects { read_only, destructive: !read_only && hints.is_destructive(), idempotent: hints.is_idempotent() };
    let description = shortened(tool.description.as_deref().or(tool.title.as_deref()).unwrap_or_default(), LONGEST_DESCRIPTION);
    Some(Declared { name: tool.name.into_owned(), description, parameters, effects })
}

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
    shortened(text.trim().trim_end_matches('.'), LONGEST_MESSAGE)
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(document: Value) -> Option<Declared> {
        declared(serde_json::from_value(document).unwrap())
    }

    #[test]
    fn a_tool_that_says_nothing_of_itself_may_do_anything_once() {
        let silent = tool(json!({ "name": "a", "inputSchema": { "type": "object" } })).unwrap();
        assert_eq!(silent.effects, Effects { read_only: false, destructive: true, idempotent: false });
        assert_eq!(silent.effects.effect(), crate::journal::Effect::Once);
        let hints = json!({ "readOnlyHint": true, "idempotentHint": true });
        let looks = tool(json!({ "name": "a", "inputSchema": { "type": "object" }, "annotations": hints })).unwrap();
        assert_eq!(looks.effects, Effects { read_only: true, destructive: false, idempotent: true });
    }

    #[test]
    fn hostile_names_and_texts_are_kept_out() {
        for name in ["", "a b", "a\u{1b}[2J", "ä", &"x".repeat(129)] {
            assert!(tool(json!({ "name": name, "inputSchema": {} })).is_none(), "{name:?}");
        }
        let wordy = tool(json!({ "name": "a", "description": "ä".repeat(9000), "inputSchema": {} })).unwrap();
        assert_eq!(wordy.description.chars().count(), LONGEST_DESCRIPTION + 1);
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
