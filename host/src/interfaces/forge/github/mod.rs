//! Pull requests on GitHub, through `octocrab`: GraphQL where one question saves several, REST for the rest. Every change
//! that may have been made is looked for before it is made again.

mod answers;
mod failure;
mod marker;
mod remembered;
mod schedule;
mod transport;

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use octocrab::{AuthState, Octocrab, OctocrabBuilder, Page};
use reqwest::{StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Check, Forge, ForgeError, Landing, Method, Progress, Proposal, PullRequest, PullRequestContext, Repository, State, Summary, Token,
    Verdict,
};
use crate::{errors::Reason, journal::Clock};
use answers::{Pull, PullRequestDetails};
use failure::Failure;
use marker::Marker;
use transport::Transport;

const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Of 100 each.
const PAGES: usize = 10;
/// Characters of a status, of which GitHub takes no more.
const LONGEST_DESCRIPTION: usize = 140;

/// One GitHub, and the host's account there: all requests of all runs go through it.
#[derive(Clone)]
pub struct Hub {
    octocrab: Octocrab,
    transport: Arc<Transport>,
}

impl Hub {
    /// The GitHub at `base_url`, such as `https://api.github.com`. `http` follows no redirect. Fails with a sentence when
    /// the address is none.
    pub fn new(http: reqwest::Client, base_url: &str, token: Token, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let base = Url::parse(base_url).map_err(|error| format!("`base-url` under [forge] is not an address: {error}."))?;
        let transport = Arc::new(Transport::new(http, base, token, clock));
        let way = Arc::clone(&transport);
        let service = tower::service_fn(move |request: http::Request<octocrab::OctoBody>| {
            let way = Arc::clone(&way);
            async move { way.send(request).await }
        });
        // Who asks is said by the transport alone, which knows whom it asks.
        let octocrab = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        let octocrab = octocrab.unwrap_or_else(|never| match never {});
        Ok(Self { octocrab, transport })
    }

    /// A repository there.
    pub fn repository(&self, repository: Repository) -> GitHub {
        GitHub { hub: self.clone(), repository }
    }
}

/// The pull requests of one repository.
pub struct GitHub {
    hub: Hub,
    repository: Repository,
}

