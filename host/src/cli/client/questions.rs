//! Questions of runs, here or on a server. A server is asked for the question that a part of its id names.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{Client, Parameters, Remote, parameters::Fields};
use crate::operations::{
    Page, Problem,
    questions::{self, AnswerQuestion, AnsweredQuestion, Continuation, ListQuestions, Question},
    runs::{RunOutput, RunState},
};

/// How long it is watched whether a server continues a run that has its answer, and how often.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(200);

pub(in crate::cli) async fn list(client: &Client, request: &ListQuestions) -> Result<Page<Question>, Problem> {
    match client {
        Client::Here(host) => questions::list(host, request).await,
        Client::There(remote) => remote.list_all(&["questions"], &Parameters::of(request)).await,
    }
}

pub(in crate::cli) async fn find(client: &Client, part: &str) -> Result<Question, Problem> {
    match client {
        Client::Here(host) => questions::find(host, part).await,
        Client::There(remote) => find_there(remote, part).await,
    }
}

pub(in crate::cli) async fn find_there(remote: &Remote, part: &str) -> Result<Question, Problem> {
    remote.read(&["questions", "find"], &Parameters::default().with("id", Some(part))).await
}

pub(in crate::cli) async fn answer(client: &Client, request: &AnswerQuestion) -> Result<AnsweredQuestion, Problem> {
    match client {
        Client::Here(host) => questions::answer(host, host.operator(), request).await,
        Client::There(remote) => answer_there(remote, request).await,
    }
}

pub(in crate::cli) async fn answer_there(remote: &Remote, request: &AnswerQuestion) -> Result<AnsweredQuestion, Problem> {
    let path = ["questions", request.question.as_str(), "answer"];
    remote.change(Method::POST, &path, Fields::of(request, &["question"])).await
}

/// What becomes of the run that waited for an answer.
pub(in crate::cli) async fn continuation(client: &Client, answered: &AnsweredQuestion) -> Result<Continuation, Problem> {
    let remote = match client {
        Client::Here(host) => return questions::continuation(host, answered).await,
        Client::There(remote) => remote,
    };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let run: RunOutput = remote.read(&["runs", answered.run.as_str(), "output"], &Parameters::default()).await?;
        if run.state != RunState::Queued {
            return Ok(Continuation::Continues);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(Continuation::Queued)
}
