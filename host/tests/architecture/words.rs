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

/// What the program says, and what the pages say.
pub(crate) fn texts_are_in_plain_words(sources: &[Source]) -> Vec<Violation> {
    let speaks = |source: &&Source| ["host/src/", "sdk/src/", "plugins/", "slots/"].iter().any(|room| source.path.starts_with(room));
    let code = sources.iter().filter(speaks).flat_map(|source| violations(source, &literals(source)));
    code.chain(pages().iter().flat_map(|page| violations(page, &prose(&page.text)))).collect()
}

fn violations(source: &Source, text: &str) -> Vec<Violation> {
    let lowered = text.to_ascii_lowercase();
    let mut violations = Vec::new();
    for (word, better) in NEVER {
        for (position, _) in lowered.match_indices(word) {
            let (before, after) = (lowered[..position].chars().next_back(), lowered[position + word.len()..].chars().next());
            // A name in a format string is no word of it.
            let is_inside =
                |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || "_{}".contains(character));
            if !is_inside(before) && !is_inside(after) {
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
        assert_eq!(violations(&page, &prose(&page.text)).len(), 1);
    }
}
