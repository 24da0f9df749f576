use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::{HOSTILE, child, draft, fresh, id, open, run};
use crate::{
    events::{Category, Draft, EventLog, Search},
    kernel::run::{Run, Runs},
};

#[tokio::test]
async fn events_are_counted_from_one_and_read_from_a_cursor() {
    let (_folder, store) = fresh().await;
    store.append(vec![draft("a", "one", json!({})), draft("b", "two", json!({}))]).await.unwrap();
    store.append(vec![Draft::for_test(Category::System, "three", None, json!({}))]).await.unwrap();
    let cursors = |events: Vec<crate::events::Event>| events.iter().map(|event| event.cursor).collect::<Vec<_>>();
    assert_eq!(cursors(store.after(0, None, 10).await.unwrap()), [1, 2, 3]);
    assert_eq!(cursors(store.after(1, None, 1).await.unwrap()), [2]);
    assert_eq!(cursors(store.after(0, Some(&id("b")), 10).await.unwrap()), [2]);
    assert_eq!(cursors(store.after(3, None, 10).await.unwrap()), [0; 0]);
    assert_eq!(cursors(store.after(i64::MIN, None, 0).await.unwrap()), [0; 0]);
    assert_eq!(store.after(2, None, 10).await.unwrap()[0].draft.run, None);
}

#[tokio::test]
async fn the_oldest_event_is_the_first_that_is_kept() {
    use sqlx::Connection as _;

    let (folder, store) = fresh().await;
    assert_eq!(store.oldest().await.unwrap(), 0);
    store.append((0..4).map(|count| draft("a", "tick", json!(count))).collect()).await.unwrap();
    assert_eq!((store.oldest().await.unwrap(), store.newest().await.unwrap()), (1, 4));
    let mut other = sqlx::AnyConnection::connect(&format!("sqlite://{}?mode=rw", folder.path().join("baton.db").display())).await.unwrap();
    sqlx::query("delete from events where cursor < 3").execute(&mut other).await.unwrap();
    assert_eq!((store.oldest().await.unwrap(), store.newest().await.unwrap()), (3, 4));
}

#[tokio::test]
async fn every_category_and_any_text_comes_back() {
    let (_folder, store) = fresh().await;
    let words = ["run", "agent", "llm", "tool", "git", "sandbox", "item", "question", "plugin", "auth", "audit", "system"];
    let mut drafts: Vec<_> = words.map(|word| Draft::for_test(Category::from_word(word).unwrap(), word, None, json!({}))).into();
    drafts.extend(HOSTILE.map(|text| draft(text, text, json!({ text: text, "nul": "\u{0}", "large": "x".repeat(1 << 20) }))));
    store.append(drafts.clone()).await.unwrap();
    let kept: Vec<_> = store.after(0, None, 100).await.unwrap().into_iter().map(|event| event.draft).collect();
    assert_eq!(kept, drafts);
}

