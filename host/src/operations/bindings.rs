//! Which plugins fill the slots that workflows ask for: listed, bound, and approved where a repository proposes them. Edits no
//! settings.

use baton_slots::Slot;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{
    Host, Problem, code,
    plugins::{PluginKind, unknown_plugin},
    projects::{ProjectLocation, ProjectRef},
};
use crate::{
    actor::Actor,
    app::App,
    errors::Hint as _,
    interfaces::backlog::{BacklogError, check_label},
    kernel::{
        KernelError, projects,
        slots::{self, Chosen, Scope, Scoped, Source, declared_misfit, kind_of},
    },
};

/// What fills a slot, for items with a label or for all items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Binding {
    /// The slot.
    pub slot: String,
    /// What kind of plugin fills it.
    pub kind: PluginKind,
    /// What the slot is for.
    pub meaning: String,
    /// The label of the items for which it holds; none for all items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The plugin.
    pub plugin: String,
    /// Who bound it.
    pub bound_by: BoundBy,
    /// The id of the project for which it was bound; none for all projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The bundled plugin that fills the slot if none is bound.
    pub default: String,
    /// Whether the plugin is installed.
    pub installed: bool,
    /// Why the plugin cannot fill the slot, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Who bound a plugin to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoundBy {
    /// An operator, by command.
    Command,
    /// The operator's settings.
    Settings,
    /// The repository's settings, which an operator approved.
    Repository,
    /// The slot's default.
    Default,
}

/// What fills each slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BindingList {
    /// By slot; after the binding for all items, those for labels.
    pub items: Vec<Binding>,
    /// What the repository of the project proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<BindingProposal>,
    /// What is wrong with bindings in the operator's settings. They are left out here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<BindingMistake>,
    /// What gives the next page; none after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A binding in the settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BindingMistake {
    /// Its key in the settings.
    pub key: String,
    /// What is wrong.
    pub problem: String,
}

/// The bindings that the settings of a repository propose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BindingProposal {
    /// Whether they hold.
    pub state: ProposalState,
    /// Their SHA-256, in hexadecimal. It does not change with the rest of the settings.
    pub hash: String,
    /// The bindings; empty where they cannot be read.
    pub bindings: Vec<ProposedBinding>,
    /// Why they cannot be used, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Whether proposed bindings hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// No operator approved any for the project.
    Proposed,
    /// An operator approved others.
    Changed,
    /// An operator approved them.
    Approved,
}

/// A binding that a repository proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposedBinding {
    /// The slot.
    pub slot: String,
    /// The plugin.
    pub plugin: String,
    /// The label of the items for which it would hold; none for all items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Which bindings to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListBindings {
    /// What holds in this project; where no project says otherwise, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectRef>,
}

/// A plugin to bind to a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetBinding {
    /// The slot.
    pub slot: String,
    /// The plugin.
    pub plugin: String,
    /// Only in this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectRef>,
    /// Only for items with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A binding to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnsetBinding {
    /// The slot.
    pub slot: String,
    /// That of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectRef>,
    /// That for items with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A binding that was set or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedBinding {
    /// The slot.
    pub slot: String,
    /// The plugin that was bound; none where the binding was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The id of the project; none for all projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The name of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The label of the items; none for all items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Proposed bindings that were approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovedBindings {
    /// The id of the project.
    pub project: String,
    /// The name of the project.
    pub project_name: String,
    /// The bindings.
    pub proposal: BindingProposal,
}

/// What fills each slot, in a project or where no project says otherwise.
pub async fn list(host: &Host, request: &ListBindings) -> Result<BindingList, Problem> {
    let (project, proposal) = match &request.project {
        Some(project) => find_proposal(host, project).await?,
        None => (None, None),
    };
    let approved = proposal.as_ref().filter(|proposal| proposal.state == slots::ProposalState::Approved);
    let repository = approved.and_then(|proposal| proposal.table.as_ref().ok());
    let items = bindings(&host.app, project.as_ref(), repository).await?;
    let mistake = |(key, error): &slots::Mistake| BindingMistake { key: key.clone(), problem: error.explain() };
    let mistakes = host.app.config.mistaken_bindings.iter().map(mistake).collect();
    Ok(BindingList { items, proposal: proposal.as_ref().map(BindingProposal::from), mistakes, next: None })
}

/// What the repository of a project proposes, if anything.
pub async fn proposal(host: &Host, project: &ProjectRef) -> Result<Option<BindingProposal>, Problem> {
    Ok(find_proposal(host, project).await?.1.as_ref().map(BindingProposal::from))
}

