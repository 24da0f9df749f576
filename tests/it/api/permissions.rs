//! Every route of the document for every role, in a project of the caller's and in one that does not exist for them, with no, a
//! revoked and an expired token. What is checked of a route is what the document says of it.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use baton_tests::{
    api::Answer,
    api_host::{ApiHost, Way},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A route of the document.
struct Route {
    method: String,
    path: String,
    permission: String,
    subject: Option<String>,
    has_body: bool,
}

/// Who asks.
struct User {
    name: &'static str,
    secret: String,
    permissions: &'static [&'static str],
    /// What they may do to the host as a whole.
    on_host: &'static [&'static str],
}

/// Tokens of one user have different names.
static NEXT: AtomicU32 = AtomicU32::new(0);

const VIEWER: &[&str] = &["read"];
const DEVELOPER: &[&str] = &["read", "work"];
const ADMIN: &[&str] = &["read", "work", "grant", "merge", "budgets", "secrets", "users", "settings"];

#[test]
fn each_route_is_open_to_those_alone_whom_the_document_names() {
    let host = ApiHost::start();
    let (own, foreign) = (add_project(&host, "own"), add_project(&host, "foreign"));
    let users = [
        add_user(&host, ("viewer", "viewer"), VIEWER, VIEWER, Some(&own)),
        add_user(&host, ("developer", "developer"), DEVELOPER, DEVELOPER, Some(&own)),
        // What concerns all projects is for those alone who see all.
        add_user(&host, ("admin", "admin"), ADMIN, DEVELOPER, Some(&own)),
        add_user(&host, ("owner", "admin"), ADMIN, ADMIN, None),
    ];
    let (revoked, expired) = (revoked_token(&host), expired_token(&host));
    let routes = routes(&host.get("/openapi.json"));
    assert!(routes.len() > 20, "{} routes", routes.len());
    // What is no WebSocket is told so first; the tests of streams open some.
    for route in routes.iter().filter(|route| route.path != "/stream") {
        let shown = format!("{} {}", route.method, route.path);
        if route.permission == "public" {
            assert_ne!(send(&host, route, &own, None).status, 401, "{shown}");
            continue;
        }
        assert_eq!(send(&host, route, &own, None).problem(401), "credential_missing", "{shown}");
        for ended in [&revoked, &expired] {
            send(&host, route, &own, Some(ended)).problem(401);
        }
        users.iter().for_each(|user| check(&host, route, user, (&own, &foreign)));
    }
}

/// What a user is answered.
fn check(host: &ApiHost, route: &Route, user: &User, (own, foreign): (&str, &str)) {
    let shown = format!("{} {} as {}", route.method, route.path, user.name);
    let permissions = if route.subject.as_deref() == Some("host") { user.on_host } else { user.permissions };
    let is_allowed = route.permission == "signed_in" || permissions.contains(&route.permission.as_str());
    if route.subject.as_deref() == Some("project") && user.name != "owner" {
        // It has the same answer as a project that nobody has.
        let (hidden, unknown) = (send(host, route, foreign, Some(&user.secret)), send(host, route, "nobody-s", Some(&user.secret)));
        let detail = |answer: &Answer| {
            assert_eq!(answer.status, 404, "{shown}: {}", answer.text());
            let document = answer.json();
            (document["code"].clone(), document["detail"].as_str().unwrap().replace(foreign, "nobody-s"), document["hint"].clone())
        };
        assert_eq!(detail(&hidden), detail(&unknown), "{shown}");
    }
    // A change that is allowed would be made; one whose body is not JSON is not.
    if route.method != "GET" && is_allowed && !route.has_body {
        return;
    }
    // A stream does not end; the tests of streams open them.
    if is_allowed && route.path.ends_with("/stream") {
        return;
    }
    let answer = send(host, route, own, Some(&user.secret));
    match (is_allowed, route.subject.as_deref()) {
        (true, _) => assert!(!matches!(answer.status, 401 | 403), "{shown}: {}", answer.text()),
        (false, Some("host" | "project")) => assert_eq!(answer.problem(403), "permission_denied", "{shown}"),
        // What it names does not exist, which is said first.
        (false, _) => assert_eq!(answer.status, 404, "{shown}: {}", answer.text()),
    }
    assert!(answer.status < 500, "{shown}: {}", answer.text());
}

fn routes(document: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.strip_prefix("/api/v1").unwrap().to_owned(),
                permission: operation["x-permission"].as_str().unwrap().to_owned(),
                subject: operation["x-subject"].as_str().map(str::to_owned),
                has_body: !operation["requestBody"].is_null(),
            });
        }
    }
    routes
}

/// Sends a request to a route with a project in place of `{project}`, and nothing that exists in place of everything else.
fn send(host: &ApiHost, route: &Route, project: &str, secret: Option<&str>) -> Answer {
    let path = route.path.split('/').map(|segment| match segment {
        "{project}" => project,
        segment if segment.starts_with('{') => "nobody-s",
        segment => segment,
    });
    let path = path.collect::<Vec<_>>().join("/");
    let sending = host.send(Way::Address, &route.method, &path);
    let sending = if route.has_body { sending.body("text/plain", "x") } else { sending };
    match secret {
        Some(secret) => sending.bearer(secret).answer(),
        None => sending.answer(),
    }
}

fn add_project(host: &ApiHost, name: &str) -> String {
    std::fs::create_dir_all(host.home().join(name)).unwrap();
    let added = host.baton(&["project", "add", name, "--name", name, "-o", "json"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let document: Value = serde_json::from_str(&added.stdout).unwrap();
    document["id"].as_str().unwrap().to_owned()
}

/// A user with a role, of one project or of all.
fn add_user(
    host: &ApiHost,
    (name, role): (&'static str, &str),
    permissions: &'static [&'static str],
    on_host: &'static [&'static str],
    project: Option<&str>,
) -> User {
    let mut user = json!({ "name": name, "password": "correct horse battery", "role": role, "all_projects": project.is_none() });
    if let Some(project) = project {
        user["members"] = json!([{ "project": project, "permissions": [] }]);
    }
    host.post("/users", &user).expect(201);
    User { name, secret: token(host, name, None).1, permissions, on_host }
}

/// The id and the secret of a new token.
fn token(host: &ApiHost, user: &str, expires_at: Option<Timestamp>) -> (String, String) {
    let mut token = json!({ "name": format!("{user}-{}", NEXT.fetch_add(1, Ordering::Relaxed)), "user": user });
    if let Some(at) = expires_at {
        token["expires_at"] = at.to_string().into();
    }
    let created = host.post("/tokens", &token).with_status(201).json();
    (created["id"].as_str().unwrap().to_owned(), created["secret"].as_str().unwrap().to_owned())
}

fn revoked_token(host: &ApiHost) -> String {
    let (id, secret) = token(host, "admin", None);
    host.request("DELETE", &format!("/tokens/{id}")).answer().expect(200);
    secret
}

fn expired_token(host: &ApiHost) -> String {
    let (_, secret) = token(host, "admin", Some(Timestamp::now() + SignedDuration::from_secs(2)));
    thread::sleep(Duration::from_secs(3));
    secret
}
