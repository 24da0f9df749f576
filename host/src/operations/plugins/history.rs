//! The history of a plugin: who decided what, when and why, from the log of events. Decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    file::unknown_plugin,
    view::{Capabilities, ProjectNames},
};
use crate::{
    actor::Actor,
    events::{Category, Event},
    journal::RunId,
    kernel::{KernelError, granting::events::GrantTerms},
    operations::{Host, Moment, Page, Problem, reject_cursor},
};

/// The event of a call that was denied.
const DENIED: &str = "denied";
/// Events that are read at once.
const CHUNK: u32 = 1_000;

/// Something that was decided of a plugin, or a call of it that was denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginDecision {
    /// When.
    pub at: Moment,
    /// What was decided, such as `granted`, `revoked` or `disabled`; `denied` for a call.
    pub decision: String,
    /// The run in which it happened, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The version of the plugin, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of that version's file, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether it holds for every version.
    pub all_versions: bool,
    /// What was granted or revoked; empty for everything, absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::operations::plugins::DescribedCapabilities>)]
    pub capabilities: Option<Capabilities>,
    /// What was decided not to grant.
    #[serde(default, skip_serializing_if = "Capabilities::is_empty")]
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub withheld: Capabilities,
    /// What a denied call needed, or the tool that was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<NeededCapability>,
    /// The number of the denied call in its run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// The function that it called, such as `files.write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The id of the project in which it holds; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The name of that project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// The hash of the version from which the grants carried over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<String>,
    /// Why, in the words of whoever decided, or of Baton.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a call needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NeededCapability {
    /// The kind of capability.
    pub kind: String,
    /// What of it.
    pub value: String,
}

/// Which decisions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListPluginDecisions {
    /// The name of the plugin.
    pub plugin: String,
    /// Also calls that were denied.
    #[serde(default)]
    pub denied: bool,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// The id of the project that a run belongs to.
pub(super) async fn read_project_of_run(host: &Host, run: &RunId) -> Result<Option<String>, Problem> {
    Ok(host.app.kernel.runs().find(run).await.map_err(KernelError::from)?.map(|run| run.project))
}

/// Newest first.
pub async fn history(host: &Host, request: &ListPluginDecisions) -> Result<Page<PluginDecision>, Problem> {
    let before = request.cursor.as_deref().map(read_cursor).transpose()?;
    let (found, next) = find(host, request, before).await?;
    if found.is_empty() && before.is_none() && host.app.kernel.registry().find(&request.plugin).is_none() {
        return Err(unknown_plugin(&host.app, &request.plugin));
    }
    let names = ProjectNames::load(&host.app).await?;
    let items = found.into_iter().map(|event| PluginDecision::of(event, &names)).collect();
    Ok(Page { items, next: next.map(|cursor| cursor.to_string()) })
}

/// The events that are wanted, and the cursor behind the last one where there may be more.
async fn find(host: &Host, request: &ListPluginDecisions, before: Option<i64>) -> Result<(Vec<Event>, Option<i64>), Problem> {
    let (mut found, mut before) = (Vec::new(), before);
    let is_wanted = |event: &Event| event.draft.data["plugin"] == *request.plugin && (request.denied || event.draft.name != DENIED);
    loop {
        let chunk = host.app.kernel.events().latest(Category::Audit, before, CHUNK).await.map_err(KernelError::from)?;
        let Some(last) = chunk.last().map(|event| event.cursor) else { return Ok((found, None)) };
        before = Some(last);
        for event in chunk.into_iter().filter(is_wanted) {
            if found.len() >= request.limit as usize {
                // There is one more than was asked for.
                let next = found.last().map(|event: &Event| event.cursor);
                return Ok((found, next));
            }
            found.push(event);
        }
    }
}

fn read_cursor(cursor: &str) -> Result<i64, Problem> {
    cursor.parse().ok().filter(|cursor| *cursor > 0).ok_or_else(reject_cursor)
}

/// What the events of decisions carry.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    version: Option<String>,
    hash: Option<String>,
    versions: Option<String>,
    capabilities: Option<Capabilities>,
    withheld: Capabilities,
    capability: Option<NeededCapability>,
    seq: Option<u64>,
    call: Option<String>,
    terms: Option<GrantTerms>,
    /// As it was spelled before events had types, too.
    #[serde(alias = "carried-from")]
    carried_from: Option<String>,
    reason: Option<String>,
}

impl PluginDecision {
    fn of(event: Event, names: &ProjectNames) -> Self {
        let data = Data::deserialize(&event.draft.data).unwrap_or_default();
        let terms = data.terms.unwrap_or_default();
        Self {
            at: Moment(event.at),
            decision: event.draft.name,
            run: event.draft.run,
            actor: event.draft.actor,
            version: data.version,
            hash: data.hash,
            all_versions: data.versions.is_some(),
            capabilities: data.capabilities,
            withheld: data.withheld,
            capability: data.capability,
            call: data.seq,
            function: data.call,
            project_name: terms.project.as_deref().and_then(|project| names.of(project)),
            project: terms.project,
            until: terms.until,
            carried_from: data.carried_from,
            reason: data.reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::Draft;

    fn decision(data: serde_json::Value) -> PluginDecision {
        let draft = Draft::for_test(Category::Audit, "granted", None, data);
        PluginDecision::of(Event { cursor: 7, at: 5, draft }, &ProjectNames::default())
    }

    #[test]
    fn a_decision_has_what_its_event_carries() {
        let terms = json!({ "project": "0194", "until": 1_800_000_000_000_u64 });
        let granted =
            decision(json!({ "plugin": "p", "version": "1.0.0", "hash": "a", "capabilities": { "write": ["a"] }, "terms": terms }));
        assert_eq!((granted.at, granted.decision.as_str(), granted.version.as_deref()), (Moment(5), "granted", Some("1.0.0")));
        assert_eq!((granted.project.as_deref(), granted.until), (Some("0194"), Some(Moment(1_800_000_000_000))));
        assert_eq!(granted.capabilities.unwrap()["write"], ["a"]);
        let denied = decision(json!({ "plugin": "p", "capability": { "kind": "write", "value": "b" }, "call": "files.write", "seq": 3 }));
        assert_eq!(denied.capability, Some(NeededCapability { kind: "write".to_owned(), value: "b".to_owned() }));
        assert_eq!((denied.call, denied.function.as_deref()), (Some(3), Some("files.write")));
        assert!(denied.capabilities.is_none() && denied.project.is_none());
    }

    #[test]
    fn an_event_of_another_form_is_still_a_decision() {
        for odd in [json!(null), json!("x"), json!({ "terms": "shop" }), json!({ "capabilities": [1] })] {
            assert_eq!(decision(odd.clone()).decision, "granted", "{odd}");
        }
    }

    #[test]
    fn a_wrong_cursor_is_rejected_with_its_field() {
        assert_eq!(read_cursor("7").unwrap(), 7);
        for wrong in ["", "0", "-1", "x"] {
            assert_eq!(read_cursor(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }
}
