//! The definitions in files, by patterns for lines: what a developer would look for first. Reads whole files never.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use baton_sdk::Result;
use baton_sdk::files::LineMatch;

use crate::languages::{self, LANGUAGES};
use crate::search;
use crate::text::tokens;

/// Bytes of the globs of one search; the host takes 1,024.
const LONGEST_GLOB: usize = 1000;
const MOST_MATCHES: u32 = 1000;
/// Definitions of one file; of more their number is told.
const MOST_OF_FILE: usize = 60;
/// Characters of one definition.
const LONGEST_LINE: usize = 120;

/// The definitions in these files, in their order, as long as the tokens last. A file without any is left out.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::symbols;
/// let host = Host::new().with_file("a.py", "class Ledger:\n    def add(self):\n        pass\n");
/// let map = host.inside(|| symbols(&["a.py".to_owned()], 100)).unwrap();
/// assert_eq!(map, "a.py\n1 class Ledger:\n2     def add(self):");
/// ```
pub fn symbols(paths: &[String], budget: usize) -> Result<String> {
    let found = definitions(paths)?;
    let mut map = String::new();
    let mut left_out = 0;
    for path in paths {
        let Some(lines) = found.get(path.as_str()) else { continue };
        let listed = listed(path, lines);
        // What says how many are missing has to fit as well.
        if tokens(&map) + tokens(&listed) + 10 > budget {
            left_out += 1;
        } else {
            map.push_str(&listed);
        }
    }
    if left_out > 0 && !map.is_empty() {
        // Writing to a string does not fail.
        let _ = writeln!(map, "[definitions of {left_out} more files left out]");
    }
    Ok(map.trim_end().to_owned())
}

/// Whether definitions are known in a file of this name.
pub fn has_symbols(path: &str) -> bool {
    LANGUAGES.iter().any(|language| language.is_of(path))
}

/// The lines that define something, by path.
fn definitions(paths: &[String]) -> Result<BTreeMap<String, Vec<LineMatch>>> {
    let mut found = BTreeMap::<String, Vec<LineMatch>>::new();
    for language in LANGUAGES {
        let own = |path: &&String| language.is_of(path);
        for glob in globs(paths.iter().filter(own)) {
            for line in search(language.pattern, Some(&glob), MOST_MATCHES)?.into_iter().filter(|line| languages::defines(&line.text)) {
                found.entry(line.path.clone()).or_default().push(line);
            }
        }
    }
    Ok(found)
}

/// Globs that fit these paths and no others, as few as their length allows. A path with a wildcard in its name is left out.
fn globs<'a>(paths: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut globs = Vec::<String>::new();
    for path in paths.filter(|path| path.len() < LONGEST_GLOB - 2 && !path.contains(['*', '?', '[', ']', '{', '}', ',', '\\'])) {
        match globs.last_mut() {
            Some(last) if last.len() + path.len() < LONGEST_GLOB - 2 => {
                last.push(',');
                last.push_str(path);
            }
            _ => globs.push(path.clone()),
        }
    }
    globs.into_iter().map(|paths| format!("{{{paths}}}")).collect()
}

fn listed(path: &str, lines: &[LineMatch]) -> String {
    let mut listed = format!("{path}\n");
    for line in lines.iter().take(MOST_OF_FILE) {
        let text = line.text.trim_end().trim_end_matches('{').trim_end();
        let shown: String = text.chars().take(LONGEST_LINE).collect();
        let _ = writeln!(listed, "{} {shown}", line.line);
    }
    if let Some(more) = lines.len().checked_sub(MOST_OF_FILE).filter(|more| *more > 0) {
        let _ = writeln!(listed, "[{more} more]");
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    fn mapped(host: &Host, paths: &[&str], budget: usize) -> String {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        host.inside(|| symbols(&paths, budget)).expect("a map")
    }

    #[test]
    fn files_come_in_their_order_and_one_search_serves_a_language() {
        let host = Host::new().with_file("b.rs", "fn b() {\n").with_file("a.rs", "fn a();\n").with_file("c.go", "func C() {\n");
        assert_eq!(mapped(&host, &["b.rs", "c.go", "a.rs", "gone.rs"], 100), "b.rs\n1 fn b()\nc.go\n1 func C()\na.rs\n1 fn a();");
        assert_eq!(host.requests("files.search").len(), 2);
    }

    #[test]
    fn a_budget_is_kept_and_what_is_missing_is_told() {
        let host = Host::new().with_file("a.rs", "fn a()\n".repeat(99)).with_file("b.rs", "fn b()\n".repeat(99));
        let map = mapped(&host, &["a.rs", "b.rs"], 250);
        assert!(map.contains("[39 more]") && map.ends_with("[definitions of 1 more files left out]"), "{map}");
        assert!(tokens(&map) <= 250);
    }

    #[test]
    fn many_paths_are_searched_in_parts_and_odd_names_are_left_alone() {
        let names: Vec<_> = (0..100).map(|number| format!("folder/of/many/files/number-{number}.rs")).collect();
        let globs = globs(names.iter());
        assert!(globs.len() > 1 && globs.iter().all(|glob| glob.len() <= LONGEST_GLOB), "{}", globs.len());
        assert!(super::globs(["a[1].rs".to_owned()].iter()).is_empty());
    }
}
