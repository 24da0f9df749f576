//! Where a developer's commands run. Says nothing of it that is not set or built in.

use baton_sdk::{Result, settings};

/// Seconds that tests have where nothing is set, as `run-tests` has it.
const USUAL_TIMEOUT: u32 = 600;

/// The name of the image of the project's environment.
const PROJECT: &str = "project";

/// MiB of memory that a container has where nothing is set, as the sandbox has it.
const USUAL_MEMORY: u32 = 2048;

/// A list.
pub(crate) fn described() -> Result<String> {
    let commands = match settings::get::<String>("sandbox.engine")?.as_deref() {
        Some("process") => {
            "- Each command runs by `sh -c` as a process of this machine, in the project's folder, which is also HOME.".to_owned()
        }
        _ => containers()?,
    };
    let seconds = settings::get::<u32>("test.timeout")?.unwrap_or(USUAL_TIMEOUT);
    Ok(format!("{commands}\n- `.git` is hidden from commands.\n- When the story's tests are run, they may take {seconds} s."))
}

fn containers() -> Result<String> {
    let image = settings::get::<String>("test.image")?.unwrap_or_else(|| "default".to_owned());
    let limited = limited(&image)?;
    let fact = |name: &str| format!("sandbox.images.{limited}.{name}");
    let memory = settings::get::<u32>(&fact("memory-mib"))?.unwrap_or(USUAL_MEMORY);
    let network = if settings::get::<bool>(&fact("network"))?.unwrap_or_default() { "reaches the network" } else { "has no network" };
    Ok(format!(
        "- Each command runs by `sh -c` in a fresh container of the image `{image}`, which {network} and has {memory} MiB of memory.\n\
         - Only what a command writes into the project stays. HOME is `/tmp`, which is empty at its beginning; processes that it leaves \
         running end."
    ))
}

/// The image whose settings limit the containers of an image: those of the project's environment may take what `default` may,
/// where nothing is set of them.
fn limited(image: &str) -> Result<&str> {
    if image != PROJECT {
        return Ok(image);
    }
    let fact = |name: &str| format!("sandbox.images.{image}.{name}");
    let is_set = settings::get::<u32>(&fact("memory-mib"))?.is_some() || settings::get::<bool>(&fact("network"))?.is_some();
    Ok(if is_set { image } else { "default" })
}
