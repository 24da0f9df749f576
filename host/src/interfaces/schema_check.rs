//! Holds JSON against a schema of somebody else's, within a bound on the work that is computed before it begins: the library
//! that checks cannot be interrupted. Corrects nothing.

use std::collections::HashMap;

use jsonschema::{
    PatternOptions, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use regex_automata::nfa::thompson;
use serde_json::{Map, Number, Value};

use super::schema_bounds::{self, SchemaTarget};

/// Steps that a check may take; a step is a keyword held against a value.
const MOST_STEPS: u64 = 4_000_000;
/// Steps that finding all mistakes may take, where there are any.
const MOST_TOLD: u64 = 200_000;
/// Pairs of a schema and a value that are looked at to know the steps.
const MOST_PAIRS: usize = 250_000;
/// Schemas inside each other while a value is checked, each of which takes stack.
const DEEPEST: usize = 256;
/// Bytes of one compiled pattern.
const PATTERN_SIZE: usize = 256 << 10;
/// Steps to divide what is not whole: as fractions of thousands of bits.
const DIVISION: u64 = 4_000;
/// Bytes of text that are one step.
const STRIDE: u64 = 16;

/// Why an instance was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unchecked {
    /// The schema is not accepted, or is none; a clause that says why.
    Schema(String),
    /// The schema times the instance takes more steps than a check may; a clause that says so.
    Costly(String),
}

/// One way in which an instance does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// JSON pointer; empty for the root.
    pub pointer: String,
    /// What is wrong there. Quotes what it is wrong with, however long.
    pub problem: String,
}

/// Whether `schema` is a JSON Schema that a check can work with; else a clause that says why not. Compiles it, so call it
/// where blocking is allowed.
pub fn compiles(schema: &Value) -> Result<(), String> {
    compiled(schema).map(drop)
}

/// What is wrong with the instance, at most `most` mistakes; nothing where it fits. Computes, so call it where blocking is
/// allowed.
pub fn check(schema: &Value, instance: &Value, most: usize) -> Result<Vec<Mistake>, Unchecked> {
    schema_bounds::accept(schema).map_err(Unchecked::Schema)?;
    let cost = Costs::new(schema).of(schema, instance, Depth::new()).map_err(Unchecked::Costly)?;
    if cost.steps > MOST_STEPS {
        return Err(Unchecked::Costly(format!("that takes more than {MOST_STEPS} steps")));
    }
    let validator = compiled(schema).map_err(Unchecked::Schema)?;
    if validator.is_valid(instance) {
        return Ok(Vec::new());
    }
    if cost.told > MOST_TOLD {
        return Ok(vec![Mistake { pointer: String::new(), problem: "they do not fit, and there is too much to say where".to_owned() }]);
    }
    let mistakes = validator.iter_errors(instance).take(most);
    Ok(mistakes.map(|error| Mistake { pointer: error.instance_path().as_str().to_owned(), problem: describe(&error) }).collect())
}

/// What is wrong, for whoever wrote the document: the most usual mistakes in other words than the library's.
fn describe(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => format!("`{}` is missing", property.as_str().unwrap_or_default()),
        ValidationErrorKind::AdditionalProperties { unexpected } => match unexpected.as_slice() {
            [one] => format!("`{one}` is not one of its fields"),
            several => format!("`{}` are not fields of it", several.join("`, `")),
        },
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            format!("it has to be of type {kind}, and is {}", error.instance())
        }
        _ => error.to_string(),
    }
}

/// A JSON pointer as people write fields: `/findings/0/what` is `findings[0].what`.
pub fn dotted(pointer: &str) -> String {
    let mut field = String::new();
    for part in pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")) {
        match part.parse::<usize>() {
            Ok(index) => field.push_str(&format!("[{index}]")),
            Err(_) if field.is_empty() => field.push_str(&part),
            Err(_) => field.push_str(&format!(".{part}")),
        }
    }
    field
}

