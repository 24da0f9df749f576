//! People and pages that mean harm: what they send, and that it stops where `docs/security.md` says. Each sends bytes as they are.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use baton_tests::{
    PROBE,
    api_host::{ApiHost, Way, eventually},
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(5);
/// The host gives up after 10 s; a busy machine is slower.
const PATIENCE: Duration = Duration::from_secs(40);

/// The status of a raw answer; 0 where the connection was closed without one.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// The host is as well as before.
fn is_well(host: &ApiHost) {
    assert_eq!(host.send(Way::Address, "GET", "/health/live").answer().with_status(200).json(), json!({ "live": true }));
}

/// Sends bytes by the socket, and gives the beginning of what comes back.
fn by_socket(host: &ApiHost, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(&host.socket).unwrap();
    // It may answer, and close the connection, before everything is sent.
    let _ = stream.write_all(bytes);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut read = [0; 4096];
    let length = stream.read(&mut read).unwrap_or(0);
    String::from_utf8_lossy(&read[..length]).into_owned()
}

#[test]
fn a_name_that_was_bent_to_the_host_does_not_reach_it() {
    let host = ApiHost::with_settings("hosts = [\"baton.example.com\"]");
    let named = |name: &str| host.send(Way::Address, "GET", "/health/live").header("host", name).answer();
    for name in ["evil.example.com", "evil.example.com:7788", "127.0.0.1.evil.example.com", "localhost.evil.example.com"] {
        assert_eq!(named(name).problem(403), "host_unknown", "{name}");
    }
    for odd in ["", "a b", "[", "%00", "localhost@evil.com"] {
        assert!((400..500).contains(&named(odd).status), "{odd}");
    }
    for name in ["localhost", "localhost:1", "127.0.0.1", "[::1]:7788", "BATON.example.com"] {
        assert_eq!(named(name).status, 200, "{name}");
    }
    let none = host.raw(b"GET /api/v1/health/live HTTP/1.1\r\nconnection: close\r\n\r\n", SOON);
    assert!((400..500).contains(&status(&none)), "{none}");
    let target = b"GET http://evil.example.com/api/v1/health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(matches!(status(&host.raw(target, SOON)), 400 | 403));
}

