//! Looks for a regular expression in the text files of a workspace, within fixed bounds of time and memory.

use serde::{Deserialize, Serialize};

use super::{
    Workspace,
    path::RelativePath,
    walk::{Kind, Pattern, Walk},
};
use crate::{
    interfaces::{
        blocking::Deadline,
        expression::{Expression, Lines},
    },
    journal::CallError,
};

const HINT: &str = "Narrow the glob.";

/// One line that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::interfaces) struct Match {
    pub(in crate::interfaces) path: String,
    /// Counted from 1.
    pub(in crate::interfaces) line: u32,
    pub(in crate::interfaces) text: String,
    /// The lines before it that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::interfaces) before: Vec<String>,
    /// The lines after it that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::interfaces) after: Vec<String>,
}

/// What to look for, and where.
pub(in crate::interfaces) struct Search {
    expression: Expression,
    pattern: Option<Pattern>,
    limit: usize,
    context: usize,
}

impl Search {
    const MOST_MATCHES: u32 = 1000;
    const MOST_CONTEXT: u32 = 20;
    /// Bytes of the lines around matches. The journal keeps them, and no model reads so much.
    const MOST_AROUND: usize = 1 << 20;
    const MOST_FILES: usize = 400_000;
    const MOST_BYTES: usize = 1 << 30;
    const LARGEST_FILE: u64 = 4 << 20;
    const LONGEST_LINE: usize = 1000;
    /// A file with a NUL in its first bytes is not text.
    const TELLING: usize = 8 << 10;

    /// A search for `expression` in the files that match `glob`; in all when none. Compiles both, so call it where blocking
    /// is allowed.
    pub(in crate::interfaces) fn new(expression: &str, glob: Option<&str>, limit: u32) -> Result<Self, CallError> {
        let expression = Expression::parse(expression)?;
        let pattern = glob.map(Pattern::parse).transpose()?;
        Ok(Self { expression, pattern, limit: limit.min(Self::MOST_MATCHES) as usize, context: 0 })
    }

    /// The same, with so many lines around each match.
    pub(in crate::interfaces) fn with_context(self, lines: u32) -> Result<Self, CallError> {
        if lines > Self::MOST_CONTEXT {
            let problem = format!("A context of {lines} lines is not accepted; ask for 0 to {}.", Self::MOST_CONTEXT);
            return Err(CallError::invalid(problem));
        }
        Ok(Self { context: lines as usize, ..self })
    }

    /// The first matches in order of path and line.
    pub(in crate::interfaces) fn run(
        &self,
        workspace: &Workspace,
        allowed: &dyn Fn(&str) -> bool,
        deadline: &Deadline,
    ) -> Result<Vec<Match>, CallError> {
        let walk = Walk { pattern: self.pattern.as_ref(), allowed, most: Self::MOST_FILES, deadline };
        let (mut matches, mut read, mut lines) =
            (Matches { found: Vec::new(), around: Self::MOST_AROUND }, 0, self.expression.search(deadline));
        for file in walk.run(workspace)? {
            if matches.found.len() >= self.limit {
                break;
            }
            if file.kind != Kind::File || file.size > Self::LARGEST_FILE {
                continue;
            }
            deadline.check(HINT)?;
            let Some(content) = text(workspace, &file.path) else { continue };
            read += content.len();
            if read > Self::MOST_BYTES {
                return Err(CallError::invalid(
                    "The files to search hold more than 1 GiB, which is the most for one call; narrow the glob.",
                ));
            }
            self.look(&file.path, &content, &mut lines, &mut matches)?;
        }
        Ok(matches.found)
    }

    fn look(&self, path: &str, content: &str, lines: &mut Lines<'_>, matches: &mut Matches) -> Result<(), CallError> {
        let all: Vec<_> = if self.context > 0 { content.lines().collect() } else { Vec::new() };
        for (index, text) in content.lines().enumerate() {
            if matches.found.len() >= self.limit {
                break;
            }
            if lines.matches(text)? {
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let before = matches.around(all.get(index.saturating_sub(self.context)..index).unwrap_or_default());
                let after = matches.around(all.get(index + 1..all.len().min(index + 1 + self.context)).unwrap_or_default());
                matches.found.push(Match { path: path.to_owned(), line, text: shorten_line(text), before, after });
            }
        }
        Ok(())
    }
}

/// What was found, and what of the lines around it may still be kept.
struct Matches {
    found: Vec<Match>,
    around: usize,
}

impl Matches {
    /// The lines, or none once there are too many of them.
    fn around(&mut self, lines: &[&str]) -> Vec<String> {
        let lines: Vec<_> = lines.iter().map(|line| shorten_line(line)).collect();
        let length: usize = lines.iter().map(String::len).sum();
        match self.around.checked_sub(length) {
            Some(left) => {
                self.around = left;
                lines
            }
            None => Vec::new(),
        }
    }
}

fn shorten_line(line: &str) -> String {
    line.chars().take(Search::LONGEST_LINE).collect()
}

/// The file's text; none when it is not text, or went away since the walk came by.
fn text(workspace: &Workspace, path: &str) -> Option<String> {
    let content = workspace.read(&RelativePath::parse(path).ok()?).ok()?;
    let telling = &content[..content.len().min(Search::TELLING)];
    (!telling.contains(&0)).then(|| String::from_utf8_lossy(&content).into_owned())
}
