//! Problems as answers: `application/problem+json` with the status that follows from the kind. Gives away nothing of this machine:
//! what went wrong inside is in the log, under the request's id.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::operations::{Problem, ProblemKind, ProblemSource};

/// The media type of an answer that says what went wrong.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ProblemDocument {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: String,
    /// What the status is called.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, a sentence.
    detail: String,
    /// A word for programs, such as `run_not_found`. More come with time.
    code: String,
    /// The field of the request that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The request, as the host's log and events name it.
    request_id: String,
    /// Where the cause lies: repeating a request helps only where it is not `client`.
    source: ProblemSource,
}

/// A request that was not done.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A mistake of the client's, with a status of its own.
    pub(super) fn of_client(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let problem = Problem::new(ProblemKind::Invalid, code, message, ProblemSource::Client);
        Self { status, problem, retry_after: None }
    }

    /// A request whose sender is not known.
    pub(super) fn unauthenticated(code: &'static str, message: impl Into<String>) -> Self {
        Self::of_client(StatusCode::UNAUTHORIZED, code, message)
    }

    /// The same about a field of the request.
    pub(super) fn of_field(self, field: &str) -> Self {
        Self { problem: self.problem.of_field(field), ..self }
    }

    /// The same with what to do about it.
    pub(super) fn advise(self, hint: &str) -> Self {
        Self { problem: self.problem.advise(hint), ..self }
    }

    /// The same, to be repeated after a while.
    pub(super) fn retry_after(self, after: Duration) -> Self {
        Self { retry_after: Some(after), ..self }
    }

    /// What went wrong.
    pub(super) fn problem(&self) -> Problem {
        self.problem.clone()
    }

    /// The word for programs.
    pub(super) fn code(&self) -> &str {
        &self.problem.code
    }

    /// Whether it is not known who asks.
    pub(super) fn is_unauthenticated(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// What it is by its status alone, for an answer that axum or a layer made.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => ("not_found", "The API has no such resource."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "The resource does not allow this method."),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "The body of the request is too large."),
            StatusCode::REQUEST_TIMEOUT => ("request_too_slow", "The request did not arrive in time."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("media_type_unsupported", "The request's media type cannot be read."),
            StatusCode::SERVICE_UNAVAILABLE => {
                let message = "The host cannot do this now.";
                return Self::from(Problem::new(ProblemKind::Unavailable, "unavailable", message, ProblemSource::Host));
            }
            status if status.is_client_error() => ("request_invalid", "The request cannot be read."),
            _ => return Self::from(Problem::new(ProblemKind::Internal, "internal", "The request failed.", ProblemSource::Host)),
        };
        Self::of_client(status, code, message)
    }

    /// Writes it as an answer to a request. What a client must not see is logged instead.
    pub(super) fn answer(&self, request_id: &str) -> Response {
        let Self { status, problem, retry_after } = self;
        let shown = shown(problem, request_id);
        let document = ProblemDocument {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: shown.message,
            code: shown.code.into_owned(),
            field: shown.field,
            hint: shown.hint,
            request_id: request_id.to_owned(),
            source: shown.source,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = *status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if *status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let after = retry_after.or_else(|| (*status == StatusCode::SERVICE_UNAVAILABLE).then_some(UNAVAILABLE_FOR));
        if let Some(after) = after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        response
    }
}

/// How long a client waits where something that is needed does not answer.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(5);

/// The problem as a client may see it: an error inside this host, of its database or its settings can name its files.
fn shown(problem: &Problem, request_id: &str) -> Problem {
    let is_inside = problem.kind == ProblemKind::Internal
        || problem.source == ProblemSource::Database
        || (problem.kind == ProblemKind::Unavailable && problem.source == ProblemSource::Host);
    if !is_inside {
        return problem.clone();
    }
    tracing::error!(request = request_id, code = %problem.code, "a request failed: {problem}");
    let message = match problem.kind {
        ProblemKind::Internal => "The request failed because of an error inside the host.",
        _ if problem.source == ProblemSource::Database => "The host's database does not answer.",
        _ => "The host is not able to do this now.",
    };
    let hint = format!("The host's log says more under the request's id {request_id}.");
    Problem { code: problem.code.clone(), ..Problem::new(problem.kind, "internal", message, problem.source) }.advise(hint)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let status = match problem.kind {
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::Invalid => StatusCode::BAD_REQUEST,
            ProblemKind::Conflict => StatusCode::CONFLICT,
            ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            ProblemKind::Forbidden => StatusCode::FORBIDDEN,
            ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ProblemKind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
            ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let usual = (status == StatusCode::TOO_MANY_REQUESTS).then_some(Duration::from_secs(60));
        let retry_after = problem.retry_after_s.map(Duration::from_secs).or(usual);
        Self { status, problem, retry_after }
    }
}

impl IntoResponse for Failure {
    /// The body is written once the request's id is known, by [`super::frame`].
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(failure: &Failure) -> ProblemDocument {
        let body = failure.answer("r-1").into_body();
        let bytes = futures::executor::block_on(axum::body::to_bytes(body, usize::MAX)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_kind_has_its_status_and_absent_fields_are_left_out() {
        let failure = Failure::from(Problem::invalid("x_invalid", "x", "`x` is wrong."));
        let document = read(&failure);
        assert_eq!((document.status, document.field.as_deref(), document.hint), (400, Some("x"), None));
        assert_eq!((document.detail.as_str(), document.request_id.as_str()), ("`x` is wrong.", "r-1"));
    }

    #[test]
    fn what_went_wrong_inside_is_not_told() {
        let inside = [
            Problem::new(ProblemKind::Internal, "internal", "/home/ada/secret", ProblemSource::Host),
            Problem::new(ProblemKind::Unavailable, "store_unavailable", "SELECT /home/ada", ProblemSource::Database),
            Problem::new(ProblemKind::Unavailable, "settings_invalid", "/home/ada/baton.toml", ProblemSource::Host),
        ];
        for problem in inside {
            let document = read(&Failure::from(problem.clone()));
            assert!(!document.detail.contains("ada") && document.code == problem.code, "{document:?}");
            assert!(document.hint.is_some_and(|hint| hint.contains("r-1")));
        }
    }

    #[test]
    fn what_can_be_repeated_says_when() {
        let limited = Failure::from(Problem::new(ProblemKind::Exhausted, "full", "Full.", ProblemSource::Host));
        assert_eq!(limited.answer("r").headers()[header::RETRY_AFTER], "60");
        let failure = Failure::of_client(StatusCode::TOO_MANY_REQUESTS, "rate", "Slow.").retry_after(Duration::from_millis(20));
        assert_eq!(failure.answer("r").headers()[header::RETRY_AFTER], "1");
    }
}
