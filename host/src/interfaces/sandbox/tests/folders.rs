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
        let mut command = Box::pin(bench.execute(None, 60, false));
        while bench.engine.seen.lock().unwrap().is_empty() {
            assert!(futures::poll!(&mut command).is_pending());
            tokio::task::yield_now().await;
        }
        git = Box::pin(folders.lock(&workspace, Work::Git, run()));
        assert!(futures::poll!(&mut git).is_pending());
        assert_eq!(bench.sandbox.unfinished().len(), 1);
    }
    git.await.unwrap();
    assert_eq!((bench.engine.discarded.lock().unwrap().len(), bench.left().1), (1, Vec::new()), "the command is discarded and swept after");
}

#[tokio::test]
async fn a_command_waits_for_git_and_does_not_run_when_its_caller_leaves() {
    let bench = bench(Vec::new(), exited(0), false, false);
    let git = bench.folders.lock(&bench.workspace(), Work::Git, run()).await.unwrap();
    let left = tokio::time::timeout(std::time::Duration::from_millis(20), bench.execute(None, 60, false)).await;
    assert!(left.is_err() && bench.engine.seen.lock().unwrap().is_empty(), "nothing runs while git is at work");
    drop(git);
    outcome(bench.execute(None, 60, false).await);
    bench.folders.lock(&bench.workspace(), Work::Git, run()).await.unwrap();
}

#[tokio::test]
async fn git_stays_out_while_a_lost_command_may_be_running() {
    let bench = bench(Vec::new(), Err(EngineError::Lost("The engine is gone.".to_owned())), false, false);
    assert!(matches!(bench.execute(None, 60, false).await, Performed::Paused { happened: true, .. }));
    let workspace = bench.workspace();
    let mut git = Box::pin(bench.folders.lock(&workspace, Work::Git, run()));
    assert!(futures::poll!(&mut git).is_pending());
    bench.sandbox.forget(Key { run: RunId::from_text("r"), seq: 3 });
    git.await.unwrap();
}
