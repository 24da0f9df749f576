//! Schemas for replies and for arguments of tools in the dialects of the services. What a service does not take is left out
//! and told in the description beside it. Checks nothing: replies and arguments are checked against the whole schema elsewhere.

use serde_json::{Map, Value, json};

/// Words that hold schemas by name.
const NAMED: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Words that hold values and no schemas.
const VALUES: [&str; 5] = ["const", "enum", "default", "examples", "required"];
/// Words that say nothing of a value, and need no telling where they are left out.
const SILENT: [&str; 9] = ["$schema", "$id", "$comment", "title", "examples", "default", "deprecated", "readOnly", "writeOnly"];
/// Words that no service takes at the top of the parameters of a tool (Anthropic and OpenAI answer 400).
const NOT_AT_THE_TOP: [&str; 5] = ["anyOf", "oneOf", "allOf", "not", "enum"];
/// What OpenAI takes in strict mode whatever the model ("Structured outputs", "Supported schemas"). Limits are taken by some
/// models alone.
const OPENAI: [&str; 12] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "description",
];
/// What Anthropic takes in the schema of a reply ("Structured outputs", "JSON Schema limitations").
const ANTHROPIC: [&str; 16] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "allOf",
    "$ref",
    "$defs",
    "definitions",
    "description",
    "title",
    "default",
    "format",
];
/// What Gemini takes (`responseJsonSchema` in the reference of `GenerationConfig`).
const GEMINI: [&str; 18] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "enum",
    "anyOf",
    "oneOf",
    "$ref",
    "$defs",
    "description",
    "title",
    "format",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
];
/// The formats that Anthropic knows.
const FORMATS: [&str; 10] = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];
/// Levels that OpenAI takes in strict mode.
const DEEPEST: usize = 10;
/// Optional properties, and choices of types, that Anthropic takes in the schemas of one request.
const MOST_OPTIONAL: usize = 24;
const MOST_CHOICES: usize = 16;
/// Characters of what is told of one word that is left out.
const LONGEST_NOTE: usize = 200;

/// Whose rules a schema follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// OpenAI's strict mode.
    OpenAi,
    /// A service that copies it, and may hold a reply to more than OpenAI does.
    Compatible,
    Anthropic,
    Gemini,
}

/// The schema of a reply as a service takes it.
#[derive(Debug, PartialEq)]
pub(super) struct ReplySchema {
    pub(super) schema: Value,
    /// It means what the whole schema means, limits apart. Else a service may be shown it and not be held to it.
    pub(super) is_exact: bool,
}

/// The schema of a reply in a dialect. Every object is closed, where a service wants it.
pub(super) fn of_reply(whole: &Value, rules: Rules) -> ReplySchema {
    let mut dialect = Dialect { rules, is_exact: true, optional: 0, choices: 0 };
    let schema = dialect.narrowed(whole, 0);
    if rules != Rules::Gemini && !schema.is_object() || matches!(rules, Rules::OpenAi | Rules::Anthropic) && is_circular(&schema, rules) {
        dialect.is_exact = false;
    }
    if rules == Rules::OpenAi && schema["type"] != "object" {
        dialect.is_exact = false;
    }
    if rules == Rules::Anthropic && (dialect.optional > MOST_OPTIONAL || dialect.choices > MOST_CHOICES) {
        dialect.is_exact = false;
    }
    // OpenAI is shown a schema that it cannot hold a reply to; closed, it would mean something else.
    let is_shown = rules == Rules::OpenAi && !dialect.is_exact;
    ReplySchema { is_exact: dialect.is_exact, schema: if is_shown { without_empty_enums(whole) } else { schema } }
}

