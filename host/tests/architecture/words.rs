//! Words that never fit what people read, since another is the term: in string literals of code, and on pages.

use std::{fs, path::Path};

use crate::source::{Source, Violation};

/// A word in small letters, and what to write.
const NEVER: &[(&str, &str)] = &[
    ("anew", "again"),
    ("blotted", "redacted"),
    ("carried on", "resumed"),
    ("carries on", "is resumed"),
    ("for ever", "forever"),
    ("gravest", "most severe"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("nobody", "who does not"),
    ("purse", "budget"),
    ("put away", "suspended"),
    ("somebody", "who: a person, an operator, a plugin"),
    ("taken up", "resumed"),
    ("what is there", "what it is"),
    ("whoever", "who: the operator, the author, the person who"),
];

/// Words that have another where a person at a command line is told of places on a disk. Models and plugins are told of folders.
const ON_DISK: &[(&str, &str)] = &[("folder", "directory"), ("folders", "directories")];
/// Where such a person is told something. What is said of plugins is said of workflow folders as well.
const COMMAND_LINE: &[&str] = &["host/src/app/", "host/src/cli/", "host/src/config/", "host/src/kernel/", "host/src/operations/"];
/// Pages that are made from code, or about workflow folders.
const OTHER_PAGES: &[&str] = &[
    "benchmarks",
    "commands",
    "events",
    "javascript",
    "needs-and-grants",
    "python",
    "security",
    "settings",
    "stream",
    "style",
    "workflow-folders",
];

/// What the program says, and what the pages say.
pub(crate) fn texts_are_in_plain_words(sources: &[Source]) -> Vec<Violation> {
    let speaks = |source: &&Source| ["host/src/", "sdk/src/", "plugins/", "slots/"].iter().any(|room| source.path.starts_with(room));
    let code = sources.iter().filter(speaks).flat_map(|source| violations(source, &literals(source), NEVER));
    let is_told = |source: &&Source| COMMAND_LINE.iter().any(|room| source.path.starts_with(room)) && !source.path.contains("plugin");
    let told = sources.iter().filter(is_told).flat_map(|source| violations(source, &literals(source), ON_DISK));
    let pages = pages();
    let of_pages = pages.iter().flat_map(|page| violations(page, &prose(&page.text), NEVER));
    let is_other = |page: &&Source| OTHER_PAGES.iter().any(|name| page.path.ends_with(&format!("/{name}.md")));
    let by_hand = pages.iter().filter(|page| page.path.contains('/') && !is_other(page));
    let on_disk = by_hand.flat_map(|page| violations(page, &prose(&without_headings(&page.text)), ON_DISK));
    code.chain(told).chain(of_pages).chain(on_disk).collect()
}

/// A page with blanks for its headings, which links name.
fn without_headings(text: &str) -> String {
    let line = |line: &str| if line.starts_with('#') { " ".repeat(line.trim_end().len()) + "\n" } else { line.to_owned() };
    text.split_inclusive('\n').map(line).collect()
}

fn violations(source: &Source, text: &str, never: &[(&str, &str)]) -> Vec<Violation> {
    let lowered = text.to_ascii_lowercase();
    let mut violations = Vec::new();
    for (word, better) in never {
        for (position, _) in lowered.match_indices(word) {
            let (before, after) = (lowered[..position].chars().next_back(), lowered[position + word.len()..].chars().next());
            // A name in a format string is no word of it.
            let is_inside =
                |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || "_{}".contains(character));
            // A literal that is the word alone is a key.
            let around = |position: usize| source.code.as_bytes().get(position) == Some(&b'"');
            let is_key = position > 0 && around(position - 1) && around(position + word.len());
            // The types of events and paths are names as well.
            let is_part = before == Some('.') || after == Some('/');
            let is_name = is_part || lowered[..position].ends_with("workflow ") || lowered[..position].ends_with("workflow-");
            if !is_inside(before) && !is_inside(after) && !is_key && !is_name {
                violations.push(source.violation(text, position, format!("`{word}` is not a word for people who read this; say {better}")));
            }
        }
    }
    violations
}

/// The string literals of a file, with blanks for all else.
fn literals(source: &Source) -> String {
    let lines = source.code.split_inclusive('\n').zip(source.bare.split_inclusive('\n'));
    let literals = lines.map(|(code, bare)| {
        // The reason of a lint is a comment.
        let is_comment = code.contains("reason = ");
        let pairs = code.bytes().zip(bare.bytes());
        pairs.map(move |(code, bare)| if (code == bare || is_comment) && code != b'\n' { b' ' } else { code }).collect::<Vec<_>>()
    });
    String::from_utf8(literals.flatten().collect()).unwrap_or_default()
}

/// A page without what stands between backquotes: names have their own rules.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let keep = |character| {
        is_code ^= character == '`';
        if is_code && character != '\n' { ' ' } else { character }
    };
    text.chars().map(keep).collect()
}

fn pages() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host's folder lies in the repository");
    let folders = ["", "docs", "docs/reference"].map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the folder of pages can be read").flatten());
    let pages = files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    // What was decided and released stays as it was written.
    let pages = pages.filter(|path| path.file_name().is_some_and(|name| name != "CHANGELOG.md"));
    let read = |path: std::path::PathBuf| {
        let name = path.strip_prefix(root).expect("it lies below the root").display().to_string();
        Source::new(&name, &fs::read_to_string(&path).expect("a page can be read"))
    };
    pages.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_strings_and_pages_alone() {
        let code = "/// For whoever.\nfn f() { anew(\"It is tested anew.\"); }\n";
        let found = texts_are_in_plain_words(&[Source::new("host/src/x.rs", code)]);
        let own: Vec<_> = found.iter().map(ToString::to_string).filter(|found| found.starts_with("host/src/x.rs")).collect();
        assert_eq!(own, ["host/src/x.rs:2: `anew` is not a word for people who read this; say again"]);
        let page = Source::new("docs/x.md", "Renewed by `nobody`, nobody_x or Nobody.\n");
        assert_eq!(violations(&page, &prose(&page.text), NEVER).len(), 1);
    }

    #[test]
    fn places_on_a_disk_have_one_word_at_the_command_line() {
        let code = "fn f() { g(\"folder\", \"The folder {folder} of a workflow folder.\"); }\n";
        let found = |path: &str| {
            let found = texts_are_in_plain_words(&[Source::new(path, code)]);
            found.iter().filter(|found| found.to_string().starts_with(path)).count()
        };
        assert_eq!((found("host/src/cli/x.rs"), found("host/src/interfaces/files/x.rs")), (1, 0));
    }
}
