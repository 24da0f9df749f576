//! `baton runs record`.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Access, named_files, path_text,
        runs::{self, RecordingFile},
    },
};

/// Record a run and the answers to its calls in a file for `baton runs replay`
///
/// Only you can read the file. It contains prompts, replies and file contents in clear text, but no secret settings. It
/// contains the answers of child runs, but not their calls: record each child run by its own id.
#[derive(Debug, Args)]
pub(in crate::cli) struct Record {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// File to write [default: standard output]
    file: Option<PathBuf>,
}

impl Record {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let recorded = client::runs::record(&client, &self.run).await?;
        let Some(file) = &self.file else {
            context.screen.answer(recorded.recording.trim_end())?;
            return Ok(Exit::Done);
        };
        let name = text::path(file);
        let written = write(file, recorded.recording.as_bytes());
        written.map_err(|error| named_files::unwritable("file", file, &error).advise("Name a file in a directory that exists."))?;
        if context.screen.is_json() {
            let runs::RecordedRun { run, calls, has_ended, .. } = recorded;
            context.screen.document(&RecordingFile { run, file: path_text(file), calls, has_ended })?;
            return Ok(Exit::Done);
        }
        let calls = figures::counted(recorded.calls, "call", "calls");
        let far = if recorded.has_ended { "" } else { " The run has not ended yet." };
        context.screen.tell(format!("{} Recorded run {} in {name}: {calls}.{far}", painted(GOOD, "✓"), text::short(&recorded.run)));
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
