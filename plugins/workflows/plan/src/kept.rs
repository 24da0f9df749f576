//! Writes the plan's documents. Overwrites nothing that an earlier plan did not write: what it wrote is known by its content.

use std::collections::BTreeMap;

use baton_sdk::{Error, ErrorKind, Result, files, run, state};

const BUCKET: &str = "plan";
const KEY: &str = "documents";
/// Names that are tried beside a document of others.
const MOST_NAMES: usize = 9;

/// The documents of one plan.
pub(crate) struct Kept {
    /// What is known of the content of each document that a plan wrote, by path.
    known: BTreeMap<String, String>,
    written: Vec<String>,
}

impl Kept {
    /// With what earlier plans of the project wrote.
    pub(crate) fn read() -> Result<Self> {
        let known = state::get(BUCKET, KEY)?.map(|kept| kept.value).unwrap_or_default();
        Ok(Self { known, written: Vec::new() })
    }

    /// Writes a document at `path`, or beside it where there is one of others: `docs/PRD.md` becomes `docs/PRD-plan.md`.
    pub(crate) fn write(&mut self, path: &str, content: &str) -> Result<()> {
        let place = self.place(path)?;
        if place != path {
            run::warn(&format!(
                "`{path}` was not written by a plan, or was changed since. It stays as it is, and the plan's is `{place}`."
            ));
        }
        self.put(place, content)
    }

    /// Writes a document that only a plan begins: one that is there and that no plan wrote, or that was changed since, stays.
    pub(crate) fn begin(&mut self, path: &str, content: &str) -> Result<()> {
        if self.may_write(path)? { self.put(path.to_owned(), content) } else { Ok(()) }
    }

    /// Takes over what others wrote for the plan.
    pub(crate) fn add(&mut self, paths: Vec<String>) {
        for path in paths {
            if !self.written.contains(&path) {
                self.written.push(path);
            }
        }
    }

    /// The paths, in the order written.
    pub(crate) fn written(self) -> Vec<String> {
        self.written
    }

    fn put(&mut self, path: String, content: &str) -> Result<()> {
        files::write(&path, content)?;
        self.known.insert(path.clone(), mark(content));
        state::set(BUCKET, KEY, &self.known, None)?;
        self.written.push(path);
        Ok(())
    }

    fn place(&self, path: &str) -> Result<String> {
        let (stem, ending) = path.rsplit_once('.').unwrap_or((path, "md"));
        let beside = |number: usize| if number == 1 { format!("{stem}-plan.{ending}") } else { format!("{stem}-plan-{number}.{ending}") };
        for place in std::iter::once(path.to_owned()).chain((1..=MOST_NAMES).map(beside)) {
            if self.may_write(&place)? {
                return Ok(place);
            }
        }
        Err(Error::conflict(format!(
            "`{path}` and {MOST_NAMES} documents beside it were not written by a plan, or were changed since. Move or remove those that you do not need, then start the plan again."
        )))
    }

    fn may_write(&self, path: &str) -> Result<bool> {
        match files::read(path) {
            Ok(content) => {
                Ok(self.known.get(path).is_some_and(|known| std::str::from_utf8(&content).is_ok_and(|text| *known == mark(text))))
            }
            Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Tells one content from another: its length and FNV-1a. Protects against mistakes and not against malice.
fn mark(content: &str) -> String {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{}-{:016x}", content.len(), content.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    fn write(host: &Host, content: &str) -> Vec<String> {
        host.inside(|| {
            let mut kept = Kept::read()?;
            kept.write("docs/architecture.md", content)?;
            Ok::<_, Error>(kept.written())
        })
        .expect("a document")
    }

    #[test]
    fn a_plan_replaces_what_a_plan_wrote() {
        let host = Host::new();
        assert_eq!(write(&host, "one"), ["docs/architecture.md"]);
        assert_eq!(write(&host, "two"), ["docs/architecture.md"]);
        assert_eq!(host.file("docs/architecture.md").as_deref(), Some("two"));
        assert!(host.logged().is_empty());
    }

    #[test]
    fn what_others_wrote_or_changed_stays_and_the_plan_stands_beside_it() {
        let host = Host::new().with_file("docs/architecture.md", "Ours.");
        assert_eq!(write(&host, "one"), ["docs/architecture-plan.md"]);
        assert_eq!(write(&host, "two"), ["docs/architecture-plan.md"]);
        let host = host.with_file("docs/architecture-plan.md", "two, and more");
        assert_eq!(write(&host, "three"), ["docs/architecture-plan-2.md"]);
        assert_eq!(host.file("docs/architecture.md").as_deref(), Some("Ours."));
        assert_eq!(host.file("docs/architecture-plan.md").as_deref(), Some("two, and more"));
        assert!(host.logged()[0].message.contains("stays as it is"), "{:?}", host.logged());
    }

    #[test]
    fn a_story_of_others_is_left_to_the_backlog() {
        let host = Host::new().with_file("docs/stories/1.md", "Ours.");
        host.inside(|| {
            let mut kept = Kept::read()?;
            kept.begin("docs/stories/1.md", "one")?;
            kept.begin("docs/stories/2.md", "two")?;
            kept.add(vec!["docs/stories/2.md".to_owned(), "docs/sprint-status.yaml".to_owned()]);
            assert_eq!(kept.written(), ["docs/stories/2.md", "docs/sprint-status.yaml"]);
            Ok::<_, Error>(())
        })
        .expect("stories");
        assert_eq!(host.file("docs/stories/1.md").as_deref(), Some("Ours."));
    }

    #[test]
    fn names_come_to_an_end_with_a_sentence() {
        let taken = |host: Host, name: String| host.with_file(&format!("docs/architecture{name}.md"), "Ours.");
        let names = ["".to_owned(), "-plan".to_owned()].into_iter().chain((2..=MOST_NAMES).map(|number| format!("-plan-{number}")));
        let host = names.fold(Host::new(), taken);
        let error = host.inside(|| Kept::read()?.write("docs/architecture.md", "one")).expect_err("no name is free");
        assert!(error.to_string().contains("Move or remove"), "{error}");
    }
}
