//! The smallest plugin: greets whoever its input names.
use baton_sdk::prelude::*;

struct Hello;

impl Workflow for Hello {
    fn run(input: Value) -> Result<Value> {
        Ok(json!({ "hello": input["name"] }))
    }
}

baton_sdk::export!(Hello);

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    #[test]
    fn greets_by_name() {
        let output = Host::new().run(Hello::run, json!({ "name": "Mary" }));
        assert_eq!(output, Ok(json!({ "hello": "Mary" })));
    }
}
