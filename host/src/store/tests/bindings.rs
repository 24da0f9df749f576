//! Bindings and approvals, as they are kept.

use serde_json::json;

use super::{Category, Draft, fresh};
use crate::kernel::slots::{Approval, Binding, BindingStore, Labels as _, Scope};
use crate::{actor::Actor, events::EventLog as _};

fn binding(project: Option<&str>, label: Option<&str>, plugin: &str) -> Binding {
    let scope = Scope { project: project.map(str::to_owned), label: label.map(str::to_owned) };
    Binding { scope, slot: "developer".to_owned(), plugin: plugin.to_owned(), bound_at: 5, bound_by: "ada".to_owned() }
}

fn told(name: &str) -> Vec<Draft> {
    vec![Draft::for_test(Category::Audit, name, None, json!({}))]
}

#[tokio::test]
async fn a_slot_is_bound_once_a_scope() {
    let (_folder, store) = fresh().await;
    let all =
        [binding(None, None, "a"), binding(None, Some("web"), "b"), binding(Some("p"), None, "c"), binding(Some("p"), Some("web"), "d")];
    for binding in &all {
        store.bind(binding, told("bound")).await.unwrap();
    }
    assert_eq!(store.bindings().await.unwrap(), all);
    store.bind(&binding(Some("p"), None, "e"), told("bound")).await.unwrap();
    assert_eq!(store.bindings().await.unwrap()[2].plugin, "e");
    assert!(store.unbind(&all[2].scope, "developer", told("unbound")).await.unwrap());
    assert!(!store.unbind(&all[2].scope, "developer", told("unbound")).await.unwrap());
    assert!(!store.unbind(&all[0].scope, "reviewer", told("unbound")).await.unwrap());
    assert_eq!(store.bindings().await.unwrap().len(), 3);
    let names: Vec<_> = store.after(0, None, 100).await.unwrap().into_iter().map(|event| event.draft.name).collect();
    assert_eq!(names, ["bound", "bound", "bound", "bound", "bound", "unbound"], "what changed nothing is not told");
}

#[tokio::test]
async fn an_approval_replaces_the_one_before_in_its_project_and_both_are_kept() {
    let (_folder, store) = fresh().await;
    let approve = async |project: &str, hash: &str| {
        let approval =
            Approval { project: project.to_owned(), hash: hash.to_owned(), bindings: json!({ "land": hash }), replaced_at: None };
        store.approve(&approval, &Actor::operator("ada"), told("bindings_approved")).await.unwrap();
    };
    let kept = async || {
        let approvals = store.approvals().await.unwrap();
        let mut kept: Vec<_> = approvals
            .into_iter()
            .map(|approval| {
                assert_eq!(approval.bindings, json!({ "land": approval.hash }));
                (approval.project, approval.hash, approval.replaced_at.is_some())
            })
            .collect();
        kept.sort();
        kept
    };
    let one = |project: &str, hash: &str, is_replaced| (project.to_owned(), hash.to_owned(), is_replaced);
    for (project, hash) in [("p", "1"), ("q", "2"), ("p", "3")] {
        approve(project, hash).await;
    }
    assert_eq!(kept().await, [one("p", "1", true), one("p", "3", false), one("q", "2", false)]);
    approve("p", "1").await;
    assert_eq!(kept().await, [one("p", "1", false), one("p", "3", true), one("q", "2", false)]);
    assert_eq!(store.labels_of("p", "ghost").await.unwrap(), None);
}
