//! What others wrote reaches no terminal but as text, whatever the command and the form of its answer.

use std::{fs, path::Path};

use baton_tests::{
    hostile::{guest, manifest, packed, together},
    listed, program,
};
use serde_json::Value;
use tempfile::TempDir;

/// Characters that a terminal obeys, hides or turns others around by. The tests' own list, on purpose.
fn is_dangerous(character: char) -> bool {
    let beyond = [
        '\u{ad}'..='\u{ad}',
        '\u{61c}'..='\u{61c}',
        '\u{180e}'..='\u{180e}',
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{feff}'..='\u{feff}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
    ];
    (character.is_control() && character != '\n') || beyond.iter().any(|range| range.contains(&character))
}

/// A user into whose plugin folder somebody dropped these files.
struct User(TempDir);

impl User {
    fn with(files: &[(&str, Vec<u8>)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("data/plugins")).unwrap();
        fs::create_dir_all(home.path().join("work")).unwrap();
        fs::write(home.path().join("answers.yaml"), baton_tests::host::ANSWERS).unwrap();
        for (name, content) in files {
            fs::write(home.path().join("data/plugins").join(name), content).unwrap();
        }
        Self(home)
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    /// What `baton` prints, once it was looked at byte for byte.
    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.home(), arguments);
        let command = command.env("BATON_DATA_DIR", self.home().join("data")).env("BATON_LOG", "debug");
        let ended = program::output(command);
        for (stream, text) in [("output", &ended.stdout), ("error", &ended.stderr)] {
            let found: Vec<_> = text.char_indices().filter(|(_, character)| is_dangerous(*character)).collect();
            let context =
                found.first().map(|(place, _)| text[..*place].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect());
            assert_eq!(found, [], "{arguments:?} on standard {stream} after {:?}", context.unwrap_or_else(String::new));
        }
        ended
    }
}

#[test]
fn a_run_writes_nothing_but_text_to_the_terminal() {
    let user = User::with(&[("tamper.wasm", guest("tamper_terminal"))]);
    let _granted = user.baton(&["plugin", "grant", "tamper-terminal"]).exits(0);
    for (input, code) in [("{}", 0), (r#"{"fail":true}"#, 1), (r#"{"pause":true}"#, 3)] {
        for form in ["table", "json"] {
            let run = ["run", "tamper-terminal", "--workspace", "work", "--model", "script/answers.yaml", "--input", input, "-o", form];
            let ended = user.baton(&run).exits(code);
            assert!(ended.stdout.contains("end") || ended.stderr.contains("end"), "its text is shown");
        }
    }
    let listed = listed::runs(&user.baton(&["runs", "list", "-o", "json"]).exits(0));
    let ids: Vec<_> = listed.iter().map(|run| listed::id(run).to_owned()).collect();
    assert_eq!(ids.len(), 6);
    let _listed = user.baton(&["runs", "list"]).exits(0);
    for id in [&ids[0], &ids[2], &ids[5]] {
        for command in
            [&["runs", "show", id][..], &["runs", "journal", id], &["runs", "journal", id, "--full"], &["runs", "transcript", id]]
        {
            let _shown = user.baton(command).exits(0);
            let document = user.baton(&[command, &["-o", "json"]].concat()).exits(0);
            assert!(serde_json::from_str::<Value>(&document.stdout).is_ok(), "{command:?}");
        }
    }
    let journal = user.baton(&["runs", "journal", &ids[0], "-o", "json"]).stdout;
    assert!(serde_json::from_str::<Value>(&journal).unwrap().to_string().contains('\u{202e}'), "programs get what was written");
}

/// What somebody put where a text of the manifest stands, and where it may be shown.
const TRAP: &str = r"\u202e\u200b\u061c\u00ad\u2066\U000e0041";
const CONTROL: &str = r"\u001b[2J\u009b31m\u0007";

/// Threat: A plugin hides what it asks for behind characters that are invisible or change the direction of text.
/// Stopped by: Where a user decides, Baton writes out every such character.
/// Expects: `plugin show` prints `docs/\u{202e}\u{200b}…`.
#[test]
fn what_a_plugin_says_of_itself_is_shown_with_nothing_hidden() {
    let hidden = manifest("hidden", &format!("read = [\"docs/{TRAP}**\"]")).replace("Means harm.", TRAP);
    let user = User::with(&[("hidden.wasm", packed(&together(), &hidden))]);
    for command in [&["plugin", "list"][..], &["plugin", "show", "hidden"], &["plugin", "grant", "hidden"], &["plugin", "revoke", "hidden"]]
    {
        for form in ["table", "json"] {
            let ended = user.baton(&[command, &["-o", form]].concat()).exits(0);
            assert!(command[1] == "revoke" || ended.stdout.contains("u") || form == "table", "{}", ended.stdout);
        }
    }
    assert!(user.baton(&["plugin", "show", "hidden"]).stdout.contains(r"docs/\u{202e}\u{200b}\u{61c}\u{ad}\u{2066}\u{e0041}**"));
}

/// Threat: A file that is rejected writes to the terminal through the error: by its manifest, or by its own name.
/// Stopped by: An error quotes little, in one line, without control characters, and the commands strip the rest.
/// Expects: `plugin list`, `plugin show` and `plugin install` say why it is rejected, in plain text only.
#[test]
fn a_manifest_that_is_refused_does_not_speak_through_the_refusal() {
    let good = manifest("refused", "");
    let change = |from: &str, to: &str| packed(&together(), &good.replace(from, to));
    let files = [
        ("name.wasm", change("name = \"refused\"", &format!("name = \"{TRAP}{CONTROL}\""))),
        ("version.wasm", change("0.1.0", &format!("{TRAP}{CONTROL}"))),
        ("kind.wasm", change("workflow", &format!("{TRAP}{CONTROL}"))),
        ("description.wasm", change("Means harm.", CONTROL)),
        ("field.wasm", change("[needs]", &format!("\"{TRAP}{CONTROL}\" = 1\n[needs]"))),
        ("need.wasm", change("[needs]", &format!("[needs]\n\"{TRAP}{CONTROL}\" = []"))),
        ("pattern.wasm", change("[needs]", &format!("[needs]\nread = [\"{TRAP}{CONTROL}\"]"))),
        ("raw.wasm", change("[needs]", "\u{202e}\u{200b}\u{61c} = \u{9b}31m\n[needs]")),
        ("file\u{1b}[2J\u{202e}\u{61c}.wasm", b"not a plugin".to_vec()),
    ];
    let user = User::with(&files);
    let listed = user.baton(&["plugin", "list"]).exits(0);
    assert_eq!(listed.stdout.matches("rejected").count(), files.len(), "{}", listed.stdout);
    let _document = user.baton(&["plugin", "list", "-o", "json"]).exits(0);
    for (name, _) in &files {
        let path = format!("data/plugins/{name}");
        let _shown = user.baton(&["plugin", "show", &path]).exits(1);
        let _document = user.baton(&["plugin", "show", &path, "-o", "json"]).exits(1);
        let _installed = user.baton(&["plugin", "install", &path]).exits(1);
    }
}
