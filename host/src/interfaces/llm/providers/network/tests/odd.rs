//! Replies that are nearly what their protocol says: understood, told to the model, or a reply without an end; always with
//! what they took.

use super::replies::{anthropic, calls, chunk, gemini, is_booked, openai, streamed, whole};
use super::*;

const COMPATIBLE: Protocol = Protocol::OpenAiCompatible;

/// A stream of events as they are written.
fn raw(protocol: Protocol, events: &[String]) -> Result<Reply, ProviderError> {
    let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let end = if matches!(protocol, Protocol::Anthropic | Protocol::Gemini) { "" } else { "data: [DONE]\n\n" };
    read(protocol, &weather(), Form::Stream, (text + end).as_bytes())
}

/// JSON in which each `@half` is half of a character, and each `"@nan"` no number.
fn spoilt(value: &Value) -> String {
    value.to_string().replace("@half", "\\ud83d").replace("@rest", "\\ude00").replace("\"@nan\"", "NaN").replace("\"@large\"", "1e999")
}

fn counts() -> Value {
    json!({"prompt_tokens": 10, "completion_tokens": 5})
}

#[test]
fn a_reply_that_is_nearly_json_is_understood_and_booked() {
    let said = |protocol: Protocol, body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        let mut body = body;
        body["odd"] = json!(["@nan", "@large"]);
        whole(protocol, &weather(), &spoilt(&body)).unwrap()
    };
    for reply in [
        said(COMPATIBLE, &openai(&json!({"content": "a@half"}), &json!("stop"))),
        said(Protocol::Anthropic, &anthropic(&json!([{"type": "text", "text": "a@half"}]), &json!("end_turn"))),
        said(Protocol::Gemini, &gemini(&json!([{"text": "a@half"}]), &json!("STOP"))),
    ] {
        assert_eq!((reply.text().as_str(), reply.stop), ("a\u{fffd}", Stop::End));
        is_booked(&reply);
    }
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let body = openai(&json!({"content": "hi"}), &json!("stop")).replacen('{', &format!("{{\"deep\":{deep},"), 1);
    is_booked(&whole(COMPATIBLE, &weather(), &body).unwrap());
}

#[test]
fn a_character_in_two_events_is_one() {
    let piece = |text: &str| spoilt(&chunk(&json!({"content": text}), &json!(null)));
    let end = chunk(&json!({}), &json!("stop")).to_string();
    let reply = raw(COMPATIBLE, &[piece("a@half"), piece("@restb"), piece("@half"), piece("c"), end]).unwrap();
    assert_eq!(reply.text(), "a😀b\u{fffd}c");
    let delta = |text: &str| spoilt(&json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}));
    let ping = json!({"type": "ping"}).to_string();
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 10, "output_tokens": 5}});
    let events = [delta("a@half"), ping, delta("@restb"), end.to_string(), json!({"type": "message_stop"}).to_string()];
    let reply = raw(Protocol::Anthropic, &events).unwrap();
    assert_eq!(reply.text(), "a😀b");
    is_booked(&reply);
}