/// The schema of a tool's arguments: an object at the top, and no choice there. Services do not hold a model to the rest, and so
/// take it as it is, apart from Gemini.
pub(super) fn of_parameters(schema: &Value, rules: Rules) -> Value {
    let mut dialect = Dialect { rules, is_exact: true, optional: 0, choices: 0 };
    let narrowed = if rules == Rules::Gemini { dialect.narrowed(schema, 0) } else { without_empty_enums(schema) };
    let mut fields = match narrowed {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let notes: Vec<String> = NOT_AT_THE_TOP
        .iter()
        .filter_map(|word| Some((*word, fields.remove(*word)?)))
        .filter_map(|(word, value)| note(word, &value))
        .collect();
    fields.insert("type".to_owned(), json!("object"));
    fields.entry("properties").or_insert_with(|| json!({}));
    tell(&mut fields, &notes);
    Value::Object(fields)
}

/// A schema on its way into a dialect.
struct Dialect {
    rules: Rules,
    is_exact: bool,
    optional: usize,
    choices: usize,
}

impl Dialect {
    fn narrowed(&mut self, schema: &Value, depth: usize) -> Value {
        match schema {
            Value::Object(fields) => Value::Object(self.object(fields, depth)),
            Value::Array(schemas) => schemas.iter().map(|schema| self.narrowed(schema, depth)).collect(),
            other => other.clone(),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let (mut schema, mut notes) = (Map::new(), Vec::new());
        let fields = self.spelled(fields);
        for (word, value) in &fields {
            if self.takes(word, value, &fields) {
                schema.insert(word.clone(), self.inside(word, value, depth));
            } else {
                // What describes another schema cannot be told in a word.
                self.is_exact &=
                    !["allOf", "not", "if", "then", "else", "patternProperties", "dependentSchemas", "contains"].contains(&word.as_str());
                notes.extend(note(word, value));
            }
        }
        name_type(&mut schema);
        self.close(&mut schema, depth);
        // Beside a reference there may be nothing else.
        if !schema.contains_key("$ref") || self.rules == Rules::Compatible {
            tell(&mut schema, &notes);
        }
        schema
    }

    /// The words as this service has them.
    fn spelled(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        let mut spelled = fields.clone();
        if let Some(Value::Array(only)) = fields.get("allOf")
            && let [Value::Object(inner)] = only.as_slice()
            && self.rules != Rules::Compatible
        {
            spelled.remove("allOf");
            inner.iter().for_each(|(word, value)| _ = spelled.entry(word.clone()).or_insert_with(|| value.clone()));
        }
        if self.rules == Rules::Gemini
            && let Some(only) = spelled.remove("const")
        {
            spelled.entry("enum").or_insert_with(|| json!([only]));
        }
        if self.rules != Rules::Gemini
            && !spelled.contains_key("anyOf")
            && let Some(choices) = spelled.remove("oneOf")
        {
            spelled.insert("anyOf".to_owned(), choices);
        }
        spelled
    }

    fn takes(&self, word: &str, value: &Value, fields: &Map<String, Value>) -> bool {
        let is_reference = fields.contains_key("$ref");
        let is_plain = |value: &Value| !value.is_array() && !value.is_object();
        match (self.rules, word) {
            (_, "enum") if value.as_array().is_none_or(Vec::is_empty) => false,
            (Rules::Gemini, "enum") => items(value).all(|value| value.is_string() || value.is_number()),
            (Rules::Anthropic, "enum") => items(value).all(is_plain),
            (Rules::Compatible, _) => !(is_reference && ["title", "description", "default", "nullable"].contains(&word)),
            (Rules::OpenAi, word) => OPENAI.contains(&word) && (!is_reference || word.starts_with('$')),
            (Rules::Gemini, word) => GEMINI.contains(&word) && (!is_reference || word.starts_with('$')),
            (Rules::Anthropic, "minItems") => value.as_u64().is_some_and(|least| least <= 1),
            (Rules::Anthropic, "format") => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
            (Rules::Anthropic, word) => ANTHROPIC.contains(&word),
        }
    }

    fn inside(&mut self, word: &str, value: &Value, depth: usize) -> Value {
        match (word, value) {
            (named, Value::Object(schemas)) if NAMED.contains(&named) => {
                Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), self.narrowed(schema, depth + 1))).collect())
            }
            (values, value) if VALUES.contains(&values) => value.clone(),
            (_, value) => self.narrowed(value, depth + 1),
        }
    }

    /// Closes an object, and counts what a service counts.
    fn close(&mut self, schema: &mut Map<String, Value>, depth: usize) {
        let is_strict = matches!(self.rules, Rules::OpenAi | Rules::Anthropic);
        self.choices += usize::from(schema.contains_key("anyOf") || schema.get("type").is_some_and(Value::is_array));
        if self.rules == Rules::OpenAi && (depth > DEEPEST || !says_what_it_is(schema)) {
            self.is_exact = false;
        }
        let is_object = schema.get("type").is_some_and(|kind| kind == "object") || schema.contains_key("properties");
        if !is_object || self.rules == Rules::Gemini {
            return;
        }
        let names: Vec<Value> =
            schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone().into()).collect();
        let required = schema.get("required").map_or(0, |required| items(required).count());
        self.optional += names.len().saturating_sub(required);
        let is_closed = schema.get("additionalProperties").is_none_or(|more| *more == json!(false));
        if is_strict && (names.is_empty() && schema.get("additionalProperties") != Some(&json!(false)) || !is_closed) {
            // Closed, it could hold nothing of what it is for.
            self.is_exact = false;
        }
        if is_strict {
            schema.insert("additionalProperties".to_owned(), json!(false));
        } else {
            schema.entry("additionalProperties").or_insert(json!(false));
        }
        if self.rules != Rules::Anthropic && !names.is_empty() {
            schema.insert("required".to_owned(), Value::Array(names));
        }
    }
}

