//! Names of files and globs as plugins give them: what is accepted, and the plain form of it. Touches no disk.

const LONGEST: usize = 4096;
const LONGEST_NAME: usize = 255;
const LONGEST_GLOB: usize = 1024;

/// The plain form of a path of the workspace: relative, no `.`, no `..`, nothing that belongs to the host; or a sentence that says
/// why it is none.
pub fn plain(text: &str) -> Result<String, String> {
    let reject = |why: &str| Err(format!("`{}` is not a path of the workspace: {why}.", excerpt(text)));
    if text.len() > LONGEST {
        return reject("it has more than 4096 bytes; use a shorter one");
    }
    if text.chars().any(char::is_control) {
        return reject("it holds a control character; leave it out");
    }
    if text.contains('\\') {
        return reject("it holds a backslash; put `/` between names");
    }
    if text.starts_with('/') || has_drive(text) {
        return reject("it is absolute; give it relative to the workspace");
    }
    let names: Vec<_> = text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    if names.is_empty() {
        return reject("it names no file; give a name");
    }
    if names.contains(&"..") {
        return reject("`..` is not followed; give the path from the workspace's root");
    }
    if names.iter().any(|name| name.len() > LONGEST_NAME) {
        return reject("one of its names has more than 255 bytes; use a shorter one");
    }
    if names.iter().any(|name| is_hosts(name)) {
        return reject("`.git` and `.baton` belong to the host; use the interface that serves what they hold");
    }
    Ok(names.join("/"))
}

/// A glob such as `docs/**/*.md` without `./` before it, or a sentence that says why it is not accepted.
pub fn glob(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.len() > LONGEST_GLOB || text.chars().any(char::is_control) {
        return Err(reject_glob("it has to have 1 to 1024 bytes and no control characters"));
    }
    if text.starts_with('/') || text.contains('\\') || text.split('/').any(|name| name == "..") {
        return Err(reject_glob("it has to be relative, with `/` between names and without `..`"));
    }
    Ok(text.trim_start_matches("./"))
}

/// The sentence for a glob that is not accepted.
pub fn reject_glob(why: &str) -> String {
    format!("The glob is not accepted: {why}. Write one such as `docs/**/*.md`.")
}

/// Whether an entry of this name is a repository to git or a data directory to Baton, on this file system or on another. Some
/// have a short name for each.
pub fn is_hosts(name: &str) -> bool {
    let plain = plain_name(name);
    is_git(&plain) || [".baton", "baton~1"].iter().any(|hosts| plain.eq_ignore_ascii_case(hosts))
}

/// Whether a plain name is that of a repository to git, on this file system or on another.
pub fn is_git(plain: &str) -> bool {
    [".git", "git~1"].iter().any(|git| plain.eq_ignore_ascii_case(git))
}

/// A name as every file system takes it: without marks that some do not see, without the stream of a file that some know, and
/// without spaces and dots at the end. Letters are as they were.
pub fn plain_name(name: &str) -> String {
    let seen: String = name.chars().filter(|mark| !is_unseen(*mark)).collect();
    seen.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']).to_owned()
}

fn is_unseen(mark: char) -> bool {
    matches!(mark, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

fn has_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

/// Enough of a hostile text to recognise it, harmless to a terminal.
fn excerpt(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_plain_or_rejected_with_a_sentence() {
        assert_eq!(plain("./docs//a.md").unwrap(), "docs/a.md");
        for bad in
            ["", ".", "/etc", "c:x", "a\\b", "../a", "a/../b", "a\n", ".git/config", "a/.BATON", "GIT~1", ".g\u{200c}it", ".git::$DATA"]
        {
            let sentence = plain(bad).unwrap_err();
            assert!(sentence.contains("is not a path of the workspace: ") && !sentence.contains('\n'), "{bad:?}: {sentence}");
        }
        assert!(plain(&"a".repeat(256)).is_err() && plain(&"a/".repeat(3_000)).is_err());
    }

    #[test]
    fn a_glob_stays_in_the_workspace() {
        assert_eq!(glob("./docs/**"), Ok("docs/**"));
        for bad in ["", "/etc/*", "../*", "a\\*", "a\0"] {
            assert!(glob(bad).unwrap_err().starts_with("The glob is not accepted: "), "{bad:?}");
        }
    }
}
