//! Services that never come to an end.

use tokio::task::JoinHandle;

use super::*;

const LIMIT: usize = 8 << 20;
/// What may lie in the buffers of two sockets and a pipe between them when the limit is reached.
const ON_THE_WAY: usize = 16 << 20;
/// Where a service gives up that is read for ever.
const FOR_EVER: usize = 256 << 20;

/// Answers one request with a head and then the same piece again and again, as fast as it is taken. Ends with how many bytes
/// were taken.
async fn endless(head: &'static str, piece: &str) -> (Service, JoinHandle<usize>) {
    install_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let piece = piece.repeat((64 << 10) / piece.len() + 1);
    let taken = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        hear(&mut stream).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut taken = 0;
        while taken < FOR_EVER && stream.write_all(piece.as_bytes()).await.is_ok() {
            taken += piece.len();
        }
        taken
    });
    (Service { base_url, heard: Arc::default(), pace: Arc::default() }, taken)
}

const JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_body_without_end_is_let_go_of_at_the_limit() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000000000\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let cases = [(JSON, "{\"choices\": "), (STREAM, "data: x\n\n"), (announced, "x"), (chunked, &chunk)];
    for protocol in [Protocol::OpenAi, Protocol::Anthropic, Protocol::Gemini] {
        for (head, piece) in cases {
            let (service, taken) = endless(head, piece).await;
            let error = service.ask(protocol, &ask("hello")).await.unwrap_err();
            assert!(matches!(&error, ProviderError::TooLong { reason, .. } if reason.contains("8388608 bytes")), "{error}");
            assert!(error.charged() == Charge::Maybe && !error.is_uncertain(), "no second try, but another model");
            let taken = taken.await.unwrap();
            assert!(taken < 2 * LIMIT + ON_THE_WAY, "{taken} bytes were taken of {head:?}");
        }
    }
}

#[tokio::test]
async fn an_event_without_end_is_let_go_of_at_the_limit() {
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        for (head, piece) in [(STREAM, "data: on and on\n"), (STREAM, "x"), (JSON, "{"), (STREAM, ": nothing\r\n")] {
            let (service, taken) = endless(head, piece).await;
            let watchers = Watchers::new(crate::journal::Redactor::default());
            let _watching = watchers.watch();
            let provider = service.watched(protocol, Some(KEY), Duration::from_secs(20), Some(watchers));
            let error = provider.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
            assert!(matches!(&error, ProviderError::TooLong { reason, .. } if reason.contains("one event")), "{error}");
            let taken = taken.await.unwrap();
            assert!(taken < 2 * LIMIT + ON_THE_WAY, "{taken} bytes were taken of {piece:?}");
        }
    }
}

#[tokio::test]
async fn an_error_without_end_is_still_the_error_that_it_begins_with() {
    let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
    let (service, taken) = endless(head, "No such key. ").await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Refused { reason, .. } if reason.contains("No such key.")), "{error}");
    let taken = taken.await.unwrap();
    assert!(taken < LIMIT + ON_THE_WAY, "{taken} bytes were taken");
}

#[tokio::test]
async fn a_reply_of_almost_the_limit_comes_through() {
    let text = "x".repeat(LIMIT - 1_000);
    let service = Service::new(vec![said_by_openai(&text)]).await;
    assert_eq!(service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap().text(), text);
}

#[tokio::test]
async fn who_waits_no_longer_leaves_the_service() {
    install_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let service = Service { base_url, heard: Arc::default(), pace: Arc::default() };
    let provider = service.provider(Protocol::OpenAi, Some(KEY), Duration::from_secs(60));
    let request = ask("hello");
    let (mut stream, _) = tokio::select! {
        reply = provider.complete(CALLER, "m", &request) => panic!("{reply:?}"),
        accepted = async {
            let (mut stream, address) = listener.accept().await.unwrap();
            hear(&mut stream).await;
            (stream, address)
        } => accepted,
    };
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 16])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "the connection is still there: {read:?}");
}

/// What a service may send before and around a body, without end.
#[tokio::test]
async fn what_comes_before_and_around_a_body_is_bounded() {
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let [extension, trailer]: [&'static str; 2] =
        ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x=", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"];
    let cases = [
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\n", "x-a: bbbbbbbbbbbbbbbbbbbbbbbb\r\n"),
        ("HTTP/1.1 200 OK\r\nx-a: ", "b"),
        ("HTTP/1.1 200 ", "b"),
        (extension, "y"),
        (trailer, "x-a: b\r\n"),
        (chunked, "z"),
    ];
    for (head, piece) in cases {
        let (service, taken) = endless(head, piece).await;
        let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
        assert!(matches!(&error, ProviderError::TooLong { .. } | ProviderError::Uncertain { .. }), "{head:?} {piece:?}: {error}");
        let taken = taken.await.unwrap();
        assert!(taken < ON_THE_WAY, "{taken} bytes were taken of {piece:?}");
    }
}

#[tokio::test]
async fn comments_without_end_are_bounded() {
    let (service, taken) = endless(STREAM, ": still here\n\n").await;
    let watchers = Watchers::new(crate::journal::Redactor::default());
    let _watching = watchers.watch();
    let provider = service.watched(Protocol::Anthropic, Some(KEY), Duration::from_secs(20), Some(watchers));
    let error = provider.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::TooLong { .. }), "{error}");
    assert!(taken.await.unwrap() < LIMIT + ON_THE_WAY);
}

/// Headers that come one byte at a time, and a body that is compressed.
#[tokio::test]
async fn a_head_that_never_ends_ends_at_the_timeout() {
    install_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let dripping = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let service = Service { base_url, heard: Arc::default(), pace: Arc::default() };
    let error = service.provider(Protocol::OpenAi, Some(KEY), Duration::from_millis(200)).complete(CALLER, "m", &ask("hello")).await;
    assert!(matches!(&error, Err(ProviderError::Uncertain { reason, .. }) if reason.contains("in time")), "{error:?}");
    dripping.await.unwrap();
    let service = Service::new(vec![http("200 OK", "content-encoding: gzip\r\n", "x")]).await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Malformed { reason, .. } if reason.contains("compressed (gzip)")), "{error}");
}
