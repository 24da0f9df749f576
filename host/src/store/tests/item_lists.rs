//! Lists of items a page at a time, compared with the whole backlog; places in a column; items removed.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyConnection, Connection, Executor};

use super::{fresh, open};
use crate::{
    actor::Actor,
    interfaces::backlog::{
        Author, Backlog, BacklogError, Draft, Graph, Item, ItemFilter, ItemLists, ItemOrder, Kind, Labels, ListPosition, Refusal, Status,
    },
    store::Store,
};

fn person() -> Author {
    Author::Person(Actor::operator("ada"))
}

fn draft(key: &str, kind: Kind, parent: Option<&str>, after: &[&str]) -> Draft {
    Draft {
        key: key.to_owned(),
        kind,
        title: format!("About {key}"),
        body: "B".to_owned(),
        parent: parent.map(str::to_owned),
        after: after.iter().map(|key| (*key).to_owned()).collect(),
        priority: 5,
        labels: Labels::default(),
    }
}

/// Three epics: the first is done with what is in it, the second waits for it, the third waits for the second.
async fn filled() -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh().await;
    let drafts = [
        draft("1", Kind::Epic, None, &[]),
        draft("2", Kind::Epic, None, &["1"]),
        draft("3", Kind::Epic, None, &["2"]),
        draft("1-1", Kind::Story, Some("1"), &[]),
        draft("1-2", Kind::Story, Some("1"), &[]),
        draft("2-1", Kind::Story, Some("2"), &[]),
        draft("2-2", Kind::Story, Some("2"), &["2-1"]),
        draft("2-10", Kind::Story, Some("2"), &["1-1"]),
        draft("2-1-task", Kind::Task, Some("2-1"), &[]),
        draft("3-1", Kind::Story, Some("3"), &["1-2"]),
        draft("alone", Kind::Task, None, &["3"]),
        Draft {
            title: "ÜBER Größe".to_owned(),
            labels: vec!["area/checkout".to_owned(), "ui".to_owned()].into(),
            priority: 9,
            ..draft("b", Kind::Story, None, &[])
        },
    ];
    store.put("demo", &drafts, &person()).await.unwrap();
    store.put("other", &[draft("1-1", Kind::Story, None, &[])], &person()).await.unwrap();
    for (key, status) in [("1-1", Status::Done), ("1-2", Status::Cancelled), ("2-1", Status::InProgress)] {
        store.move_to("demo", key, status, "", &person()).await.unwrap();
    }
    (folder, store)
}

async fn keys(store: &Store, filter: ItemFilter) -> Vec<String> {
    let rows = store.list_items("demo", &ItemFilter { limit: 100, ..filter }).await.unwrap();
    rows.items.into_iter().map(|item| item.draft.key).collect()
}

/// What people see of an item: its status, whether it can begin and what it waits for.
type Seen = (Status, bool, Vec<String>);

fn see(items: &[Item], shown: usize) -> BTreeMap<String, Seen> {
    let graph = Graph::of(items).unwrap();
    let seen = |place: usize| {
        let waits = graph.waits_for(place).into_iter().map(str::to_owned).collect();
        (items[place].draft.key.clone(), (graph.status(place), graph.is_ready(place), waits))
    };
    (0..shown).map(seen).collect()
}

#[tokio::test]
async fn pages_say_of_items_what_the_whole_backlog_says() {
    let (_folder, store) = filled().await;
    let whole = store.items("demo", false).await.unwrap();
    let expected = see(&whole, whole.len());
    for item in &whole {
        let (found, related) = store.load_item("demo", &item.draft.key).await.unwrap();
        let seen = see(&[vec![found], related].concat(), 1);
        assert_eq!(seen.get(&item.draft.key), expected.get(&item.draft.key), "by itself");
    }
    assert!(store.load_item("demo", "none").await.is_err());
    for limit in 1..=whole.len() as u32 {
        let (mut behind, mut found, mut order) = (None, BTreeMap::new(), Vec::new());
        loop {
            let rows = store.list_items("demo", &ItemFilter { behind, limit, ..ItemFilter::default() }).await.unwrap();
            let shown = rows.items.len();
            order.extend(rows.items.iter().map(|item| item.draft.key.clone()));
            behind = rows.items.last().map(|last| ListPosition { first: 0, key: last.draft.key.clone() });
            found.extend(see(&[rows.items, rows.related].concat(), shown));
            if shown < limit as usize {
                break;
            }
        }
        assert_eq!(found, expected, "pages of {limit}");
        for status in Status::ALL {
            let of_status = expected.iter().filter(|(_, seen)| seen.0 == status).map(|(key, _)| key.clone());
            let listed = keys(&store, ItemFilter { statuses: vec![status], ..ItemFilter::default() }).await;
            assert_eq!(BTreeSet::from_iter(listed), of_status.collect(), "{status:?}");
        }
        assert!(order.iter().eq(whole.iter().map(|item| &item.draft.key)), "{order:?}");
    }
}

