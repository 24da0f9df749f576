//! The tables of local pull requests, their checks and reviews. Reads here, changes beside.

mod change;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    number::{read_number, stored},
};
use crate::interfaces::forge::{
    Check, Ending, ForgeError, Kept, Progress, Proposal, PullRequestContext, PullRequests, Review, State, Summary, Verdict,
};
use change::{End, Open, Report, Write};

/// What errors call it.
const PULL_REQUESTS: &str = "the pull requests";

const TABLE: &str = "pull_requests";
const FIND: &str =
    "select branch, into_branch, title, body, state, head, merge_commit from pull_requests where project = $1 and number = $2";
const CHECKS: &str = "select name, progress, summary, head from pull_request_checks where project = $1 and number = $2";
const REVIEWS: &str = "select verdict, text, author, at from pull_request_reviews where project = $1 and number = $2 order by at, key";
const LIST: &str = "select number, branch, into_branch, title, state from pull_requests where project = $1 order by number";
const LIST_OPEN: &str =
    "select number, branch, into_branch, title, state from pull_requests where project = $1 and state = 'open' order by number";

#[async_trait]
impl PullRequests for Store {
    async fn open(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<u64, ForgeError> {
        Ok(self.queue.change(Open { caller: place.into(), proposal: proposal.clone() }).await.map_err(writing(PULL_REQUESTS))?)
    }

    async fn find(&self, project: &str, number: u64) -> Result<Option<Kept>, ForgeError> {
        Ok(self.load_pull_request(project, number).await.map_err(reading(PULL_REQUESTS))?)
    }

    async fn list(&self, project: &str, all: bool) -> Result<Vec<(Summary, State)>, ForgeError> {
        let rows = sqlx::query(if all { LIST } else { LIST_OPEN }).bind(project).fetch_all(&self.reads).await;
        Ok(rows.map_err(reading(PULL_REQUESTS))?.iter().map(summary).collect::<Result<_, _>>().map_err(reading(PULL_REQUESTS))?)
    }

    async fn review(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError> {
        self.queue.change(Write { caller: place.into(), number, verdict, text: text.to_owned() }).await.map_err(writing(PULL_REQUESTS))?
    }

    async fn report(&self, place: PullRequestContext<'_>, number: u64, check: &Check, head: Option<&str>) -> Result<(), ForgeError> {
        let head = head.map(str::to_owned);
        self.queue.change(Report { caller: place.into(), number, check: check.clone(), head }).await.map_err(writing(PULL_REQUESTS))?
    }

    async fn end(&self, place: PullRequestContext<'_>, number: u64, ending: &Ending) -> Result<(), ForgeError> {
        self.queue.change(End { caller: place.into(), number, ending: ending.clone() }).await.map_err(writing(PULL_REQUESTS))?
    }
}

impl Store {
    /// In one transaction, so that a review written meanwhile is either seen with its number or not at all.
    async fn load_pull_request(&self, project: &str, number: u64) -> Result<Option<Kept>, StoreError> {
        let mut reading = self.reads.begin().await?;
        let Some(kept) = find(project, number, &mut reading).await? else { return Ok(None) };
        let rows = sqlx::query(CHECKS).bind(project).bind(stored(number)).fetch_all(&mut *reading).await?;
        let checks = rows.iter().map(check).collect::<Result<_, _>>()?;
        let rows = sqlx::query(REVIEWS).bind(project).bind(stored(number)).fetch_all(&mut *reading).await?;
        let reviews = rows.iter().map(review).collect::<Result<_, _>>()?;
        Ok(Some(Kept { checks, reviews, ..kept }))
    }
}

/// The row alone, without checks and reviews.
async fn find(project: &str, number: u64, connection: &mut AnyConnection) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query(FIND).bind(project).bind(stored(number)).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Kept {
        proposal: Proposal {
            branch: row.try_get("branch")?,
            into: row.try_get("into_branch")?,
            title: row.try_get("title")?,
            body: row.try_get("body")?,
        },
        state: word(row.try_get("state")?, State::from_word)?,
        head: row.try_get("head")?,
        merge_commit: row.try_get("merge_commit")?,
        checks: Vec::new(),
        reviews: Vec::new(),
    }))
}

fn summary(row: &AnyRow) -> Result<(Summary, State), StoreError> {
    let summary = Summary {
        number: read_number(row, "number")?,
        branch: row.try_get("branch")?,
        into: row.try_get("into_branch")?,
        title: row.try_get("title")?,
    };
    Ok((summary, word(row.try_get("state")?, State::from_word)?))
}

fn check(row: &AnyRow) -> Result<(Check, Option<String>), StoreError> {
    let progress = word(row.try_get("progress")?, Progress::from_word)?;
    Ok((Check { name: row.try_get("name")?, progress, summary: row.try_get("summary")? }, row.try_get("head")?))
}

fn review(row: &AnyRow) -> Result<Review, StoreError> {
    let verdict = word(row.try_get("verdict")?, Verdict::from_word)?;
    Ok(Review { verdict, text: row.try_get("text")?, author: row.try_get("author")?, at: read_number(row, "at")? })
}

fn word<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a known word")))
}
