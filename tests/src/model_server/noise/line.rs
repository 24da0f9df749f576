//! What goes wrong on the way, as providers and the gateways in front of them answer it. Knows no reply.

use super::Line;

/// One way in which a line fails.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) line: fn() -> Line,
}

/// All of them.
pub(super) const WAYS: &[Way] = &[
    Way { name: "429", line: || status("429 Too Many Requests", "Rate limit reached for requests. Please try again in 300ms.") },
    Way { name: "500", line: || status("500 Internal Server Error", "The server had an error while processing your request.") },
    Way { name: "502", line: || Line::Status("502 Bad Gateway", Some("Content-Type: text/html"), GATEWAY.to_owned()) },
    Way { name: "503", line: || status("503 Service Unavailable", "The engine is currently overloaded, please try again later.") },
    Way { name: "529", line: || status("529 Overloaded", "Overloaded") },
    Way { name: "not-json", line: || Line::Status("200 OK", Some("Content-Type: text/html"), GATEWAY.to_owned()) },
    Way { name: "reset", line: || Line::ResetAtOnce },
    Way { name: "reset-midway", line: || Line::Reset },
    Way { name: "cut-midway", line: || Line::Cut },
    Way { name: "slow", line: || Line::Slow },
];

const GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>";

fn status(status: &'static str, message: &str) -> Line {
    let body = serde_json::json!({ "error": { "message": message, "type": "server_error", "param": null, "code": null } });
    Line::Status(status, Some("Content-Type: application/json"), body.to_string())
}
