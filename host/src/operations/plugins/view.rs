//! What a plugin is, as every operation shows it. Reads nothing and decides nothing.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::{self, App},
    events::path_text,
    interfaces::{CAPABILITIES, children::STARTS},
    journal::Matching,
    kernel::{
        KernelError,
        grants::GrantState,
        package::Manifest,
        permissions::Patterns,
        reach,
        registry::{self, Origin, Status},
        signature::{Signer, Trust},
    },
    operations::Moment,
};

pub use crate::{kernel::permissions::THROUGH, operations::runs::PluginKind};

/// Patterns by kind of capability, such as `write = ["docs/**"]`. A kind behind `through.` is for what others do for the plugin.
pub type Capabilities = BTreeMap<String, Vec<String>>;

/// How [`Capabilities`] are described: patterns of what is asked for or allowed, by kind of capability.
#[derive(ToSchema)]
#[schema(as = Capabilities)]
pub struct DescribedCapabilities(pub BTreeMap<String, Vec<String>>);

/// What other plugins may do when a plugin starts them, by their names.
pub type Reach = BTreeMap<String, ReachedPlugin>;

/// A plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PluginKind,
    /// Its version.
    pub version: String,
    /// What it says it is for.
    pub description: String,
    /// Whether it can be started.
    pub status: PluginStatus,
    /// Whether it is part of Baton.
    pub bundled: bool,
    /// The path of its file, or the reference it was fetched by; none for a bundled plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
    /// Bytes of its file.
    pub bytes: u64,
    /// What it asks for.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub needs: Capabilities,
    /// What it is granted in every project and without an end.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub grants: Capabilities,
    /// What it is granted in one project or until a time.
    pub limited: Vec<LimitedGrant>,
    /// What it asks for and an operator decided not to grant.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub withheld: Capabilities,
    /// What it asks for and no operator decided on.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub undecided: Capabilities,
    /// After how many traps in a row Baton stopped it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traps: Option<u32>,
    /// The interfaces of the contract that it imports.
    pub imports: Vec<String>,
    /// The key that signed its file, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<PluginSignature>,
    /// The plugins through which it reaches less than before such calls were limited, until an operator decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches_less_through: Vec<String>,
    /// The version with which the running host starts runs, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_elsewhere: Option<StartedVersion>,
}

/// Whether a plugin can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginStatus {
    /// Everything that it asks for was decided.
    Ready,
    /// It asks for more than was decided. What was not granted is denied.
    NeedsApproval,
    /// An operator disabled it.
    Disabled,
    /// Baton stopped it after traps in a row.
    Tripped,
}

/// The key that signed a plugin's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginSignature {
    /// The public key.
    pub key: String,
    /// The operator's name for the key, where the settings trust it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_as: Option<String>,
}

/// What is granted in one project or until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitedGrant {
    /// The id of the project; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The name of the project, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// When it ends; none for a grant without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// What is granted.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub grants: Capabilities,
}

/// What a plugin may do when another starts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReachedPlugin {
    /// What it is.
    pub kind: PluginKind,
    /// What it may do then.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub may: Capabilities,
    /// What it is granted itself and is denied then, at least in part.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub denied: Capabilities,
}

/// The version of a plugin with which another host starts runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedVersion {
    /// The version.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
}

/// A file that this host rejects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedFile {
    /// The path of the file, or the reference it was fetched by.
    pub file: String,
    /// Why, and what to do.
    pub reason: String,
    /// The name that its manifest states, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind that its manifest states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PluginKind>,
    /// The version that its manifest states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What an operator should know of a kind of capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityKind {
    /// What it allows.
    pub meaning: &'static str,
    /// Its value is an amount and not a pattern.
    pub is_amount: bool,
    /// No interface uses it yet, so it cannot be granted.
    pub is_reserved: bool,
}

/// The kind of capability of this word.
pub fn capability_kind(word: &str) -> Option<CapabilityKind> {
    let known = CAPABILITIES.iter().find(|known| known.word == word)?;
    let (is_amount, is_reserved) = (known.matching == Matching::Amount, known.interface.is_empty());
    Some(CapabilityKind { meaning: known.meaning, is_amount, is_reserved })
}

impl Plugin {
    /// A plugin whether it is installed or not.
    pub(super) fn of(plugin: &registry::Plugin, trust: &Trust, names: &ProjectNames) -> Self {
        let (package, manifest) = (&plugin.package, &plugin.package.manifest);
        let grant_state = plugin.grant_state();
        let file = match &plugin.origin {
            Origin::Bundled => None,
            Origin::File(path) => Some(path_text(path)),
        };
        let view = Self {
            name: manifest.name.clone(),
            kind: manifest.kind.into(),
            version: manifest.version.to_string(),
            description: manifest.description.clone(),
            status: plugin.status().into(),
            bundled: plugin.origin == Origin::Bundled,
            file,
            hash: package.hash.clone(),
            bytes: package.wasm.len() as u64,
            needs: capabilities(&manifest.needs),
            grants: Capabilities::new(),
            limited: Vec::new(),
            withheld: Capabilities::new(),
            undecided: capabilities(&plugin.undecided()),
            traps: grant_state.tripped,
            imports: package.imports.iter().cloned().collect(),
            signed_by: signature(plugin, trust),
            reaches_less_through: Vec::new(),
            started_elsewhere: None,
        };
        view.with_grants(&grant_state, names)
    }

