//! Where a developer's commands run and how the tests are run, as far as that is known. Says nothing of it that is not set or built in.

use baton_sdk::{Result, settings};
use baton_survey::TestCommand;

/// Seconds that tests have where nothing is set, as `run-tests` has it.
const USUAL_TIMEOUT: u32 = 600;

/// MiB of memory that a container has where nothing is set, as the sandbox has it.
const USUAL_MEMORY: u32 = 2048;

/// A list of facts.
pub(crate) fn described(tests: Option<&TestCommand>) -> Result<String> {
    let commands = match settings::get::<String>("sandbox.engine")?.as_deref() {
        Some("process") => {
            "- Each command runs by `sh -c` as a process of this machine, in the project's folder, which is also HOME.".to_owned()
        }
        _ => containers()?,
    };
    Ok(format!("- {}\n{commands}\n- `.git` is hidden from commands.", tested(tests)?))
}

fn tested(tests: Option<&TestCommand>) -> Result<String> {
    let seconds = settings::get::<u32>("test.timeout")?.unwrap_or(USUAL_TIMEOUT);
    Ok(match tests {
        Some(TestCommand { line, is_set, quick }) => {
            let origin = if *is_set { "the setting test.command" } else { "what the project's files suggest" };
            let quick = quick.as_ref().map_or_else(String::new, |quick| format!(" While you work, `{quick}` is quicker."));
            format!("The tests are run by `{line}` ({origin}), and may take {seconds} s.{quick}")
        }
        None => "No command is known that runs tests here. Add `tests/run.sh`, which exits with 0 when all tests pass.".to_owned(),
    })
}

fn containers() -> Result<String> {
    let image = settings::get::<String>("test.image")?.unwrap_or_else(|| "default".to_owned());
    let fact = |name: &str| format!("sandbox.images.{image}.{name}");
    let memory = settings::get::<u32>(&fact("memory-mib"))?.unwrap_or(USUAL_MEMORY);
    let network = if settings::get::<bool>(&fact("network"))?.unwrap_or_default() { "reaches the network" } else { "has no network" };
    Ok(format!(
        "- Each command runs by `sh -c` in a fresh container of the image `{image}`, which {network} and has {memory} MiB of memory.\n\
         - Only what a command writes into the project stays. HOME is `/tmp`, which is empty at its beginning; processes that it leaves \
         running end."
    ))
}
