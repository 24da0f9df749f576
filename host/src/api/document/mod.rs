//! The document that describes the API, made from the handlers. Adds what holds for every route; describes none by itself.

mod whole;

use serde_json::{Map, Value, json};
use utoipa::{
    OpenApi as _, PartialSchema as _, ToSchema as _,
    openapi::{Info, OpenApi, OpenApiBuilder},
};

use super::{
    ROOT,
    failure::{MEDIA_TYPE, ProblemDocument},
    routes::{self, ROUTES, Route, Rule},
};
use crate::operations::{
    Moment,
    costs::CostBy,
    events::{Category, EventLevel, EventOrder, EventView},
    items::{ItemKind, ItemOrder, ItemStatus},
    projects::{ProjectPhase, ProjectState},
    questions::{QuestionState, Severity},
    runs::{PluginKind, RunId, StateWord},
};

/// The types of parameters, which the handlers' descriptions refer to and do not bring along.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    Category,
    CostBy,
    EventLevel,
    EventOrder,
    EventView,
    ItemKind,
    ItemOrder,
    ItemStatus,
    Moment,
    PluginKind,
    ProjectPhase,
    ProjectState,
    QuestionState,
    RunId,
    Severity,
    StateWord
)))]
struct ParameterTypes;

/// What the document begins with.
pub(super) fn base() -> OpenApi {
    let description = "Everything that a Baton host can do. Times are RFC 3339 in UTC, ids are text, money is decimal text.";
    let mut info = Info::new("Baton", env!("CARGO_PKG_VERSION"));
    info.description = Some(description.to_owned());
    let mut document = OpenApiBuilder::new().info(info).build();
    document.merge(ParameterTypes::openapi());
    document
}

/// The whole document: the handlers' own, with the problems, headers and credentials that the table of routes says.
pub(super) fn complete(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    leave_out_nulls(&mut document);
    add_schemas(&mut document);
    whole::put_together(&mut document);
    document["components"]["securitySchemes"] = json!({ "bearer": { "type": "http", "scheme": "bearer" } });
    for route in ROUTES {
        let path = format!("{ROOT}{}", route.path);
        let method = route.method.to_lowercase();
        if let Some(operation) = document["paths"].get_mut(path).and_then(|item| item.get_mut(method)) {
            describe_route(operation, route);
        }
    }
    document
}

/// The problems that an answer may be, the credential that the route wants, and a name that no other route has.
fn describe_route(operation: &mut Value, route: &Route) {
    // Handlers are named within their file, and clients are generated with these names as functions.
    let (function, tag) = (operation["operationId"].as_str().unwrap_or_default(), operation["tags"][0].as_str().unwrap_or_default());
    operation["operationId"] = format!("{function}_{}", tag.replace('-', "_")).into();
    let (permission, subject) = route.rule.words();
    operation["x-permission"] = permission.into();
    if let Some(subject) = subject {
        operation["x-subject"] = subject.into();
    }
    let mut statuses = vec![("400", "The request is wrong."), ("429", "A limit is reached."), ("503", "The host cannot do this now.")];
    statuses.push(("403", "This is denied."));
    if route.rule == Rule::Public {
        operation["security"] = json!([]);
    } else {
        operation["security"] = json!([{ "bearer": [] }]);
        statuses.push(("401", "The credential is missing or not valid."));
    }
    let is_editable = routes::is_editable(route.path);
    // What can be removed may not be there, and a list can be asked of what does not exist.
    if is_editable || route.path.contains('{') || route.method != "GET" || has_filter(operation) {
        statuses.push(("404", "What the request names does not exist."));
    }
    if route.method != "GET" {
        statuses.extend([
            ("408", "The request did not arrive in time."),
            ("409", "The present state does not allow it."),
            ("413", "The body is too large."),
            ("415", "The body has another media type."),
        ]);
    }
    if is_editable && route.method != "GET" {
        statuses.push(("412", "It has changed since it was read."));
        add_parameter(operation, match_parameter());
    }
    if route.once {
        statuses.push(("422", "The key belongs to another request."));
        add_parameter(operation, once_parameter());
    }
    for (status, description) in statuses {
        let responses = &mut operation["responses"];
        if responses[status].is_null() {
            responses[status] = json!({ "description": description });
        }
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        // A response without a description is none to programs that check the document.
        if response["description"].is_null() {
            response["description"] = usual_description(status).into();
        }
        if status.starts_with(['4', '5']) {
            response["content"] = json!({ MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/ProblemDocument" } } });
        }
    }
    if is_editable && route.method != "DELETE" && operation["responses"]["200"].is_object() {
        let version = json!({ "description": "The version of what was read or changed, for `If-Match`.", "schema": { "type": "string" } });
        operation["responses"]["200"]["headers"]["etag"] = version;
    }
    if is_editable && route.method == "GET" {
        add_parameter(operation, none_match_parameter());
        operation["responses"]["304"] = json!({ "description": "It is as the client knows it." });
    }
    if let Some(version) = route.removed_in {
        mark_deprecated(operation, version);
    }
}

/// What a status says of a request that was done.
fn usual_description(status: &str) -> &'static str {
    match status {
        "201" => "It was added.",
        "202" => "It was accepted, and is done next.",
        "204" => "It was done, and there is nothing to say.",
        _ => "It was done.",
    }
}

/// Whether a list can be narrowed.
fn has_filter(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str());
    names.any(|name| !matches!(name, "cursor" | "limit"))
}

