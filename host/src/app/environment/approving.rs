//! Builds or fetches the image of an environment, has an operator's approval hold, and says how a project stands. Asks nobody:
//! whoever calls has the operator's word.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::{
    Files, detect, detect_dockerfile, image_name,
    proposal::{Origin, Proposal},
    recipe::{DOCKERFILE, Recipe},
};
use crate::{
    actor::Actor,
    app::App,
    errors::{Hint, StorageError},
    events::Draft,
    interfaces::sandbox::events::EnvironmentApproved,
    interfaces::{
        environments::{Environment, Environments, ProjectImage},
        sandbox::{Build, EngineError, Piece, Resolved},
    },
};

/// What images that Baton builds are called; behind the colon stands a hash.
const NAME: &str = "baton-environment";
/// Characters of a hash in a tag.
const SHORT: usize = 40;
/// Seconds that a build may take.
const LONGEST_BUILD: u64 = 1_800;
/// Bytes of the largest image.
const LARGEST: u64 = 16 << 30;

/// What an operator says of a build.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Instead of what the files propose, this image.
    pub image: Option<String>,
    /// Instead of what the files propose, this Dockerfile of the project.
    pub dockerfile: Option<String>,
    /// The build may use the network.
    pub with_network: bool,
    /// Newer images are fetched where there are any.
    pub refresh: bool,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The proposal cannot be built.
    #[error("{0}")]
    Proposal(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StorageError),
    #[error("Cannot read the directory of the project: {0}.")]
    Folder(#[from] std::io::Error),
}

impl Hint for BuildError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Proposal(_) | Self::Engine(_) | Self::Folder(_) => None,
            Self::Store(error) => error.hint(),
        }
    }
}

/// An environment that holds in a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    /// As it is kept.
    pub environment: Environment,
    /// What was proposed when it was approved.
    pub proposal: Proposal,
    /// Whether the build may use the network.
    pub with_network: bool,
}

/// What is approved in a project, beside what its files say.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvironmentState {
    /// No file says anything, and nothing is approved.
    Nothing,
    /// Nothing is approved of what the files propose.
    Proposed(Box<Proposal>),
    /// What is approved holds.
    Approved {
        /// It.
        approved: Box<Approved>,
        /// What the files propose now, where that is something else.
        changed: Option<Box<Proposal>>,
    },
}

impl App {
    /// What operators approved for projects.
    pub fn environments(&self) -> &dyn Environments {
        &*self.defaults
    }

    /// What is to be built, by the files of a folder and an operator's word.
    pub fn propose_environment(&self, folder: &Path, options: &BuildOptions) -> Result<Proposal, BuildError> {
        let proposal = match (&options.image, &options.dockerfile) {
            (Some(image), _) if !image_name::is_one(image) => {
                return Err(BuildError::Proposal("That is not the name of an image. Give one such as `python:3.12`.".to_owned()));
            }
            (Some(image), _) => Proposal::named(image),
            (None, Some(path)) => detect_dockerfile(folder, path)?,
            (None, None) => detect(folder)?,
        };
        Ok(if options.with_network { proposal } else { proposal.without_network() })
    }

    /// Builds or fetches the image of a proposal. `pieces` hears what the engine prints.
    pub async fn build_environment(
        &self,
        folder: &Path,
        proposal: &Proposal,
        options: &BuildOptions,
        pieces: &Sender<Piece>,
    ) -> Result<ProjectImage, BuildError> {
        let recipe = Recipe::of(proposal, &mut Files::open(folder)?, options.with_network).map_err(BuildError::Proposal)?;
        let mut pins = BTreeMap::new();
        for image in &recipe.images {
            pins.insert(image.clone(), self.pin(image, options.refresh, pieces).await?);
        }
        if let Some(image) = recipe.whole_image() {
            let reference = pins.get(image).cloned().unwrap_or_else(|| image.to_owned());
            return Ok(ProjectImage { is_local: image_name::is_id(&reference), reference });
        }
        let pinned = recipe.pin(&pins)?;
        let tag = format!("{NAME}:{}", pinned.hash.get(..SHORT).unwrap_or(&pinned.hash));
        let build = Build {
            archive: pinned.archive,
            dockerfile: DOCKERFILE.to_owned(),
            tag: tag.clone(),
            hash: pinned.hash,
            target: recipe.target.clone(),
            arguments: recipe.arguments.clone(),
            with_network: options.with_network,
            timeout: LONGEST_BUILD,
            most_bytes: LARGEST,
        };
        self.sandbox.build_image(&build, pieces.clone()).await?;
        Ok(ProjectImage { reference: tag, is_local: true })
    }

