//! Deeds with pull requests.

use baton_sdk::{
    forge::{Check, Method, Progress, Proposal, PullRequest, Verdict},
    prelude::*,
};

use crate::said;

/// Expects: what each of the calls came to, in order; an error as `{"error": …}`.
pub(crate) fn calls(calls: &Value) -> Value {
    let calls = calls.as_array().cloned().unwrap_or_default();
    let answers = calls.iter().map(|call| match one(call) {
        Ok(answer) => answer,
        Err(error) => json!({ "error": said(&error) }),
    });
    answers.collect()
}

fn one(call: &Value) -> Result<Value> {
    let text = |name: &str| call[name].as_str().unwrap_or_default();
    let number = call["number"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    match text("call") {
        "about" => forge::about().map(|about| json!([about.kind, about.auto_merge])),
        "open" => forge::open(&Proposal::new(text("branch"), "main", text("title")).with_body(text("body"))).map(Value::from),
        "get" => forge::get(number).map(|found| shown(&found)),
        "all-open" => forge::all_open().map(|found| found.iter().map(|one| json!([one.number, one.branch, one.into, one.title])).collect()),
        "approve" => forge::review(number, Verdict::Approve, text("text")).map(|()| Value::Null),
        "request-changes" => forge::review(number, Verdict::RequestChanges, text("text")).map(|()| Value::Null),
        "pass" => forge::report(number, &Check::new(text("name"), Progress::Passed, text("summary"))).map(|()| Value::Null),
        "merge" => forge::merge(number, text("head"), Method::Merge, call["commit"].as_str()).map(Value::from),
        "close" => forge::close(number).map(|()| Value::Null),
        other => Err(Error::invalid(format!("There is no call `{other}`."))),
    }
}

/// Without times, which differ from host to host.
fn shown(found: &PullRequest) -> Value {
    let reviews = found.reviews.iter().map(|review| json!([word(&review.verdict), review.text, review.author]));
    json!({
        "number": found.number,
        "branch": found.proposal.branch,
        "title": found.proposal.title,
        "body": found.proposal.body,
        "state": word(&found.state),
        "head": found.head,
        "merge-commit": found.merge_commit,
        "mergeable": word(&found.mergeable),
        "checks": found.checks.iter().map(|check| json!([check.name, word(&check.progress), check.summary])).collect::<Vec<_>>(),
        "reviews": reviews.collect::<Vec<_>>(),
        "approved": found.is_approved(),
        "green": found.is_green(),
        "address": found.address,
    })
}

/// `Approve`, without the name of its type.
fn word(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.rsplit(':').next().unwrap_or_default().to_owned()
}
