//! Commands and git operations that want the same folder.

use super::*;
use crate::interfaces::folder_locks::Work;

/// The run that wants git.
fn run() -> &'static RunId {
    static RUN: std::sync::LazyLock<RunId> = std::sync::LazyLock::new(|| RunId::from_text("other"));
    &RUN
}

#[tokio::test]
async fn git_waits_for_a_command_and_for_the_sweep_after_it() {
    let bench = bench_of(Scripted { hangs: true, ..scripted(exited(0)) }, PathBuf::from("/proc/self/no-such"), false, |_| ());
    let (folders, workspace) = (Arc::clone(&bench.folders), bench.workspace());
    let mut git;
    {
        let mut command = Box::pin(bench.execute(None, Some(60_000), false));
        while bench.engine.seen.lock().unwrap().is_empty() {
            assert!(futures::poll!(&mut command).is_pending());
            tokio::task::yield_now().await;
        }
        git = Box::pin(folders.lock(&workspace, Work::Git, run()));
        assert!(futures::poll!(&mut git).is_pending());
        assert_eq!(bench.sandbox.unfinished().len(), 1);
    }
    git.await.unwrap();
    assert_eq!(
        (bench.engine.discarded.lock().unwrap().len(), bench.list_left().1),
        (1, Vec::new()),
        "the command is discarded and swept after"
    );
}

#[tokio::test]
async fn a_command_waits_for_git_and_does_not_run_when_its_caller_leaves() {
    let bench = bench(Vec::new(), exited(0), false, false);
    let git = bench.folders.lock(&bench.workspace(), Work::Git, run()).await.unwrap();
    let left = tokio::time::timeout(std::time::Duration::from_millis(20), bench.execute(None, Some(60_000), false)).await;
    assert!(left.is_err() && bench.engine.seen.lock().unwrap().is_empty(), "nothing runs while git is at work");
    drop(git);
    outcome(bench.execute(None, Some(60_000), false).await);
    bench.folders.lock(&bench.workspace(), Work::Git, run()).await.unwrap();
}

#[tokio::test]
async fn git_stays_out_while_a_lost_command_may_be_running() {
    let bench = bench(Vec::new(), Err(EngineError::Lost("The engine is gone.".to_owned())), false, false);
    assert!(matches!(bench.execute(None, Some(60_000), false).await, Performed::Waiting(_)));
    let workspace = bench.workspace();
    let mut git = Box::pin(bench.folders.lock(&workspace, Work::Git, run()));
    assert!(futures::poll!(&mut git).is_pending());
    bench.sandbox.forget(Key { run: RunId::from_text("r"), seq: 3 });
    git.await.unwrap();
}

#[tokio::test]
async fn git_stays_out_until_a_command_that_nobody_waits_for_is_known_to_be_gone() {
    let bench = bench_of(Scripted { hangs: true, ..scripted(exited(0)) }, PathBuf::from("/proc/self/no-such"), false, |_| ());
    bench.engine.is_silent.store(true, Ordering::Relaxed);
    {
        let mut command = Box::pin(bench.execute(None, Some(60_000), false));
        while bench.engine.seen.lock().unwrap().is_empty() {
            assert!(futures::poll!(&mut command).is_pending());
            tokio::task::yield_now().await;
        }
    }
    let workspace = bench.workspace();
    let mut git = Box::pin(bench.folders.lock(&workspace, Work::Git, run()));
    while bench.engine.discarded.lock().unwrap().len() < 3 {
        assert!(futures::poll!(&mut git).is_pending(), "its container may still run");
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.list_left().1, ["r-3.json"], "the next host sweeps as well");
    bench.engine.is_silent.store(false, Ordering::Relaxed);
    git.await.unwrap();
    assert_eq!(bench.list_left().1, Vec::<String>::new());
}

#[tokio::test]
async fn a_command_that_cannot_be_ended_pauses_its_run_and_keeps_git_out() {
    let engine = Scripted { hangs: true, holds: true, ..scripted(exited(0)) };
    let bench = bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |settings| settings.keep_free = u64::MAX);
    bench.engine.is_silent.store(true, Ordering::Relaxed);
    match bench.execute(None, Some(60_000), true).await {
        Performed::Paused { pause, happened: true } => assert!(pause.reason.contains("may still be running"), "{pause}"),
        other => panic!("{other:?}"),
    }
    let workspace = bench.workspace();
    assert!(futures::poll!(Box::pin(bench.folders.lock(&workspace, Work::Git, run()))).is_pending());
}

#[tokio::test]
async fn git_stays_out_of_a_persons_checkout_until_the_command_of_a_killed_host_has_ended() {
    let bench = bench(Vec::new(), Err(EngineError::Lost("The host is killed.".to_owned())), false, false);
    assert!(matches!(bench.execute(None, Some(60_000), false).await, Performed::Waiting(_)));
    let (workspace, next) = (bench.workspace(), &bench.next);
    bench.engine.is_silent.store(true, Ordering::Relaxed);
    next.sandbox.sweep_left().await;
    let mut git = Box::pin(next.folders.lock(&workspace, Work::Git, run()));
    next.sandbox.release_ended().await;
    assert!(futures::poll!(&mut git).is_pending(), "an engine that does not answer says nothing");
    std::fs::create_dir_all(workspace.join("inner/.git/x")).unwrap();
    bench.engine.is_silent.store(false, Ordering::Relaxed);
    next.sandbox.release_ended().await;
    git.await.unwrap();
    assert!(!workspace.join("inner/.git").exists(), "what it left since is swept");
    assert_eq!(bench.list_left().1, ["r-3.json"], "its run finds the command again");
}
