//! Markdown of the documents. Text of a model goes in as text: where a line break or a bar would change the
//! document's structure, it is taken out.

mod backlog;
mod product;

use std::fmt::Display;

pub(crate) use backlog::{Context, backlog, readiness, story, story_body};

pub(crate) use product::{analysis, architecture, constraints, requirements, test_strategy};

/// A bullet list; `None.` when there is nothing in it.
pub(crate) fn list<T: Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "None.".to_owned();
    }
    items.iter().map(|item| format!("- {}", line(&item.to_string()))).collect::<Vec<_>>().join("\n")
}

/// A table; `None.` when it has no rows.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<String> = rows.into_iter().map(|cells| row(cells.iter().map(String::as_str))).collect();
    if rows.is_empty() {
        return "None.".to_owned();
    }
    format!("{}\n{}\n{}", row(head.iter().copied()), row(head.iter().map(|_| "---")), rows.join("\n"))
}

fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(|cell| line(cell).replace('|', "\\|")).collect();
    format!("| {} |", cells.join(" | "))
}

/// On one line, for titles, cells and items.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A document of a title and parts with a blank line between them.
fn document(title: &str, parts: impl IntoIterator<Item = String>) -> String {
    let mut document = format!("# {}\n", line(title));
    for part in parts {
        document.push('\n');
        document.push_str(part.trim());
        document.push('\n');
    }
    document
}

fn section(title: &str, body: &str) -> String {
    format!("## {}\n\n{}", line(title), body.trim())
}
