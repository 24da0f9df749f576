//! Does what the host's own tools are asked and says it as text for a model, as the SDK's tools of the same names do.

use baton_sdk::tools::text;
use serde_json::Value;

use super::{Files, SearchQuery, declared};
use crate::{
    interfaces::{blocking::Deadline, tools::toolset::Arguments},
    journal::{Attempt, Authority, CallError},
};

/// What a tool is asked. The arguments satisfy its parameters.
pub(super) struct Given<'a> {
    pub(super) tool: &'a str,
    pub(super) arguments: &'a Arguments,
    pub(super) attempt: &'a Attempt,
}

/// The text a tool answers.
pub(super) fn perform(files: &dyn Files, given: &Given<'_>, authority: &dyn Authority, deadline: &Deadline) -> Result<String, CallError> {
    let Given { tool, arguments, attempt } = given;
    let named = |name: &str| arguments.get(name).and_then(Value::as_str);
    let given = |name: &str| named(name).unwrap_or_default();
    match *tool {
        declared::READ => read(files, given("path"), arguments),
        declared::FIND => {
            let find = |glob: &str| files.find(glob, authority, deadline);
            Ok(text::show_found(&text::find_meant(given("glob"), find)?))
        }
        declared::SEARCH => {
            let ignores_case = arguments.get("ignore-case").is_some_and(|value| *value == true);
            let (pattern, glob) = (text::pattern(given("pattern"), ignores_case), named("glob").map(text::searched));
            let context = number(arguments, "context").unwrap_or(0);
            let wanted = SearchQuery { pattern: &pattern, glob: glob.as_deref(), limit: text::MOST_MATCHES + 1, context };
            Ok(text::show_matches(&files.search(&wanted, authority, deadline)?))
        }
        declared::WRITE => {
            files.write(given("path"), given("content").as_bytes(), attempt)?;
            Ok(format!("Wrote {} bytes to {}.", given("content").len(), given("path")))
        }
        other => Err(CallError::not_found(format!("The host has no tool `{}`.", other.escape_debug()))),
    }
}

fn read(files: &dyn Files, path: &str, arguments: &Arguments) -> Result<String, CallError> {
    let content = files.read(path)?;
    Ok(show(path, text::decode(path, &content).map_err(CallError::invalid)?, arguments))
}

/// The lines of a text that the arguments ask for.
pub(super) fn show(name: &str, content: &str, arguments: &Arguments) -> String {
    let (first, count) = (number(arguments, "first-line").unwrap_or(1), number(arguments, "lines").unwrap_or(text::USUAL_LINES));
    text::show_excerpt(name, &text::excerpt(content, first, count, text::LONGEST_EXCERPT))
}

/// A whole number, which JSON may also write with a fraction of zero.
fn number(arguments: &Arguments, name: &str) -> Option<u32> {
    let value = arguments.get(name)?;
    let number = value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64));
    number.map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(content: &str, arguments: &Value) -> String {
        show("a", content, arguments.as_object().unwrap())
    }

    #[test]
    fn a_long_file_comes_in_numbered_parts() {
        let content = "line\n".repeat(1200);
        assert!(shown(&content, &json!({})).ends_with("   500\tline\n[Lines 1 to 500 of 1200. Read on with first-line 501.]"));
        assert!(shown(&content, &json!({ "first-line": 1200.0, "lines": 9 })).starts_with("  1200\tline\n[Lines 1200 to 1200, the last"));
    }

    #[test]
    fn odd_numbers_are_answered() {
        for first in [json!(1e300), json!(u64::MAX), json!(7)] {
            assert!(shown("a\n", &json!({ "first-line": first })).starts_with("`a` has no line "), "{first}");
        }
    }
}
