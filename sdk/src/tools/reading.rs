//! Ready-made tools that look at the workspace's files, and the one that writes a whole file. They can do what the plugin's
//! own grants allow and nothing more.

use serde_json::{Value, json};

use super::{Tool, text};
use crate::files::{self, Entry, Kind};
use crate::{Error, Result};

/// Lines that a model may ask for at once.
const MOST_LINES: u32 = 2000;
/// Lines around a match that a model may ask for.
const MOST_AROUND: u32 = 10;

/// Reads a text file by lines.
pub fn read_file() -> Tool {
    let parameters = object(
        &json!({
            "path": { "type": "string", "minLength": 1, "description": "Relative path, such as docs/PRD.md" },
            "first-line": { "type": "integer", "minimum": 1, "description": "Number of the line to start at; 1 when left out" },
            "lines": { "type": "integer", "minimum": 1, "maximum": MOST_LINES, "description": "How many lines; 500 when left out" }
        }),
        &["path"],
    );
    Tool::new(
        "read_file",
        "Reads lines of a text file of the project, each behind its number and a tab, which are not part of the file. Says how many lines there are, and how to read on where a file is long.",
        parameters,
        |arguments| {
            let (path, (first, count)) = (argument(arguments, "path")?, lines(arguments));
            Ok(text::show_excerpt(path, &files::read_lines(path, first, count, text::LONGEST_EXCERPT)?))
        },
    )
}

/// Finds files by glob.
pub fn find_files() -> Tool {
    let glob = "Such as *.py (at every depth), src/ (what is in the folder) or docs/**/*.{md,txt}";
    let parameters = object(&json!({ "glob": { "type": "string", "minLength": 1, "description": glob } }), &["glob"]);
    let description = "Lists the project's files whose path fits a glob, with their sizes in bytes. Files that git ignores are left out.";
    Tool::new("find_files", description, parameters, |arguments| {
        let find = |glob: &str| Ok::<_, Error>(files::find(glob)?.into_iter().map(found).collect());
        Ok(text::show_found(&text::find_meant(argument(arguments, "glob")?, find)?))
    })
}

/// Searches files for a regular expression.
pub fn search_files() -> Tool {
    let parameters = object(
        &json!({
            "pattern": { "type": "string", "minLength": 1, "description": "Regular expression for a line" },
            "glob": { "type": "string", "minLength": 1, "description": "Only in files whose path fits, such as *.rs or src/" },
            "context": { "type": "integer", "minimum": 0, "maximum": MOST_AROUND, "description": "Lines to show before and after each match; 0 when left out" },
            "ignore-case": { "type": "boolean", "description": "Whether upper and lower case are the same; false when left out" }
        }),
        &["pattern"],
    );
    Tool::new(
        "search_files",
        "Finds lines of the project's text files that match a regular expression, with their paths and numbers. Shows at most 100.",
        parameters,
        |arguments| {
            let pattern = text::pattern(argument(arguments, "pattern")?, arguments["ignore-case"] == true);
            let glob = arguments["glob"].as_str().map(text::searched);
            let context = number(arguments, "context").unwrap_or(0);
            Ok(text::show_matches(&files::search_around(&pattern, glob.as_deref(), text::MOST_MATCHES + 1, context)?))
        },
    )
}

/// Writes a text file.
pub fn write_file() -> Tool {
    let parameters = object(
        &json!({
            "path": { "type": "string", "minLength": 1, "description": "Relative path" },
            "content": { "type": "string", "description": "The whole new content" }
        }),
        &["path", "content"],
    );
    Tool::new("write_file", "Writes a text file of the project, replacing what was there.", parameters, |arguments| {
        let (path, content) = (argument(arguments, "path")?, argument(arguments, "content")?);
        files::write(path, content)?;
        Ok(format!("Wrote {} bytes to {path}.", content.len()))
    })
}

/// An object's schema that allows these properties alone.
pub(super) fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

pub(super) fn argument<'a>(arguments: &'a Value, name: &str) -> Result<&'a str> {
    arguments[name].as_str().ok_or_else(|| Error::invalid(format!("`{name}` is missing. Call the tool again with it.")))
}

/// The first line that is asked for, and how many.
pub(crate) fn lines(arguments: &Value) -> (u32, u32) {
    (number(arguments, "first-line").unwrap_or(1), number(arguments, "lines").unwrap_or(text::USUAL_LINES))
}