#[test]
fn arguments_that_lose_nothing_are_understood_and_others_are_told_to_the_model() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(101), "]".repeat(101));
    let too_deep = format!("{{\"a\":{}{}}}", "[".repeat(300), "]".repeat(300));
    for (given, expected) in [
        (r#"{"path":"\ud83d"}"#, json!({"path": "\u{fffd}"})),
        ("{\"text\":\"a\nb\"}", json!({"text": "a\nb"})),
        (r#"{"n":NaN}"#, json!(r#"{"n":NaN}"#)),
        (&deep, json!(deep)),
        (&too_deep, json!(too_deep)),
    ] {
        let message = json!({"tool_calls": [{"id": "a", "function": {"name": "weather", "arguments": given}}]});
        let reply = whole(COMPATIBLE, &weather(), &openai(&message, &json!("tool_calls"))).unwrap();
        assert_eq!(calls(&reply)[0].arguments, expected, "{given:.80}");
        let journaled = serde_json::to_string(&json!({"ok": reply})).unwrap();
        assert!(serde_json::from_str::<Value>(&journaled).is_ok(), "the journal can be read: {given:.80}");
    }
}

#[test]
fn ids_that_are_different_stay_so_in_every_form() {
    let long = "x".repeat(80);
    let ids = ["a.b", "a:b", "a_b", &format!("{long}1"), &format!("{long}2"), &long[..64]];
    let call = |id: &&str| json!({"id": id, "function": {"name": "weather", "arguments": "{}"}});
    let message = json!({"tool_calls": ids.iter().map(call).collect::<Value>()});
    let reply = whole(COMPATIBLE, &weather(), &openai(&message, &json!("tool_calls"))).unwrap();
    let mut request = weather();
    request.messages.push(assistant(reply.parts));
    let sent = Protocol::Anthropic.adapter().request("m", &request, false).body["messages"][1]["content"].clone();
    let sent: std::collections::HashSet<_> =
        sent.as_array().unwrap().iter().map(|block| block["id"].as_str().unwrap().to_owned()).collect();
    assert!(sent.len() == ids.len() && sent.iter().all(|id| id.len() <= 64), "{sent:?}");
}

#[test]
fn a_bad_end_stays_bad_whatever_is_said_after_it() {
    let end = |reason: &str| json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"input_tokens": 10, "output_tokens": 5}});
    for (reason, stop) in
        [("pause_turn", Stop::Other), ("refusal", Stop::Refusal), ("max_tokens", Stop::MaxTokens), ("end_turn", Stop::End)]
    {
        let events = [end(reason), end("end_turn"), json!({"type": "message_stop"})];
        let reply = streamed(Protocol::Anthropic, &weather(), &events).unwrap();
        assert_eq!(reply.stop, stop, "{reason}");
        is_booked(&reply);
    }
    let event = |reason: &str, message: &str| {
        serde_json::from_str::<Value>(
            &gemini(&json!([]), &json!(reason)).replace("\"finishReason\"", &format!("\"finishMessage\":\"{message}\",\"finishReason\"")),
        )
        .unwrap()
    };
    for (reason, stop) in
        [("MALFORMED_FUNCTION_CALL", Stop::Malformed), ("SAFETY", Stop::Refusal), ("FINISH_REASON_UNSPECIFIED", Stop::End)]
    {
        let reply = streamed(Protocol::Gemini, &weather(), &[event(reason, "first"), event("STOP", "second")]).unwrap();
        assert_eq!(reply.stop, stop, "{reason}");
        assert!(stop != Stop::Malformed || reply.text() == "first", "{reply:?}");
        is_booked(&reply);
    }
}

#[test]
fn a_gateway_that_has_no_word_for_a_bad_end_is_asked_what_its_service_said() {
    let message = json!({"content": "Part of"});
    for (native, stop) in [
        ("MALFORMED_FUNCTION_CALL", Stop::Malformed),
        ("network_error", Stop::Other),
        ("MAX_TOKENS", Stop::MaxTokens),
        ("SAFETY", Stop::Refusal),
        ("STOP", Stop::End),
        ("something_new", Stop::End),
    ] {
        for more in [json!({"native_finish_reason": native}), json!({"provider_specific_fields": {"native_finish_reason": native}})] {
            let with = |mut choice: Value| {
                choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                choice
            };
            let mut body: Value = serde_json::from_str(&openai(&message, &json!("stop"))).unwrap();
            body["choices"][0] = with(body["choices"][0].clone());
            assert_eq!(whole(COMPATIBLE, &weather(), &body.to_string()).unwrap().stop, stop, "{more}");
            let mut event = chunk(&message, &json!("stop"));
            event["choices"][0] = with(event["choices"][0].clone());
            assert_eq!(streamed(COMPATIBLE, &weather(), &[event]).unwrap().stop, stop, "{more}");
        }
    }
}

