//! The page that the one-time link leads to, on which the first admin is made. The secret lies behind the `#` of the link, which no
//! browser sends to a host and no log holds.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

use super::{Api, ROOT};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("setup.js");

/// What the page may load: its own script, and the route that makes the admin.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route(&format!("{ROOT}/setup"), get(|| async { file("text/html; charset=utf-8", PAGE) }))
        .route(&format!("{ROOT}/setup/setup.js"), get(|| async { file("text/javascript; charset=utf-8", SCRIPT) }))
}

/// The link to the page, for a host that is reached at `url`.
pub(super) fn link(url: &str, secret: &str) -> String {
    format!("{url}{ROOT}/setup#{secret}")
}

fn file(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, text)
}
