//! The interface against a forge in memory.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::{
    bindings::{
        Fault,
        forge::{self as wit, Host},
    },
    errors::{Reason, StorageError},
    interfaces::{keys::Keys, pins::Pin},
    journal::{CallError, Clock, EntryState, ErrorKind, Interrupt, NeedKind, PauseKind, Wait, testing::Bench},
};

/// Answers as a test says, and notes what it was asked.
#[derive(Default)]
struct Rows {
    asked: Mutex<Vec<(String, String, bool)>>,
    failing: Mutex<Option<ForgeError>>,
}

impl Rows {
    fn note<A>(&self, what: &str, place: PullRequestContext<'_>, answer: A) -> Result<A, ForgeError> {
        self.asked.lock().unwrap().push((what.to_owned(), place.key.to_owned(), place.again));
        self.failing.lock().unwrap().clone().map_or(Ok(answer), Err)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(what, ..)| what.clone()).collect()
    }
}

#[async_trait]
impl PullRequests for Rows {
    async fn open(&self, place: PullRequestContext<'_>, _: &Proposal) -> Result<u64, ForgeError> {
        self.note("open", place, 7)
    }

    async fn find(&self, _: &str, number: u64) -> Result<Option<Kept>, ForgeError> {
        if let Some(error) = self.failing.lock().unwrap().clone() {
            return Err(error);
        }
        let proposal = Proposal { branch: "story/1".into(), into: "main".into(), title: "A story".into(), body: String::new() };
        let kept = Kept { proposal, state: State::Open, head: None, merge_commit: None, checks: Vec::new(), reviews: Vec::new() };
        Ok((number == 7).then_some(kept))
    }

    async fn list(&self, _: &str, _: bool) -> Result<Vec<(Summary, State)>, ForgeError> {
        let summary = Summary { number: 7, branch: "story/1".into(), into: "main".into(), title: "A story".into() };
        Ok(vec![(summary, State::Open)])
    }

    async fn review(&self, place: PullRequestContext<'_>, _: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError> {
        self.note(&format!("{}: {text} by {}", verdict.as_str(), place.author), place, ())
    }

    async fn report(&self, place: PullRequestContext<'_>, _: u64, check: &Check, head: Option<&str>) -> Result<(), ForgeError> {
        self.note(&format!("{} {} of {head:?}", check.name, check.progress.as_str()), place, ())
    }

    async fn end(&self, place: PullRequestContext<'_>, _: u64, ending: &Ending) -> Result<(), ForgeError> {
        self.note(ending.state.as_str(), place, ())
    }
}

/// Knows one branch and nothing else.
struct OneBranch;

#[async_trait]
impl Repositories for OneBranch {
    async fn strange(&self, _: &Path, pin: Option<&Pin>) -> Option<String> {
        pin.map(|pin| pin.0.clone())
    }

    async fn head(&self, _: &Path, branch: &str) -> Option<String> {
        (branch == "story/1").then(head)
    }

    async fn mergeable(&self, _: &Path, _: &str, _: &str) -> Mergeable {
        Mergeable::Yes
    }

    async fn has(&self, _: &Path, _: &str, _: &str) -> Option<bool> {
        Some(true)
    }

    async fn merge_commit(&self, _: &Path, _: &str, _: &str) -> Option<String> {
        Some("cd".repeat(20))
    }

    async fn diff(&self, _: &Path, _: &PullRequest) -> Result<String, String> {
        Ok(String::new())
    }
}

fn head() -> String {
    "ab".repeat(20)
}

/// A token that the operator keeps while the host is at work.
#[derive(Default)]
struct Late(Mutex<Option<String>>);

impl Keys for Late {
    fn find(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().clone().filter(|_| name == "GITHUB_TOKEN")
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> u64 {
        43_200_000
    }
}

fn connect() -> Connect {
    // One for the process, whichever test comes first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Box::new(|token| Hub::new(reqwest::Client::new(), "http://127.0.0.1:9", token.clone(), Arc::new(Noon)))
}

struct Scene {
    bench: Bench,
    keys: Arc<Late>,
    rows: Arc<Rows>,
    forges: Forges,
    project: Project,
}

impl Scene {
    fn new() -> Self {
        Self::with(json!({}))
    }

    fn with(table: Value) -> Self {
        let nothing = |_: &str| None;
        let config = Config::from_settings(&table, &Sources { variable: &nothing, secret: &nothing }).unwrap();
        let (rows, keys) = (Arc::new(Rows::default()), Arc::new(Late::default()));
        Self {
            bench: Bench::new(),
            forges: Forges::new(config, rows.clone(), Arc::new(OneBranch), keys.clone(), connect()).unwrap(),
            keys,
            rows,
            project: Project::named("shop-1"),
        }
    }