#[test]
fn counts_are_kept_whatever_comes_after_them() {
    let with = |usage: Value| json!({"choices": [], "usage": usage});
    let end = || chunk(&json!({"content": "hi"}), &json!("stop"));
    let zero = json!({"prompt_tokens": 0, "completion_tokens": 0});
    let mut in_the_choice = end();
    in_the_choice["choices"][0]["usage"] = counts();
    for events in [
        vec![end(), with(counts()), with(zero.clone())],
        vec![with(zero), end(), with(counts())],
        vec![in_the_choice.clone()],
        vec![in_the_choice, with(json!({"prompt_tokens": null}))],
    ] {
        is_booked(&streamed(COMPATIBLE, &weather(), &events).unwrap());
    }
    let text = |usage: Value| json!({"candidates": [{"content": {"parts": [{"text": "Part of"}]}}], "usageMetadata": usage});
    let running =
        [text(json!({"promptTokenCount": 10, "candidatesTokenCount": 5})), text(json!({"promptTokenCount": 0, "totalTokenCount": 0}))];
    let reply = streamed(Protocol::Gemini, &weather(), &running).unwrap();
    assert_eq!(reply.stop, Stop::Other, "it was cut off");
    is_booked(&reply);
    let uncounted = streamed(Protocol::Gemini, &weather(), &[text(json!({"promptTokenCount": 10}))]).unwrap_err();
    assert_eq!(uncounted.charged(), Charge::Maybe, "what it had written by then is not known");
}

#[test]
fn a_prompt_that_was_blocked_is_booked_where_it_was_counted() {
    let body = json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 10}});
    for reply in
        [whole(Protocol::Gemini, &weather(), &body.to_string()), streamed(Protocol::Gemini, &weather(), std::slice::from_ref(&body))]
    {
        let reply = reply.unwrap();
        assert_eq!((reply.stop, reply.usage.input_tokens, reply.usage.uncounted), (Stop::Refusal, 10, false));
        assert!(reply.text().contains("SAFETY"), "{reply:?}");
    }
}

