//! What of one document of the API a client loses with the next one. Compares what clients send and read; knows no route.

use std::collections::BTreeSet;

use serde_json::Value;

/// Which way a schema is used: clients write the one, and read the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Sent,
    Read,
}

/// Two documents, and the pairs of schemas that were compared already.
struct Comparison<'a> {
    before: &'a Value,
    after: &'a Value,
    seen: BTreeSet<(String, String, Way)>,
    breaks: Vec<String>,
}

/// Each thing by which `after` breaks a client that was made for `before`, as a line.
pub(super) fn breaks(before: &Value, after: &Value) -> Vec<String> {
    let mut comparison = Comparison { before, after, seen: BTreeSet::new(), breaks: Vec::new() };
    for (path, item) in fields(&before["paths"]) {
        for (method, operation) in fields(item) {
            comparison.compare_operation(&format!("{} {path}", method.to_uppercase()), operation, &after["paths"][path][method]);
        }
    }
    comparison.breaks
}

impl<'a> Comparison<'a> {
    fn compare_operation(&mut self, at: &str, before: &'a Value, after: &'a Value) {
        if after.is_null() {
            return self.gone(at, before, "is gone");
        }
        let parameters = |operation: &'a Value| operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for parameter in parameters(before) {
            let at = format!("{at}: the parameter `{}`", text(&parameter["name"]));
            match parameters(after).iter().find(|other| same(parameter, other)) {
                Some(other) => {
                    self.require(&at, parameter["required"] == true, other["required"] == true);
                    self.compare(&at, &parameter["schema"], &other["schema"], Way::Sent);
                }
                None => self.gone(&at, parameter, "is gone"),
            }
        }
        for parameter in parameters(after).iter().filter(|parameter| !parameters(before).iter().any(|other| same(parameter, other))) {
            self.require(&format!("{at}: the parameter `{}`", text(&parameter["name"])), false, parameter["required"] == true);
        }
        self.require(&format!("{at}: the body"), before["requestBody"]["required"] == true, after["requestBody"]["required"] == true);
        self.compare_contents(&format!("{at}: the body"), &before["requestBody"], &after["requestBody"], Way::Sent);
        for (status, answer) in fields(&before["responses"]).filter(|(status, _)| status.starts_with('2')) {
            let at = format!("{at}: the answer {status}");
            match &after["responses"][status] {
                Value::Null => self.breaks.push(format!("{at} is gone.")),
                other => self.compare_contents(&at, answer, other, Way::Read),
            }
        }
    }

    fn compare_contents(&mut self, at: &str, before: &'a Value, after: &'a Value, way: Way) {
        for (media_type, content) in fields(&before["content"]) {
            match &after["content"][media_type] {
                Value::Null => self.breaks.push(format!("{at} is not `{media_type}` any more.")),
                other => self.compare(at, &content["schema"], &other["schema"], way),
            }
        }
    }

    fn compare(&mut self, at: &str, before: &'a Value, after: &'a Value, way: Way) {
        let names = [before, after].map(|schema| text(&schema["$ref"]).to_owned());
        let [first, second] = names;
        if (!first.is_empty() || !second.is_empty()) && !self.seen.insert((first, second, way)) {
            return;
        }
        let (before, after) = (resolve(self.before, before), resolve(self.after, after));
        let (types, others) = (words(before, "type"), words(after, "type"));
        if !types.is_empty() && !others.is_empty() && types != others {
            self.breaks.push(format!("{at} is {} and was {}.", others.join(" or "), types.join(" or ")));
        }
        let (values, others) = (words(before, "enum"), words(after, "enum"));
        // Clients have to accept words that they do not know.
        if way == Way::Sent && !others.is_empty() {
            let gone: Vec<_> = values.iter().filter(|value| !others.contains(value)).collect();
            gone.into_iter().for_each(|value| self.breaks.push(format!("{at} may not be `{value}` any more.")));
        }
        for (name, property) in fields(&before["properties"]) {
            let at = format!("{at}: the field `{name}`");
            match &after["properties"][name] {
                Value::Null => self.gone(&at, property, "is gone"),
                other => self.compare(&at, property, other, way),
            }
        }
        let (required, others) = (words(before, "required"), words(after, "required"));
        match way {
            Way::Sent => {
                let new = others.iter().filter(|name| !required.contains(name));
                let new: Vec<_> = new.map(|name| format!("{at}: the field `{name}`")).collect();
                new.iter().for_each(|at| self.require(at, false, true));
            }
            Way::Read => {
                for name in required.iter().filter(|name| !others.contains(name) && !after["properties"][name].is_null()) {
                    self.gone(&format!("{at}: the field `{name}`"), &before["properties"][name], "may be absent");
                }
            }
        }
        for part in ["items", "additionalProperties"] {
            if before[part].is_object() && after[part].is_object() {
                self.compare(&format!("{at}: what is in it"), &before[part], &after[part], way);
            }
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let of = |schema: &'a Value| schema[key].as_array().map(Vec::as_slice).unwrap_or_default();
            for (place, choice) in of(before).iter().enumerate() {
                let kind = kind_of(self.before, choice);
                let same = of(after).iter().enumerate().find(|(other_place, other)| match &kind {
                    Some(kind) => kind_of(self.after, other).as_ref() == Some(kind),
                    None => *other_place == place,
                });
                let at = format!("{at}: {}", kind.map_or_else(|| format!("form {}", place + 1), |kind| format!("the form `{kind}`")));
                match same {
                    Some((_, other)) => self.compare(&at, choice, other, way),
                    None => self.gone(&at, choice, "is gone"),
                }
            }
        }
    }

    fn require(&mut self, at: &str, before: bool, after: bool) {
        if after && !before {
            self.breaks.push(format!("{at} is required now."));
        }
    }

    /// What was marked as deprecated may go.
    fn gone(&mut self, at: &str, before: &Value, what: &str) {
        if resolve(self.before, before)["deprecated"] != true && before["deprecated"] != true {
            self.breaks.push(format!("{at} {what}."));
        }
    }
}

