use sqlx::Row;

use super::{HOSTILE, fresh, id, open};
use crate::{
    actor::Actor,
    events::{Category, EventLog},
    interfaces::backlog::{Author, Backlog, BacklogError, Draft, Graph, Item, Kind, Labels, MOST_ITEMS, Mover, Refusal, Status},
};

fn person() -> Author {
    Author::Person(Actor::operator("ada"))
}

fn call(seq: u64) -> Author {
    Author::Call { run: id("r"), call: format!("r:{seq}") }
}

fn story(key: &str, after: &[&str]) -> Draft {
    let after = after.iter().map(|key| (*key).to_owned()).collect();
    Draft {
        key: key.to_owned(),
        kind: Kind::Story,
        title: format!("About {key}"),
        body: "B".to_owned(),
        parent: None,
        after,
        priority: 5,
        labels: Labels::default(),
    }
}

fn labels(given: &[&str]) -> Labels {
    given.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>().into()
}

fn told(items: &[Item]) -> Vec<(&str, Status)> {
    items.iter().map(|item| (item.draft.key.as_str(), item.status)).collect()
}

#[tokio::test]
async fn items_come_back_in_order_after_a_restart() {
    let (folder, store) = fresh().await;
    let epic = Draft { kind: Kind::Epic, ..story("1", &[]) };
    let below = |key: &str, after: &[&str]| Draft { parent: Some("1".to_owned()), ..story(key, after) };
    store.put("demo", &[below("1-10", &["1-2"]), below("1-2", &[]), epic.clone()], &person()).await.unwrap();
    store.put("other", &[story("1", &[])], &person()).await.unwrap();
    drop(store);
    let store = open(folder.path()).await;
    let items = store.items("demo", false).await.unwrap();
    assert_eq!(told(&items), [("1", Status::Todo), ("1-2", Status::Todo), ("1-10", Status::Todo)]);
    assert!(items.iter().all(|item| item.draft.body.is_empty()));
    assert_eq!(store.item("demo", "1-10").await.unwrap().draft, below("1-10", &["1-2"]));
    assert_eq!(store.items("demo", true).await.unwrap()[0].draft, epic);
    let history = store.history("demo", "1-2").await.unwrap();
    assert_eq!((history.len(), history[0].before, history[0].after), (1, None, Status::Todo));
    assert_eq!(history[0].by, Mover::Person("ada".to_owned()));
}