#[test]
fn streamed_calls_without_ids_under_one_number_are_told_apart() {
    let piece = |index: Value, name: Value, arguments: Value| {
        chunk(&json!({"tool_calls": [{"index": index, "function": {"name": name, "arguments": arguments}}]}), &json!(null))
    };
    let none = json!(null);
    let streams = [
        // Each whole.
        vec![piece(json!(0), json!("x"), json!("{\"n\":1}")), piece(json!(0), json!("x"), json!("{\"n\":2}"))],
        // In pieces, the name first alone or each time.
        vec![
            piece(json!(0), json!("x"), json!("")),
            piece(json!(0), none.clone(), json!("{\"n\":")),
            piece(json!(0), none.clone(), json!("1}")),
            piece(json!(0), json!("x"), json!("{\"n\"")),
            piece(json!(0), json!("x"), json!(":2}")),
            piece(json!(0), json!("x"), json!("")),
        ],
        // As objects.
        vec![piece(json!(0), json!("x"), json!({"n": 1})), piece(json!(0), json!("x"), json!({"n": 2}))],
        // Numbers as text.
        vec![
            piece(json!("0"), json!("x"), json!("{\"n\":")),
            piece(json!("1"), json!("x"), json!("{\"n\":2")),
            piece(json!("0"), none.clone(), json!("1}")),
            piece(json!("1"), none.clone(), json!("}")),
        ],
    ];
    for (place, mut events) in streams.into_iter().enumerate() {
        events.push(chunk(&json!({}), &json!("tool_calls")));
        let reply = streamed(COMPATIBLE, &weather(), &events).unwrap();
        let found: Vec<_> = calls(&reply).into_iter().map(|call| (call.name.as_str(), call.arguments["n"].clone())).collect();
        assert_eq!(found, [("x", json!(1)), ("x", json!(2))], "{place}: {reply:?}");
    }
    let others = [piece(json!(0), json!("x"), json!("")), piece(json!(0), json!("y"), json!("{}")), chunk(&json!({}), &json!("stop"))];
    let reply = streamed(COMPATIBLE, &weather(), &others).unwrap();
    assert_eq!(calls(&reply).iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
}

#[test]
fn a_stream_of_messages_is_a_reply_and_one_behind_pieces_is_no_repetition() {
    let message = |text: &str, finish: Value| {
        let call = json!([{"id": "a", "index": 0, "function": {"name": "weather", "arguments": "{}"}}]);
        let calls = if finish.is_null() { json!(null) } else { call };
        json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": text, "tool_calls": calls}, "finish_reason": finish}], "usage": counts()})
    };
    let piece = |text: &str| chunk(&json!({"content": text}), &json!(null));
    let call = chunk(&json!({"tool_calls": [{"id": "a", "index": 0, "function": {"name": "weather", "arguments": "{}"}}]}), &json!(null));
    let end = || json!("tool_calls");
    for events in [
        vec![message("Hello", end())],
        vec![message("Hel", json!(null)), message("lo", end())],
        vec![message("Hel", json!(null)), message("Hello", end())],
        vec![piece("Hel"), piece("lo"), call, message("Hello", end())],
    ] {
        let reply = streamed(COMPATIBLE, &weather(), &events).unwrap();
        assert_eq!((reply.text().as_str(), calls(&reply).len(), reply.stop), ("Hello", 1, Stop::ToolUse), "{events:?}");
        is_booked(&reply);
    }
}

#[test]
fn an_error_behind_a_ping_is_the_first_thing_that_is_said() {
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for before in [json!({"type": "ping"}), json!({})] {
        let error = streamed(Protocol::Anthropic, &weather(), &[before.clone(), overloaded.clone()]).unwrap_err();
        assert!(matches!(error, ProviderError::Unavailable { .. }), "{before}: {error}");
    }
    let begun = json!({"type": "message_start", "message": {"model": "m"}});
    let error = streamed(Protocol::Anthropic, &weather(), &[begun, overloaded]).unwrap_err();
    assert!(matches!(error, ProviderError::Uncertain { .. }), "{error}");
}

#[test]
fn an_error_in_the_choice_that_was_asked_for_counts() {
    let choices = json!([{"index": 1, "error": {"code": 502}}, {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]);
    let other = whole(COMPATIBLE, &weather(), &json!({"choices": choices, "usage": counts()}).to_string()).unwrap();
    assert_eq!(other.stop, Stop::End);
    let choices = json!([{"index": 1}, {"index": 0, "error": {"code": 502}, "message": {"content": "hi"}, "finish_reason": "stop"}]);
    let own = whole(COMPATIBLE, &weather(), &json!({"choices": choices, "usage": counts()}).to_string()).unwrap();
    assert_eq!(own.stop, Stop::Other);
}

#[tokio::test]
async fn waits_are_believed_wherever_they_are_told() {
    let said = |message: &str| json!({"error": {"message": message}}).to_string();
    let slow = json!({"error": {"code": 429, "message": "Slow down."}}).to_string();
    let overloaded = json!({"error": {"code": 503, "message": "Busy.", "metadata": {"headers": {"Retry-After": "13"}}}}).to_string();
    let responses = vec![
        http("503 Service Unavailable", "", &said("Overloaded. Please try again in 17s.")),
        http("529 Overloaded", "", &json!({"error": {"message": "Busy.", "retry_after": 19}}).to_string()),
        http("200 OK", "retry-after: 23\r\n", &slow),
        said_by_openai("hi"),
    ];
    let service = Service::new(responses).await;
    assert_eq!(service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap().text(), "hi");
    assert_eq!(service.pace.pauses(), [17, 19, 23].map(Duration::from_secs));
    let service = Service::new(vec![http("200 OK", "", &overloaded), said_by_openai("hi")]).await;
    service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap();
    assert_eq!(service.pace.pauses(), [Duration::from_secs(13)]);
    let service = Service::new(vec![http("503 Service Unavailable", "", &said("Please try again in 2 hours."))]).await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::LeftAlone { until, .. } if until.as_second() == 7_200), "{error}");
}
