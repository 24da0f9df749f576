//! Every route with who may use it. What is not in this table is not served; a test holds it against the document.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};

use super::bounds::{Bounds, USUAL};
use crate::operations::{access::Permission, plugins::LARGEST_PLUGIN};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Anyone, also without signing in.
    Public,
    /// Anyone who has signed in.
    SignedIn,
    /// Anyone who signs in, be it by the first message of a WebSocket: the handler asks again who it is.
    SignsIn,
    /// Who has the permission on what the path names.
    May(Permission, About),
}

/// What the path of a route names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The host as a whole; lists among it leave out what does not exist for the caller.
    Host,
    /// The project in the segment `{project}`.
    Project,
    /// The run in the segment `{run}`.
    Run,
    /// The question in the segment `{question}`.
    Question,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Its method, in capitals.
    pub(super) method: &'static str,
    /// Its path below [`super::ROOT`].
    pub(super) path: &'static str,
    /// Who may use it.
    pub(super) rule: Rule,
    /// Whether it starts or spends something, so that `Idempotency-Key` protects it from being done twice.
    pub(super) once: bool,
    /// What a request may take.
    pub(super) bounds: Bounds,
    /// The version of Baton in which it is removed, where it is deprecated.
    pub(super) removed_in: Option<&'static str>,
}

impl Rule {
    /// The permission that it wants and what for, as the document says it.
    pub(super) fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Public => ("public", None),
            Self::SignedIn | Self::SignsIn => ("signed_in", None),
            Self::May(permission, about) => (permission.as_str(), Some(about.as_str())),
        }
    }
}

impl About {
    fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Project => "project",
            Self::Run => "run",
            Self::Question => "question",
        }
    }
}

const fn route(method: &'static str, path: &'static str, rule: Rule) -> Route {
    Route { method, path, rule, once: false, bounds: USUAL, removed_in: None }
}

const fn get(path: &'static str, rule: Rule) -> Route {
    route("GET", path, rule)
}

const fn put(path: &'static str, rule: Rule) -> Route {
    route("PUT", path, rule)
}

/// A request that changes something and can be repeated without harm, or says when it cannot.
const fn post(path: &'static str, rule: Rule) -> Route {
    route("POST", path, rule)
}

const fn delete(path: &'static str, rule: Rule) -> Route {
    route("DELETE", path, rule)
}

const fn patch(path: &'static str, rule: Rule) -> Route {
    route("PATCH", path, rule)
}

/// A request with a plugin's file, which is compiled before it is answered.
const fn with_plugin(path: &'static str, rule: Rule) -> Route {
    patient(300, Route { bounds: Bounds { largest_body: LARGEST_PLUGIN, ..USUAL }, ..route("POST", path, rule) })
}

/// A request with a recording.
const fn with_recording(path: &'static str, rule: Rule) -> Route {
    Route { bounds: Bounds { largest_body: 16 << 20, ..USUAL }, ..route("POST", path, rule) }
}

/// A request that may take so many seconds.
const fn patient(seconds: u64, route: Route) -> Route {
    Route { bounds: Bounds { patience: Duration::from_secs(seconds), ..route.bounds }, ..route }
}

/// A request that starts or spends something.
const fn starting(path: &'static str, rule: Rule) -> Route {
    Route { once: true, ..route("POST", path, rule) }
}

use About::{Host, Project, Question, Run};
use Permission::{Budgets, Grant, Merge, Read, Secrets, Settings, Users, Work};
use Rule::{May, Public, SignedIn, SignsIn};

