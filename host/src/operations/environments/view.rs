//! Environments as they are shown. All texts come from a repository, so a skin escapes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::environment::{self, Origin, Part, Proposal},
    operations::Moment,
};

pub use environment::{LeftOut, Step, Tool};

/// What a project's files propose as its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentProposal {
    /// How its image comes to be; absent where no file says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<EnvironmentOrigin>,
    /// What each folder requires, where folders differ.
    pub parts: Vec<RequiredTool>,
    /// What the files ask for and Baton does not do.
    pub left_out: Vec<LeftOut>,
    /// What the image will lack, each a sentence.
    pub missing: Vec<String>,
    /// The files that were read, each with its SHA-256.
    pub files: BTreeMap<String, String>,
}

/// How an image comes to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum EnvironmentOrigin {
    /// It is used as it is.
    Image {
        /// By its usual name.
        image: String,
        /// An operator named it, and no file did.
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
        /// The stage to build; absent for the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
        /// Arguments.
        arguments: BTreeMap<String, String>,
        /// The files that it copies, each with its SHA-256.
        copied: BTreeMap<String, String>,
    },
}

/// A tool that the files of a folder require.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequiredTool {
    /// The folder; empty for the project's own.
    pub folder: String,
    /// A language or a tool.
    pub tool: Tool,
    /// Its release.
    pub version: String,
    /// The version that the file requires; absent where it only shows that the tool is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// The official image that has it alone; absent for a tool that is fetched into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The file that requires it.
    pub source: String,
}

/// Whether a project has an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentState {
    /// None is approved, and no file proposes one.
    None,
    /// The files propose one, and none is approved.
    Proposed,
    /// One is approved.
    Approved,
    /// One is approved, and the files propose another now.
    Changed,
}

/// The environment of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// The id of the project.
    pub project: String,
    /// The name of the project.
    pub name: String,
    /// Whether one is approved.
    pub state: EnvironmentState,
    /// What was approved, or is proposed where nothing is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<EnvironmentProposal>,
    /// What the files propose now, where that is something else than what was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<EnvironmentProposal>,
    /// The image that was approved for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedImage>,
}

/// An image that was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovedImage {
    /// A name with a digest, the id of an image of this machine, or the tag of one that Baton built.
    pub image: String,
    /// No registry has it.
    pub local: bool,
    /// The engine has it on this machine.
    pub present: bool,
    /// The hash of what was approved.
    pub hash: String,
    /// The commands of its build could reach the network.
    pub network: bool,
    /// When it was approved.
    pub approved_at: Moment,
    /// Who approved it.
    pub approved_by: String,
}

/// An environment without an approval any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedEnvironment {
    /// The id of the project.
    pub project: String,
    /// The name of the project.
    pub name: String,
}

/// Which tools an environment has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentTest {
    /// Its image.
    pub image: String,
    /// It has every tool that the project's files require.
    pub complete: bool,
    /// The tools that were looked for.
    pub tools: Vec<TestedTool>,
}

/// A tool that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestedTool {
    /// Its name.
    pub tool: String,
    /// What it prints as its version; absent where the image does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The project's files require it.
    pub required: bool,
}

/// What is wrong with the environment of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentGap {
    /// What it is.
    pub kind: EnvironmentGapKind,
    /// A sentence.
    pub message: String,
}

/// Kinds of what is wrong with the environment of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentGapKind {
    /// The files propose one that is not approved.
    Unapproved,
    /// The files propose another one than the one that is approved.
    Changed,
    /// Its image is not on this machine.
    ImageMissing,
}

/// What a build does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BuildProgress {
    /// It fetches images.
    Fetching,
    /// It printed something.
    Output {
        /// The text, as far as it is UTF-8.
        text: String,
    },
}

impl EnvironmentProposal {
    /// How the image comes to be, in one line.
    pub fn summary(&self) -> String {
        match &self.origin {
            None => "no image".to_owned(),
            Some(EnvironmentOrigin::Image { image, .. }) => image.clone(),
            Some(EnvironmentOrigin::Tools { image, steps }) if steps.is_empty() => image.clone(),
            Some(EnvironmentOrigin::Tools { image, steps }) => {
                let copied = |step: &Step| if let Step::Copy { image, .. } = step { Some(image.clone()) } else { None };
                let mut added: Vec<_> = steps.iter().filter_map(copied).collect();
                added.dedup();
                match added.is_empty() {
                    true => format!("{image} with settings of its own"),
                    false => format!("{image} with {}", added.join(", ")),
                }
            }
            Some(EnvironmentOrigin::Dockerfile { path, .. }) => format!("built from {path}"),
        }
    }
}

impl EnvironmentGapKind {
    /// What to do about it, with the command that does it.
    pub fn hint(self, command: &str) -> String {
        match self {
            Self::Unapproved => format!("Approve it with `{command}`."),
            Self::Changed => format!("Approve the new one with `{command}`."),
            Self::ImageMissing => format!("Build or fetch it with `{command}`."),
        }
    }
}

impl From<Proposal> for EnvironmentProposal {
    fn from(proposal: Proposal) -> Self {
        let Proposal { origin, parts, left_out, missing, files } = proposal;
        Self {
            origin: origin.map(EnvironmentOrigin::from),
            parts: parts.into_iter().map(RequiredTool::from).collect(),
            left_out,
            missing,
            files,
        }
    }
}

impl From<Origin> for EnvironmentOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Image { image, is_named } => Self::Image { image, is_named },
            Origin::Tools { image, steps } => Self::Tools { image, steps },
            Origin::Dockerfile { path, text, context, target, arguments, copied } => {
                Self::Dockerfile { path, text, context, target, arguments, copied }
            }
        }
    }
}

impl From<Part> for RequiredTool {
    fn from(part: Part) -> Self {
        let Part { folder, tool, version, wanted, image, said_by } = part;
        Self { folder, tool, version, required: wanted, image, source: said_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_reads_back_as_it_was_written() {
        let steps = vec![Step::Run { line: "make".to_owned(), needs_network: true }];
        let part = Part {
            folder: String::new(),
            tool: Tool::Python,
            version: "3.12".to_owned(),
            wanted: None,
            image: Some("python:3.12".to_owned()),
            said_by: "pyproject.toml".to_owned(),
        };
        let origin = Some(Origin::Tools { image: "python:3.12".to_owned(), steps });
        let view = EnvironmentProposal::from(Proposal { origin, parts: vec![part], ..Proposal::default() });
        let written = serde_json::to_value(&view).unwrap();
        assert_eq!((&written["origin"]["kind"], &written["parts"][0]["source"]), (&"tools".into(), &"pyproject.toml".into()));
        assert!(written["parts"][0].get("required").is_none(), "{written}");
        assert_eq!(serde_json::from_value::<EnvironmentProposal>(written).unwrap(), view);
    }

    #[test]
    fn a_proposal_is_told_in_one_line() {
        let image = "python:3.12".to_owned();
        let copy = Step::Copy { image: "golang:1.22".to_owned(), from: Vec::new(), to: "/".to_owned() };
        let summary = |origin: Option<Origin>| EnvironmentProposal::from(Proposal { origin, ..Proposal::default() }).summary();
        assert_eq!(summary(None), "no image");
        assert_eq!(summary(Some(Origin::Tools { image: image.clone(), steps: Vec::new() })), "python:3.12");
        assert_eq!(summary(Some(Origin::Tools { image, steps: vec![copy.clone(), copy] })), "python:3.12 with golang:1.22");
    }
}
