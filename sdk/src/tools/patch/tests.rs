use std::collections::BTreeMap;

use super::*;
use crate::{Error, Result};

type Files = BTreeMap<String, Vec<u8>>;

fn files(entries: &[(&str, &str)]) -> Files {
    entries.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect()
}

/// The files after a patch.
fn patched(files: &Files, patch: &str) -> Result<Files> {
    let read = |path: &str| files.get(path).cloned().ok_or_else(|| Error::not_found(format!("There is no `{path}`.")));
    let applied = apply(&parse(patch)?, &read)?;
    let mut files = files.clone();
    for change in applied.changes {
        assert_eq!(files.get(&change.path), change.before.as_ref());
        match change.after {
            Some(content) => files.insert(change.path, content.into_bytes()),
            None => files.remove(&change.path),
        };
    }
    Ok(files)
}

fn one(content: &str, patch: &str) -> Result<String> {
    let after = patched(&files(&[("a", content)]), patch)?;
    Ok(String::from_utf8(after["a"].clone()).unwrap())
}

fn problem(content: &str, patch: &str) -> String {
    one(content, patch).unwrap_err().to_string()
}

fn update(hunks: &str) -> String {
    format!("*** Begin Patch\n*** Update File: a\n{hunks}\n*** End Patch")
}

#[test]
fn an_envelope_adds_updates_moves_and_deletes() {
    let before = files(&[("a.py", "def f():\n    return 1\n"), ("old.txt", "one\ntwo\n"), ("gone", "\0binary")]);
    let patch = "*** Begin Patch\n*** Add File: new/b.py\n+import a\n+\n+a.f()\n*** Update File: a.py\n@@ def f():\n-    return 1\n+    return 2\n*** Update File: old.txt\n*** Move to: new.txt\n one\n-two\n+2\n*** Delete File: gone\n*** End Patch\n";
    let after = files(&[("a.py", "def f():\n    return 2\n"), ("new/b.py", "import a\n\na.f()\n"), ("new.txt", "one\n2\n")]);
    assert_eq!(patched(&before, patch).unwrap(), after);
    for wrapped in [format!("```diff\n{patch}```"), format!("apply_patch <<'EOF'\n{patch}EOF"), patch.replace('\n', "\r\n")] {
        assert_eq!(patched(&before, &wrapped).unwrap(), after, "{wrapped}");
    }
}

#[test]
fn a_unified_diff_does_the_same() {
    let before = files(&[("a.py", "def f():\n    return 1\n"), ("old.txt", "one\ntwo\n"), ("gone", "x\n")]);
    let patch = "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\ndiff --git a/b.py b/b.py\nnew file mode 100644\n--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+import a\n\\ No newline at end of file\ndiff --git a/empty b/empty\nnew file mode 100644\nindex 000..e69\ndiff --git a/old.txt b/new.txt\nsimilarity index 90%\nrename from old.txt\nrename to new.txt\n--- a/old.txt\n+++ b/new.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\ndiff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
    let after = files(&[("a.py", "def f():\n    return 2\n"), ("b.py", "import a"), ("empty", ""), ("new.txt", "one\n2\n")]);
    assert_eq!(patched(&before, patch).unwrap(), after);
    let plain = "--- a.py\t2026-01-01\n+++ a.py\t2026-01-02\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n--- old.txt\n+++ old.txt\n@@ -2 +2 @@\n-two\n+2\n";
    assert_eq!(patched(&before, plain).unwrap()["old.txt"], b"one\n2\n");
}