    /// A plugin that is installed.
    pub(super) fn installed(app: &App, plugin: &registry::Plugin, names: &ProjectNames) -> Self {
        let started = app.begun_elsewhere(plugin);
        let started = started.map(|started| StartedVersion { version: started.version.clone(), hash: started.hash.clone() });
        let view = Self::of(plugin, &app.config.trust, names);
        Self { reaches_less_through: reaches_less_through(app, plugin), started_elsewhere: started, ..view }
    }

    /// The same with other grants.
    pub(super) fn with_grants(self, grant_state: &GrantState, names: &ProjectNames) -> Self {
        let limited = |grant: &crate::kernel::grants::LimitedGrant| LimitedGrant {
            project: grant.terms.project.clone(),
            project_name: grant.terms.project.as_deref().and_then(|project| names.of(project)),
            until: grant.terms.until.map(Moment),
            grants: capabilities(&grant.granted),
        };
        Self {
            grants: capabilities(&grant_state.granted),
            limited: grant_state.limited.iter().map(limited).collect(),
            withheld: capabilities(&grant_state.withheld),
            ..self
        }
    }

    /// What others may do for the plugin beyond what it may do itself, from `now` on; none where it may start no other plugin.
    pub fn granted_through(&self, now: Moment) -> Option<Capabilities> {
        let lasts = |grant: &&LimitedGrant| grant.until.is_none_or(|until| now < until);
        let limited = self.limited.iter().filter(lasts).map(|grant| patterns(&grant.grants));
        let granted = limited.fold(patterns(&self.grants), |all, limited| all.with_most(&limited, CAPABILITIES));
        let starts_others = STARTS.iter().any(|(kind, _)| !granted.of(kind).is_empty());
        starts_others.then(|| capabilities(&granted.kept(|kind, _| kind.starts_with(THROUGH))))
    }
}

impl RejectedFile {
    pub(super) fn new(file: String, reason: String, declared: Option<Manifest>) -> Self {
        let (kind, version) =
            (declared.as_ref().map(|manifest| manifest.kind.into()), declared.as_ref().map(|manifest| manifest.version.to_string()));
        Self { file, reason, name: declared.map(|manifest| manifest.name), kind, version }
    }
}

impl From<&app::Refused> for RejectedFile {
    fn from(refused: &app::Refused) -> Self {
        Self::new(path_text(&refused.path), refused.reason.clone(), refused.declared())
    }
}

impl From<Status> for PluginStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Ready => Self::Ready,
            Status::NeedsApproval => Self::NeedsApproval,
            Status::Disabled => Self::Disabled,
            Status::Tripped => Self::Tripped,
        }
    }
}

/// The names of projects, by their ids.
#[derive(Default)]
pub(super) struct ProjectNames(HashMap<String, String>);

impl ProjectNames {
    pub(super) async fn load(app: &App) -> Result<Self, KernelError> {
        let projects = app.kernel.projects().all_projects().await?;
        let name = |removed: bool, name: String| if removed { format!("{name} (removed)") } else { name };
        Ok(Self(projects.into_iter().map(|project| (project.id, name(project.removed_at.is_some(), project.name))).collect()))
    }

    pub(super) fn of(&self, project: &str) -> Option<String> {
        self.0.get(project).cloned()
    }
}

pub(in crate::operations) fn capabilities(patterns: &Patterns) -> Capabilities {
    patterns.iter().map(|(kind, patterns)| (kind.to_owned(), patterns.to_vec())).collect()
}

fn patterns(capabilities: &Capabilities) -> Patterns {
    capabilities.clone().into_iter().collect()
}

pub(super) fn reach(reach: &reach::Reach) -> Reach {
    let each = |(name, reached): (&str, &reach::Reached)| {
        let (may, denied) = (capabilities(&reached.may), capabilities(&reached.beyond));
        (name.to_owned(), ReachedPlugin { kind: reached.kind.into(), may, denied })
    };
    reach.iter().map(each).collect()
}

fn signature(plugin: &registry::Plugin, trust: &Trust) -> Option<PluginSignature> {
    let key = plugin.package.signed_by.map(|key| key.to_string())?;
    let trusted_as = match trust.signer(&plugin.package) {
        Signer::Trusted(name) => Some(name),
        Signer::Unknown(_) | Signer::Unsigned => None,
    };
    Some(PluginSignature { key, trusted_as })
}

fn reaches_less_through(app: &App, plugin: &registry::Plugin) -> Vec<String> {
    let grant_state = plugin.grant_state();
    if !grant_state.reaches_less || plugin.origin == Origin::Bundled {
        return Vec::new();
    }
    let reach = app.kernel.reach(plugin, &grant_state);
    reach.iter().filter(|(_, reached)| !reached.beyond.is_empty()).map(|(name, _)| name.to_owned()).collect()
}
