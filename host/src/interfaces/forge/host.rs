//! Implements `forge` of the contract.

use std::{future::Future, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Check, Forge, ForgeError, Kind, Landing, Mergeable, Method, NoToken, PULL_REQUESTS, Progress, Proposal, PullRequest,
    PullRequestContext, Repositories, State, Summary, Verdict, View, checked,
    events::{CheckReported, PullRequestClosed, PullRequestMerged, PullRequestOpened, PullRequestReviewed},
};
use crate::{
    bindings::{Fault, forge as wit},
    errors::Hint,
    events::Draft,
    interfaces::{
        numbers::{to_u32, to_wit},
        pins::Pin,
    },
    journal::{Attempt, Call, CallError, Capability, Effect, NeedKind, Needed, Pause, PauseKind, Performed, RunId, Wait},
};

/// Where pull requests are, as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct About {
    kind: Kind,
    auto_merge: bool,
}

impl wit::Host for View<'_> {
    async fn about_forge(&mut self) -> Result<wit::About, Fault> {
        let rules = self.forges.rules(self.project);
        let told = About { kind: rules.kind, auto_merge: rules.lets_runs_merge() };
        let call = Call::new("forge.about-forge", Effect::Read, &json!({}))?.needing(capability("read"));
        let About { kind, auto_merge } = self.recorder.call(call, |_| async move { Performed::answer(Ok(told)) }).await??;
        let kind = match kind {
            Kind::GitHub => "github",
            Kind::Local => "local",
        };
        Ok(wit::About { kind: kind.to_owned(), auto_merge })
    }

    async fn open(&mut self, proposal: wit::Proposal) -> Result<u32, Fault> {
        let proposal = checked::proposal(proposal.into())?;
        let opened =
            PullRequestOpened { number: 0, branch: proposal.branch.clone(), into: proposal.into.clone(), title: proposal.title.clone() };
        let call = Call::new("forge.open", Effect::Write, &proposal)?.needing(capability("open"));
        let open = |work: Work| async move { work.forge.open(work.place(), &proposal).await };
        Ok(to_u32(self.change(call, |run, number| Draft::of_run(run, &PullRequestOpened { number: *number, ..opened }), open).await?))
    }

    async fn get(&mut self, number: u32) -> Result<wit::PullRequest, Fault> {
        let number = u64::from(number);
        let call = Call::new("forge.get", Effect::Read, &json!({ "number": number }))?.needing(capability("read"));
        let found = self.look(call, |work| async move { work.forge.get(work.place(), number).await }).await?;
        Ok(found.into())
    }

    async fn all_open(&mut self) -> Result<Vec<wit::Summary>, Fault> {
        let call = Call::new("forge.all-open", Effect::Read, &json!({}))?.needing(capability("read"));
        let list = |work: Work| async move {
            let found = work.forge.list(work.place(), false).await?;
            Ok(found.into_iter().map(|(summary, _)| summary).collect::<Vec<_>>())
        };
        let found: Vec<Summary> = self.look(call, list).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    async fn review(&mut self, number: u32, verdict: wit::Verdict, text: String) -> Result<(), Fault> {
        let number = u64::from(number);
        let verdict = Verdict::from(verdict);
        checked::review(verdict, &text)?;
        let request = json!({ "number": number, "verdict": verdict, "text": text });
        let call = Call::new("forge.review", Effect::Write, &request)?.needing(capability("review"));
        let told = move |run: &RunId, (): &()| Draft::of_run(run, &PullRequestReviewed { number, verdict });
        self.change(call, told, |work| async move { work.forge.review(work.place(), number, verdict, &text).await }).await
    }

    async fn report(&mut self, number: u32, check: wit::Check) -> Result<(), Fault> {
        let number = u64::from(number);
        let check = checked::check(check.into())?;
        let request = json!({ "number": number, "check": check });
        let call = Call::new("forge.report", Effect::Write, &request)?.needing(capability("report"));
        let reported = CheckReported { number, check: check.name.clone(), progress: check.progress };
        let told = move |run: &RunId, (): &()| Draft::of_run(run, &reported);
        self.change(call, told, |work| async move { work.forge.report(work.place(), number, &check).await }).await
    }

    async fn merge(&mut self, number: u32, head: String, method: wit::Method, commit: Option<String>) -> Result<String, Fault> {
        let number = u64::from(number);
        let landing = checked::landing(Landing { head, method: method.into(), commit })?;
        let request = json!({ "number": number, "head": landing.head, "method": landing.method, "commit": landing.commit });
        let call = Call::new("forge.merge", Effect::Write, &request)?.needing(capability("merge"));
        let merged = PullRequestMerged { number, head: landing.head.clone() };
        let told = move |run: &RunId, _: &String| Draft::of_run(run, &merged);
        let ordered = self.ordered.is_some_and(|ordered| ordered.number() == number);
        let allowed = ordered || self.forges.lets_runs_merge(self.project);
        let merge = |work: Work| async move {
            // Looked at with the call and not before, so that a replay is told what the run was told.
            if !allowed {
                return Err(Failure::Denied(by_a_person(number)));
            }
            Ok(work.forge.merge(work.place(), number, &landing).await?)
        };
        self.change_or_deny(call, told, merge).await
    }

    async fn close(&mut self, number: u32) -> Result<(), Fault> {
        let number = u64::from(number);
        let call = Call::new("forge.close", Effect::Write, &json!({ "number": number }))?.needing(capability("close"));
        let told = move |run: &RunId, (): &()| Draft::of_run(run, &PullRequestClosed { number });
        self.change(call, told, |work| async move { work.forge.close(work.place(), number).await }).await
    }
}

