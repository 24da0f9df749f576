//! What the settings say: the user's, those of a project, and the models that they name. Asks no host.

use std::path::Path;

use serde_json::Value;

use super::{Check, models::unknown};
use crate::{
    config::{Config, PROJECT_FILE},
    escape::escaped,
    events::path_text,
    interfaces::{
        llm,
        settings::{misspelt, user_tables_in},
    },
    operations::Problem,
};

/// The settings of the user and of the project in the current folder, and the models that they name.
pub fn check_settings(config: &Config) -> Vec<Check> {
    let mut checks = vec![user_settings(config)];
    checks.extend(project_settings(config, Path::new(".")));
    checks.push(models(&config.models, &effective(config)));
    checks.extend(unknown(config));
    checks
}

fn user_settings(config: &Config) -> Check {
    let found = if config.user_file.is_file() { "read" } else { "does not exist, which is fine" };
    spelt("settings", format!("{} ({found})", escape_path(&config.user_file)), &config.user)
}

/// Those of the project in `folder`, where it has any. A run there would not begin with what cannot be read.
fn project_settings(config: &Config, folder: &Path) -> Option<Check> {
    const NAME: &str = "project";
    let path = folder.join(PROJECT_FILE).symlink_metadata().is_ok().then(|| folder.join(PROJECT_FILE))?;
    Some(match config.project(folder) {
        Ok(settings) => {
            without_effect(spelt(NAME, format!("{} (read)", escape_path(&path.canonicalize().unwrap_or(path))), &settings), &settings)
        }
        Err(error) => Check::warn(NAME, Problem::from(error).to_string(), "No run starts in this directory until the file is fixed."),
    })
}

/// Adds the tables that have no effect in a project's settings.
fn without_effect(check: Check, project: &Value) -> Check {
    let tables: Vec<_> = user_tables_in(project).iter().map(|table| format!("`[{}]`", escaped(table))).collect();
    if tables.is_empty() {
        return check;
    }
    let found = format!("{}, with tables that a project cannot set: {}", check.message, tables.join(", "));
    let hint = format!("{} Baton ignores these tables here. Set them in your own settings.", check.hint.unwrap_or_default());
    Check::warn(&check.subject, found, hint)
}

fn spelt(name: &str, found: String, settings: &Value) -> Check {
    let doubts: Vec<_> = misspelt(settings).into_iter().map(|(key, meant)| format!("`{key}`, where `{meant}` may be meant")).collect();
    match doubts.as_slice() {
        [] => Check::ok(name, found),
        doubts => Check::warn(name, format!("{found}, with unknown words"), format!("Look at {}.", doubts.join("; "))),
    }
}

/// The settings of a run in this folder; without those of a project that cannot be read, which a check of its own says.
pub(super) fn effective(config: &Config) -> Value {
    config.settings(Path::new(".")).unwrap_or_else(|_| config.with_project(&Value::Null))
}

fn models(config: &llm::Config, settings: &Value) -> Check {
    let default = match &settings["models"]["default"] {
        Value::String(model) => format!("{} by default", escaped(model)),
        Value::Array(models) => {
            let models: Vec<_> = models.iter().filter_map(Value::as_str).map(escaped).collect();
            format!("{} by default", models.join(", else "))
        }
        _ => "no model by default".to_owned(),
    };
    let keys = [
        ("ANTHROPIC_API_KEY", config.anthropic_api_key.is_some()),
        ("OPENAI_API_KEY", config.openai_api_key.is_some()),
        ("GEMINI_API_KEY", config.gemini_api_key.is_some()),
    ];
    let said = keys.map(|(name, set)| format!("{name} {}", if set { "set" } else { "not set" })).join(", ");
    let addresses = config.endpoints.keys().map(|name| escaped(name)).collect::<Vec<_>>().join(", ");
    let addresses = if addresses.is_empty() { String::new() } else { format!("; also {addresses}") };
    let found = format!("{said}{addresses}; {default}");
    if keys.iter().any(|(_, set)| *set) || !config.endpoints.is_empty() {
        return Check::ok("models", found);
    }
    let advice = "The demo and scripts work without. For a real model set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY, run Ollama, or add [providers.NAME] to the settings.";
    Check::warn("models", found, advice)
}

pub(super) fn escape_path(path: &Path) -> String {
    escaped(&path_text(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::CheckLevel, *};

    #[test]
    fn tables_without_effect_are_named_with_what_else_is_wrong() {
        let ok = without_effect(Check::ok("project", "baton.toml (read)"), &json!({ "test": { "image": "default" } }));
        assert_eq!((ok.message.as_str(), ok.hint), ("baton.toml (read)", None));
        let project = json!({ "limits": { "calls": 1 }, "providers": { "la\u{1b}b": {} } });
        let warned = without_effect(Check::warn("project", "baton.toml (read)", "Look at `x`."), &project);
        assert_eq!(warned.message, r"baton.toml (read), with tables that a project cannot set: `[limits]`, `[providers.la\u{1b}b]`");
        assert_eq!(warned.hint.as_deref(), Some("Look at `x`. Baton ignores these tables here. Set them in your own settings."));
        assert_eq!(without_effect(Check::ok("project", ""), &project).level, CheckLevel::Warn);
    }

    #[test]
    fn the_default_model_is_that_of_the_settings_that_hold_here() {
        let found = |settings: Value| models(&llm::Config::scripts_only("scripts"), &settings).message;
        assert!(found(json!({ "models": { "default": "lab/any" } })).ends_with("; lab/any by default"));
        assert!(found(json!({})).ends_with("; no model by default"));
    }
}
