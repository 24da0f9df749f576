//! Which pages of other origins may read answers: those that the settings list, and no others. They send no cookies, for the API has
//! none.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;

use crate::config::ApiSettings;

/// How long a browser remembers what it may do.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// Tells browsers what the pages of the listed origins may do.
pub(super) fn layer(settings: &ApiSettings) -> CorsLayer {
    // `*` is not an origin: it would let every page read what the host's own network may read.
    let listed = settings.origins.iter().filter(|origin| *origin != "*");
    let origins = listed.filter_map(|origin| HeaderValue::from_str(origin).ok());
    let named = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            named("idempotency-key"),
            named("last-event-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            named("idempotency-replayed"),
            named("x-ratelimit-limit"),
            named("x-ratelimit-remaining"),
            named("x-request-id"),
        ])
        .max_age(REMEMBERED_FOR)
}
