//! Conversations with a model that answers from a list.

use std::collections::VecDeque;

use serde_json::json;

use super::*;
use crate::ErrorKind;
use crate::llm::{Part, Role, Stop, Thinking, ToolCall, ToolResult, Usage};

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    asked: Vec<Request>,
    /// Why it was stuck, and how often somebody still sees to it.
    pauses: Vec<String>,
    resumes: usize,
}

impl Model for Script {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        self.asked.push(request.clone());
        self.replies.pop_front().ok_or_else(|| Error::other("The script is at its end."))
    }

    fn pause(&mut self, reason: &str) -> Result<()> {
        self.pauses.push(reason.to_owned());
        if self.pauses.len() <= self.resumes { Ok(()) } else { Err(Error::other("Nobody resumes it.")) }
    }
}

impl Script {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), ..Self::default() }
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
    Reply { parts: vec![part], stop: stop.as_str().to_owned(), usage, model: "script/test".to_owned() }
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
        Some(99) => Err(Error::budget_exceeded("The budget is spent.")),
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
        (calls("double", "null"), "lacks `n`"),
        (calls("double", "[1]"), "The arguments are not a JSON object"),
        (calls("double", "{n:1}"), "The arguments are not JSON"),
        (calls("double", r#""{\"n\": 2""#), "The arguments are not JSON"),
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
fn arguments_in_a_text_are_arguments() {
    let mut script = Script::new([calls("double", r#""{\"n\": 21}""#), says("42")]);
    with_tool().hold(&mut script, "Go").expect("an answer");
    assert_eq!((script.last_result().content.as_str(), script.last_result().failed), ("42", false));
    let Part::ToolCall(shown) = &script.asked[1].messages[1].parts[0] else { panic!("no call") };
    assert_eq!(shown.arguments, r#"{"n":21}"#, "the model is reminded of an object");
}

#[test]
fn a_spent_budget_inside_a_tool_ends_the_conversation() {
    let mut script = Script::new([calls("double", r#"{"n":99}"#), says("never heard")]);
    assert!(matches!(with_tool().hold(&mut script, "Go"), Err(Error { kind: ErrorKind::BudgetExceeded, .. })));
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

/// What the operator is told when the model answers so, and the script it came to.
fn stuck(conversation: &Conversation, replies: impl IntoIterator<Item = Reply>) -> (String, Script) {
    let mut script = Script::new(replies);
    conversation.hold(&mut script, "Go").expect_err("nobody resumes it");
    let reason = script.pauses.pop().unwrap_or_default();
    assert!(script.pauses.is_empty() && script.replies.is_empty(), "it was to pause after the last reply: {reason}");
    (reason, script)
}

fn cut(text: &str) -> Reply {
    reply(Part::Text(text.to_owned()), Stop::MaxTokens)
}

/// A reply of which nobody knows why it ended.
fn ended(text: &str) -> Reply {
    reply(Part::Text(text.to_owned()), Stop::Other)
}

/// A reply in which the provider could not read what the model wrote.
fn malformed(text: &str) -> Reply {
    reply(Part::Text(text.to_owned()), Stop::Malformed)
}

fn thinks() -> Reply {
    reply(Part::Thinking(Thinking { text: "Hm.".to_owned(), signature: None }), Stop::End)
}

fn silent() -> Reply {
    Reply { parts: Vec::new(), ..says("") }
}

#[test]
fn an_answer_that_cannot_be_used_is_shown_once_and_then_the_operator_is_asked() {
    let (prose, document) = (Conversation::default(), with_schema());
    let cases = [
        (&document, [says("no JSON"), says("{}")], "not a JSON document", "the document lacks `n`"),
        (&document, [says("{}"), says("{\"n\":")], "lacks `n`", "not a JSON document"),
        (&document, [says("```\n{\n```"), says("[]")], "code fence does not hold", "must be of type object"),
        (&document, [cut("{\"n\": 1"), cut("{")], "cut off after 1 tokens. The reply is not a JSON document", "cut off"),
        (&document, [silent(), says(" \n")], "The reply was empty.", "The reply was empty."),
        (&prose, [cut("Half a"), cut("Half a")], "cut off after 1 tokens.\nAnswer again, in fewer words.", "cut off after 1 tokens."),
        (
            &prose,
            [ended("Half a"), ended("Half a")],
            "ended before it was whole.\nSend the whole reply again.",
            "ended before it was whole.",
        ),
        (&document, [ended("{\"n\": 1}"), silent()], "ended before it was whole.\nSend the whole JSON", "The reply was empty."),
        (&prose, [Reply { parts: Vec::new(), ..ended("") }, ended("")], "ended before it was whole.", "ended before it was whole."),
        (&prose, [thinks(), thinks()], "The reply was empty.\nAnswer", "The reply was empty."),
        (&prose, [silent(), cut("")], "The reply was empty.\nAnswer", "cut off after 1 tokens. The reply was empty."),
        (&prose, [reply(Part::Text(String::new()), Stop::ToolUse), silent()], "was empty", "was empty"),
        (
            &prose,
            [malformed("print(read("), malformed("")],
            "is malformed. It begins: print(read(\nSend",
            "a tool call in it is malformed.",
        ),
        (&document, [malformed("{\"n\": 1}"), silent()], "malformed. It begins: {\"n\": 1}\nSend the whole JSON", "The reply was empty."),
    ];
    for (conversation, replies, shown, told) in cases {
        let (reason, script) = stuck(conversation, replies);
        assert!(script.last_text().contains(shown), "{shown}: {}", script.last_text());
        assert!(reason.starts_with("The model script/test gave no answer that can be used. ") && reason.contains(told), "{told}: {reason}");
        assert!(reason.ends_with('.'), "{reason}");
        assert_eq!(script.asked.len(), 2);
        let said = &script.asked[1].messages[1];
        assert!(said.role == Role::Assistant && !said.parts.is_empty(), "some providers refuse a message without parts: {said:?}");
    }
}

#[test]
fn a_tool_called_wrongly_twice_in_a_row_is_for_the_operator() {
    let cases = [
        [calls("treble", "{}"), calls("treble", "{}")],
        [calls("double", "{}"), calls("double", r#"{"n":"x"}"#)],
        [calls("double", "{n:1}"), calls("double", "[1]")],
        [
            Reply { stop: "max-tokens".to_owned(), ..calls("double", r#"{"n":1}"#) },
            Reply { stop: "max-tokens".to_owned(), ..calls("double", "{\"n") },
        ],
    ];
    for replies in cases {
        let (reason, script) = stuck(&with_tool(), replies);
        assert!(reason.contains("wrongly twice in a row"), "{reason}");
        assert!(script.last_result().failed);
        let Part::ToolCall(shown) = &script.asked[1].messages[1].parts[0] else { panic!("no call") };
        assert!(shown.arguments.starts_with('{') && serde_json::from_str::<Value>(&shown.arguments).is_ok(), "no host takes it: {shown:?}");
    }
    let mended = [calls("treble", "{}"), calls("double", "{}"), calls("double", r#"{"n":1}"#), calls("double", ""), says("Two.")];
    let answer = with_tool().hold(&mut Script::new(mended), "Go").expect("each was another mistake, or was mended");
    assert_eq!(answer.turns, 5);
}

#[test]
fn a_call_that_was_cut_off_is_not_made() {
    let tool = Tool::new("wipe", "Wipes.", json!({ "type": "object" }), |_| panic!("it was made"));
    let conversation = Conversation { tools: vec![tool], ..Conversation::default() };
    for stop in [Stop::MaxTokens, Stop::Other] {
        let mut script = Script::new([Reply { stop: stop.as_str().to_owned(), ..calls("wipe", "{}") }, says("Very well.")]);
        conversation.hold(&mut script, "Go").expect("an answer");
        assert!(script.last_result().content.contains("The call was not made"), "{:?}", script.last_result());
    }
}

#[test]
fn endless_work_is_for_the_operator() {
    let conversation = Conversation { max_turns: Some(3), ..with_tool() };
    let (reason, script) = stuck(&conversation, (0..3).map(|_| calls("double", r#"{"n":1}"#)));
    assert!(reason.contains("still at work after 3 replies"), "{reason}");
    assert_eq!(script.asked.len(), 3);
}

#[test]
fn what_the_operator_reads_is_one_line_of_bounded_length() {
    let name = "x\n".repeat(100_000);
    let (reason, _) = stuck(&with_tool(), [calls(&name, "{}"), calls(&name, "{}")]);
    assert!(reason.len() < 1_000 && !reason.contains('\n'), "{} bytes", reason.len());
}

#[test]
fn a_resumed_conversation_begins_anew() {
    let mut script = Script { resumes: 2, ..Script::new([says("x"), says("y"), says("x"), says("y"), says("x"), says(r#"{"n":1}"#)]) };
    let answer = with_schema().hold(&mut script, "Go").expect("the third round brings it");
    assert_eq!((answer.turns, script.pauses.len()), (6, 2));
    assert_eq!((&script.asked[2], &script.asked[4]), (&script.asked[0], &script.asked[0]));
}

#[test]
fn a_model_that_is_never_any_better_is_an_error_in_the_end() {
    let pauses = MAX_PAUSES as usize;
    let mut script = Script { resumes: usize::MAX, ..Script::new((0..9).map(|_| says(""))) };
    let error = Conversation::default().hold(&mut script, "Go").expect_err("it says nothing");
    assert!(error.to_string().contains("The reply was empty. It was resumed 3 times already."), "{error}");
    assert_eq!((script.pauses.len(), script.asked.len()), (pauses, 2 * (pauses + 1)));
}

#[test]
fn where_nobody_sees_to_it_the_reason_is_the_error() {
    struct Mute;
    impl Model for Mute {
        fn ask(&mut self, _: &Request) -> Result<Reply> {
            Ok(silent())
        }
    }
    let error = Conversation::default().hold(&mut Mute, "Go").expect_err("it says nothing");
    assert_eq!(error, Error::other("The model script/test gave no answer that can be used. The reply was empty."));
}

#[test]
fn a_document_that_is_whole_is_taken_from_a_reply_that_was_cut_off() {
    let answer = with_schema().hold(&mut Script::new([cut("```\n{\"n\":1}\n```\nAs you can s")]), "Go").expect("an answer");
    assert_eq!(answer.value, Some(json!({ "n": 1 })));
}

#[test]
fn a_refusal_is_an_error() {
    let mut script = Script::new([reply(Part::Text("No.".to_owned()), Stop::Refusal)]);
    assert!(matches!(Conversation::default().hold(&mut script, "Go"), Err(Error { kind: ErrorKind::Other, .. })));
    assert!(script.pauses.is_empty());
}

#[test]
fn the_schema_is_told_to_the_model_and_to_the_provider() {
    let mut script = Script::new([says(r#"{"n":1}"#)]);
    with_schema().hold(&mut script, "Count").expect("an answer");
    assert!(script.asked[0].reply_schema.is_some());
    assert!(script.last_text().starts_with("Count\n\nAnswer with one JSON document"), "{}", script.last_text());
}
