//! Where something failed, out of the words for it that stacks and messages have. Names no file of a library or of the
//! program itself.

/// A file, and perhaps a line in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
}

/// Where the workspace is in a container, before paths of it.
const WORKSPACE: &[&str] = &["/workspace/", "file:///workspace/", "./"];
/// Parts of paths that belong to others.
const FOREIGN: &[&str] = &[
    "node_modules/",
    "site-packages/",
    "/rustc/",
    "/usr/",
    "/lib/python",
    "vendor/",
    "/.cargo/",
    "node:",
    "dist-packages/",
    "/go/pkg/",
    "/gems/",
];
/// Colons of a line before which a path is looked for.
const MOST_COLONS: usize = 32;
/// Bytes of a path that is looked for.
const LONGEST: usize = 300;

/// The first place of the workspace that the lines name.
pub(crate) fn first(lines: &[&str]) -> Option<Place> {
    lines.iter().find_map(|line| of(line))
}

/// The last one in the file of this name, else the last of all.
pub(crate) fn last(lines: &[&str], file: &str) -> Option<Place> {
    let mut places: Vec<_> = lines.iter().filter_map(|line| of(line)).collect();
    match places.iter().rposition(|place| place.file == file) {
        Some(own) => Some(places.swap_remove(own)),
        None => places.pop(),
    }
}

/// The place that a line names: `a.rs:10:9`, `File "a.py", line 10`, `at t/a.t line 10.`, `A.cs:line 10`.
pub(crate) fn of(line: &str) -> Option<Place> {
    worded(line).or_else(|| with_colon(line))
}

/// A path as it is in the workspace.
pub(crate) fn relative(path: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    WORKSPACE.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path).to_owned()
}

fn worded(line: &str) -> Option<Place> {
    let (before, after) = line.split_once(" line ").or_else(|| line.split_once(":line "))?;
    let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    let number = after[..digits].parse().ok()?;
    let before = before.trim_end_matches([',', ' ']);
    let path = match before.strip_suffix('"') {
        Some(quoted) => quoted.rsplit('"').next()?,
        None => before.rsplit([' ', '(']).next()?,
    };
    own(path, number)
}

fn with_colon(line: &str) -> Option<Place> {
    line.match_indices(':').take(MOST_COLONS).find_map(|(colon, _)| {
        let after = &line[colon + 1..];
        let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
        let number = after[..digits].parse().ok()?;
        let before = &line[line.floor_char_boundary(colon.saturating_sub(LONGEST + 1))..colon];
        let is_outside = |letter: char| letter.is_whitespace() || "()[]{}'\"`<>|,;=@#*".contains(letter);
        let begin = before.rfind(is_outside).map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8));
        own(&before[begin..], number)
    })
}

fn own(path: &str, line: u32) -> Option<Place> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending)?;
    let is_ending = (1..=5).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !ending.bytes().all(|byte| byte.is_ascii_digit());
    let is_foreign = FOREIGN.iter().any(|part| path.contains(part)) || path.contains("://") && !path.starts_with("file://");
    (is_ending && !is_foreign && path.len() <= LONGEST && line > 0).then(|| Place { file: relative(path), line: Some(line) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_the_words_of_many_programs() {
        for (line, file, number) in [
            ("thread 'a' panicked at src/lib.rs:10:9:", "src/lib.rs", 10),
            ("  File \"/workspace/tests/test_a.py\", line 12, in test_a", "tests/test_a.py", 12),
            ("#   at t/a.t line 5.", "t/a.t", 5),
            ("   at App.Sums.Cents() in /workspace/Sums.cs:line 7", "Sums.cs", 7),
            ("      at Object.toBe (sums.test.js:5:31)", "sums.test.js", 5),
            ("    at file:///workspace/a/b.mjs:3:1", "a/b.mjs", 3),
            ("\tat demo.SumsTest.cents(SumsTest.java:12)", "SumsTest.java", 12),
            ("     # ./spec/a_spec.rb:5:in `block'", "spec/a_spec.rb", 5),
            ("# (in test file tests/a.bats, line 9)", "tests/a.bats", 9),
        ] {
            assert_eq!(of(line), Some(Place { file: file.to_owned(), line: Some(number) }), "{line}");
        }
    }

    #[test]
    fn times_addresses_and_files_of_others_are_no_places() {
        for line in [
            "at 10:12:33",
            "http://127.0.0.1:8080/a",
            "    at Test.run (node:internal/test_runner/test:796:25)",
            "at x (/tmp/node_modules/jest/a.js:3:1)",
            "listening on localhost:80",
            "ratio 1.5:3",
            "",
            "::::",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
