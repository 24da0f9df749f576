//! How work is done in a project, as the developer is told: which command tests it, what a story must not touch, and what is
//! left of its attempts. Enforces nothing: `guards` does.

use std::fmt::Write as _;

use baton_sdk::prelude::*;
use baton_slots::RUN_TESTS;
use baton_slots::dev_story::Mode;
use baton_slots::run_tests::{self, Folder, Output as Tested};

use crate::dependencies::Allowed;
use crate::kinds::PLANS;

/// Folders whose commands a developer is told.
const MOST_FOLDERS: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Ways {
    command: Option<String>,
    quick: Option<String>,
    folders: Vec<Folder>,
    /// Whether a change may be tested by less than the whole.
    pub(crate) knows_parts: bool,
    allowed: Vec<String>,
    /// Which packages a lockfile may gain.
    pub(crate) dependencies: Allowed,
    /// Whether the story's tests are run on the code as it was before.
    pub(crate) checks_tests: bool,
}

impl Ways {
    pub(crate) fn find(mode: Mode) -> Result<Self> {
        let order = run_tests::Input { find_only: true, ..run_tests::Input::default() };
        let found: Tested = workflows::start(RUN_TESTS, &order)?.wait()?.output;
        let allowed = settings::get("story.paths")?.unwrap_or_default();
        let dependencies = Allowed::find()?;
        // A story that is merged again was shown to be tested when it was developed.
        let checks_tests = mode == Mode::Develop && settings::get("story.check-tests")?.unwrap_or(true);
        Ok(Self {
            command: found.command,
            quick: found.quick,
            folders: found.folders,
            knows_parts: found.parts,
            allowed,
            dependencies,
            checks_tests,
        })
    }

    pub(crate) fn rules(&self, key: &str, left: u32) -> String {
        let mut rules = self.tests();
        rules.push_str(&self.tests_of_folders());
        rules.push_str(
            "- Every acceptance criterion gets a test that fails without your change. A story that needs no test says why in `untested`.\n",
        );
        if self.checks_tests {
            rules.push_str("- Your tests are also run on the code as it was before. There they have to fail; where they cannot, say why in `untested`.\n");
        }
        rules.push_str("- Tests are not deleted, emptied or weakened.\n");
        let _ = writeln!(rules, "- Leave these alone; changes to them are undone: {}.", untouchable(key));
        if !self.allowed.is_empty() {
            let _ = writeln!(rules, "- Only these may be changed: `{}`.", self.allowed.join("`, `"));
        }
        rules.push_str(&self.dependencies.rule());
        rules.push_str("- Change nothing that the story does not need. What you change is committed for you.\n");
        let attempts = if left == 1 { "is the last attempt" } else { "is not the last attempt" };
        let _ = writeln!(rules, "- This {attempts} before a person is asked; {left} are left with it.");
        rules
    }

    fn tests(&self) -> String {
        match (&self.command, &self.quick) {
            (Some(all), Some(quick)) => {
                format!("- `{all}` runs the tests, and `{quick}` is quicker while you work. Run the first before you finish: the story is done when it passes.\n")
            }
            (Some(all), None) => format!("- `{all}` runs the tests. Run it before you finish: the story is done when it passes.\n"),
            (None, _) => "- No command is known that runs this project's tests, and no story lands without one: add `tests/run.sh`, which exits with 0 when \
                          all tests pass and with another code when one fails.\n"
                .to_owned(),
        }
    }
}

impl Ways {
    fn tests_of_folders(&self) -> String {
        let told = self.folders.iter().take(MOST_FOLDERS).filter_map(|Folder { folder, command, quick }| {
            let command = quick.as_ref().or(command.as_ref())?;
            Some(format!("`{command}` for `{folder}`"))
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            String::new()
        } else {
            format!("- While you work in one folder, its tests are enough: {}.\n", told.join(", "))
        }
    }
}

fn untouchable(key: &str) -> String {
    let plans: Vec<_> = PLANS.iter().map(|plan| format!("`{plan}`")).collect();
    format!("`baton.toml`, {} (but for `docs/stories/{key}.md`)", plans.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_name_the_commands_the_limits_and_what_is_left() {
        let ways = Ways {
            command: Some("make test".to_owned()),
            quick: Some("make quick".to_owned()),
            folders: vec![Folder { folder: "crates/a".to_owned(), command: Some("make a".to_owned()), quick: None }],
            knows_parts: true,
            allowed: vec!["src/".to_owned()],
            dependencies: Allowed::Named(vec!["serde*".to_owned()]),
            checks_tests: true,
        };
        let rules = ways.rules("1-1", 1);
        for expected in [
            "`make test` runs the tests",
            "`make quick` is quicker",
            "`make a` for `crates/a`",
            "`docs/PRD.md`",
            "changed: `src/`",
            "no others: `serde*`",
            "code as it was before",
            "is the last attempt",
        ] {
            assert!(rules.contains(expected), "{expected}: {rules}");
        }
        let bare = Ways::default().rules("1-1", 3);
        assert!(bare.contains("add `tests/run.sh`") && !bare.contains("as it was before") && !bare.contains("Only these"), "{bare}");
    }
}
