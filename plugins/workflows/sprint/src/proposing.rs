//! The pull requests of stories: opened once their tests are green, told what becomes of them, and left open where a story
//! does not land. That one cannot be opened or written on costs no story anything.

use baton_sdk::forge::{self, About, Check, Progress, Proposal, State, Verdict};
use baton_sdk::prelude::*;
use baton_slots::dependency::Dependency;
use baton_slots::run_tests::Output as Tested;

use crate::replies::Developed;
use crate::story::{End, Story};

/// The kinds of forges.
const LOCAL: &str = "local";
const GITHUB: &str = "github";
/// Bytes of what a forge takes, with room for what is said about a cut.
const LONGEST_TITLE: usize = 250;
const LONGEST_TEXT: usize = 60 << 10;
const LONGEST_SUMMARY: usize = 1000;
/// Tests that a pull request names.
const MOST_TESTS: usize = 30;
/// Dependencies that a pull request names.
const MOST_DEPENDENCIES: usize = 100;

/// Where the project's pull requests are; nowhere where the sprint may not use them.
pub(crate) struct Forge(Option<About>);

impl Forge {
    pub(crate) fn find() -> Result<Self> {
        match forge::about() {
            Err(Error { kind: ErrorKind::Denied, text: reason, .. }) => {
                run::warn(&format!("The sprint opens no pull requests: {reason}"));
                Ok(Self(None))
            }
            about => about.map(Some).map(Self),
        }
    }

    /// Whether what is approved is landed by the sprint. GitHub's main branch is not here, so nothing is landed in its place;
    /// without any forge the host has the last word.
    pub(crate) fn lands(&self) -> bool {
        self.0.as_ref().is_none_or(|about| about.kind == LOCAL && about.auto_merge)
    }

    /// Opens the story's pull request, or brings it up to date, and says how its tests stand.
    pub(crate) fn propose(&self, story: &mut Story, main: &str, developed: &Developed) {
        let Some(about) = &self.0 else { return };
        match opened(&about.kind, story, main, developed) {
            Ok(number) => story.pull_request = Some(number),
            Err(error) => run::warn(&format!("Story {} is developed, and its pull request is not up to date: {error}", story.key)),
        }
    }

    /// Writes what becomes of the story on its pull request.
    pub(crate) fn tell(&self, story: &Story, what: &str) {
        let Some(number) = story.pull_request else { return };
        if let Err(error) = forge::review(number, Verdict::Comment, &clipped(what, LONGEST_TEXT)) {
            run::warn(&format!("Pull request {number} of story {} is not told: {error}", story.key));
        }
    }

    /// Whether somebody closed the story's pull request, by which people say no.
    pub(crate) fn is_closed(&self, story: &Story) -> bool {
        story.pull_request.is_some_and(|number| forge::get(number).is_ok_and(|found| found.state == State::Closed))
    }

    /// How an approved story ends that is not for the sprint to land.
    pub(crate) fn proposed(&self, story: &Story, main: &str) -> End {
        let (key, branch) = (&story.key, &story.worktree);
        let Some(number) = story.pull_request else {
            return End::Blocked(format!(
                "It is approved and green on `{branch}`, and has no pull request; the log of the run says why. Merge the branch into `{main}` \
                 yourself, then `baton backlog move {key} done`."
            ));
        };
        let merge = format!("It is approved and green. A person merges it with `baton pull-requests merge {number}`");
        End::Proposed(match self.0.as_ref().map(|about| &*about.kind) {
            Some(GITHUB) => {
                format!("{merge} or on GitHub, then has `git pull` bring it into `{main}`, and says `baton backlog move {key} done`.")
            }
            _ => format!("{merge}."),
        })
    }
}

/// The number of the story's pull request, which shows the branch as it is now.
fn opened(kind: &str, story: &Story, main: &str, developed: &Developed) -> Result<u32> {
    if kind != LOCAL {
        git::push(&story.worktree)?;
    }
    let number = match story.pull_request {
        Some(number) => number,
        None => forge::open(&proposal(story, main, developed)?)?,
    };
    forge::report(number, &tests(developed.tests.as_ref()))?;
    Ok(number)
}

fn proposal(story: &Story, main: &str, developed: &Developed) -> Result<Proposal> {
    let title = clipped(&line(&format!("{}: {}", story.key, story.title)), LONGEST_TITLE);
    let (wanted, run) = (backlog::get(&story.key)?.draft.body, run::about().id);
    let tests = developed.tests.as_ref().map_or_else(String::new, about_tests);
    let dependencies = about_dependencies(&developed.dependencies);
    let body = format!("{}{tests}{dependencies}\n\n## What was asked for\n\n{}", developed.summary.trim(), wanted.trim());
    let origin = format!("\n\nStory `{}`, by run `{run}`: `baton runs show {run}`.", story.key);
    Ok(Proposal::new(&story.worktree, main, title).with_body(format!("{}{origin}", clipped(body.trim(), LONGEST_TEXT))))
}

