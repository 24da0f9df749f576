//! A server on loopback that answers as GitHub does, in the shapes of its REST and GraphQL interfaces as they were recorded:
//! what Baton uses of pull requests, with ETags and rates, and whatever goes wrong when a test says so.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use crate::server::{Asked, Reply, Server};

/// Who may ask. Must be found nowhere but in the header it belongs in.
pub const TOKEN: &str = "ghp_0p3n535am3f0r7h30p3ra70r";
/// The commit every branch ends with.
pub const HEAD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// The commit by which everything is merged.
pub const MERGED: &str = "cccccccccccccccccccccccccccccccccccccccc";

/// The server; it listens until the process ends.
pub struct GitHub {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// What the server has.
#[derive(Default)]
pub struct State {
    /// As the REST interface gives them.
    pub pulls: Vec<Value>,
    /// As GraphQL gives them.
    pub reviews: Vec<Value>,
    /// As GraphQL gives them.
    pub comments: Vec<Value>,
    /// As GraphQL gives them.
    pub statuses: Vec<Value>,
    /// Answers that were not given again because nothing had changed.
    pub unchanged: usize,
    /// Whoever asks has opened the pull requests, and may not review them.
    pub own: bool,
    /// What goes wrong: the beginning of the request, the answer, and whether the deed is done all the same.
    faults: VecDeque<(&'static str, Reply, bool)>,
}

impl GitHub {
    /// Starts one without pull requests.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State { own: true, ..State::default() }));
        let shared = Arc::clone(&state);
        let server = Server::start(move |asked, _| shared.lock().unwrap().answer(asked));
        Self { server, state }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// What it has.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next request that begins so, such as `POST /repos/ada/engine/pulls`, is answered with this, and not done.
    pub fn fail(&self, request: &'static str, reply: Reply) {
        self.state().faults.push_back((request, reply, false));
    }

    /// The next request that begins so is done, and answered with this.
    pub fn lose(&self, request: &'static str, reply: Reply) {
        self.state().faults.push_back((request, reply, true));
    }

    /// How many requests began so.
    pub fn count(&self, request: &str) -> usize {
        self.server.asked().iter().filter(|asked| asked.starts_with(request)).count()
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let line = format!("{} {}\n", asked.method, asked.path);
        let fault = self.faults.iter().position(|(request, ..)| line.starts_with(request)).and_then(|place| self.faults.remove(place));
        match fault {
            Some((_, reply, false)) => reply,
            Some((_, reply, true)) => {
                let _lost = self.serve(asked);
                reply
            }
            None => self.serve(asked),
        }
    }

