//! Parameters that a model does not take: left out by what is known, or learned from an answer that names them.

use super::*;
use crate::interfaces::llm::tests::catalogue;

const TEMPERATURE: &str = "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is supported.";

fn refusing(message: &str, param: &str) -> String {
    let error = json!({"message": message, "type": "invalid_request_error", "param": param, "code": "unsupported_value"});
    http("400 Bad Request", "", &json!({ "error": error }).to_string())
}

fn warm() -> Request {
    Request { temperature: Some(0.3), max_tokens: Some(64_000), ..ask("hello") }
}

fn network(service: &Service) -> Network {
    service.provider(Protocol::OpenAiCompatible, Some(KEY), Duration::from_secs(5))
}

#[tokio::test]
async fn a_parameter_that_an_answer_refuses_is_left_out_at_once_and_from_then_on() {
    let service =
        Service::new(vec![refusing(TEMPERATURE, "temperature"), said_by_openai("hi"), said_by_openai("hi"), said_by_openai("hi")]).await;
    let network = network(&service);
    assert_eq!(network.complete(CALLER, "m", &warm()).await.unwrap().text(), "hi");
    assert_eq!(network.complete(CALLER, "m", &warm()).await.unwrap().text(), "hi");
    network.complete(CALLER, "another", &warm()).await.unwrap();
    let heard = service.heard();
    let temperatures: Vec<_> = heard.iter().map(|heard| heard.body["temperature"].clone()).collect();
    assert_eq!(temperatures, [json!(0.3), Value::Null, Value::Null, json!(0.3)], "another model is another matter");
    assert!(heard[1].head.contains("idempotency-key: run-1:7+\r\n"), "it is another request: {}", heard[1].head);
    assert!(heard[2].head.contains("idempotency-key: run-1:7\r\n"), "{}", heard[2].head);
    assert!(service.pace.pauses().is_empty(), "an answer that costs nothing is not waited for");
    assert_eq!(heard.len(), 4);
}

#[tokio::test]
async fn several_refusals_are_met_one_after_the_other_and_not_for_ever() {
    let spelling = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let service = Service::new(vec![refusing(TEMPERATURE, "temperature"), refusing(spelling, "max_tokens"), said_by_openai("hi")]).await;
    assert_eq!(network(&service).complete(CALLER, "m", &warm()).await.unwrap().text(), "hi");
    let body = service.body();
    assert_eq!((&body["temperature"], &body["max_tokens"], &body["max_completion_tokens"]), (&Value::Null, &Value::Null, &json!(64_000)));

    let words = ["temperature", "stop", "tool_choice", "stream_options", "response_format"];
    let service = Service::new(words.map(|word| refusing(&format!("'{word}' is not supported."), word)).to_vec()).await;
    let request = Request {
        stop_sequences: vec!["END".into()],
        tool_choice: Some(ToolChoice::Auto),
        reply_schema: Some(json!({"type": "object"})),
        ..Request { tools: weather().tools, ..warm() }
    };
    let error = network(&service).complete(CALLER, "m", &request).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid { .. }), "{error}");
    assert_eq!((service.heard().len(), error.charged()), (4, Charge::No), "four requests at most");
}

#[tokio::test]
async fn what_did_not_help_is_not_learned() {
    let service =
        Service::new(vec![refusing(TEMPERATURE, "temperature"), refusing(TEMPERATURE, "temperature"), said_by_openai("hi")]).await;
    let network = network(&service);
    let error = network.complete(CALLER, "m", &warm()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid { reason, .. } if reason.contains("temperature")), "{error}");
    network.complete(CALLER, "m", &warm()).await.unwrap();
    assert_eq!(service.body()["temperature"], 0.3);
}

#[tokio::test]
async fn an_answer_that_is_no_refusal_changes_nothing() {
    for status in ["401 Unauthorized", "404 Not Found", "429 Too Many Requests"] {
        let service = Service::new(vec![http(
            status,
            "retry-after: 3600\r\n",
            &json!({"error": {"message": TEMPERATURE, "param": "temperature"}}).to_string(),
        )])
        .await;
        assert!(network(&service).complete(CALLER, "m", &warm()).await.is_err());
        assert_eq!(service.heard().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_limit_that_is_too_high_is_lowered_to_what_the_answer_says() {
    let message = "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for this model";
    let service = Service::new(vec![refusing(message, "max_tokens"), said_by_openai("hi"), said_by_openai("hi")]).await;
    let network = network(&service);
    for _ in 0..2 {
        network.complete(CALLER, "m", &warm()).await.unwrap();
        assert_eq!(service.body()["max_tokens"], 8_192);
    }
    assert_eq!(service.heard().len(), 3);
}

#[tokio::test]
async fn what_the_table_knows_is_not_sent_at_all() {
    let said = said_by_anthropic(&json!([{"type": "text", "text": "hi"}]), "end_turn");
    let service = Service::new(vec![said; 3]).await;
    let catalogue = catalogue(|config| {
        config.anthropic_base_url = Some(service.base_url.clone());
        config.anthropic_api_key = Some(Secret::new(KEY));
    })
    .unwrap();
    for (model, temperature, longest) in [
        ("anthropic/claude-opus-4-8", Value::Null, 64_000),
        ("anthropic/claude-opus-4-1-20250805", json!(0.3), 32_000),
        ("anthropic/claude-opus-9", Value::Null, 64_000),
    ] {
        catalogue.complete(CALLER, model, &warm()).await.unwrap();
        let body = service.body();
        assert_eq!((&body["temperature"], &body["max_tokens"]), (&temperature, &json!(longest)), "{model}");
    }
}
