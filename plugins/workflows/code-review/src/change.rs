//! A change as its reviewer is shown it. Leaves out what the developer says of it, but for the replies to earlier findings, so
//! that the change speaks for itself.

use baton_slots::code_review::{Earlier, Input};
use baton_slots::dependency::Dependency;

/// Bytes of a diff; the reviewer can read the files for the rest.
const LONGEST_DIFF: usize = 96 << 10;
/// Bytes of the names of all files, where the diff does not fit.
const LONGEST_LIST: usize = 8 << 10;
/// Bytes of the tests' output, the last ones.
const LONGEST_REPORT: usize = 4 << 10;
/// Tests that are named.
const MOST_NAMED: usize = 30;
/// Dependencies that are named.
const MOST_DEPENDENCIES: usize = 100;

pub(crate) fn described(order: &Input, story: &str, criteria: &[String], diff: &str) -> String {
    let parts = [
        (format!("story {}", order.key), story.to_owned()),
        ("acceptance criteria".to_owned(), numbered(criteria)),
        ("tests".to_owned(), tests(order)),
        ("what the guards found".to_owned(), guards(&order.guards)),
        ("dependencies".to_owned(), dependencies(&order.dependencies)),
        ("earlier findings".to_owned(), earlier(&order.earlier)),
        (format!("the change, against {}", order.base), fitted(diff, LONGEST_DIFF)),
    ];
    let filled = parts.iter().filter(|(_, text)| !text.trim().is_empty());
    filled.map(|(title, text)| baton_survey::document(title, text)).collect::<Vec<_>>().join("\n\n")
}

/// The diff, or of each file as much as there is room for: a file must not go unseen because another is long.
fn fitted(diff: &str, room: usize) -> String {
    if diff.len() <= room {
        return diff.to_owned();
    }
    let files = by_file(diff);
    let share = share(&files, room.saturating_sub(LONGEST_LIST));
    let shown: String = files.iter().map(|file| clipped(file, share)).collect();
    let names = diff.lines().filter_map(|line| line.strip_prefix("diff --git "));
    let listed: String = names.map(|names| format!("{names}\n")).collect();
    let listed = &listed[..listed.floor_char_boundary(LONGEST_LIST)];
    let end = shown.floor_char_boundary(room);
    format!(
        "{}\n[The diff has {} bytes and is not shown as a whole; read the files. These are changed:]\n{listed}",
        &shown[..end],
        diff.len()
    )
}

fn by_file(diff: &str) -> Vec<&str> {
    let begins: Vec<_> = diff.match_indices("\ndiff --git ").map(|(place, _)| place + 1).collect();
    let ends = begins.iter().copied().chain([diff.len()]);
    [0].into_iter().chain(begins.iter().copied()).zip(ends).map(|(begin, end)| &diff[begin..end]).collect()
}

/// The longest that a file may be so that all fit: what short ones leave, long ones get.
fn share(files: &[&str], room: usize) -> usize {
    let mut sizes: Vec<_> = files.iter().map(|file| file.len()).collect();
    sizes.sort_unstable();
    let (mut left, mut share) = (room, 0);
    for (place, size) in sizes.iter().enumerate() {
        share = left / (sizes.len() - place);
        if *size > share {
            return share;
        }
        left -= size;
    }
    share
}

fn clipped(file: &str, share: usize) -> String {
    if file.len() <= share {
        return file.to_owned();
    }
    let end = file.floor_char_boundary(share);
    let end = file[..end].rfind('\n').map_or(end, |line_break| line_break + 1);
    format!("{}[{} lines more of this file]\n", &file[..end], file[end..].lines().count())
}

fn tests(order: &Input) -> String {
    let Some(tests) = &order.tests else { return "They were not run.".to_owned() };
    let command = tests.command.as_deref().unwrap_or("no command");
    let report = &tests.report[tests.report.ceil_char_boundary(tests.report.len().saturating_sub(LONGEST_REPORT))..];
    let counts = tests.counts.map_or_else(String::new, |counts| format!(": {}", counts.in_words()));
    let added = named("Tests that this story added", &tests.added);
    let flaky = named("Tests that failed and passed when run again", &tests.flaky_tests);
    let gap = if added.is_empty() && flaky.is_empty() { " " } else { "\n" };
    format!("`{command}` is green{counts}.{added}{flaky}{gap}The end of its output:\n{report}")
}

fn named(what: &str, names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let told: Vec<_> = names.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    if told.is_empty() { String::new() } else { format!("\n{what}: {}{more}.", told.join(", ")) }
}

fn guards(notes: &[String]) -> String {
    if notes.is_empty() {
        return "Nothing.".to_owned();
    }
    notes.iter().map(|note| format!("- {note}\n")).collect()
}

/// What is fetched comes first; the reviewer is asked for the rest of what it can judge.
fn dependencies(changes: &[Dependency]) -> String {
    let (fetched, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.is_fetched());
    let more = changes.len().saturating_sub(MOST_DEPENDENCIES);
    let more = if more > 0 { format!("- and {more} more; read the lockfiles.\n") } else { String::new() };
    let told = fetched.iter().chain(&others).take(MOST_DEPENDENCIES);
    let told: String = told.map(|change| format!("- The change {}, in {}.\n", change.in_words(), named_files(&change.files))).collect();
    if told.is_empty() {
        return String::new();
    }
    let judge = if fetched.is_empty() {
        ""
    } else {
        "Find out whether the story needs what is new, and whether it is the package that is meant.\n"
    };
    format!("By the lockfiles. A licence is what the package says itself. {judge}{told}{more}")
}

fn named_files(files: &[String]) -> String {
    let files: Vec<_> = files.iter().map(|file| format!("`{file}`")).collect();
    files.join(", ")
}

fn earlier(findings: &[Earlier]) -> String {
    let told = |(number, earlier): (usize, &Earlier)| {
        let Earlier { finding, reply, status } = earlier;
        let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
        let status = if earlier.is_open() { "open" } else { status };
        let reply = if reply.trim().is_empty() {
            "The developer says nothing to it.".to_owned()
        } else {
            format!("The developer says: {}", reply.trim())
        };
        format!("{number}. ({status}) {}{line}: {} ({}) {reply}\n", finding.path, finding.what.trim(), finding.why.trim())
    };
    (1..).zip(findings).map(told).collect()
}

fn numbered(criteria: &[String]) -> String {
    (1..).zip(criteria).map(|(number, criterion)| format!("{number}. {criterion}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, lines: usize) -> String {
        format!("diff --git a/{name} b/{name}\n@@ -0,0 +1 @@\n{}", "+a line of this file\n".repeat(lines))
    }

    #[test]
    fn a_short_file_is_whole_beside_a_long_one() {
        let diff = file("long", 20_000) + &file("short", 3) + &file("longer", 30_000);
        let shown = fitted(&diff, LONGEST_DIFF);
        assert!(shown.len() < LONGEST_DIFF + LONGEST_LIST + 200, "{}", shown.len());
        assert!(shown.contains(&file("short", 3)), "the short file is whole");
        assert!(
            shown.matches("lines more of this file]").count() == 2 && shown.contains("a/longer b/longer\n"),
            "{}",
            &shown[shown.len() - 400..]
        );
        assert_eq!(fitted(&file("short", 3), LONGEST_DIFF), file("short", 3));
    }

    #[test]
    fn a_diff_of_many_files_is_bounded() {
        let diff: String = (0..20_000).map(|number| file(&format!("f{number}"), 1)).collect();
        assert!(fitted(&diff, LONGEST_DIFF).len() < LONGEST_DIFF + LONGEST_LIST + 200);
    }
}
