//! The API over HTTP: one file for each resource, which maps requests onto operations and their problems onto statuses. Decides
//! nothing itself; who may use a route is in `routes`.

mod agents;
mod authentication;
mod begun;
mod connection;
mod decisions;
mod document;
mod events;
mod extract;
mod failure;
mod frame;
mod health;
mod orchestrator;
mod patience;
mod peer;
mod plugins;
mod projects;
mod questions;
mod rate;
mod routes;
mod runs;
mod server;
mod streams;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing};
use serde_json::Value;
use tower_http::{
    catch_panic::CatchPanicLayer,
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
};
use utoipa_axum::router::OpenApiRouter;

use rate::Rate;

use crate::{
    config::ApiSettings,
    operations::{Host, streams::EventHub},
};

pub use server::Http;

/// Where all routes lie.
const ROOT: &str = "/api/v1";
/// Bytes of the largest body, unless a route says otherwise.
const LARGEST_BODY: usize = 1 << 20;
/// How long an answer may take to begin, and how long no part of a body may arrive.
const PATIENCE: Duration = Duration::from_secs(60);
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// What every handler works with.
pub(in crate::api) struct Api {
    host: Arc<Host>,
    hub: Arc<EventHub>,
    addresses: Rate<IpAddr>,
    settings: ApiSettings,
    document: Value,
}

impl Api {
    fn new(host: Arc<Host>, hub: Arc<EventHub>, settings: ApiSettings, document: Value) -> Self {
        Self { host, hub, addresses: Rate::new(settings.address_rate, "address"), settings, document }
    }
}

/// The routes of every resource, with what they say of themselves.
fn resources() -> OpenApiRouter<Arc<Api>> {
    let resources = [
        agents::routes(),
        decisions::routes(),
        events::routes(),
        health::routes(),
        orchestrator::routes(),
        plugins::routes(),
        projects::routes(),
        questions::routes(),
        runs::routes(),
        streams::routes(),
    ];
    resources.into_iter().fold(OpenApiRouter::with_openapi(document::base()), OpenApiRouter::merge)
}

/// All that a host answers, beside what its settings say.
fn router(host: Arc<Host>, hub: Arc<EventHub>, settings: ApiSettings) -> Router {
    let (resources, document) = OpenApiRouter::with_openapi(document::base()).nest(ROOT, resources()).split_for_parts();
    let api = Arc::new(Api::new(host, hub, settings, document::complete(&document)));
    resources
        .route(&format!("{ROOT}/openapi.json"), routing::get(health::document))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), authentication::authorize))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(RequestBodyTimeoutLayer::new(BODY_PATIENCE))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(Arc::clone(&api), frame::frame))
        .with_state(api)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The document that the API serves, for what is checked against it.
    fn described() -> Value {
        let (_, document) = OpenApiRouter::<Arc<Api>>::with_openapi(document::base()).nest(ROOT, resources()).split_for_parts();
        document::complete(&document)
    }

    #[test]
    fn the_table_of_routes_and_the_document_name_the_same() {
        let document = described();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone())))
            .collect();
        let own = ["/openapi.json"];
        let routed = routes::ROUTES.iter().filter(|route| !own.contains(&route.path));
        let routed: BTreeSet<(String, String)> = routed.map(|route| (route.method.to_owned(), format!("{ROOT}{}", route.path))).collect();
        assert_eq!(routed, described);
    }

    #[test]
    fn the_table_of_routes_is_in_order_and_names_what_its_rules_check() {
        let order: Vec<_> = routes::ROUTES.iter().map(|route| (route.path, route.method)).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(order, sorted);
        for route in routes::ROUTES {
            let segment = match route.rule {
                routes::Rule::May(_, routes::About::Project) => "{project}",
                routes::Rule::May(_, routes::About::Run) => "{run}",
                routes::Rule::May(_, routes::About::Question) => "{question}",
                _ => continue,
            };
            assert!(route.path.contains(segment), "{}", route.path);
        }
    }

    #[test]
    fn every_route_has_a_name_of_its_own_and_a_resource() {
        let document = described();
        let items = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let mut names: Vec<&str> = items.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        let count = names.len();
        names.sort_unstable();
        assert!(names.iter().all(|name| !name.ends_with('_')), "a route names no resource: {names:?}");
        names.dedup();
        assert_eq!(names.len(), count, "two routes have one name: {names:?}");
    }

    #[test]
    fn no_schema_offers_null_and_every_reference_leads_somewhere() {
        let document = described();
        let text = document.to_string();
        assert!(!text.contains("\"null\""), "an optional field is absent, and never null");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not described");
        }
    }
}
