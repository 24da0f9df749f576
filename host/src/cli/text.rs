//! Text of plugins, models and files made safe for a terminal. Whatever others wrote passes here before it is shown.

use std::path::Path;

use crate::{escape::is_hidden, operations::runs::RunId};

/// For what somebody decides by, and types.
pub(super) use crate::escape::{escaped, shell_word};

/// The text without control characters, without escape sequences and without characters that turn the direction of
/// others around. Line breaks stay, and a tab becomes a space.
pub(super) fn plain(text: &str) -> String {
    let without_sequences = anstream::adapter::strip_str(text).to_string();
    let shown = without_sequences.chars().filter_map(|character| match character {
        '\n' => Some('\n'),
        '\t' => Some(' '),
        _ if is_hidden(character) => None,
        _ => Some(character),
    });
    shown.collect()
}

/// The text in one line, with single spaces.
pub(super) fn line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text in one line of at most `most` characters, with an ellipsis where something was left out.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    // Enough of it to fill the line, however much white space there is.
    let beginning: String = text.chars().take(most.saturating_mul(8).max(64)).collect();
    let cut = beginning.len() < text.len();
    let line = line(&beginning);
    if line.chars().count() <= most && !cut {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A path, as somebody decides by it and types it.
pub(super) fn path(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// The option that leads to the data in a directory.
pub(super) fn data_dir_option(data_dir: &Path) -> String {
    format!("--data-dir {}", shell_word(&path(data_dir)))
}

/// The option that leads to a server.
pub(super) fn server_option(url: &str) -> String {
    format!("--server {}", shell_word(&escaped(url)))
}

/// A command of this program, with the option that leads to the same data.
pub(super) fn command_with(command: &str, option: Option<&str>) -> String {
    match option {
        Some(option) => format!("baton {command} {option}"),
        None => format!("baton {command}"),
    }
}

/// A text with that option in every command of this program that it names between backticks.
pub(super) fn commands_with(text: &str, option: Option<&str>) -> String {
    const COMMAND: &str = "`baton ";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(COMMAND) {
        let Some((command, later)) = after.split_once('`').filter(|(command, _)| !command.contains('\n')) else { break };
        let known = option.filter(|_| !command.contains("--data-dir") && !command.contains("--server"));
        shown.push_str(&format!("{before}`{}`", command_with(command, known)));
        rest = later;
    }
    shown + rest
}

/// The end of a run's id, by which people name it.
pub(super) fn short(run: &RunId) -> String {
    escaped(run.short())
}

/// The last eight characters of an id.
pub(super) fn ending(id: &str) -> String {
    let id = escaped(id);
    id.char_indices().rev().nth(7).map_or(id.clone(), |(start, _)| id[start..].to_owned())
}

/// The JSON document with every character inside its strings that could not be seen written as JSON writes it, such as
/// `\u009b`: it says the same to a program and nothing to a terminal.
pub(super) fn document(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && is_hidden(character) {
            let mut units = [0; 2];
            shown.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        let attacks = [
            "\u{1b}[2Jgone",
            "\u{1b}]0;title\u{7}gone",
            "go\u{8}ne",
            "go\u{200b}ne",
            "\u{202e}gone",
            "go\rne",
            "\u{9b}31mgone",
            "go\0ne",
            "go\u{ad}ne",
            "\u{61c}gone",
            "go\u{e0041}ne",
        ];
        for attack in attacks {
            let shown = plain(attack);
            assert!(!shown.chars().any(is_hidden), "{attack:?} gave {shown:?}");
            assert!(shown.contains("go") && shown.ends_with("ne"), "{attack:?} gave {shown:?}");
        }
        assert_eq!(plain("two\nlines\tand a tab"), "two\nlines and a tab");
    }

    #[test]
    fn a_document_says_the_same_and_shows_nothing_else() {
        let value = serde_json::json!({ "a\u{9b}": "\u{202e}\u{7f}\u{1b}\u{e0041}ü\n" });
        let shown = document(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(shown, "{\n  \"a\\u009b\": \"\\u202e\\u007f\\u001b\\udb40\\udc41ü\\n\"\n}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("  a\n\n b  ", 10), "a b");
        assert_eq!(excerpt("abcdef", 6), "abcdef");
        assert_eq!(excerpt("abcdefg", 6), "abcde…");
        assert_eq!(excerpt(&" ".repeat(10_000), 6), "…");
        assert_eq!(excerpt("", 6), "");
    }

    #[test]
    fn a_short_id_is_the_end_of_it() {
        assert_eq!(short(&RunId::from_text("0194b2f0-7c00-7abc-8def-0123456789ab")), "456789ab");
        assert_eq!(short(&RunId::from_text("abc")), "abc");
    }

    #[test]
    fn commands_that_a_text_names_lead_to_the_same_data() {
        let option = data_dir_option(Path::new("my data"));
        let told = |text: &str| commands_with(text, Some(&option));
        assert_eq!(
            told("Run `baton budget set 5`, then `baton runs resume x`; not `git status`."),
            "Run `baton budget set 5 --data-dir 'my data'`, then `baton runs resume x --data-dir 'my data'`; not `git status`."
        );
        for left in ["`baton runs list --data-dir x`.", "`baton login --server x`", "an open `baton runs", "`baton a\nb`", "plain"] {
            assert_eq!(told(left), left);
        }
        assert_eq!(commands_with("`baton demo`", None), "`baton demo`");
    }
}