/// Patterns run in linear time and `format` is a remark, as in the newest draft: neither schema nor instance can be trusted.
fn compiled(schema: &Value) -> Result<jsonschema::Validator, String> {
    schema_bounds::accept(schema)?;
    let patterns = PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(4 * PATTERN_SIZE);
    let options = jsonschema::options().with_pattern_options(patterns).should_validate_formats(false);
    options.build(schema).map_err(|error| error.to_string().trim_end_matches('.').to_owned())
}

/// What one schema may cost for one value.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Steps to tell whether the value fits.
    steps: u64,
    /// Steps to tell all that is wrong with it: each level is first asked whether it fits.
    told: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.steps = self.steps.saturating_add(other.steps);
        self.told = self.told.saturating_add(other.told);
    }
}

/// How deep the look at costs is, and whether the value is one of the instance, which is known by its address.
#[derive(Clone, Copy)]
struct Depth {
    depth: usize,
    is_name: bool,
}

impl Depth {
    fn new() -> Self {
        Self { depth: 0, is_name: false }
    }

    fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

/// Finds an upper bound for the work of the library: every part of a schema counts, as if nothing ended early. Each pair of
/// schema and value is looked at once, so that finding the bound is bounded as well.
struct Costs<'a> {
    root: &'a Value,
    known: HashMap<(*const Value, *const Value), Cost>,
    weights: HashMap<*const Value, u64>,
    programs: HashMap<&'a str, u64>,
    pairs: usize,
}

impl<'a> Costs<'a> {
    fn new(root: &'a Value) -> Self {
        Self { root, known: HashMap::new(), weights: HashMap::new(), programs: HashMap::new(), pairs: 0 }
    }

    fn of(&mut self, schema: &'a Value, value: &Value, depth: Depth) -> Result<Cost, String> {
        let Value::Object(keywords) = schema else { return Ok(Cost { steps: 1, told: 1 }) };
        let pair = (std::ptr::from_ref(schema), std::ptr::from_ref(value));
        if let Some(known) = self.known.get(&pair).filter(|_| !depth.is_name) {
            return Ok(*known);
        }
        self.pairs += 1;
        if self.pairs > MOST_PAIRS {
            return Err(format!("that takes more than {MOST_PAIRS} looks at a value"));
        }
        if depth.depth > DEEPEST {
            return Err(format!("schema and value are nested deeper than {DEEPEST} together"));
        }
        let mut inner = Cost::default();
        let mut own = keywords.len() as u64 + 1 + length(value) / STRIDE;
        for (keyword, expected) in keywords {
            own = own.saturating_add(self.own(keyword, expected, value));
            for (part, inside) in self.applied(keyword, expected, value) {
                inner.add(self.of(part, inside, depth.below())?);
            }
            if let ("propertyNames", Value::Object(members)) = (keyword.as_str(), value) {
                for name in members.keys() {
                    inner.add(self.of(expected, &Value::String(name.clone()), Depth { is_name: true, ..depth.below() })?);
                }
            }
        }
        let cost = total(own, inner, keywords, value);
        if !depth.is_name {
            self.known.insert(pair, cost);
        }
        Ok(cost)
    }

    /// What a keyword costs beside the schemas in it.
    fn own(&mut self, keyword: &str, expected: &'a Value, value: &Value) -> u64 {
        match (keyword, value) {
            ("enum" | "const" | "required" | "dependentRequired", _) => self.weight(expected),
            // Equal hashes are compared one by one, and there are texts and numbers that have them.
            ("uniqueItems", Value::Array(items)) => {
                let each = items.len() as u64;
                each.saturating_mul(each.min(1_024) / 8 + 1).saturating_add(8 * self.weight(value))
            }
            ("multipleOf", Value::Number(number)) if !(is_whole(number) && expected.as_number().is_some_and(is_whole)) => DIVISION,
            ("pattern", Value::String(text)) => expected.as_str().map_or(0, |pattern| self.matching(pattern, text.len())),
            ("patternProperties", Value::Object(members)) => {
                let names: usize = members.keys().map(|name| name.len() + 1).sum();
                expected
                    .as_object()
                    .into_iter()
                    .flat_map(Map::keys)
                    .fold(0, |sum, pattern| sum.saturating_add(self.matching(pattern, names)))
            }
            _ => 0,
        }
    }

