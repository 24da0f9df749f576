//! Finds the tables in a project's settings that only the user's settings can set. Drops and applies none of them.

use serde_json::Value;

use super::described::{Layer, TABLES, is_chosen};

/// What a project says there is a proposal, which the user sees and approves elsewhere.
const PROPOSED: &str = "bindings";

/// The dotted names of the tables in `project` that have no effect, since a project cannot set them.
pub fn user_tables_in(project: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for table in TABLES.iter().filter(|table| table.layer == Layer::User) {
        let path: Vec<_> = table.name.split('.').collect();
        if path[0] != PROPOSED {
            search(project, "", &path, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    let is_below = |name: &str, other: &str| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    found.iter().filter(|name| !found.iter().any(|other| is_below(name, other))).cloned().collect()
}

/// Adds what lies at `path` in `table`, which itself lies at `place`, a key that ends with a dot.
fn search(table: &Value, place: &str, path: &[&str], found: &mut Vec<String>) {
    let Some((name, rest)) = path.split_first() else { return };
    for (word, value) in table.as_object().into_iter().flatten().filter(|(word, _)| is_chosen(name) || word == name) {
        if rest.is_empty() {
            found.push(format!("{place}{word}"));
        } else {
            search(value, &format!("{place}{word}."), rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_that_a_project_cannot_set_are_found_and_others_are_not() {
        let project = json!({
            "models": { "default": "a/b" },
            "bindings": { "developer": "amelia", "labels": { "ui": { "developer": "bob" } } },
            "limits": { "calls": 1 },
            "plugins": { "plan": { "model": "a/b", "limits": { "calls": 1 } } },
            "providers": { "lab": { "base-url": "http://localhost" } },
            "sandbox": { "images": { "rust": { "reference": "rust" } } },
            "prices": { "a/b": { "input": 1 } },
            "mcp": {},
            "team": { "limits": { "calls": 1 } },
        });
        assert_eq!(user_tables_in(&project), ["limits", "plugins.plan.limits", "prices.a/b", "providers.lab", "sandbox"]);
        for nothing in [json!({}), json!(null), json!([1]), json!({ "plugins": 1, "sprint": { "limits": 1 } })] {
            assert_eq!(user_tables_in(&nothing), [""; 0], "{nothing}");
        }
    }
}