/// Whether a schema in strict mode says what kind of value it is for.
fn says_what_it_is(schema: &Map<String, Value>) -> bool {
    ["type", "anyOf", "$ref"].iter().any(|word| schema.contains_key(*word))
}

/// Values that are listed have a type, which some services want to be named.
fn name_type(schema: &mut Map<String, Value>) {
    if schema.contains_key("type") {
        return;
    }
    let values = schema.get("enum").into_iter().flat_map(items).chain(schema.get("const"));
    let mut kinds: Vec<&str> = Vec::new();
    for value in values {
        let kind = match value {
            Value::String(_) => "string",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
            Value::Null => "null",
            Value::Array(_) | Value::Object(_) => return,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match kinds.as_slice() {
        [] => {}
        [only] => _ = schema.insert("type".to_owned(), json!(only)),
        several => _ = schema.insert("type".to_owned(), json!(several)),
    }
}

/// What a word says that is left out. None: it says nothing, or too much.
fn note(word: &str, value: &Value) -> Option<String> {
    let is_empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if SILENT.contains(&word) || is_empty || ["description", "additionalProperties", "required"].contains(&word) {
        return None;
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (text.chars().count() <= LONGEST_NOTE).then(|| format!("{word}: {text}"))
}

fn tell(schema: &mut Map<String, Value>, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    let notes = format!("({})", notes.join(", "));
    let said = schema.get("description").and_then(Value::as_str).filter(|said| !said.is_empty());
    let said = said.map_or(notes.clone(), |said| format!("{said} {notes}"));
    schema.insert("description".to_owned(), json!(said));
}

/// No service takes a list of no values.
fn without_empty_enums(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(word, value)| *word != "enum" || !value.as_array().is_some_and(Vec::is_empty));
            let inside = |word: &str, value: &Value| match value {
                value if VALUES.contains(&word) => value.clone(),
                value => without_empty_enums(value),
            };
            Value::Object(kept.map(|(word, value)| (word.clone(), inside(word, value))).collect())
        }
        Value::Array(schemas) => schemas.iter().map(without_empty_enums).collect(),
        other => other.clone(),
    }
}

