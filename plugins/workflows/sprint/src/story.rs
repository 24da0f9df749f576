//! One story on its way: where it is, and what comes next. Calls nobody, so that every turn of it can be tried.

use baton_sdk::prelude::*;
use baton_sdk::waits::Ticket;
use baton_slots::code_review::{Earlier, Finding};
use baton_slots::sprint::outcome;

use crate::replies::{Developed, Judged, Outcome, Verdict};

/// Reviews that may send a story back before a person is asked each time.
const UNASKED: u32 = 3;
/// Reviews after which developer and reviewer will not come together.
const MOST_SENT_BACK: u32 = 6;
/// How often a story may be merged anew with what landed before it.
const MOST_MERGED_ANEW: u32 = 3;

pub(crate) struct Story {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Its worktree, and the branch in it.
    pub(crate) worktree: String,
    pub(crate) stage: Stage,
    /// The developer or reviewer at work on it.
    pub(crate) child: Option<Ticket>,
    /// What arrives when its item changes.
    pub(crate) watch: Option<Ticket>,
    /// Why its child was cancelled, if it was.
    pub(crate) withdrawn: Option<String>,
    /// Its number, once there is one.
    pub(crate) pull_request: Option<u32>,
    pub(crate) sent_back: u32,
    pub(crate) merged_anew: u32,
    /// When it was begun and when it ended, in milliseconds since 1970 UTC.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    main: String,
    /// What the reviews found, with the developer's replies and what became of each.
    earlier: Vec<Earlier>,
    /// What the last review found, while the developer is at it.
    findings: Vec<Finding>,
    /// What the developer wants handed back to continue where it was.
    conversation: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    Developing,
    Reviewing,
    /// Waits for the queue.
    Approved,
    Landing,
    Ended(End),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// With this merge commit.
    Landed(String),
    /// Approved and green; a person merges it as this says.
    Proposed(String),
    Skipped(String),
    /// Somebody took it away from the sprint.
    Withdrawn(String),
    Blocked(String),
    Failed(String),
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Start this workflow with this input in the story's worktree.
    Start(&'static str, Value),
    /// Wait for the queue, or for a person.
    Queue,
    /// It is over.
    Close,
}

impl Story {
    pub(crate) fn new(key: &str, title: &str, worktree: &str, main: &str, now: u64) -> Self {
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            worktree: worktree.to_owned(),
            stage: Stage::Developing,
            child: None,
            watch: None,
            withdrawn: None,
            pull_request: None,
            sent_back: 0,
            merged_anew: 0,
            began: now,
            ended: now,
            main: main.to_owned(),
            earlier: Vec::new(),
            findings: Vec::new(),
            conversation: None,
        }
    }

    /// Whether a developer or a reviewer is at work on it.
    pub(crate) fn is_at_work(&self) -> bool {
        matches!(self.stage, Stage::Developing | Stage::Reviewing)
    }

    pub(crate) fn begin(&mut self) -> Step {
        self.develop(json!({}))
    }

    pub(crate) fn developed(&mut self, developed: Developed) -> Step {
        self.answered(developed.replies);
        self.conversation = developed.conversation;
        match developed.outcome {
            Outcome::Skipped => self.end(End::Skipped(developed.reason)),
            Outcome::Accepted => self.queue(),
            Outcome::Done => {
                self.stage = Stage::Reviewing;
                let (tests, guards) = (developed.tests, developed.guards);
                let mut input = json!({ "key": self.key, "base": self.main, "tests": tests, "guards": guards });
                if let Some(number) = self.pull_request {
                    input["pull_request"] = json!(number);
                }
                if !developed.dependencies.is_empty() {
                    input["dependencies"] = json!(developed.dependencies);
                }
                if !self.earlier.is_empty() {
                    input["earlier"] = json!(self.earlier);
                }
                Step::Start(baton_slots::CODE_REVIEW, input)
            }
        }
    }

    pub(crate) fn reviewed(&mut self, judged: Judged) -> Step {
        // What is still open is among the findings.
        self.earlier = judged.earlier.into_iter().filter(|earlier| !earlier.is_open()).collect();
        self.findings.clone_from(&judged.findings);
        if judged.verdict == Verdict::Approve {
            return self.queue();
        }
        self.sent_back += 1;
        if self.sent_back > MOST_SENT_BACK {
            let reason = format!("The review requested changes {} times, the last time because: {}", self.sent_back, judged.summary);
            return self.end(End::Blocked(reason));
        }
        self.develop(json!({ "findings": judged.findings, "ask": self.sent_back > UNASKED }))
    }

    pub(crate) fn landed(&mut self, commit: String) -> Step {
        self.end(End::Landed(commit))
    }

    /// What landed before it changed the same, or makes its tests red.
    pub(crate) fn merge_anew(&mut self, why: &str) -> Step {
        self.merged_anew += 1;
        if self.merged_anew > MOST_MERGED_ANEW {
            return self.end(End::Blocked(format!("It was merged again {MOST_MERGED_ANEW} times, and still: {why}")));
        }
        self.develop(json!({ "mode": "resolve" }))
    }

    pub(crate) fn end(&mut self, end: End) -> Step {
        self.stage = Stage::Ended(end);
        Step::Close
    }

    /// What the review found goes back to it, with what the developer says.
    fn answered(&mut self, replies: Vec<String>) {
        let replies = replies.into_iter().chain(std::iter::repeat(String::new()));
        let answered = std::mem::take(&mut self.findings).into_iter().zip(replies);
        self.earlier.extend(answered.map(|(finding, reply)| Earlier { finding, reply, status: String::new() }));
    }

    fn queue(&mut self) -> Step {
        self.stage = Stage::Approved;
        Step::Queue
    }