/// The check of the tests, of which only green ones get here.
fn tests(tests: Option<&Tested>) -> Check {
    let command = tests.and_then(|tests| tests.command.as_ref());
    let command = command.map_or_else(|| "The tests are green".to_owned(), |command| format!("`{command}` is green"));
    let counts = tests.and_then(|tests| tests.counts).map_or_else(String::new, |counts| format!(": {}", counts.in_words()));
    Check::new("tests", Progress::Passed, clipped(&format!("{}{counts}", line(&command)), LONGEST_SUMMARY))
}

/// The tests that the story added and those that are flaky, as a part of the pull request's text; empty where none is known.
fn about_tests(tests: &Tested) -> String {
    let list = |title: &str, names: &[String]| {
        let more = names.len().saturating_sub(MOST_TESTS);
        let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
        let each: String = names.iter().take(MOST_TESTS).map(|name| format!("- `{}`\n", line(name).replace('`', "'"))).collect();
        if names.is_empty() { String::new() } else { format!("\n\n## {title}\n\n{}", format!("{each}{more}").trim_end()) }
    };
    list("Tests added", &tests.added) + &list("Flaky tests", &tests.flaky_tests)
}

/// What lockfiles gain and lose, as a part of the pull request's text; empty where that is nothing.
fn about_dependencies(changes: &[Dependency]) -> String {
    let more = changes.len().saturating_sub(MOST_DEPENDENCIES);
    let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
    let told = |change: &Dependency| {
        let words = line(&change.in_words());
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| format!("- {}{}\n", first.to_uppercase(), letters.as_str()))
    };
    let each: String = changes.iter().take(MOST_DEPENDENCIES).map(told).collect();
    if changes.is_empty() { String::new() } else { format!("\n\n## Dependencies\n\n{}", format!("{each}{more}").trim_end()) }
}

fn line(text: &str) -> String {
    text.split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn clipped(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    format!("{}{}", &text[..end], if end < text.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use baton_slots::run_tests::Counts;

    use super::*;

    #[test]
    fn what_a_forge_is_told_fits_on_its_lines() {
        let told =
            super::tests(Some(&Tested { passed: true, command: Some("sh\n\u{1b}[31m tests/run.sh".to_owned()), ..Tested::default() }));
        assert_eq!(told.summary, "`sh [31m tests/run.sh` is green");
        assert_eq!(super::tests(None).summary, "The tests are green");
        let counts = Some(Counts { passed: 3, failed: 0, skipped: 1 });
        let counted = Tested { passed: true, command: Some("make test".to_owned()), counts, ..Tested::default() };
        assert_eq!(super::tests(Some(&counted)).summary, "`make test` is green: 3 passed, 1 skipped");
        let named = Tested { added: vec!["a".to_owned(), "b`\n#".to_owned()], ..Tested::default() };
        assert_eq!(about_tests(&named), "\n\n## Tests added\n\n- `a`\n- `b' #`");
        assert_eq!(about_tests(&Tested::default()), "");
        let added = Dependency {
            name: "itoa".to_owned(),
            manager: "cargo".to_owned(),
            after: vec!["1.0.1".to_owned()],
            licence: "MIT".to_owned(),
            ..Dependency::default()
        };
        assert_eq!(about_dependencies(&[added]), "\n\n## Dependencies\n\n- Adds `itoa` 1.0.1 (cargo, licence MIT)");
        assert_eq!(about_dependencies(&[]), "");
        let long = clipped(&"ä".repeat(500), LONGEST_TITLE);
        assert!(long.len() <= 256 && long.ends_with('…'), "{}", long.len());
    }

    #[test]
    fn only_what_the_host_keeps_and_runs_may_merge_is_landed() {
        let forge = |kind, auto_merge| Forge(Some(About { kind: str::to_owned(kind), auto_merge }));
        assert!(forge(LOCAL, true).lands() && Forge(None).lands());
        assert!(!forge(LOCAL, false).lands() && !forge(GITHUB, true).lands());
        let mut story = Story::new("1-1", "Add", "story/1-1", "main", 0);
        assert!(matches!(forge(LOCAL, false).proposed(&story, "main"), End::Blocked(reason) if reason.contains("`story/1-1`")));
        story.pull_request = Some(3);
        assert!(matches!(forge(LOCAL, false).proposed(&story, "main"), End::Proposed(reason) if reason.ends_with("merge 3`.")));
        assert!(matches!(forge(GITHUB, true).proposed(&story, "main"), End::Proposed(reason) if reason.contains("git pull")));
    }
}
