//! `baton plugin test`: all that can be tried of a plugin without a model and without installing it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::{build, check, output};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        runs::replay,
        screen::{BAD, GOOD, painted},
        text,
    },
    operations::{
        Access, Host, Problem,
        plugins::{self, OwnTests, RecordingOutcome, ReplayedRecording, TestedPlugin},
        runs::{self, RecordingSource, ReplayRecording, Replayed},
    },
};

/// Where a plugin keeps runs that it has to be able to repeat.
const RECORDINGS: &str = "recordings";

/// Build and check a plugin, run its own tests, and replay its recordings against the new build
///
/// Recordings are files in the directory `recordings` that `baton runs record` wrote. Exits with code 0 if everything
/// passes, and with code 1 otherwise.
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// Directory of the plugin
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Build even if nothing has changed since the last build
    #[arg(long)]
    force: bool,
}

impl Test {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let project = Project::at(&self.folder)?;
        let (file, component) = build::build(context, &project, None, self.force).await?;
        let host = context.open(Access::Look).await?;
        let checked = plugins::check(&host, file, None, Path::new(".")).await?;
        if !context.screen.is_json() {
            check::show_checked(context, &checked)?;
        }
        if checked.rejected.is_some() {
            return end(context, TestedPlugin { check: checked, tests: None, recordings: Vec::new() });
        }
        let tests = Some(run_own_tests(context, &project).await);
        let mut recordings = Vec::new();
        for path in list_recordings(&project.folder) {
            recordings.push(replay_one(context, &host, &component, &path).await?);
        }
        end(context, TestedPlugin { check: checked, tests, recordings })
    }
}

fn end(context: &Context, tested: TestedPlugin) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(&tested)?;
    }
    let is_same = tested.recordings.iter().all(ReplayedRecording::is_same);
    let has_passed = tested.check.rejected.is_none() && !matches!(tested.tests, Some(OwnTests::Failed { .. })) && is_same;
    Ok(if has_passed { Exit::Done } else { Exit::Failed })
}

async fn run_own_tests(context: &Context, project: &Project) -> OwnTests {
    match project.run_tests().await {
        Ok(true) => {
            context.screen.tell(format!("{} Its own tests pass.", painted(GOOD, "✓")));
            OwnTests::Passed
        }
        Ok(false) => {
            context.screen.tell("  It has no tests of its own.");
            OwnTests::Absent
        }
        Err(error) => {
            let reason = error.to_string();
            context.screen.warn(format!("{} Its own tests: {}", painted(BAD, "✗"), text::plain(&reason)));
            OwnTests::Failed { reason }
        }
    }
}

/// The recordings by name. Compressed ones are not read.
fn list_recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join(RECORDINGS)).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths
}

/// Replays one recording; a file that is not one is a failure like any other.
async fn replay_one(context: &Context, host: &Host, component: &Path, path: &Path) -> Result<ReplayedRecording> {
    let name = text::escaped(&path.file_name().unwrap_or_default().to_string_lossy());
    let outcome = match replay_file(host, component, path).await {
        Ok(replayed) => RecordingOutcome::Replayed(Box::new(replayed)),
        Err(problem) => RecordingOutcome::Unusable { problem },
    };
    if !context.screen.is_json() {
        context.screen.answer(format!("{RECORDINGS}/{name}: {}", describe(&outcome)))?;
    }
    Ok(ReplayedRecording { file: output::path_text(path), outcome })
}

async fn replay_file(host: &Host, component: &Path, path: &Path) -> Result<Replayed, Problem> {
    let text = replay::read(path)?;
    let request = ReplayRecording { source: RecordingSource::Text(text), component: Some(component.to_owned()) };
    runs::replay(host, &request).await
}

fn describe(outcome: &RecordingOutcome) -> String {
    match outcome {
        RecordingOutcome::Replayed(replayed) => replay::describe(replayed),
        RecordingOutcome::Unusable { problem } => format!("{} {}", painted(BAD, "✗"), text::plain(&problem.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_records_to_where_tests_look() {
        let page = include_str!("../../../../docs/testing-plugins.md");
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(RECORDINGS)).unwrap();
        let files: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("baton runs record ")?.split(' ').nth(1)).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            std::fs::write(folder.path().join(file), "{}").unwrap();
            assert_eq!(list_recordings(folder.path()), [folder.path().join(file)], "{file}");
        }
        assert!(
            page.contains(" --plugin target/hello.wasm\n") && !page.contains("wasm32-wasip2"),
            "`baton plugin build` writes target/NAME.wasm"
        );
    }
}
