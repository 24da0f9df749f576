//! What a server answers, read within bounds: a view, or the problem that it describes. Believes no server to be well-behaved.

use reqwest::{Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    cli::text,
    operations::{Problem, ProblemKind, ProblemSource},
};

/// Bytes of the largest answer that is read.
const LARGEST: usize = 256 << 20;
/// Bytes of the largest problem, and of the largest small view.
const LARGEST_PROBLEM: usize = 1 << 20;

/// A problem as the API describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Described {
    detail: Option<String>,
    code: Option<String>,
    field: Option<String>,
    hint: Option<String>,
    source: Option<ProblemSource>,
}

/// The view that a server answered with, or the problem.
pub(super) async fn read<T: DeserializeOwned>(name: &str, response: Response) -> Result<T, Problem> {
    let body = read_whole(name, response, LARGEST).await?;
    serde_json::from_slice(&body).map_err(|_| not_baton(name))
}

/// The same of a view that is never large.
pub(super) async fn read_small<T: DeserializeOwned>(name: &str, response: Response) -> Result<T, Problem> {
    let body = read_whole(name, response, LARGEST_PROBLEM).await?;
    serde_json::from_slice(&body).map_err(|_| not_baton(name))
}

/// An answer without a body, or the problem.
pub(super) async fn check(name: &str, response: Response) -> Result<(), Problem> {
    read_whole(name, response, LARGEST_PROBLEM).await.map(drop)
}

async fn read_whole(name: &str, response: Response, most: usize) -> Result<Vec<u8>, Problem> {
    let status = response.status();
    if status.is_success() {
        return read_body(name, response, most).await;
    }
    if status.is_redirection() {
        let message = format!("{name} answers with a redirection, which Baton does not follow with a credential.");
        let problem = Problem::new(ProblemKind::Unavailable, "server_redirects", message, ProblemSource::Host);
        return Err(problem.advise("Name the URL that it leads to with --server."));
    }
    Err(read_problem(name, response).await)
}

/// The problem in an answer.
pub(super) async fn read_problem(name: &str, response: Response) -> Problem {
    let status = response.status();
    match read_body(name, response, LARGEST_PROBLEM).await {
        Ok(body) => problem(name, status, &body),
        Err(problem) => problem,
    }
}

/// The body of an answer, in which there is at most so much.
async fn read_body(name: &str, mut response: Response, most: usize) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| cut_off(name))? {
        if body.len() + chunk.len() > most {
            let message = format!("{name} answers with more than {most} bytes.");
            return Err(Problem::new(ProblemKind::Unavailable, "server_answer_too_large", message, ProblemSource::Host));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn cut_off(name: &str) -> Problem {
    let message = format!("The connection to {name} ended in the middle of an answer.");
    let problem = Problem::new(ProblemKind::Unavailable, "server_unreachable", message, ProblemSource::Host);
    problem.advise("Look whether the request was done before you send it again.")
}

/// Something else than Baton answered.
pub(super) fn not_baton(name: &str) -> Problem {
    let message = format!("{name} does not answer as Baton does.");
    let problem = Problem::new(ProblemKind::Unavailable, "server_unknown", message, ProblemSource::Host);
    problem.advise("Check the URL in --server or BATON_SERVER.")
}

/// The problem that a body describes.
fn problem(name: &str, status: StatusCode, body: &[u8]) -> Problem {
    let kind = match status.as_u16() {
        404 => ProblemKind::NotFound,
        401 => ProblemKind::Unauthenticated,
        403 => ProblemKind::Forbidden,
        409 | 412 => ProblemKind::Conflict,
        429 => ProblemKind::Exhausted,
        503 => ProblemKind::Unavailable,
        400..=499 => ProblemKind::Invalid,
        _ => ProblemKind::Internal,
    };
    let Described { detail, code, field, hint, source } = serde_json::from_slice(body).unwrap_or_default();
    let message = detail.unwrap_or_else(|| format!("{name} answers with status {}.", status.as_u16()));
    let problem = Problem::new(kind, "request_failed", message, source.unwrap_or(ProblemSource::Host));
    // A code is a word for programs, whatever a server sends.
    let code = code.map_or(problem.code.clone(), |code| text::escaped(&code).into());
    Problem { code, hint, field, ..problem }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_reads_back_as_the_api_wrote_it() {
        let read = |status, body: &[u8]| problem("The server", StatusCode::from_u16(status).unwrap(), body);
        let document =
            json!({ "status": 404, "detail": "Run `x` does not exist.", "code": "run_not_found", "hint": "Look.", "source": "client" });
        let found = read(404, document.to_string().as_bytes());
        assert_eq!((found.kind, found.code.as_ref(), found.hint.as_deref()), (ProblemKind::NotFound, "run_not_found", Some("Look.")));
        let other = read(502, b"<html>");
        assert_eq!((other.kind, other.message.as_str()), (ProblemKind::Internal, "The server answers with status 502."));
    }
}