pub(crate) fn number(arguments: &Value, name: &str) -> Option<u32> {
    // Some models write whole numbers with a fraction of zero.
    let value = &arguments[name];
    let number = value.as_u64().or_else(|| value.as_f64().map(crate::numbers::from_contract));
    number.map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// What was found, as it is shown.
pub(crate) fn found(entry: Entry) -> text::Found {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
    };
    let size = (entry.kind == Kind::File).then(|| entry.size());
    text::Found { path: entry.path, size, kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    fn call(host: &Host, tool: &Tool, arguments: &Value) -> String {
        host.inside(|| tool.call(arguments)).unwrap()
    }

    #[test]
    fn a_file_is_read_by_lines_and_the_journal_holds_no_more() {
        let content: String = (1..=60_000).map(|line| format!("line {line} of a file that is large\n")).collect();
        let host = Host::new().with_file("big", &content);
        let first = call(&host, &read_file(), &json!({ "path": "big" }));
        assert!(first.starts_with("     1\tline 1 of") && first.ends_with("[Lines 1 to 500 of 60000. Read on with first-line 501.]"));
        let last = call(&host, &read_file(), &json!({ "path": "big", "first-line": 59_999, "lines": 2000 }));
        assert!(last.ends_with(" 60000\tline 60000 of a file that is large\n[Lines 59999 to 60000, the last.]"), "{last}");
        let kept: usize = host.calls().iter().map(|call| call.answer.as_ref().unwrap().to_string().len()).sum();
        assert!(kept < 64 << 10, "{kept}");
        let host = Host::new().with_file("a.png", b"\x89PNG\0\0").with_file("empty", "");
        assert_eq!(call(&host, &read_file(), &json!({ "path": "empty" })), "`empty` is empty.");
        let said = host.inside(|| read_file().call(&json!({ "path": "a.png" }))).unwrap_err().to_string();
        assert!(said.contains("binary file of 6 bytes"), "{said}");
    }

    #[test]
    fn globs_are_what_people_mean() {
        let host = Host::new().with_file("a.py", "").with_file("src/b.py", "").with_file("src/deep/c.js", "1").with_file("d.md", "");
        let find = |glob: &str| call(&host, &find_files(), &json!({ "glob": glob }));
        assert_eq!(find("*.py"), "a.py (0 bytes)\nsrc/b.py (0 bytes)\n");
        assert_eq!(find("src/"), "src/b.py (0 bytes)\nsrc/deep (directory)\n");
        assert_eq!(find("src"), find("src/"));
        assert_eq!(find("./*.{py,js}"), "a.py (0 bytes)\nsrc/b.py (0 bytes)\nsrc/deep/c.js (1 bytes)\n");
        assert_eq!(find("*"), "a.py (0 bytes)\nd.md (0 bytes)\nsrc (directory)\n");
        assert_eq!(find("c.js"), "src/deep/c.js (1 bytes)\n");
        assert!(find("*.rs").starts_with("No file fits"));
        for hostile in ["../*", "/etc/*", "a\u{0}b", "[", "{a,{b", &"*".repeat(2000)] {
            assert!(host.inside(|| find_files().call(&json!({ "glob": hostile }))).is_err(), "{hostile}");
        }
    }

    #[test]
    fn searches_show_what_is_around() {
        let host = Host::new().with_file("src/a.rs", "one\nTwo\nthree\n").with_file("b.md", "two\n");
        let search = |arguments: &Value| call(&host, &search_files(), arguments);
        assert_eq!(
            search(&json!({ "pattern": "two", "ignore-case": true, "glob": "src", "context": 1 })),
            "src/a.rs-1- one\nsrc/a.rs:2: Two\nsrc/a.rs-3- three\n"
        );
        assert_eq!(search(&json!({ "pattern": "two", "ignore-case": true })), "b.md:1: two\nsrc/a.rs:2: Two\n");
        assert_eq!(search(&json!({ "pattern": "two" })), "b.md:1: two\n");
        assert_eq!(search(&json!({ "pattern": "four" })), "No line matches.");
        assert_eq!(search(&json!({ "pattern": "three", "glob": "src/a.rs" })), "src/a.rs:3: three\n");
        let host = host.with_file("many", "match\n".repeat(500));
        assert!(
            call(&host, &search_files(), &json!({ "pattern": "match" }))
                .ends_with("[More lines match than these 100. Narrow the pattern or the glob.]\n")
        );
        for hostile in ["(", "a{1000000}", &"(a*)*".repeat(2000)] {
            assert!(host.inside(|| search_files().call(&json!({ "pattern": hostile }))).is_err(), "{hostile}");
        }
    }
}
