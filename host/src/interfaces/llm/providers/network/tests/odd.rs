//! Replies that are nearly what their protocol says: understood, told to the model, or a reply without an end; always with
//! what they took.

use super::*;

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
