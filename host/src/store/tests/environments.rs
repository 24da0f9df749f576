//! Approved environments, as they are kept.

use serde_json::json;

use super::{Category, Draft, HOSTILE, fresh, id, run};
use crate::{
    events::EventLog as _,
    interfaces::environments::{Environment, Environments as _, ProjectImage},
    kernel::run::Runs as _,
};

fn environment(project: &str, hash: &str, reference: &str) -> Environment {
    Environment {
        project: project.to_owned(),
        hash: hash.to_owned(),
        proposal: json!({ "proposal": hash }),
        image: ProjectImage { reference: reference.to_owned(), is_local: reference.starts_with("sha256") },
        approved_at: 0,
        approved_by: "ada".to_owned(),
    }
}

fn told(name: &str) -> Vec<Draft> {
    vec![Draft::for_test(Category::Audit, name, None, json!({}))]
}

#[tokio::test]
async fn one_environment_holds_in_a_project_and_is_found_by_its_runs() {
    let (_folder, store) = fresh().await;
    store.add(&run("r"), u64::MAX, Vec::new()).await.unwrap();
    assert_eq!((store.environment("demo").await.unwrap(), store.image_of_run(&id("r")).await.unwrap()), (None, None));
    for (hash, image) in [("1", "python@sha256:1"), ("2", "sha256:2"), ("1", "python@sha256:3")] {
        store.approve_environment(&environment("demo", hash, image), told("environment_approved")).await.unwrap();
        let held = store.environment("demo").await.unwrap().unwrap();
        assert_eq!(held, Environment { approved_at: held.approved_at, ..environment("demo", hash, image) });
        assert!(held.approved_at > 0);
        assert_eq!(store.image_of_run(&id("r")).await.unwrap(), Some(held.image));
    }
    store.approve_environment(&environment("other", "1", "x"), told("environment_approved")).await.unwrap();
    assert!(store.withdraw_environment("demo", told("environment_withdrawn")).await.unwrap());
    assert!(!store.withdraw_environment("demo", told("environment_withdrawn")).await.unwrap());
    assert_eq!((store.environment("demo").await.unwrap(), store.image_of_run(&id("r")).await.unwrap()), (None, None));
    assert!(store.environment("other").await.unwrap().is_some());
    let names: Vec<_> = store.after(0, None, 100).await.unwrap().into_iter().map(|event| event.draft.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "environment_withdrawn").count(), 1, "what changed nothing is not told");
}

#[tokio::test]
async fn texts_of_any_kind_are_kept() {
    let (_folder, store) = fresh().await;
    for text in HOSTILE {
        let kept = Environment { proposal: json!(text), approved_by: text.to_owned(), ..environment(text, text, text) };
        store.approve_environment(&kept, Vec::new()).await.unwrap();
        let held = store.environment(text).await.unwrap().unwrap();
        assert_eq!(held, Environment { approved_at: held.approved_at, ..kept });
    }
}
