//! Threat: A plugin that was granted an agent, a workflow or a tool, and nothing else, has it do what the plugin may not do itself: write files, ask models, run commands.
//! Stopped by: The ceiling: what a plugin starts may do for it what it was granted itself or through it, and no more.
//! Expects: Each is `denied`, and names the grant that would allow it; nothing is written, run or spent.
//! Needs: agents = ["amelia"]; workflows = ["probe", "proxy"]; tools = ["mischief.*"]

use baton_sdk::prelude::*;

use crate::said;

/// One after the other, `{"agent": GOAL}`, `{"workflow": NAME, "input": …}` or `{"tool": NAME, "arguments": …}`.
pub(crate) fn attack(input: &Value) -> Result<Value> {
    let hands = input["hands"].as_array().cloned().unwrap_or_default();
    // A run that fails by a denial makes that call again once more was granted.
    if input["insists"] == true {
        return hands.iter().map(borrow).collect();
    }
    Ok(hands.iter().map(|hand| json!(borrow(hand).map_err(|error| said(&error)))).collect())
}

fn borrow(hand: &Value) -> Result<Value> {
    let text = |name: &str| hand[name].as_str();
    if let Some(goal) = text("agent") {
        return agents::perform("amelia", &Task::new(goal)).map(|outcome| json!(outcome.answer));
    }
    if let Some(tool) = text("tool") {
        return tools::call(tool, &hand["arguments"]).map(|outcome| json!(outcome.content));
    }
    Ok(workflows::start(text("workflow").unwrap_or_default(), &hand["input"])?.wait()?.output)
}
