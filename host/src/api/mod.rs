//! The API over HTTP: one file for each resource, which maps requests onto operations and their problems onto statuses. Decides
//! nothing itself; who may use a route is in `routes`.

mod absent;
mod agents;
mod answers;
mod artifacts;
mod auth;
mod authentication;
mod begun;
mod bindings;
mod bounds;
mod browse;
mod connection;
mod cors;
mod decisions;
mod document;
mod events;
mod extract;
mod failure;
mod frame;
mod health;
mod items;
mod money;
mod once;
mod orchestrator;
mod parameters;
mod patience;
mod peer;
mod plugins;
mod projects;
mod pull_requests;
mod questions;
mod rate;
mod routes;
mod runs;
mod secrets;
mod server;
mod settings;
mod setup_page;
mod streams;
mod tokens;
mod tools;
mod users;
mod versions;

use std::{net::IpAddr, sync::Arc};

use axum::{Router, middleware, routing};
use serde_json::Value;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use answers::Answers;
use parameters::KnownParameters;
use rate::Rate;
use versions::Versions;

use crate::{
    config::ApiSettings,
    operations::{ActorKind, Host, readiness::KnownProviders, streams::EventHub},
};

pub use server::Http;

/// Where all routes lie.
const ROOT: &str = "/api/v1";
/// Plugins that are uploaded at once: each is in memory as a whole while it is checked.
const MOST_UPLOADS: usize = 2;

/// What every handler works with.
pub(in crate::api) struct Api {
    host: Arc<Host>,
    hub: Arc<EventHub>,
    addresses: Rate<IpAddr>,
    users: Rate<(ActorKind, String)>,
    answers: Answers,
    providers: KnownProviders,
    uploads: Semaphore,
    /// Tells this process from those before it.
    process: String,
    settings: ApiSettings,
    parameters: KnownParameters,
    document: Value,
}

impl Api {
    fn new(host: Arc<Host>, hub: Arc<EventHub>, settings: ApiSettings, document: Value) -> Self {
        Self {
            host,
            hub,
            addresses: Rate::new(settings.address_rate, "address"),
            users: Rate::new(settings.user_rate, "user"),
            answers: Answers::new(),
            providers: KnownProviders::default(),
            uploads: Semaphore::new(MOST_UPLOADS),
            process: Uuid::now_v7().to_string(),
            settings,
            parameters: KnownParameters::of(&document),
            document,
        }
    }
}

/// The routes of every resource, with what they say of themselves.
fn resources() -> OpenApiRouter<Arc<Api>> {
    let resources = [
        agents::routes(),
        artifacts::routes(),
        auth::routes(),
        bindings::routes(),
        decisions::routes(),
        events::routes(),
        health::routes(),
        items::routes(),
        money::routes(),
        orchestrator::routes(),
        plugins::routes(),
        projects::routes(),
        pull_requests::routes(),
        questions::routes(),
        runs::routes(),
        secrets::routes(),
        settings::routes(),
        streams::routes(),
        tokens::routes(),
        tools::routes(),
        users::routes(),
    ];
    resources.into_iter().fold(OpenApiRouter::with_openapi(document::base()), OpenApiRouter::merge)
}

/// The document that describes the API.
pub fn document() -> Value {
    describe().1
}

/// The routes of every resource below [`ROOT`], and the document that describes them.
fn describe() -> (Router<Arc<Api>>, Value) {
    let (resources, document) = OpenApiRouter::with_openapi(document::base()).nest(ROOT, resources()).split_for_parts();
    (resources, document::complete(&document))
}

/// All that a host answers, beside what its settings say.
fn router(host: Arc<Host>, hub: Arc<EventHub>, settings: ApiSettings) -> Router {
    let (resources, document) = describe();
    let api = Arc::new(Api::new(host, hub, settings, document));
    let resources = resources
        .route(&format!("{ROOT}/openapi.json"), routing::get(health::document))
        .merge(browse::routes())
        .merge(setup_page::routes());
    let resources = resources.with_state(Arc::clone(&api));
    let versions = Versions::new(resources.clone());
    // The last of these comes first.
    resources
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), once::once))
        .route_layer(middleware::from_fn_with_state(versions, versions::check))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), authentication::authorize))
        .route_layer(middleware::from_fn(bounds::bound))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(Arc::clone(&api), frame::frame))
        .layer(cors::layer(&api.settings))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_of_routes_and_the_document_name_the_same() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone())))
            .collect();
        let own = ["/docs", "/docs/browse.css", "/docs/browse.js", "/openapi.json", "/setup", "/setup/setup.js"];
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
        let document = document();
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
        let document = document();
        let text = document.to_string();
        assert!(!text.contains("\"null\""), "an optional field is absent, and never null");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not described");
        }
    }
}