    /// A text of this length times the size of the pattern's program.
    fn matching(&mut self, pattern: &'a str, length: usize) -> u64 {
        let states = *self.programs.entry(pattern).or_insert_with(|| {
            let config = thompson::Config::new().nfa_size_limit(Some(4 * PATTERN_SIZE)).utf8(false);
            let program = thompson::Compiler::new().configure(config).build(pattern);
            // What is written for another engine may be anything that the library's own bound lets pass.
            program.map_or(PATTERN_SIZE as u64 / 32, |program| program.states().len() as u64)
        });
        (length as u64 + 1).saturating_mul(states / 8 + 1)
    }

    /// The schemas under a keyword, each with the value that it applies to.
    fn applied<'v>(&self, keyword: &str, expected: &'a Value, value: &'v Value) -> Vec<(&'a Value, &'v Value)> {
        if keyword == "$ref" {
            return schema_bounds::target(self.root, expected).into_iter().map(|schema| (schema, value)).collect();
        }
        let Some((place, parts)) = schema_bounds::parts(keyword, expected) else { return Vec::new() };
        match (place, keyword, value) {
            (SchemaTarget::Here, ..) => parts.into_iter().map(|part| (part, value)).collect(),
            (SchemaTarget::Elsewhere, ..) | (_, "propertyNames" | "contentSchema", _) => Vec::new(),
            (_, "properties", Value::Object(members)) => {
                members.iter().filter_map(|(name, member)| Some((expected.get(name)?, member))).collect()
            }
            (_, "prefixItems", Value::Array(items)) => parts.into_iter().zip(items).collect(),
            (_, "items", Value::Array(items)) if expected.is_array() => parts.into_iter().zip(items).collect(),
            (_, "items" | "additionalItems" | "contains" | "unevaluatedItems", Value::Array(items)) => each(&parts, items.iter()),
            (_, "patternProperties" | "additionalProperties" | "unevaluatedProperties", Value::Object(members)) => {
                each(&parts, members.values())
            }
            _ => Vec::new(),
        }
    }

    /// Values inside a value, and its text.
    fn weight(&mut self, value: &Value) -> u64 {
        if let Some(known) = self.weights.get(&std::ptr::from_ref(value)) {
            return *known;
        }
        let weight = weight(value);
        self.weights.insert(value, weight);
        weight
    }
}

/// `unevaluated…` asks for every member which of the schemas beside it fit.
fn total(own: u64, inner: Cost, keywords: &Map<String, Value>, value: &Value) -> Cost {
    let looks_again = keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems");
    let once = own.saturating_add(inner.steps);
    let steps = if looks_again { once.saturating_add(inner.told).saturating_mul(length(value) + 2) } else { once };
    Cost { steps, told: steps.saturating_add(inner.told) }
}

