//! The file of a plugin's prompts: written, or compared with the one that is kept.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use baton_sdk::serde_json::{Value, to_string_pretty};

use crate::{Prompt, findings};

const HEAD: &str = "<!-- made by `UPDATE_PROMPTS=1 cargo test`; change the plugin instead -->\n";
/// Longer than any run of tildes in a prompt.
const FENCE: &str = "~~~~~~";
/// Bytes that stand for one token.
const BYTES: usize = 4;

/// Compares what a plugin asks with the file that is kept under its name, and looks for what no prompt should hold. Fails
/// with what differs; with `UPDATE_PROMPTS` set it writes the file.
pub fn check(name: &str, prompts: &[Prompt]) {
    assert!(!prompts.is_empty(), "`{name}` asks nothing.");
    let found: Vec<_> = prompts.iter().flat_map(findings::of).collect();
    assert!(found.is_empty(), "The prompts of `{name}` hold what they should not:\n{}", found.join("\n"));
    let (path, written) = (path(name), written(name, prompts));
    if env::var_os("UPDATE_PROMPTS").is_some() {
        if let Err(error) = fs::write(&path, &written) {
            panic!("{} cannot be written: {error}", path.display());
        }
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if let Some(place) = first_difference(&kept, &written) {
        panic!(
            "The prompts of `{name}` changed, {place}. Read the difference and run\n  UPDATE_PROMPTS=1 cargo test\nso that it is reviewed."
        );
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/prompts").join(format!("{name}.md"))
}

fn written(name: &str, prompts: &[Prompt]) -> String {
    let mut written = format!("{HEAD}# {name}\n");
    let single = prompts.len() == 1;
    for (place, prompt) in prompts.iter().enumerate() {
        if !single {
            let _ = write!(written, "\n## {}. {}\n", place + 1, prompt.asked);
        }
        put(&mut written, prompt);
    }
    written
}

fn put(written: &mut String, prompt: &Prompt) {
    let tools: String =
        prompt.tools.iter().map(|(name, description, parameters)| format!("{name}: {description}\n{parameters}\n")).collect();
    let schema = prompt.schema.as_ref().map(Value::to_string).unwrap_or_default();
    let system = prompt.system.clone().unwrap_or_default();
    let parts = [("system", &system), ("tools", &tools), ("text", &prompt.text), ("answer's schema", &schema)];
    let all: usize = parts.iter().map(|(_, text)| text.len()).sum();
    // Writing to a string does not fail.
    let _ = write!(written, "\n| part | bytes | tokens |\n|---|---|---|\n");
    for (part, size) in parts.iter().map(|(part, text)| (*part, text.len())).chain([("all", all)]) {
        if size > 0 {
            let _ = writeln!(written, "| {part} | {size} | {} |", size.div_ceil(BYTES));
        }
    }
    for (part, text) in [("System", &system), ("Tools", &tools), ("Text", &prompt.text)] {
        if !text.is_empty() {
            let _ = write!(written, "\n{part}:\n\n{FENCE}\n{}\n{FENCE}\n", text.trim_end());
        }
    }
    if let Some(schema) = &prompt.schema {
        let _ = write!(written, "\nAnswer's schema:\n\n{FENCE}\n{}\n{FENCE}\n", to_string_pretty(schema).unwrap_or_default());
    }
}

/// Where two texts part, in words.
fn first_difference(kept: &str, written: &str) -> Option<String> {
    let numbered =
        (1..).zip(kept.lines().map(Some).chain(std::iter::repeat(None)).zip(written.lines().map(Some).chain(std::iter::repeat(None))));
    let (line, pair) = numbered.take_while(|(_, pair)| *pair != (None, None)).find(|(_, (one, other))| one != other)?;
    let shown = |line: Option<&str>| line.map_or("no line".to_owned(), |line| format!("`{line}`"));
    Some(format!("first in line {line}: {} was kept, {} is asked now", shown(pair.0), shown(pair.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb", "a\nb"), None);
        assert_eq!(first_difference("a\nb", "a\nc").as_deref(), Some("first in line 2: `b` was kept, `c` is asked now"));
        assert_eq!(first_difference("", "a").as_deref(), Some("first in line 1: no line was kept, `a` is asked now"));
        assert!(first_difference("a\nb", "a").is_some());
    }

    #[test]
    fn sizes_are_told_by_part() {
        let prompt = Prompt { asked: "ann".to_owned(), text: "12345".to_owned(), ..Prompt::default() };
        let written = written("ann", &[prompt]);
        assert!(written.contains("| text | 5 | 2 |\n| all | 5 | 2 |\n") && !written.contains("system"), "{written}");
    }
}
