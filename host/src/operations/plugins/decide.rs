//! What operators decide of a plugin: grants, revocations, and whether it can be started. Decides nothing by itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{Plugin, ProjectNames, Reach, ReachedPlugin, reach};
use crate::{
    actor::Actor,
    kernel::{
        granting::{By, Change, Named},
        grants::Terms,
        registry::Origin,
    },
    operations::{Host, Moment, Problem, ProblemKind, ProblemSource},
};

/// Characters of the longest reason.
pub const LONGEST_REASON: usize = 1_000;

/// Capabilities to grant to a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantPlugin {
    /// The name of the plugin.
    pub plugin: String,
    /// `KIND=PATTERN`, or `KIND` for all of it that the plugin asks for; behind `through.` what others may do for the plugin.
    /// Everything that it asks for where none is named.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Withhold everything else that it asks for.
    #[serde(default)]
    pub only: bool,
    /// Only in this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only until this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Why, for the history of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Capabilities to revoke.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevokePlugin {
    /// The name of the plugin.
    pub plugin: String,
    /// `KIND=PATTERN` or `KIND`. Everything where none is named.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Why, for the history of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A plugin to enable or to disable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SwitchPlugin {
    /// The name of the plugin.
    pub plugin: String,
    /// Why, for the history of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What holds for a plugin after a decision, or would hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecidedPlugin {
    /// The name of the plugin.
    pub name: String,
    /// The installed version, or one that runs need; none where the decision is for versions that are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Plugin>,
    /// After a grant, what other plugins may do when it starts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, ReachedPlugin>>)]
    pub reach: Option<Reach>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

/// What a grant would change. Changes nothing.
pub async fn plan_grant(host: &Host, request: &GrantPlugin) -> Result<DecidedPlugin, Problem> {
    let change = request.change(host).await?;
    reject_grant_to_rejected_file(host, &request.plugin)?;
    let (grant_state, reached) = host.app.kernel.preview(&request.plugin, &change).await?;
    let names = ProjectNames::load(&host.app).await?;
    let plugin = host.app.kernel.registry().find(&request.plugin);
    let plugin = plugin.map(|plugin| Plugin::installed(&host.app, &plugin, &names).with_grants(&grant_state, &names));
    Ok(DecidedPlugin { name: request.plugin.clone(), plugin, reach: Some(reach(&reached)), dry_run: true })
}

/// Grants capabilities, also where another host executes runs.
pub async fn grant(host: &Host, actor: &Actor, request: &GrantPlugin) -> Result<DecidedPlugin, Problem> {
    let change = request.change(host).await?;
    reject_grant_to_rejected_file(host, &request.plugin)?;
    let reached = match host.app.kernel.registry().find(&request.plugin) {
        Some(_) => Some(host.app.kernel.preview(&request.plugin, &change).await?.1),
        None => None,
    };
    let decided = decide(host, actor, &request.plugin, &change, request.reason.as_deref()).await?;
    Ok(DecidedPlugin { reach: reached.map(|reached| reach(&reached)), ..decided })
}

/// Revokes capabilities of every version of the plugin.
pub async fn revoke(host: &Host, actor: &Actor, request: &RevokePlugin) -> Result<DecidedPlugin, Problem> {
    let change = Change::Revoke(named(&request.capabilities));
    decide(host, actor, &request.plugin, &change, request.reason.as_deref()).await
}

/// Lets a plugin be started that was disabled, or stopped after traps.
pub async fn enable(host: &Host, actor: &Actor, request: &SwitchPlugin) -> Result<DecidedPlugin, Problem> {
    decide(host, actor, &request.plugin, &Change::Enable, request.reason.as_deref()).await
}

/// Keeps a plugin from being started. Its grants stay.
pub async fn disable(host: &Host, actor: &Actor, request: &SwitchPlugin) -> Result<DecidedPlugin, Problem> {
    decide(host, actor, &request.plugin, &Change::Disable, request.reason.as_deref()).await
}

async fn decide(host: &Host, actor: &Actor, name: &str, change: &Change, reason: Option<&str>) -> Result<DecidedPlugin, Problem> {
    check_reason(reason)?;
    let decided = host.app.kernel.decide(name, change, By { who: actor, why: reason }).await?;
    if let Some(decided) = decided.as_ref().filter(|_| is_grant(change))
        && let Origin::File(path) = &decided.origin
        && decided.newcomer
    {
        // Whoever grants something to it means that it is to have the name.
        host.app.claim(decided, path).await?;
    }
    let names = ProjectNames::load(&host.app).await?;
    let plugin = decided.map(|decided| Plugin::installed(&host.app, &decided, &names));
    Ok(DecidedPlugin { name: name.to_owned(), plugin, reach: None, dry_run: false })
}

impl GrantPlugin {
    async fn change(&self, host: &Host) -> Result<Change, Problem> {
        check_reason(self.reason.as_deref())?;
        let named = named(&self.capabilities);
        let terms = self.terms(host).await?;
        if self.only {
            return match (named.is_empty(), terms) {
                (false, None) => Ok(Change::Only(named)),
                (true, _) => {
                    Err(Problem::invalid("grant_invalid", "capabilities", "A grant of these and nothing else has to name capabilities."))
                }
                (false, Some(_)) => Err(Problem::invalid(
                    "grant_invalid",
                    "only",
                    "A grant of these and nothing else holds in every project and without an end.",
                )),
            };
        }
        Ok(terms.map_or_else(|| Change::Grant(named.clone()), |terms| Change::GrantOn(named.clone(), terms)))
    }

    async fn terms(&self, host: &Host) -> Result<Option<Terms>, Problem> {
        if self.project.is_none() && self.until.is_none() {
            return Ok(None);
        }
        if let Some(until) = self.until.filter(|until| until.0 <= host.app.kernel.now()) {
            let message = format!("The time {until} has passed, so nothing would be granted.");
            return Err(Problem::invalid("time_passed", "until", message).advise("Give a later time."));
        }
        let project = match &self.project {
            Some(name) => Some(host.app.kernel.find_project(name).await?.id),
            None => None,
        };
        Ok(Some(Terms { project, until: self.until.map(|until| until.0) }))
    }
}

fn named(capabilities: &[String]) -> Vec<Named> {
    // Every text names a capability; whether there is such a one is checked where it is granted.
    capabilities.iter().filter_map(|capability| capability.parse().ok()).collect()
}

fn is_grant(change: &Change) -> bool {
    matches!(change, Change::Grant(_) | Change::GrantOn(..) | Change::Only(_))
}

/// A file that this host rejects can be granted nothing.
fn reject_grant_to_rejected_file(host: &Host, name: &str) -> Result<(), Problem> {
    if host.app.kernel.registry().find(name).is_some() {
        return Ok(());
    }
    let Some(refused) = host.app.refused.iter().find(|refused| refused.is_named(name)) else { return Ok(()) };
    let file = crate::events::path_text(&refused.path);
    let message = format!("Nothing was granted to `{}`, because its file {file} is rejected: {}", name.escape_debug(), refused.reason);
    Err(Problem::new(ProblemKind::Conflict, "plugin_rejected", message, ProblemSource::Plugin))
}

fn check_reason(reason: Option<&str>) -> Result<(), Problem> {
    match reason.map(|reason| reason.chars().count()) {
        Some(count) if count > LONGEST_REASON => {
            let message = format!("A reason has at most {LONGEST_REASON} characters, and this one has {count}.");
            Err(Problem::invalid("reason_too_long", "reason", message))
        }
        _ => Ok(()),
    }
}
