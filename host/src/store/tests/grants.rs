use serde_json::json;

use super::{HOSTILE, fresh, open};
use crate::{
    events::{Category, Draft, EventLog},
    kernel::{
        grants::{Decision, GrantState, Grants, LimitedGrant, Rule, Ruling, Terms},
        permissions::Patterns,
    },
};

fn patterns(list: &[&str]) -> Patterns {
    [("write".to_owned(), list.iter().map(ToString::to_string).collect())].into_iter().collect()
}

fn decision(plugin: &str, hash: &str, granted: &[&str]) -> Decision {
    Decision {
        plugin: plugin.to_owned(),
        hash: hash.to_owned(),
        grant_state: GrantState { granted: patterns(granted), withheld: patterns(&["src/**"]), ..GrantState::default() },
        decided_at: 7,
        decided_by: "ada".to_owned(),
        revision: 0,
    }
}

fn granted() -> Vec<Draft> {
    vec![Draft::for_test(Category::Audit, "granted", None, json!({ "by": "ada" }))]
}

#[tokio::test]
async fn a_decision_is_kept_with_its_event_and_counted() {
    let (folder, store) = fresh().await;
    assert_eq!(store.revision().await.unwrap(), 0);
    assert!(store.decide(&decision("scribe", "aa", &["docs/**"]), 0, granted()).await.unwrap());
    assert!(store.decide(&decision("scribe", "bb", &[]), 0, Vec::new()).await.unwrap());
    assert_eq!(store.revision().await.unwrap(), 2);
    let mut again = decision("scribe", "aa", &["out/**"]);
    again.grant_state.disabled = true;
    again.grant_state.reaches_less = true;
    let terms = Terms { project: Some("shop".to_owned()), until: Some(9) };
    again.grant_state.limited = vec![LimitedGrant { terms, granted: patterns(&["src/a"]) }];
    assert!(store.decide(&again, 1, granted()).await.unwrap());
    store.close().await;
    let store = open(folder.path()).await;
    let (first, second) = (Decision { revision: 2, ..decision("scribe", "bb", &[]) }, Decision { revision: 3, ..again });
    assert_eq!(store.decisions().await.unwrap(), [first, second]);
    assert_eq!(store.after(0, None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_decision_on_something_that_changed_meanwhile_changes_nothing() {
    let (_folder, store) = fresh().await;
    assert!(!store.decide(&decision("scribe", "aa", &[]), 5, granted()).await.unwrap());
    assert!(store.decide(&decision("scribe", "aa", &["docs/**"]), 0, Vec::new()).await.unwrap());
    assert!(!store.decide(&decision("scribe", "aa", &["**"]), 0, granted()).await.unwrap());
    assert_eq!(store.decisions().await.unwrap()[0].grant_state.granted, patterns(&["docs/**"]));
    assert!(store.after(0, None, 10).await.unwrap().is_empty(), "what was not decided is not told");
}

#[tokio::test]
async fn two_processes_decide_in_one_order() {
    let (folder, first) = fresh().await;
    let second = open(folder.path()).await;
    for number in 0..20_u64 {
        let (one, other) = (decision("scribe", "aa", &[]), decision("clerk", "cc", &[]));
        let (one_expected, other_expected) = ((number * 2).saturating_sub(1), number * 2);
        assert!(first.decide(&one, one_expected, granted()).await.unwrap());
        assert!(second.decide(&other, other_expected, granted()).await.unwrap());
    }
    assert_eq!((first.revision().await.unwrap(), second.revision().await.unwrap()), (40, 40));
    assert_eq!(first.after(0, None, 100).await.unwrap().len(), 40);
}

#[tokio::test]
async fn whatever_a_plugin_is_called_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    for (number, text) in HOSTILE.iter().enumerate() {
        let decision = Decision { decided_by: (*text).to_owned(), ..decision(text, text, &[text]) };
        assert!(store.decide(&decision, 0, Vec::new()).await.unwrap());
        let kept = store.decisions().await.unwrap().pop().unwrap();
        assert_eq!(kept, Decision { revision: number as u64 + 1, ..decision });
    }
}

#[tokio::test]
async fn a_stopped_plugin_stays_stopped_until_it_is_decided_again() {
    let (folder, store) = fresh().await;
    let mut stopped = decision("scribe", "aa", &["docs/**"]);
    stopped.grant_state.tripped = Some(5);
    assert!(store.decide(&stopped, 0, Vec::new()).await.unwrap());
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(store.decisions().await.unwrap(), [Decision { revision: 1, ..stopped }]);
    assert!(store.decide(&decision("scribe", "aa", &["docs/**"]), 1, Vec::new()).await.unwrap());
    assert_eq!(store.decisions().await.unwrap()[0].grant_state.tripped, None);
}

fn ruling(plugin: &str, rule: Rule) -> Ruling {
    Ruling { plugin: plugin.to_owned(), rule, decided_at: 7, decided_by: "ada".to_owned(), revision: 0 }
}

#[tokio::test]
async fn what_is_decided_by_name_is_counted_with_all_else() {
    let (folder, store) = fresh().await;
    let write = Rule::TakenBack { kinds: ["write".to_owned()].into(), rest: patterns(&["docs/**"]) };
    assert!(store.decide(&decision("scribe", "aa", &["docs/**"]), 0, Vec::new()).await.unwrap());
    assert!(store.rule(&ruling("scribe", write.clone()), Some(&decision("scribe", "bb", &[])), 0, granted()).await.unwrap());
    assert!(!store.decide(&decision("scribe", "aa", &["**"]), 1, granted()).await.unwrap(), "somebody decided of its name meanwhile");
    assert!(!store.rule(&ruling("scribe", Rule::Forgotten), None, 1, granted()).await.unwrap());
    for (expected, rule) in [(2, Rule::Disabled), (4, Rule::Enabled), (5, Rule::Forgotten)] {
        assert!(store.rule(&ruling("scribe", rule), None, expected, Vec::new()).await.unwrap());
    }
    assert!(store.decide(&decision("clerk", "cc", &[]), 0, Vec::new()).await.unwrap(), "another name is another matter");
    store.close().await;
    let store = open(folder.path()).await;
    let kept = store.rulings().await.unwrap().into_iter().map(|ruling| (ruling.revision, ruling.rule)).collect::<Vec<_>>();
    assert_eq!(kept, [(2, write), (4, Rule::Disabled), (5, Rule::Enabled), (6, Rule::Forgotten)]);
    let versions = store.decisions().await.unwrap().into_iter().map(|decision| (decision.revision, decision.hash)).collect::<Vec<_>>();
    assert_eq!(versions, [(1, "aa".to_owned()), (3, "bb".to_owned()), (7, "cc".to_owned())]);
    assert_eq!((store.revision().await.unwrap(), store.after(0, None, 10).await.unwrap().len()), (7, 1));
}
