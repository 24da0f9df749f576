//! What Baton itself needs: its settings, its data, its engine, a model to ask.

use std::{
    io::{self, IsTerminal},
    path::Path,
    time::Duration,
};

use serde_json::Value;

use super::{Check, environment, providers, repository, slots, tools};
use crate::{
    cli::{Context, figures, text},
    config::{self, Config, PROJECT_FILE},
    interfaces::{
        llm,
        sandbox::EngineKind,
        settings::{misspelt, user_tables_in},
    },
    operations::{Access, Host, Problem},
};

/// Less free space than this will soon be none.
const LITTLE_SPACE: u64 = 1 << 30;
/// An engine that has not answered by then will not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks from the settings to the engine. Where one fails, those that build on it are left out.
pub(super) async fn checks(context: &Context) -> Vec<Check> {
    let mut checks = vec![Check::ok("Baton", env!("CARGO_PKG_VERSION")), terminal(context)];
    let config = match context.config_at(context.data_dir.clone()) {
        Ok(config) => config,
        Err(error) => {
            checks.push(Check::fail("settings", error.to_string(), "Fix what the sentence names."));
            return checks;
        }
    };
    checks.push(settings(&config));
    checks.extend(project_settings(&config, Path::new(".")));
    checks.push(models(&config.models, &effective(&config)));
    checks.extend(super::models::unknown(&config));
    let data_dir = config.data_dir.clone();
    match Host::open(config.clone(), Access::Execute).await {
        Ok(app) => {
            checks.push(Check::ok("data", format!("{}, free to use", shown(&data_dir))));
            checks.extend(opened(&app));
            checks.extend(slots::check(&app).await);
            checks.extend(asked(&app).await);
            checks.extend(environment::check(context, &app).await);
            checks.extend(repository::check(&app).await);
            app.close().await;
        }
        Err(error) if error.is_in_use() => checks.extend(held(context, config, &error).await),
        Err(error) => checks.push(Check::fail("data", shown(&data_dir), error.to_string())),
    }
    checks.extend(privacy(&data_dir));
    checks.extend(space(&data_dir));
    checks
}

fn terminal(context: &Context) -> Check {
    match (io::stderr().is_terminal(), context.screen.shows_colour()) {
        (true, true) => Check::ok("terminal", "live lines and colours"),
        (true, false) => Check::ok("terminal", "live lines, no colours"),
        (false, _) => Check::ok("terminal", "none: lines with the time"),
    }
}

fn settings(config: &Config) -> Check {
    let found = if config.user_file.is_file() { "read" } else { "not there, which is fine" };
    spelt("settings", format!("{} ({found})", shown(&config.user_file)), &config.user)
}

/// Those of the project in `folder`, where it has any. A run there would not begin with what cannot be read.
fn project_settings(config: &Config, folder: &Path) -> Option<Check> {
    const NAME: &str = "project";
    let path = folder.join(PROJECT_FILE).symlink_metadata().is_ok().then(|| folder.join(PROJECT_FILE))?;
    Some(match config.project(folder) {
        Ok(settings) => {
            without_effect(spelt(NAME, format!("{} (read)", shown(&path.canonicalize().unwrap_or(path))), &settings), &settings)
        }
        Err(error) => Check::warn(NAME, error.to_string(), "No run starts in this folder until the file is fixed."),
    })
}

/// Adds the tables that have no effect in a project's settings.
fn without_effect(check: Check, project: &Value) -> Check {
    let tables: Vec<_> = user_tables_in(project).iter().map(|table| format!("`[{}]`", text::escaped(table))).collect();
    if tables.is_empty() {
        return check;
    }
    let found = format!("{}, with tables that a project cannot set: {}", check.found, tables.join(", "));
    let advice = format!("{} Baton ignores these tables here. Set them in your own settings.", check.advice);
    Check::warn(check.name, found, advice.trim_start())
}

fn spelt(name: &'static str, found: String, settings: &Value) -> Check {
    let doubts: Vec<_> = misspelt(settings).into_iter().map(|(key, meant)| format!("`{key}`, where `{meant}` may be meant")).collect();
    match doubts.as_slice() {
        [] => Check::ok(name, found),
        doubts => Check::warn(name, format!("{found}, with words that are not known"), format!("Look at {}.", doubts.join("; "))),
    }
}

/// Whether others of this machine may look into the data directory, or change it.
fn privacy(data_dir: &Path) -> Option<Check> {
    let open = config::open_to_others(data_dir)?;
    let advice = format!("`chmod 700 {}` keeps them out.", text::shell_word(&shown(data_dir)));
    Some(Check::warn("privacy", format!("others can {} {}", open.as_str(), shown(data_dir)), advice))
}

/// The settings of a run in this folder; without those of a project that cannot be read, which a check of its own says.
pub(super) fn effective(config: &Config) -> Value {
    config.settings(Path::new(".")).unwrap_or_else(|_| config.with_project(&Value::Null))
}

