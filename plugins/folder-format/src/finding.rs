//! What is wrong with a folder: each finding with its file and line. Decides nothing: an engine acts on it.

use serde::{Deserialize, Serialize};

use crate::limits::MOST_FINDINGS;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; the folder runs as written.
    Note,
    /// A defect that the engine works around.
    Warning,
    /// The engine does not do this, or cannot run the folder at all.
    Rejection,
}

/// What is wrong, for programs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A closing tag without an open element.
    StrayClose,
    /// An element that another closing tag, or the end, closed.
    AutoClosed,
    /// A code fence that does not end.
    UnterminatedFence,
    /// A comment that does not end.
    UnterminatedComment,
    /// Elements nested too deeply, or too many of them: the rest is text.
    TooManyNodes,
    /// A file that is longer than the limit.
    FileTooLong,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// A document type or entity, which is not expanded.
    XmlEntity,
    /// YAML that does not parse.
    InvalidYaml,
    /// An alias of YAML, which is not expanded.
    YamlAlias,
    /// YAML that is too large or too deep.
    YamlTooLarge,
    /// A key that YAML has twice.
    DuplicateKey,
    /// A file that the folder names and does not have.
    MissingFile,
    /// A configuration that does not exist.
    MissingConfig,
    /// A key that the configuration lacks.
    MissingConfigKey,
    /// Variables that need each other.
    CyclicVariable,
    /// A value that grows over the limit.
    ValueTooLong,
    /// A variable that is used and that nothing sets.
    UnsetVariable,
    /// A jump to a step or anchor that does not exist.
    UnknownTarget,
    /// Steps that repeat without a way out.
    EndlessLoop,
    /// A step that no path leads to.
    UnreachableStep,
    /// Two steps with one id.
    DuplicateStep,
    /// A path that leaves the folder or the project.
    PathOutside,
    /// A file named by a URL.
    RemoteFile,
    /// Commands for a shell, which the engine does not execute.
    ShellText,
    /// A workflow that is not in the project.
    UnknownWorkflow,
    /// A task that is not in the project.
    UnknownTask,
    /// A placeholder of the template that no step fills.
    UnfilledPlaceholder,
    /// A folder or file of a scaffold, with placeholders where values belong.
    Scaffold,
    /// Nothing in the folder that can be run.
    NothingToRun,
    /// A name or description that does not follow the standard.
    InvalidName,
    /// TOML that does not parse.
    InvalidToml,
}

/// One defect.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, for programs.
    pub code: Code,
    /// The file, by its path in the folder or project.
    pub file: String,
    /// The line, from 1; absent where the finding is about the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// Bytes of a message.
const LONGEST_MESSAGE: usize = 600;

/// What a folder names may be long, or hold what would disturb a terminal.
fn one_line(message: &str) -> String {
    let cut = message.floor_char_boundary(LONGEST_MESSAGE);
    let mut line = String::with_capacity(cut);
    for character in message[..cut].chars() {
        if character.is_control() { line.extend(character.escape_default()) } else { line.push(character) }
    }
    if cut < message.len() {
        line.push_str("….");
    }
    line
}

/// Findings up to a limit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    list: Vec<Finding>,
    omitted: usize,
}

impl Findings {
    /// Adds one about a line.
    pub fn add(&mut self, severity: Severity, code: Code, file: &str, line: u32, message: impl Into<String>) {
        self.push(Finding { severity, code, file: file.to_owned(), line: Some(line), message: message.into() });
    }

    /// Adds one about a whole file.
    pub fn add_to_file(&mut self, severity: Severity, code: Code, file: &str, message: impl Into<String>) {
        self.push(Finding { severity, code, file: file.to_owned(), line: None, message: message.into() });
    }

    fn push(&mut self, mut finding: Finding) {
        finding.message = one_line(&finding.message);
        // A rejection is never left out: what runs the folder must see it.
        if self.list.len() < MOST_FINDINGS || finding.severity == Severity::Rejection && self.list.len() < 2 * MOST_FINDINGS {
            self.list.push(finding);
        } else {
            self.omitted += 1;
        }
    }

    /// Every finding so far, in the order in which they were made.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// How many were left out.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Those of one code.
    pub fn with(&self, code: Code) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.code == code)
    }

    /// The list, sorted by file and line.
    pub fn into_sorted(mut self) -> (Vec<Finding>, usize) {
        self.list.sort_by(|one, other| (&one.file, one.line, one.code).cmp(&(&other.file, other.line, other.code)));
        self.list.dedup();
        (self.list, self.omitted)
    }
}
