//! JSON as the command line gives it, such as the input of a run: as it is, in a file, or on standard input. Knows no workflow.

use std::{fs, io::Read, path::Path};

use serde_json::Value;

use super::{exit::Misuse, text};

/// More is no input but a mistake.
const LARGEST: u64 = 8 << 20;

/// The value that an argument means: `@FILE`, `-` for standard input, or JSON. What is in a file or comes from standard
/// input and is not JSON is a JSON string; a file called `.json` has to be JSON. `name` is what a person calls the argument.
pub(super) fn read(argument: &str, name: &str) -> anyhow::Result<Value> {
    match argument.strip_prefix('@') {
        Some(path) => from_file(Path::new(path)),
        None if argument == "-" => Ok(from_text(read_text("standard input", std::io::stdin().lock())?)),
        None => Ok(parse(argument, name)?),
    }
}

fn from_file(path: &Path) -> anyhow::Result<Value> {
    let name = format!("`{}`", text::escaped(&path.display().to_string()));
    let file = fs::File::open(path).map_err(|error| Misuse(format!("The input file {name} cannot be read: {error}.")))?;
    let content = read_text(&name, file)?;
    if path.extension().is_some_and(|extension| extension == "json") {
        return Ok(parse(&content, &name)?);
    }
    Ok(from_text(content))
}

fn read_text(name: &str, source: impl Read) -> Result<String, Misuse> {
    let mut content = Vec::new();
    source
        .take(LARGEST + 1)
        .read_to_end(&mut content)
        .map_err(|error| Misuse(format!("The input from {name} cannot be read: {error}.")))?;
    if content.len() as u64 > LARGEST {
        return Err(Misuse(format!("The input from {name} is larger than {} MiB; give less.", LARGEST >> 20)));
    }
    String::from_utf8(content).map_err(|error| {
        Misuse(format!("The input from {name} is not UTF-8 text (at byte {}); save it as UTF-8.", error.utf8_error().valid_up_to()))
    })
}

fn from_text(content: String) -> Value {
    serde_json::from_str(&content).unwrap_or(Value::String(content))
}

fn parse(content: &str, name: &str) -> Result<Value, Misuse> {
    serde_json::from_str(content).map_err(|error| Misuse(pointed(content, name, &error)))
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
    format!(
        "{name} is not JSON: {reason} (line {}, column {}).\n  {excerpt}\n  {caret}^\nGive JSON, or a text file with `@FILE`.",
        error.line(),
        column + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(argument: &str) -> anyhow::Result<Value> {
        read(argument, "--input")
    }

    fn in_file(name: &str, content: &[u8]) -> anyhow::Result<Value> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        fs::write(&path, content)?;
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
        assert!(error.is::<Misuse>());
        assert_eq!(
            error.to_string(),
            "--input is not JSON: expected `true`, `false` or `null` (line 1, column 14).\n  {\"größe\": nul}\n               ^\nGive JSON, or a text file with `@FILE`."
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
            assert!(error.is::<Misuse>() && !error.to_string().contains('\u{1b}'), "{bad:?}: {error}");
        }
        assert!(in_file("x.json", b"# no").unwrap_err().is::<Misuse>());
        assert!(in_file("x.md", b"\xff\xfe").unwrap_err().to_string().contains("UTF-8"));
        assert!(in_file("x.md", &vec![b' '; (LARGEST + 1) as usize]).unwrap_err().to_string().contains("8 MiB"));
        assert!(given("@/no/such/file").unwrap_err().is::<Misuse>());
        assert!(given(&"[".repeat(100_000)).unwrap_err().is::<Misuse>());
    }
}
