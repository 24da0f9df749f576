//! Looks at a repository through the program `git`. Changes no branch and no file, asks nobody, runs no hook, no
//! configured program and nothing of the user's own settings.

use std::{path::Path, process::Stdio, time::Duration};

use async_trait::async_trait;
use tokio::{io::AsyncReadExt, process::Command};

use super::{Mergeable, Repository};

const LONGEST: Duration = Duration::from_secs(30);
const LARGEST_DIFF: u64 = 1 << 20;

/// The program, where the system finds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitProgram;

/// What the program said, and how it ended.
struct Said {
    code: i32,
    text: String,
    whole: bool,
}

#[async_trait]
impl Repository for GitProgram {
    async fn head(&self, folder: &Path, branch: &str) -> Option<String> {
        let said = ask(folder, &["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}^{{commit}}")]).await?;
        (said.code == 0).then(|| said.text.trim().to_owned())
    }

    async fn mergeable(&self, folder: &Path, branch: &str, into: &str) -> Mergeable {
        let (branch, into) = (format!("refs/heads/{branch}"), format!("refs/heads/{into}"));
        // What it merges lies among the objects afterwards, where git collects it like anything nobody refers to.
        let said = ask(folder, &["merge-tree", "--write-tree", "--no-messages", "--name-only", &into, &branch]).await;
        match said {
            Some(said) if said.code == 0 => Mergeable::Yes,
            // Without a tree it merged nothing, but lacks a branch.
            Some(said) if said.code == 1 && !said.text.is_empty() => Mergeable::Conflicts,
            _ => Mergeable::Unknown,
        }
    }

    async fn has(&self, folder: &Path, branch: &str, commit: &str) -> Option<bool> {
        let said = ask(folder, &["merge-base", "--is-ancestor", commit, &format!("refs/heads/{branch}")]).await?;
        match said.code {
            0 => Some(true),
            1 => Some(false),
            // The commit is not there, or the branch is not.
            _ => self.head(folder, branch).await.map(|_| false),
        }
    }

    async fn merge_commit(&self, folder: &Path, branch: &str, into: &str) -> Option<String> {
        let head = self.head(folder, branch).await?;
        if !self.has(folder, into, &head).await? {
            return None;
        }
        let range = format!("{head}..refs/heads/{into}");
        let said = ask(folder, &["rev-list", "--first-parent", "--ancestry-path", &range]).await.filter(|said| said.code == 0)?;
        // The oldest of them; none where the branch was not merged but followed.
        Some(said.text.lines().last().map_or(head, str::to_owned))
    }

    async fn diff(&self, folder: &Path, branch: &str, into: &str) -> Result<String, String> {
        let range = format!("refs/heads/{into}...refs/heads/{branch}");
        let said = ask(folder, &["diff", "--no-ext-diff", "--no-textconv", "--no-color", &range, "--"]).await;
        match said {
            Some(said) if said.code == 0 => Ok(said.text),
            Some(said) if !said.whole => Ok(format!("{}\n(cut off after {LARGEST_DIFF} bytes)\n", said.text)),
            _ => Err(format!(
                "git cannot compare `{branch}` with `{into}` in {}; see that both are there and that it is the project's folder.",
                folder.display()
            )),
        }
    }
}

/// None: it could not be started, or took too long.
async fn ask(folder: &Path, arguments: &[&str]) -> Option<Said> {
    let mut command = Command::new("git");
    command.args(["--no-optional-locks", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).args(arguments);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    // Whoever started this host may have been started by git.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"] {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    tokio::time::timeout(LONGEST, output(command)).await.ok()?
}

async fn output(mut command: Command) -> Option<Said> {
    let mut child = command.spawn().ok()?;
    let mut bytes = Vec::new();
    child.stdout.take()?.take(LARGEST_DIFF).read_to_end(&mut bytes).await.ok()?;
    let whole = (bytes.len() as u64) < LARGEST_DIFF;
    if !whole {
        // Nobody reads the rest, so it would wait for ever.
        child.start_kill().ok()?;
    }
    let code = child.wait().await.ok()?.code().unwrap_or(-1);
    Some(Said { code, text: String::from_utf8_lossy(&bytes).into_owned(), whole })
}
