//! The tool by whose call a model with tools answers. Reads the answer from its arguments; never corrects one.

use serde_json::{Value, json};

use super::documents;
use crate::llm;

/// The name of the tool, which no other may have.
pub const FINISH: &str = "finish";

/// The member that holds an answer which is not an object.
const ANSWER: &str = "answer";

/// The tool as it is offered: its parameters are the schema, or hold it.
pub(super) fn offered(schema: &Value) -> llm::Tool {
    let parameters = if is_plain_object(schema) { schema.clone() } else { wrapped(schema) };
    llm::Tool {
        name: FINISH.to_owned(),
        description: "Ends the work and gives your answer. Call it once, when everything is done, and call nothing else beside it."
            .to_owned(),
        parameters: parameters.to_string(),
    }
}

/// The answer in the arguments of a call, or what is wrong with it.
pub(super) fn answer(schema: &Value, arguments: &Value) -> Result<Value, String> {
    if !is_plain_object(schema)
        && let Some(answer) = arguments.get(ANSWER)
    {
        let inside = documents::unwrapped(answer, schema);
        return inside.ok_or_else(|| documents::violations(answer, schema));
    }
    documents::unwrapped(arguments, schema).ok_or_else(|| documents::violations(arguments, schema))
}

/// Providers take no other form of a tool's parameters.
fn is_plain_object(schema: &Value) -> bool {
    const OTHERS: [&str; 7] = ["$ref", "anyOf", "oneOf", "allOf", "not", "enum", "const"];
    schema["type"] == "object" && OTHERS.iter().all(|keyword| schema.get(keyword).is_none())
}

fn wrapped(schema: &Value) -> Value {
    let mut inside = schema.clone();
    point_inside(&mut inside);
    json!({ "type": "object", "properties": { ANSWER: inside }, "required": [ANSWER], "additionalProperties": false })
}

/// References begin at the root of the document, which the schema no longer is.
fn point_inside(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(pointer) = reference.strip_prefix('#')
            {
                *reference = format!("#/properties/{ANSWER}{pointer}");
            }
            members.values_mut().for_each(point_inside);
        }
        Value::Array(items) => items.iter_mut().for_each(point_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_an_object_is_the_parameters_and_every_other_is_inside() {
        let object = json!({ "type": "object", "properties": { "reasoning": {}, "answer": {} } });
        assert_eq!(offered(&object).parameters, object.to_string(), "in the order in which it was written");
        let list = json!({ "$defs": { "n": { "type": "integer" } }, "type": "array", "items": { "$ref": "#/$defs/n" } });
        let parameters: Value = serde_json::from_str(&offered(&list).parameters).expect("JSON");
        assert_eq!((&parameters["type"], &parameters["required"]), (&json!("object"), &json!(["answer"])));
        assert_eq!(parameters["properties"]["answer"]["items"]["$ref"], "#/properties/answer/$defs/n");
        assert!(crate::schema::violations(&parameters, &json!({ "answer": [1] })).is_empty());
        assert!(!crate::schema::violations(&parameters, &json!({ "answer": ["x"] })).is_empty());
        for other in [json!({ "type": "object", "oneOf": [{}, {}] }), json!({ "required": ["n"] }), json!({ "enum": [1] })] {
            assert!(offered(&other).parameters.contains("\"answer\""), "{other}");
        }
    }

    #[test]
    fn an_answer_is_taken_in_every_form_that_can_mean_one_thing() {
        let list = json!({ "type": "array", "items": { "type": "integer" } });
        assert_eq!(answer(&list, &json!({ "answer": [1] })), Ok(json!([1])));
        assert_eq!(answer(&list, &json!({ "answer": "[1]" })), Ok(json!([1])));
        let object = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
        for given in [json!({ "n": 1 }), json!({ "answer": { "n": 1 } }), json!({ "answer": "{\"n\":1}" })] {
            assert_eq!(answer(&object, &given), Ok(json!({ "n": 1 })));
        }
        assert!(answer(&object, &json!({ "m": 1 })).is_err_and(|problem| problem.contains("lacks `n`")));
        assert!(answer(&list, &json!({ "answer": ["x"] })).is_err_and(|problem| problem.contains("/0 must be")));
        assert!(answer(&list, &json!({})).is_err());
        let text = json!({ "type": "string" });
        assert_eq!(answer(&text, &json!({ "answer": "7" })), Ok(json!("7")), "a text that is JSON stays a text where one is wanted");
    }
}
