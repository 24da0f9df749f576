//! `baton doctor`: looks at what Baton needs and what helps it. Mends nothing and shows no secret.

mod environment;
mod machine;
mod models;
mod own;
mod providers;
mod repository;
mod slots;
mod tools;

use anstyle::Style;
use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{
    Context,
    exit::Exit,
    screen::{BAD, FAINT, GOOD, WARNING},
    table::{Align, Cell, Table},
    text,
};

/// Check this machine for what Baton needs, and say how to fix what is missing
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Also ask each configured model for a tool call and a reply by a schema, which costs money, and say what it can do
    #[arg(long)]
    models: bool,
    /// First forget what the models were found to refuse, and send them everything again
    #[arg(long, requires = "models")]
    forget: bool,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Health {
    /// Nothing to do.
    Ok,
    /// Something does not work that Baton can do without.
    Warn,
    /// Baton cannot work.
    Fail,
}

impl Health {
    fn shown(self) -> (&'static str, Style) {
        match self {
            Self::Ok => ("ok", GOOD),
            Self::Warn => ("warn", WARNING),
            Self::Fail => ("fail", BAD),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Check {
    name: &'static str,
    health: Health,
    /// What was found.
    found: String,
    /// What to do; empty where there is nothing to do.
    advice: String,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), advice: String::new() }
    }

    fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Warn, found: found.into(), advice: advice.into() }
    }

    fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Fail, found: found.into(), advice: advice.into() }
    }
}

impl Doctor {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let mut checks = own::checks(context).await;
        checks.extend(machine::checks().await);
        if self.models
            && let Ok(config) = context.config_at(context.data_dir.clone())
        {
            checks.extend(models::asked(&config, self.forget).await);
        }
        for check in &mut checks {
            (check.found, check.advice) = (context.advice(&check.found), context.advice(&check.advice));
        }
        if context.screen.is_json() {
            context.screen.document(&checks)?;
        } else {
            context.screen.answer(table(&checks).fit(context.screen.room()))?;
        }
        Ok(verdict(&checks))
    }
}

fn verdict(checks: &[Check]) -> Exit {
    if checks.iter().any(|check| check.health == Health::Fail) { Exit::Failed } else { Exit::Done }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("CHECK", Align::Left), ("FOUND", Align::Left)]);
    for check in checks {
        let (word, style) = check.health.shown();
        table.row([Cell::styled(word, style), check.name.into(), text::line(&check.found).into()]);
        if !check.advice.is_empty() {
            table.row([Cell::from(""), "".into(), Cell::styled(format!("→ {}", text::line(&check.advice)), FAINT)]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stops_baton_fails() {
        let mut checks = vec![Check::ok("git", "git 2"), Check::warn("Docker", "no answer", "Start it.")];
        assert_eq!(verdict(&checks), Exit::Done);
        checks.push(Check::fail("data", "read-only", "Make it writable."));
        assert_eq!(verdict(&checks), Exit::Failed);
    }

    #[test]
    fn advice_stands_below_what_was_found() {
        let shown = table(&[Check::ok("git", "2.47"), Check::warn("Docker", "no\u{1b}[2J answer", "Start it.")]).render();
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(shown, "      CHECK   FOUND\nok    git     2.47\nwarn  Docker  no answer\n              → Start it.");
    }
}
