//! What an operator is to provide for a run, in words. Looks for nothing.

use super::runs::{Need, NeedKind};

/// What an operator is to provide, such as `the key OPENAI_API_KEY`.
pub fn describe_needed(need: &Need) -> String {
    need.each().map(describe_one).collect::<Vec<_>>().join(" or ")
}

fn describe_one(need: &Need) -> String {
    let subject = &need.subject;
    match need.kind {
        NeedKind::Key if !need.is_rejected => format!("the key {subject}"),
        NeedKind::Key => format!("another key {subject}"),
        NeedKind::Price => format!("the price of {subject}"),
        NeedKind::Budget => "a budget that allows the next call".to_owned(),
        NeedKind::Grant => format!("a decision on {subject}"),
        NeedKind::Image => format!("the image {subject}"),
        NeedKind::Engine => format!("the {subject}"),
    }
}
