//! Greets whoever its input names.
use baton_sdk::prelude::*;

struct Greeter;

impl Workflow for Greeter {
    fn run(input: Value) -> Result<Value> {
        Ok(json!({ "hello": input["name"] }))
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
}
