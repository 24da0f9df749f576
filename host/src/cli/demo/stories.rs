//! The demo's stories: a line each, the history they made, and whether the program's own tests pass.

use serde_json::Value;

use crate::cli::{
    figures,
    screen::{BAD, FAINT, GOOD, painted},
    table::{Align, Cell, Table},
    text,
};

/// The stories of a sprint.
pub(super) fn stories(sprint: &Value) -> Table {
    const LONGEST: usize = 60;
    let mut table = Table::new(&[
        ("STORY", Align::Left),
        ("OUTCOME", Align::Left),
        ("CHANGES REQUESTED", Align::Right),
        ("REMERGED", Align::Right),
        ("TOOK", Align::Right),
        ("TITLE", Align::Left),
    ]);
    for story in sprint["stories"].as_array().into_iter().flatten() {
        let word = |name: &str| text::line(story[name].as_str().unwrap_or_default());
        let number = |name: &str| story[name].as_u64().unwrap_or(0);
        let style = if story["outcome"] == "landed" { GOOD } else { BAD };
        table.row([
            word("key").into(),
            Cell::styled(word("outcome"), style),
            number("sent_back").to_string().into(),
            number("merged_anew").to_string().into(),
            figures::duration(number("took_ms")).into(),
            Cell::styled(text::excerpt(&word("title"), LONGEST), FAINT),
        ]);
    }
    table
}

/// A graph of commits, safe to show.
pub(super) fn history(graph: &str) -> String {
    graph.lines().map(text::line).collect::<Vec<_>>().join("\n")
}

/// Whether the program's own tests pass, in a sentence.
pub(super) fn tests(tested: &Value) -> String {
    let command = text::line(tested["command"].as_str().unwrap_or("no command"));
    let took = figures::duration(tested["took_ms"].as_u64().unwrap_or(0));
    match tested["passed"].as_bool() {
        Some(true) => format!("{} The program's own tests pass: `{command}`, {took}.", painted(GOOD, "✓")),
        _ => format!(
            "{} The program's own tests fail: `{command}`.\n{}",
            painted(BAD, "✗"),
            text::plain(tested["report"].as_str().unwrap_or_default())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_story_is_a_line() {
        let sprint = json!({ "stories": [{ "key": "1-1-a", "title": "A\nb", "outcome": "landed", "sent_back": 1, "merged_anew": 0, "took_ms": 1500 }] });
        let shown = anstream::adapter::strip_str(&stories(&sprint).render()).to_string();
        assert!(shown.lines().count() == 2 && shown.contains("1-1-a") && shown.contains("1.5 s"), "{shown}");
    }

    #[test]
    fn red_tests_are_shown_with_what_they_said() {
        let text = super::tests(&json!({ "passed": false, "command": "make test", "report": "1 failed" }));
        assert!(text.contains("fail: `make test`") && text.ends_with("1 failed"), "{text}");
    }
}
