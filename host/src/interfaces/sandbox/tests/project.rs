//! The image name `project`.

use super::*;
use crate::{
    errors::StorageError,
    interfaces::environments::{Environment, Environments},
};

#[async_trait]
impl Environments for Memory {
    async fn environment(&self, _: &str) -> Result<Option<Environment>, StorageError> {
        Ok(None)
    }

    async fn approve_environment(&self, environment: &Environment, _: Vec<Draft>) -> Result<(), StorageError> {
        *self.approved.lock().unwrap() = Some(environment.image.clone());
        Ok(())
    }

    async fn withdraw_environment(&self, _: &str, _: Vec<Draft>) -> Result<bool, StorageError> {
        Ok(self.approved.lock().unwrap().take().is_some())
    }

    async fn image_of_run(&self, _: &RunId) -> Result<Option<ProjectImage>, StorageError> {
        Ok(self.approved.lock().unwrap().clone())
    }
}

fn approve(bench: &Bench, reference: &str, is_local: bool) {
    *bench.memory.approved.lock().unwrap() = Some(ProjectImage { reference: reference.to_owned(), is_local });
}

/// The image that a command of the project was executed in, with its memory and time.
async fn used(bench: &Bench) -> (String, u64, u32) {
    let _ = outcome(bench.execute(Some("project"), None, false).await);
    let seen = bench.engine.seen.lock().unwrap();
    let image = &seen.last().unwrap().image;
    (image.reference.clone(), image.memory >> 20, image.timeout)
}

#[tokio::test]
async fn the_image_of_a_project_is_the_one_that_was_approved_within_the_limits_that_are_set() {
    let bench = bench(Vec::new(), exited(0), false, false);
    match bench.execute(Some("project"), None, false).await {
        Performed::Answered(Err(CallError { kind: ErrorKind::NotFound, text, .. }), _) => {
            assert!(text.contains("`baton project environment build`"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    approve(&bench, "python@sha256:1", false);
    assert_eq!(used(&bench).await, ("python@sha256:1".to_owned(), 2048, 3600));
    let _ = outcome(bench.execute(None, None, false).await);
    assert_eq!(bench.engine.seen.lock().unwrap().last().unwrap().image.reference, "debian:stable-slim", "another name stays what it was");
    let limited = bench_of(scripted(exited(0)), PathBuf::from("/proc/self/no-such"), false, |settings| {
        let table = json!({ "images": { "project": { "memory-mib": 64, "timeout-s": 9 } } });
        settings.images = Settings::from_settings(&table).unwrap().images;
    });
    approve(&limited, "python@sha256:1", false);
    assert_eq!(used(&limited).await, ("python@sha256:1".to_owned(), 64, 9));
    assert!(matches!(limited.execute(Some("project"), Some(10_000), false).await, Performed::Answered(Err(_), _)));
}

#[tokio::test]
async fn what_the_settings_name_holds_where_nothing_is_approved() {
    let named = bench_of(scripted(exited(0)), PathBuf::from("/proc/self/no-such"), false, |settings| {
        let table = json!({ "images": { "project": { "image": "mine:1" } } });
        settings.images = Settings::from_settings(&table).unwrap().images;
    });
    assert_eq!(used(&named).await.0, "mine:1");
    approve(&named, "python@sha256:1", false);
    assert_eq!(used(&named).await.0, "python@sha256:1");
}

#[tokio::test]
async fn a_built_image_that_is_gone_is_waited_for_and_fetched_from_nowhere() {
    let bench = bench(Vec::new(), exited(0), false, false);
    approve(&bench, "gone", true);
    match bench.execute(Some("project"), None, false).await {
        Performed::Waiting(Wait::Needed(Needed { kind: NeedKind::Image, subject, reason, .. })) => {
            assert!(subject == "gone" && reason.contains("`baton project environment build`"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.engine.seen.lock().unwrap().is_empty());
    approve(&bench, "gone", false);
    assert_eq!(used(&bench).await.0, "gone", "the engine fetches it by its digest");
}
