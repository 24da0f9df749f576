//! Brings the base into a story where both changed the same: the developer finds the files with both sides between markers
//! and edits them, code checks that what she left is a merge, and nothing is merged before every file is settled.

mod checking;
mod diff3;
mod versions;

use std::fmt::Write as _;

use baton_sdk::git::{Merged, Resolution};
use baton_sdk::prelude::*;
use baton_slots::dev_story::Outcome;
use serde::Deserialize;

use crate::asking::{self, Answer};
use crate::guards;
use crate::story::{Order, Story};
use crate::work::{Ending, Work, head};
use diff3::Labels;
use versions::{Commits, Kind, Side, Version};

/// How often the developer hears what is wrong before a person is asked.
const MOST_CORRECTIONS: u32 = 2;
/// Questions after which the story is left.
const MOST_QUESTIONS: u32 = 2;
/// Bytes of all conflicts that a task shows; the files have the rest.
const LONGEST_SHOWN: usize = 24 << 10;

/// What the developer says when the files are as they should be.
#[derive(Debug, Deserialize)]
struct Settled {
    summary: String,
    #[serde(default)]
    versions: Vec<Chosen>,
}

/// Which side's version of a file is taken that is not text.
#[derive(Debug, Deserialize)]
struct Chosen {
    path: String,
    keep: String,
}

/// Merges `base` into the workspace's branch. None: it is merged, and the tests say what is left to do.
pub(crate) fn merge(story: &Story, base: &str, work: &mut Work<'_>) -> Result<Option<Ending>> {
    // Its commit, so that a base that moves meanwhile is merged by the next landing and not half by this one.
    let theirs = tip(base)?;
    let message = format!("Merge {base} into story {}", story.key);
    let Merged::Conflicts(paths) = git::merge(&theirs, &message, &[])? else { return Ok(None) };
    let ours = head()?;
    let commits = Commits { before: git::merge_base(&ours, &theirs)?, ours, theirs };
    let versions = paths.iter().map(|path| Version::read(path, &commits)).collect::<Result<Vec<_>>>()?;
    let merging = Merging { story, base, versions };
    let settled = merging.settle(work);
    // Only what was checked counts: markers, or what was written beside them, are no change of the story's.
    put_back()?;
    let (summary, resolved) = match settled? {
        Settlement::Settled(summary, resolved) => (summary, resolved),
        Settlement::Left(ending) => return Ok(Some(ending)),
    };
    match git::merge(&commits.theirs, format!("{message}\n\n{summary}").trim_end(), &resolved)? {
        Merged::Clean(_) => Ok(None),
        Merged::Conflicts(paths) => Err(Error::other(format!(
            "Story {} is not merged with `{base}`: {} conflict still. Merge them by hand and start again.",
            story.key,
            paths.join(", ")
        ))),
    }
}

enum Settlement {
    /// With what the developer says, and what each file is to hold.
    Settled(String, Vec<Resolution>),
    Left(Ending),
}

struct Merging<'a> {
    story: &'a Story,
    base: &'a str,
    versions: Vec<Version>,
}

