//! What a host needs: its data, its engine, and what has to be asked, such as providers, containers and tool servers.

use std::{path::Path, time::Duration};

use super::{Check, count_noun, project, providers, settings::escape_path, tools};
use crate::{
    config::{self, Config},
    escape::{escaped, shell_word},
    interfaces::sandbox::EngineKind,
    operations::{Access, Host, Problem, bindings},
};

/// Less free space than this will soon be none.
const LITTLE_SPACE: u64 = 1 << 30;
/// An engine that has not answered by then will not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the data directory, beside the running host where there is one, and checks what lies in it and what it needs.
pub async fn check_data(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    match Host::open(config.clone(), Access::Execute).await {
        Ok(host) => {
            checks.push(Check::ok("data", format!("{}, free to use", escape_path(&config.data_dir))));
            checks.extend(check_host(&host).await);
            host.close().await;
        }
        Err(problem) if problem.is_in_use() => checks.extend(check_held(config, &problem).await),
        Err(problem) => checks.push(Check::fail("data", escape_path(&config.data_dir), problem.to_string())),
    }
    checks.extend(privacy(&config.data_dir));
    checks.extend(space(&config.data_dir));
    checks
}

async fn check_held(config: &Config, problem: &Problem) -> Vec<Check> {
    let mut checks = vec![Check::warn("data", escape_path(&config.data_dir), problem.to_string())];
    match Host::open(config.clone(), Access::Look).await {
        Ok(host) => checks.extend(check_host(&host).await),
        Err(problem) => checks.push(Check::fail("database", "does not open", problem.to_string())),
    }
    checks
}

async fn check_host(host: &Host) -> Vec<Check> {
    let mut checks = check_opened(host);
    checks.extend(unusable_bindings(host).await);
    let (providers, containers, tools) = tokio::join!(providers::checks(&host.app.config), containers(host), tools::checks(host));
    checks.extend(providers.into_iter().chain([containers]).chain(tools));
    checks.extend(project::checks(host).await);
    checks
}

fn check_opened(host: &Host) -> Vec<Check> {
    let plugins = host.app.kernel.registry().all().len();
    let mut checks = vec![Check::ok("database", "opens with this version")];
    checks.push(match host.app.kernel.engine().pooled() {
        true => Check::ok("engine", "sandboxes come from a pool"),
        false => Check::warn(
            "engine",
            "sandboxes are made one by one: the address space is too small for a pool",
            "It works and is slower. Raise the limit on virtual memory (`ulimit -v`) to have the pool.",
        ),
    });
    let found = count_noun(plugins, "plugin", "plugins");
    checks.push(match host.app.refused.as_slice() {
        [] => Check::ok("plugins", found),
        refused => {
            let files =
                refused.iter().map(|refused| format!("{}: {}", escape_path(&refused.path), refused.reason)).collect::<Vec<_>>().join(" ");
            Check::warn("plugins", format!("{found}, {} rejected", refused.len()), files)
        }
    });
    checks
}

/// Nothing where every binding can be used. What a repository proposes is told when a run starts in it.
async fn unusable_bindings(host: &Host) -> Option<Check> {
    match bindings::problems(host).await {
        Ok(problems) if problems.is_empty() => None,
        Ok(problems) => {
            let found = format!("{} cannot be used", count_noun(problems.len(), "binding", "bindings"));
            Some(Check::warn("bindings", found, problems.join(" ")))
        }
        Err(problem) => Some(Check::warn("bindings", "cannot be read", problem.to_string())),
    }
}

/// What executes commands.
async fn containers(host: &Host) -> Check {
    let advice = "Planning works without. Whatever runs commands, such as tests, needs it.";
    let isolates = host.app.config.sandbox.engine == EngineKind::Docker;
    match tokio::time::timeout(PATIENCE, host.app.sandbox.about()).await {
        Ok(Ok(found)) if isolates => images(host, &escaped(&found)).await,
        Ok(Ok(found)) => Check::warn("containers", found, "Set `engine = \"docker\"` under [sandbox], unless this is a demo."),
        Ok(Err(error)) => Check::warn("containers", error.to_string(), advice),
        Err(_) => Check::warn("containers", "the engine does not answer", advice),
    }
}

/// Whether the images that commands are executed in are here.
async fn images(host: &Host, engine: &str) -> Check {
    let advice = |images: &[(String, String)]| {
        let pulls: Vec<_> = images.iter().map(|(_, reference)| format!("`docker pull {}`", shell_word(&escaped(reference)))).collect();
        format!("Fetch them now with {}, or the first command that needs one waits for it.", pulls.join(" and "))
    };
    match tokio::time::timeout(PATIENCE, host.app.sandbox.missing_images()).await {
        Ok(Ok(missing)) if missing.is_empty() => Check::ok("containers", engine),
        Ok(Ok(missing)) => {
            let named: Vec<_> =
                missing.iter().map(|(name, reference)| format!("`{}` of `{}`", escaped(reference), escaped(name))).collect();
            Check::warn("containers", format!("{engine}; images that are not on this machine: {}", named.join(", ")), advice(&missing))
        }
        Ok(Err(error)) => Check::warn("containers", format!("{engine}, which does not say which images it has"), error.to_string()),
        Err(_) => Check::warn("containers", format!("{engine}, which does not say which images it has"), "Look at the engine's own log."),
    }
}

/// Whether others of this machine may look into the data directory, or change it.
fn privacy(data_dir: &Path) -> Option<Check> {
    let open = config::open_to_others(data_dir)?;
    let advice = format!("`chmod 700 {}` keeps them out.", shell_word(&escape_path(data_dir)));
    Some(Check::warn("privacy", format!("others can {} {}", open.as_str(), escape_path(data_dir)), advice))
}

#[cfg(unix)]
fn space(folder: &Path) -> Option<Check> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let system = rustix::fs::statvfs(there).ok()?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let found = format!("{} free", gibibytes(free));
    Some(match free {
        LITTLE_SPACE.. => Check::ok("disk", found),
        _ => Check::warn("disk", found, "Free some space: a run that cannot write its journal stops."),
    })
}

#[cfg(not(unix))]
fn space(_folder: &Path) -> Option<Check> {
    None
}

/// `3.5 GiB`.
fn gibibytes(bytes: u64) -> String {
    const TENTH: u64 = (1 << 30) / 10;
    format!("{}.{} GiB", bytes / TENTH / 10, bytes / TENTH % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_told_in_gibibytes() {
        assert_eq!([0, 1 << 30, 5 << 29, 1 << 40].map(gibibytes), ["0.0 GiB", "1.0 GiB", "2.5 GiB", "1024.0 GiB"]);
    }
}