#[test]
fn numbers_that_lie_do_no_harm() {
    let file = "a\nb\nc\nd\ne\n";
    for numbers in ["-4,2 +4,2", "-900,2 +1,1", "-0,0 +0,0", "-1,99 +1,99", "-18446744073709551615,2 +1,2", "..", ""] {
        let said = format!("--- a/a\n+++ b/a\n@@ {numbers} @@\n b\n-c\n+C\n");
        assert_eq!(one(file, &said).unwrap(), "a\nb\nC\nd\ne\n", "{numbers}");
    }
    // Of two places the one that the number names is meant; without it neither.
    let twice = "x\ny\nx\n";
    assert_eq!(one(twice, "--- a\n+++ a\n@@ -3 +3 @@\n-x\n+z\n").unwrap(), "x\ny\nz\n");
    assert!(problem(twice, "--- a\n+++ a\n@@ -2 +2 @@\n-x\n+z\n").contains("more than once, at the lines 1, 3"));
    assert!(problem(twice, "--- a\n+++ a\n@@ -7,0 +8 @@\n+z\n").contains("the file has 3"));
    assert_eq!(one(twice, "--- a\n+++ a\n@@ -3,0 +4 @@\n+z\n").unwrap(), "x\ny\nx\nz\n");
}

#[test]
fn hunks_are_found_by_what_stands_behind_their_mark() {
    let file = "def f():\n    return 1\n\ndef g():\n    return 1\n";
    let after = "def f():\n    return 1\n\ndef g():\n    return 2\n";
    assert_eq!(one(file, &update("@@ def g():\n-    return 1\n+    return 2")).unwrap(), after);
    assert_eq!(one(file, &update("@@ def g\n def g():\n-    return 1\n+    return 2")).unwrap(), after);
    assert_eq!(one(file, &update("-    return 1\n+    return 2\n*** End of File")).unwrap(), after);
    assert!(problem(file, &update("-    return 1\n+    return 2")).contains("more than once"));
    assert_eq!(one(file, &update("@@ def f():\n+    # f")).unwrap(), file.replacen("def f():\n", "def f():\n    # f\n", 1));
    assert_eq!(one(file, &update("+end")).unwrap(), format!("{file}end\n"));
    assert!(problem(file, &update("@@ def h():\n+    # h")).contains("`def h():` behind `@@` is not a line of the file"));
    // Hunks in the wrong order.
    let hunks = "@@ def g():\n-    return 1\n+    return 2\n@@\n-def f():\n+def e():";
    assert_eq!(one(file, &update(hunks)).unwrap(), after.replace("def f", "def e"));
}

#[test]
fn blanks_and_indentation_do_not_count_where_one_place_is_meant() {
    let file = "class A:\n\tdef f(self):\t\n\t\treturn 1\n";
    let hunk = " def f(self):\n-    return 1\n+    if x:\n+        return 2\n+    return 1";
    assert_eq!(one(file, &update(hunk)).unwrap(), "class A:\n\tdef f(self):\t\n\t\tif x:\n\t\t\treturn 2\n\t\treturn 1\n");
    assert_eq!(one("a\r\nb\r\n", &update(" a\n-b\n+c\n+d")).unwrap(), "a\r\nc\r\nd\r\n");
    assert_eq!(one("a\r\nb\r\nc\n", &update(" a\n-b\n+d")).unwrap(), "a\r\nd\r\nc\n");
    assert_eq!(one("\u{feff}a\nb", &update(" a\n-b\n+c")).unwrap(), "\u{feff}a\nc");
    assert_eq!(one("a\nb", "--- a\n+++ a\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n").unwrap(), "a\nb\n");
    assert_eq!(one("a\n\nb\n", &update(" a\n\n-b\n+c")).unwrap(), "a\n\nc\n", "an empty line without its blank");
}

#[test]
fn a_hunk_that_does_not_fit_changes_nothing() {
    let before = files(&[("a", "one\n"), ("b", "two\n")]);
    let patch = "*** Begin Patch\n*** Update File: a\n-one\n+1\n*** Update File: b\n@@\n-twoo\n+2\n*** End Patch";
    let said = patched(&before, patch).unwrap_err().to_string();
    assert!(said.starts_with("Nothing was changed. In `b`, the hunk does not fit: its lines are not in the file. Nearest are"), "{said}");
    assert!(said.contains("Line 1 of the hunk is `twoo`, and the file has `two`."), "{said}");
    for (patch, expected) in [
        ("*** Add File: a\n+x", "is there already"),
        ("*** Update File: a\n*** Move to: b\n-one\n+1", "is there already"),
        ("*** Delete File: c", "There is no `c`"),
        ("*** Update File: c\n-a\n+b", "There is no `c`"),
        ("*** Delete File: a\n*** Delete File: a", "twice"),
        ("*** Delete File: a\n*** Update File: a\n-one\n+1", "before it changes it"),
    ] {
        let said = patched(&before, &format!("*** Begin Patch\n{patch}\n*** End Patch")).unwrap_err().to_string();
        assert!(said.contains(expected), "{patch}: {said}");
    }
    let again = "*** Begin Patch\n*** Delete File: a\n*** Add File: a\n+new\n*** Update File: a\n-new\n+newer\n*** End Patch";
    assert_eq!(patched(&before, again).unwrap()["a"], b"newer\n");
}

