//! What is to be executed, and what came of it. Refuses a job that makes no sense; executes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::CallError;

/// The operator's name for the image of a job that names none.
pub(super) const DEFAULT_IMAGE: &str = "default";

const MOST_ARGUMENTS: usize = 256;
const LONGEST_COMMAND: usize = 64 << 10;
const MOST_VARIABLES: usize = 64;

/// A command to be executed, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    /// A name of the operator's list.
    pub image: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beside those of the image.
    pub env: BTreeMap<String, String>,
    /// Wall time; none for what is usual in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// By itself.
    Exited,
    /// Its time was over.
    TimedOut,
    /// Its memory was used up.
    OutOfMemory,
    /// Somebody else stopped it.
    Killed,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What the program said at its end; 128 and the signal's number where a signal ended it.
    pub exit_code: i32,
    /// What it printed; of much the head and the tail.
    pub stdout: String,
    /// What it complained about; of much the head and the tail.
    pub stderr: String,
    /// Name of the artifact that holds all of both, where that is more than a model is shown.
    pub output: Option<String>,
    /// From start to end.
    pub took_ms: u64,
}

impl Job {
    /// A job of these parts, or a sentence that says why it is none.
    pub fn new(
        image: Option<String>,
        command: Vec<String>,
        env: Vec<(String, String)>,
        timeout_ms: Option<u32>,
    ) -> Result<Self, CallError> {
        if command.first().is_none_or(|program| program.trim().is_empty()) {
            return Err(invalid("The job has no command; name a program and its arguments."));
        }
        let texts = || command.iter().chain(env.iter().flat_map(|(name, value)| [name, value]));
        let length: usize = texts().map(String::len).sum();
        if command.len() > MOST_ARGUMENTS || env.len() > MOST_VARIABLES || length > LONGEST_COMMAND {
            return Err(CallError::invalid(format!(
                "A job has at most {MOST_ARGUMENTS} arguments, {MOST_VARIABLES} variables and {LONGEST_COMMAND} bytes of both; write the rest into a file of the workspace."
            )));
        }
        if texts().any(|text| text.contains('\0')) {
            return Err(invalid("An argument or variable of the job holds a NUL, which no program can be given; leave it out."));
        }
        if let Some((name, _)) = env.iter().find(|(name, _)| !is_variable(name)) {
            let name = name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            return Err(CallError::invalid(format!(
                "`{name}` is not a name of a variable; use letters, digits and `_`, and no digit first."
            )));
        }
        if timeout_ms == Some(0) {
            return Err(invalid("A timeout of 0 ms is too short for any command; ask for more, or name none for what is usual.")
                .about("timeout-ms"));
        }
        let image = image.unwrap_or_else(|| DEFAULT_IMAGE.to_owned());
        Ok(Self { image, command, env: env.into_iter().collect(), timeout_ms })
    }
}

impl Ending {
    /// The word events and the journal use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::Killed => "killed",
        }
    }
}

pub(super) fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn invalid(sentence: &str) -> CallError {
    CallError::invalid(sentence.to_owned())
}
