//! The files of the repository as the rules see them: their text, and their code without comments, strings and tests.

use std::{fmt, path::Path};

/// One file of the repository.
pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// A Rust file without comments and tests, line for line; empty for any other file.
    pub(crate) code: String,
    /// `code` with nothing inside its string literals.
    pub(crate) bare: String,
}

/// A place where a rule is broken.
#[derive(Debug)]
pub(crate) struct Violation {
    place: String,
    advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.advice)
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (mut code, mut bare) = (String::new(), String::new());
        if path.ends_with(".rs") && !is_test_file(path) {
            let commentless = blank(text, Keep::Strings);
            bare = blank(text, Keep::Code);
            let tests = test_items(&bare);
            code = without(&commentless, &tests);
            bare = without(&bare, &tests);
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, bare }
    }

    /// The rule is broken at a byte of `code`, `bare` or `text`, all of which have the same lines.
    pub(crate) fn violation(&self, text: &str, position: usize, advice: impl Into<String>) -> Violation {
        let line = text[..position].matches('\n').count() + 1;
        Violation { place: format!("{}:{line}", self.path), advice: advice.into() }
    }

    /// The rule is broken by the file as a whole.
    pub(crate) fn violation_of_file(&self, advice: impl Into<String>) -> Violation {
        Violation { place: self.path.clone(), advice: advice.into() }
    }

    /// The names of the file's module below the crate's root: `host/src/kernel/run.rs` is `kernel`, `run`.
    pub(crate) fn module(&self) -> Option<Vec<&str>> {
        let path = self.path.strip_prefix("host/src/")?.strip_suffix(".rs")?;
        let path = path.strip_suffix("/mod").unwrap_or(path);
        Some(if path == "lib" { Vec::new() } else { path.split('/').collect() })
    }
}

/// Every text of the repository that is no build product.
pub(crate) fn read_all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host's folder lies in the repository");
    let skipped = ["target", "node_modules"];
    let walk = ignore::WalkBuilder::new(root)
        .require_git(false)
        .filter_entry(move |entry| entry.file_name().to_str().is_none_or(|name| !skipped.contains(&name)))
        .build();
    let mut sources: Vec<_> = walk.filter_map(|entry| read(root, entry.expect("the repository can be read").path())).collect();
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

fn read(root: &Path, path: &Path) -> Option<Source> {
    let extension = path.extension()?.to_str()?;
    if !path.is_file() || !["rs", "wit", "toml", "sql"].contains(&extension) {
        return None;
    }
    let name = path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
    Some(Source::new(&name, &std::fs::read_to_string(path).ok()?))
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Strings,
    Code,
}

/// Puts blanks where comments are, and inside strings too unless they are kept. Lines stay where they are.
fn blank(text: &str, keep: Keep) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (length, visible) = token(rest, result.chars().next_back(), keep);
        let (token, after) = rest.split_at(length);
        if visible {
            result.push_str(token)
        } else {
            // A blank per byte, for places found in one form of the text are used in another.
            result.extend(token.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }))
        }
        rest = after;
    }
    result
}

/// The length of the token that `rest` begins with, and whether it is to be seen.
fn token(rest: &str, before: Option<char>, keep: Keep) -> (usize, bool) {
    let in_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), false);
    }
    if let Some(length) = raw_string(rest).filter(|_| !in_word) {
        return (length, keep == Keep::Strings);
    }
    if rest.starts_with('"') {
        return (quoted(rest, '"'), keep == Keep::Strings);
    }
    if let Some(length) = character(rest) {
        return (length, keep == Keep::Strings);
    }
    (rest.chars().next().map_or(1, char::len_utf8), true)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut position) = (0_usize, 0);
    while position < rest.len() {
        let here = &rest.as_bytes()[position..];
        match here {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] => depth -= 1,
            _ => {
                position += 1;
                continue;
            }
        }
        position += 2;
        if depth == 0 {
            break;
        }
    }
    position
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let hashes = rest[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let begin = prefix.len() + hashes;
    let content = rest[begin..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&close).map_or(rest.len(), |end| begin + 1 + end + close.len()))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = true;
    for (position, character) in rest.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return position + 1;
        }
    }
    rest.len()
}

/// A character literal, which a lifetime is not.
fn character(rest: &str) -> Option<usize> {
    let content = rest.strip_prefix('\'')?;
    let first = content.chars().next()?;
    if first == '\\' {
        return Some(quoted(rest, '\''));
    }
    content[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 2)
}

/// The places of items that exist in tests alone.
fn test_items(bare: &str) -> Vec<std::ops::Range<usize>> {
    let mut items = Vec::new();
    let mut position = 0;
    while let Some(found) = bare[position..].find("#[cfg(test)]") {
        let start = position + found;
        position = end_of_item(bare, start);
        items.push(start..position);
    }
    items
}

/// Where the item at `start` ends: after its `;`, or after the brace that closes its body.
fn end_of_item(bare: &str, start: usize) -> usize {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, byte) in bare[start..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces <= 1 && brackets == 0 => return start + offset + 1,
            b'}' => braces = braces.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return start + offset + 1,
            _ => {}
        }
    }
    bare.len()
}

fn without(text: &str, places: &[std::ops::Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for place in places {
        bytes[place.clone()].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8(bytes).expect("whole items are whole characters")
}

#[test]
fn comments_and_strings_are_no_code() {
    let source = Source::new("host/src/a.rs", "let a = \"x // \\\" y\"; // z\nlet b = r#\"q\"# /* r /* s */ t */ + '\"' + u::<'static>();");
    assert_eq!(source.bare.split_whitespace().collect::<Vec<_>>().join(" "), "let a = ; let b = + + u::<'static>();");
    assert!(source.code.contains("x // \\\" y") && source.code.contains("r#\"q\"#") && !source.code.contains('z'), "{}", source.code);
    assert_eq!(source.text.lines().count(), source.bare.lines().count());
}

#[test]
fn tests_are_no_code() {
    let source =
        Source::new("host/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { \"}\"; }\n}\n#[cfg(test)]\nuse c;\nfn d() {}");
    assert_eq!(source.bare.split_whitespace().collect::<Vec<_>>().join(" "), "fn a() {} fn d() {}");
    assert!(Source::new("host/src/a/tests.rs", "fn a() {}").bare.is_empty());
}

#[test]
fn a_violation_names_its_line() {
    let source = Source::new("host/src/a.rs", "//\n//\nbad");
    assert_eq!(source.violation(&source.bare, source.bare.find("bad").unwrap_or(0), "no").to_string(), "host/src/a.rs:3: no");
}

#[test]
fn a_file_knows_its_module() {
    let module = |path| Source::new(path, "").module().map(|names| names.join("::"));
    assert_eq!(module("host/src/kernel/run.rs").as_deref(), Some("kernel::run"));
    assert_eq!(module("host/src/interfaces/llm/mod.rs").as_deref(), Some("interfaces::llm"));
    assert_eq!(module("host/src/lib.rs").as_deref(), Some(""));
    assert_eq!(module("sdk/src/lib.rs"), None);
}