impl Merging<'_> {
    fn settle(&self, work: &mut Work<'_>) -> Result<Settlement> {
        let settled: Vec<_> = self.versions.iter().filter_map(Version::settled).collect();
        if settled.len() == self.versions.len() {
            return Ok(Settlement::Settled("Lines that no side shares were joined.".to_owned(), settled));
        }
        run::progress(0.2, "The developer resolves what both sides changed");
        self.lay_out()?;
        let (mut corrections, mut questions) = (0, 0);
        let mut task = self.task(work);
        loop {
            let answer: Settled = work.ask(task)?;
            let problems = self.problems(&answer)?;
            if problems.is_empty() {
                self.doubts(&answer)?.into_iter().for_each(|doubt| work.note(doubt));
                return Ok(Settlement::Settled(answer.summary.clone(), self.resolutions(&answer)?));
            }
            let mut advice = String::new();
            corrections += 1;
            if corrections > MOST_CORRECTIONS {
                (corrections, questions) = (0, questions + 1);
                match self.asked(&problems, questions)? {
                    Some(words) => advice = words,
                    None => return Ok(Settlement::Left(Ending::left(Outcome::Skipped, "Its conflicts are not resolved."))),
                }
            }
            task = self.correction(work, &problems, &advice);
        }
    }

    /// Puts the conflicts where the developer's tools reach them.
    fn lay_out(&self) -> Result<()> {
        let labels = self.labels();
        self.versions.iter().try_for_each(|version| match version.shown(&labels) {
            Some(content) => files::write(&version.path, content),
            None => Ok(()),
        })
    }

    fn labels(&self) -> Labels {
        Labels { ours: format!("story {}", self.story.key), before: "before both".to_owned(), theirs: self.base.to_owned() }
    }

    fn goal(&self) -> String {
        format!("Resolve the conflicts of story {} with {}", self.story.key, self.base)
    }

    fn task(&self, work: &Work<'_>) -> Order {
        let goal = format!(
            "{}. Both sides changed the same lines of these files. Edit each file: replace everything from `<<<<<<<` to `>>>>>>>` with what keeps the \
             meaning of both, and keep the tests of both. Change nothing outside of the markers and no other file: what else has to follow, you \
             change after the merge, when the tests have run.",
            self.goal()
        );
        let shown = self.shown();
        work.task(goal, &[("conflicts", &shown)]).answered_by(&schema())
    }

    fn correction(&self, work: &Work<'_>, problems: &[String], advice: &str) -> Order {
        let goal = format!("{}: the files as you left them are not a merge yet. Correct what is wrong, in the files.", self.goal());
        let listed: String = problems.iter().map(|problem| format!("- {problem}\n")).collect();
        let shown = self.shown();
        let mut order = work.task(goal.clone(), &[("conflicts", &shown), ("what is wrong", &listed), ("what a person says", advice)]);
        // A developer who continues has seen the conflicts.
        order.rest = work.task(goal, &[("what is wrong", &listed), ("what a person says", advice)]).rest;
        order.answered_by(&schema())
    }

    /// Each file and what is the matter with it.
    fn shown(&self) -> String {
        let (labels, mut shown) = (self.labels(), String::new());
        for version in self.versions.iter().filter(|version| version.settled().is_none()) {
            let path = &version.path;
            let described = match &version.kind {
                Kind::Text(parts) => {
                    let conflicts: Vec<_> = parts.iter().filter(|part| matches!(part, diff3::Part::Conflict(_))).cloned().collect();
                    format!("`{path}` has {} conflicts:\n{}", conflicts.len(), diff3::marked(&conflicts, &labels))
                }
                Kind::OneSided(_, Side::Story) => {
                    format!("`{path}` was changed by the story and removed by {}. Keep it as it should be, or remove it.\n", self.base)
                }
                Kind::OneSided(_, Side::Base) => {
                    format!("`{path}` was changed by {} and removed by the story. Keep it as it should be, or remove it.\n", self.base)
                }
                Kind::Binary { .. } => format!(
                    "`{path}` is not text and was changed by both. Say in `versions` which one stays: \"story\" or \"base\" (of {}).\n",
                    self.base
                ),
                Kind::Gone => String::new(),
            };
            if shown.len() + described.len() > LONGEST_SHOWN {
                let _ = writeln!(shown, "`{path}`: its conflicts are too long to be shown here; read the file.");
            } else {
                shown.push_str(&described);
            }
            shown.push('\n');
        }
        shown
    }

    fn problems(&self, answer: &Settled) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        for version in &self.versions {
            match &version.kind {
                Kind::Text(parts) => match present(&version.path)?.map(String::from_utf8) {
                    Some(Ok(content)) => problems.extend(checking::problems(&version.path, parts, &content)),
                    Some(Err(_)) => problems.push(format!("`{}` is not text any more.", version.path)),
                    None => problems.push(format!("`{}` is gone, and both sides have it: restore it with what both meant.", version.path)),
                },
                Kind::Binary { .. } if chosen(answer, &version.path).is_none() => {
                    problems.push(format!("`{}` is not text: say in `versions` whether the story's or the base's stays.", version.path));
                }
                Kind::Binary { .. } | Kind::OneSided(..) | Kind::Gone => {}
            }
        }
        let known = |path: &str| self.versions.iter().any(|version| version.path == path);
        let besides: Vec<_> = git::status()?.into_iter().map(|change| change.path).filter(|path| !known(path)).collect();
        guards::put_back(&besides)?;
        if !besides.is_empty() && !problems.is_empty() {
            problems.push(format!("These files have no conflict and were put back as they were: {}.", besides.join(", ")));
        }
        Ok(problems)
    }

    fn doubts(&self, answer: &Settled) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        for version in &self.versions {
            let path = &version.path;
            match &version.kind {
                Kind::Text(parts) => {
                    let content = present(path)?.unwrap_or_default();
                    doubts.extend(checking::doubts(path, parts, &String::from_utf8_lossy(&content), self.base));
                }
                Kind::OneSided(_, side) => {
                    let remover = if *side == Side::Story { self.base } else { "the story" };
                    let fate = if present(path)?.is_some() { "kept" } else { "removed" };
                    doubts.push(format!(
                        "`{path}` was changed by one side and removed by {remover}; it was {fate}: look whether that is right."
                    ));
                }
                Kind::Binary { .. } => {
                    let side = if chosen(answer, path) == Some(Side::Story) { "the story" } else { self.base };
                    doubts.push(format!(
                        "`{path}` is not text and was changed by both; that of {side} was taken: look whether that is right."
                    ));
                }
                Kind::Gone => {}
            }
        }
        Ok(doubts)
    }

    fn resolutions(&self, answer: &Settled) -> Result<Vec<Resolution>> {
        let resolution = |version: &Version| {
            let path = version.path.as_str();
            Ok(match &version.kind {
                Kind::Text(_) | Kind::OneSided(..) => match present(path)? {
                    Some(content) => Resolution::keep(path, content),
                    None => Resolution::remove(path),
                },
                Kind::Binary { ours, .. } if chosen(answer, path) == Some(Side::Story) => Resolution::keep(path, ours.clone()),
                Kind::Binary { theirs, .. } => Resolution::keep(path, theirs.clone()),
                Kind::Gone => Resolution::remove(path),
            })
        };
        self.versions.iter().map(resolution).collect()
    }

    /// What a person says to the developer, perhaps nothing; none to leave the story.
    fn asked(&self, problems: &[String], questions: u32) -> Result<Option<String>> {
        if questions > MOST_QUESTIONS {
            return Ok(None);
        }
        Ok(match asking::unresolved(self.story, self.base, problems)? {
            Answer::Told(words) => Some(words),
            Answer::Again | Answer::Accept => Some(String::new()),
            Answer::Skip => None,
        })
    }
}

fn chosen(answer: &Settled, path: &str) -> Option<Side> {
    answer.versions.iter().find(|chosen| chosen.path == path).and_then(|chosen| match chosen.keep.as_str() {
        "story" => Some(Side::Story),
        "base" => Some(Side::Base),
        _ => None,
    })
}

fn present(path: &str) -> Result<Option<Vec<u8>>> {
    match files::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn put_back() -> Result<()> {
    let written: Vec<_> = git::status()?.into_iter().map(|change| change.path).collect();
    guards::put_back(&written)
}

fn tip(base: &str) -> Result<String> {
    let newest = git::log(Some(base), 1)?.into_iter().next();
    newest.map(|commit| commit.id).ok_or_else(|| Error::other(format!("`{base}` has no commit; make a first one and start again.")))
}

fn schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let version = json!({
        "type": "object",
        "required": ["path", "keep"],
        "properties": { "path": text, "keep": { "type": "string", "enum": ["story", "base"] } },
    });
    let versions = json!({ "type": "array", "items": version, "description": "Only for files that are not text: which version stays" });
    json!({ "type": "object", "required": ["summary"], "properties": { "versions": versions, "summary": text } })
}
