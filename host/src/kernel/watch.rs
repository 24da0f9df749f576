//! What is to be done about the files of a folder, from what lies there and what is known of it. Touches no file and
//! knows no plugin.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

/// A file is looked into once it has stayed the same for so long.
pub const SETTLED: Duration = Duration::from_millis(200);

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When it was written last.
    pub modified: SystemTime,
    /// What the system calls it, so that a file put in the place of another is noticed; 0 where it calls it nothing.
    pub identity: u64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look into the file: it is new, or not what it was.
    Examine(PathBuf),
    /// The file has gone.
    Forget(PathBuf),
}

/// What is known of the files of a folder.
#[derive(Debug, Default)]
pub struct KnownFiles(BTreeMap<PathBuf, File>);

#[derive(Debug)]
struct File {
    /// None while it is gone.
    stamp: Option<Stamp>,
    since: Instant,
    done: bool,
}

impl KnownFiles {
    /// Compares the folder as it is at `now` with what is known, and says what is to be done: each change once, after it
    /// has settled. What is to be examined comes first, so that a file that was renamed is found under its new name before
    /// the old one is given up.
    pub fn reconcile(&mut self, listing: &BTreeMap<PathBuf, Stamp>, now: Instant) -> Vec<Step> {
        for (path, stamp) in listing {
            self.see(path.clone(), Some(*stamp), now);
        }
        let gone: Vec<_> = self.0.keys().filter(|path| !listing.contains_key(*path)).cloned().collect();
        for path in gone {
            self.see(path, None, now);
        }
        let settled = |file: &&mut File| !file.done && now.saturating_duration_since(file.since) >= SETTLED;
        let (mut examine, mut forget) = (Vec::new(), Vec::new());
        for (path, file) in &mut self.0 {
            if let Some(file) = Some(file).filter(settled) {
                file.done = true;
                match file.stamp {
                    Some(_) => examine.push(Step::Examine(path.clone())),
                    None => forget.push(Step::Forget(path.clone())),
                }
            }
        }
        self.0.retain(|_, file| file.stamp.is_some() || !file.done);
        examine.append(&mut forget);
        examine
    }

    /// How long until something has settled, if anything is about to.
    pub fn due(&self, now: Instant) -> Option<Duration> {
        let waiting = self.0.values().filter(|file| !file.done);
        waiting.map(|file| SETTLED.saturating_sub(now.saturating_duration_since(file.since))).min()
    }

    /// What the file looked like when it was seen last.
    pub fn stamp(&self, path: &PathBuf) -> Option<Stamp> {
        self.0.get(path).and_then(|file| file.stamp)
    }

    /// Has a file looked into again, though it is what it was.
    pub fn again(&mut self, path: &PathBuf) {
        if let Some(file) = self.0.get_mut(path) {
            file.done = false;
        }
    }

    fn see(&mut self, path: PathBuf, stamp: Option<Stamp>, now: Instant) {
        let file = self.0.entry(path).or_insert(File { stamp, since: now, done: false });
        if file.stamp != stamp {
            *file = File { stamp, since: now, done: false };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(size: u64) -> Stamp {
        Stamp { size, modified: SystemTime::UNIX_EPOCH, identity: 7 }
    }

    fn listing(files: &[(&str, u64)]) -> BTreeMap<PathBuf, Stamp> {
        files.iter().map(|(name, size)| (PathBuf::from(name), stamp(*size))).collect()
    }

    fn examine(name: &str) -> Step {
        Step::Examine(name.into())
    }

    fn forget(name: &str) -> Step {
        Step::Forget(name.into())
    }

    /// What is to be done at each of the moments, in milliseconds, with the folder as it is then.
    fn steps(moments: &[(u64, &[(&str, u64)])]) -> Vec<Vec<Step>> {
        let (mut known, begun) = (KnownFiles::default(), Instant::now());
        moments.iter().map(|(at, files)| known.reconcile(&listing(files), begun + Duration::from_millis(*at))).collect()
    }

    #[test]
    fn a_file_is_examined_once_it_has_settled() {
        let seen = steps(&[(0, &[("a", 1)]), (150, &[("a", 2)]), (300, &[("a", 2)]), (350, &[("a", 2)]), (900, &[("a", 2)])]);
        assert_eq!(seen, [vec![], vec![], vec![], vec![examine("a")], vec![]]);
    }

    #[test]
    fn a_change_is_examined_again_and_a_loss_is_told_once() {
        let seen =
            steps(&[(0, &[("a", 1)]), (200, &[("a", 1)]), (300, &[("a", 2)]), (500, &[("a", 2)]), (600, &[]), (800, &[]), (2000, &[])]);
        assert_eq!(seen, [vec![], vec![examine("a")], vec![], vec![examine("a")], vec![], vec![forget("a")], vec![]]);
    }

    #[test]
    fn a_file_that_is_written_anew_was_never_gone() {
        let seen = steps(&[(0, &[("a", 1)]), (200, &[("a", 1)]), (300, &[]), (400, &[("a", 1)]), (600, &[("a", 1)])]);
        assert_eq!(seen, [vec![], vec![examine("a")], vec![], vec![], vec![examine("a")]]);
    }

    #[test]
    fn a_new_name_is_examined_before_the_old_one_is_given_up() {
        let seen = steps(&[(0, &[("a", 1)]), (200, &[("a", 1)]), (300, &[("z", 1)]), (500, &[("z", 1)])]);
        assert_eq!(seen[3], [examine("z"), forget("a")]);
    }

    #[test]
    fn a_file_in_the_place_of_another_of_its_size_and_time_is_noticed() {
        let (mut known, now) = (KnownFiles::default(), Instant::now());
        let mut files = listing(&[("a", 1)]);
        known.reconcile(&files, now);
        assert_eq!(known.reconcile(&files, now + SETTLED), [examine("a")]);
        files.insert("a".into(), Stamp { identity: 8, ..stamp(1) });
        known.reconcile(&files, now + SETTLED);
        assert_eq!(known.due(now + SETTLED), Some(SETTLED));
        assert_eq!(known.reconcile(&files, now + SETTLED * 2), [examine("a")]);
        assert_eq!(known.due(now + SETTLED * 2), None);
    }

    #[test]
    fn a_file_can_be_examined_again_as_it_is() {
        let (mut known, now) = (KnownFiles::default(), Instant::now());
        let files = listing(&[("a", 1)]);
        known.reconcile(&files, now);
        known.reconcile(&files, now + SETTLED);
        known.again(&"a".into());
        assert_eq!(known.reconcile(&files, now + SETTLED), [examine("a")]);
    }
}
