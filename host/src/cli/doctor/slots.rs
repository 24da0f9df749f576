//! Bindings of slots that cannot be used. Looks at no repository: what it proposes is told when a run starts in it.

use super::Check;
use crate::operations::{Host, bindings};

/// Nothing where every binding can be used.
pub(super) async fn check(app: &Host) -> Option<Check> {
    match bindings::problems(app).await {
        Ok(problems) if problems.is_empty() => None,
        Ok(problems) => {
            let found = if problems.len() == 1 {
                "1 binding cannot be used".to_owned()
            } else {
                format!("{} bindings cannot be used", problems.len())
            };
            Some(Check::warn("bindings", found, problems.join(" ")))
        }
        Err(error) => Some(Check::warn("bindings", "cannot be read", error.to_string())),
    }
}