/// What every try of a call works with.
struct Working {
    forge: Result<Arc<dyn Forge>, NoToken>,
    project: String,
    folder: std::path::PathBuf,
    author: String,
    repository: Arc<dyn Repositories>,
    pin: Option<Pin>,
}

impl Working {
    /// Looks first whether the repository is that of the run.
    async fn begin<A>(self, attempt: Attempt) -> Result<Work, Performed<A>> {
        let Self { forge, project, folder, author, repository, pin } = self;
        let missing = |NoToken { name, reason, rejected }| {
            Performed::Waiting(Wait::Needed(Needed { rejected, ..Needed::new(NeedKind::Key, name, reason) }))
        };
        let forge = forge.map_err(missing)?;
        match repository.strange(&folder, pin.as_ref()).await {
            Some(reason) => Err(Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false }),
            None => Ok(Work { forge, project, folder, author, attempt }),
        }
    }
}

/// What one try works with.
struct Work {
    forge: Arc<dyn Forge>,
    project: String,
    folder: std::path::PathBuf,
    author: String,
    attempt: Attempt,
}

impl Work {
    fn place(&self) -> PullRequestContext<'_> {
        PullRequestContext {
            project: &self.project,
            folder: &self.folder,
            author: &self.author,
            key: &self.attempt.key,
            again: self.attempt.again,
        }
    }
}

/// Why a change was not made.
enum Failure {
    Denied(String),
    Forge(ForgeError),
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

impl View<'_> {
    fn work(&self) -> Working {
        let (forge, project) = (self.forges.of(self.project), self.project.id.clone());
        let (folder, author) = (self.folder.to_owned(), self.author.to_owned());
        let (repository, pin) = (Arc::clone(self.forges.repository()), self.pin.cloned());
        Working { forge, project, folder, author, repository, pin }
    }