#[test]
fn what_is_not_a_patch_is_a_sentence() {
    for (patch, expected) in [
        ("", "no file in it"),
        ("Here is the change you wanted.", "no file in it"),
        ("*** Begin Patch\n*** End Patch", "no file in it"),
        ("*** Begin Patch\n*** Update File:\n-a\n+b", "has no path"),
        ("*** Begin Patch\n*** Update File: a\n*** End Patch", "changes nothing in `a`"),
        ("*** Begin Patch\n*** Update File: a\n one\n*** End Patch", "hunk 1 of `a` has no line"),
        ("*** Begin Patch\n*** Update File: a\none\n*** End Patch", "line 3 (`one`): a line of a hunk begins with"),
        ("*** Begin Patch\n*** Rename File: a\n*** End Patch", "line 2 (`*** Rename File: a`)"),
        ("*** Begin Patch\n*** Add File: a\none\n*** End Patch", "begins with `+`"),
        ("@@ -1 +1 @@\n-a\n+b", "belongs to no file"),
        ("diff --git a/a b/a\nGIT binary patch\nliteral 3", "binary files"),
        ("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\nb\n", "begins with a blank"),
    ] {
        let said = parse(patch).unwrap_err().to_string();
        assert!(said.contains(expected) && said.contains("Nothing was changed."), "{patch}: {said}");
    }
    assert!(parse(&update(&"@@\n-a\n+b\n".repeat(1001))).unwrap_err().to_string().contains("1000 hunks"));
    assert!(parse(&"x".repeat(3 << 20)).unwrap_err().to_string().contains("2 MiB"));
}

/// Numbers that are the same in each run of the test.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % (end as u64).max(1)).unwrap()
    }
}

/// A file whose lines repeat seldom or often, and the same after changes, with each line's fate.
fn changed(numbers: &mut Numbers) -> (Vec<String>, Vec<Line>) {
    let (length, kinds) = (numbers.below(60), 1 + numbers.below(80));
    let line = |numbers: &mut Numbers| format!("{}{}", " ".repeat(numbers.below(3) * 4), numbers.below(kinds));
    let file: Vec<_> = (0..length).map(|_| line(numbers)).collect();
    let mut fates = Vec::new();
    for text in &file {
        match numbers.below(12) {
            0 => fates.push(Line::Goes(text.clone())),
            1 => fates.extend([Line::Goes(text.clone()), Line::Comes(line(numbers))]),
            2 => fates.extend([Line::Comes(line(numbers)), Line::Stays(text.clone())]),
            _ => fates.push(Line::Stays(text.clone())),
        }
    }
    (file, fates)
}