impl GitHub {
    /// Tries again what may work the next time; `attempt` is told whether it may have worked before.
    async fn trying<A, F>(&self, again: bool, mut attempt: impl FnMut(bool) -> F + Send) -> Result<A, ForgeError>
    where
        A: Send,
        F: Future<Output = Result<A, Failure>> + Send,
    {
        let mut tries = 0;
        loop {
            let failure = match attempt(again || tries > 0).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            tries += 1;
            if !matches!(failure, Failure::Passing(_)) || tries == TRIES {
                return Err(failure.settled(&self.hub.transport));
            }
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(tries - 1)).await;
        }
    }

    fn route(&self, rest: &str) -> String {
        format!("/repos/{}/{}/{rest}", self.repository.owner, self.repository.name)
    }

    fn failure(&self, error: &octocrab::Error) -> Failure {
        Failure::of(error, &self.hub.transport)
    }

    async fn post<A: DeserializeOwned>(&self, rest: &str, body: &Value) -> Result<A, Failure> {
        self.hub.octocrab.post(self.route(rest), Some(body)).await.map_err(|error| self.failure(&error))
    }

    /// One, by REST: what has not changed costs nothing of the rate.
    async fn pull(&self, number: u64) -> Result<Pull, Failure> {
        let found = self.hub.octocrab.get(self.route(&format!("pulls/{number}")), None::<&()>).await;
        found.map_err(|error| refine_not_found(number, self.failure(&error)))
    }

    async fn open_pull(&self, number: u64) -> Result<Pull, Failure> {
        let pull = self.pull(number).await?;
        match pull.state() {
            State::Open => Ok(pull),
            state => {
                let reason = Reason::new(format!("Pull request {number} is {}.", state.as_str()));
                Err(ForgeError::Conflict(reason.advise("Open another for what is still to be done.")).into())
            }
        }
    }

    /// All pages of a list.
    async fn pulls(&self, parameters: &[(&str, &str)]) -> Result<Vec<Pull>, Failure> {
        let first = self.hub.octocrab.get(self.route("pulls"), Some(parameters)).await;
        let mut page: Page<Pull> = first.map_err(|error| self.failure(&error))?;
        let mut pulls = page.take_items();
        for _ in 1..PAGES {
            let next = self.hub.octocrab.get_page(&page.next).await.map_err(|error| self.failure(&error))?;
            let Some(next) = next else { break };
            page = next;
            pulls.extend(page.take_items());
        }
        Ok(pulls)
    }

    /// That which this call opened, else that which is open for the same branches.
    async fn find_opened(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<Option<u64>, Failure> {
        let head = format!("{}:{}", self.repository.owner, proposal.branch);
        let parameters = [("state", "all"), ("head", &*head), ("base", &*proposal.into), ("per_page", "100")];
        let pulls = self.pulls(&parameters).await?;
        let own = pulls.iter().find(|pull| pull.was_opened_by(place.key));
        Ok(own.or_else(|| pulls.iter().find(|pull| pull.state() == State::Open)).map(|pull| pull.number))
    }

    /// Everything about one, in one question.
    async fn load_details(&self, number: u64) -> Result<PullRequestDetails, Failure> {
        let Some(short) = u32::try_from(number).ok().filter(|number| i32::try_from(*number).is_ok()) else {
            return Err(ForgeError::Unknown(number).into());
        };
        let query = answers::query(&self.repository, short);
        let mut answer: Value = self.hub.octocrab.post("/graphql", Some(&query)).await.map_err(|error| self.failure(&error))?;
        if let Some(error) = answer.pointer("/errors/0") {
            return Err(self.classify_error(number, error));
        }
        let found = answer.pointer_mut("/data/repository/pullRequest").map(Value::take);
        let malformed = || Failure::Passing("its answer is not a pull request as GitHub describes them".to_owned());
        serde_json::from_value(found.ok_or_else(malformed)?).map_err(|_| malformed())
    }

    fn classify_error(&self, number: u64, error: &Value) -> Failure {
        let word = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_repository = error.pointer("/path").and_then(Value::as_array).is_some_and(|path| path.len() == 1);
        match word("type") {
            "NOT_FOUND" if is_repository => Failure::Said(StatusCode::NOT_FOUND, String::new()),
            "NOT_FOUND" => ForgeError::Unknown(number).into(),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => Failure::Said(StatusCode::FORBIDDEN, self.hub.transport.clean(word("message"))),
            _ => Failure::Passing(self.hub.transport.clean(word("message"))),
        }
    }

    /// GitHub lets nobody review what they opened. There a comment says it.
    async fn write(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), Failure> {
        let marker = Marker { key: place.key.to_owned(), verdict: Some((verdict, place.author.to_owned())) };
        let (event, heading) = match verdict {
            Verdict::Approve => ("APPROVE", "**Approved.**\n\n"),
            Verdict::RequestChanges => ("REQUEST_CHANGES", "**Changes are wanted.**\n\n"),
            Verdict::Comment => ("COMMENT", ""),
        };
        let review = json!({ "event": event, "body": marker::marked(text, &marker) });
        match self.post::<Value>(&format!("pulls/{number}/reviews"), &review).await {
            Err(Failure::Said(StatusCode::UNPROCESSABLE_ENTITY, _)) => {}
            written => return written.map(drop),
        }
        let comment = json!({ "body": format!("{heading}{}", marker::marked(text, &marker)) });
        self.post::<Value>(&format!("issues/{number}/comments"), &comment).await.map(drop)
    }

    async fn merge_once(&self, number: u64, landing: &Landing, again: bool) -> Result<String, Failure> {
        if (again || landing.commit.is_some())
            && let Some(commit) = merged(&self.pull(number).await?, landing)
        {
            return Ok(commit);
        }
        let method = match landing.method {
            Method::Merge => "merge",
            Method::Squash => "squash",
            Method::Rebase => "rebase",
        };
        let body = json!({ "sha": landing.head, "merge_method": method });
        let answer = self.hub.octocrab.put(self.route(&format!("pulls/{number}/merge")), Some(&body)).await;
        match answer.map_err(|error| refine_not_found(number, self.failure(&error))) {
            Ok(answer) => {
                let answer: Value = answer;
                let commit = answer.get("sha").and_then(Value::as_str).map(str::to_owned);
                commit.ok_or_else(|| Failure::Passing("it does not say by which commit it merged".to_owned()))
            }
            // It was merged already, perhaps by a try whose answer was lost.
            Err(Failure::Said(status @ StatusCode::METHOD_NOT_ALLOWED, said)) => {
                merged(&self.pull(number).await?, landing).ok_or(Failure::Said(status, said))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The commit by which it was merged, if it was merged as it was looked at.
fn merged(pull: &Pull, landing: &Landing) -> Option<String> {
    let same = pull.state() == State::Merged && pull.head.sha == landing.head;
    pull.merge_commit_sha.clone().filter(|_| same)
}

/// Below a repository that answers, what is not found is the pull request.
fn refine_not_found(number: u64, failure: Failure) -> Failure {
    match failure {
        Failure::Said(StatusCode::NOT_FOUND, _) => ForgeError::Unknown(number).into(),
        other => other,
    }
}

#[async_trait]
impl Forge for GitHub {
    async fn open(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<u64, ForgeError> {
        let marker = Marker { key: place.key.to_owned(), verdict: None };
        let body = marker::marked(&proposal.body, &marker);
        let request = json!({ "title": proposal.title, "head": proposal.branch, "base": proposal.into, "body": body });
        let open = |again| {
            let request = &request;
            async move {
                if again && let Some(number) = self.find_opened(place, proposal).await? {
                    return Ok(number);
                }
                match self.post::<Pull>("pulls", request).await {
                    Err(Failure::Said(StatusCode::UNPROCESSABLE_ENTITY, said)) => {
                        self.find_opened(place, proposal).await?.ok_or(Failure::Said(StatusCode::UNPROCESSABLE_ENTITY, said))
                    }
                    opened => opened.map(|pull| pull.number),
                }
            }
        };
        self.trying(place.again, open).await
    }

    async fn get(&self, _: PullRequestContext<'_>, number: u64) -> Result<PullRequest, ForgeError> {
        self.trying(false, |_| async move { self.load_details(number).await.map(PullRequest::from) }).await
    }

    async fn list(&self, _: PullRequestContext<'_>, all: bool) -> Result<Vec<(Summary, State)>, ForgeError> {
        let state = if all { "all" } else { "open" };
        let parameters = [("state", state), ("sort", "created"), ("direction", "asc"), ("per_page", "100")];
        let mut pulls = self.trying(false, |_| async move { self.pulls(&parameters).await }).await?;
        pulls.sort_by_key(|pull| pull.number);
        let summary = |pull: Pull| {
            let state = pull.state();
            (Summary { number: pull.number, branch: pull.head.branch, into: pull.base.branch, title: pull.title }, state)
        };
        Ok(pulls.into_iter().map(summary).collect())
    }

    async fn review(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError> {
        let review = |again| async move {
            if again && self.load_details(number).await?.has(place.key) {
                return Ok(());
            }
            self.open_pull(number).await?;
            self.write(place, number, verdict, text).await
        };
        self.trying(place.again, review).await
    }

    async fn report(&self, place: PullRequestContext<'_>, number: u64, check: &Check) -> Result<(), ForgeError> {
        let state = match check.progress {
            Progress::Pending => "pending",
            Progress::Passed => "success",
            Progress::Failed => "failure",
        };
        let description: String = check.summary.chars().take(LONGEST_DESCRIPTION).collect();
        let status = json!({ "state": state, "context": check.name, "description": description });
        let report = |_| {
            let status = &status;
            async move {
                let pull = self.open_pull(number).await?;
                self.post::<Value>(&format!("statuses/{}", pull.head.sha), status).await.map(drop)
            }
        };
        self.trying(place.again, report).await
    }

    async fn merge(&self, place: PullRequestContext<'_>, number: u64, landing: &Landing) -> Result<String, ForgeError> {
        self.trying(place.again, |again| self.merge_once(number, landing, again)).await
    }

    async fn close(&self, place: PullRequestContext<'_>, number: u64) -> Result<(), ForgeError> {
        let close = |_| async move {
            let body = json!({ "state": "closed" });
            let closed = self.hub.octocrab.patch(self.route(&format!("pulls/{number}")), Some(&body)).await;
            let closed: Pull = closed.map_err(|error| refine_not_found(number, self.failure(&error)))?;
            match closed.state() {
                State::Merged => {
                    Err(ForgeError::Conflict(Reason::new(format!("Pull request {number} is merged and cannot be closed."))).into())
                }
                State::Open | State::Closed => Ok(()),
            }
        };
        self.trying(place.again, close).await
    }
}
