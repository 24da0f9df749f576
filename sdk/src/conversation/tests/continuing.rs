//! Conversations that continue: after a pause, and with a later task.

use serde_json::json;

use super::*;
use crate::conversation::transcript;

/// What the model was told last, in one text.
fn told(request: &Request) -> String {
    let parts = request.messages.last().map(|message| &message.parts).into_iter().flatten();
    let texts = parts.filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::ToolResult(result) => Some(result.content.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_resumed_conversation_continues_with_all_that_was_said_and_with_a_word() {
    let replies = [calls("double", r#"{"n":1}"#), says("x"), says("x"), says("x"), says("x"), calls("finish", r#"{"n":2}"#)];
    let mut script = Script { resumes: 1, words: Some("Use the tool."), ..Script::new(replies) };
    let answer = with_both().hold(&mut script, "Go").expect("the last reply");
    assert_eq!((answer.turns, script.pauses.len()), (6, 1));
    let (before, after) = (&script.asked[4].messages, &script.asked[5].messages);
    assert_eq!(&after[..before.len()], &before[..], "nothing is told again");
    let told = told(&script.asked[5]);
    assert!(told.contains("goes on now") && told.ends_with("A person says: Use the tool."), "{told}");
    assert_eq!(transcript::problem(after), None);
}

#[test]
fn a_pause_at_the_end_of_the_turns_gives_as_many_again() {
    let work = |n: i64| calls("double", &format!("{{\"n\":{n}}}"));
    let conversation = Conversation { max_turns: Some(3), ..with_both() };
    let mut script = Script { resumes: 1, ..Script::new((0..5).map(work).chain([calls("finish", r#"{"n":1}"#)])) };
    let answer = conversation.hold(&mut script, "Go").expect("the last of the second allowance");
    assert_eq!((answer.turns, script.pauses.len()), (6, 1));
    assert!(told(&script.asked[3]).contains("Continue where you were.") && !told(&script.asked[3]).contains("A person says"));
    assert_eq!(script.asked[5].messages.len(), 11, "each reply and each result is there");
}

#[test]
fn a_model_that_is_never_any_better_is_an_error_in_the_end() {
    let pauses = MAX_PAUSES as usize;
    let mut script = Script { resumes: usize::MAX, ..Script::new((0..20).map(|_| says(""))) };
    let error = Conversation::default().hold(&mut script, "Go").expect_err("it says nothing");
    assert!(error.to_string().contains("It was resumed 3 times already."), "{error}");
    assert_eq!((script.pauses.len(), script.asked.len()), (pauses, 4 * (pauses + 1)));
}

#[test]
fn a_later_task_continues_an_answered_one() {
    let mut first = Script::new([calls("double", r#"{"n":21}"#), calls("finish", r#"{"n":42}"#)]);
    let answered = with_both().hold(&mut first, "Double 21").expect("an answer");
    let text = answered.conversation.expect("it is small").to_string();
    let continuing = serde_json::from_str(&text).ok();
    let mut second = Script::new([calls("finish", r#"{"n":43}"#)]);
    let answer = Conversation { continuing, ..with_both() }.hold(&mut second, "Add one").expect("an answer");
    assert_eq!((answer.value, answer.turns), (Some(json!({ "n": 43 })), 1));
    let messages = &second.asked[0].messages;
    assert_eq!(messages.len(), 5);
    assert_eq!(&messages[..3], &first.asked[1].messages[..]);
    assert!(told(&second.asked[0]).contains("This continues the work above.") && told(&second.asked[0]).contains("Add one"));
    assert_eq!(transcript::problem(messages), None, "the call that answered has a result");
    let third = transcript::read(&answer.conversation.expect("it is small")).expect("it is whole");
    assert_eq!(third.len(), 7);
}

#[test]
fn prose_continues_as_well() {
    let answered = Conversation::default().hold(&mut Script::new([says("Paris.")]), "The capital?").expect("an answer");
    let mut second = Script::new([says("The Seine.")]);
    Conversation { continuing: answered.conversation, ..Conversation::default() }.hold(&mut second, "Its river?").expect("an answer");
    assert_eq!(second.asked[0].messages.len(), 3);
}

#[test]
fn what_is_not_understood_is_left_aside() {
    let answered =
        with_both().hold(&mut Script::new([calls("double", r#"{"n":1}"#), calls("finish", r#"{"n":2}"#)]), "Go").expect("an answer");
    let with_calls = answered.conversation.expect("it is small");
    for (continuing, conversation) in [(json!({ "other": 1 }), with_both()), (json!("text"), with_both()), (with_calls, with_schema())] {
        let mut script = Script::new([says(r#"{"n":1}"#)]);
        Conversation { continuing: Some(continuing), ..conversation }.hold(&mut script, "Again").expect("an answer");
        assert_eq!(script.asked[0].messages.len(), 1);
        assert!(script.last_text().starts_with("Again"), "{}", script.last_text());
    }
}

#[test]
fn calls_with_the_same_id_get_others() {
    let replies = [calls("double", r#"{"n":1}"#), calls("double", r#"{"n":2}"#), calls("finish", r#"{"n":4}"#)];
    let mut script = Script::new(replies);
    with_both().hold(&mut script, "Go").expect("an answer");
    assert_eq!(script.last_result().call_id, "call-1-2");
    assert_eq!(transcript::problem(&script.asked[2].messages), None);
}
