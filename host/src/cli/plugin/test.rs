//! `baton plugin test`: all that can be tried of a plugin without a model and without installing it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{build, check::Checked};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        runs::replay,
        screen::{BAD, GOOD, painted},
        text,
    },
    events::path_text,
    operations::{
        Access, Host, Problem,
        runs::{self, RecordingSource, ReplayRecording, Replayed},
    },
};

/// Where a plugin keeps runs that it has to be able to repeat.
const RECORDINGS: &str = "recordings";

/// Build and check a plugin, run its own tests, and replay its recordings against the new build
///
/// Recordings are files of the folder `recordings` that `baton runs record` wrote. Ends with 0 when all went well, and
/// with 1 when anything did not.
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// The plugin's folder
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// Build also when nothing has changed since the last build
    #[arg(long)]
    force: bool,
}

impl Test {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let project = Project::at(&self.folder)?;
        let (plugin, component) = build::built(context, &project, None, self.force).await?;
        let app = context.open(Access::Look).await?;
        let checked = Checked::of(&app, plugin).await?;
        if !context.screen.is_json() {
            checked.show(context)?;
        }
        if checked.is_refused() {
            return self.end(context, &checked, &Value::Null, &[]);
        }
        let tests = own_tests(context, &project).await;
        let mut replayed = Vec::new();
        for path in recordings(&project.folder) {
            replayed.push(replay_one(context, &app, &component, &path).await?);
        }
        self.end(context, &checked, &tests, &replayed)
    }

    fn end(&self, context: &Context, checked: &Checked, tests: &Value, replayed: &[Value]) -> Result<Exit> {
        if context.screen.is_json() {
            context.screen.document(&json!({ "check": checked.document(), "tests": tests, "recordings": replayed }))?;
        }
        let same = replayed.iter().all(|replayed| replayed["verdict"] == "same");
        let well = !checked.is_refused() && tests["failed"].is_null() && same;
        Ok(if well { Exit::Done } else { Exit::Failed })
    }
}

/// What came of the plugin's own tests: `passed`, `failed` with the reason, or that there are none.
async fn own_tests(context: &Context, project: &Project) -> Value {
    match project.run_tests().await {
        Ok(true) => {
            context.screen.tell(format!("{} Its own tests pass.", painted(GOOD, "✓")));
            json!({ "passed": true })
        }
        Ok(false) => {
            context.screen.tell("  It has no tests of its own.");
            json!({ "passed": null })
        }
        Err(error) => {
            context.screen.warn(format!("{} Its own tests: {}", painted(BAD, "✗"), text::plain(&error.to_string())));
            json!({ "passed": false, "failed": error.to_string() })
        }
    }
}

/// The recordings by name. Compressed ones are read by nobody.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join(RECORDINGS)).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths
}

/// Replays one recording; a file that is not one is a failure like any other.
async fn replay_one(context: &Context, host: &Host, component: &Path, path: &Path) -> Result<Value> {
    let file = text::escaped(&path.file_name().unwrap_or_default().to_string_lossy());
    let replayed = match replay::read(path) {
        Ok(recording) => replay_text(host, component, recording).await.map_err(|problem| problem.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let (described, mut document) = match replayed {
        Ok(replayed) => (replay::describe(&replayed), json!(replayed)),
        Err(reason) => unusable(&reason),
    };
    if !context.screen.is_json() {
        context.screen.answer(format!("{RECORDINGS}/{file}: {described}"))?;
    }
    document["file"] = json!(path_text(path));
    Ok(document)
}

async fn replay_text(host: &Host, component: &Path, recording: String) -> Result<Replayed, Problem> {
    let request = ReplayRecording { source: RecordingSource::Text(recording), component: Some(component.to_owned()) };
    runs::replay(host, &request).await
}

fn unusable(reason: &str) -> (String, Value) {
    (format!("{} {}", painted(BAD, "✗"), text::plain(reason)), json!({ "verdict": "unusable", "reason": reason }))
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
            assert_eq!(recordings(folder.path()), [folder.path().join(file)], "{file}");
        }
        assert!(
            page.contains(" --plugin target/hello.wasm\n") && !page.contains("wasm32-wasip2"),
            "`baton plugin build` writes target/NAME.wasm"
        );
    }
}