/// Whether a definition leads back to itself, which Anthropic refuses, or a reference leads out of the schema.
fn is_circular(schema: &Value, rules: Rules) -> bool {
    fn leads_back<'a>(root: &'a Value, part: &'a Value, above: &mut Vec<&'a str>, rules: Rules) -> bool {
        if let Some(place) = part.get("$ref").and_then(Value::as_str) {
            let Some(meant) = place.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else { return true };
            if above.contains(&place) {
                return rules == Rules::Anthropic;
            }
            above.push(place);
            let leads = leads_back(root, meant, above, rules);
            above.pop();
            return leads;
        }
        match part {
            Value::Object(fields) => fields
                .iter()
                .filter(|(word, _)| !["$defs", "definitions"].contains(&word.as_str()) && !VALUES.contains(&word.as_str()))
                .any(|(_, value)| leads_back(root, value, above, rules)),
            Value::Array(values) => values.iter().any(|value| leads_back(root, value, above, rules)),
            _ => false,
        }
    }
    leads_back(schema, schema, &mut Vec::new(), rules)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(schema: &Value, rules: Rules) -> (Value, bool) {
        let ReplySchema { schema, is_exact } = of_reply(schema, rules);
        (schema, is_exact)
    }

    fn stories() -> Value {
        json!({
            "type": "object", "required": ["b"],
            "properties": {
                "a": {"type": "string", "minLength": 1, "enum": ["x"], "description": "A letter."}, "c": {"enum": ["y", 1]},
                "b": {"oneOf": [{"$ref": "#/$defs/minimum", "description": "a number"}, {"type": "null"}]},
                "d": {"type": "array", "items": {"type": "string", "pattern": "^a", "format": "date"}, "minItems": 2, "maxItems": 5},
            },
            "$defs": {"minimum": {"type": "integer", "minimum": 0}},
        })
    }

    #[test]
    fn each_service_gets_what_it_takes_and_is_told_the_rest() {
        let (openai, is_exact) = reply(&stories(), Rules::OpenAi);
        assert!(is_exact);
        assert_eq!((&openai["required"], &openai["additionalProperties"]), (&json!(["a", "c", "b", "d"]), &json!(false)));
        assert_eq!(openai["properties"]["a"], json!({"type": "string", "enum": ["x"], "description": "A letter. (minLength: 1)"}));
        assert_eq!(openai["properties"]["b"], json!({"anyOf": [{"$ref": "#/$defs/minimum"}, {"type": "null"}]}));
        assert_eq!(openai["properties"]["c"], json!({"enum": ["y", 1], "type": ["string", "integer"]}));
        let list = json!({"type": "array", "items": {"type": "string", "description": "(pattern: ^a, format: date)"}, "description": "(minItems: 2, maxItems: 5)"});
        assert_eq!(openai["properties"]["d"], list);
        assert_eq!(openai["$defs"], json!({"minimum": {"type": "integer", "description": "(minimum: 0)"}}), "a name is not a word");

        let (anthropic, is_exact) = reply(&stories(), Rules::Anthropic);
        assert!(is_exact);
        assert_eq!((&anthropic["required"], &anthropic["additionalProperties"]), (&json!(["b"]), &json!(false)));
        assert_eq!(anthropic["properties"]["d"]["items"], json!({"type": "string", "format": "date", "description": "(pattern: ^a)"}));

        let (gemini, _) = reply(&stories(), Rules::Gemini);
        assert_eq!(gemini["properties"]["d"]["maxItems"], 5);
        assert_eq!(gemini["properties"]["a"]["description"], "A letter. (minLength: 1)");
        assert_eq!(gemini["properties"]["b"]["oneOf"][0], json!({"$ref": "#/$defs/minimum"}));
        assert!(gemini.get("additionalProperties").is_none() && gemini["required"] == json!(["b"]));

        let (compatible, _) = reply(&stories(), Rules::Compatible);
        assert_eq!(compatible["properties"]["d"]["maxItems"], 5, "a grammar may end a list by it");
        assert_eq!(compatible["required"], json!(["a", "c", "b", "d"]));
    }

    #[test]
    fn what_a_service_cannot_be_held_to_is_not_exact() {
        let in_object = |schema: Value| json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
        let circle = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}});
        for (schema, openai, anthropic) in [
            (in_object(json!({"type": "string"})), true, true),
            (in_object(json!({})), false, true),
            (in_object(json!({"type": "object"})), false, false),
            (in_object(json!({"type": "object", "additionalProperties": {"type": "string"}})), false, false),
            (in_object(json!({"type": "object", "additionalProperties": false})), true, true),
            (in_object(json!({"allOf": [{"type": "string"}]})), true, true),
            (in_object(json!({"type": "string", "not": {"const": "a"}})), false, false),
            (in_object(json!({"$ref": "https://a.example/schema"})), false, false),
            (json!({"type": "array", "items": {"type": "string"}}), false, true),
            (circle, true, false),
            (json!(true), false, false),
        ] {
            let exact = |rules| of_reply(&schema, rules).is_exact;
            assert_eq!((exact(Rules::OpenAi), exact(Rules::Anthropic)), (openai, anthropic), "{schema}");
            assert!(exact(Rules::Gemini) || schema.to_string().contains("not"), "{schema}");
        }
        let many: Map<String, Value> = (0..25).map(|number| (format!("a{number}"), json!({"type": "string"}))).collect();
        assert!(!of_reply(&json!({"type": "object", "properties": many}), Rules::Anthropic).is_exact);
    }

    #[test]
    fn the_top_of_parameters_is_a_plain_object() {
        let schema = json!({
            "$schema": "x", "properties": {"a": {"type": "string", "minLength": 1}, "b": {"enum": []}, "enum": {"type": "string"}},
            "anyOf": [{"required": ["a"]}, {"required": ["b"]}], "description": "Either.",
        });
        for rules in [Rules::OpenAi, Rules::Compatible, Rules::Anthropic] {
            let sent = of_parameters(&schema, rules);
            assert_eq!((&sent["type"], sent.get("anyOf")), (&json!("object"), None), "{sent}");
            assert_eq!(sent["description"], "Either. (anyOf: [{\"required\":[\"a\"]},{\"required\":[\"b\"]}])");
            assert_eq!(sent["properties"], json!({"a": {"type": "string", "minLength": 1}, "b": {}, "enum": {"type": "string"}}));
        }
        let gemini = of_parameters(&schema, Rules::Gemini);
        assert_eq!(gemini["properties"]["a"], json!({"type": "string", "description": "(minLength: 1)"}));
        assert!(gemini.get("$schema").is_none() && gemini.get("anyOf").is_none());
        assert_eq!(of_parameters(&json!({}), Rules::OpenAi), json!({"type": "object", "properties": {}}));
    }

    #[test]
    fn odd_schemas_are_no_panic() {
        for schema in
            [json!(null), json!([1]), json!({"$ref": 1}), json!({"properties": []}), json!({"enum": {}, "required": 1, "allOf": [1]})]
        {
            for rules in [Rules::OpenAi, Rules::Compatible, Rules::Anthropic, Rules::Gemini] {
                let _ = (of_reply(&schema, rules), of_parameters(&schema, rules));
            }
        }
        let deep = (0..100).fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner}));
        assert!(!of_reply(&json!({"type": "object", "properties": {"a": deep}}), Rules::OpenAi).is_exact);
    }
}