#[tokio::test]
async fn all_or_none_is_put() {
    let (_folder, store) = fresh().await;
    store.put("demo", &[story("a", &[])], &person()).await.unwrap();
    let circle = store.put("demo", &[story("b", &["c"]), story("c", &["a", "b"])], &call(1)).await;
    assert_eq!(circle, Err(BacklogError::Refused(Refusal::Cycle(vec!["b".into(), "c".into(), "b".into()]))));
    let back = store.put("demo", &[story("a", &["a"])], &call(2)).await;
    assert!(matches!(back, Err(BacklogError::Refused(Refusal::Cycle(_)))), "{back:?}");
    assert_eq!(told(&store.items("demo", false).await.unwrap()).len(), 1);
    assert_eq!(store.latest(Category::Item, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn labels_come_back_sorted_and_are_changed_one_by_one() {
    let (folder, store) = fresh().await;
    store.put("demo", &[Draft { labels: labels(&["ui", "area/a"]), ..story("a", &[]) }, story("b", &[])], &person()).await.unwrap();
    drop(store);
    let store = open(folder.path()).await;
    let kept = async |key: &str| store.item("demo", key).await.unwrap().draft;
    assert_eq!((kept("a").await.labels, kept("b").await.labels), (labels(&["area/a", "ui"]), Labels::default()));
    assert_eq!(store.items("demo", false).await.unwrap()[0].draft.labels, labels(&["area/a", "ui"]));

    let change = async |key: &str, added: &[&str], removed: &[&str]| {
        store.label("demo", key, labels(added).as_slice(), labels(removed).as_slice(), &person()).await
    };
    assert_eq!(change("a", &["b", "ui"], &["area/a", "ghost"]).await, Ok(labels(&["b", "ui"])));
    assert_eq!(kept("a").await, Draft { labels: labels(&["b", "ui"]), ..story("a", &[]) });
    assert_eq!(change("a", &["b"], &[]).await, Ok(labels(&["b", "ui"])));
    assert_eq!(change("a", &["A"], &[]).await, Err(BacklogError::Refused(Refusal::Label("A".to_owned()))));
    let many: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let many = change("a", &many.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await;
    assert_eq!(many, Err(BacklogError::Refused(Refusal::Labels { key: "a".to_owned(), count: 22 })));
    assert!(matches!(change("ghost", &["b"], &[]).await, Err(BacklogError::Refused(Refusal::Unknown { .. }))));
    store.put("demo", &[Draft { labels: labels(&["ui", "b"]), ..story("a", &[]) }], &call(1)).await.unwrap();
    store.put("demo", &[story("a", &[])], &call(2)).await.unwrap();
    assert_eq!(kept("a").await.labels, Labels::default());
    let events = store.after(0, None, 100).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.draft.name.as_str(), event.draft.data["labels"].to_string())).collect();
    let expected = [("added", r#"["area/a","ui"]"#), ("added", "[]"), ("changed", r#"["b","ui"]"#), ("changed", "[]")];
    assert_eq!(told, expected.map(|(name, labels)| (name, labels.to_owned())), "what changes nothing is no event");
}

#[tokio::test]
async fn a_call_is_done_once_whatever_happened_since() {
    let (_folder, store) = fresh().await;
    for _ in 0..2 {
        store.put("demo", &[story("a", &[])], &call(1)).await.unwrap();
    }
    store.put("demo", &[Draft { title: "Changed".to_owned(), ..story("a", &[]) }], &person()).await.unwrap();
    store.put("demo", &[story("a", &[])], &call(1)).await.unwrap();
    assert_eq!(store.item("demo", "a").await.unwrap().draft.title, "Changed");
    for _ in 0..3 {
        store.move_to("demo", "a", Status::InProgress, "Mine.", &call(2)).await.unwrap();
        store.assign("demo", "a", Some("amelia"), Some("story/a"), &call(3)).await.unwrap();
    }
    store.move_to("demo", "a", Status::Todo, "Not mine.", &person()).await.unwrap();
    store.move_to("demo", "a", Status::InProgress, "Mine.", &call(2)).await.unwrap();
    let item = store.item("demo", "a").await.unwrap();
    assert_eq!((item.status, item.assignee.as_deref(), item.branch.as_deref()), (Status::Todo, Some("amelia"), Some("story/a")));
    let history = store.history("demo", "a").await.unwrap();
    let moves: Vec<_> = history.iter().map(|moved| (moved.before, moved.after, moved.reason.as_str())).collect();
    assert_eq!(
        moves,
        [
            (None, Status::Todo, ""),
            (Some(Status::Todo), Status::InProgress, "Mine."),
            (Some(Status::InProgress), Status::Todo, "Not mine.")
        ]
    );
    assert_eq!(history[1].by, Mover::Run(id("r")));
    let events = store.after(0, None, 100).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.draft.name.as_str()).collect();
    assert_eq!(names, ["added", "changed", "moved", "assigned", "moved"]);
    assert_eq!(events[2].draft.run, Some(id("r")));
    assert_eq!((&events[4].draft.actor, &events[4].draft.data["before"]), (&Some(Actor::operator("ada")), &"in-progress".into()));
}

#[tokio::test]
async fn what_cannot_follow_is_a_conflict_and_what_is_not_there_is_unknown() {
    let (_folder, store) = fresh().await;
    store.put("demo", &[story("1-1-init", &[])], &person()).await.unwrap();
    store.move_to("demo", "1-1-init", Status::Done, "", &person()).await.unwrap();
    let late = store.move_to("demo", "1-1-init", Status::Todo, "", &call(1)).await;
    assert!(matches!(late, Err(BacklogError::Refused(Refusal::Conflict { before: Status::Done, after: Status::Todo, .. }))), "{late:?}");
    let unknown = |result: Result<(), BacklogError>| {
        let Err(BacklogError::Refused(Refusal::Unknown { near, .. })) = result else { panic!("{result:?}") };
        assert_eq!(near, ["1-1-init"]);
    };
    unknown(store.move_to("demo", "1-1-inti", Status::Done, "", &person()).await);
    unknown(store.assign("demo", "1-1-inti", None, None, &person()).await);
    unknown(store.item("demo", "1-1-inti").await.map(drop));
    unknown(store.history("demo", "1-1-inti").await.map(drop));
    unknown(store.load_written("demo", "1-1-inti").await.map(drop));
}

#[tokio::test]
async fn any_text_comes_back() {
    let (_folder, store) = fresh().await;
    for (place, text) in HOSTILE.iter().enumerate() {
        let key = format!("k{place}");
        let title = format!("t{text}").replace(['\n', '\r', '\t', '\u{7f}'], " ");
        let body = text.replace('\u{7f}', "");
        store
            .put(text, &[Draft { title: title.clone(), body: body.clone(), ..story(&key, &[]) }], &Author::Person(Actor::operator(text)))
            .await
            .unwrap();
        store.move_to(text, &key, Status::Blocked, text, &person()).await.unwrap();
        let item = store.item(text, &key).await.unwrap();
        assert_eq!((item.draft.title, item.draft.body), (title, body));
        assert_eq!(store.history(text, &key).await.unwrap()[1].reason, *text);
        store.mark_written(text, vec![(key.clone(), (*text).to_owned())]).await.unwrap();
        assert_eq!(store.load_written(text, &key).await.unwrap().1.as_deref(), Some(*text));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_take_an_item_one_has_it() {
    let (_folder, store) = fresh().await;
    let store = &store;
    store.put("demo", &[story("a", &[])], &person()).await.unwrap();
    let takers = (0..50).map(|seq| async move { store.move_to("demo", "a", Status::InProgress, "Mine.", &call(seq)).await });
    let outcomes = futures::future::join_all(takers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(store.history("demo", "a").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_backlog_holds_so_many_items_and_no_more() {
    let (_folder, store) = fresh().await;
    let drafts = (0..MOST_ITEMS).map(|number| match number {
        0..100 => story(&number.to_string(), &[]),
        number => story(&number.to_string(), &[&(number - 100).to_string(), &(number % 100).to_string()]),
    });
    let drafts: Vec<_> = drafts.collect();
    store.put("demo", &drafts, &person()).await.unwrap();
    assert!(matches!(store.put("demo", &[story("more", &[])], &person()).await, Err(BacklogError::Refused(Refusal::TooMany(_)))));
    let items = store.items("demo", false).await.unwrap();
    let ready = Graph::of(&items).unwrap().ready();
    assert_eq!((items.len(), ready.len()), (MOST_ITEMS, 100));
    let rows = sqlx::query("select count(*) from item_moves").fetch_one(&store.reads).await.unwrap();
    assert_eq!(rows.try_get::<i64, _>(0).unwrap(), i64::try_from(MOST_ITEMS).unwrap());
}