    fn develop(&mut self, mut input: Value) -> Step {
        self.stage = Stage::Developing;
        (input["key"], input["base"]) = (json!(self.key), json!(self.main));
        if let Some(conversation) = self.conversation.take() {
            input["conversation"] = json!(conversation);
        }
        Step::Start(baton_slots::DEV_STORY, input)
    }
}

impl End {
    /// The word for it, and why it did not land.
    pub(crate) fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Landed(_) => (outcome::LANDED, ""),
            Self::Proposed(reason) => (outcome::PROPOSED, reason),
            Self::Skipped(reason) => (outcome::SKIPPED, reason),
            Self::Withdrawn(reason) => (outcome::WITHDRAWN, reason),
            Self::Blocked(reason) => (outcome::BLOCKED, reason),
            Self::Failed(reason) => (outcome::FAILED, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use baton_slots::code_review::Finding;
    use baton_slots::run_tests::Output as Tested;

    use super::*;

    fn story() -> Story {
        Story::new("1-1", "Title", "story/1-1", "main", 0)
    }

    fn done(outcome: Outcome) -> Developed {
        let tests = Some(Tested { passed: true, ..Tested::default() });
        let (key, commit, summary) = Default::default();
        let (guards, conversation) = (vec!["note".to_owned()], Some("[1]".to_owned()));
        Developed {
            key,
            outcome,
            reason: "Why.".to_owned(),
            summary,
            commit,
            tests,
            guards,
            dependencies: Vec::new(),
            replies: Vec::new(),
            conversation,
            attempts: 1,
        }
    }

    fn judged(verdict: Verdict) -> Judged {
        let finding = Finding { path: "kitty".to_owned(), ..Finding::default() };
        Judged { criteria: Vec::new(), earlier: Vec::new(), findings: vec![finding], summary: "A cent is lost.".to_owned(), verdict }
    }

    #[test]
    fn the_straight_way() {
        let mut story = story();
        assert_eq!(story.begin(), Step::Start("dev-story", json!({ "key": "1-1", "base": "main" })));
        let review = json!({ "key": "1-1", "base": "main", "tests": Tested { passed: true, ..Tested::default() }, "guards": ["note"] });
        assert_eq!(story.developed(done(Outcome::Done)), Step::Start("code-review", review));
        assert!(story.is_at_work());
        story.pull_request = Some(3);
        assert!(matches!(story.developed(done(Outcome::Done)), Step::Start(_, input) if input["pull_request"] == 3));
        assert_eq!((story.reviewed(judged(Verdict::Approve)), &story.stage), (Step::Queue, &Stage::Approved));
        assert!(!story.is_at_work());
        assert_eq!((story.landed("c".to_owned()), &story.stage), (Step::Close, &Stage::Ended(End::Landed("c".to_owned()))));
    }

    #[test]
    fn findings_go_back_then_a_person_is_asked_then_it_is_blocked() {
        let mut story = story();
        let asked: Vec<_> = (0..MOST_SENT_BACK)
            .map(|_| match story.reviewed(judged(Verdict::Changes)) {
                Step::Start(baton_slots::DEV_STORY, input) => {
                    assert_eq!(input["findings"][0]["path"], "kitty");
                    input["ask"] == true
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(asked, [false, false, false, true, true, true]);
        assert_eq!(story.reviewed(judged(Verdict::Changes)), Step::Close);
        assert!(matches!(&story.stage, Stage::Ended(End::Blocked(reason)) if reason.contains("A cent is lost.")));
    }

    #[test]
    fn what_was_found_goes_back_to_the_review_with_the_replies() {
        let mut story = story();
        story.developed(done(Outcome::Done));
        let Step::Start(_, input) = story.reviewed(judged(Verdict::Changes)) else { panic!("it goes back") };
        assert_eq!(input["conversation"], "[1]", "the developer continues");
        let mut corrected = done(Outcome::Done);
        corrected.replies = vec!["It is rounded on purpose.".to_owned()];
        let Step::Start(_, input) = story.developed(corrected) else { panic!("it is reviewed") };
        let earlier =
            json!([{ "finding": Finding { path: "kitty".to_owned(), ..Finding::default() }, "reply": "It is rounded on purpose." }]);
        assert_eq!(input["earlier"], earlier);
        let closed = Earlier { status: "withdrawn".to_owned(), ..Earlier::default() };
        let again = Judged { earlier: vec![closed.clone(), Earlier::default()], ..judged(Verdict::Changes) };
        story.reviewed(again);
        let Step::Start(_, input) = story.developed(done(Outcome::Done)) else { panic!("it is reviewed") };
        assert_eq!(input["earlier"].as_array().map(Vec::len), Some(2), "the closed one and the new one: {input}");
        assert_eq!(input["earlier"][0], json!(closed));
    }

    #[test]
    fn a_persons_word_ends_the_argument() {
        assert_eq!((story().developed(done(Outcome::Accepted)), story().developed(done(Outcome::Skipped))), (Step::Queue, Step::Close));
        let mut skipped = story();
        skipped.developed(done(Outcome::Skipped));
        assert_eq!(skipped.stage, Stage::Ended(End::Skipped("Why.".to_owned())));
    }

    #[test]
    fn merging_anew_has_an_end() {
        let mut story = story();
        for _ in 0..MOST_MERGED_ANEW {
            assert_eq!(story.merge_anew("x"), Step::Start("dev-story", json!({ "mode": "resolve", "key": "1-1", "base": "main" })));
        }
        assert_eq!(story.merge_anew("kitty conflicts"), Step::Close);
        assert!(matches!(&story.stage, Stage::Ended(End::Blocked(reason)) if reason.contains("kitty conflicts")));
    }
}
