//! Counts words.
use baton_sdk::prelude::*;
use baton_sdk::tools::Effects;
use serde::Deserialize;

/// The arguments of `count_words`.
#[derive(Deserialize)]
struct CountWords {
    text: String,
}

struct Counter;

impl Toolbox for Counter {
    fn tools() -> Vec<Offer> {
        let parameters = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
        vec![Offer::new("count_words", "Counts the words of a text.", &parameters).with_effects(Effects::READ_ONLY)]
    }

    fn call(name: &str, arguments: Value) -> Result<ToolOutcome> {
        match name {
            "count_words" => Ok(match serde_json::from_value::<CountWords>(arguments) {
                Ok(arguments) => ToolOutcome::done(arguments.text.split_whitespace().count().to_string()),
                // The model reads it, and can call the tool again.
                Err(error) => ToolOutcome::failed(format!("The arguments are not valid: {error}.")),
            }),
            other => Err(Error::not_found(format!("There is no tool `{other}`."))),
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