    fn serve(&mut self, asked: &Asked) -> Reply {
        if !asked.headers.contains(&format!("authorization:Bearer {TOKEN}\n")) || !asked.headers.contains("user-agent:baton\n") {
            return said("401 Unauthorized", "Bad credentials");
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let Some(path) = path.strip_prefix("/repos/ada/engine/") else {
            return if path == "/graphql" { self.graphql(&body) } else { said("404 Not Found", "Not Found") };
        };
        let words: Vec<_> = path.split('/').collect();
        let number = words.get(1).and_then(|word| word.parse::<usize>().ok()).unwrap_or_default();
        if words[0] != "statuses" && words.len() > 1 && !(1..=self.pulls.len()).contains(&number) {
            return said("404 Not Found", "Not Found");
        }
        match (asked.method.as_str(), words.as_slice()) {
            ("GET", ["pulls"]) => self.cached(asked, self.list(query)),
            ("GET", ["pulls", _]) => self.cached(asked, self.pulls[number - 1].clone()),
            ("POST", ["pulls"]) => self.open(&body),
            ("PATCH", ["pulls", _]) => self.close(number),
            ("PUT", ["pulls", _, "merge"]) => self.merge(number, &body),
            ("POST", ["pulls", _, "reviews"]) => self.review(&body),
            ("POST", ["issues", _, "comments"]) => self.comment(&body),
            ("POST", ["statuses", _]) => self.status(&body),
            _ => said("404 Not Found", "Not Found"),
        }
    }

    /// With an ETag, and not again to whoever has it.
    fn cached(&mut self, asked: &Asked, document: Value) -> Reply {
        let text = document.to_string();
        let etag = format!("W/\"{}\"", blake3::hash(text.as_bytes()).to_hex());
        if asked.headers.contains(&format!("if-none-match:{etag}\n")) {
            self.unchanged += 1;
            return Reply::new("304 Not Modified", "").with(format!("ETag: {etag}"));
        }
        Reply::new("200 OK", text).with(format!("ETag: {etag}"))
    }

    fn list(&self, query: &str) -> Value {
        let asked =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default().to_owned();
        let (state, head) = (asked("state"), asked("head").replace("%3A", ":").replace("%2F", "/"));
        let fits = |pull: &&Value| {
            (state == "all" || pull["state"] == state.as_str()) && (head.is_empty() || pull["head"]["label"] == head.as_str())
        };
        self.pulls.iter().filter(fits).cloned().collect()
    }

    fn open(&mut self, body: &Value) -> Reply {
        let same = |pull: &&Value| pull["state"] == "open" && pull["head"]["ref"] == body["head"] && pull["base"]["ref"] == body["base"];
        if self.pulls.iter().find(same).is_some() {
            let message = format!("A pull request already exists for ada:{}.", body["head"].as_str().unwrap_or_default());
            let error = json!({ "resource": "PullRequest", "code": "custom", "message": message });
            let document = json!({ "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest/pulls/pulls#create-a-pull-request", "status": "422" });
            return Reply::new("422 Unprocessable Entity", document.to_string());
        }
        let number = self.pulls.len() + 1;
        let end = |branch: &Value, sha: &str| {
            let label = format!("ada:{}", branch.as_str().unwrap_or_default());
            json!({ "label": label, "ref": branch, "sha": sha, "user": { "login": "ada", "id": 1 }, "repo": { "id": 7, "full_name": "ada/engine" } })
        };
        let pull = json!({
            "id": 1_000 + number, "node_id": "PR_kwDOABCD", "number": number, "state": "open", "locked": false, "draft": false,
            "url": format!("https://api.github.com/repos/ada/engine/pulls/{number}"), "html_url": format!("https://github.com/ada/engine/pull/{number}"),
            "title": body["title"], "body": body["body"], "user": { "login": "ada", "id": 1, "type": "User" },
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "closed_at": null, "merged_at": null,
            "merge_commit_sha": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "assignees": [], "labels": [], "author_association": "OWNER", "auto_merge": null,
            "head": end(&body["head"], HEAD), "base": end(&body["base"], "dddddddddddddddddddddddddddddddddddddddd"),
        });
        self.pulls.push(pull.clone());
        Reply::new("201 Created", pull.to_string())
    }

    fn close(&mut self, number: usize) -> Reply {
        self.pulls[number - 1]["state"] = json!("closed");
        Reply::new("200 OK", self.pulls[number - 1].to_string())
    }

    fn merge(&mut self, number: usize, body: &Value) -> Reply {
        let pull = &mut self.pulls[number - 1];
        if pull["state"] != "open" {
            return said("405 Method Not Allowed", "Pull Request is not mergeable");
        }
        if pull["head"]["sha"] != body["sha"] {
            return said("409 Conflict", "Head branch was modified. Review and try the merge again.");
        }
        (pull["state"], pull["merged_at"], pull["merge_commit_sha"]) = (json!("closed"), json!("2026-01-02T04:00:00Z"), json!(MERGED));
        Reply::new("200 OK", json!({ "sha": MERGED, "merged": true, "message": "Pull Request successfully merged" }).to_string())
    }

    fn review(&mut self, body: &Value) -> Reply {
        let (state, own) = match body["event"].as_str() {
            Some("APPROVE") => ("APPROVED", "Can not approve your own pull request"),
            Some("REQUEST_CHANGES") => ("CHANGES_REQUESTED", "Can not request changes on your own pull request"),
            _ => ("COMMENTED", ""),
        };
        if self.own && !own.is_empty() {
            let document = json!({ "message": "Unprocessable Entity", "errors": [own], "documentation_url": "https://docs.github.com/rest", "status": "422" });
            return Reply::new("422 Unprocessable Entity", document.to_string());
        }
        let at = format!("2026-01-02T03:07:{:02}Z", self.reviews.len());
        self.reviews.push(
            json!({ "state": state, "body": body["body"], "submittedAt": at, "viewerDidAuthor": true, "author": { "login": "baton-bot" } }),
        );
        Reply::new("200 OK", json!({ "id": 80, "state": state, "body": body["body"] }).to_string())
    }

    fn comment(&mut self, body: &Value) -> Reply {
        let at = format!("2026-01-02T03:06:{:02}Z", self.comments.len());
        self.comments.push(json!({ "body": body["body"], "createdAt": at, "viewerDidAuthor": true, "author": { "login": "ada" } }));
        Reply::new("201 Created", json!({ "id": 90, "body": body["body"] }).to_string())
    }

    fn status(&mut self, body: &Value) -> Reply {
        self.statuses.retain(|status| status["context"] != body["context"]);
        let state = body["state"].as_str().unwrap_or_default().to_uppercase();
        self.statuses
            .push(json!({ "__typename": "StatusContext", "context": body["context"], "state": state, "description": body["description"] }));
        Reply::new("201 Created", json!({ "id": 70, "state": body["state"], "context": body["context"] }).to_string())
    }

    fn graphql(&self, body: &Value) -> Reply {
        let number = usize::try_from(body["variables"]["number"].as_u64().unwrap_or_default()).unwrap_or_default();
        let Some(pull) = number.checked_sub(1).and_then(|place| self.pulls.get(place)) else {
            let message = format!("Could not resolve to a PullRequest with the number of {number}.");
            let error = json!({ "type": "NOT_FOUND", "path": ["repository", "pullRequest"], "locations": [{ "line": 1, "column": 93 }], "message": message });
            return Reply::new("200 OK", json!({ "data": { "repository": { "pullRequest": null } }, "errors": [error] }).to_string());
        };
        let merged = !pull["merged_at"].is_null();
        let state = if merged { "MERGED".to_owned() } else { pull["state"].as_str().unwrap_or_default().to_uppercase() };
        let run =
            json!({ "__typename": "CheckRun", "name": "lint", "status": "COMPLETED", "conclusion": "SUCCESS", "title": "No warnings" });
        let contexts: Vec<_> = self.statuses.iter().cloned().chain([run]).collect();
        let found = json!({
            "number": number, "title": pull["title"], "body": pull["body"], "url": pull["html_url"], "state": state, "mergeable": "MERGEABLE",
            "headRefName": pull["head"]["ref"], "headRefOid": pull["head"]["sha"], "baseRefName": pull["base"]["ref"],
            "mergeCommit": if merged { json!({ "oid": MERGED }) } else { Value::Null },
            "reviews": { "nodes": self.reviews }, "comments": { "nodes": self.comments },
            "commits": { "nodes": [{ "commit": { "statusCheckRollup": { "contexts": { "nodes": contexts } } } }] },
        });
        Reply::new("200 OK", json!({ "data": { "repository": { "pullRequest": found } } }).to_string())
    }
}

/// An error as GitHub words it.
pub fn said(status: &'static str, message: &str) -> Reply {
    let document = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": &status[..3] });
    Reply::new(status, document.to_string())
}
