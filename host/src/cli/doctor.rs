//! `baton doctor`: prints what Baton needs and what helps it, and what to do where something is missing.

use std::io::{self, IsTerminal as _};

use anstyle::Style;
use anyhow::Result;
use clap::Args;

use super::{
    Context,
    exit::Exit,
    screen::{BAD, FAINT, GOOD, WARNING},
    table::{Align, Cell, Table},
    text,
};
use crate::operations::{
    Page,
    health::{self, Check, CheckLevel},
};

/// Check this machine for what Baton needs, and show how to fix what is missing
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Also test tool calls and structured output with each configured model, which costs money, and show what it supports
    #[arg(long)]
    models: bool,
    /// Discard what Baton learned about models before it tests them
    #[arg(long, requires = "models")]
    forget: bool,
}

impl Doctor {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let mut checks = vec![health::check_program(), terminal(context)];
        match context.config() {
            Err(error) => {
                checks.push(Check::fail("settings", error.to_string(), "Fix what the message names."));
                checks.extend(health::check_machine().await);
            }
            Ok(config) => {
                checks.extend(health::check_settings(&config));
                checks.extend(health::check_data(&config).await);
                checks.extend(health::check_machine().await);
                if self.models {
                    checks.extend(health::ask_models(&config, self.forget).await);
                }
            }
        }
        for check in &mut checks {
            check.message = context.advice(&check.message);
            check.hint = check.hint.as_deref().map(|hint| context.advice(hint));
        }
        let exit = if health::worst(&checks) == CheckLevel::Fail { Exit::Failed } else { Exit::Done };
        if context.screen.is_json() {
            context.screen.document(&Page::whole(checks))?;
        } else {
            context.screen.answer(table(&checks).fit(context.screen.room()))?;
        }
        Ok(exit)
    }
}

fn terminal(context: &Context) -> Check {
    let found = match (io::stderr().is_terminal(), context.screen.shows_colour()) {
        (true, true) => "live lines and colours",
        (true, false) => "live lines, no colours",
        (false, _) => "none: lines with the time",
    };
    Check::ok("terminal", found)
}

fn word(level: CheckLevel) -> (&'static str, Style) {
    match level {
        CheckLevel::Ok => ("ok", GOOD),
        CheckLevel::Warn => ("warn", WARNING),
        CheckLevel::Fail => ("fail", BAD),
    }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("CHECK", Align::Left), ("FOUND", Align::Left)]);
    for check in checks {
        let (word, style) = word(check.level);
        table.row([Cell::styled(word, style), text::line(&check.subject).into(), text::line(&check.message).into()]);
        if let Some(hint) = &check.hint {
            table.row([Cell::from(""), "".into(), Cell::styled(format!("→ {}", text::line(hint)), FAINT)]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_stands_below_what_was_found() {
        let shown = table(&[Check::ok("git", "2.47"), Check::warn("Docker", "no\u{1b}[2J answer", "Start it.")]).render();
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(shown, "      CHECK   FOUND\nok    git     2.47\nwarn  Docker  no answer\n              → Start it.");
    }
}
