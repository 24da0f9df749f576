//! JSON as the command line gives it, such as the input of a run: as it is, in a file, or on standard input. Knows no workflow.

use std::{fs, io::Read, path::Path};

use serde_json::Value;

use super::text;
use crate::operations::{Problem, named_files};

/// More is no input but a mistake.
const LARGEST: u64 = 8 << 20;

/// The value that an argument means: `@FILE`, `-` for standard input, or JSON. What is in a file or comes from standard
/// input and is not JSON is a JSON string; a file called `.json` has to be JSON. `field` names the argument, and `name` is what
/// a person calls it.
pub(super) fn read(argument: &str, field: &str, name: &str) -> Result<Value, Problem> {
    match argument.strip_prefix('@') {
        Some(path) => from_file(Path::new(path), field),
        None if argument == "-" => Ok(from_text(read_text(Path::new("standard input"), field, std::io::stdin().lock())?)),
        None => parse(argument, field, name),
    }
}

fn from_file(path: &Path, field: &str) -> Result<Value, Problem> {
    let file = fs::File::open(path).map_err(|error| named_files::unreadable(field, path, &error))?;
    let content = read_text(path, field, file)?;
    if path.extension().is_some_and(|extension| extension == "json") {
        return parse(&content, field, &format!("`{}`", text::path(path)));
    }
    Ok(from_text(content))
}

fn read_text(path: &Path, field: &str, source: impl Read) -> Result<String, Problem> {
    let mut content = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut content).map_err(|error| named_files::unreadable(field, path, &error))?;
    let name = text::path(path);
    if content.len() as u64 > LARGEST {
        return Err(Problem::invalid("input_too_large", field, format!("`{name}` is larger than {} MiB.", LARGEST >> 20)));
    }
    String::from_utf8(content).map_err(|error| {
        let message = format!("`{name}` is not UTF-8 text (at byte {}).", error.utf8_error().valid_up_to());
        Problem::invalid("input_not_text", field, message).advise("Save it as UTF-8.")
    })
}

fn from_text(content: String) -> Value {
    serde_json::from_str(&content).unwrap_or(Value::String(content))
}

fn parse(content: &str, field: &str, name: &str) -> Result<Value, Problem> {
    serde_json::from_str(content).map_err(|error| {
        let problem = Problem::invalid("input_not_json", field, pointed(content, name, &error));
        problem.advise("Give JSON, or a text file with `@FILE`.")
    })
}

/// What is wrong, with the place under a caret.
fn pointed(content: &str, name: &str, error: &serde_json::Error) -> String {
    const BEFORE: usize = 60;
    const AFTER: usize = 20;
    let reason = error.to_string();
    let reason = match reason.split(" at line ").next().unwrap_or(&reason) {
        // The parser's own word for `true`, `false` and `null`.
        "expected ident" => "expected `true`, `false` or `null`",
        reason => reason,
    };
    let line: Vec<char> = content.lines().nth(error.line().saturating_sub(1)).unwrap_or_default().chars().collect();
    // The parser counts bytes; people count characters.
    let bytes_before = error.column().saturating_sub(1);
    let mut passed = 0;
    let column = line
        .iter()
        .take_while(|character| {
            passed += character.len_utf8();
            passed <= bytes_before
        })
        .count();
    let from = column.saturating_sub(BEFORE);
    let excerpt: String =
        line.iter().skip(from).take(BEFORE + AFTER).map(|character| if character.is_control() { ' ' } else { *character }).collect();
    let caret = " ".repeat(column - from);
    format!("{name} is not JSON: {reason} (line {}, column {}).\n  {excerpt}\n  {caret}^", error.line(), column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(argument: &str) -> Result<Value, Problem> {
        read(argument, "input", "--input")
    }

    fn in_file(name: &str, content: &[u8]) -> Result<Value, Problem> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        given(&format!("@{}", path.display()))
    }

    #[test]
    fn json_is_json_wherever_it_stands() {
        assert_eq!(given(r#"{"brief": "a shop"}"#).unwrap(), json!({ "brief": "a shop" }));
        assert_eq!(in_file("input.json", b"[1, 2]").unwrap(), json!([1, 2]));
        assert_eq!(in_file("input.txt", b"[1, 2]").unwrap(), json!([1, 2]));
    }

    #[test]
    fn other_text_in_a_file_is_a_string() {
        assert_eq!(in_file("brief.md", b"# A shop\n").unwrap(), json!("# A shop\n"));
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let error = given(r#"{"größe": nul}"#).unwrap_err();
        assert_eq!((&*error.code, error.field.as_deref()), ("input_not_json", Some("input")));
        assert_eq!(
            error.message,
            "--input is not JSON: expected `true`, `false` or `null` (line 1, column 14).\n  {\"größe\": nul}\n               ^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_mistake() {
        let error = given(&format!("[{}x]", "1,".repeat(500))).unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        assert!(lines[1].len() < 90, "{error}");
        assert_eq!(lines[1].chars().nth(lines[2].find('^').unwrap()), Some('x'), "{error}");
    }

    #[test]
    fn hostile_input_is_refused_with_a_sentence() {
        for bad in ["", "{", "[\u{1b}[2J", "nope", "{\"a\":1}}"] {
            let error = given(bad).unwrap_err();
            assert!(!error.to_string().contains('\u{1b}'), "{bad:?}: {error}");
        }
        let code = |read: Result<Value, Problem>| read.unwrap_err().code;
        assert_eq!(code(in_file("x.json", b"# no")), "input_not_json");
        assert_eq!(code(in_file("x.md", b"\xff\xfe")), "input_not_text");
        assert_eq!(code(in_file("x.md", &vec![b' '; (LARGEST + 1) as usize])), "input_too_large");
        assert_eq!(code(given("@/no/such/file")), "file_not_found");
        assert_eq!(code(given(&"[".repeat(100_000))), "input_not_json");
    }
}
