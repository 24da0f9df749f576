use serde_json::json;

use super::{fresh, run};
use crate::{
    events::{Category, Draft, EventLog},
    interfaces::knowledge::Memory,
    kernel::run::Runs,
};

#[tokio::test]
async fn what_runs_learned_is_read_out_of_their_events() {
    let (_folder, store) = fresh().await;
    let (here, elsewhere) = (run("a"), crate::kernel::run::Run { project: "other".to_owned(), ..run("b") });
    for run in [&here, &elsewhere] {
        store.add(run, u64::MAX, Vec::new()).await.unwrap();
    }
    let of = |category, name, data| Draft::for_test(category, name, Some(&here.id), data);
    let events = vec![
        of(Category::Run, "progress", json!({ "step": "x" })),
        of(Category::Agent, "remembered", json!({ "source": "style", "text": "Short." })),
        of(Category::Question, "decided", json!({ "question": "Tabs?", "answer": "No.", "reasoning": "The style says so." })),
        of(Category::Question, "answered", json!({ "question": "q-1", "text": "Name?", "answer": "Split", "source": "person" })),
        of(Category::Run, "failed", json!({ "reason": "The disk is full." })),
        Draft::for_test(Category::Agent, "remembered", Some(&elsewhere.id), json!({ "source": "theirs", "text": "Not ours." })),
    ];
    store.append(events).await.unwrap();
    let learned = store.list_learned(&here.project, 0, 10).await.unwrap();
    let told: Vec<_> = learned.iter().map(|learned| (learned.source.split('/').next().unwrap(), learned.text.as_str())).collect();
    let failed = format!("A run of {} failed: The disk is full.", here.plugin);
    assert_eq!(
        told,
        [
            ("notes", "Short."),
            ("decisions", "Question: Tabs?\nDecided: No.\nBecause: The style says so."),
            ("decisions", "Question: Name?\nA person answered: Split"),
            ("failures", failed.as_str()),
        ]
    );
    let answers: Vec<_> = learned.iter().map(|learned| learned.answers.as_deref()).collect();
    assert_eq!(answers, [None, None, Some("Name?"), None]);
    assert_eq!(store.list_learned(&here.project, learned[1].cursor, 1).await.unwrap(), [learned[2].clone()]);
    assert!(store.list_learned("nobody", 0, 10).await.unwrap().is_empty());
}
