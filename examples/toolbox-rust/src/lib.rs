//! A toolbox: exact arithmetic on decimal numbers, for agents that handle money.

mod decimal;

use baton_sdk::prelude::*;
use baton_sdk::tools::Effects;

use decimal::Decimal;

struct Calculator;

impl Toolbox for Calculator {
    fn tools() -> Vec<Offer> {
        let tools =
            [("add", "Adds two decimal numbers"), ("subtract", "Subtracts b from a"), ("multiply", "Multiplies two decimal numbers")];
        tools.map(|(name, does)| Offer::new(name, &format!("{does}, exactly."), &parameters()).with_effects(Effects::READ_ONLY)).into()
    }

    fn call(name: &str, arguments: Value) -> Result<ToolOutcome> {
        let number = |name: &str| arguments[name].as_str().and_then(Decimal::parse);
        let (Some(a), Some(b)) = (number("a"), number("b")) else {
            return Ok(ToolOutcome::failed("`a` and `b` have to be decimal numbers of at most 30 digits, such as \"-12.50\"."));
        };
        let result = match name {
            "add" => a.plus(b),
            "subtract" => a.minus(b),
            "multiply" => a.times(b),
            other => return Err(Error::not_found(format!("The calculator has no tool `{other}`."))),
        };
        Ok(match result {
            Some(result) => ToolOutcome::done(result.to_string()),
            None => ToolOutcome::failed("The result has more than 38 digits. Compute with smaller numbers."),
        })
    }
}

baton_sdk::export!(toolbox Calculator);

fn parameters() -> Value {
    let number = json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "description": "A decimal number, such as \"-12.50\"" });
    json!({ "type": "object", "properties": { "a": number, "b": number }, "required": ["a", "b"], "additionalProperties": false })
}
