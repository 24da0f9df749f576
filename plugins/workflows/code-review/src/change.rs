//! A change as its reviewer is shown it. Leaves out what the developer says of it, so that the change speaks for itself.

use baton_slots::code_review::Input;

/// Bytes of a diff; the reviewer can read the files for the rest.
const LONGEST_DIFF: usize = 96 << 10;
/// Bytes of the names of all files, where the diff does not fit.
const LONGEST_LIST: usize = 8 << 10;
/// Bytes of the tests' output, the last ones.
const LONGEST_REPORT: usize = 4 << 10;

pub(crate) fn described(order: &Input, story: &str, diff: &str) -> String {
    let end = diff.floor_char_boundary(LONGEST_DIFF);
    let cut = if end < diff.len() { missing(diff, end) } else { String::new() };
    let parts = [
        (format!("story {}", order.key), story.to_owned()),
        ("tests".to_owned(), tests(order)),
        ("what the guards found".to_owned(), guards(&order.guards)),
        (format!("the change, against {}", order.base), format!("{}{cut}", &diff[..end])),
    ];
    let documents = parts.iter().map(|(title, text)| format!("<document title=\"{title}\">\n{}\n</document>", text.trim()));
    documents.collect::<Vec<_>>().join("\n\n")
}

/// What stands in the place of the rest, by name: a file must not go unseen because another is long.
fn missing(diff: &str, end: usize) -> String {
    let names = diff.lines().filter_map(|line| line.strip_prefix("diff --git "));
    let listed: String = names.map(|names| format!("{names}\n")).collect();
    let listed = &listed[..listed.floor_char_boundary(LONGEST_LIST)];
    format!("\n[{} bytes more; read the files that are missing. These are changed:]\n{listed}", diff.len() - end)
}

fn tests(order: &Input) -> String {
    let Some(tests) = &order.tests else { return "They were not run.".to_owned() };
    let command = tests.command.as_deref().unwrap_or("no command");
    let report = &tests.report[tests.report.ceil_char_boundary(tests.report.len().saturating_sub(LONGEST_REPORT))..];
    format!("`{command}` is green. The end of its output:\n{report}")
}

fn guards(notes: &[String]) -> String {
    if notes.is_empty() {
        return "Nothing.".to_owned();
    }
    notes.iter().map(|note| format!("- {note}\n")).collect()
}