#[test]
fn a_page_of_another_site_neither_reads_nor_changes_anything() {
    let host = ApiHost::with_settings("origins = [\"https://board.example.com\"]");
    let from = |origin: &str, method: &str, path: &str| host.send(Way::Address, method, path).header("origin", origin);
    for origin in
        ["https://evil.example.com", "null", "https://board.example.com.evil.com", "http://board.example.com", "http://localhost:1"]
    {
        let answer = from(origin, "GET", "/health/live").answer();
        assert_eq!(answer.problem(403), "origin_unknown", "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let asked = from(origin, "OPTIONS", "/runs").header("access-control-request-method", "POST").answer();
        assert_eq!(asked.header("access-control-allow-origin"), None, "{origin}");
    }
    let allowed = from("https://board.example.com", "GET", "/health/live").answer().with_status(200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://board.example.com"));
    assert_eq!(allowed.header("access-control-allow-credentials"), None, "there are no cookies to send");
    let asked = from("https://board.example.com", "OPTIONS", "/runs").header("access-control-request-method", "POST").answer();
    assert_eq!(asked.header("access-control-allow-origin"), Some("https://board.example.com"));
    // What a form can send is not JSON, whoever sends it.
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""] {
        let sent = host.request("PUT", "/secrets/STOLEN").body(media_type, r#"{"value":"x"}"#).answer();
        assert_eq!(sent.problem(415), "media_type_unsupported", "{media_type}");
    }
    assert_eq!(host.get("/secrets"), json!({ "items": [] }));
}

/// Sends the beginning of a request, then a bit of it twice a second, until the connection is closed.
fn drip(mut stream: impl Read + Write, begin: &[u8], bit: &[u8]) -> (String, Duration) {
    let begun = Instant::now();
    stream.write_all(begin).unwrap();
    let mut read = Vec::new();
    while begun.elapsed() < PATIENCE {
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(length) => read.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && stream.write_all(bit).is_ok() => {}
            Err(_) => break,
        }
    }
    (String::from_utf8_lossy(&read).into_owned(), begun.elapsed())
}

#[test]
fn a_client_that_sends_slowly_is_let_go() {
    const HEAD: &[u8] = b"GET /api/v1/health/live HTTP/1.1\r\nhost: localhost\r\n";
    const BODY: &[u8] =
        b"PUT /api/v1/secrets/SLOW HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let host = ApiHost::start();
    let (to_address, to_socket) = (|| host.connect(), || UnixStream::connect(&host.socket).unwrap());
    let pause = Some(Duration::from_millis(500));
    let begun = Instant::now();
    let [head, silent, body] = thread::scope(|scope| {
        let slow = [
            scope.spawn(move || {
                let stream = to_address();
                stream.set_read_timeout(pause).unwrap();
                drip(stream, HEAD, b"x-a: b\r\n")
            }),
            scope.spawn(move || {
                let stream = to_address();
                stream.set_read_timeout(pause).unwrap();
                drip(stream, b"", b"")
            }),
            scope.spawn(move || {
                let stream = to_socket();
                stream.set_read_timeout(pause).unwrap();
                drip(stream, BODY, b"")
            }),
        ];
        is_well(&host);
        slow.map(|slow| slow.join().unwrap())
    });
    for (what, (answer, took)) in [("head", &head), ("silent", &silent), ("body", &body)] {
        assert!(*took < PATIENCE && !answer.contains("200 OK"), "{what}: {took:?} {answer}");
    }
    assert!(status(&body.0) == 408 && body.0.contains("request_too_slow"), "{}", body.0);
    assert!(begun.elapsed() >= Duration::from_secs(9), "none is let go before its time");
    assert_eq!(host.get("/secrets"), json!({ "items": [] }));
    is_well(&host);
}

#[test]
fn what_is_too_large_is_rejected_before_it_is_read() {
    const HEAD: &str = "PUT /api/v1/secrets/A HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let host = ApiHost::start();
    assert_eq!(status(&by_socket(&host, format!("{HEAD}content-length: 99999999999\r\n\r\n").as_bytes())), 413);
    let large = host.request("PUT", "/secrets/A").json(&json!({ "value": "x".repeat(2 << 20) })).answer();
    assert!(matches!(large.status, 0 | 413), "{}", large.text());
    let pieces = [
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes(),
        [b"10000\r\n", &[b'x'; 0x10000][..], b"\r\n"].concat().repeat(64),
    ];
    assert!(matches!(status(&by_socket(&host, &pieces.concat())), 0 | 413));
    let many: String = (0..500).map(|number| format!("x-{number}: a\r\n")).collect();
    let long = format!("x-a: {}\r\n", "a".repeat(200 << 10));
    for flood in [many, long] {
        let answer = host.raw(format!("GET /api/v1/health/live HTTP/1.1\r\nhost: localhost\r\n{flood}\r\n").as_bytes(), SOON);
        assert!(matches!(status(&answer), 0 | 431), "{answer}");
    }
    let target = format!("GET /api/v1/{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100 << 10));
    assert!(matches!(status(&host.raw(target.as_bytes(), SOON)), 0 | 414 | 431));
    assert_eq!(host.get("/secrets"), json!({ "items": [] }));
    is_well(&host);
}

#[test]
fn no_path_leads_out_of_the_routes() {
    let host = ApiHost::start();
    let paths = [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/plugins/..%2f..%2fetc%2fpasswd",
        "/plugins/%2fetc%2fpasswd",
        "/plugins/%00",
        "/plugins/%ff",
        "/plugins/..;/secrets",
        "//secrets",
        "/secrets/",
        "/runs/%0d%0aset-cookie:%20a=b",
        "/projects/%27%20or%201=1",
        "/secrets/..",
    ];
    for path in paths {
        let answer = host.request("GET", path).answer();
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("root:") && answer.header("set-cookie").is_none(), "{path}");
        let outside = host.send(Way::Address, "GET", path).answer();
        assert!(matches!(outside.status, 400 | 401 | 404 | 405), "{path}: {}", outside.status);
    }
    // A plugin is named by its name and not by its file.
    let path = host.home().join("plugin.wasm");
    std::fs::write(&path, PROBE).unwrap();
    let path = path.display().to_string().replace('/', "%2f");
    assert_eq!(host.request("GET", &format!("/plugins/{path}")).answer().problem(404), "plugin_not_found");
    is_well(&host);
}

#[test]
fn a_bomb_that_is_uploaded_leaves_nothing_behind() {
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    let host = ApiHost::start();
    let before = host.get("/plugins");
    let cases: [(&str, Vec<u8>); 6] = [
        ("zip", b"PK\x03\x04".repeat(1_000)),
        ("nothing", Vec::new()),
        ("module", b"\0asm\x01\0\0\0".to_vec()),
        ("cut", PROBE[..PROBE.len() / 2].to_vec()),
        ("zeros", [COMPONENT, &vec![0; 4 << 20]].concat()),
        ("terminal", [COMPONENT, b"\x1b[2J\xff\xff\xff\xff\x0f"].concat()),
    ];
    for (name, body) in cases {
        let answer = host.request("POST", "/plugins").body("application/wasm", body).answer();
        assert!((400..500).contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains(&host.home().display().to_string()), "{name}: {}", answer.text());
        assert_eq!(std::fs::read_dir(host.home().join("data/plugins")).unwrap().count(), 0, "{name}");
    }
    // What is packed is not unpacked, and what is larger than any plugin is not read.
    let packed =
        host.request("POST", "/plugins").header("content-encoding", "gzip").body("application/wasm", b"\x1f\x8b".to_vec()).answer();
    assert_eq!(packed.problem(415), "media_type_unsupported");
    let huge =
        b"POST /api/v1/plugins HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/wasm\r\ncontent-length: 4000000000\r\n\r\n\0asm";
    assert_eq!(status(&by_socket(&host, huge)), 413);
    assert_eq!(host.get("/plugins"), before);
    is_well(&host);
}

#[test]
fn nothing_that_is_sent_writes_a_line_of_the_log_or_of_the_answer() {
    let host = ApiHost::start();
    let forged = host.request("GET", "/nothing%0a2026-01-01T00:00:00Z%20ERROR%20forged%1b[2J").answer();
    assert_eq!(forged.problem(404), "not_found");
    let raw = b"GET /api/v1/health/live HTTP/1.1\r\nhost: localhost\r\nx-request-id: forged-id\r\nconnection: close\r\n\r\n";
    let raw = host.raw(raw, SOON);
    assert!(status(&raw) == 200 && !raw.contains("forged-id"), "the host gives a request its id: {raw}");
    let hidden = host.request("GET", "/plugins/%1b%5b2Ja%0ab").answer();
    assert_eq!(hidden.problem(404), "plugin_not_found");
    assert!(!hidden.text().contains('\u{1b}'), "{}", hidden.text());
    let log = eventually("it is logged", || Some(host.log()).filter(|log| log.contains("forged%1b")));
    assert!(!log.contains("\u{1b}[2J") && !log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")), "{log}");
}

#[test]
fn no_header_makes_another_method_or_another_client_of_a_request() {
    let host = ApiHost::with_settings("address-rate = 5");
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        assert_eq!(host.request("GET", "/secrets").header(header, "DELETE").answer().status, 200, "{header}");
    }
    for method in ["TRACE", "CONNECT", "PROPFIND", "get", "X"] {
        let answer = host.request(method, "/secrets").answer();
        assert!((400..500).contains(&answer.status) || answer.status == 0, "{method}: {}", answer.status);
    }
    // A client that is not a proxy cannot say that it is another one, or the user of the socket.
    let ask = |number| {
        let client = format!("10.0.0.{number}");
        host.send(Way::Address, "GET", "/health/live").header("x-forwarded-for", &client).header("forwarded", "for=unix").answer()
    };
    (0..7).for_each(|number| drop(ask(number)));
    let last = ask(7);
    assert_eq!(last.problem(429), "rate_limited");
    assert!(last.header("retry-after").is_some_and(|after| after.parse::<u64>().is_ok()));
}

#[test]
fn two_requests_are_not_hidden_in_one() {
    let host = ApiHost::start();
    let both = b"GET /api/v1/health/live HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/version HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let differing = b"GET /api/v1/health/live HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab";
    for hidden in [both.as_slice(), differing] {
        let answer = host.raw(hidden, SOON);
        assert!(!answer.contains("oldest_api"), "{answer}");
    }
    is_well(&host);
}
