use serde_json::json;

use super::{child, fresh, id, run};
use crate::{
    actor::Actor,
    events::{Category, Draft, EventLog},
    interfaces::llm::money::{Amount, BudgetStore, Ledger, PostingFilter, Scope},
    kernel::run::Runs,
};

#[tokio::test]
async fn a_reply_is_posted_to_whoever_asked_and_whoever_started_that() {
    let (_folder, store) = fresh().await;
    store.add(&run("plan"), u64::MAX, Vec::new()).await.unwrap();
    let mary = crate::kernel::run::Run { plugin: "mary".to_owned(), ..child("mary", "plan", 3) };
    store.add(&mary, u64::MAX, Vec::new()).await.unwrap();
    let reply = |seq: u64, cost: serde_json::Value| {
        let data = json!({ "seq": seq, "model": "a/b", "input_tokens": 7, "output_tokens": 2, "cost_usd": cost });
        Draft::for_test(Category::Llm, "completed", Some(&mary.id), data)
    };
    let other = Draft::for_test(Category::Llm, "repeated", Some(&mary.id), json!({ "seq": 1 }));
    store.append(vec![reply(1, json!(0.1)), other, reply(2, json!(null)), reply(3, json!(0.000_000_2))]).await.unwrap();
    let postings = store.postings(&PostingFilter::default(), 0, 10).await.unwrap();
    assert_eq!(
        postings.iter().map(|posting| posting.charge.cost).collect::<Vec<_>>(),
        [Amount::from_dollars(0.1), None, Some(Amount::billionths(200))]
    );
    let first = &postings[0];
    assert_eq!((first.seq, first.charge.input_tokens, first.plugin.as_str(), first.workflow.as_str()), (1, 7, "mary", "hello"));
    assert_eq!((&first.root, first.project.as_str()), (&id("plan"), "demo"));
    let since = PostingFilter { since: first.at + 1_000_000, ..PostingFilter::default() };
    assert_eq!(store.postings(&since, 0, 10).await.unwrap(), []);
    assert_eq!(store.postings(&PostingFilter::default(), first.cursor, 1).await.unwrap(), [postings[1].clone()]);
}

#[tokio::test]
async fn a_budget_is_set_changed_and_taken_away() {
    let (_folder, store) = fresh().await;
    let (all, run) = (Scope::Organisation, Scope::Run(id("a")));
    let dollars = |text: &str| Some(text.parse::<Amount>().unwrap());
    for (scope, amount) in
        [(&all, dollars("5")), (&run, dollars("1")), (&run, dollars("2.5")), (&Scope::Project("'; --".to_owned()), dollars("3"))]
    {
        store.set_budget(scope, amount, &Actor::operator("ann")).await.unwrap();
    }
    store.set_budget(&all, None, &Actor::operator("bob")).await.unwrap();
    let kept: Vec<_> = store.budgets().await.unwrap().into_iter().map(|budget| (budget.scope, budget.amount.to_string())).collect();
    assert_eq!(kept, [(Scope::Project("'; --".to_owned()), "3.00".to_owned()), (run, "2.50".to_owned())]);
    let told = store.after(0, None, 10).await.unwrap();
    assert_eq!(told.len(), 5);
    assert_eq!((&told[4].draft.actor, &told[4].draft.data["usd"]), (&Some(Actor::operator("bob")), &json!(null)));
}
