//! What a project's commands run in: proposed by its files or named, built, approved, tested and removed. Asks for no
//! confirmation: approving is a request of its own.

mod view;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, Sender};
use utoipa::OpenApi;

use super::{
    Host, Moment, Problem,
    projects::{ProjectLocation, ProjectRef},
};
use crate::{
    actor::Actor,
    app::environment::{self, BuildOptions, Proposal},
    events::Draft,
    interfaces::{
        Settings,
        environments::ProjectImage,
        sandbox::{EngineKind, Piece, events::EnvironmentWithdrawn},
    },
};

pub use view::{
    ApprovedImage, BuildProgress, Environment, EnvironmentGap, EnvironmentGapKind, EnvironmentOrigin, EnvironmentProposal,
    EnvironmentState, EnvironmentTest, LeftOut, RemovedEnvironment, RequiredTool, Step, TestedTool, Tool,
};

/// Pieces of a build's output that may wait.
const PIECES: usize = 64;
/// The setting that names an image for tests, which comes before an environment.
const TEST_IMAGE: &str = "test.image";

/// An environment to build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildEnvironment {
    /// Whose environment.
    pub project: ProjectRef,
    /// An image in place of what the files propose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A Dockerfile of the project in place of what the files propose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// The commands of the build may reach the network.
    #[serde(default)]
    pub network: bool,
    /// Newer images are fetched, where there are any.
    #[serde(default)]
    pub refresh: bool,
}

/// An environment that can be built, for a person to confirm.
pub struct PreparedEnvironment {
    request: BuildEnvironment,
    place: ProjectLocation,
    proposal: Proposal,
}

/// An environment that was built, and is not approved yet.
pub struct BuiltEnvironment {
    request: BuildEnvironment,
    proposal: Proposal,
    image: ProjectImage,
}

/// The environment that the files of a project propose. Reads files, and executes and approves nothing.
pub async fn detect(host: &Host, project: &ProjectRef) -> Result<EnvironmentProposal, Problem> {
    let place = project.find(host).await?;
    let options = BuildOptions { with_network: true, ..BuildOptions::default() };
    Ok(host.app.propose_environment(place.folder()?, &options)?.into())
}

/// The environment that is approved, and whether the project's files changed since.
pub async fn show(host: &Host, project: &ProjectRef) -> Result<Environment, Problem> {
    let place = project.find(host).await?;
    let view = |state, proposal: Option<Proposal>| Environment {
        project: place.id().to_owned(),
        name: place.name().to_owned(),
        state,
        proposal: proposal.map(EnvironmentProposal::from),
        changed: None,
        approved: None,
    };
    Ok(match host.app.environment_state(place.id(), place.folder()?).await? {
        environment::EnvironmentState::Nothing => view(EnvironmentState::None, None),
        environment::EnvironmentState::Proposed(proposal) => view(EnvironmentState::Proposed, Some(*proposal)),
        environment::EnvironmentState::Approved { approved, changed } => {
            let state = if changed.is_some() { EnvironmentState::Changed } else { EnvironmentState::Approved };
            let image = approved_image(host, &approved).await;
            Environment {
                changed: changed.map(|changed| EnvironmentProposal::from(*changed)),
                approved: Some(image),
                ..view(state, Some(approved.proposal))
            }
        }
    })
}

/// What would be built.
pub async fn prepare(host: &Host, request: &BuildEnvironment) -> Result<PreparedEnvironment, Problem> {
    let place = request.project.find(host).await?;
    let proposal = host.app.propose_environment(place.folder()?, &request.options())?;
    if proposal.origin.is_none() {
        let left_out =
            proposal.left_out.iter().map(|left| format!(" In {}, {} is not used: {}.", left.path, left.what, trim_period(&left.why)));
        let missing = proposal.missing.iter().map(|missing| format!(" {}.", trim_period(missing)));
        let message = format!("No file proposes an image.{}", left_out.chain(missing).collect::<String>());
        return Err(Problem::invalid("nothing_to_build", "image", message)
            .advise("Name an image with `--image NAME`, or a Dockerfile of the project with `--dockerfile PATH`."));
    }
    Ok(PreparedEnvironment { request: request.clone(), place, proposal })
}

/// Builds or fetches the image of an environment.
pub async fn build(host: &Host, prepared: PreparedEnvironment, progress: &Sender<BuildProgress>) -> Result<BuiltEnvironment, Problem> {
    let PreparedEnvironment { request, place, proposal } = prepared;
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let work = async {
        let built = host.app.build_environment(place.folder()?, &proposal, &request.options(), &sender).await;
        drop(sender);
        Ok::<_, Problem>(built?)
    };
    let forward = async {
        while let Some(piece) = receiver.recv().await {
            let said = match piece {
                Piece::Wrote(_, bytes) => BuildProgress::Output { text: String::from_utf8_lossy(&bytes).into_owned() },
                Piece::Pulling(_) => BuildProgress::Fetching,
                Piece::Started { .. } => continue,
            };
            // Whoever has stopped listening wants the image none the less.
            let _ = progress.send(said).await;
        }
    };
    let (built, ()) = tokio::join!(work, forward);
    let image = built?;
    Ok(BuiltEnvironment { request, proposal, image })
}

