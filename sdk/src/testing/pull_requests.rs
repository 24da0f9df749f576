//! Pull requests in memory, as the real host keeps its own. There is no repository: no branch ends with a commit, and
//! whether one can be merged is unknown.

use crate::forge::{About, Check, Mergeable, Opinion, Proposal, PullRequest, State, Summary, Verdict};
use crate::{Error, Result};

pub(super) struct PullRequests {
    pub(super) auto_merge: bool,
    kept: Vec<PullRequest>,
}

impl Default for PullRequests {
    fn default() -> Self {
        Self { auto_merge: true, kept: Vec::new() }
    }
}

impl PullRequests {
    pub(super) fn about(&self) -> About {
        About { kind: "local".to_owned(), auto_merge: self.auto_merge }
    }

    pub(super) fn open(&mut self, proposal: &Proposal) -> u32 {
        let same = |kept: &&PullRequest| kept.proposal.branch == proposal.branch && kept.proposal.into == proposal.into;
        if let Some(kept) = self.kept.iter().filter(|kept| kept.state == State::Open).find(same) {
            return kept.number;
        }
        let number = u32::try_from(self.kept.len()).unwrap_or(u32::MAX - 1) + 1;
        self.kept.push(PullRequest {
            number,
            proposal: proposal.clone(),
            state: State::Open,
            head: None,
            merge_commit: None,
            mergeable: Mergeable::Unknown,
            checks: Vec::new(),
            reviews: Vec::new(),
            address: None,
        });
        number
    }

    pub(super) fn get(&self, number: u32) -> Result<PullRequest> {
        self.kept.iter().find(|kept| kept.number == number).cloned().ok_or_else(|| unknown(number))
    }

    pub(super) fn all_open(&self) -> Vec<Summary> {
        let open = self.kept.iter().filter(|kept| kept.state == State::Open);
        let summary = |kept: &PullRequest| {
            let Proposal { branch, into, title, .. } = kept.proposal.clone();
            Summary { number: kept.number, branch, into, title }
        };
        open.map(summary).collect()
    }

    pub(super) fn review(&mut self, number: u32, verdict: Verdict, text: &str, author: &str, at: u64) -> Result<()> {
        let kept = self.still_open(number)?;
        kept.reviews.push(Opinion { verdict, text: text.to_owned(), author: author.to_owned(), at_ms: crate::numbers::to_contract(at) });
        Ok(())
    }

    pub(super) fn report(&mut self, number: u32, check: &Check) -> Result<()> {
        let kept = self.still_open(number)?;
        kept.checks.retain(|other| other.name != check.name);
        kept.checks.push(check.clone());
        kept.checks.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(())
    }

    pub(super) fn merge(&mut self, number: u32, head: &str, commit: Option<&str>) -> Result<String> {
        if !self.auto_merge {
            return Err(Error::denied(format!(
                "Pull requests of this project are merged by a person, with `baton pull-requests merge {number}`. Leave it open. Runs may merge \
                 where the user's settings have `auto-merge = true` under [forge], for all projects or for this one."
            )));
        }
        let kept = self.kept(number)?;
        let Some(commit) = commit else {
            let Proposal { branch, into, .. } = &kept.proposal;
            return Err(Error::conflict(format!(
                "`{into}` does not have `{branch}`, as far as git can say. A person merges it with `git merge --no-ff {branch}` where `{into}` is \
                 checked out, a run with `git.merge` and `git.advance`; mark the pull request as merged after that."
            )));
        };
        if kept.state == State::Merged && kept.merge_commit.as_deref() == Some(commit) {
            return Ok(commit.to_owned());
        }
        let kept = self.still_open(number)?;
        (kept.state, kept.head, kept.merge_commit) = (State::Merged, Some(head.to_owned()), Some(commit.to_owned()));
        Ok(commit.to_owned())
    }

    pub(super) fn close(&mut self, number: u32) -> Result<()> {
        if self.kept(number)?.state != State::Closed {
            self.still_open(number)?.state = State::Closed;
        }
        Ok(())
    }

    fn kept(&mut self, number: u32) -> Result<&mut PullRequest> {
        self.kept.iter_mut().find(|kept| kept.number == number).ok_or_else(|| unknown(number))
    }

    fn still_open(&mut self, number: u32) -> Result<&mut PullRequest> {
        let kept = self.kept(number)?;
        let word = match kept.state {
            State::Open => return Ok(kept),
            State::Merged => "merged",
            State::Closed => "closed",
        };
        let by = kept.merge_commit.as_ref().map(|commit| format!(" by {commit}")).unwrap_or_default();
        Err(Error::conflict(format!("Pull request {number} is {word}{by}. Open another for what is still to be done.")))
    }
}

fn unknown(number: u32) -> Error {
    Error::not_found(format!("This project does not have a pull request {number}. `baton pull-requests list --all` lists all of them."))
}
