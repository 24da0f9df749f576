//! Names by which git and Baton find what belongs to them, also on file systems that take other spellings for the same name.

use crate::interfaces::repository_layout;

/// What git goes by.
pub(in crate::interfaces::sandbox) const REPOSITORY: &str = ".git";
/// What the host keeps in a workspace.
pub(in crate::interfaces::sandbox) const HOSTS_OWN: &str = ".baton";

/// What stands before the number in the name of what was renamed.
const PUT_ASIDE: &str = ".disarmed-";

/// Whether an entry of this name is a repository to git or a data directory to Baton, on this file system or on another.
pub(super) fn is_hosts(name: &[u8]) -> bool {
    // Most names end here. What is left out of a name is never ASCII.
    name.first().is_some_and(|byte| matches!(byte, b'.' | b'g' | b'G' | b'b' | b'B' | 0x80..))
        && repository_layout::is_hosts(&String::from_utf8_lossy(name))
}

/// Whether an entry was renamed because nobody is to execute or read it.
pub(super) fn is_put_aside(name: &[u8]) -> bool {
    name.windows(PUT_ASIDE.len()).any(|part| part == PUT_ASIDE.as_bytes())
}

/// All spellings of a name that differ in small and capital letters.
pub(super) fn spellings(name: &str) -> Vec<String> {
    name.chars().fold(vec![String::new()], |spelt, letter| {
        let mut letters = vec![letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
        letters.dedup();
        spelt.iter().flat_map(|begun| letters.iter().map(move |letter| format!("{begun}{letter}"))).collect()
    })
}

/// A path as people are shown it: in one line, and not endless.
pub(super) fn quote_path(path: &[u8]) -> String {
    const LONGEST: usize = 200;
    let mut text = String::from_utf8_lossy(path).chars().take(LONGEST).flat_map(char::escape_debug).collect::<String>();
    if path.len() > LONGEST {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_some_file_system_takes_for_the_name_is_known() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".git ",
            ".git.",
            ".git . .",
            "git~1",
            "GIT~1",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            "\u{200c}\u{200c}\u{200c}\u{200c}\u{200c}\u{200c}.git",
            ".\u{feff}\u{200d}\u{202a}\u{206f}\u{200c}\u{200c}git",
            "\u{200c}\u{200c}\u{200c}\u{200c}\u{200c}\u{200c}git~1",
            ".baton",
            ".BATON",
        ] {
            assert!(is_hosts(name.as_bytes()), "{name:?}");
        }
        for name in ["git", ".gitignore", ".github", ".gitmodules", "x.git", ".gi", "", ".", "..", "baton", ".batons", "git~10"] {
            assert!(!is_hosts(name.as_bytes()), "{name:?}");
        }
        assert!(!is_hosts(b".git\xff") && !is_hosts(b"\xff\xfe"));
    }

    #[test]
    fn a_name_has_as_many_spellings_as_its_letters_allow() {
        let spelt = spellings(".git");
        assert_eq!((spelt.len(), spelt.contains(&".gIt".to_owned()), spelt.contains(&".git".to_owned())), (8, true, true));
    }

    #[test]
    fn a_path_is_shown_in_one_line() {
        assert_eq!(quote_path(b"a\n\x1b[2J\xff"), "a\\n\\u{1b}[2J\u{fffd}");
        assert!(quote_path(&[b'x'; 10_000]).chars().count() == 201);
    }
}
