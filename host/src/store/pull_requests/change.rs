//! The changes of local pull requests, each one step that looks first.

use async_trait::async_trait;
use sqlx::Row;

use super::{
    super::{
        StoreError,
        number::stored,
        queue::{Change, Step},
    },
    find,
};
use crate::{
    errors::Reason,
    interfaces::forge::{Check, Ending, ForgeError, Kept, Proposal, PullRequestContext, State, Verdict},
};

/// Of what this call opened before, and of what is open: the former first.
const OPENED: &str = "select number from pull_requests where project = $1 and opened_key = $2";
const IS_OPEN: &str = "select number from pull_requests where project = $1 and branch = $2 and into_branch = $3 and state = 'open'";
const LAST: &str = "select coalesce(max(number), 0) from pull_requests where project = $1";
const OPEN: &str = "insert into pull_requests (project, number, branch, into_branch, title, body, state, opened_key, opened_by, opened_at) \
    values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)";
const REPORT: &str = "insert into pull_request_checks (project, number, name, progress, summary, head, reported_at) \
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (project, number, name) do update set progress = excluded.progress, \
    summary = excluded.summary, head = excluded.head, reported_at = excluded.reported_at";
const WRITTEN: &str = "select count(*) from pull_request_reviews where project = $1 and number = $2 and key = $3";
const WRITE: &str =
    "insert into pull_request_reviews (project, number, key, verdict, text, author, at) values ($1, $2, $3, $4, $5, $6, $7)";
const END: &str =
    "update pull_requests set state = $3, head = $4, merge_commit = $5, ended_by = $6, ended_at = $7 where project = $1 and number = $2";

/// Whose pull requests, and who changes them.
pub(super) struct Caller {
    project: String,
    author: String,
    key: String,
}

impl From<PullRequestContext<'_>> for Caller {
    fn from(place: PullRequestContext<'_>) -> Self {
        Self { project: place.project.to_owned(), author: place.author.to_owned(), key: place.key.to_owned() }
    }
}

pub(super) struct Open {
    pub(super) caller: Caller,
    pub(super) proposal: Proposal,
}

#[async_trait]
impl Change for Open {
    type Outcome = u64;

    async fn apply(&self, step: &mut Step<'_>) -> Result<u64, StoreError> {
        let (Caller { project, author, key }, proposal) = (&self.caller, &self.proposal);
        let opened = sqlx::query(OPENED).bind(&**project).bind(&**key).fetch_optional(&mut *step.connection).await?;
        if let Some(row) = opened {
            return Ok(row.try_get::<i64, _>(0)?.unsigned_abs());
        }
        let open = sqlx::query(IS_OPEN).bind(&**project).bind(&*proposal.branch).bind(&*proposal.into);
        if let Some(row) = open.fetch_optional(&mut *step.connection).await? {
            return Ok(row.try_get::<i64, _>(0)?.unsigned_abs());
        }
        let last: i64 = sqlx::query(LAST).bind(&**project).fetch_one(&mut *step.connection).await?.try_get(0)?;
        let query = sqlx::query(OPEN).bind(&**project).bind(last + 1).bind(&*proposal.branch).bind(&*proposal.into);
        let query = query.bind(&*proposal.title).bind(&*proposal.body).bind(&**key).bind(&**author).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        Ok((last + 1).unsigned_abs())
    }
}

pub(super) struct Report {
    pub(super) caller: Caller,
    pub(super) number: u64,
    pub(super) check: Check,
    pub(super) head: Option<String>,
}

#[async_trait]
impl Change for Report {
    type Outcome = Result<(), ForgeError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Check { name, progress, summary } = &self.check;
        if let Err(error) = open(&self.caller, self.number, step).await? {
            return Ok(Err(error));
        }
        let query = sqlx::query(REPORT).bind(&*self.caller.project).bind(stored(self.number)).bind(&**name).bind(progress.as_str());
        let query = query.bind(&**summary).bind(self.head.as_deref()).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        Ok(Ok(()))
    }
}

pub(super) struct Write {
    pub(super) caller: Caller,
    pub(super) number: u64,
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

#[async_trait]
impl Change for Write {
    type Outcome = Result<(), ForgeError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Caller { project, author, key } = &self.caller;
        let written = sqlx::query(WRITTEN).bind(&**project).bind(stored(self.number)).bind(&**key);
        if written.fetch_one(&mut *step.connection).await?.try_get::<i64, _>(0)? > 0 {
            return Ok(Ok(()));
        }
        if let Err(error) = open(&self.caller, self.number, step).await? {
            return Ok(Err(error));
        }
        let query = sqlx::query(WRITE).bind(&**project).bind(stored(self.number)).bind(&**key).bind(self.verdict.as_str());
        query.bind(&*self.text).bind(&**author).bind(stored(step.now)).execute(&mut *step.connection).await?;
        Ok(Ok(()))
    }
}

pub(super) struct End {
    pub(super) caller: Caller,
    pub(super) number: u64,
    pub(super) ending: Ending,
}

#[async_trait]
impl Change for End {
    type Outcome = Result<(), ForgeError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Caller { project, author, .. } = &self.caller;
        let Ending { state, head, merge_commit } = &self.ending;
        let Some(kept) = find(project, self.number, step.connection).await? else {
            return Ok(Err(ForgeError::Unknown(self.number)));
        };
        if kept.state == *state && kept.merge_commit == *merge_commit {
            return Ok(Ok(()));
        }
        if kept.state != State::Open {
            return Ok(Err(over(self.number, &kept)));
        }
        let query = sqlx::query(END).bind(&**project).bind(stored(self.number)).bind(state.as_str()).bind(head.as_deref());
        let query = query.bind(merge_commit.as_deref()).bind(&**author).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        Ok(Ok(()))
    }
}

/// Nothing more is said of a pull request that has ended.
async fn open(caller: &Caller, number: u64, step: &mut Step<'_>) -> Result<Result<(), ForgeError>, StoreError> {
    Ok(match find(&caller.project, number, step.connection).await? {
        None => Err(ForgeError::Unknown(number)),
        Some(kept) if kept.state != State::Open => Err(over(number, &kept)),
        Some(_) => Ok(()),
    })
}

fn over(number: u64, kept: &Kept) -> ForgeError {
    let by = kept.merge_commit.as_ref().map(|commit| format!(" by {commit}")).unwrap_or_default();
    let reason = Reason::new(format!("Pull request {number} is {}{by}.", kept.state.as_str()));
    ForgeError::Conflict(reason.advise("Open another for what is still to be done."))
}
