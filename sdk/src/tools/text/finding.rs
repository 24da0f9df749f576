//! What searches found, as a model reads it, and what people mean by a glob. Finds nothing itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::lines::whole;
use crate::files::LineMatch;

/// Lines that `search_files` shows at most. More would fill the conversation without helping the model.
pub const MOST_MATCHES: u32 = 100;
/// Paths that `find_files` shows at most.
const MOST_PATHS: usize = 500;
/// Bytes of matches that are shown.
const LONGEST_LIST: usize = 24 << 10;
/// Bytes of one line among others.
const LONGEST_LINE: usize = 500;

/// Something that was found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: String,
    /// Bytes of a file; none for a directory.
    pub size: Option<u64>,
    /// What it is where it is not a file, such as `directory`.
    pub kind: &'static str,
}

/// Finds what people mean by a glob: `*.py` at every depth, `src/` what is in the folder, as well as `src` where that is
/// one. `find` finds what fits a glob exactly.
///
/// ```
/// # use baton_sdk::tools::text::{Found, find_meant};
/// let globs = std::cell::RefCell::new(Vec::new());
/// let find = |glob: &str| {
///     globs.borrow_mut().push(glob.to_owned());
///     Ok::<_, ()>(vec![Found { path: "src".to_owned(), size: None, kind: "directory" }])
/// };
/// for glob in ["*.py", "src/", "src", "*", "docs/**/*.md"] {
///     find_meant(glob, find).unwrap();
/// }
/// assert_eq!(globs.into_inner(), ["**/*.py", "src/*", "**/src", "src/*", "*", "docs/**/*.md"]);
/// ```
pub fn find_meant<E>(glob: &str, find: impl Fn(&str) -> Result<Vec<Found>, E>) -> Result<Vec<Found>, E> {
    let glob = glob.trim().trim_start_matches("./");
    let meant = match glob {
        "" | "." | "*" => return find("*"),
        folder if folder.ends_with('/') => format!("{folder}*"),
        path if path.contains('/') => path.to_owned(),
        name => format!("**/{name}"),
    };
    let mut found = find(&meant)?;
    let is_folder = |found: &Found| found.path == glob && found.size.is_none();
    if !has_wildcard(glob) && found.iter().any(is_folder) {
        found.retain(|found| !is_folder(found));
        found.extend(find(&format!("{glob}/*"))?);
    }
    Ok(found)
}

/// The globs for the files to search where people say this one: a folder stands for all that is in it.
///
/// ```
/// # use baton_sdk::tools::text::searched;
/// assert_eq!(searched("*.py"), "**/*.py");
/// assert_eq!(searched("src/"), "src/**");
/// assert_eq!(searched("src/app"), "{src/app,src/app/**}");
/// assert_eq!(searched("docs/*.md"), "docs/*.md");
/// ```
pub fn searched(glob: &str) -> String {
    let glob = glob.trim().trim_start_matches("./");
    match glob {
        "" | "." | "*" => "**".to_owned(),
        folder if folder.ends_with('/') => format!("{folder}**"),
        path if has_wildcard(path) && path.contains('/') => path.to_owned(),
        name if has_wildcard(name) => format!("**/{name}"),
        path if path.contains('/') => format!("{{{path},{path}/**}}"),
        name => format!("{{**/{name},**/{name}/**}}"),
    }
}

/// A regular expression, for which upper and lower case are the same where `ignores_case`.
pub fn pattern(expression: &str, ignores_case: bool) -> String {
    if ignores_case { format!("(?i){expression}") } else { expression.to_owned() }
}

/// What `find_files` says of what it found.
pub fn show_found(found: &[Found]) -> String {
    let mut shown = String::new();
    for entry in found.iter().take(MOST_PATHS) {
        // Writing to a string does not fail.
        let _ = match entry.size {
            Some(size) => writeln!(shown, "{} ({size} bytes)", entry.path),
            None => writeln!(shown, "{} ({})", entry.path, entry.kind),
        };
    }
    match found.len() {
        0 => "No file fits this glob. Files that git ignores are not found.".to_owned(),
        more if more > MOST_PATHS => format!("{shown}[{} more are left out. Use a narrower glob.]\n", more - MOST_PATHS),
        _ => shown,
    }
}

