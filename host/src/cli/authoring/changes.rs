//! Sees when a plugin's sources change. What is built or installed beside them is no source.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::Project;

/// An editor writes in several steps; this long after the last of them a file is taken for whole.
const SETTLE: Duration = Duration::from_millis(200);

/// The changes of a folder from now on.
pub(in crate::cli) struct Changes {
    root: PathBuf,
    changed: mpsc::Receiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Begins to watch. `apart` is a folder that may lie within and is left out.
    pub(in crate::cli) fn of(project: &Project, apart: Option<PathBuf>) -> notify::Result<Self> {
        // Where more changes are waiting than fit, one of them is enough.
        let (sender, changed) = mpsc::channel(256);
        let watched = project.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
                let source = |path: &&PathBuf| is_source(&watched, path) && !apart.as_ref().is_some_and(|apart| path.starts_with(apart));
                for path in event.paths.iter().filter(source) {
                    let _ = sender.try_send(path.strip_prefix(&watched.folder).unwrap_or(path).to_owned());
                }
            }
        })?;
        watcher.watch(&project.folder, RecursiveMode::Recursive)?;
        Ok(Self { root: project.folder.clone(), changed, _watcher: watcher })
    }

    /// Waits for a change and until nothing more changes; gives the first file that did and is still there: an editor may
    /// write another one first and rename it. None when nothing can be seen any more.
    pub(in crate::cli) async fn next(&mut self) -> Option<PathBuf> {
        let mut changed = vec![self.changed.recv().await?];
        while let Ok(Some(next)) = tokio::time::timeout(SETTLE, self.changed.recv()).await {
            changed.push(next);
        }
        let kept = changed.iter().position(|path| self.root.join(path).is_file()).unwrap_or(0);
        Some(changed.swap_remove(kept))
    }
}

/// Whether a path is what somebody writes. A lock is written by the compiler, the SDK by Baton.
pub(super) fn is_source(project: &Project, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(&project.folder) else { return false };
    if project.language.sdk_folder().is_some_and(|sdk| below.starts_with(sdk)) {
        return false;
    }
    let made = |name: &str| name.starts_with('.') || ["node_modules", "__pycache__", "Cargo.lock", Project::BUILT].contains(&name);
    below.components().next().is_some() && !below.components().any(|part| part.as_os_str().to_str().is_none_or(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::authoring::Language;

    #[test]
    fn what_is_built_is_no_source() {
        let project = |language| Project { folder: PathBuf::from("/p"), language };
        let is = |path: &str| is_source(&project(Language::Rust), &Path::new("/p").join(path));
        assert!(is("src/lib.rs") && is("plugin.toml") && is("app.py"));
        for made in ["target/a.wasm", "node_modules/a/b.js", "__pycache__/app.pyc", ".git/index", ".app.py.swp", "Cargo.lock", ""] {
            assert!(!is(made), "{made}");
        }
        assert!(!is("/elsewhere/src/lib.rs"));
        assert!(is("baton/run.rs") && !is_source(&project(Language::Python), Path::new("/p/baton/run.py")), "the SDK is Baton's");
    }

    #[tokio::test]
    async fn a_change_is_seen_once_it_has_settled() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["src", "target", "data"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let project = Project { folder: root.clone(), language: Language::Rust };
        let mut changes = Changes::of(&project, Some(root.join("data"))).unwrap();
        for made in ["target/a.wasm", "data/baton.db"] {
            std::fs::write(root.join(made), "made").unwrap();
        }
        for step in ["one", "two", "three"] {
            std::fs::write(root.join("src/temporary"), step).unwrap();
            std::fs::rename(root.join("src/temporary"), root.join("src/lib.rs")).unwrap();
        }
        let seen = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        assert_eq!(seen.unwrap(), Some(PathBuf::from("src/lib.rs")));
        assert!(tokio::time::timeout(SETTLE * 2, changes.next()).await.is_err(), "three steps are one change");
        std::fs::write(root.join("src/lib.rs.tmp.81"), "four").unwrap();
        std::fs::rename(root.join("src/lib.rs.tmp.81"), root.join("src/lib.rs")).unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        assert_eq!(seen.unwrap(), Some(PathBuf::from("src/lib.rs")), "not the file that it was for a moment");
    }
}
