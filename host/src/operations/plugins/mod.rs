//! Plugins: listed, installed, decided on, checked and published. Runs none of them, and asks nobody.

mod author;
mod check;
mod decide;
mod file;
mod history;
mod install;
mod list;
mod module;
mod publish;
mod view;
mod visible;
mod workflow;

use utoipa::OpenApi;

use super::Page;

pub use author::{BuiltPlugin, CreatedPlugin, OwnTests, PluginLanguage, RecordingOutcome, ReplayedRecording, TestedPlugin};
pub use check::{CheckedPlugin, SlotFit, SlotSample, check, preview};
pub use decide::{DecidedPlugin, GrantPlugin, LONGEST_REASON, RevokePlugin, SwitchPlugin, disable, enable, grant, plan_grant, revoke};
pub(in crate::operations) use file::unknown_plugin;
pub use file::{FolderManifest, LARGEST_PLUGIN, OfFile, PluginFile, is_plugin_name};
pub use history::{ListPluginDecisions, NeededCapability, PluginDecision, history};
pub use install::{
    InstallPlugin, InstalledPlugin, PluginSource, PluginUpdate, RemovePlugin, RemovedPlugin, ReplacedPlugin, UpdateOutcome, UpdateTarget,
    fetch_update, install, install_changed, plan_install, remove, sources,
};
pub use list::{PluginDetails, PluginList, PluginRun, PluginVersion, list, show, verify};
pub use module::{PackedModule, PartOfModule, RejectedPart, pack_module};
pub use publish::{CreatedKey, PublishedPlugin, SignedPlugin, SigningKey, create_key, publish, sign};
pub(in crate::operations) use view::capabilities;
pub use view::{
    Capabilities, CapabilityKind, DescribedCapabilities, LimitedGrant, Plugin, PluginKind, PluginSignature, PluginStatus, Reach,
    ReachedPlugin, RejectedFile, StartedVersion, THROUGH, capability_kind,
};
pub use visible::{PluginLimits, PluginNeeds, history_for, limits, list_for, needs_for, show_for};
pub use workflow::{
    Decisions, FolderDialect, FolderFinding, FolderVariable, FoundSeverity, PlannedChecklist, PlannedCondition, PlannedDocument,
    PlannedFile, PlannedFlow, PlannedStatement, PlannedStep, UnsetVariable, WorkflowPlan, is_workflow_folder, plan_folder, plan_plugin,
};

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(
    BuiltPlugin,
    CheckedPlugin,
    CreatedKey,
    CreatedPlugin,
    DecidedPlugin,
    InstalledPlugin,
    PackedModule,
    Page<PluginDecision>,
    Page<PluginUpdate>,
    PlannedStatement,
    PlannedStep,
    PluginDetails,
    PluginLimits,
    PluginList,
    PluginNeeds,
    PublishedPlugin,
    RemovedPlugin,
    SignedPlugin,
    TestedPlugin,
    WorkflowPlan,
)))]
pub(super) struct Views;
