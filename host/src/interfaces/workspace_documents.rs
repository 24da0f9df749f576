//! Serves the documents that a project knows from a run's workspace: the one place that knows both interfaces.

use std::{collections::BTreeMap, hash::Hasher, time::UNIX_EPOCH};

use super::{
    files::{Kind, Pattern, RelativePath, Walk, Workspace},
    knowledge::{Documents, Listed},
};

/// Documents of one workspace that are known, the first by path.
const MOST_DOCUMENTS: usize = 2_000;
/// Bytes of a document; a longer one is data rather than prose.
const LARGEST_DOCUMENT: u64 = 512 << 10;

impl Documents for Workspace {
    fn place(&self) -> String {
        self.root().display().to_string()
    }

    fn list(&self, globs: &[String]) -> Result<Vec<Listed>, String> {
        let mut listed = BTreeMap::new();
        for glob in globs {
            let wrong = |error| format!("`knowledge.documents` in baton.toml holds `{}`. {error}", glob.escape_debug());
            let pattern = Pattern::parse(glob).map_err(wrong)?;
            let walk = Walk { pattern: Some(&pattern), allowed: &|_| true, most: MOST_DOCUMENTS };
            let found = walk.run(self).map_err(wrong)?;
            for file in found.into_iter().filter(|file| file.kind == Kind::File && file.size <= LARGEST_DOCUMENT) {
                if let Some(stamp) = stamp(self, &file.path) {
                    listed.insert(file.path, stamp);
                }
            }
        }
        Ok(listed.into_iter().take(MOST_DOCUMENTS).map(|(path, stamp)| Listed { path, stamp }).collect())
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
