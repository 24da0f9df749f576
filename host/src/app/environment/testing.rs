//! Executes one small command in an image, to say which tools are there. It sees an empty folder and no network.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::mpsc;

use super::Tool;
use crate::{
    app::{App, engine},
    interfaces::{
        environments::{PROJECT_IMAGE, ProjectImage},
        sandbox::{Covers, EngineError, Image, Key, Piece, Stream, Task},
    },
    journal::RunId,
};

/// Pieces of output that may wait.
const PIECES: usize = 64;
/// Bytes of output that are kept.
const MOST: usize = 64 << 10;
/// Longest for the command, and for all of it with an image that is fetched.
const COMMAND: u32 = 60_000;
const PATIENCE: Duration = Duration::from_secs(900);
/// What tests often need beside the tools of their language.
const BESIDE: [(&str, &str); 3] =
    [("git", "git --version"), ("make", "make --version | head -n 1"), ("C compiler", "cc --version | head -n 1")];

/// A tool in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledTool {
    /// For people.
    pub name: String,
    /// What it says of itself; none where it is not there.
    pub version: Option<String>,
    /// Whether the project's files want it.
    pub is_wanted: bool,
}

impl App {
    /// Which tools an image has: those that are wanted, and some that tests often need.
    pub async fn test_environment(&self, image: &ProjectImage, wanted: &[Tool]) -> Result<Vec<InstalledTool>, EngineError> {
        let failed = |reason: String| EngineError::Unavailable(reason);
        let folder = tempfile::tempdir().map_err(|error| failed(format!("A temporary directory cannot be created: {error}.")))?;
        let owner = format!("trial-{}", uuid::Uuid::from_bytes(rand::random()).simple());
        let limits = self.config.sandbox.limits(PROJECT_IMAGE).cloned().unwrap_or_default();
        let task = Task {
            key: Key { run: RunId::from_text(&*owner), seq: 1 },
            image: Image { reference: image.reference.clone(), network: false, ready: false, ..limits },
            command: ["sh", "-c", &script(wanted)].map(str::to_owned).to_vec(),
            env: BTreeMap::new(),
            workspace: folder.path().to_owned(),
            timeout_ms: COMMAND,
            asked_at: self.kernel.now(),
            covers: Covers::none(),
            mounts: Vec::new(),
            network: None,
            user: None,
            found: None,
        };
        let engine = engine(&self.config, &owner);
        let (sender, receiver) = mpsc::channel(PIECES);
        let work = async { tokio::join!(engine.execute(&task, sender), listen(receiver)) };
        let ended = tokio::time::timeout(PATIENCE, work).await;
        // The answer is known, and the next start removes what is left.
        let _ = engine.discard(&task.key).await;
        engine.close().await;
        let (ended, printed) = ended.map_err(|_| failed("The engine does not answer.".to_owned()))?;
        match ended?.exit_code {
            0 => Ok(read(&printed, wanted)),
            126 | 127 => Err(failed("The image has no `sh`, which commands need.".to_owned())),
            code => Err(failed(format!("The command that looks for tools ended with exit code {code}."))),
        }
    }
}

/// A line for each tool: its number, a tab, and what it says of itself in one line.
fn script(wanted: &[Tool]) -> String {
    const CHECK: &str = "check() { printf '%s\\t' \"$1\"; sh -c \"$2\" 2>/dev/null | tr '\\n' ' '; echo; }\n";
    let commands = wanted.iter().map(|tool| tool.command()).chain(BESIDE.map(|(_, command)| command));
    let lines = commands.enumerate().map(|(number, command)| format!("check {number} '{}'\n", command.replace('\'', "'\\''")));
    format!("{CHECK}{}exit 0\n", lines.collect::<String>())
}

async fn listen(mut pieces: mpsc::Receiver<Piece>) -> String {
    let mut printed = Vec::new();
    while let Some(piece) = pieces.recv().await {
        if let Piece::Wrote(Stream::Out, bytes) = piece {
            printed.extend(bytes.into_iter().take(MOST.saturating_sub(printed.len())));
        }
    }
    String::from_utf8_lossy(&printed).into_owned()
}

fn read(printed: &str, wanted: &[Tool]) -> Vec<InstalledTool> {
    let lines: BTreeMap<usize, &str> = printed
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(number, said)| Some((number.parse().ok()?, said.trim())))
        .collect();
    let names = wanted.iter().map(|tool| (tool.name(), true)).chain(BESIDE.map(|(name, _)| (name, false)));
    let found = |(number, (name, is_wanted)): (usize, (&str, bool))| {
        let version = lines.get(&number).filter(|said| !said.is_empty()).map(|said| (*said).to_owned());
        InstalledTool { name: name.to_owned(), version, is_wanted }
    };
    names.enumerate().map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_says_itself_whether_it_is_there() {
        let printed = std::process::Command::new("sh").args(["-c", &script(&[Tool::Gradle, Tool::Elixir])]).output().unwrap();
        assert!(printed.status.success());
        let printed = String::from_utf8(printed.stdout).unwrap();
        assert_eq!(printed.lines().count(), 5, "{printed}");
        let found = read("0\tPython 3.12.1 \n1\t\n2\tgit version 2\n9\tx\nnoise\n", &[Tool::Python, Tool::Node]);
        let shown: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.version.as_deref(), found.is_wanted)).collect();
        assert_eq!(
            shown,
            [
                ("Python", Some("Python 3.12.1"), true),
                ("Node.js", None, true),
                ("git", Some("git version 2"), false),
                ("make", None, false),
                ("C compiler", None, false)
            ]
        );
    }
}