#[tokio::test]
async fn a_listener_hears_what_is_durable_and_cursors_go_on_after_a_restart() {
    let (folder, store) = fresh().await;
    store.append(vec![draft("a", "before", json!({}))]).await.unwrap();
    let mut listener = store.listen();
    store.append(vec![draft("a", "after", json!({ "x": [1] }))]).await.unwrap();
    let heard = listener.recv().await.unwrap();
    assert_eq!(vec![heard], store.after(1, None, 10).await.unwrap());
    store.close().await;
    let store = open(folder.path()).await;
    store.append(vec![draft("a", "later", json!({}))]).await.unwrap();
    assert_eq!(store.after(2, None, 10).await.unwrap()[0].cursor, 3);
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_told_how_much_it_missed() {
    let (_folder, store) = fresh().await;
    let mut listener = store.listen();
    store.append((0..5_000).map(|count| draft("a", "tick", json!(count))).collect()).await.unwrap();
    assert!(matches!(listener.recv().await, Err(RecvError::Lagged(904))));
    assert_eq!(listener.recv().await.unwrap().cursor, 905);
    assert_eq!(store.after(0, None, 10_000).await.unwrap().len(), 5_000);
}

#[tokio::test]
async fn two_processes_that_both_write_give_each_cursor_once() {
    let (folder, first) = fresh().await;
    let second = open(folder.path()).await;
    for _ in 0..3 {
        first.append(vec![draft("a", "first", json!({}))]).await.unwrap();
        second.append(vec![draft("a", "second", json!({})), draft("a", "second", json!({}))]).await.unwrap();
    }
    let cursors: Vec<_> = first.after(0, None, 100).await.unwrap().iter().map(|event| event.cursor).collect();
    assert_eq!(cursors, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_search_narrows_by_each_of_its_conditions_in_both_orders() {
    let (_folder, store) = fresh().await;
    let of_item = Run { item: Some("1-2".to_owned()), project: "shop".to_owned(), ..run("a") };
    store.add(&of_item, u64::MAX, Vec::new()).await.unwrap();
    store.add(&child("b", "a", 1), u64::MAX, Vec::new()).await.unwrap();
    let of_host = |category, name, data| Draft::for_test(category, name, None, data);
    store
        .append(vec![
            draft("a", "log", json!({ "message": "Grün \"and\" BLUE" })),
            draft("b", "log", json!({ "message": "50% \\ done" })),
            of_host(Category::Item, "moved", json!({ "project": "shop", "key": "1-2" })),
            of_host(Category::Audit, "granted", json!({ "project": "other" })),
            of_host(Category::Plugin, "published", json!({ "project": 7 })),
        ])
        .await
        .unwrap();
    let found = async |search: Search| {
        let found = store.search(&Search { limit: 10, ..search }).await.unwrap();
        found.iter().map(|found| found.event.cursor).collect::<Vec<_>>()
    };
    let all = Search::default;
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    let text = |text: &str| Search { text: Some(text.to_owned()), ..all() };
    assert_eq!(found(all()).await, [1, 2, 3, 4, 5]);
    assert_eq!(found(Search { newest_first: true, after: 1, up_to: Some(4), ..all() }).await, [4, 3, 2]);
    assert_eq!(found(Search { projects: words(&["shop"]), ..all() }).await, [1, 3]);
    assert_eq!(found(Search { projects: words(&["shop", "other"]), ..all() }).await, [1, 3, 4]);
    assert_eq!(found(Search { projects: words(&[]), ..all() }).await, [0; 0]);
    assert_eq!(found(Search { item: Some("1-2".to_owned()), ..all() }).await, [1, 3]);
    assert_eq!(found(Search { category: Some(Category::Audit), ..all() }).await, [4]);
    assert_eq!(found(Search { category: Some(Category::Run), newest_first: true, ..all() }).await, [2, 1]);
    assert_eq!(found(Search { category: Some(Category::Audit), run: Some(id("a")), ..all() }).await, [0; 0]);
    assert_eq!(found(Search { kinds: words(&["item.moved", "run.log", "run"]), ..all() }).await, [1, 2, 3]);
    assert_eq!(found(Search { run: Some(id("a")), ..all() }).await, [1, 2]);
    assert_eq!(found(Search { run: Some(id("a")), newest_first: true, up_to: Some(1), ..all() }).await, [1]);
    assert_eq!(found(Search { run: Some(id("b")), ..all() }).await, [2]);
    assert_eq!((found(text("\"AND\" blue")).await, found(text("50% \\")).await, found(text("50_")).await), (vec![1], vec![2], vec![]));
    let projects = store.search(&Search { limit: 10, ..all() }).await.unwrap().into_iter().map(|found| found.project).collect::<Vec<_>>();
    assert_eq!(projects, [Some("shop"), Some("demo"), Some("shop"), Some("other"), Some("7")].map(|project| project.map(str::to_owned)));
}