/// All routes, in the order of their paths.
pub(super) const ROUTES: &[Route] = &[
    get("/agent-types", May(Read, Host)),
    get("/agents", May(Read, Host)),
    get("/agents/instances", May(Read, Host)),
    get("/agents/instances/{run}", May(Read, Run)),
    get("/agents/instances/{run}/logs", May(Read, Run)),
    post("/agents/instances/{run}/stop", May(Work, Run)),
    get("/artifacts", May(Read, Host)),
    post("/auth/login", Public),
    post("/auth/logout", SignedIn),
    get("/auth/me", SignedIn),
    post("/auth/refresh", Public),
    post("/auth/setup", Public),
    get("/bindings", May(Read, Host)),
    delete("/bindings/{slot}", May(Settings, Host)),
    put("/bindings/{slot}", May(Settings, Host)),
    get("/budgets", May(Read, Host)),
    delete("/budgets/host", May(Budgets, Host)),
    get("/budgets/host", May(Budgets, Host)),
    put("/budgets/host", May(Budgets, Host)),
    get("/costs", May(Read, Host)),
    get("/decisions", May(Read, Host)),
    get("/docs", Public),
    get("/docs/browse.css", Public),
    get("/docs/browse.js", Public),
    get("/events", May(Read, Host)),
    get("/events/stream", SignsIn),
    get("/health/live", Public),
    get("/health/ready", Public),
    get("/openapi.json", Public),
    get("/orchestrator", May(Read, Host)),
    get("/orchestrator/queue", May(Read, Host)),
    post("/orchestrator/trigger", May(Work, Host)),
    get("/plugins", May(Read, Host)),
    with_plugin("/plugins", May(Grant, Host)),
    delete("/plugins/{plugin}", May(Grant, Host)),
    get("/plugins/{plugin}", May(Read, Host)),
    post("/plugins/{plugin}/disable", May(Grant, Host)),
    post("/plugins/{plugin}/enable", May(Grant, Host)),
    post("/plugins/{plugin}/grant", May(Grant, Host)),
    get("/plugins/{plugin}/history", May(Read, Host)),
    get("/plugins/{plugin}/limits", May(Read, Host)),
    get("/plugins/{plugin}/needs", May(Read, Host)),
    post("/plugins/{plugin}/revoke", May(Grant, Host)),
    get("/projects", SignedIn),
    patient(600, starting("/projects", May(Settings, Host))),
    delete("/projects/{project}", May(Settings, Project)),
    get("/projects/{project}", May(Read, Project)),
    patch("/projects/{project}", May(Settings, Project)),
    delete("/projects/{project}/autopilot", May(Work, Project)),
    get("/projects/{project}/autopilot", May(Read, Project)),
    put("/projects/{project}/autopilot", May(Work, Project)),
    get("/projects/{project}/backlog", May(Read, Project)),
    get("/projects/{project}/board", May(Read, Project)),
    delete("/projects/{project}/budget", May(Budgets, Project)),
    get("/projects/{project}/budget", May(Read, Project)),
    put("/projects/{project}/budget", May(Budgets, Project)),
    post("/projects/{project}/complete", May(Work, Project)),
    get("/projects/{project}/costs", May(Read, Project)),
    get("/projects/{project}/graph", May(Read, Project)),
    get("/projects/{project}/items", May(Read, Project)),
    starting("/projects/{project}/items", May(Work, Project)),
    delete("/projects/{project}/items/{item}", May(Work, Project)),
    get("/projects/{project}/items/{item}", May(Read, Project)),
    patch("/projects/{project}/items/{item}", May(Work, Project)),
    get("/projects/{project}/items/{item}/artifacts", May(Read, Project)),
    get("/projects/{project}/items/{item}/artifacts/{run}/{call}", May(Read, Project)),
    get("/projects/{project}/items/{item}/dependencies", May(Read, Project)),
    get("/projects/{project}/items/{item}/history", May(Read, Project)),
    get("/projects/{project}/items/{item}/logs", May(Read, Project)),
    post("/projects/{project}/items/{item}/move", May(Work, Project)),
    post("/projects/{project}/items/{item}/pause", May(Work, Project)),
    starting("/projects/{project}/items/{item}/resume", May(Work, Project)),
    starting("/projects/{project}/items/{item}/start", May(Work, Project)),
    get("/projects/{project}/items/{item}/status", May(Read, Project)),
    post("/projects/{project}/items/{item}/stop", May(Work, Project)),
    get("/projects/{project}/items/{item}/stream", May(Read, Project)),
    delete("/projects/{project}/members/{user}", May(Users, Project)),
    put("/projects/{project}/members/{user}", May(Users, Project)),
    post("/projects/{project}/pause", May(Work, Project)),
    get("/projects/{project}/pull-requests", May(Read, Project)),
    get("/projects/{project}/pull-requests/{number}", May(Read, Project)),
    post("/projects/{project}/pull-requests/{number}/close", May(Work, Project)),
    starting("/projects/{project}/pull-requests/{number}/comment", May(Work, Project)),
    starting("/projects/{project}/pull-requests/{number}/merge", May(Merge, Project)),
    starting("/projects/{project}/pull-requests/{number}/request-changes", May(Work, Project)),
    get("/projects/{project}/report", May(Read, Project)),
    post("/projects/{project}/resume", May(Work, Project)),
    get("/projects/{project}/settings", May(Read, Project)),
    get("/projects/{project}/sprint-status", May(Read, Project)),
    starting("/projects/{project}/start", May(Work, Project)),
    get("/projects/{project}/status", May(Read, Project)),
    get("/projects/{project}/workflow-status", May(Read, Project)),
    get("/questions", May(Read, Host)),
    get("/questions/find", May(Read, Host)),
    get("/questions/{question}", May(Read, Question)),
    starting("/questions/{question}/answer", May(Work, Question)),
    with_recording("/recordings/replay", May(Work, Host)),
    get("/runs", May(Read, Host)),
    starting("/runs", May(Work, Host)),
    get("/runs/find", May(Read, Host)),
    get("/runs/{run}", May(Read, Run)),
    delete("/runs/{run}/budget", May(Budgets, Run)),
    get("/runs/{run}/budget", May(Read, Run)),
    put("/runs/{run}/budget", May(Budgets, Run)),
    get("/runs/{run}/calls", May(Read, Run)),
    post("/runs/{run}/cancel", May(Work, Run)),
    get("/runs/{run}/commands", May(Read, Run)),
    get("/runs/{run}/commands/{call}", May(Read, Run)),
    get("/runs/{run}/continuation", May(Read, Run)),
    get("/runs/{run}/events", May(Read, Run)),
    starting("/runs/{run}/fork", May(Work, Run)),
    get("/runs/{run}/journal", May(Read, Run)),
    get("/runs/{run}/journal/{call}", May(Read, Run)),
    get("/runs/{run}/outcome", May(Read, Run)),
    get("/runs/{run}/output", May(Read, Run)),
    post("/runs/{run}/pause", May(Work, Run)),
    get("/runs/{run}/progress", May(Read, Run)),
    post("/runs/{run}/record", May(Read, Run)),
    post("/runs/{run}/replay", May(Work, Run)),
    get("/runs/{run}/replies", May(Read, Run)),
    starting("/runs/{run}/resume", May(Work, Run)),
    starting("/runs/{run}/signal", May(Work, Run)),
    get("/runs/{run}/status", May(Read, Run)),
    get("/runs/{run}/transcript", May(Read, Run)),
    get("/runs/{run}/tree", May(Read, Run)),
    get("/secrets", May(Secrets, Host)),
    delete("/secrets/{secret}", May(Secrets, Host)),
    put("/secrets/{secret}", May(Secrets, Host)),
    get("/settings", May(Settings, Host)),
    delete("/settings/{setting}", May(Settings, Host)),
    get("/settings/{setting}", May(Settings, Host)),
    put("/settings/{setting}", May(Settings, Host)),
    get("/setup", Public),
    get("/setup/setup.js", Public),
    get("/stream", SignsIn),
    // Answers with secrets are not kept, so these two are not protected from being repeated.
    post("/stream/tickets", SignedIn),
    get("/tokens", SignedIn),
    post("/tokens", SignedIn),
    delete("/tokens/{token}", SignedIn),
    // Each of the servers that are asked may take a minute to start.
    patient(150, get("/tools", May(Read, Host))),
    patient(150, post("/tools/approve", May(Grant, Host))),
    get("/users", SignedIn),
    starting("/users", May(Users, Host)),
    // Everybody may see and change what is their own, which the operations tell apart.
    delete("/users/{user}", SignedIn),
    get("/users/{user}", SignedIn),
    patch("/users/{user}", SignedIn),
    post("/users/{user}/password", SignedIn),
    get("/version", Public),
    get("/workflows", May(Read, Host)),
];

/// The route that a method and the path of a match lead to.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let path = path.strip_prefix(super::ROOT)?;
    // Whatever may be read may be asked for its headers.
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}

/// The route that a request was matched with.
pub(super) fn of(request: &Request) -> Option<&'static Route> {
    find(request.method().as_str(), request.extensions().get::<MatchedPath>()?.as_str())
}

/// Whether what is at a path can be read and changed by that path.
pub(super) fn is_editable(path: &str) -> bool {
    let has = |methods: &[&str]| ROUTES.iter().any(|route| route.path == path && methods.contains(&route.method));
    has(&["GET"]) && has(&["DELETE", "PATCH", "PUT"])
}
