//! Signing in over the API as a person and as a program, and what people try who have no account.

use std::thread;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_tests::{
    api::Answer,
    api_host::{ApiHost, Way, eventually},
    web_socket::{Message, WebSocket},
};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

/// Sends JSON to the address, with a credential or without.
fn send(host: &ApiHost, method: &str, path: &str, credential: Option<&str>, body: &Value) -> Answer {
    let sending = host.send(Way::Address, method, path).json(body);
    match credential {
        Some(credential) => sending.bearer(credential).answer(),
        None => sending.answer(),
    }
}

fn read(host: &ApiHost, path: &str, credential: &str) -> Answer {
    host.send(Way::Address, "GET", path).bearer(credential).answer()
}

fn log_in(host: &ApiHost, name: &str, password: &str) -> Answer {
    send(host, "POST", "/auth/login", None, &json!({ "name": name, "password": password }))
}

fn text(document: &Value, key: &str) -> String {
    document[key].as_str().unwrap_or_else(|| panic!("{key} in {document}")).to_owned()
}

/// A host with the admin `ada`, and her session.
fn host_of_ada() -> (ApiHost, Value) {
    let host = ApiHost::start();
    host.post("/users", &json!({ "name": "ada", "password": PASSWORD, "role": "admin" })).expect(201);
    let session = log_in(&host, "ADA", PASSWORD).with_status(200).json();
    (host, session)
}

#[test]
fn the_first_admin_is_made_with_the_link_that_was_printed_once() {
    let host = ApiHost::start();
    let ready = eventually("the host is ready", || host.announced().into_iter().find(|event| event["event"] == "ready"));
    let link = text(&ready["api"], "setup");
    let (page, secret) = link.split_once('#').unwrap();
    assert!(page.ends_with("/api/v1/setup"), "{page}");
    let shown = host.send(Way::Address, "GET", "/setup").answer().with_status(200);
    assert!(shown.header("content-security-policy").unwrap().contains("default-src 'none'"), "{:?}", shown.headers);
    let admin = |secret: &str, name: &str| {
        send(&host, "POST", "/auth/setup", None, &json!({ "secret": secret, "name": name, "password": PASSWORD }))
    };
    assert_eq!(admin("baton_setup_nothing", "eve").problem(403), "setup_link_invalid");
    assert_eq!(admin(secret, "ada").with_status(201).json()["role"], "admin");
    assert_eq!(admin(secret, "eve").problem(403), "setup_link_invalid");
    let session = log_in(&host, "ada", PASSWORD).with_status(200).json();
    assert_eq!(read(&host, "/auth/me", &text(&session, "access_token")).with_status(200).json()["user"]["name"], "ada");
    let host = host.killed_and_restarted();
    let ready = eventually("the host is ready", || host.announced().into_iter().find(|event| event["event"] == "ready"));
    assert!(ready["api"].get("setup").is_none(), "{ready}");
    read(&host, "/auth/me", &text(&session, "access_token")).expect(200);
}

#[test]
fn a_refresh_token_works_once_and_ends_the_session_when_it_is_used_again() {
    let (host, first) = host_of_ada();
    let refresh = |token: &str| send(&host, "POST", "/auth/refresh", None, &json!({ "refresh_token": token }));
    let second = refresh(&text(&first, "refresh_token")).with_status(200).json();
    read(&host, "/runs", &text(&second, "access_token")).expect(200);
    // Somebody has a copy: nobody goes on with this session.
    refresh(&text(&first, "refresh_token")).problem(401);
    read(&host, "/runs", &text(&second, "access_token")).problem(401);
    refresh(&text(&second, "refresh_token")).problem(401);
    let third = log_in(&host, "ada", PASSWORD).with_status(200).json();
    send(&host, "POST", "/auth/logout", Some(&text(&third, "access_token")), &json!({})).expect(204);
    read(&host, "/runs", &text(&third, "access_token")).problem(401);
    let names: Vec<_> =
        host.get("/events?category=auth&limit=200")["items"].as_array().unwrap().iter().map(|event| text(event, "name")).collect();
    assert!(names.iter().any(|name| name == "refresh_reused"), "{names:?}");
    assert!(!host.log().contains(PASSWORD));
}

