//! The order in which stories can be built: each wave waits only for those before it.

use std::collections::BTreeSet;

use crate::documents::Backlog;

/// Story keys by wave, in the backlog's order. Stories that wait for each other are in none; the checks find them.
pub(crate) fn waves(backlog: &Backlog) -> Vec<Vec<String>> {
    let mut waiting: Vec<_> = backlog.stories().map(|(_, story)| story).collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut waves = Vec::new();
    loop {
        let (ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|story| story.after.iter().all(|key| done.contains(key.as_str())));
        if ready.is_empty() {
            return waves;
        }
        done.extend(ready.iter().map(|story| story.key.as_str()));
        waves.push(ready.iter().map(|story| story.key.clone()).collect());
        waiting = later;
    }
}
