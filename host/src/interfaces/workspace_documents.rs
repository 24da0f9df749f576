//! Serves the documents that a project knows from a run's workspace: the one place that knows both interfaces.

use std::{collections::BTreeMap, hash::Hasher, time::UNIX_EPOCH};

use super::{
    blocking::Deadline,
    files::{Kind, Pattern, RelativePath, Walk, Workspace},
    knowledge::{Documents, Listed},
};

/// Documents of one workspace that are known, the first by path.
const MOST_DOCUMENTS: usize = 2_000;
/// Bytes of a document; a longer one is data rather than prose.
const LARGEST_DOCUMENT: u64 = 512 << 10;
/// Bytes of all documents, the first by path.
const MOST_BYTES: u64 = 64 << 20;

/// Where the backlog is written to. Whoever works on a story is given it whole, and a backlog of thousands would leave no
/// room for other documents, so only a glob that names the folder means it.
const STORIES: &str = "docs/stories/";

impl Documents for Workspace {
    fn place(&self) -> String {
        self.root().display().to_string()
    }

    fn list(&self, globs: &[String], deadline: &Deadline) -> Result<Vec<Listed>, String> {
        let mut listed = BTreeMap::new();
        for glob in globs {
            let wrong = |error| format!("`knowledge.documents` in baton.toml holds `{}`. {error}", glob.escape_debug());
            let pattern = Pattern::parse(glob).map_err(wrong)?;
            let named = glob.trim_start_matches("./").starts_with(STORIES);
            let allowed = |path: &str| named || !path.starts_with(STORIES);
            let walk = Walk { pattern: Some(&pattern), allowed: &allowed, most: MOST_DOCUMENTS, deadline };
            let found = walk.run(self).map_err(wrong)?;
            for file in found.into_iter().filter(|file| file.kind == Kind::File && file.size <= LARGEST_DOCUMENT) {
                if let Some(stamp) = stamp(self, &file.path) {
                    listed.insert(file.path, (stamp, file.size));
                }
            }
        }
        let mut bytes = 0;
        let fitting = listed.into_iter().take(MOST_DOCUMENTS).take_while(|(_, (_, size))| {
            bytes += size;
            bytes <= MOST_BYTES
        });
        Ok(fitting.map(|(path, (stamp, _))| Listed { path, stamp }).collect())
    }

    fn read(&self, path: &str) -> Option<String> {
        let content = Workspace::read(self, &RelativePath::parse(path).ok()?).ok()?;
        String::from_utf8(content).ok().filter(|text| text.len() as u64 <= LARGEST_DOCUMENT)
    }
}

/// From the size and the time of the last change.
fn stamp(workspace: &Workspace, path: &str) -> Option<u64> {
    let about = workspace.metadata(&RelativePath::parse(path).ok()?)?;
    let changed = about.modified().ok()?.into_std().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write_u64(about.len());
    hasher.write_u128(changed.as_nanos());
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_backlog_leaves_room_for_documents() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("docs/stories")).unwrap();
        fs::write(folder.path().join("docs/PRD.md"), "What is wanted").unwrap();
        for number in 0..=MOST_DOCUMENTS {
            fs::write(folder.path().join(format!("docs/stories/{number}.md")), "").unwrap();
        }
        let workspace = Workspace::open(folder.path()).unwrap();
        let list = |globs: &[String]| workspace.list(globs, &Deadline::new());
        let listed = list(&["docs/**/*.md".to_owned()]).unwrap();
        assert_eq!(listed.iter().map(|listed| listed.path.as_str()).collect::<Vec<_>>(), ["docs/PRD.md"]);
        assert_eq!(list(&["docs/stories/1?.md".to_owned()]).unwrap().len(), 10);
        assert!(list(&["docs/stories/*.md".to_owned()]).unwrap_err().contains("More than 2000"));
    }
}
