//! The proxy between a client on its socket and servers on this machine.

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::unbounded_channel,
};

use super::*;
use crate::interfaces::keys::NoKeys;

struct Bench {
    folder: tempfile::TempDir,
    proxy: Proxy,
    server: u16,
}

/// A server that answers each connection with what it was sent, after a word, and a proxy that lets through to `hosts`, in which
/// `PORT` stands for the server's port.
async fn bench(hosts: &[&str], change: impl FnOnce(&mut Ways, u16)) -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(echo(client));
        }
    });
    let hosts = hosts.iter().map(|host| Host::parse(&host.replace("PORT", &server.to_string())).unwrap()).collect();
    let rules = Rules { hosts, networks: Vec::new() };
    let mut ways = Ways { rules, onward: None, registries: BTreeMap::new(), keys: Arc::new(NoKeys), most_bytes: 1 << 20 };
    change(&mut ways, server);
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::listen(folder.path(), ways, unbounded_channel().0).unwrap();
    Bench { folder, proxy, server }
}

async fn echo(mut client: TcpStream) {
    let mut piece = vec![0; 4096];
    let length = client.read(&mut piece).await.unwrap_or_default();
    let sent = [b"HTTP/1.1 200 OK\r\n\r\nyou said: ".as_slice(), &piece[..length]].concat();
    let _ = client.write_all(&sent).await;
}

impl Bench {
    async fn ask(&self, request: &str) -> String {
        let request = request.replace("PORT", &self.server.to_string());
        let mut client = UnixStream::connect(self.folder.path().join(SOCKET)).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn place(&self, host: &str) -> BTreeSet<String> {
        [format!("{host}:{}", self.server)].into()
    }
}

#[tokio::test]
async fn a_host_that_is_named_is_reached_and_noted() {
    let bench = bench(&["127.0.0.1:PORT"], |_, _| ()).await;
    let answer = bench.ask("CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.1 200 Connection established\r\n\r\n") && answer.ends_with("you said: hello"), "{answer}");
    let answer = bench.ask("GET http://127.0.0.1:PORT/a?b HTTP/1.1\r\nHost: other.example\r\nProxy-Authorization: x\r\n\r\n").await;
    let said = format!("you said: GET /a?b HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", bench.server);
    assert!(answer.ends_with(&said), "{answer}");
    assert_eq!(bench.proxy.noted(), Noted { reached: bench.place("127.0.0.1"), ..Noted::default() });
}

#[tokio::test]
async fn what_is_not_named_is_denied_and_noted() {
    let bench = bench(&["registry.example", "localhost:PORT"], |_, _| ()).await;
    for request in [
        "CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\n",
        "GET http://127.0.0.1:PORT/ HTTP/1.1\r\n\r\n",
        "CONNECT registry.example:22 HTTP/1.1\r\n\r\n",
        "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n",
        // Named, and yet in a network that is not.
        "CONNECT localhost:PORT HTTP/1.1\r\n\r\n",
    ] {
        let answer = bench.ask(request).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden") && answer.contains("[setup]"), "{request}: {answer}");
    }
    for odd in ["GET / HTTP/1.1\r\n\r\n", "CONNECT a@registry.example:443 HTTP/1.1\r\n\r\n", "x\r\n\r\n"] {
        assert!(bench.ask(odd).await.starts_with("HTTP/1.1 400"), "{odd}");
    }
    let noted = bench.proxy.noted();
    assert!(noted.reached.is_empty() && noted.denied.len() == 4, "{noted:?}");
}

#[tokio::test]
async fn a_setup_moves_no_more_bytes_than_it_may() {
    let bench = bench(&["127.0.0.1:PORT"], |ways, _| ways.most_bytes = 100).await;
    let answer = bench.ask(&format!("CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\n{}", "x".repeat(90))).await;
    assert!(!answer.contains("you said"), "{answer}");
    assert!(bench.proxy.noted().is_used_up);
}

#[tokio::test]
async fn the_operators_proxy_is_asked_for_the_way() {
    let bench = bench(&["registry.example", "direct.example"], |ways, server| {
        ways.onward = Onward::parse(&format!("http://ada:pass@127.0.0.1:{server}"), "direct.example");
    })
    .await;
    // The echo answers as a proxy does that has made the connection, and what follows comes through.
    let answer = bench.ask("CONNECT registry.example:443 HTTP/1.1\r\n\r\n").await;
    assert!(answer.contains("200 Connection established\r\n\r\nyou said: CONNECT registry.example:443 HTTP/1.1"), "{answer}");
    let answer = bench.ask("GET http://registry.example/a HTTP/1.1\r\n\r\n").await;
    assert!(
        answer.contains("you said: GET http://registry.example/a HTTP/1.1") && answer.contains("proxy-authorization: Basic "),
        "{answer}"
    );
    assert!(bench.ask("CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_registry_gets_its_secret_and_the_setup_does_not() {
    struct OneKey;
    impl Keys for OneKey {
        fn find(&self, name: &str) -> Option<String> {
            (name == "NPM").then(|| "hunter2-hunter2".to_owned())
        }
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        head::until_end(&mut client, &mut head).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nok").await.unwrap();
        String::from_utf8(head).unwrap()
    });
    let bench = bench(&[], |ways, _| {
        ways.keys = Arc::new(OneKey);
        for (name, secret) in [("own", "NPM"), ("unset", "OTHER")] {
            let url = Registry::address(&format!("http://127.0.0.1:{port}/team")).unwrap();
            ways.registries.insert(name.to_owned(), Registry { url, secret: secret.to_owned(), user: None });
        }
    })
    .await;
    let answer = bench.ask("GET /registries/own/left-pad?x=1 HTTP/1.1\r\nAuthorization: Bearer mine\r\nAccept: */*\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nok") && !answer.contains("Cookie"), "{answer}");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("GET /team/left-pad?x=1 HTTP/1.1") && asked.contains("authorization: Bearer hunter2-hunter2"), "{asked}");
    assert!(!asked.contains("mine"), "{asked}");
    for (request, status) in [
        ("POST /registries/own/x HTTP/1.1\r\n\r\n", "405"),
        ("GET /registries/none/x HTTP/1.1\r\n\r\n", "404"),
        ("GET /registries/unset/x HTTP/1.1\r\n\r\n", "502"),
    ] {
        let answer = bench.ask(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && !answer.contains("hunter2"), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_socket_that_is_deep_is_listened_on_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("deep".repeat(30)).join("deep".repeat(30));
    fs::create_dir_all(&folder).unwrap();
    let ways = || Ways { rules: Rules::default(), onward: None, registries: BTreeMap::new(), keys: Arc::new(NoKeys), most_bytes: 1 };
    drop(Proxy::listen(&folder, ways(), unbounded_channel().0).unwrap());
    let _proxy = Proxy::listen(&folder, ways(), unbounded_channel().0).unwrap();
    assert!(folder.join(SOCKET).exists());
}