/// What `search_files` says of the lines it found: each with its path and number, `:` behind the number of a match and `-`
/// behind that of a line around it. `matches` may hold one more than [`MOST_MATCHES`], which says that there are more.
///
/// ```
/// # use baton_sdk::{files::LineMatch, tools::text};
/// let found = LineMatch { path: "a.md".into(), line: 2, text: "two".into(), before: vec!["one".into()], after: vec![] };
/// assert_eq!(text::show_matches(&[found]), "a.md-1- one\na.md:2: two\n");
/// assert_eq!(text::show_matches(&[]), "No line matches.");
/// ```
pub fn show_matches(matches: &[LineMatch]) -> String {
    let is_cut = matches.len() > MOST_MATCHES as usize;
    let matches = &matches[..matches.len().min(MOST_MATCHES as usize)];
    let has_context = matches.iter().any(|found| !found.before.is_empty() || !found.after.is_empty());
    let (mut shown, mut last, mut count) = (String::new(), None, 0);
    for ((path, number), (is_match, text)) in lines(matches) {
        let line = shorten(text);
        if shown.len() + path.len() + line.len() > LONGEST_LIST {
            let _ = writeln!(shown, "[{} more matches are left out. Search for less at once.]", matches.len() - count);
            return shown;
        }
        if has_context && last.is_some_and(|last| last != (path, number - 1)) {
            shown.push_str("--\n");
        }
        let mark = if is_match { ':' } else { '-' };
        let _ = writeln!(shown, "{path}{mark}{number}{mark} {line}");
        last = Some((path, number));
        count += usize::from(is_match);
    }
    match (shown.is_empty(), is_cut) {
        (true, _) => "No line matches.".to_owned(),
        (false, true) => format!("{shown}[More lines match than these {MOST_MATCHES}. Narrow the pattern or the glob.]\n"),
        (false, false) => shown,
    }
}

/// All lines to show, each once, in order of path and line.
fn lines(matches: &[LineMatch]) -> BTreeMap<(&str, u32), (bool, &str)> {
    let mut lines = BTreeMap::new();
    for found in matches {
        let first = found.line.saturating_sub(whole(found.before.len()));
        let around = (first..).zip(&found.before).chain((found.line.saturating_add(1)..).zip(&found.after));
        for (number, text) in around {
            lines.entry((&*found.path, number)).or_insert((false, &**text));
        }
        lines.insert((&*found.path, found.line), (true, &*found.text));
    }
    lines
}

fn shorten(line: &str) -> String {
    let end = line.floor_char_boundary(LONGEST_LINE);
    if end == line.len() { line.to_owned() } else { format!("{}…", &line[..end]) }
}

fn has_wildcard(glob: &str) -> bool {
    glob.contains(['*', '?', '[', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: u32, text: &str, before: &[&str], after: &[&str]) -> LineMatch {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        LineMatch { path: "a.rs".to_owned(), line, text: text.to_owned(), before: owned(before), after: owned(after) }
    }

    #[test]
    fn lines_around_matches_are_shown_once() {
        let matches =
            [found(2, "two", &["one"], &["three", "four"]), found(4, "four", &["two", "three"], &["five"]), found(9, "nine", &[], &[])];
        let shown = show_matches(&matches);
        let lines = ["a.rs-1- one", "a.rs:2: two", "a.rs-3- three", "a.rs:4: four", "a.rs-5- five", "--", "a.rs:9: nine"];
        assert_eq!(shown, lines.join("\n") + "\n");
    }

    #[test]
    fn a_list_that_ends_early_says_so() {
        let matches: Vec<_> = (1..=MOST_MATCHES + 1).map(|line| found(line, "match", &[], &[])).collect();
        assert!(show_matches(&matches).ends_with("a.rs:100: match\n[More lines match than these 100. Narrow the pattern or the glob.]\n"));
        assert!(show_matches(&matches[..100]).ends_with("a.rs:100: match\n"));
        let long: Vec<_> = (1..=MOST_MATCHES).map(|line| found(line, &"ä".repeat(5000), &[], &[])).collect();
        let shown = show_matches(&long);
        assert!(shown.len() < LONGEST_LIST + 200 && shown.contains("more matches are left out"), "{}", shown.len());
        let entry = |name: usize| Found { path: name.to_string(), size: Some(1), kind: "file" };
        assert!(show_found(&(0..503).map(entry).collect::<Vec<_>>()).ends_with("[3 more are left out. Use a narrower glob.]\n"));
        assert!(show_found(&[]).starts_with("No file fits"));
    }
}
