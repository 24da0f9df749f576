//! What an operator is to provide for a run, in words. Looks for nothing.

use crate::journal::{NeedKind, Needed};

/// What an operator is to provide, such as `the key OPENAI_API_KEY`.
pub fn describe_needed(needed: &Needed) -> String {
    needed.each().map(describe_one).collect::<Vec<_>>().join(" or ")
}

fn describe_one(needed: &Needed) -> String {
    let subject = &needed.subject;
    match needed.kind {
        NeedKind::Key if needed.rejected.is_empty() => format!("the key {subject}"),
        NeedKind::Key => format!("another key {subject}"),
        NeedKind::Price => format!("the price of {subject}"),
        NeedKind::Budget => "a budget that allows the next call".to_owned(),
        NeedKind::Grant => format!("a decision on {subject}"),
        NeedKind::Image => format!("the image {subject}"),
        NeedKind::Engine => format!("the {subject}"),
    }
}