fn each<'a, 'v>(parts: &[&'a Value], values: impl Iterator<Item = &'v Value>) -> Vec<(&'a Value, &'v Value)> {
    values.flat_map(|value| parts.iter().map(move |part| (*part, value))).collect()
}

/// Members, items, or bytes.
fn length(value: &Value) -> u64 {
    match value {
        Value::Object(members) => members.len() as u64,
        Value::Array(items) => items.len() as u64,
        Value::String(text) => text.len() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

fn weight(value: &Value) -> u64 {
    let inside: u64 = match value {
        Value::Object(members) => members.iter().map(|(name, member)| name.len() as u64 / STRIDE + 1 + weight(member)).sum(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::String(text) => text.len() as u64 / STRIDE,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inside + 1
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn fits(schema: &Value, instance: &Value) -> Result<bool, Unchecked> {
        check(schema, instance, 8).map(|mistakes| mistakes.is_empty())
    }

    fn array(of: usize) -> Value {
        (0..of).map(|number| json!(number)).collect()
    }

    /// A schema that looks into its value without end, and a value that is nested so deep.
    fn nested(schema: Value, levels: usize) -> (Value, Value) {
        (schema, (0..levels).fold(json!({}), |inner, _| json!({ "next": inner })))
    }

    #[test]
    fn good_is_told_from_bad() {
        let schema = json!({
            "$defs": { "name": { "type": "string", "pattern": "^[a-zé]+$" } }, "type": "object", "required": ["name"],
            "properties": { "name": { "$ref": "#/$defs/name" }, "tags": { "type": "array", "uniqueItems": true, "items": { "enum": ["a", "b"] } } },
            "additionalProperties": false
        });
        assert_eq!(fits(&schema, &json!({ "name": "émile", "tags": ["a", "b"] })), Ok(true));
        let wrong = check(&schema, &json!({ "name": "E", "tags": ["a", "a"], "x": 1 }), 8).unwrap();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong.iter().any(|mistake| mistake.pointer == "/name"), "{wrong:?}");
        assert_eq!(check(&schema, &json!({ "name": "E", "tags": ["a", "a"] }), 1).unwrap().len(), 1);
        assert!(matches!(fits(&json!({ "type": 7 }), &json!(1)), Err(Unchecked::Schema(_))));
        assert!(matches!(fits(&json!({ "pattern": "(a)\\1" }), &json!("aa")), Err(Unchecked::Schema(_))), "no engine that backtracks");
        assert!(matches!(fits(&json!({ "pattern": "(?=a)b" }), &json!("aa")), Err(Unchecked::Schema(_))));
        assert!(compiles(&json!({ "pattern": "(a{1000}){1000}" })).is_err());
    }

    #[test]
    fn a_mistake_is_worded_for_whoever_wrote_the_document() {
        let schema = json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": { "name": { "type": "string" }, "count": { "enum": [1, 2] } },
        });
        let problems =
            |document: Value| -> Vec<_> { check(&schema, &document, 9).unwrap().into_iter().map(|mistake| mistake.problem).collect() };
        assert_eq!(problems(json!({})), ["`name` is missing"]);
        assert_eq!(problems(json!({ "name": 5 })), ["it has to be of type string, and is 5"]);
        assert_eq!(problems(json!({ "name": "a", "nmae": "b" })), ["`nmae` is not one of its fields"]);
        assert_eq!(problems(json!({ "name": "a", "b": 1, "c": 2 })), ["`b`, `c` are not fields of it"]);
        assert_eq!(problems(json!({ "name": "a", "count": 3 })).len(), 1);
    }

    #[test]
    fn a_field_is_named_as_people_write_it() {
        for (pointer, field) in [("", ""), ("/verdict", "verdict"), ("/findings/0/what", "findings[0].what"), ("/a~1b/c~0d", "a/b.c~d")] {
            assert_eq!(dotted(pointer), field);
        }
    }

    #[test]
    fn large_arguments_of_an_ordinary_tool_are_checked() {
        let file =
            json!({ "type": "object", "properties": { "content": { "type": "string", "minLength": 1 } }, "additionalProperties": false });
        assert_eq!(fits(&file, &json!({ "content": "x".repeat(5 << 20) })), Ok(true));
        let rows = json!({ "items": { "type": "object", "required": ["a"], "properties": { "a": { "type": "integer" }, "b": { "type": "string" } } } });
        let table: Value = (0..20_000).map(|number| json!({ "a": number, "b": "text" })).collect();
        assert_eq!(fits(&rows, &table), Ok(true));
        let text = json!({ "type": "string", "pattern": "^[a-z ]+$" });
        assert_eq!(fits(&text, &json!("some words ".repeat(10_000))), Ok(true));
    }

    #[test]
    fn no_pair_of_schema_and_arguments_takes_long() {
        let branch = |inner: Value| json!({ "anyOf": [inner.clone(), { "not": inner }] });
        let unevaluated = (0..14).fold(json!({ "type": "object" }), |inner, _| json!({ "unevaluatedProperties": false, "anyOf": [inner] }));
        let wide: Value = Value::Object((0..400).map(|number| (format!("p{number}"), json!(number))).collect());
        let contains = (0..8).fold(json!({ "const": 1 }), |inner, _| json!({ "contains": inner }));
        let deep = (0..8).fold(array(40), |inner, _| Value::Array(vec![inner]));
        let names: Value = Value::Object((0..3_000).map(|number| (format!("{}{number}", "x".repeat(60)), json!(1))).collect());
        let patterns: Map<_, _> = (0..90).map(|number| (format!("(x|xx|xxx){{1,{number}}}y{number}"), json!({ "minimum": 1 }))).collect();
        let choices: Vec<_> = (0..4_000).map(|number| json!({ "required": [format!("a{number}")] })).collect();
        let cases = [
            (branch(branch(branch(branch(branch(json!({ "type": "object" })))))), wide.clone()),
            (unevaluated, wide.clone()),
            (contains, deep),
            (json!({ "uniqueItems": true }), array(200_000)),
            (json!({ "uniqueItems": true }), (0..60_000_u64).map(|number| json!((1_u64 << 62) + number)).collect()),
            (json!({ "items": { "enum": array(4_000) } }), array(50_000)),
            (json!({ "pattern": "[ab]*a[ab]{500}c" }), json!("ab".repeat(500_000))),
            (json!({ "pattern": "(x+x+)+y" }), json!("x".repeat(100_000))),
            (json!({ "patternProperties": patterns }), names.clone()),
            (json!({ "propertyNames": { "pattern": "(x|xx|xxx){1,200}y" } }), names.clone()),
            (json!({ "propertyNames": { "anyOf": choices.clone() } }), names),
            (json!({ "items": { "anyOf": choices.clone() } }), Value::Array(vec![json!({}); 2_000])),
            (json!({ "items": { "oneOf": choices } }), Value::Array(vec![json!({}); 60])),
            (json!({ "items": { "multipleOf": 1e-300 } }), Value::Array(vec![json!(1.7e308); 20_000])),
            (json!({ "multipleOf": 1e-320 }), json!(u64::MAX)),
            nested(json!({ "properties": { "next": { "$ref": "#" } }, "anyOf": [{ "required": ["next"] }, { "maxProperties": 0 }] }), 120),
            nested(json!({ "properties": { "next": { "$ref": "#" } }, "required": ["next"] }), 120),
            nested(json!({ "properties": { "next": { "allOf": [{ "$ref": "#" }, { "$ref": "#" }] } } }), 120),
            nested(json!({ "properties": { "next": { "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] } }, "maxProperties": 0 }), 60),
            (json!({ "$schema": "http://json-schema.org/draft-07/schema#", "format": "idn-hostname" }), json!("ü".repeat(1 << 20))),
            (json!({ "$schema": "http://json-schema.org/draft-07/schema#", "format": "regex" }), json!("(a{900}){900}")),
        ];
        for (schema, instance) in cases {
            let begun = Instant::now();
            drop(fits(&schema, &instance));
            // Without optimisation and on a busy machine; what is not bounded takes hours.
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?} for {:.80}", begun.elapsed(), schema.to_string());
        }
    }

    #[test]
    fn what_is_costly_is_told() {
        let enumerated = json!({ "items": { "enum": array(4_000) } });
        assert_eq!(fits(&enumerated, &array(50_000)), Err(Unchecked::Costly("that takes more than 4000000 steps".to_owned())));
        let (schema, instance) = nested(json!({ "properties": { "next": { "allOf": [{ "$ref": "#" }] } } }), 100);
        assert!(matches!(fits(&schema, &instance), Err(Unchecked::Costly(reason)) if reason.contains("nested deeper")));
    }
}
