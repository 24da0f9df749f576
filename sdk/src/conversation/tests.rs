//! Conversations with a model that answers from a list.

use std::collections::VecDeque;

use serde_json::json;

use super::*;
use crate::llm::Usage;

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    asked: Vec<Request>,
}

impl Model for Script {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        self.asked.push(request.clone());
        self.replies.pop_front().ok_or_else(|| Error::other("The script is at its end."))
    }
}

impl Script {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), asked: Vec::new() }
    }

    fn last_result(&self) -> &ToolResult {
        let part = self.asked.last().and_then(|request| request.messages.last()).and_then(|message| message.parts.last());
        match part {
            Some(Part::ToolResult(result)) => result,
            other => panic!("no tool result: {other:?}"),
        }
    }

    fn last_text(&self) -> &str {
        let part = self.asked.last().and_then(|request| request.messages.last()).and_then(|message| message.parts.last());
        match part {
            Some(Part::Text(text)) => text,
            other => panic!("no text: {other:?}"),
        }
    }
}

fn reply(part: Part, stop: Stop) -> Reply {
    let usage = Usage { input_tokens: 1, output_tokens: 1, cached_input_tokens: 0, cost_usd: None };
    Reply { parts: vec![part], stop, usage, model: "script/test".to_owned() }
}

fn says(text: &str) -> Reply {
    reply(Part::Text(text.to_owned()), Stop::End)
}

fn calls(name: &str, arguments: &str) -> Reply {
    let call = ToolCall { id: "call-1".to_owned(), name: name.to_owned(), arguments: arguments.to_owned() };
    reply(Part::ToolCall(call), Stop::ToolUse)
}

fn doubling() -> Tool {
    let parameters = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    Tool::new("double", "Doubles a number.", parameters, |arguments| match arguments["n"].as_i64() {
        Some(13) => Err(Error::invalid("Thirteen is not doubled.")),
        Some(99) => Err(Error::BudgetExceeded("The budget is spent.".to_owned())),
        Some(n) => Ok((2 * n).to_string()),
        None => Err(Error::invalid("unreachable by the schema")),
    })
}

fn with_tool() -> Conversation {
    Conversation { tools: vec![doubling()], ..Conversation::default() }
}

fn with_schema() -> Conversation {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    Conversation { answer_schema: Some(schema), ..Conversation::default() }
}

#[test]
fn a_plain_answer_ends_it() {
    let mut script = Script::new([says("Forty-two.")]);
    let answer = Conversation::default().hold(&mut script, "How many?").expect("an answer");
    assert_eq!(answer, Answer { text: "Forty-two.".to_owned(), value: None, turns: 1 });
}

#[test]
fn a_tool_is_done_and_its_result_shown() {
    let mut script = Script::new([calls("double", r#"{"n":21}"#), says("42")]);
    let answer = with_tool().hold(&mut script, "Double 21").expect("an answer");
    assert_eq!(answer.turns, 2);
    assert_eq!(script.last_result(), &ToolResult { call_id: "call-1".to_owned(), content: "42".to_owned(), failed: false });
    assert_eq!(script.asked[1].messages.len(), 3, "question, call, result");
}

#[test]
fn wrong_calls_go_back_to_the_model_as_failures() {
    let cases = [
        (calls("treble", "{}"), "There is no tool `treble`. The tools are: double."),
        (calls("double", r#"{"n":"x"}"#), "- /n must be of type integer"),
        (calls("double", ""), "lacks `n`"),
        (calls("double", "{n:1}"), "The arguments are not JSON"),
        (calls("double", r#"{"n":13}"#), "Thirteen is not doubled."),
    ];
    for (call, expected) in cases {
        let mut script = Script::new([call, says("Sorry.")]);
        with_tool().hold(&mut script, "Go").expect("the model gets another turn");
        let result = script.last_result();
        assert!(result.failed && result.content.contains(expected), "{result:?}");
    }
}

#[test]
fn a_spent_budget_inside_a_tool_ends_the_conversation() {
    let mut script = Script::new([calls("double", r#"{"n":99}"#), says("never heard")]);
    assert!(matches!(with_tool().hold(&mut script, "Go"), Err(Error::BudgetExceeded(_))));
}

#[test]
fn turns_are_limited() {
    let mut script = Script::new((0..9).map(|_| calls("double", r#"{"n":1}"#)));
    let conversation = Conversation { max_turns: Some(3), ..with_tool() };
    let error = conversation.hold(&mut script, "Go").expect_err("it never answers");
    assert!(error.to_string().contains("within 3 turns"), "{error}");
    assert_eq!(script.asked.len(), 3);
}

#[test]
fn a_document_is_found_bare_and_in_a_fence() {
    for text in [r#"{"n":1}"#, "Here it is:\n```json\n{\"n\":1}\n```\nDone.", "```\n{\"n\":1, \"code\":\"```sh\"}\n```"] {
        let answer = with_schema().hold(&mut Script::new([says(text)]), "Go").expect(text);
        assert_eq!(answer.value.expect("a document")["n"], 1, "{text}");
    }
}

#[test]
fn a_wrong_document_is_shown_once_with_its_violations() {
    let mut script = Script::new([says(r#"{"n":"one"}"#), says(r#"{"n":1}"#)]);
    let answer = with_schema().hold(&mut script, "Go").expect("repaired");
    assert_eq!(answer.turns, 2);
    assert!(script.last_text().contains("/n must be of type integer"), "{}", script.last_text());
}

#[test]
fn a_second_wrong_document_is_an_error() {
    let mut script = Script::new([says("no JSON"), says("{}")]);
    let error = with_schema().hold(&mut script, "Go").expect_err("two wrong answers");
    assert!(error.to_string().contains("lacks `n`"), "{error}");
}

#[test]
fn refusals_and_cut_replies_are_errors() {
    for stop in [Stop::Refusal, Stop::MaxTokens] {
        let mut script = Script::new([reply(Part::Text("Half a".to_owned()), stop)]);
        assert!(matches!(Conversation::default().hold(&mut script, "Go"), Err(Error::Other(_))), "{stop:?}");
    }
}

#[test]
fn the_schema_is_told_to_the_model_and_to_the_provider() {
    let mut script = Script::new([says(r#"{"n":1}"#)]);
    with_schema().hold(&mut script, "Count").expect("an answer");
    assert!(script.asked[0].reply_schema.is_some());
    assert!(script.last_text().starts_with("Count\n\nAnswer with one JSON document"), "{}", script.last_text());
}
