//! Counts words.
use baton_sdk::prelude::*;
use baton_sdk::tools::Effects;

struct Counter;

impl Toolbox for Counter {
    fn tools() -> Vec<Offer> {
        let parameters = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
        vec![Offer::new("count_words", "Counts the words of a text.", &parameters).with_effects(Effects::READ_ONLY)]
    }

    fn call(name: &str, arguments: Value) -> Result<ToolOutcome> {
        match (name, arguments["text"].as_str()) {
            ("count_words", Some(text)) => Ok(ToolOutcome::done(text.split_whitespace().count().to_string())),
            ("count_words", None) => Ok(ToolOutcome::failed("`text` has to be a string.")),
            (other, _) => Err(Error::NotFound(format!("There is no tool `{other}`."))),
        }
    }
}

baton_sdk::export!(toolbox Counter);

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    #[test]
    fn counts_words() {
        let outcome = Host::new().call(Counter::call, "count_words", json!({ "text": "one two  three" }));
        assert_eq!(outcome, Ok(ToolOutcome::done("3")));
    }
}
