//! Calls that a model wrote into its text and did not make. Understood where they can mean one thing alone; executes nothing.

use serde_json::Value;

use super::documents;
use crate::llm::{Part, Reply, Stop, ToolCall};
use crate::tools::Tool;

/// What a text says of calls.
pub(super) enum Written {
    /// It holds none.
    None,
    /// These, and nothing else that could be an answer.
    Calls(Vec<ToolCall>),
    /// Something that looks like a call of this tool.
    Unclear(String),
}

/// The calls in the text of a reply that makes none. A reply with parts of another kind is left as it is: its provider wants
/// them back unchanged. `is_quoted` knows documents that the model was shown; `turn` makes the ids of the calls unique.
pub(super) fn calls(reply: &Reply, tools: &[Tool], finish: Option<&str>, is_quoted: impl Fn(&Value) -> bool, turn: u32) -> Written {
    let text = reply.text();
    let mut quotes = false;
    let mut read = |document: Value| {
        let call = call(&document)?;
        quotes |= is_quoted(&document);
        Some(call)
    };
    let documents = documents::candidates(&untagged(&text)).into_iter().flat_map(flattened);
    let found: Vec<_> = documents.filter_map(&mut read).collect();
    let is_offered = |name: &str| finish == Some(name) || tools.iter().any(|tool| tool.name == name);
    let Some((first, _)) = found.iter().find(|(name, _)| is_offered(name)).or(found.first().filter(|_| is_tagged(&text))) else {
        return Written::None;
    };
    let is_plain = reply.parts.iter().all(|part| matches!(part, Part::Text(_))) && matches!(reply.stop(), Stop::End | Stop::ToolUse);
    if quotes || !is_plain || !found.iter().all(|(name, _)| is_offered(name)) {
        return Written::Unclear(first.clone());
    }
    let calls = found.into_iter().enumerate().map(|(place, (name, arguments))| ToolCall {
        id: format!("written-{turn}-{place}"),
        name,
        arguments: arguments.to_string(),
    });
    Written::Calls(calls.collect())
}

/// The words before the first call, which a reply keeps.
pub(super) fn words_before(text: &str) -> &str {
    let end = ["<tool_call>", "[TOOL_CALLS]", "```", "{", "["].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text[..end].trim()
}

/// The name and the arguments of a document that has these alone.
fn call(document: &Value) -> Option<(String, Value)> {
    let members = document.as_object()?;
    let named = |names: &[&str]| names.iter().find_map(|name| members.get(*name));
    let name = named(&["name", "tool", "tool_name", "function"])?.as_str()?;
    let arguments = named(&["arguments", "parameters", "args", "input"])?;
    let known = ["name", "tool", "tool_name", "function", "arguments", "parameters", "args", "input", "id", "type"];
    let is_call = arguments.is_object() && members.keys().all(|member| known.contains(&member.as_str()));
    is_call.then(|| (name.to_owned(), arguments.clone()))
}

fn flattened(document: Value) -> Vec<Value> {
    match document {
        Value::Array(documents) => documents,
        other => vec![other],
    }
}

fn is_tagged(text: &str) -> bool {
    text.contains("<tool_call>") || text.contains("[TOOL_CALLS]")
}

/// Without the marks that some models put around their calls.
fn untagged(text: &str) -> String {
    text.replace("<tool_call>", "\n").replace("</tool_call>", "\n").replace("[TOOL_CALLS]", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::says;
    use serde_json::json;

    fn read(text: &str) -> Written {
        let tool = Tool::new("read_file", "Reads.", json!({ "type": "object" }), |_| Ok(String::new()));
        calls(&says(text), &[tool], Some("finish"), |_| false, 7)
    }

    #[test]
    fn a_call_in_the_text_is_understood_where_it_means_one_thing() {
        for text in [
            r#"<tool_call>{"name": "read_file", "arguments": {"path": "a"}}</tool_call>"#,
            "I read it.\n```json\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}\n```",
            r#"[TOOL_CALLS] [{"name": "read_file", "arguments": {"path": "a"}}]"#,
            r#"{"tool": "read_file", "parameters": {"path": "a"},}"#,
        ] {
            let Written::Calls(calls) = read(text) else { panic!("{text}") };
            assert_eq!((calls.len(), calls[0].id.as_str(), calls[0].arguments.as_str()), (1, "written-7-0", r#"{"path":"a"}"#));
        }
        let Written::Calls(calls) = read("{\"name\":\"read_file\",\"arguments\":{}}\n{\"name\":\"finish\",\"arguments\":{}}") else {
            panic!()
        };
        assert_eq!((calls.len(), calls[1].name.as_str()), (2, "finish"));
    }

    #[test]
    fn what_names_no_tool_is_an_answer_and_what_is_unclear_is_told() {
        for text in
            ["", "read_file", r#"{"name": "Ann", "arguments": {}}"#, r#"{"name": "read_file"}"#, r#"{"name": "read_file", "args": []}"#]
        {
            assert!(matches!(read(text), Written::None), "{text}");
        }
        let unclear = |written| matches!(written, Written::Unclear(_));
        assert!(unclear(read(r#"<tool_call>{"name": "fly", "arguments": {}}</tool_call>"#)));
        assert!(unclear(read(r#"{"name":"read_file","arguments":{}} {"name":"fly","arguments":{}}"#)));
        let mut reply = says(r#"{"name": "read_file", "arguments": {}}"#);
        reply.stop = "max-tokens".to_owned();
        let tools = [Tool::new("read_file", "", json!({}), |_| Ok(String::new()))];
        assert!(unclear(calls(&reply, &tools, None, |_| false, 1)));
        reply.stop = "end".to_owned();
        assert!(unclear(calls(&reply, &tools, None, |_| true, 1)), "it is quoted");
    }

    #[test]
    fn words_before_a_call_are_kept() {
        assert_eq!(words_before("I read it.\n```json\n{}"), "I read it.");
        assert_eq!(words_before("{}"), "");
        assert_eq!(words_before("Nothing."), "Nothing.");
    }
}
