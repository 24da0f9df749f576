//! Greets the person its input names.
use baton_sdk::prelude::*;
use serde::Deserialize;

/// What the workflow is started with.
#[derive(Deserialize)]
struct Input {
    /// Who to greet.
    name: String,
}

struct Greeter;

impl Workflow<Input> for Greeter {
    fn run(input: Input) -> Result<Value> {
        Ok(json!({ "hello": input.name }))
    }
}

baton_sdk::export!(Greeter);

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    #[test]
    fn greets_by_name() {
        let host = Host::new().with_manifest(include_str!("../plugin.toml"));
        let output = host.run(Greeter::run, json!({ "name": "Mary" }));
        assert_eq!(output, Ok(json!({ "hello": "Mary" })));
    }

    #[test]
    fn an_input_without_a_name_is_not_valid() {
        let output = Host::new().run(Greeter::run, json!({}));
        let error = output.expect_err("the name is missing");
        assert!(error.kind == ErrorKind::Invalid && error.text.starts_with("The input is wrong"), "{error}");
        assert!(error.text.contains("`name` is missing"), "{error}");
    }
}