    fn view<'a>(&'a self, recorder: &'a mut Recorder) -> View<'a> {
        View {
            recorder,
            forges: &self.forges,
            project: &self.project,
            folder: Path::new("/shop"),
            pin: None,
            author: "amelia",
            ordered: None,
        }
    }
}

fn proposal() -> wit::Proposal {
    wit::Proposal { branch: "story/1".into(), into: "main".into(), title: "A story".into(), body: "It splits.".into() }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn every_deed_reaches_the_forge_and_each_change_is_told_once() {
    let scene = Scene::with(json!({ "auto-merge": true }));
    for _ in 0..2 {
        let mut recorder = scene.bench.recorder();
        let mut view = scene.view(&mut recorder);
        let about = view.about_forge().await.unwrap();
        assert_eq!((&*about.kind, about.auto_merge), ("local", true));
        assert_eq!(view.open(proposal()).await.unwrap(), 7);
        let found = view.get(7).await.unwrap();
        assert_eq!((found.proposal.branch.as_str(), found.head, found.mergeable), ("story/1", Some(head()), wit::Mergeable::Yes));
        assert_eq!(view.all_open().await.unwrap()[0].number, 7);
        view.review(7, wit::Verdict::Approve, String::new()).await.unwrap();
        let check = wit::Check { name: "tests".into(), progress: wit::Progress::Passed, summary: "3 of 3".into() };
        view.report(7, check).await.unwrap();
        assert_eq!(view.merge(7, head(), wit::Method::Merge, None).await.unwrap(), "cd".repeat(20));
        view.close(7).await.unwrap();
    }
    let of_head = format!("tests passed of {:?}", Some(head()));
    assert_eq!(scene.rows.asked(), ["open", "approve:  by amelia", &of_head, "merged", "closed"], "a replay asks nobody");
    let events = scene.bench.journal.events();
    let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), event.data["number"].as_u64())).collect();
    let names = ["pull_request_opened", "pull_request_reviewed", "check_reported", "pull_request_merged", "pull_request_closed"];
    assert_eq!(told, names.map(|name| (name, Some(7))));
}

#[tokio::test]
async fn a_change_that_was_cut_off_is_made_again_under_its_key() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    scene.view(&mut recorder).open(proposal()).await.unwrap();
    let mut cut_off = scene.bench.journal.history();
    cut_off[0].state = EntryState::Intended;
    cut_off[0].answer = None;
    let mut recorder = scene.bench.resumed_from(cut_off);
    assert_eq!(scene.view(&mut recorder).open(proposal()).await.unwrap(), 7);
    let key = format!("{}:1", Bench::run());
    assert_eq!(*scene.rows.asked.lock().unwrap(), [("open".to_owned(), key.clone(), false), ("open".to_owned(), key, true)]);
}

#[tokio::test]
async fn each_deed_needs_its_grant() {
    let scene = Scene::with(json!({ "auto-merge": true }));
    scene.bench.authority.deny(PULL_REQUESTS.word, "");
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    let check = wit::Check { name: "tests".into(), progress: wit::Progress::Passed, summary: String::new() };
    let refusals = [
        refusal(view.about_forge().await),
        refusal(view.open(proposal()).await),
        refusal(view.get(7).await),
        refusal(view.all_open().await),
        refusal(view.review(7, wit::Verdict::Approve, String::new()).await),
        refusal(view.report(7, check).await),
        refusal(view.merge(7, head(), wit::Method::Merge, None).await),
        refusal(view.close(7).await),
    ];
    for (refusal, deed) in refusals.iter().zip(["read", "open", "read", "read", "review", "report", "merge", "close"]) {
        let denied = CallError::denied(format!("No grant of `pull-requests` for `{deed}`."));
        assert_eq!(*refusal, denied.about(format!("pull-requests={deed}")));
    }
    assert!(scene.rows.asked().is_empty());
}

#[tokio::test]
async fn a_run_merges_only_where_the_operator_lets_it() {
    let scene = Scene::with(json!({ "auto-merge": false, "projects": { "other": { "auto-merge": true } } }));
    let mut recorder = scene.bench.recorder();
    let denied = refusal(scene.view(&mut recorder).merge(7, head(), wit::Method::Merge, None).await);
    assert!(matches!(&denied, CallError { kind: ErrorKind::Denied, text, .. } if text.contains("baton pull-requests merge 7")), "{denied}");
    assert!(scene.rows.asked().is_empty());
    let told: Vec<_> = scene.bench.journal.events().iter().map(|event| event.name.clone()).collect();
    assert_eq!(told, ["denied"], "the audit log hears of it");
}