/// What tells a form from the others of its choice: the one word that one of its fields has, or its name.
fn kind_of(document: &Value, schema: &Value) -> Option<String> {
    let named = schema["$ref"].as_str().map(str::to_owned);
    let properties = &resolve(document, schema)["properties"];
    let tag = fields(properties).find_map(|(name, property)| {
        let words = words(property, "enum");
        (words.len() == 1).then(|| format!("{name}: {}", words[0]))
    });
    tag.or(named)
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    target.unwrap_or(schema)
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The words that a keyword has, be it one or a list.
fn words(schema: &Value, key: &str) -> Vec<String> {
    match &schema[key] {
        Value::String(word) => vec![word.clone()],
        Value::Array(words) => words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let thing = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": { "type": "string" },
                "note": { "type": "string" },
                "old": { "type": "string", "deprecated": true },
                "state": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "type": "string", "enum": ["a"] }, "x": { "type": "integer" } } },
                    { "type": "object", "properties": { "kind": { "type": "string", "enum": ["b"] } } }
                ] }
            }
        });
        let given = json!({
            "type": "object",
            "required": ["name"],
            "properties": { "name": { "type": "string" }, "way": { "type": "string", "enum": ["left", "right"] } }
        });
        let of =
            |name: &str| json!({ "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } } });
        json!({
            "paths": {
                "/things": {
                    "get": { "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer" } }], "responses": { "200": of("Thing") } },
                    "post": { "requestBody": of("Given"), "responses": { "201": of("Thing") } }
                },
                "/old": { "get": { "deprecated": true, "responses": {} } }
            },
            "components": { "schemas": { "Thing": thing, "Given": given } }
        })
    }

    /// What a change of the part at a pointer breaks.
    fn changed(pointer: &str, change: impl Fn(&mut Value)) -> Vec<String> {
        let (before, mut after) = (document(), document());
        change(after.pointer_mut(pointer).unwrap());
        breaks(&before, &after)
    }

    fn without(pointer: &str, key: &str) -> Vec<String> {
        changed(pointer, |part| drop(part.as_object_mut().unwrap().remove(key)))
    }

    const THING: &str = "/components/schemas/Thing";
    const GIVEN: &str = "/components/schemas/Given";

    #[test]
    fn what_is_the_same_or_more_breaks_nothing() {
        assert_eq!(breaks(&document(), &document()), [""; 0]);
        let more = json!({ "type": "string" });
        assert_eq!(changed(&format!("{THING}/properties"), |part| part["more"] = more.clone()), [""; 0]);
        assert_eq!(changed(&format!("{GIVEN}/properties"), |part| part["more"] = more.clone()), [""; 0]);
        assert_eq!(changed(&format!("{GIVEN}/required"), |part| *part = json!([])), [""; 0]);
        assert_eq!(changed("/paths", |part| part["/new"] = json!({ "get": {} })), [""; 0]);
    }

    #[test]
    fn what_was_deprecated_may_go() {
        assert_eq!(without("/paths", "/old"), [""; 0]);
        assert_eq!(without(&format!("{THING}/properties"), "old"), [""; 0]);
    }

    #[test]
    fn what_goes_is_named() {
        assert_eq!(without("/paths", "/things"), ["GET /things is gone.", "POST /things is gone."]);
        assert_eq!(without("/paths/~1things/get", "parameters"), ["GET /things: the parameter `limit` is gone."]);
        assert_eq!(without(&format!("{THING}/properties"), "note"), ["GET /things: the answer 200: the field `note` is gone."]);
        assert_eq!(without(&format!("{GIVEN}/properties"), "way"), ["POST /things: the body: the field `way` is gone."]);
        let form = format!("{THING}/properties/state/oneOf");
        let gone = changed(&form, |part| drop(part.as_array_mut().unwrap().remove(0)));
        assert_eq!(gone, ["GET /things: the answer 200: the field `state`: the form `kind: a` is gone."]);
        let gone = without(&format!("{form}/0/properties"), "x");
        assert_eq!(gone, ["GET /things: the answer 200: the field `state`: the form `kind: a`: the field `x` is gone."]);
    }

    #[test]
    fn what_is_required_newly_or_no_longer_certain_is_named() {
        let required = |part: &mut Value| *part = json!(["name", "way"]);
        assert_eq!(changed(&format!("{GIVEN}/required"), required), ["POST /things: the body: the field `way` is required now."]);
        let added = json!([{ "name": "limit", "in": "query" }, { "name": "by", "in": "query", "required": true }]);
        assert_eq!(
            changed("/paths/~1things/get/parameters", |part| *part = added.clone()),
            ["GET /things: the parameter `by` is required now."]
        );
        let absent = |part: &mut Value| *part = json!([]);
        assert_eq!(changed(&format!("{THING}/required"), absent), ["GET /things: the answer 200: the field `id` may be absent."]);
        let narrower = |part: &mut Value| *part = json!(["left"]);
        assert_eq!(
            changed(&format!("{GIVEN}/properties/way/enum"), narrower),
            ["POST /things: the body: the field `way` may not be `right` any more."]
        );
        let other = |part: &mut Value| *part = json!("integer");
        assert_eq!(
            changed(&format!("{THING}/properties/id/type"), other),
            ["GET /things: the answer 200: the field `id` is integer and was string."]
        );
    }
}