#[test]
fn no_forged_access_token_is_accepted() {
    let (host, session) = host_of_ada();
    let genuine = text(&session, "access_token");
    let [header, claims, signature] = genuine.split('.').collect::<Vec<_>>()[..] else { panic!("{genuine}") };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decode = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (head, body) = (decode(header), decode(claims));
    let with = |value: &Value, key: &str, set: Value| {
        let mut changed = value.clone();
        changed[key] = set;
        part(&changed)
    };
    let forged = [
        format!("{}.{claims}.", with(&head, "alg", json!("none"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("none"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("RS256"))),
        format!("{}.{claims}.{signature}", with(&head, "kid", json!("../../../../dev/null"))),
        format!("{}.{claims}.{signature}", with(&head, "kid", json!("' or 1=1 --"))),
        format!("{}.{claims}.{signature}", with(&head, "jku", json!("https://example.com/keys"))),
        format!("{header}.{}.{signature}", with(&body, "aud", json!("another-api"))),
        format!("{header}.{}.{signature}", with(&body, "exp", json!(4_000_000_000_u64))),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        "..".to_owned(),
        "baton_".to_owned(),
        text(&session, "refresh_token"),
        "x".repeat(30_000),
    ];
    for credential in &forged {
        read(&host, "/auth/me", credential).problem(401);
    }
    read(&host, "/auth/me", &genuine).expect(200);
    // A token belongs into the header.
    assert_eq!(host.send(Way::Address, "GET", &format!("/auth/me?access_token={genuine}")).answer().status, 400);
}

#[test]
fn who_guesses_passwords_is_told_to_wait() {
    let (host, _) = host_of_ada();
    let unknown = log_in(&host, "nobody", "wrong horse battery").problem(401);
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = log_in(&host, "ada", "wrong horse battery");
        if answer.status == 401 {
            assert_eq!(answer.problem(401), unknown);
        } else {
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=30).contains(&seconds), "{seconds}");
        }
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_ticket_opens_one_stream_and_nothing_else() {
    let (host, session) = host_of_ada();
    let access = text(&session, "access_token");
    let ticket = text(&send(&host, "POST", "/stream/tickets", Some(&access), &json!({})).with_status(201).json(), "ticket");
    read(&host, "/runs", &ticket).problem(401);
    assert_eq!(host.send(Way::Address, "GET", &format!("/runs?ticket={ticket}")).answer().problem(400), "parameter_invalid");
    let open = |ticket: &str| WebSocket::open(host.connect(), &format!("/stream?after=0&ticket={ticket}"), "").unwrap();
    let mut stream = open(&ticket).unwrap();
    assert!(matches!(stream.next().unwrap(), Message::Frame(_)));
    assert_eq!(open(&ticket).err(), Some(401));
    assert_eq!(open("nothing").err(), Some(401));
    // A session that ends takes its ticket along.
    let late = text(&send(&host, "POST", "/stream/tickets", Some(&access), &json!({})).with_status(201).json(), "ticket");
    send(&host, "POST", "/auth/logout", Some(&access), &json!({})).expect(204);
    assert_eq!(open(&late).err(), Some(401));
}

#[test]
fn the_credential_file_lets_local_programs_in_while_the_host_serves() {
    let mut host = ApiHost::start();
    let file = host.home().join("data/credential");
    let credential = std::fs::read_to_string(&file).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let me = read(&host, "/auth/me", credential.trim()).with_status(200).json();
    assert_eq!(me["actor"]["kind"], "operator");
    assert_eq!(host.stop().0, Some(0));
    assert!(!file.exists());
}

#[test]
fn what_a_user_loses_counts_with_the_next_request() {
    let (host, _) = host_of_ada();
    host.post("/users", &json!({ "name": "bob", "password": PASSWORD, "role": "developer" })).expect(201);
    let session = log_in(&host, "bob", PASSWORD).with_status(200).json();
    let access = text(&session, "access_token");
    let created = send(&host, "POST", "/tokens", Some(&access), &json!({ "name": "ci" })).with_status(201);
    let token = text(&created.json(), "secret");
    assert!(created.header("location").unwrap().starts_with("/api/v1/tokens/"));
    for credential in [&access, &token] {
        read(&host, "/runs", credential).expect(200);
        assert_eq!(send(&host, "PUT", "/secrets/key", Some(credential), &json!({ "value": "x" })).problem(403), "permission_denied");
    }
    assert!(!host.request("GET", "/tokens").answer().text().contains(&token));
    host.request("PATCH", "/users/bob").json(&json!({ "disabled": true })).answer().expect(200);
    for credential in [&access, &token] {
        read(&host, "/runs", credential).problem(401);
    }
    let audit = host.get("/events?category=audit&text=bob&limit=200");
    let changed = audit["items"].as_array().unwrap().iter().find(|event| text(event, "name") == "user_changed");
    assert!(changed.is_some_and(|event| event["actor"]["kind"] == "operator"), "{audit}");
}

#[test]
fn keys_that_sign_are_replaced_without_logging_anybody_out() {
    let (host, session) = host_of_ada();
    let access = text(&session, "access_token");
    let rotated = host.baton(&["token", "rotate-keys"]);
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    read(&host, "/auth/me", &access).expect(200);
    let next = log_in(&host, "ada", PASSWORD).with_status(200).json();
    read(&host, "/auth/me", &text(&next, "access_token")).expect(200);
    let asked: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| read(&host, "/auth/me", &access).status)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert_eq!(asked, [200; 8]);
}
