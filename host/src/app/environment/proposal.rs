//! What a project's files propose as its environment: a typed value that people read, that is hashed, and that is approved.
//! Decides nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::tools::Tool;
use crate::journal::form::canonical;

/// What a project's files say of the environment in which its commands run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Proposal {
    /// How its image comes to be; none where no file says anything.
    pub origin: Option<Origin>,
    /// What each folder needs, where folders differ.
    pub parts: Vec<Part>,
    /// What the files ask for and Baton does not do.
    pub left_out: Vec<LeftOut>,
    /// What the image will lack, each a sentence.
    pub missing: Vec<String>,
    /// The files that were read, each with its SHA-256.
    pub files: BTreeMap<String, String>,
}

/// How an image comes to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// It is used as it is.
    Image {
        /// By its usual name.
        image: String,
        /// An operator named it, and no file did.
        #[serde(default)]
        is_named: bool,
    },
    /// An official image, with what it lacks added to it.
    Tools {
        /// The official image.
        image: String,
        /// What is added.
        steps: Vec<Step>,
    },
    /// A file of the project says how it is built.
    Dockerfile {
        /// The file.
        path: String,
        /// Its text.
        text: String,
        /// The folder that it copies files from.
        context: String,
        /// The stage that is wanted; none for the last.
        target: Option<String>,
        /// Arguments.
        arguments: BTreeMap<String, String>,
        /// The files that it copies, each with its SHA-256.
        copied: BTreeMap<String, String>,
    },
}

/// A step by which something is added to an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[schema(as = EnvironmentStep)]
pub enum Step {
    /// Files of another image.
    Copy {
        /// By its usual name.
        image: String,
        /// Its files and folders.
        from: Vec<String>,
        /// Where they are put.
        to: String,
    },
    /// Variables.
    Variables {
        /// As a Dockerfile has them.
        line: String,
    },
    /// A command.
    Run {
        /// For the shell.
        line: String,
        /// It fetches something.
        #[serde(default)]
        needs_network: bool,
    },
}

/// What the files of a folder need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Part {
    /// The folder; empty for the project's own.
    pub folder: String,
    /// A language or a tool.
    pub tool: Tool,
    /// Its release.
    pub version: String,
    /// What the file says of it; none where it only shows that it is used.
    pub wanted: Option<String>,
    /// The official image that has it alone; none for what is fetched into one.
    pub image: Option<String>,
    /// The file that said it.
    pub said_by: String,
}

/// Something that a file asks for and Baton does not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut {
    /// The file.
    pub path: String,
    /// What it asks for.
    pub what: String,
    /// Why that is not done.
    pub why: String,
}

impl Proposal {
    /// What an operator named instead of what files say.
    pub fn named(image: &str) -> Self {
        Self { origin: Some(Origin::Image { image: image.to_owned(), is_named: true }), ..Self::default() }
    }

    /// What is approved with it: how the image comes to be, and whether that may use the network. Files that say nothing else of
    /// it than before change nothing.
    pub fn hash(&self, with_network: bool) -> String {
        hex::encode(Sha256::digest(canonical(&json!({ "origin": self.origin, "network": with_network }))))
    }

    /// The same as it is built without the network: what would be fetched is missing.
    #[must_use]
    pub fn without_network(mut self) -> Self {
        if let Some(Origin::Tools { steps, .. }) = &mut self.origin {
            let fetches = |step: &Step| matches!(step, Step::Run { needs_network: true, .. });
            let missing = steps.iter().filter(|step| fetches(step)).filter_map(|step| match step {
                Step::Run { line, .. } => Some(format!("The build has no network for `{line}`. Allow it with `--network`.")),
                _ => None,
            });
            self.missing.extend(missing);
            steps.retain(|step| !fetches(step));
        }
        self
    }

    /// The tools that its parts name, each once.
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools: Vec<_> = self.parts.iter().map(|part| part.tool).collect();
        tools.sort();
        tools.dedup();
        tools
    }
}
