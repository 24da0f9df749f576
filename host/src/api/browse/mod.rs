//! The page on which people browse the document that describes the API: our own, in the program, and without anything from elsewhere.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

use super::{Api, ROOT};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("browse.js");
const STYLE: &str = include_str!("browse.css");

/// What the page may load: its own script and style, and the document. Nothing inline, and nothing of another origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route(&format!("{ROOT}/docs"), get(|| async { file("text/html; charset=utf-8", PAGE) }))
        .route(&format!("{ROOT}/docs/browse.css"), get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route(&format!("{ROOT}/docs/browse.js"), get(|| async { file("text/javascript; charset=utf-8", SCRIPT) }))
}

fn file(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_writes_no_markup() {
        for text in [PAGE, SCRIPT, STYLE] {
            assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("//cdn"), "{text}");
        }
        assert!(!PAGE.contains("<script>") && !PAGE.contains("style=") && !PAGE.contains("onclick"));
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!SCRIPT.contains(sink), "{sink}");
        }
    }
}
