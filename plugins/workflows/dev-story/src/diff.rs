//! A unified diff as git writes it, read file by file: what each gained and lost, and what stands there that is no text.
//! Looks at no file.

/// A file that differs.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct File {
    pub(crate) path: String,
    /// Lines that came and went; empty ones do not count.
    pub(crate) added: usize,
    pub(crate) removed: usize,
    /// Where it leads, if it is a symbolic link.
    pub(crate) link: Option<String>,
    /// Git shows no lines of it.
    pub(crate) binary: bool,
    pub(crate) deleted: bool,
    /// It was not there before.
    pub(crate) added_whole: bool,
    /// Where it was before.
    pub(crate) renamed_from: Option<String>,
}

/// What git writes as the mode of a symbolic link.
const LINK: &str = "120000";

/// The files of a diff, in its order.
pub(crate) fn files(diff: &str) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut in_hunk = false;
    for line in diff.lines() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            in_hunk = false;
            files.push(File { path: second(names), ..File::default() });
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        in_hunk |= line.starts_with("@@");
        if in_hunk { count(file, line) } else { describe(file, line) }
    }
    files
}

fn describe(file: &mut File, line: &str) {
    if let Some(path) = line.strip_prefix("+++ ").or_else(|| line.strip_prefix("rename to ")).filter(|path| *path != "/dev/null") {
        file.path = plain(path);
    } else if let Some(path) = line.strip_prefix("--- ").filter(|path| *path != "/dev/null") {
        file.path = plain(path);
    }
    if let Some(path) = line.strip_prefix("rename from ") {
        file.renamed_from = Some(plain(path));
    }
    file.deleted |= line.starts_with("deleted file mode ");
    file.added_whole |= line.starts_with("new file mode ") || line == "--- /dev/null";
    file.binary |= line.starts_with("Binary files ");
    let mode = line.strip_prefix("new file mode ").or_else(|| line.strip_prefix("index ").and_then(|rest| rest.split(' ').nth(1)));
    if mode == Some(LINK) {
        file.link = Some(String::new());
    }
}

fn count(file: &mut File, line: &str) {
    let said = |rest: &str| usize::from(!rest.trim().is_empty());
    if let Some(rest) = line.strip_prefix('+') {
        file.added += said(rest);
        if let Some(target) = &mut file.link {
            target.push_str(rest);
        }
    } else if let Some(rest) = line.strip_prefix('-') {
        file.removed += said(rest);
    }
}

/// The second of two names that are alike, which is all there is to go by for a file without lines.
fn second(names: &str) -> String {
    let half = names.len() / 2;
    let (middle, rest) = (names.get(..half), names.get(half..));
    plain(middle.and(rest).map_or(names, str::trim_start))
}

/// Git quotes a name with a quote or a control character in it, and ends one with a blank in it by a tab.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('\t');
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let name = quoted.map_or_else(|| name.to_owned(), unquoted);
    name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(&name).to_owned()
}

fn unquoted(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => escaped(&mut rest),
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escaped(rest: &mut std::str::Bytes<'_>) -> u8 {
    match rest.next() {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(first @ b'0'..=b'3') => {
            let digits = rest.by_ref().take(2).filter(u8::is_ascii_digit);
            digits.fold(first - b'0', |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0'))
        }
        Some(other) => other,
        None => b'\\',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(diff: &str) -> File {
        let mut files = files(diff);
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    #[test]
    fn lines_are_counted_by_file_and_empty_ones_are_not() {
        let diff = "diff --git a/tests/a.sh b/tests/a.sh\n--- a/tests/a.sh\n+++ b/tests/a.sh\n@@ -1,3 +1,2 @@\n one\n-two\n--- three\n+\n\
                    diff --git a/kitty b/kitty\n--- a/kitty\n+++ b/kitty\n@@ -1 +1 @@\n-x\n+y\n\
                    diff --git a/tests/b.sh b/tests/b.sh\ndeleted file mode 100644\n--- a/tests/b.sh\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        let counted: Vec<_> = files(diff).into_iter().map(|file| (file.path, file.added, file.removed, file.deleted)).collect();
        let expected = [("tests/a.sh", 0, 2, false), ("kitty", 1, 1, false), ("tests/b.sh", 0, 1, true)];
        assert_eq!(counted, expected.map(|(path, added, removed, deleted)| (path.to_owned(), added, removed, deleted)));
    }

    #[test]
    fn links_and_binaries_are_told() {
        let link = only(
            "diff --git a/out b/out\nnew file mode 120000\nindex 0000000..3594e94\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline",
        );
        assert_eq!(link.link.as_deref(), Some("/etc/passwd"));
        let turned = only(
            "diff --git a/out b/out\nindex 3594e94..bd0f1e8 120000\n--- a/out\n+++ b/out\n@@ -1 +1 @@\n-a\n\\ No newline\n+../b\n\\ No newline",
        );
        assert_eq!(turned.link.as_deref(), Some("../b"));
        let binary = only("diff --git a/a b/c b/a b/c\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/a b/c differ\n");
        assert_eq!((binary.path.as_str(), binary.binary, binary.link), ("a b/c", true, None));
        let text = only("diff --git a/a b/a\nindex 0..1 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-index 0..1 120000\n+Binary files\n");
        assert_eq!((text.binary, text.link), (false, None), "what lines say is no description");
    }

    #[test]
    fn unusual_names_come_out_as_they_are() {
        let named = |name: &str| only(&format!("diff --git {name} {name}\n--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n")).path;
        assert_eq!(named("b/include 11.rst\t"), "include 11.rst");
        assert_eq!(named("b/größe.txt"), "größe.txt");
        assert_eq!(named("\"b/say \\\"hi\\\"\\n\\303\\244.txt\""), "say \"hi\"\nä.txt");
    }

    #[test]
    fn rubbish_counts_nothing() {
        for diff in ["", "+++ b/a\n+x", "@@ @@\n+x", "diff --git \n", "diff --git ä\n+++ \"\\", "Binary files a/x and b/x differ"] {
            assert!(files(diff).iter().all(|file| file.added + file.removed == 0), "{diff}");
        }
    }
}
