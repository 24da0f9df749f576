//! Disks that are full, which is for the operator to know and for no model.

use super::*;

#[tokio::test]
async fn a_disk_that_is_full_is_for_the_operator_before_a_command_and_while_it_runs() {
    let full = |hangs, keep_free| {
        let engine = Scripted { hangs, ..scripted(exited(0)) };
        bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |settings| settings.keep_free = keep_free)
    };
    let bench = full(false, u64::MAX);
    match bench.execute(None, Some(60_000), false).await {
        Performed::Paused { pause, happened: false } => {
            assert!(
                pause.kind == PauseKind::Operator && pause.reason.contains("nearly full") && pause.reason.contains("resume"),
                "{pause}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.engine.seen.lock().unwrap().is_empty(), "it was not started");
    // One that was started before is found and ended.
    let engine = Scripted { hangs: true, holds: true, ..scripted(exited(0)) };
    let bench = bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |settings| settings.keep_free = u64::MAX);
    match bench.execute(None, Some(60_000), true).await {
        Performed::Paused { pause, happened: false } => assert!(pause.reason.starts_with("Baton ended a command."), "{pause}"),
        other => panic!("{other:?}"),
    }
    assert_eq!((bench.engine.seen.lock().unwrap().len(), bench.engine.discarded.lock().unwrap().len()), (1, 1));
    assert_eq!(bench.list_left(), (Vec::new(), Vec::new()));
}

/// It may have failed for that before the disk was looked at again.
#[tokio::test]
async fn a_command_that_fills_the_disk_and_fails_is_for_the_operator() {
    let filled = |exit_code| {
        let fill = |workspace: &Path| std::fs::write(workspace.join("large"), "").unwrap();
        let engine = Scripted { does: fill, ..scripted(exited(exit_code)) };
        bench_of(engine, PathBuf::from("/proc/self/no-such"), false, |settings| settings.keep_free = 512 << 20)
    };
    match filled(1).execute(None, Some(60_000), false).await {
        Performed::Paused { pause, happened: false } => assert!(pause.reason.contains("nearly full"), "{pause}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(outcome(filled(0).execute(None, Some(60_000), false).await).0.exit_code, 0, "what has succeeded is answered");
}
