//! Every route with who may use it. What is not in this table is not served; a test holds it against the document.

use crate::operations::access::Permission;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Anyone, also without signing in.
    Public,
    /// Anyone who has signed in.
    SignedIn,
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
}

const fn route(method: &'static str, path: &'static str, rule: Rule) -> Route {
    Route { method, path, rule, once: false }
}

const fn get(path: &'static str, rule: Rule) -> Route {
    route("GET", path, rule)
}

/// A request that starts or spends something.
const fn starting(path: &'static str, rule: Rule) -> Route {
    Route { once: true, ..route("POST", path, rule) }
}

use About::{Host, Project, Question, Run};
use Permission::{Read, Work};
use Rule::{May, Public, SignedIn};

/// All routes, in the order of their paths.
pub(super) const ROUTES: &[Route] = &[
    get("/health/live", Public),
    get("/openapi.json", Public),
    get("/plugins", May(Read, Host)),
    get("/projects", SignedIn),
    get("/projects/{project}", May(Read, Project)),
    get("/questions/{question}", May(Read, Question)),
    starting("/questions/{question}/answer", May(Work, Question)),
    get("/runs", SignedIn),
    get("/runs/{run}", May(Read, Run)),
    get("/version", Public),
];

/// The route that a method and the path of a match lead to.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let path = path.strip_prefix(super::ROOT)?;
    // Whatever may be read may be asked for its headers.
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}
