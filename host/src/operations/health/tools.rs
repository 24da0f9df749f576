//! What the operator's MCP servers and the installed toolboxes offer. Starts the servers.

use std::time::Duration;

use super::{Check, count_noun};
use crate::{
    app::{SetKind, ToolSet},
    escape::escaped,
    operations::{Host, Problem},
};

/// A server that is fetched when it is started takes a while.
const PATIENCE: Duration = Duration::from_secs(30);

/// A check for every MCP server, and one for every toolbox with which something is wrong.
pub(super) async fn checks(host: &Host) -> Vec<Check> {
    match host.app.tool_sets(&[], PATIENCE).await {
        Ok(sets) => sets.iter().filter_map(check).collect(),
        Err(error) => vec![Check::warn("tools", "cannot be listed", Problem::from(error).to_string())],
    }
}

fn check(set: &ToolSet) -> Option<Check> {
    let what = match set.kind {
        SetKind::Host => return None,
        SetKind::Server => "MCP server",
        SetKind::Toolbox => "toolbox",
    };
    let name = escaped(&set.name);
    let remarks = set.remarks.join(" ");
    if let Some(problem) = &set.problem {
        let advice = match set.kind {
            SetKind::Server => format!("{remarks} Correct [mcp.{name}] in the settings, or remove it."),
            _ => "Report it to the author of the plugin.".to_owned(),
        };
        return Some(Check::warn(what, format!("`{name}`: {problem}"), advice.trim()));
    }
    let found = format!("`{name}`: {}", count_noun(set.tools.len(), "tool", "tools"));
    let mut advice = Vec::new();
    advice.extend(
        set.quarantined
            .iter()
            .map(|tool| format!("`{}` is quarantined for its `{}`: {}", escaped(&tool.name), escaped(&tool.field), tool.reason)),
    );
    let changed: Vec<_> =
        set.tools.iter().filter(|tool| !tool.needs_approval.is_empty()).map(|tool| format!("`{}`", escaped(&tool.name))).collect();
    if !changed.is_empty() {
        advice.push(format!("Changed since they were granted: {}; `baton tools list {name}` shows how.", changed.join(", ")));
    }
    if set.left_out > 0 {
        advice.push(format!("{} more are left out.", set.left_out));
    }
    advice.extend(set.remarks.iter().cloned());
    if advice.is_empty() {
        return (set.kind == SetKind::Server).then(|| Check::ok(what, found));
    }
    let quarantined = if set.quarantined.is_empty() { String::new() } else { format!(", {} quarantined", set.quarantined.len()) };
    Some(Check::warn(what, format!("{found}{quarantined}"), advice.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::toolboxes::Quarantined;

    fn set(kind: SetKind) -> ToolSet {
        ToolSet::empty("web", kind)
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_fine_is_short() {
        assert!(check(&set(SetKind::Host)).is_none() && check(&set(SetKind::Toolbox)).is_none());
        assert_eq!(check(&set(SetKind::Server)).unwrap().message, "`web`: 0 tools");
        let bad = Quarantined { name: "bad".to_owned(), field: "inputSchema".to_owned(), reason: "It is wrong.".to_owned() };
        let found = check(&ToolSet { quarantined: vec![bad], ..set(SetKind::Toolbox) }).unwrap();
        assert!(
            found.message.ends_with(", 1 quarantined")
                && found.hint.unwrap().contains("`bad` is quarantined for its `inputSchema`: It is wrong.")
        );
        let gone = ToolSet {
            problem: Some("It ended.".to_owned()),
            remarks: vec!["Its last lines: `no key`.".to_owned()],
            ..set(SetKind::Server)
        };
        let found = check(&gone).unwrap();
        let advice = "Its last lines: `no key`. Correct [mcp.web] in the settings, or remove it.";
        assert_eq!((found.message.as_str(), found.hint.as_deref()), ("`web`: It ended.", Some(advice)));
    }
}
