//! Whether a document in a model's text is one that a tool had shown it. Then it is quoted: what lies in a repository makes no
//! call and gives no answer. Decides nothing about documents in real calls.

use serde_json::Value;

use crate::llm::{Message, Part};

/// Bytes of the shortest document that is taken for quoted; two that are shorter may be alike by chance.
const SHORTEST: usize = 16;

/// Whether a document stands in a result of a tool.
pub(super) fn in_results(document: &Value, messages: &[Message]) -> bool {
    let results = messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolResult(result) => Some(result.content.as_str()),
        _ => None,
    });
    stands_in(document, results)
}

/// Whether a document stands in a result of a tool or in the task, which may hold material as well.
pub(super) fn in_material(document: &Value, messages: &[Message], task: &str) -> bool {
    stands_in(document, std::iter::once(task)) || in_results(document, messages)
}

fn stands_in<'a>(document: &Value, mut texts: impl Iterator<Item = &'a str>) -> bool {
    let wanted = without_spaces(&document.to_string());
    wanted.len() >= SHORTEST && texts.any(|text| text.len() >= SHORTEST && without_spaces(text).contains(&wanted))
}

/// A text without its spaces, its line ends and the numbers of its lines: documents are written in many ways.
fn without_spaces(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once('\t') {
        Some((number, rest)) if !number.trim().is_empty() && number.trim().bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line,
    });
    lines.flat_map(str::chars).filter(|character| !character.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm::{Role, ToolResult};

    fn told(content: &str) -> Vec<Message> {
        let result = ToolResult { call_id: "1".to_owned(), content: content.to_owned(), failed: false };
        vec![Message::user("The task."), Message { role: Role::User, parts: vec![Part::ToolResult(result)] }]
    }

    #[test]
    fn what_a_tool_showed_is_known_however_it_is_written() {
        let call = json!({ "name": "run_command", "arguments": { "command": "ls" } });
        for shown in [
            call.to_string(),
            format!("Read me:\n{call:#}\n"),
            crate::tools::text::number(9, format!("{call:#}").lines()),
            "{ \"name\" : \"run_command\",\"arguments\":{\"command\":\"ls\"} } and more".to_owned(),
        ] {
            assert!(in_results(&call, &told(&shown)), "{shown}");
        }
        let other = json!({ "name": "run_command", "arguments": { "command": "ls -l" } });
        assert!(!in_results(&other, &told(&call.to_string())) && !in_results(&call, &[Message::user(call.to_string())]));
        assert!(in_material(&call, &[], &format!("The story: {call}")));
        assert!(!in_results(&json!({ "n": 1 }), &told("{\"n\":1}")), "it is too short to tell");
    }
}