    /// An image by its digest; by its id where no registry has it. One that is on this machine by its own name is not fetched.
    async fn pin(&self, image: &str, refresh: bool, pieces: &Sender<Piece>) -> Result<String, BuildError> {
        let is_here = !refresh && self.sandbox.has_image(image).await;
        let hub = self.config.sandbox.hub.as_deref().filter(|_| !is_here);
        let fetched = image_name::fetched_as(image, hub);
        let resolved = self.sandbox.resolve_image(&fetched, refresh, pieces.clone()).await?;
        Ok(pin(&fetched, &resolved))
    }

    /// Has what was built hold in a project.
    pub async fn approve_environment(
        &self,
        project: &str,
        proposal: &Proposal,
        image: ProjectImage,
        with_network: bool,
        by: &Actor,
    ) -> Result<(), StorageError> {
        let hash = proposal.hash(with_network);
        let approved =
            EnvironmentApproved { project: project.to_owned(), hash: hash.clone(), image: image.reference.clone(), network: with_network };
        let kept = json!({ "proposal": proposal, "network": with_network });
        let (approved_at, approved_by) = (self.kernel.now(), by.name.clone());
        let environment = Environment { project: project.to_owned(), hash, proposal: kept, image, approved_at, approved_by };
        let event = Draft::of_host(&approved).by(by);
        self.environments().approve_environment(&environment, vec![event]).await
    }

    /// What holds in a project.
    pub async fn approved_environment(&self, project: &str) -> Result<Option<Approved>, StorageError> {
        let Some(environment) = self.environments().environment(project).await? else { return Ok(None) };
        let proposal = serde_json::from_value(environment.proposal["proposal"].clone())
            .map_err(|error| StorageError::read("the approved environments", error))?;
        let with_network = environment.proposal["network"] == Value::Bool(true);
        Ok(Some(Approved { environment, proposal, with_network }))
    }

    /// What is approved in a project, beside what its files say now.
    pub async fn environment_state(&self, project: &str, folder: &Path) -> Result<EnvironmentState, BuildError> {
        let Some(approved) = self.approved_environment(project).await? else {
            let proposal = detect(folder)?;
            return Ok(if proposal.origin.is_none() { EnvironmentState::Nothing } else { EnvironmentState::Proposed(Box::new(proposal)) });
        };
        let now = approved.proposed_now(folder)?;
        let is_same = now.as_ref().is_none_or(|now| now.hash(approved.with_network) == approved.environment.hash);
        let changed = now.filter(|_| !is_same).map(Box::new);
        Ok(EnvironmentState::Approved { approved: Box::new(approved), changed })
    }
}

impl Approved {
    /// What the files propose now in the same way; none where an operator named the image.
    fn proposed_now(&self, folder: &Path) -> Result<Option<Proposal>, BuildError> {
        let now = match &self.proposal.origin {
            Some(Origin::Image { is_named: true, .. }) => return Ok(None),
            // It is looked for by name, since the operator may have chosen it.
            Some(Origin::Dockerfile { path, .. }) if self.is_chosen(folder)? => detect_dockerfile(folder, path)?,
            _ => detect(folder)?,
        };
        Ok(Some(if self.with_network { now } else { now.without_network() }))
    }

    /// Whether the files by themselves propose no Dockerfile.
    fn is_chosen(&self, folder: &Path) -> Result<bool, BuildError> {
        Ok(!matches!(detect(folder)?.origin, Some(Origin::Dockerfile { .. })))
    }
}

/// The digest by which the registry of a name has the image, the engine's id where none has it.
fn pin(fetched: &str, resolved: &Resolved) -> String {
    if fetched.contains('@') {
        return fetched.to_owned();
    }
    let last = fetched.rfind('/').map_or(0, |slash| slash + 1);
    let repository = fetched[last..].find(':').map_or(fetched, |colon| &fetched[..last + colon]);
    let of_repository = |digest: &&String| {
        let name = digest.split('@').next().unwrap_or_default();
        name == repository
            || name.strip_prefix("docker.io/").is_some_and(|name| name.strip_prefix("library/").unwrap_or(name) == repository)
    };
    resolved.digests.iter().find(of_repository).cloned().unwrap_or_else(|| resolved.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_pinned_by_the_digest_of_its_own_registry() {
        let resolved =
            |digests: &[&str]| Resolved { id: "sha256:id".to_owned(), digests: digests.iter().map(|text| (*text).to_owned()).collect() };
        assert_eq!(pin("python:3.12", &resolved(&["mirror:1/python@sha256:1", "python@sha256:2"])), "python@sha256:2");
        assert_eq!(
            pin("127.0.0.1:5000/library/python:3", &resolved(&["127.0.0.1:5000/library/python@sha256:1"])),
            "127.0.0.1:5000/library/python@sha256:1"
        );
        assert_eq!(pin("python", &resolved(&["docker.io/library/python@sha256:3"])), "docker.io/library/python@sha256:3");
        assert_eq!(pin("mine:1", &resolved(&["other@sha256:1"])), "sha256:id");
        assert_eq!(pin("a@sha256:9", &resolved(&[])), "a@sha256:9");
    }
}
