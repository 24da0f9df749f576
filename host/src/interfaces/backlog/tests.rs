use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{
    documents::{Entry, Form},
    *,
};
use crate::{
    bindings::{
        Fault,
        backlog::{self as wit, Host},
    },
    errors::{Hint, StorageError},
    journal::{Attempt, CallError, EntryState, ErrorKind, Interrupt, testing::Bench},
};

fn draft(kind: Kind, key: &str, parent: Option<&str>, after: &[&str]) -> Draft {
    let after = after.iter().map(|key| (*key).to_owned()).collect();
    Draft {
        key: key.to_owned(),
        kind,
        title: format!("About {key}"),
        body: "B".to_owned(),
        parent: parent.map(str::to_owned),
        after,
        priority: 5,
        labels: Labels::default(),
    }
}

fn story(key: &str, after: &[&str]) -> Draft {
    draft(Kind::Story, key, None, after)
}

fn item(draft: Draft, status: Status) -> Item {
    Item { draft, status, assignee: None, branch: None }
}

fn refused(drafts: &[Draft]) -> String {
    Changes::of(&[], drafts).unwrap_err().explain()
}

fn keys(items: &[Item], places: &[usize]) -> Vec<String> {
    places.iter().map(|place| items[*place].draft.key.clone()).collect()
}

#[test]
fn keys_are_plain_and_nothing_that_resembles_them() {
    for key in ["1", "a", "1-2-user-login", &"a".repeat(64)] {
        assert_eq!(check_key(key), Ok(()), "{key}");
    }
    for key in
        ["", "A", "a_b", "a/b", "..", ".", "a..b", "-a", "a-", "a--b", "a b", "a\n", "\u{430}", "1\u{2010}2", "a\0", "é", &"a".repeat(65)]
    {
        assert!(check_key(key).unwrap_err().to_string().contains("is not a key"), "{key:?}");
    }
    assert!(!check_key("\u{1b}[2J").unwrap_err().to_string().contains('\u{1b}'));
}

#[test]
fn numbers_in_keys_are_compared_as_numbers() {
    let mut keys = ["1-10", "2", "1-2-b", "1", "10", "1-2-a", "a", "1-2", "01-3", "1-a", "99999999999999999999999"];
    keys.sort_by_key(|key| SortKey::of(key));
    assert_eq!(keys, ["1", "1-2", "1-2-a", "1-2-b", "01-3", "1-10", "1-a", "2", "10", "99999999999999999999999", "a"]);
}

#[test]
fn nothing_follows_done_and_nothing_itself() {
    for status in Status::ALL {
        assert!(!follows(status, status) && !follows(Status::Done, status), "{status:?}");
        assert_eq!(Status::from_word(status.as_str()), Some(status));
    }
    assert!(follows(Status::Cancelled, Status::Todo) && !follows(Status::Blocked, Status::Done) && follows(Status::Failed, Status::Todo));
}

#[test]
fn a_person_alone_reopens_what_is_done() {
    for after in Status::ALL {
        assert_eq!(reopens(Status::Done, after), matches!(after, Status::Todo | Status::InProgress), "{after:?}");
        assert!(!reopens(Status::Cancelled, after) && !reopens(Status::Todo, after));
    }
    let said = |by_person| Refusal::Conflict { key: "a".to_owned(), before: Status::Done, after: Status::Review, by_person }.explain();
    assert!(said(true).ends_with("Next may be `todo`, `in-progress`."), "{}", said(true));
    assert!(said(false).ends_with("A run cannot reopen what is done; add another item for what is still to do."), "{}", said(false));
}

#[test]
fn what_is_open_before_an_item_and_begun_behind_it_is_found() {
    let part = |key, after| draft(Kind::Story, key, Some("1"), after);
    let drafts = [draft(Kind::Epic, "1", None, &[]), part("1-1", &[]), part("1-2", &["1-1"]), part("1-3", &["1-2"])];
    let mut items = drafts.map(|draft| item(draft, Status::Todo));
    items[2].status = Status::InProgress;
    let graph = Graph::of(&items).unwrap();
    assert_eq!(graph.open_before(2), ["1-1"]);
    assert_eq!(graph.open_before(0), ["1-1", "1-2", "1-3"], "an epic is done with what is in it");
    assert_eq!(graph.begun_behind(1), ["1-2"]);
    assert_eq!(graph.begun_behind(2), [""; 0], "what has not begun waits again");
    items[1].status = Status::Done;
    items[3].status = Status::Cancelled;
    let graph = Graph::of(&items).unwrap();
    assert_eq!((graph.open_before(2), graph.open_before(0)), (vec![], vec!["1-2"]));
}

