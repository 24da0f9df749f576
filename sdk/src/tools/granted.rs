//! Tools that the host holds ready: its own, those of toolboxes and those of the operator's MCP servers.

use serde_json::Value;

use super::{Offer, Together, Tool, ToolOutcome, host};
use crate::{Error, Result};

/// The tools this plugin was granted, sorted by name.
pub fn available() -> Vec<Offer> {
    host::available()
}

/// Calls a tool such as `read_file`, `calculator.add` or `github.search`. `denied` without a grant, `invalid` for
/// arguments that do not fit, `not-found` when there is no such tool, `unavailable` when its server does not answer or
/// the tool is quarantined. A server that does not start or cannot be reached pauses the run. A tool of a server that changed since it was granted is `denied` until an operator approves it.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn add(a: i64, b: i64) -> Result<String> {
///     let outcome = tools::call("calculator.add", &json!({ "a": a, "b": b }))?;
///     if outcome.failed { Err(Error::other(outcome.content)) } else { Ok(outcome.content) }
/// }
/// # let offer = Offer::new("add", "Adds.", &json!({ "type": "object" }));
/// # let host = Host::new().with_tool("calculator.add", offer, |_| Ok(ToolOutcome::done("3")));
/// # assert_eq!(host.inside(|| add(1, 2)), Ok("3".to_owned()));
/// ```
pub fn call(name: &str, arguments: &Value) -> Result<ToolOutcome> {
    Ok(host::call(name, &arguments.to_string())?)
}

/// Calls up to 16 tools, each a call of its own, and gives their answers in the order asked. Those in a row that change
/// nothing run side by side, as do those of toolboxes that are idempotent; any other waits for those before it.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn sums() -> Vec<Result<ToolOutcome>> {
///     tools::call_all(&[("calculator.add", json!({ "a": 1, "b": 2 })), ("calculator.add", json!({ "a": 3, "b": 4 }))])
/// }
/// # let offer = Offer::new("add", "Adds.", &json!({ "type": "object" }));
/// # let host = Host::new().with_tool("calculator.add", offer, |given| {
/// #     Ok(ToolOutcome::done((given["a"].as_i64().unwrap_or(0) + given["b"].as_i64().unwrap_or(0)).to_string()))
/// # });
/// # assert_eq!(host.inside(sums), [Ok(ToolOutcome::done("3")), Ok(ToolOutcome::done("7"))]);
/// ```
pub fn call_all(calls: &[(&str, Value)]) -> Vec<Result<ToolOutcome>> {
    let request = |(name, arguments): &(&str, Value)| host::ToolRequest { name: (*name).to_owned(), arguments: arguments.to_string() };
    let calls: Vec<_> = calls.iter().map(request).collect();
    host::call_all(&calls).into_iter().map(|answer| answer.map_err(Error::from)).collect()
}

/// Those of the offers whose name fits a pattern such as `calculator.*`; `*` stands for anything.
///
/// ```
/// # use baton_sdk::{conversation::{Conversation, HostModel}, prelude::*, testing::Host, tools::Tool};
/// /// Offers a model everything that the calculator can do.
/// fn calculate(task: &str) -> Result<String> {
///     let offers = tools::available();
///     let tools: Result<Vec<_>> = tools::fitting(&offers, "calculator.*").into_iter().map(Tool::granted).collect();
///     let conversation = Conversation { tools: tools?, ..Conversation::default() };
///     Ok(conversation.hold(&mut HostModel, task)?.text)
/// }
/// # let offer = Offer::new("add", "Adds.", &json!({ "type": "object" }));
/// # let host = Host::new().with_tool("calculator.add", offer, |_| Ok(ToolOutcome::done("3"))).when("Add", "3");
/// # assert_eq!(host.inside(|| calculate("Add 1 and 2.")), Ok("3".to_owned()));
/// ```
pub fn fitting<'a>(offers: &'a [Offer], pattern: &str) -> Vec<&'a Offer> {
    offers.iter().filter(|offer| fits(pattern, &offer.tool.name)).collect()
}

impl Tool {
    /// A tool of the host as one that is offered to a model, under its own name, such as `calculator.add`. The host spells
    /// names as each provider takes them.
    pub fn granted(offer: &Offer) -> Result<Self> {
        let (name, description) = (offer.tool.name.clone(), offer.tool.description.as_str());
        let parameters = serde_json::from_str(&offer.tool.parameters)?;
        let tool = Self::new(&offer.tool.name, description, parameters, move |arguments| call(&name, arguments)?.into_content());
        Ok(Self { together: Some(call_all), ..tool })
    }

    /// Whether calling it is a call of the host under the tool's own name, so that several can be made by [`call_all`].
    pub fn is_granted(&self) -> bool {
        self.together.is_some()
    }

    /// Calls several tools of the host at once, if this is one.
    pub(crate) fn together(&self) -> Option<Together> {
        self.together
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, expected) in [
            ("calculator.*", "calculator.add", true),
            ("calculator.*", "calculator", false),
            ("calculator.add", "calculator.add", true),
            ("calculator.add", "calculator.add2", false),
            ("*", "anything.at-all", true),
            ("*.search", "github.search", true),
            ("*.search", "github.search-all", false),
            ("g*b.*a*ch", "github.search", true),
            ("g*b.*x*ch", "github.search", false),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_tool_has_one_name() {
        let offer = Offer::new("calculator.add", "Adds.", &json!({ "type": "object" }));
        let tool = Tool::granted(&offer).expect("the parameters are JSON");
        assert_eq!((&*tool.offered().name, tool.is_granted()), ("calculator.add", true));
    }
}