/// Says that a route is removed in a version.
fn mark_deprecated(operation: &mut Value, version: &str) {
    operation["deprecated"] = json!(true);
    operation["x-removed-in"] = json!(version);
    let description = operation["description"].as_str().map(|description| format!("{description}\n\n")).unwrap_or_default();
    operation["description"] = json!(format!("{description}Deprecated: it is removed in Baton {version}."));
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

fn match_parameter() -> Value {
    json!({
        "name": "If-Match",
        "in": "header",
        "required": false,
        "description": "The `etag` that the client read: it is changed only if it is still the same.",
        "schema": { "type": "string", "pattern": "^(\\*|\"[!#-~]*\")$" }
    })
}

fn none_match_parameter() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `etag` that the client knows: the answer is 304 if it is still the same.",
        "schema": { "type": "string" }
    })
}

fn once_parameter() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "A text of the client's that makes the request safe to repeat for a day: a second one with it is not done, and has the first one's answer.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" }
    })
}

fn add_schemas(document: &mut Value) {
    let mut schemas = vec![(ProblemDocument::name().into_owned(), ProblemDocument::schema())];
    ProblemDocument::schemas(&mut schemas);
    for (name, schema) in schemas {
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        leave_out_nulls(&mut schema);
        document["components"]["schemas"][name] = schema;
    }
}

/// An optional field is absent, and never null, so no schema offers null beside another type. No number has a format that is too
/// narrow for it.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(leave_out_nulls);
            leave_out_null_type(object);
            leave_out_signed_format(object);
            ["oneOf", "anyOf"].into_iter().for_each(|key| leave_out_null_choice(object, key));
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

/// A number that is not below zero may be larger than a signed one of its length.
fn leave_out_signed_format(object: &mut Map<String, Value>) {
    let is_signed = object.get("format").is_some_and(|format| format == "int32" || format == "int64");
    if is_signed && object.get("minimum").is_some_and(|minimum| minimum == 0) {
        object.remove("format");
    }
}

fn leave_out_null_type(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get_mut("type") else { return };
    types.retain(|kind| kind != "null");
    if let [only] = types.as_slice() {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
}

fn leave_out_null_choice(object: &mut Map<String, Value>, key: &str) {
    let Some(Value::Array(choices)) = object.get_mut(key) else { return };
    choices.retain(|choice| choice != &json!({ "type": "null" }));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.remove(key);
        // A description beside the reference stays.
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::bounds::Bounds;

    fn described(route: &Route) -> Value {
        let mut operation = json!({ "description": "Does it.", "responses": { "200": {} } });
        describe_route(&mut operation, route);
        operation
    }

    fn route(method: &'static str, path: &'static str) -> Route {
        let bounds = Bounds { largest_body: 1, patience: Duration::from_secs(1) };
        Route { method, path, rule: Rule::Public, once: false, bounds, removed_in: None }
    }

    #[test]
    fn a_route_that_goes_says_when() {
        let operation = described(&Route { removed_in: Some("0.4.0"), ..route("GET", "/a") });
        assert_eq!((&operation["deprecated"], &operation["x-removed-in"]), (&json!(true), &json!("0.4.0")));
        assert_eq!(operation["description"], "Does it.\n\nDeprecated: it is removed in Baton 0.4.0.");
        assert!(described(&route("GET", "/a"))["deprecated"].is_null());
    }

    #[test]
    fn what_is_done_once_and_what_can_be_edited_have_their_headers_and_statuses() {
        let names = |operation: &Value| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let once = described(&Route { once: true, ..route("POST", "/a") });
        assert_eq!(names(&once), ["Idempotency-Key"]);
        assert!(once["responses"]["422"].is_object());
        let (read, edit) = (described(&route("GET", "/plugins/{plugin}")), described(&route("DELETE", "/plugins/{plugin}")));
        assert_eq!((names(&read), names(&edit)), (vec!["If-None-Match".to_owned()], vec!["If-Match".to_owned()]));
        assert!(read["responses"]["200"]["headers"]["etag"].is_object() && edit["responses"]["412"].is_object());
        assert!(described(&route("GET", "/a"))["responses"]["412"].is_null());
    }
}