#[tokio::test]
async fn a_filter_finds_what_it_names() {
    let (_folder, store) = filled().await;
    let none = ItemFilter::default;
    assert_eq!(
        keys(&store, ItemFilter { statuses: vec![Status::Done], ..none() }).await,
        ["1", "1-1"],
        "an epic is done with what is in it"
    );
    let epics = |status| ItemFilter { kinds: vec![Kind::Epic], statuses: vec![status], ..none() };
    assert_eq!(keys(&store, epics(Status::Todo)).await, ["3"]);
    assert_eq!(keys(&store, epics(Status::InProgress)).await, ["2"], "an epic is in progress with what is in it");
    assert_eq!(keys(&store, ItemFilter { parent: Some("2".to_owned()), ..none() }).await, ["2-1", "2-2", "2-10"]);
    for search in ["über", "größe", "checkout", "b"] {
        assert!(keys(&store, ItemFilter { search: Some(search.to_owned()), ..none() }).await.contains(&"b".to_owned()), "{search}");
    }
    for search in ["\"", "[", "ui\",\"", "%", "_", "' or 1 = 1 --"] {
        assert!(keys(&store, ItemFilter { search: Some(search.to_owned()), ..none() }).await.is_empty(), "{search}");
    }
    let labels = |labels: &[&str]| ItemFilter { labels: labels.iter().map(|label| (*label).to_owned()).collect(), ..none() };
    assert_eq!(keys(&store, labels(&["ui", "area/checkout"])).await, ["b"]);
    assert!(keys(&store, labels(&["ui", "area"])).await.is_empty());
    assert_eq!(keys(&store, ItemFilter { order: ItemOrder::Priority, ..none() }).await.first().map(String::as_str), Some("b"));
}

#[tokio::test]
async fn an_item_keeps_its_place_until_it_is_moved() {
    let (folder, store) = filled().await;
    let column = || ItemFilter {
        statuses: vec![Status::Todo],
        kinds: vec![Kind::Story, Kind::Task],
        order: ItemOrder::Place,
        ..ItemFilter::default()
    };
    assert_eq!(keys(&store, column()).await, ["2-1-task", "2-2", "2-10", "3-1", "alone", "b"]);
    store.place_item("demo", "b", 1, &person()).await.unwrap();
    store.place_item("demo", "3-1", 0, &person()).await.unwrap();
    let placed = ["3-1", "2-1-task", "b", "2-2", "2-10", "alone"];
    assert_eq!(keys(&store, column()).await, placed);
    let mut behind = None;
    for key in placed {
        let rows = store.list_items("demo", &ItemFilter { behind, limit: 1, ..column() }).await.unwrap();
        assert_eq!(rows.items[0].draft.key, key);
        behind = Some(ListPosition { first: rows.firsts[0], key: key.to_owned() });
    }
    store.place_item("demo", "2-2", 99, &person()).await.unwrap();
    assert_eq!(keys(&store, column()).await, ["3-1", "2-1-task", "b", "2-10", "alone", "2-2"]);
    drop(store);
    let store = open(folder.path()).await;
    store.move_to("demo", "b", Status::InProgress, "", &person()).await.unwrap();
    store.move_to("demo", "b", Status::Todo, "", &person()).await.unwrap();
    assert_eq!(keys(&store, column()).await, ["3-1", "2-1-task", "2-10", "alone", "2-2", "b"]);
    let unknown = store.place_item("demo", "none", 0, &person()).await.unwrap_err();
    assert!(matches!(unknown, BacklogError::Refused(Refusal::Unknown { .. })));
}

