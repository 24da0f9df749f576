//! `tools`: the host's own over the files and commands in memory, and the test's stand-ins for all others.

use serde_json::{Map, Value, json};

use super::Contract;
pub(crate) use crate::bindings::host::baton::plugin::tools::ToolRequest;
pub use crate::bindings::host::baton::plugin::tools::{Effects, Offer, ToolOutcome};
use crate::testing::{installed, tools};
use crate::{Error, Result};

pub(crate) fn available() -> Vec<Offer> {
    let world = installed::world("tools.available");
    let look = || Ok(tools::available(&world));
    let answer = world.call("tools.available", Value::Null, None, look, |offers| offers.iter().map(noted_offer).collect());
    answer.unwrap_or_default()
}

pub(crate) fn call(name: &str, arguments: &str) -> Contract<ToolOutcome> {
    let world = installed::world("tools.call");
    let arguments = Value::Object(read(arguments)?);
    let request = json!({ "name": name, "arguments": arguments });
    let noted = |outcome: &ToolOutcome| json!({ "content": outcome.content, "failed": outcome.failed });
    // What a call needs depends on the tool, and a tool that is not there is said to be, granted or not.
    Ok(world.call("tools.call", request, None, || tools::call(&world, name, &arguments), noted)?)
}

/// Calls that one `call-all` may carry.
const MOST_TOGETHER: usize = 16;

pub(crate) fn call_all(calls: &[ToolRequest]) -> Vec<Contract<ToolOutcome>> {
    if calls.len() > MOST_TOGETHER {
        let refusal = format!("{} calls at once are more than the {MOST_TOGETHER} allowed; send them in parts.", calls.len());
        return calls.iter().map(|_| Err(Error::invalid(&*refusal).into())).collect();
    }
    calls.iter().map(|request| call(&request.name, &request.arguments)).collect()
}

/// The arguments of a call, a JSON object. None at all are an empty one.
fn read(text: &str) -> Result<Map<String, Value>> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(Error::invalid("The arguments are not a JSON object; send one such as {\"path\": \"README.md\"}.")),
        Err(error) => Err(Error::invalid(format!("The arguments are not JSON: {error}. Send a JSON object."))),
    }
}

fn noted_offer(offer: &Offer) -> Value {
    let has = |effect| offer.effects.contains(effect);
    json!({
        "name": offer.tool.name,
        "description": offer.tool.description,
        "parameters": serde_json::from_str::<Value>(&offer.tool.parameters).unwrap_or_default(),
        "effects": {
            "read-only": has(Effects::READ_ONLY), "destructive": has(Effects::DESTRUCTIVE), "idempotent": has(Effects::IDEMPOTENT),
        },
    })
}