/// Each binding in any project that cannot be used, in a sentence.
pub async fn problems(host: &Host) -> Result<Vec<String>, Problem> {
    let mut found: Vec<String> = Vec::new();
    let projects = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?;
    let present = projects.iter().filter(|project| project.removed_at.is_none()).map(Some);
    for project in std::iter::once(None).chain(present) {
        for binding in bindings(&host.app, project, None).await? {
            let problem = binding.problem.filter(|_| binding.bound_by != BoundBy::Default);
            found.extend(problem.filter(|problem| !found.contains(problem)));
        }
    }
    Ok(found)
}

/// Binds a plugin to a slot.
pub async fn set(host: &Host, actor: &Actor, request: &SetBinding) -> Result<ChangedBinding, Problem> {
    let app = &host.app;
    let slot = app.kernel.slot(&request.slot)?;
    app.kernel.check_binding(slot, &request.plugin)?;
    let plugin = app.kernel.registry().find(&request.plugin).ok_or_else(|| unknown_plugin(app, &request.plugin))?;
    let misfit = declared_misfit(slot, &plugin).map(|unfit| unfit.to_string());
    let (scope, project) = scope(host, actor, request.project.as_ref(), request.label.as_deref()).await?;
    let chosen = Chosen { plugin: request.plugin.clone(), scope: scope.clone(), source: Source::Command };
    if let Some(problem) = misfit.or_else(|| app.kernel.unusable(slot, &chosen)) {
        return Err(Problem::invalid("binding_invalid", "plugin", problem));
    }
    app.kernel.bind(scope.clone(), slot.name, &request.plugin, actor).await?;
    Ok(describe_change(slot, Some(request.plugin.clone()), scope, project))
}

/// Removes a binding that was set by command.
pub async fn unset(host: &Host, actor: &Actor, request: &UnsetBinding) -> Result<ChangedBinding, Problem> {
    let slot = host.app.kernel.slot(&request.slot)?;
    let (scope, project) = scope(host, actor, request.project.as_ref(), request.label.as_deref()).await?;
    let was_bound = host.app.kernel.unbind(&scope, slot.name, actor).await?;
    let changed = describe_change(slot, None, scope, project);
    if !was_bound {
        let message = format!("`{}` has no binding that was set by a command{}.", slot.name, changed.place());
        let hint = "`baton bindings list` shows who bound what. To remove a binding of your settings, edit them.";
        return Err(Problem::not_found("binding_not_found", message).of_field("slot").advise(hint));
    }
    Ok(changed)
}

