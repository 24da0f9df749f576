use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::interfaces::llm::tests::install_tls;

fn call(url: &str) -> Call {
    Call { url: url.parse().unwrap(), headers: HeaderMap::new(), body: b"{}".to_vec() }
}

fn client(proxy: Option<&str>, except: &str) -> Result<Client, String> {
    install_tls();
    let proxy = proxy.map(|url| Proxy { url: url.to_owned(), except: except.to_owned() });
    Client::new(proxy.as_ref(), Duration::from_secs(5))
}

/// Answers one connection, and gives the first line that it heard.
async fn answering(response: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4_096];
        let length = stream.read(&mut heard).await.unwrap();
        stream.write_all(response.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&heard[..length]).lines().next().unwrap_or_default().to_owned()
    });
    (address, heard)
}

#[tokio::test]
async fn what_is_encrypted_goes_through_the_proxy_and_nothing_else_does() {
    let (proxy, heard) = answering("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let through = client(Some(&format!("http://ada:pw@{proxy}")), "inside.invalid").unwrap();
    let error = through.send(call("https://service.invalid/v1")).await.err().unwrap();
    assert!(matches!(&error, Obstacle::Unreachable(reason) if reason.contains("tunnel")), "{error:?}");
    assert_eq!(heard.await.unwrap(), "CONNECT service.invalid:443 HTTP/1.1");

    let (plain, heard) = answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let answer = through.send(call(&format!("http://{plain}/v1/x?alt=sse"))).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(heard.await.unwrap(), "POST /v1/x?alt=sse HTTP/1.1");
}

#[test]
fn a_proxy_that_cannot_be_is_turned_down() {
    for url in ["socks5://127.0.0.1:1080", "ftp://proxy", ""] {
        assert!(client(Some(url), "").is_err(), "{url}");
    }
    assert!(client(Some("http://proxy:3128"), "*").is_ok());
}

#[tokio::test]
async fn a_host_that_is_not_there_was_asked_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client(None, "").unwrap().send(call(&format!("http://{address}/"))).await.err().unwrap();
    assert!(matches!(&error, Obstacle::Unreachable(reason) if reason.contains("refused")), "{error:?}");
}
