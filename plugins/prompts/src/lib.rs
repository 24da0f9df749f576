//! Keeps what the bundled plugins ask models and agents as files that a reviewer reads: `plugins/tests/prompts`. For tests
//! alone; no component contains it. `UPDATE_PROMPTS=1 cargo test` rewrites the files.
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod findings;
mod kept;

use baton_sdk::serde_json::{Value, from_str};
use baton_sdk::testing::Host;

pub use kept::check;

/// What one request says, as far as a plugin decides it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Who is asked: a slot or a plugin.
    pub asked: String,
    /// Who the model is; for an agent that is asked, its own matter.
    pub system: Option<String>,
    /// What is wanted, and from what.
    pub text: String,
    /// Name, description and parameters of each tool that is offered.
    pub tools: Vec<(String, String, Value)>,
    /// The form of the answer.
    pub schema: Option<Value>,
}

/// What a plugin asked models, from the calls of a test's host.
pub fn to_models(host: &Host, plugin: &str) -> Vec<Prompt> {
    let prompt = |(request, text): (Value, String)| Prompt {
        asked: plugin.to_owned(),
        system: request["system"].as_str().map(str::to_owned),
        text,
        tools: request["tools"].as_array().into_iter().flatten().map(tool).collect(),
        schema: schema(&request["reply-schema"]),
    };
    host.requests("llm.complete").into_iter().zip(host.prompts()).map(prompt).collect()
}

/// What a workflow asked agents, from the calls of a test's host.
pub fn to_agents(host: &Host) -> Vec<Prompt> {
    let prompt = |request: Value| {
        let task = &request["task"];
        let part = |name: &str| task[name].as_str().unwrap_or_default().trim().to_owned();
        let text = [part("goal"), part("context")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        let asked = request["agent"].as_str().unwrap_or_default().to_owned();
        Prompt { asked, text, schema: schema(&task["answer-schema"]), ..Prompt::default() }
    };
    ["agents.perform", "agents.begin"].into_iter().flat_map(|call| host.requests(call)).map(prompt).collect()
}

fn tool(tool: &Value) -> (String, String, Value) {
    let text = |name: &str| tool[name].as_str().unwrap_or_default().to_owned();
    (text("name"), text("description"), document(&tool["parameters"]))
}

fn schema(noted: &Value) -> Option<Value> {
    (!noted.is_null()).then(|| document(noted))
}

/// A document, whether it is noted as such or as its text.
fn document(noted: &Value) -> Value {
    noted.as_str().and_then(|text| from_str(text).ok()).unwrap_or_else(|| noted.clone())
}
