//! Whether a value is of the kind that a setting takes, as far as its description says so. What else the host wants of it, the host's own
//! reading says.

use serde_json::Value;

use crate::operations::Problem;

/// Refuses a value of another kind.
pub(super) fn check(key: &str, kind: &str, value: &Value) -> Result<(), Problem> {
    if fits(kind, value) {
        return Ok(());
    }
    let message = format!("`{key}` does not take this value.");
    Err(Problem::invalid("setting_invalid", "value", message).advise(format!("It takes: {kind}.")))
}

fn fits(kind: &str, value: &Value) -> bool {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let list = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(text));
    match kind {
        "`true` or `false`" => value.is_boolean(),
        "string" => text(value),
        _ if kind.starts_with("list of ") => list(value),
        _ if kind.ends_with(" or list of them") => text(value) || list(value),
        _ if kind.ends_with(" or list of names") => value.is_boolean() || list(value),
        _ if kind.starts_with("whole number") => value.as_u64().is_some_and(|number| within(kind, number as f64) && number > 0),
        _ if kind.starts_with("number") => value.as_f64().is_some_and(|number| within(kind, number)),
        _ => true,
    }
}

/// Whether a number lies in a range such as “number from 0 to 1” or “number from 0”.
fn within(kind: &str, number: f64) -> bool {
    let bound = |word: &str| {
        let rest = kind.split_once(&format!(" {word} "))?.1;
        rest.split(' ').next()?.parse::<f64>().ok()
    };
    number >= bound("from").unwrap_or(0.0) && number <= bound("to").unwrap_or(f64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_of_the_kind_that_its_setting_takes() {
        for (kind, good, bad) in [
            ("whole number above 0", json!(3), json!(0)),
            ("whole number from 1 to 16", json!(16), json!(17)),
            ("number from 0 to 1", json!(0.5), json!(1.5)),
            ("number from 0", json!(0), json!(-1)),
            ("`true` or `false`", json!(true), json!("true")),
            ("string", json!("x"), json!("")),
            ("list of globs", json!(["*.md"]), json!("*.md")),
            ("model, alias, or list of them", json!(["a", "b"]), json!([1])),
            ("`true`, `false` or list of names", json!(["serde*"]), json!("serde")),
        ] {
            assert!(fits(kind, &good) && !fits(kind, &bad), "{kind}");
        }
    }
}