#[tokio::test]
async fn many_moves_to_one_place_leave_the_order_whole() {
    let (_folder, store) = fresh().await;
    let names: Vec<String> = (0..6).map(|number| format!("s-{number}")).collect();
    let drafts: Vec<_> = names.iter().map(|key| draft(key, Kind::Story, None, &[])).collect();
    store.put("demo", &drafts, &person()).await.unwrap();
    let mut expected = names.clone();
    for count in 0..60 {
        let key = expected.remove((count * 5) % 6);
        store.place_item("demo", &key, 1, &person()).await.unwrap();
        expected.insert(1, key);
        let filter = ItemFilter { order: ItemOrder::Place, ..ItemFilter::default() };
        assert_eq!(keys(&store, filter).await, expected, "after {count}");
    }
}

#[tokio::test]
async fn only_what_nothing_names_is_removed() {
    let (_folder, store) = filled().await;
    assert_eq!(store.remove_item("demo", "2-1", &person()).await.unwrap(), ["2-1-task", "2-2"]);
    assert!(store.item("demo", "2-1").await.is_ok());
    assert_eq!(store.remove_item("demo", "2-1-task", &person()).await.unwrap(), [""; 0]);
    assert!(store.item("demo", "2-1-task").await.is_err() && store.history("demo", "2-1-task").await.is_err());
    assert!(store.remove_item("demo", "2-1-task", &person()).await.is_err());
    assert!(store.item("other", "1-1").await.is_ok());
    // The key is free again, without what was.
    store.put("demo", &[draft("2-1-task", Kind::Task, None, &[])], &person()).await.unwrap();
    assert_eq!(store.history("demo", "2-1-task").await.unwrap().len(), 1);
}

#[tokio::test]
async fn items_from_before_there_were_lists_get_their_order() {
    let (folder, store) = filled().await;
    drop(store);
    let file = folder.path().join("baton.db");
    let mut connection = AnyConnection::connect(&format!("sqlite://{}?mode=rw", file.display())).await.unwrap();
    connection.execute("update items set sort_key = '', folded_title = ''").await.unwrap();
    connection.close().await.unwrap();
    let store = open(folder.path()).await;
    let counts = store.count_items(Some("demo")).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 12);
    assert_eq!(store.count_inside("demo").await.unwrap().len(), 6);
    let keys_in_order = keys(&store, ItemFilter::default()).await;
    assert!(keys_in_order.iter().eq(store.items("demo", false).await.unwrap().iter().map(|item| &item.draft.key)));
    assert_eq!(keys(&store, ItemFilter { search: Some("größe".to_owned()), ..ItemFilter::default() }).await, ["b"]);
}

/// Prints how long pages of 10,000 items take: `cargo test -p baton --lib pages_of_ten_thousand -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "measures"]
async fn pages_of_ten_thousand_items_are_quick() {
    let (_folder, store) = fresh().await;
    let mut drafts = Vec::new();
    for epic in 0..100 {
        let name = format!("e-{epic}");
        drafts.push(draft(&name, Kind::Epic, None, &[]));
        drafts.extend((0..99).map(|place| draft(&format!("s-{}", epic * 99 + place), Kind::Story, Some(&name), &[])));
    }
    store.put("demo", &drafts, &person()).await.unwrap();
    let none = || ItemFilter { limit: 51, ..ItemFilter::default() };
    let deep = Some(ListPosition { first: 0, key: "s-5000".to_owned() });
    for (what, filter) in [
        ("first page", none()),
        ("page in the middle", ItemFilter { behind: deep, ..none() }),
        ("by status", ItemFilter { statuses: vec![Status::Todo], order: ItemOrder::Priority, ..none() }),
        ("by place", ItemFilter { statuses: vec![Status::Todo], order: ItemOrder::Place, ..none() }),
        ("text that nothing has", ItemFilter { search: Some("nothing has this".to_owned()), ..none() }),
    ] {
        let mut took = Vec::new();
        for _ in 0..200 {
            let begun = std::time::Instant::now();
            store.list_items("demo", &filter).await.unwrap();
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        println!("{what}: p50 {:?}, p95 {:?}", took[100], took[190]);
    }
    let begun = std::time::Instant::now();
    store.items("demo", false).await.unwrap();
    println!("the whole backlog: {:?}", begun.elapsed());
}
