//! An autopilot whose host is killed: after every write to the journal of a short night, or a sample of them. Whatever was
//! going on, the next host has each story land once.

use std::{
    thread,
    time::{Duration, Instant},
};

use baton_tests::sweep::Sweep;

use super::autopilot::Night;

const STORIES: [&str; 2] = ["s-1", "s-2"];
/// Nights at once.
const LANES: usize = 2;
/// How long a night takes at most on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

impl Night {
    /// Whether the journal came to its position before the night was over.
    fn is_killed_after(&mut self, writes: u64) -> bool {
        let frozen = self.serve_until_write(writes);
        let begun = Instant::now();
        let mut looked = Instant::now();
        while !frozen.exists() {
            if looked.elapsed() > Duration::from_millis(500) {
                if self.is_over() {
                    return false;
                }
                looked = Instant::now();
            }
            assert!(begun.elapsed() < PATIENCE, "write {writes}: {}", self.baton(&["backlog", "list"]).stdout);
            thread::sleep(Duration::from_millis(10));
        }
        // What the write before handed to the disk without waiting for it gets the time to arrive.
        thread::sleep(Duration::from_millis(15));
        self.kill();
        true
    }

    fn is_over(&self) -> bool {
        self.landed() == STORIES.len() && self.is_at_work_on(&[])
    }
}

/// A night of two stories, killed after so many writes; false where it ends before.
async fn rehearsed(writes: u64) -> bool {
    let mut night = Night::at(12).await;
    night.add(&STORIES);
    let _on = night.baton(&["project", "autopilot", "on", "--stories", "2"]).exits(0);
    let is_killed = night.is_killed_after(writes);
    if is_killed {
        night.serve();
        night.once(&format!("after write {writes} all lands"), || night.is_over());
    }
    for key in STORIES {
        assert_eq!(night.merged(key), 1, "after write {writes}");
    }
    assert_eq!(night.branches(), "main", "after write {writes}");
    let report = night.json(&["report"]);
    assert_eq!(report["landed"].as_array().unwrap().len(), STORIES.len(), "after write {writes}: {report:#}");
    is_killed
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_any_write_each_story_lands_once() {
    let runtime = tokio::runtime::Handle::current();
    let sweep = Sweep::new(97);
    let last = tokio::task::spawn_blocking(move || sweep.run(LANES, |writes| runtime.block_on(rehearsed(writes)))).await.unwrap();
    assert!(last > 97, "the night has more writes than {last}");
}
