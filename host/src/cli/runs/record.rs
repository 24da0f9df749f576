//! `baton runs record`.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    cli::{Context, exit::Exit, figures, text},
    kernel::recording::Ending,
    operations::Access,
};

/// Write a run and the answers of all its calls to a file that `baton runs replay` reads
///
/// The file, which only you can read, holds prompts, replies and contents of files in clear; settings that are secret are left out. What child
/// runs answered is in it, their own calls are not: record them by their own ids.
#[derive(Debug, Args)]
pub(in crate::cli) struct Record {
    /// Any beginning or end of the run's id
    run: String,
    /// Where to write it; standard output when left out
    file: Option<PathBuf>,
}

impl Record {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let recording = app.kernel.record(&run).await?;
        let document = recording.to_text()?;
        let Some(file) = &self.file else {
            context.screen.answer(document.trim_end())?;
            return Ok(Exit::Done);
        };
        let name = text::escaped(&file.display().to_string());
        write(file, document.as_bytes())
            .with_context(|| format!("The recording could not be written to `{name}`; name a file in a folder that exists"))?;
        let calls = figures::counted(recording.calls() as u64, "call", "calls");
        let far = if recording.ending == Ending::Unfinished { ", which has not ended," } else { "" };
        context.screen.tell(format!("Run {}{far} is recorded in {name}: {calls}.", text::short(&run.id)));
        Ok(Exit::Done)
    }
}

/// Prompts and contents of files are for the user alone.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    file.write_all(content)
}