/// A patch with `around` lines around each change; with true numbers where `numbered`.
fn written(fates: &[Line], around: usize, numbered: bool) -> String {
    let is_change = |line: &Line| !matches!(line, Line::Stays(_));
    let changes: Vec<_> = fates.iter().enumerate().filter(|(_, line)| is_change(line)).map(|(index, _)| index).collect();
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for index in changes {
        let (start, end) = (index.saturating_sub(around), (index + around + 1).min(fates.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    let mut patch = if numbered { "--- a/a\n+++ b/a\n".to_owned() } else { "*** Begin Patch\n*** Update File: a\n".to_owned() };
    for hunk in hunks {
        let count = |lines: &[Line], left_out: fn(&Line) -> bool| lines.iter().filter(|line| !left_out(line)).count();
        let comes: fn(&Line) -> bool = |line| matches!(line, Line::Comes(_));
        let goes: fn(&Line) -> bool = |line| matches!(line, Line::Goes(_));
        let (old, new) = (count(&fates[hunk.clone()], comes), count(&fates[hunk.clone()], goes));
        let (before, after) = (count(&fates[..hunk.start], comes), count(&fates[..hunk.start], goes));
        let first = |before: usize, lines: usize| if lines == 0 { before } else { before + 1 };
        match numbered {
            true => patch.push_str(&format!("@@ -{},{old} +{},{new} @@\n", first(before, old), first(after, new))),
            false => patch.push_str("@@\n"),
        }
        for line in &fates[hunk] {
            let (mark, text) = match line {
                Line::Stays(text) => (' ', text),
                Line::Goes(text) => ('-', text),
                Line::Comes(text) => ('+', text),
            };
            patch.push_str(&format!("{mark}{text}\n"));
        }
    }
    patch + if numbered { "" } else { "*** End Patch\n" }
}

#[test]
fn any_change_is_made_as_written_or_not_at_all() {
    let mut numbers = Numbers(7);
    let mut made = [0; 2];
    for _ in 0..1000 {
        let (file, fates) = changed(&mut numbers);
        let end = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let kept = fates.iter().filter_map(|line| match line {
            Line::Stays(text) | Line::Comes(text) => Some(text.clone()),
            Line::Goes(_) => None,
        });
        let after: Vec<_> = kept.collect();
        if !fates.iter().any(|line| !matches!(line, Line::Stays(_))) {
            continue;
        }
        let around = numbers.below(4);
        // With numbers that are right it fits, however often its lines are there.
        assert_eq!(one(&end(&file), &written(&fates, around, true)).unwrap(), end(&after), "{file:?} {fates:?} {around}");
        made[0] += 1;
        // Without numbers each hunk stands in one place, or the patch says that it does not.
        let is_unclear = |said: &str| said.contains("more than once");
        match one(&end(&file), &written(&fates, around.max(1), false)) {
            Ok(text) if text == end(&after) => made[1] += 1,
            Ok(text) => assert!(is_ambiguous(&file, &fates), "{text}\n{file:?}\n{fates:?}"),
            Err(error) => {
                let is_clear = !is_ambiguous(&file, &fates);
                assert!(is_unclear(&error.to_string()) || !is_clear, "{error}\n{file:?}\n{fates:?}");
            }
        }
    }
    assert!(made[0] > 600 && made[1] > 150, "{made:?}");
}

/// Whether a hunk without numbers may mean another place than the writer's: lines repeat.
fn is_ambiguous(file: &[String], fates: &[Line]) -> bool {
    let come = fates.iter().filter_map(|line| if let Line::Comes(text) = line { Some(text) } else { None });
    let mut lines: Vec<_> = file.iter().chain(come).map(|line| line.trim()).collect();
    lines.sort_unstable();
    lines.windows(2).any(|pair| pair[0] == pair[1])
}

#[test]
fn no_text_breaks_the_reader() {
    let pieces = [
        "*** Begin Patch\n",
        "*** Update File: a\n",
        "*** Add File: b\n",
        "*** Delete File: a\n",
        "*** Move to: c\n",
        "*** End Patch\n",
        "*** End of File\n",
        "@@ ",
        "@@\n",
        "@@ -1,2 +3,4 @@\n",
        "--- a\n",
        "+++ b/a\n",
        "diff --git a/a b/a\n",
        "-one\n",
        "+ä\n",
        " two\n",
        "\n",
        "\\ No newline at end of file\n",
        "rename from a\n",
        "rename to é\n",
        "/dev/null",
        "\u{0}",
        "𝄞",
        "\t",
        "```\n",
        "-",
        "+",
    ];
    let mut numbers = Numbers(11);
    let before = files(&[("a", "one\ntwo\nä\n")]);
    for _ in 0..5000 {
        let patch: String = (0..numbers.below(14)).map(|_| pieces[numbers.below(pieces.len())]).collect();
        if let Err(error) = patched(&before, &patch) {
            assert!(error.to_string().contains("Nothing was changed"), "{patch}: {error}");
        }
    }
}