#[test]
fn an_epic_follows_what_is_in_it() {
    let part = |key| draft(Kind::Story, key, Some("1"), &[]);
    let drafts = [draft(Kind::Epic, "1", None, &[]), part("1-1"), part("1-2")];
    let mut items = drafts.map(|draft| item(draft, Status::Todo));
    let mut shown = |epic, one, other| {
        (items[0].status, items[1].status, items[2].status) = (epic, one, other);
        Graph::of(&items).unwrap().status(0)
    };
    for status in [Status::Todo, Status::Blocked, Status::Failed, Status::Cancelled] {
        assert_eq!(shown(Status::Todo, Status::Todo, status), Status::Todo, "nothing in it is at work: {status:?}");
    }
    for status in [Status::InProgress, Status::Review, Status::Done] {
        assert_eq!(shown(Status::Todo, Status::Todo, status), Status::InProgress, "{status:?}");
        assert_eq!(shown(Status::Blocked, Status::Todo, status), Status::Blocked, "it was moved there");
        assert_eq!(shown(Status::Cancelled, Status::Todo, status), Status::Cancelled, "it was moved there");
    }
    assert_eq!(shown(Status::Todo, Status::Cancelled, Status::Done), Status::Done);
    assert_eq!(shown(Status::InProgress, Status::Done, Status::Done), Status::Done);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    assert_eq!(
        refused(&[story("a", &["b"]), story("b", &["c"]), story("c", &["a"])]),
        "These items wait for each other: a → b → c → a. Take one of them out of `after`."
    );
    assert!(refused(&[story("a", &["a"])]).contains("a → a"));
    assert!(refused(&[story("a", &["ghost"])]).contains("`a` waits for `ghost`"));
    assert!(refused(&[draft(Kind::Task, "a", Some("ghost"), &[])]).contains("`a` belongs to `ghost`"));
    assert!(
        refused(&[story("a", &[]), draft(Kind::Story, "b", Some("a"), &[])])
            .contains("`b` is a story and cannot belong to `a`, which is a story")
    );
    assert!(
        refused(&[story("a", &[]), draft(Kind::Epic, "1", Some("a"), &[])])
            .contains("`1` is an epic and cannot belong to `a`, which is a story")
    );
    assert!(refused(&[draft(Kind::Epic, "1", None, &[]), draft(Kind::Story, "b", Some("1"), &["1"])]).contains("1 → b → 1"));
    assert!(refused(&[draft(Kind::Epic, "1", None, &["b"]), draft(Kind::Story, "b", Some("1"), &[])]).contains("wait for each other"));
    assert!(refused(&[story("a", &[]), story("a", &[])]).contains("twice"));
    assert!(refused(&[Draft { title: "two\nlines".to_owned(), ..story("a", &[]) }]).contains("title of `a`"));
    assert!(refused(&[Draft { title: "x".repeat(1025), ..story("a", &[]) }]).contains("title of `a`"));
    assert!(refused(&[Draft { body: "\u{1b}[2J".to_owned(), ..story("a", &[]) }]).contains("body of `a`"));
    assert!(refused(&[Draft { body: "x".repeat((256 << 10) + 1), ..story("a", &[]) }]).contains("body of `a`"));
    assert!(refused(&[Draft { priority: 11, ..story("a", &[]) }]).contains("priority of `a` is 11"));
    let labelled =
        |labels: &[&str]| Draft { labels: labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>().into(), ..story("a", &[]) };
    assert!(refused(&[labelled(&["a", "Urgent!"])]).contains("`Urgent!` is not a label"));
    assert!(refused(&[labelled(&["a", "b", "a"])]).contains("`a` has the label `a` twice"));
    let many: Vec<_> = (0..101).map(|number| number.to_string()).collect();
    assert!(refused(&[story("a", &many.iter().map(String::as_str).collect::<Vec<_>>())]).contains("101 items"));
    let large: Vec<_> = (0..10_000).map(|number| Draft { title: "x".repeat(500), ..story(&number.to_string(), &[]) }).collect();
    assert!(refused(&large).contains("bytes, more than"));
    let wordy: Vec<_> = (10..30).map(|number| format!("{number}{}", "x".repeat(48))).collect();
    let large: Vec<_> = (0..5_000).map(|number| Draft { labels: wordy.clone().into(), ..story(&number.to_string(), &[]) }).collect();
    assert!(refused(&large).contains("titles, edges and labels"));
    let many: Vec<_> = (0..10_001).map(|number| story(&number.to_string(), &[])).collect();
    assert!(refused(&many).contains("10001"));
}