#[tokio::test]
async fn a_run_merges_what_a_person_ordered_it_to_and_nothing_else() {
    let scene = Scene::with(json!({ "auto-merge": false }));
    let mut recorder = scene.bench.recorder();
    let ordered = MergeAuthority::of_order(7, "main");
    assert_eq!(MergeAuthority::read(&ordered.settings()).as_ref(), Some(&ordered));
    assert_eq!(MergeAuthority::read(&json!({ "forge": { "ordered": { "number": "7", "into": "main" } } })), None);
    let mut view = View { ordered: Some(&ordered), ..scene.view(&mut recorder) };
    assert_eq!(view.merge(7, head(), wit::Method::Merge, None).await.unwrap(), "cd".repeat(20));
    assert!(matches!(refusal(view.merge(8, head(), wit::Method::Merge, None).await), CallError { kind: ErrorKind::Denied, .. }));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_the_gate() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    let long = "x".repeat(201);
    for branch in [
        "", "-x", "a b", "a..b", "a\u{1b}", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a~1", "a^", "a:b", "@", "a@{1}", "a*", "a\\b",
        &long,
    ] {
        assert!(
            matches!(
                refusal(view.open(wit::Proposal { branch: branch.into(), ..proposal() }).await),
                CallError { kind: ErrorKind::Invalid, .. }
            ),
            "{branch}"
        );
        assert!(
            matches!(
                refusal(view.open(wit::Proposal { into: branch.into(), ..proposal() }).await),
                CallError { kind: ErrorKind::Invalid, .. }
            ),
            "{branch}"
        );
    }
    let wrong = [
        wit::Proposal { into: "story/1".into(), ..proposal() },
        wit::Proposal { title: " ".into(), ..proposal() },
        wit::Proposal { title: "two\nlines".into(), ..proposal() },
        wit::Proposal { title: "x".repeat(257), ..proposal() },
        wit::Proposal { body: "x".repeat((64 << 10) + 1), ..proposal() },
    ];
    for proposal in wrong {
        assert!(matches!(refusal(view.open(proposal).await), CallError { kind: ErrorKind::Invalid, .. }));
    }
    assert!(matches!(refusal(view.review(7, wit::Verdict::RequestChanges, " ".into()).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(
        refusal(view.review(7, wit::Verdict::Approve, "x".repeat((64 << 10) + 1)).await),
        CallError { kind: ErrorKind::Invalid, .. }
    ));
    for (name, summary) in [("", ""), ("a\nb", ""), ("tests", "a\u{9b}b")] {
        let check = wit::Check { name: name.into(), progress: wit::Progress::Passed, summary: summary.into() };
        assert!(matches!(refusal(view.report(7, check).await), CallError { kind: ErrorKind::Invalid, .. }));
    }
    for hash in ["", "main", "ABCD", &"g".repeat(40), &"a".repeat(39)] {
        assert!(
            matches!(refusal(view.merge(7, hash.into(), wit::Method::Merge, None).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{hash}"
        );
        let commit = Some(hash.to_owned());
        assert!(
            matches!(refusal(view.merge(7, head(), wit::Method::Merge, commit).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{hash}"
        );
    }
    assert!(scene.bench.journal.written().is_empty());
}

#[tokio::test]
async fn a_missing_token_is_waited_for_and_used_as_soon_as_it_is_kept() {
    let scene = Scene::with(json!({ "kind": "github", "repository": "ada/shop" }));
    let mut recorder = scene.bench.recorder();
    match scene.view(&mut recorder).open(proposal()).await {
        Err(Fault::Interrupt(Interrupt::Suspended(Wait::Needed(needed)))) => {
            assert_eq!((needed.kind, needed.subject.as_str()), (NeedKind::Key, "GITHUB_TOKEN"));
            assert!(needed.reason.contains("baton secret set GITHUB_TOKEN"), "{}", needed.reason);
        }
        other => panic!("{other:?}"),
    }
    assert!(scene.forges.of(&scene.project).is_err());
    *scene.keys.0.lock().unwrap() = Some("ghp_late".to_owned());
    assert!(scene.forges.of(&scene.project).is_ok());
}

#[tokio::test]
async fn each_failure_comes_to_what_can_be_done_about_it() {
    let failures = [
        (ForgeError::Conflict(Reason::new("It is merged.")), "conflict"),
        (ForgeError::Invalid(Reason::new("No.")), "invalid"),
        (ForgeError::Unavailable(Reason::new("Gone.")), "unavailable"),
        (ForgeError::Unknown(7), "not-found"),
        (ForgeError::Limited { account: "api.github.com".into(), until: 77, reason: "Used up.".into() }, "waits"),
        (ForgeError::Refused(Reason::new("The token is wrong.")), "paused"),
        (ForgeError::Store(StorageError::write("the pull requests", "The disk is full.")), "paused"),
    ];
    for (failure, wanted) in failures {
        let scene = Scene::new();
        *scene.rows.failing.lock().unwrap() = Some(failure.clone());
        let mut recorder = scene.bench.recorder();
        let came_to = match scene.view(&mut recorder).open(proposal()).await {
            Err(Fault::Answer(error)) => error.kind.as_str().to_owned(),
            Err(Fault::Interrupt(Interrupt::Suspended(Wait::Account { until: 77, .. }))) => "waits".to_owned(),
            Err(Fault::Interrupt(Interrupt::Paused(pause))) if pause.kind == PauseKind::Operator => "paused".to_owned(),
            other => panic!("{failure:?}: {other:?}"),
        };
        assert_eq!(came_to, wanted, "{failure:?}");
        assert!(scene.bench.journal.events().is_empty(), "nothing happened, so nothing is told");
    }
}