/// Has an environment that was built hold in its project.
pub async fn approve(host: &Host, actor: &Actor, built: &BuiltEnvironment) -> Result<Environment, Problem> {
    let BuiltEnvironment { request, proposal, image } = built;
    let place = request.project.open(host, actor).await?;
    host.app.approve_environment(place.id(), proposal, image.clone(), request.network, actor).await?;
    show(host, &request.project).await
}

/// Has no environment hold in a project any more. The image stays on this machine.
pub async fn remove(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<RemovedEnvironment, Problem> {
    let place = project.find(host).await?;
    let event = Draft::of_host(&EnvironmentWithdrawn { project: place.id().to_owned() }).by(actor);
    if !host.app.environments().withdraw_environment(place.id(), vec![event]).await? {
        return Err(not_approved());
    }
    Ok(RemovedEnvironment { project: place.id().to_owned(), name: place.name().to_owned() })
}

/// Which tools the approved environment of a project has.
pub async fn test(host: &Host, project: &ProjectRef) -> Result<EnvironmentTest, Problem> {
    let place = project.find(host).await?;
    let approved = host.app.approved_environment(place.id()).await?.ok_or_else(not_approved)?;
    let required = match approved.proposal.tools() {
        // An image that was named says nothing of the project.
        none if none.is_empty() => host.app.propose_environment(place.folder()?, &BuildOptions::default())?.tools(),
        required => required,
    };
    let found = host.app.test_environment(&approved.environment.image, &required).await?;
    let tools: Vec<_> =
        found.into_iter().map(|found| TestedTool { tool: found.name, version: found.version, required: found.is_wanted }).collect();
    let complete = tools.iter().all(|tool| tool.version.is_some() || !tool.required);
    Ok(EnvironmentTest { image: approved.environment.image.reference, complete, tools })
}

/// What is wrong with the environment of a project; none where the operator's settings name an image for tests, or where
/// commands run in no containers.
pub async fn find_gap(host: &Host, project: &ProjectRef) -> Result<Option<EnvironmentGap>, Problem> {
    let place = project.find(host).await?;
    let config = &host.app.config;
    let settings = config.settings(place.folder()?).unwrap_or_else(|_| config.with_project(&serde_json::Value::Null));
    let is_set = Settings::merge(&[settings]).for_host(TEST_IMAGE).is_some();
    if is_set || config.sandbox.engine == EngineKind::Process {
        return Ok(None);
    }
    let shown = show(host, project).await?;
    let summary = |proposal: Option<&EnvironmentProposal>| proposal.map(EnvironmentProposal::summary).unwrap_or_default();
    let (kind, message) = match shown.state {
        EnvironmentState::None => return Ok(None),
        EnvironmentState::Proposed => (
            EnvironmentGapKind::Unapproved,
            format!(
                "The project's files propose {}, and no environment is approved, so its tests run in the image `default`.",
                summary(shown.proposal.as_ref())
            ),
        ),
        EnvironmentState::Changed => (
            EnvironmentGapKind::Changed,
            format!("The project's files propose another environment than the one that is approved: {}.", summary(shown.changed.as_ref())),
        ),
        EnvironmentState::Approved if shown.approved.is_some_and(|image| image.present) => return Ok(None),
        EnvironmentState::Approved => {
            (EnvironmentGapKind::ImageMissing, "The image of the project's environment is not on this machine.".to_owned())
        }
    };
    Ok(Some(EnvironmentGap { kind, message }))
}

/// The same, where an environment is approved: files are read for no other project.
pub async fn find_gap_of_approved(host: &Host, project: &ProjectRef) -> Result<Option<EnvironmentGap>, Problem> {
    let place = project.find(host).await?;
    if host.app.approved_environment(place.id()).await?.is_none() {
        return Ok(None);
    }
    find_gap(host, project).await
}

impl BuildEnvironment {
    fn options(&self) -> BuildOptions {
        let Self { image, dockerfile, network, refresh, .. } = self.clone();
        BuildOptions { image, dockerfile, with_network: network, refresh }
    }
}

impl PreparedEnvironment {
    /// What would be built.
    pub fn proposal(&self) -> EnvironmentProposal {
        self.proposal.clone().into()
    }
}

async fn approved_image(host: &Host, approved: &environment::Approved) -> ApprovedImage {
    let environment = &approved.environment;
    ApprovedImage {
        image: environment.image.reference.clone(),
        local: environment.image.is_local,
        present: host.app.sandbox.has_image(&environment.image.reference).await,
        hash: environment.hash.clone(),
        network: approved.with_network,
        approved_at: Moment(environment.approved_at),
        approved_by: environment.approved_by.clone(),
    }
}

fn not_approved() -> Problem {
    let message = "No environment is approved for this project.";
    let problem = Problem::not_found("environment_not_approved", message).of_field("project");
    problem.advise("Approve one with `baton project environment build`.")
}

/// A sentence of a repository without its end.
fn trim_period(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Environment, EnvironmentProposal, EnvironmentTest, EnvironmentGap, RemovedEnvironment, BuildProgress)))]
pub(super) struct Views;