#[test]
fn a_story_may_wait_for_its_own_task() {
    let mend = draft(Kind::Task, "mend", Some("a"), &[]);
    assert!(Changes::of(&[], &[story("a", &["mend"]), mend]).is_ok());
    let later = draft(Kind::Task, "later", Some("a"), &["a"]);
    assert!(Changes::of(&[], &[story("a", &[]), later]).is_ok());
}

#[test]
fn only_what_is_new_or_says_more_is_a_change() {
    let items = [item(story("a", &[]), Status::Done), item(story("b", &[]), Status::Todo)];
    let changes =
        Changes::of(&items, &[story("a", &[]), Draft { title: "T".to_owned(), ..story("b", &["a"]) }, story("c", &["b"])]).unwrap();
    assert_eq!(changes.added.iter().map(|draft| draft.key.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(changes.changed.iter().map(|draft| draft.key.as_str()).collect::<Vec<_>>(), ["b"]);
    // What a change takes away from elsewhere is seen too: an epic becomes a story under which stories stand.
    let items = [item(draft(Kind::Epic, "1", None, &[]), Status::Todo), item(draft(Kind::Story, "a", Some("1"), &[]), Status::Todo)];
    assert!(Changes::of(&items, &[draft(Kind::Story, "1", None, &[])]).is_err());
}

#[test]
fn the_most_urgent_that_waits_for_nothing_is_ready() {
    let urgent = |key: &str, priority| Draft { priority, ..story(key, &[]) };
    let items = [
        item(draft(Kind::Epic, "1", None, &[]), Status::Todo),
        item(draft(Kind::Epic, "2", None, &["1"]), Status::Todo),
        item(draft(Kind::Story, "1-1", Some("1"), &[]), Status::Done),
        item(draft(Kind::Story, "2-1", Some("2"), &[]), Status::Todo),
        item(draft(Kind::Task, "2-1-a", Some("2-1"), &[]), Status::Todo),
        item(urgent("c", 5), Status::Todo),
        item(urgent("b", 9), Status::Todo),
        item(urgent("a", 0), Status::Todo),
        item(story("d", &["c"]), Status::Todo),
        item(urgent("e", 10), Status::InProgress),
    ];
    let ready = |items: &[Item]| keys(items, &Graph::of(items).unwrap().ready());
    assert_eq!(ready(&items), ["b", "2-1", "2-1-a", "c", "a"]);
    let mut open = items.clone();
    open[2].status = Status::InProgress;
    assert_eq!(ready(&open), ["b", "c", "a"], "epic 1 is not over, and all of epic 2 waits for it");
    open[2].status = Status::Cancelled;
    assert_eq!(ready(&open), ["b", "c", "a"], "an epic in which all was cancelled is not done");
    open[0].status = Status::Done;
    assert_eq!(ready(&open), ["b", "2-1", "2-1-a", "c", "a"]);
    assert_eq!(Graph::of(&items).unwrap().waits_for(8), ["c"]);
}

#[test]
fn waves_wait_only_for_earlier_ones() {
    let items = [
        item(draft(Kind::Epic, "1", None, &[]), Status::Todo),
        item(draft(Kind::Story, "1-1", Some("1"), &[]), Status::Done),
        item(draft(Kind::Story, "1-2", Some("1"), &["1-1"]), Status::InProgress),
        item(draft(Kind::Story, "1-3", Some("1"), &["1-2"]), Status::Todo),
        item(draft(Kind::Epic, "2", None, &["1"]), Status::Todo),
        item(draft(Kind::Story, "2-1", Some("2"), &[]), Status::Todo),
        item(story("lost", &["gone"]), Status::Todo),
        item(story("gone", &[]), Status::Cancelled),
    ];
    let graph = Graph::of(&items).unwrap();
    let waves: Vec<_> = graph.waves().unwrap().iter().map(|wave| keys(&items, wave)).collect();
    assert_eq!(waves, [vec!["1-2"], vec!["1-3"], vec!["2-1"]]);
}

#[test]
fn a_large_backlog_takes_no_time() {
    let chain = (0..MOST_ITEMS).map(|number| match number {
        0 => story("0", &[]),
        number => story(&number.to_string(), &[&(number - 1).to_string()]),
    });
    let chain: Vec<Draft> = chain.collect();
    let begun = Instant::now();
    Changes::of(&[], &chain).unwrap();
    let items: Vec<_> = chain.into_iter().map(|draft| item(draft, Status::Todo)).collect();
    let graph = Graph::of(&items).unwrap();
    assert_eq!(graph.ready().len(), 1);
    assert_eq!(graph.waves().unwrap().len(), MOST_ITEMS);
    let mut circle: Vec<_> = items.iter().map(|item| item.draft.clone()).collect();
    circle[0].after = vec![(MOST_ITEMS - 1).to_string()];
    let refused = Changes::of(&[], &circle).unwrap_err();
    assert!(matches!(&refused, Refusal::Cycle(keys) if keys.len() == MOST_ITEMS + 1));
    let said = refused.explain();
    assert!(said.contains(": 0 → 9999 → 9998 → 9997 → 9996 → 9991 more → 4 → 3 → 2 → 1 → 0. "), "{said}");
    // Without optimisation, on a busy machine; a walk that is not linear takes minutes.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_wrong_key_names_those_near_it() {
    let known = ["1-1-init-ledger", "1-2-add-expense", "2-1-print"];
    let near = |key: &str| unknown(key, known.into_iter()).explain();
    assert_eq!(near("1-2-add-expnse"), "Item `1-2-add-expnse` is not in the backlog. Did you mean `1-2-add-expense`?");
    assert!(near("1-1").contains("`1-1-init-ledger`") && near("print").contains("`2-1-print`"));
    assert!(near("\u{1b}[2J").contains("baton backlog list") && !near("\u{1b}[2J").contains('\u{1b}'));
    assert!(near(&"x".repeat(100_000)).len() < 300);
}

/// A backlog in memory that counts its moves and fails when told to.
#[derive(Default)]
struct Memory {
    items: Mutex<Vec<Item>>,
    moves: Mutex<Vec<(String, Move)>>,
    calls: Mutex<Vec<String>>,
    written: Mutex<BTreeMap<String, String>>,
    broken: Mutex<bool>,
}

impl Memory {
    fn check(&self) -> Result<(), BacklogError> {
        if *self.broken.lock().unwrap() { Err(StorageError::write("the backlog", "the disk is full.").into()) } else { Ok(()) }
    }

    /// Whether a call was made before.
    fn again(&self, by: &Author) -> bool {
        let Author::Call { call, .. } = by else { return false };
        let mut calls = self.calls.lock().unwrap();
        let again = calls.contains(call);
        calls.push(call.clone());
        again
    }
}

#[async_trait]
impl Backlog for Memory {
    async fn put(&self, _: &str, drafts: &[Draft], by: &Author) -> Result<(), BacklogError> {
        self.check()?;
        let mut items = self.items.lock().unwrap();
        let changes = Changes::of(&items, drafts)?;
        if !self.again(by) {
            items.extend(changes.added.into_iter().map(|draft| item(draft, Status::Todo)));
            for draft in changes.changed {
                items.iter_mut().filter(|item| item.draft.key == draft.key).for_each(|item| item.draft = draft.clone());
            }
        }
        Ok(())
    }

    async fn move_to(&self, _: &str, key: &str, status: Status, reason: &str, by: &Author) -> Result<(), BacklogError> {
        self.check()?;
        if self.again(by) {
            return Ok(());
        }
        let mut items = self.items.lock().unwrap();
        let keys: Vec<_> = items.iter().map(|item| item.draft.key.clone()).collect();
        let found = items.iter_mut().find(|item| item.draft.key == key);
        let found = found.ok_or_else(|| unknown(key, keys.iter().map(String::as_str)))?;
        if !follows(found.status, status) {
            return Err(Refusal::Conflict { key: key.to_owned(), before: found.status, after: status, by_person: false }.into());
        }
        let moved = Move { at: 1, before: Some(found.status), after: status, reason: reason.to_owned(), by: by.mover() };
        found.status = status;
        self.moves.lock().unwrap().push((key.to_owned(), moved));
        Ok(())
    }

    async fn assign(&self, _: &str, key: &str, assignee: Option<&str>, branch: Option<&str>, _: &Author) -> Result<(), BacklogError> {
        self.check()?;
        for item in self.items.lock().unwrap().iter_mut().filter(|item| item.draft.key == key) {
            (item.assignee, item.branch) = (assignee.map(str::to_owned), branch.map(str::to_owned));
        }
        Ok(())
    }

    async fn label(&self, project: &str, key: &str, added: &[String], removed: &[String], by: &Author) -> Result<Labels, BacklogError> {
        let mut draft = self.item(project, key).await?.draft;
        draft.labels = draft.labels.with(added, removed);
        self.put(project, std::slice::from_ref(&draft), by).await?;
        Ok(draft.labels)
    }

    async fn items(&self, _: &str, _: bool) -> Result<Vec<Item>, BacklogError> {
        self.check()?;
        Ok(self.items.lock().unwrap().clone())
    }

    async fn item(&self, project: &str, key: &str) -> Result<Item, BacklogError> {
        Ok(self.load_written(project, key).await?.0)
    }

    async fn load_written(&self, _: &str, key: &str) -> Result<(Item, Option<String>), BacklogError> {
        self.check()?;
        let items = self.items.lock().unwrap();
        let found = items.iter().find(|item| item.draft.key == key).cloned();
        let found = found.ok_or_else(|| unknown(key, items.iter().map(|item| item.draft.key.as_str())))?;
        Ok((found, self.written.lock().unwrap().get(key).cloned()))
    }

    async fn mark_written(&self, _: &str, bodies: Vec<(String, String)>) -> Result<(), BacklogError> {
        self.written.lock().unwrap().extend(bodies);
        Ok(())
    }

    async fn history(&self, _: &str, key: &str) -> Result<Vec<Move>, BacklogError> {
        self.check()?;
        Ok(self.moves.lock().unwrap().iter().filter(|(other, _)| other == key).map(|(_, moved)| moved.clone()).collect())
    }
}

/// Files in memory; those in `refused` cannot be touched.
#[derive(Default)]
struct Files {
    texts: Mutex<BTreeMap<String, String>>,
    refused: Mutex<Vec<(String, CallError)>>,
}

impl Files {
    fn check(&self, path: &str) -> Result<(), CallError> {
        let refused = self.refused.lock().unwrap();
        refused.iter().find(|(other, _)| other == path).map_or(Ok(()), |(_, error)| Err(error.clone()))
    }
}

impl Documents for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError> {
        self.check(path)?;
        Ok(self.texts.lock().unwrap().get(path).map(|text| text.clone().into_bytes()))
    }

    fn write(&self, path: &str, content: &str, _: &Attempt) -> Result<(), CallError> {
        self.texts.lock().unwrap().insert(path.to_owned(), content.to_owned());
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, CallError> {
        let texts = self.texts.lock().unwrap();
        Ok(texts.keys().filter(|path| path.starts_with(folder)).map(|path| Entry { path: path.clone(), form: Form::File }).collect())
    }
}

struct Scene {
    bench: Bench,
    memory: Arc<Memory>,
    files: Arc<Files>,
    backlog: Arc<dyn Backlog>,
    documents: Arc<dyn Documents>,
}

impl Scene {
    fn new() -> Self {
        let (memory, files) = (Arc::new(Memory::default()), Arc::new(Files::default()));
        Self { bench: Bench::new(), backlog: memory.clone(), documents: files.clone(), memory, files }
    }

    fn view<'a>(&'a self, recorder: &'a mut Recorder) -> View<'a> {
        View { recorder, backlog: &self.backlog, documents: &self.documents, project: "demo" }
    }
}

fn asked(kind: wit::Kind, key: &str, after: &[&str]) -> wit::Draft {
    let after = after.iter().map(|key| (*key).to_owned()).collect();
    wit::Draft {
        kind,
        key: key.to_owned(),
        title: "T".to_owned(),
        body: "B".to_owned(),
        parent: None,
        after,
        priority: 5,
        labels: Vec::new(),
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn items_are_put_moved_and_told() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let run = recorder.run().to_string();
    let mut view = scene.view(&mut recorder);
    view.put(vec![asked(wit::Kind::Story, "a", &[]), asked(wit::Kind::Task, "b", &["a"])]).await.unwrap();
    let ready = view.ready().await.unwrap();
    assert_eq!(ready.iter().map(|item| item.draft.key.as_str()).collect::<Vec<_>>(), ["a"]);
    view.move_to("a".into(), wit::Status::InProgress, "Mine.".into()).await.unwrap();
    assert!(matches!(
        refusal(view.move_to("a".into(), wit::Status::InProgress, "Mine too.".into()).await),
        CallError { kind: ErrorKind::Conflict, .. }
    ));
    view.assign("a".into(), Some("amelia".into()), Some("story/a".into())).await.unwrap();
    view.move_to("a".into(), wit::Status::Done, String::new()).await.unwrap();
    let refused = refusal(view.move_to("a".into(), wit::Status::Todo, String::new()).await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("A run cannot reopen what is done")),
        "{refused}"
    );
    let item = view.get("a".into()).await.unwrap();
    assert_eq!((item.status, item.assignee.as_deref(), item.branch.as_deref()), (wit::Status::Done, Some("amelia"), Some("story/a")));
    let history = view.history("a".into()).await.unwrap();
    assert_eq!((history.len(), history[0].run.as_ref(), history[0].reason.as_str()), (2, Some(&run), "Mine."));
    assert!(matches!(refusal(view.get("ghost".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(matches!(refusal(view.put(vec![asked(wit::Kind::Story, "c", &["ghost"])]).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert_eq!(view.all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn labels_are_written_down_sorted_and_only_where_there_are_some() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    let labelled = |labels: &[&str]| {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        vec![wit::Draft { labels, ..asked(wit::Kind::Story, "a", &[]) }]
    };
    view.put(labelled(&[])).await.unwrap();
    view.put(labelled(&["ui", "area/checkout"])).await.unwrap();
    assert_eq!(view.get("a".into()).await.unwrap().draft.labels, ["area/checkout", "ui"]);
    let error = refusal(view.put(labelled(&["ui", "A b"])).await);
    assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("A b")));
    let error = refusal(view.put(labelled(&["ui", "ui"])).await);
    assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("ui")));
    let written = scene.bench.journal.written().into_iter().map(|written| written.entry);
    let asked: Vec<_> = written.filter(|entry| entry.call == "backlog.put" && entry.answer.is_none()).collect();
    let labels =
        |place: usize| serde_json::from_str::<serde_json::Value>(&asked[place].request).unwrap()["items"][0].get("labels").cloned();
    assert_eq!((labels(0), labels(1)), (None, Some(serde_json::json!(["area/checkout", "ui"]))));
}

#[tokio::test]
async fn what_is_no_key_does_not_reach_the_gate() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    assert!(matches!(refusal(view.get("../x".into()).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(refusal(view.history("A".into()).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(
        refusal(view.move_to("a/b".into(), wit::Status::Done, String::new()).await),
        CallError { kind: ErrorKind::Invalid, .. }
    ));
    assert!(matches!(
        refusal(view.move_to("a".into(), wit::Status::Done, "x".repeat(5000)).await),
        CallError { kind: ErrorKind::Invalid, .. }
    ));
    assert!(matches!(refusal(view.assign("a".into(), Some("\n".into()), None).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(scene.bench.journal.written().is_empty());
}

#[tokio::test]
async fn looking_and_changing_are_granted_apart() {
    let scene = Scene::new();
    scene.bench.authority.deny(BACKLOG.word, "write");
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    view.all().await.unwrap();
    view.ready().await.unwrap();
    assert!(matches!(refusal(view.put(vec![asked(wit::Kind::Story, "a", &[])]).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.move_to("a".into(), wit::Status::Done, String::new()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.assign("a".into(), None, None).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.write_documents().await), CallError { kind: ErrorKind::Denied, .. }));
    scene.bench.authority.relent();
    scene.bench.authority.deny(BACKLOG.word, "read");
    view.put(vec![asked(wit::Kind::Story, "a", &[])]).await.unwrap();
    assert!(matches!(refusal(view.all().await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.ready().await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.get("a".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.history("a".into()).await), CallError { kind: ErrorKind::Denied, .. }));
}

#[tokio::test]
async fn a_move_that_was_cut_off_is_made_once() {
    let scene = Scene::new();
    scene.memory.items.lock().unwrap().push(item(story("a", &[]), Status::Todo));
    let mut recorder = scene.bench.recorder();
    scene.view(&mut recorder).move_to("a".into(), wit::Status::Review, String::new()).await.unwrap();
    let mut cut_off = scene.bench.journal.history();
    cut_off[0].state = EntryState::Intended;
    cut_off[0].answer = None;
    let mut recorder = scene.bench.resumed_from(cut_off);
    scene.view(&mut recorder).move_to("a".into(), wit::Status::Review, String::new()).await.unwrap();
    assert_eq!(scene.memory.moves.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_broken_store_pauses_the_run() {
    let scene = Scene::new();
    *scene.memory.broken.lock().unwrap() = true;
    let mut recorder = scene.bench.recorder();
    let error = scene.view(&mut recorder).put(vec![asked(wit::Kind::Story, "a", &[])]).await.unwrap_err();
    assert!(matches!(&error, Fault::Interrupt(Interrupt::Paused(pause)) if pause.reason.contains("disk is full")), "{error:?}");
}

#[tokio::test]
async fn documents_are_written_once_and_what_is_strange_is_told() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    view.put(vec![asked(wit::Kind::Story, "a", &[]), asked(wit::Kind::Task, "b", &["a"])]).await.unwrap();
    let changed = view.write_documents().await.unwrap();
    assert_eq!(changed, ["docs/stories/a.md", "docs/stories/b.md", documents::SPRINT_STATUS, documents::OVERVIEW]);
    assert!(view.write_documents().await.unwrap().is_empty());

    let edited = scene.files.texts.lock().unwrap()["docs/stories/a.md"].replace("\nB\n", "\nB, and more\n");
    scene.files.texts.lock().unwrap().insert("docs/stories/a.md".to_owned(), edited.clone());
    scene.files.refused.lock().unwrap().push(("docs/stories/b.md".to_owned(), CallError::invalid("A pipe.")));
    view.move_to("a".into(), wit::Status::Review, String::new()).await.unwrap();
    view.move_to("b".into(), wit::Status::Blocked, String::new()).await.unwrap();
    let changed = view.write_documents().await.unwrap();
    assert_eq!(changed, ["docs/stories/a.md", documents::SPRINT_STATUS, documents::OVERVIEW]);
    assert_eq!(scene.files.texts.lock().unwrap()["docs/stories/a.md"], edited.replace("status: todo", "status: review"));
    let told = scene.bench.journal.events().into_iter().filter(|event| event.name == "document_left").map(|event| event.data);
    assert_eq!(told.collect::<Vec<_>>(), [serde_json::json!({ "path": "docs/stories/b.md", "reason": "A pipe." })]);

    scene.files.refused.lock().unwrap().clear();
    let newer = wit::Draft { body: "Other".to_owned(), ..asked(wit::Kind::Story, "a", &[]) };
    view.put(vec![newer]).await.unwrap();
    assert_eq!(view.write_documents().await.unwrap(), ["docs/stories/a.md", "docs/stories/b.md"]);
    assert!(scene.files.texts.lock().unwrap()["docs/stories/a.md"].ends_with("---\n\nOther\n"));

    scene.files.refused.lock().unwrap().push(("docs/stories/a.md".to_owned(), CallError::unavailable("The disk is full.")));
    let error = view.write_documents().await.unwrap_err();
    assert!(matches!(&error, Fault::Interrupt(Interrupt::Paused(pause)) if pause.reason.contains("disk is full")), "{error:?}");
}