    /// Asks for something that changes nothing.
    async fn look<A, F>(&mut self, call: Call<'_>, ask: impl FnOnce(Work) -> F) -> Result<A, Fault>
    where
        A: Serialize + DeserializeOwned,
        F: Future<Output = Result<A, ForgeError>>,
    {
        let work = self.work();
        let look = |attempt: Attempt| async move {
            match work.begin(attempt).await {
                Ok(work) => performed(ask(work).await.map_err(Failure::from), Vec::new),
                Err(hindered) => hindered,
            }
        };
        Ok(self.recorder.call(call, look).await??)
    }

    /// Makes a change, and tells of it.
    async fn change<A, F>(
        &mut self,
        call: Call<'_>,
        told: impl FnOnce(&RunId, &A) -> Draft,
        make: impl FnOnce(Work) -> F,
    ) -> Result<A, Fault>
    where
        A: Serialize + DeserializeOwned,
        F: Future<Output = Result<A, ForgeError>>,
    {
        self.change_or_deny(call, told, |work| async move { make(work).await.map_err(Failure::from) }).await
    }

    async fn change_or_deny<A, F>(
        &mut self,
        call: Call<'_>,
        told: impl FnOnce(&RunId, &A) -> Draft,
        make: impl FnOnce(Work) -> F,
    ) -> Result<A, Fault>
    where
        A: Serialize + DeserializeOwned,
        F: Future<Output = Result<A, Failure>>,
    {
        let (work, run) = (self.work(), self.recorder.run().clone());
        let change = |attempt: Attempt| async move {
            let work = match work.begin(attempt).await {
                Ok(work) => work,
                Err(hindered) => return hindered,
            };
            let made = make(work).await;
            let event = made.as_ref().ok().map(|answer| told(&run, answer));
            performed(made, || event.into_iter().collect())
        };
        Ok(self.recorder.call(call, change).await??)
    }
}

/// The guest's mistakes are its answers, what passes by itself is waited for, and what only people can fix stops the run.
fn performed<A>(result: Result<A, Failure>, events: impl FnOnce() -> Vec<Draft>) -> Performed<A> {
    let error = match result {
        Ok(answer) => return Performed::Answered(Ok(answer), events()),
        Err(Failure::Denied(reason)) => return Performed::answer(Err(CallError::denied(reason))),
        Err(Failure::Forge(error)) => error,
    };
    let text = error.explain();
    match error {
        ForgeError::Unknown(_) => Performed::answer(Err(CallError::not_found(text))),
        ForgeError::Conflict(_) => Performed::answer(Err(CallError::conflict(text))),
        ForgeError::Invalid(_) => Performed::answer(Err(CallError::invalid(text))),
        ForgeError::Unavailable(_) => Performed::answer(Err(CallError::unavailable(text))),
        ForgeError::Limited { account, until, reason } => Performed::Waiting(Wait::Account { account, until, reason }),
        ForgeError::Refused(_) => Performed::Paused { pause: Pause::new(PauseKind::Operator, text), happened: true },
        ForgeError::Store(error) => Performed::of_failed_store(&error),
    }
}

fn by_a_person(number: u64) -> String {
    format!(
        "Pull requests of this project are merged by a person, with `baton pull-requests merge {number}`. Leave it open. Runs may merge where the \
         user's settings have `auto-merge = true` under [forge], for all projects or for this one."
    )
}

fn capability(deed: &'static str) -> Capability<'static> {
    Capability::new(PULL_REQUESTS.word, deed)
}

impl From<wit::Proposal> for Proposal {
    fn from(proposal: wit::Proposal) -> Self {
        let wit::Proposal { branch, into, title, body } = proposal;
        Self { branch, into, title, body }
    }
}

impl From<wit::Check> for Check {
    fn from(check: wit::Check) -> Self {
        let progress = match check.progress {
            wit::Progress::Pending => Progress::Pending,
            wit::Progress::Passed => Progress::Passed,
            wit::Progress::Failed => Progress::Failed,
        };
        Self { name: check.name, progress, summary: check.summary }
    }
}

impl From<wit::Verdict> for Verdict {
    fn from(verdict: wit::Verdict) -> Self {
        match verdict {
            wit::Verdict::Approve => Self::Approve,
            wit::Verdict::RequestChanges => Self::RequestChanges,
            wit::Verdict::Comment => Self::Comment,
        }
    }
}

impl From<wit::Method> for Method {
    fn from(method: wit::Method) -> Self {
        match method {
            wit::Method::Merge => Self::Merge,
            wit::Method::Squash => Self::Squash,
            wit::Method::Rebase => Self::Rebase,
        }
    }
}

impl From<Summary> for wit::Summary {
    fn from(summary: Summary) -> Self {
        let Summary { number, branch, into, title } = summary;
        Self { number: to_u32(number), branch, into, title }
    }
}

impl From<PullRequest> for wit::PullRequest {
    fn from(found: PullRequest) -> Self {
        let Proposal { branch, into, title, body } = found.proposal;
        let check = |check: Check| wit::Check {
            name: check.name,
            progress: match check.progress {
                Progress::Pending => wit::Progress::Pending,
                Progress::Passed => wit::Progress::Passed,
                Progress::Failed => wit::Progress::Failed,
            },
            summary: check.summary,
        };
        let review = |review: super::Review| wit::Opinion {
            verdict: match review.verdict {
                Verdict::Approve => wit::Verdict::Approve,
                Verdict::RequestChanges => wit::Verdict::RequestChanges,
                Verdict::Comment => wit::Verdict::Comment,
            },
            text: review.text,
            author: review.author,
            at_ms: to_wit(review.at),
        };
        Self {
            number: to_u32(found.number),
            proposal: wit::Proposal { branch, into, title, body },
            state: match found.state {
                State::Open => wit::State::Open,
                State::Merged => wit::State::Merged,
                State::Closed => wit::State::Closed,
            },
            head: found.head,
            merge_commit: found.merge_commit,
            mergeable: match found.mergeable {
                Mergeable::Yes => wit::Mergeable::Yes,
                Mergeable::Conflicts => wit::Mergeable::Conflicts,
                Mergeable::Unknown => wit::Mergeable::Unknown,
            },
            checks: found.checks.into_iter().map(check).collect(),
            reviews: found.reviews.into_iter().map(review).collect(),
            address: found.address,
        }
    }
}
