//! Where the demo's stories are tested: in containers, and only where no engine answers in plain processes, which isolate
//! nothing and are said to. No other command does that by itself.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use tokio::sync::mpsc;

use crate::{
    app,
    cli::{
        Context, figures,
        screen::{WARNING, painted},
        text,
    },
    config::Config,
    interfaces::sandbox::{Covers, EngineKind, Key, Settings, Task},
    journal::RunId,
};

/// What the stories' tests need of an image, beside a shell.
const NEEDED: &str = "command -v awk >/dev/null && command -v mktemp >/dev/null";
/// An engine that has not answered by then, with the image fetched, is as good as none.
const PATIENCE: Duration = Duration::from_secs(300);

/// The configuration with an engine that works.
pub(super) async fn chosen(context: &Context, data_dir: PathBuf) -> Result<Config> {
    let config = context.config_at(Some(data_dir))?;
    if config.sandbox.engine == EngineKind::Process {
        context.warn_of_processes(&config);
        return Ok(config);
    }
    let Err(reason) = tried(&config).await else { return Ok(config) };
    context.screen.warn(format!(
        "{} NO CONTAINERS: {} The demo tests its stories in plain processes of this machine, WHICH ISOLATE NOTHING. Its script is harmless; with a \
         model of your own, see to containers first.",
        painted(WARNING, "!"),
        text::plain(&reason)
    ));
    let sandbox = Settings { engine: EngineKind::Process, ..config.sandbox.clone() };
    Ok(Config { sandbox, ..config })
}

/// Runs one command as the stories' tests will be run; why that does not work.
async fn tried(config: &Config) -> std::result::Result<(), String> {
    let owner = format!("trial-{}", std::process::id());
    let engine = app::engine(config, &owner);
    let Some(image) = config.sandbox.images.get("default") else { return Err("There is no image `default`.".to_owned()) };
    let folder = tempfile::tempdir().map_err(|error| format!("A temporary folder cannot be created ({error})."))?;
    let task = Task {
        mounts: Vec::new(),
        network: None,
        key: Key { run: RunId::from_text(owner), seq: 1 },
        image: image.clone(),
        command: ["sh", "-c", NEEDED].map(str::to_owned).to_vec(),
        env: Default::default(),
        workspace: folder.path().to_owned(),
        timeout_ms: 30_000,
        asked_at: figures::now(),
        covers: Covers::none(),
        user: None,
        found: None,
    };
    // Nobody listens: what is fetched is said by Docker itself.
    let (pieces, _) = mpsc::channel(1);
    let ended = tokio::time::timeout(PATIENCE, engine.execute(&task, pieces)).await;
    // The answer is known, and the next start removes what is left.
    let _ = engine.discard(&task.key).await;
    engine.close().await;
    match ended {
        Ok(Ok(ended)) if ended.exit_code == 0 => Ok(()),
        Ok(Ok(_)) => Err(format!("The image `{}` has no awk or no mktemp.", image.reference)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("The engine does not answer.".to_owned()),
    }
}
