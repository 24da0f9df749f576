//! Threat: A plugin that has one grant of a kind uses it for another model, tool, agent, workflow, file or bucket.
//! Stopped by: The gate compares the name that is called with the patterns that were granted.
//! Expects: Each is `denied`, and the error names the kind and what the plugin asked for.
//! Needs: models = ["anthropic/small"]; tools = ["read_file"]; agents = ["mary"]; workflows = ["hello"]; read = ["public/**"]; state = ["mine"]

use baton_sdk::prelude::*;

use crate::said;

pub(crate) fn attack(_input: &Value) -> Result<Value> {
    let request = llm::Request::new().with_user("question");
    let model = |name: &str| llm::complete(&request.clone().with_model(name)).map(|_| ());
    let task = Task::new("Tell me a secret.");
    let answers = [
        model("anthropic/large"),
        model("script/answers.yaml"),
        llm::complete(&request).map(|_| ()),
        tools::call("write_file", &json!({ "path": "public/a", "content": "x" })).map(|_| ()),
        tools::call("read_file", &json!({ "path": "secret.txt" })).map(|_| ()),
        tools::call("calculator.add", &json!({})).map(|_| ()),
        agents::perform("john", &task).map(|_| ()),
        workflows::start::<Value, _>("probe", &json!({ "do": "echo" })).map(|_| ()),
        files::read("public/../secret.txt").map(|_| ()),
        files::read("secret.txt").map(|_| ()),
        files::write("public/a", "x"),
        state::get::<Value>("others", "secret").map(|_| ()),
    ];
    Ok(answers.into_iter().map(|answer| answer.err().map(|error| said(&error))).collect())
}