fn models(config: &llm::Config, settings: &Value) -> Check {
    let default = match &settings["models"]["default"] {
        Value::String(model) => format!("{} by default", text::line(model)),
        Value::Array(models) => {
            let models: Vec<_> = models.iter().filter_map(Value::as_str).map(text::line).collect();
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
    let addresses = config.endpoints.keys().map(|name| text::line(name)).collect::<Vec<_>>().join(", ");
    let addresses = if addresses.is_empty() { String::new() } else { format!("; also {addresses}") };
    let found = format!("{said}{addresses}; {default}");
    if keys.iter().any(|(_, set)| *set) || !config.endpoints.is_empty() {
        return Check::ok("models", found);
    }
    let advice = "The demo and scripts work without. For a real model set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY, run Ollama, or add [providers.NAME] to the settings.";
    Check::warn("models", found, advice)
}

fn opened(app: &Host) -> Vec<Check> {
    let plugins = app.kernel.registry().all().len() as u64;
    let mut checks = vec![Check::ok("database", "opens, and is of this version")];
    checks.push(match app.kernel.engine().pooled() {
        true => Check::ok("engine", "sandboxes come from a pool"),
        false => Check::warn(
            "engine",
            "sandboxes are made one by one: there is not enough address space for a pool",
            "It works and is slower. Raise the limit on virtual memory (`ulimit -v`) to have the pool.",
        ),
    });
    let found = figures::counted(plugins, "plugin", "plugins");
    checks.push(match app.refused.as_slice() {
        [] => Check::ok("plugins", found),
        refused => {
            let files = refused.iter().map(|refused| format!("{}: {}", shown(&refused.path), refused.reason)).collect::<Vec<_>>().join(" ");
            Check::warn("plugins", format!("{found}, {} rejected", refused.len()), files)
        }
    });
    checks
}

/// What has to be asked: providers, engines, servers and toolboxes, all at once.
async fn asked(app: &Host) -> Vec<Check> {
    let (providers, containers, tools) = tokio::join!(providers::checks(&app.config), containers(app), tools::checks(app));
    providers.into_iter().chain([containers]).chain(tools).collect()
}

/// What executes commands.
async fn containers(app: &Host) -> Check {
    let advice = "Planning works without. Whatever runs commands, such as tests, needs it.";
    let isolates = app.config.sandbox.engine == EngineKind::Docker;
    match tokio::time::timeout(PATIENCE, app.sandbox.about()).await {
        Ok(Ok(found)) if isolates => images(app, &text::line(&found)).await,
        Ok(Ok(found)) => Check::warn("containers", found, "Set `engine = \"docker\"` under [sandbox], unless this is a demo."),
        Ok(Err(error)) => Check::warn("containers", error.to_string(), advice),
        Err(_) => Check::warn("containers", "the engine does not answer", advice),
    }
}

/// Whether the images that commands are executed in are here.
async fn images(app: &Host, engine: &str) -> Check {
    let advice = |images: &[(String, String)]| {
        let pulls: Vec<_> =
            images.iter().map(|(_, reference)| format!("`docker pull {}`", text::shell_word(&text::escaped(reference)))).collect();
        format!("Fetch them now with {}, or the first command that needs one waits for it.", pulls.join(" and "))
    };
    match tokio::time::timeout(PATIENCE, app.sandbox.missing_images()).await {
        Ok(Ok(missing)) if missing.is_empty() => Check::ok("containers", engine),
        Ok(Ok(missing)) => {
            let named: Vec<_> =
                missing.iter().map(|(name, reference)| format!("`{}` of `{}`", text::escaped(reference), text::escaped(name))).collect();
            Check::warn("containers", format!("{engine}; images that are not on this machine: {}", named.join(", ")), advice(&missing))
        }
        Ok(Err(error)) => Check::warn("containers", format!("{engine}, which does not say which images it has"), error.to_string()),
        Err(_) => Check::warn("containers", format!("{engine}, which does not say which images it has"), "Look at the engine's own log."),
    }
}

async fn held(context: &Context, config: Config, error: &Problem) -> Vec<Check> {
    let mut checks = vec![Check::warn("data", shown(&config.data_dir), error.to_string())];
    match Host::open(config, Access::Look).await {
        Ok(app) => {
            checks.extend(opened(&app));
            checks.extend(slots::check(&app).await);
            checks.extend(asked(&app).await);
            checks.extend(environment::check(context, &app).await);
            checks.extend(repository::check(&app).await);
        }
        Err(error) => checks.push(Check::fail("database", "does not open", error.to_string())),
    }
    checks
}

#[cfg(unix)]
fn space(folder: &Path) -> Option<Check> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let system = rustix::fs::statvfs(there).ok()?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let found = format!("{} free", figures::bytes(free));
    Some(match free {
        LITTLE_SPACE.. => Check::ok("disk", found),
        _ => Check::warn("disk", found, "Free some space: a run that cannot write its journal stops."),
    })
}

#[cfg(not(unix))]
fn space(_folder: &Path) -> Option<Check> {
    None
}

fn shown(path: &Path) -> String {
    text::escaped(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::verdict, *};
    use crate::cli::exit::Exit;

    #[test]
    fn tables_without_effect_are_named_with_what_else_is_wrong() {
        let ok = without_effect(Check::ok("project", "baton.toml (read)"), &json!({ "test": { "image": "default" } }));
        assert_eq!((ok.found.as_str(), ok.advice.as_str()), ("baton.toml (read)", ""));
        let project = json!({ "limits": { "calls": 1 }, "providers": { "la\u{1b}b": {} } });
        let warned = without_effect(Check::warn("project", "baton.toml (read)", "Look at `x`."), &project);
        assert_eq!(warned.found, r"baton.toml (read), with tables that a project cannot set: `[limits]`, `[providers.la\u{1b}b]`");
        assert_eq!(warned.advice, "Look at `x`. Baton ignores these tables here. Set them in your own settings.");
        assert_eq!(verdict(&[without_effect(Check::ok("project", ""), &project)]), Exit::Done);
    }

    #[test]
    fn the_default_model_is_that_of_the_settings_that_hold_here() {
        let found = |settings: Value| models(&llm::Config::scripts_only("scripts"), &settings).found;
        assert!(found(json!({ "models": { "default": "lab/any" } })).ends_with("; lab/any by default"));
        assert!(found(json!({})).ends_with("; no model by default"));
    }
}
