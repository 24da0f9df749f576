//! What Baton needs and what helps it, looked at: typed checks with what was found and what to do. Fixes nothing and shows no
//! secret.

mod data;
mod machine;
mod models;
mod project;
mod providers;
mod settings;
mod tools;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::Page;
use crate::config::Config;

pub use data::check_data;
pub use machine::check_machine;
pub use models::ask_models;
pub use settings::check_settings;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckLevel {
    /// Nothing to do.
    Ok,
    /// Something does not work that Baton can do without.
    Warn,
    /// Baton cannot work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// How it came out.
    pub level: CheckLevel,
    /// What was looked at, such as `git`. Several checks may be of one subject.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Check {
    /// Nothing to do.
    pub fn ok(subject: &str, message: impl Into<String>) -> Self {
        Self { level: CheckLevel::Ok, subject: subject.to_owned(), message: message.into(), hint: None }
    }

    /// Something that Baton can do without.
    pub fn warn(subject: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: CheckLevel::Warn, hint: some(hint.into()), ..Self::ok(subject, message) }
    }

    /// Something without which Baton cannot work.
    pub fn fail(subject: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: CheckLevel::Fail, hint: some(hint.into()), ..Self::ok(subject, message) }
    }
}

/// The model providers that are set up, each asked whether it can be reached.
pub async fn check_providers(config: &Config) -> Vec<Check> {
    providers::checks(config).await
}

/// The version of this program.
pub fn check_program() -> Check {
    Check::ok("Baton", env!("CARGO_PKG_VERSION"))
}

/// The level of the worst check.
pub fn worst(checks: &[Check]) -> CheckLevel {
    let has = |level| checks.iter().any(|check| check.level == level);
    match (has(CheckLevel::Fail), has(CheckLevel::Warn)) {
        (true, _) => CheckLevel::Fail,
        (false, true) => CheckLevel::Warn,
        (false, false) => CheckLevel::Ok,
    }
}

fn some(hint: String) -> Option<String> {
    Some(hint.trim().to_owned()).filter(|hint| !hint.is_empty())
}

/// `1 tool`, `2 tools`.
fn count_noun(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Check, Page<Check>)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stops_baton_fails() {
        let mut checks = vec![Check::ok("git", "git 2"), Check::warn("containers", "no answer", "Start it.")];
        assert_eq!(worst(&checks), CheckLevel::Warn);
        checks.push(Check::fail("data", "read-only", "Make it writable."));
        assert_eq!(worst(&checks), CheckLevel::Fail);
        assert_eq!(Check::warn("data", "x", " ").hint, None);
    }
}
