//! The schemas of all views, from the types themselves. Adds nothing to them.

use serde_json::Value;
use utoipa::{
    OpenApi,
    openapi::{Info, OpenApiBuilder},
};

use super::{
    accounts, agents, autopilot, bindings, budgets, costs, decisions, demo, environments, events, execution, health, host, items,
    orchestrator, plugins, projects, pull_requests, questions, readiness, reports, runs, secrets, services, settings, setups, streams,
    tools,
};

/// A JSON object with a schema for every view, by its name; references in it begin with `#/components/schemas/`.
pub fn schemas() -> Value {
    let mut document = OpenApiBuilder::new().info(Info::new("Baton", env!("CARGO_PKG_VERSION"))).build();
    let files = [
        accounts::sessions::Views::openapi(),
        accounts::setup::Views::openapi(),
        accounts::tickets::Views::openapi(),
        accounts::tokens::Views::openapi(),
        accounts::users::Views::openapi(),
        agents::Views::openapi(),
        autopilot::Views::openapi(),
        bindings::Views::openapi(),
        budgets::Views::openapi(),
        costs::Views::openapi(),
        decisions::Views::openapi(),
        demo::Views::openapi(),
        environments::Views::openapi(),
        events::Views::openapi(),
        execution::Views::openapi(),
        health::Views::openapi(),
        host::Views::openapi(),
        items::Views::openapi(),
        orchestrator::Views::openapi(),
        plugins::Views::openapi(),
        projects::Views::openapi(),
        pull_requests::Views::openapi(),
        questions::Views::openapi(),
        readiness::Views::openapi(),
        reports::Views::openapi(),
        runs::Views::openapi(),
        secrets::Views::openapi(),
        services::Views::openapi(),
        settings::Views::openapi(),
        setups::Views::openapi(),
        streams::Views::openapi(),
        tools::Views::openapi(),
    ];
    for views in files {
        document.merge(views);
    }
    document.components.and_then(|components| serde_json::to_value(components.schemas).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Whether a document is one of a view.
    fn fits(view: &str, document: &Value) -> bool {
        let schema = json!({ "$ref": format!("#/components/schemas/{view}"), "components": { "schemas": schemas() } });
        jsonschema::draft202012::new(&schema).unwrap().is_valid(document)
    }

    #[test]
    fn every_view_has_a_schema_that_can_be_used() {
        let schemas = schemas();
        let names: Vec<_> = schemas.as_object().unwrap().keys().cloned().collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(!fits(&name, &json!(7)), "{name} fits anything");
        }
    }

    #[test]
    fn a_schema_says_what_its_type_reads() {
        let page =
            |at: Value| json!({ "items": [{ "at": at, "cursor": 1, "category": "run", "name": "failed", "level": "warn", "data": {} }] });
        assert!(fits("Page_Event", &page(json!("2026-01-02T14:04:05.007Z"))));
        assert!(!fits("Page_Event", &page(json!(7))));
    }
}