/// Approves what the repository of a project proposes. Until the proposal changes, it holds in this project.
pub async fn approve(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<ApprovedBindings, Problem> {
    let place = project.find(host).await?;
    let settings = host.app.config.project(place.folder()?)?;
    let proposal = host.app.kernel.proposal(place.id(), &settings).await?.ok_or_else(nothing_proposed)?;
    check_proposal(&host.app, &proposal)?;
    // Only now: a folder for which nothing is approved does not become a project.
    let opened = project.open(host, actor).await?;
    host.app.kernel.approve(opened.id(), &proposal, actor).await?;
    let approved = host.app.kernel.proposal(opened.id(), &settings).await?;
    let (project, project_name) = (opened.id().to_owned(), opened.name().to_owned());
    Ok(ApprovedBindings { project, project_name, proposal: approved.as_ref().unwrap_or(&proposal).into() })
}

/// The project, if it is known yet, and what its repository proposes.
async fn find_proposal(host: &Host, project: &ProjectRef) -> Result<(Option<projects::Project>, Option<slots::Proposal>), Problem> {
    let place = project.find(host).await?;
    let known = host.app.kernel.projects().load_project(place.id()).await.map_err(KernelError::from)?;
    // A project whose folder does not exist has no repository to propose anything.
    let Ok(folder) = place.folder() else { return Ok((known, None)) };
    let settings = host.app.config.project(folder)?;
    let proposal = host.app.kernel.proposal(place.id(), &settings).await?;
    Ok((known, proposal))
}

async fn bindings(app: &App, project: Option<&projects::Project>, repository: Option<&Scoped>) -> Result<Vec<Binding>, Problem> {
    let chosen = app.kernel.overview(project, repository).await?;
    Ok(chosen.into_iter().map(|(slot, label, chosen)| Binding::new(app, slot, label, chosen)).collect())
}

/// Where a binding holds, and the project in it; a folder that is not known yet becomes one.
async fn scope(
    host: &Host,
    actor: &Actor,
    project: Option<&ProjectRef>,
    label: Option<&str>,
) -> Result<(Scope, Option<ProjectLocation>), Problem> {
    if let Some(label) = label {
        check_label(label).map_err(|refusal| Problem::from(BacklogError::from(refusal)).of_field("label"))?;
    }
    let project = match project {
        Some(project) => Some(project.open(host, actor).await?),
        None => None,
    };
    let id = project.as_ref().map(|project| project.id().to_owned());
    Ok((Scope { project: id, label: label.map(str::to_owned) }, project))
}

fn describe_change(slot: &Slot, plugin: Option<String>, scope: Scope, project: Option<ProjectLocation>) -> ChangedBinding {
    let project_name = project.map(|project| project.name().to_owned());
    ChangedBinding { slot: slot.name.to_owned(), plugin, project: scope.project, project_name, label: scope.label }
}

/// Rejects a proposal that no plugin could fill.
fn check_proposal(app: &App, proposal: &slots::Proposal) -> Result<(), Problem> {
    let invalid = |code, message: String| Problem::invalid(code, "project", message);
    let table = proposal
        .table
        .as_ref()
        .map_err(|problem| invalid("proposal_invalid", format!("The proposed bindings cannot be used: {problem}")))?;
    let problems: Vec<_> = table.iter().filter_map(|(_, slot, plugin)| describe_misfit(app, slot, plugin)).collect();
    if problems.is_empty() {
        return Ok(());
    }
    let problem = invalid(code::PROPOSAL_UNFIT, format!("The proposed bindings cannot be approved. {}", problems.join(" ")));
    Err(problem.advise("Install plugins that fit, then approve them again."))
}

fn nothing_proposed() -> Problem {
    let message = "The repository proposes no bindings: its baton.toml has no [bindings].";
    Problem::invalid("nothing_proposed", "project", message)
}

/// Why a plugin cannot be bound to a slot, in a sentence.
fn describe_misfit(app: &App, slot: &str, plugin: &str) -> Option<String> {
    let slot = app.kernel.slot(slot).ok()?;
    match app.kernel.registry().find(plugin) {
        None => Some(format!("Plugin `{}`, which they bind to `{}`, is not installed.", plugin.escape_debug(), slot.name)),
        Some(plugin) => declared_misfit(slot, &plugin).map(|unfit| unfit.to_string()),
    }
}

impl Binding {
    fn new(app: &App, slot: &'static Slot, label: Option<String>, chosen: Chosen) -> Self {
        let plugin = app.kernel.registry().find(&chosen.plugin);
        let misfit = || plugin.as_ref().and_then(|plugin| declared_misfit(slot, plugin)).map(|unfit| unfit.to_string());
        let problem = app.kernel.unusable(slot, &chosen).or_else(misfit);
        Self {
            slot: slot.name.to_owned(),
            kind: kind_of(slot).into(),
            meaning: slot.meaning.to_owned(),
            label,
            bound_by: chosen.source.into(),
            project: chosen.scope.project,
            default: slot.default.to_owned(),
            installed: plugin.is_some(),
            problem,
            plugin: chosen.plugin,
        }
    }
}

impl ChangedBinding {
    /// Where it holds, in words behind a binding; empty for all items of all projects.
    pub fn place(&self) -> String {
        let label = self.label.as_ref().map(|label| format!(" for items labelled `{}`", label.escape_debug()));
        let project = self.project_name.as_ref().map(|project| format!(" in project {}", project.escape_debug()));
        format!("{}{}", label.unwrap_or_default(), project.unwrap_or_default())
    }
}

impl From<Source> for BoundBy {
    fn from(source: Source) -> Self {
        match source {
            Source::Command => Self::Command,
            Source::Settings => Self::Settings,
            Source::Repository => Self::Repository,
            Source::Default => Self::Default,
        }
    }
}

impl From<slots::ProposalState> for ProposalState {
    fn from(state: slots::ProposalState) -> Self {
        match state {
            slots::ProposalState::Proposed => Self::Proposed,
            slots::ProposalState::Changed => Self::Changed,
            slots::ProposalState::Approved => Self::Approved,
        }
    }
}

impl From<&slots::Proposal> for BindingProposal {
    fn from(proposal: &slots::Proposal) -> Self {
        let binding = |(label, slot, plugin): (Option<&str>, &str, &str)| ProposedBinding {
            slot: slot.to_owned(),
            plugin: plugin.to_owned(),
            label: label.map(str::to_owned),
        };
        Self {
            state: proposal.state.into(),
            hash: proposal.hash.clone(),
            bindings: proposal.table.iter().flat_map(Scoped::iter).map(binding).collect(),
            problem: proposal.table.as_ref().err().cloned(),
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(ApprovedBindings, BindingList, ChangedBinding)))]
pub(super) struct Views;
