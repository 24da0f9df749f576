use super::*;

fn edit(old: &str, new: &str) -> Edit {
    Edit { old: old.to_owned(), new: new.to_owned(), replace_all: false }
}

fn edited(content: &str, edits: &[Edit]) -> Result<(String, Edited)> {
    let mut document = Document::parse("a", content.as_bytes())?;
    let before = document.clone();
    let done = apply(&mut document, edits, "a");
    if done.is_err() {
        assert_eq!(document, before, "all or none");
    }
    done.map(|edited| (document.render(), edited))
}

fn text(content: &str, edits: &[Edit]) -> String {
    edited(content, edits).unwrap().0
}

fn problem(content: &str, edits: &[Edit]) -> String {
    edited(content, edits).map(|(text, _)| text).unwrap_err().to_string()
}

#[test]
fn edits_are_applied_in_order_and_all_or_none() {
    assert_eq!(text("one\ntwo\n", &[edit("one", "1"), edit("1\ntwo", "$1 three")]), "$1 three\n");
    let said = problem("one\ntwo\n", &[edit("one", "1"), edit("missing", "2")]);
    assert!(said.starts_with("`a` was not changed, because of edit 2 of 2: its `old` is not in the file."), "{said}");
}

#[test]
fn a_passage_that_is_there_more_than_once_is_named_with_its_lines() {
    let said = problem("two\none\ntwo\n", &[edit("two", "2")]);
    assert!(said.contains("more than once, at the lines 1, 3."), "{said}");
    assert!(problem("aaa", &[edit("aa", "b")]).contains("more than once"), "overlapping places are two");
    let all = Edit { replace_all: true, ..edit("two", "2") };
    assert_eq!(text("two\none\ntwo\n", &[all]), "2\none\n2\n");
    let said = problem(&"x\n".repeat(50), &[edit("x", "y")]);
    assert!(said.contains("1, 2, 3, 4, 5, 6, 7, 8 and more"), "{said}");
}

#[test]
fn line_ends_the_mark_and_the_last_line_break_stay() {
    assert_eq!(text("\u{feff}one\r\ntwo\r\n", &[edit("one\ntwo", "1\n2\n3")]), "\u{feff}1\r\n2\r\n3\r\n");
    assert_eq!(text("one\ntwo", &[edit("two\n", "2\n")]), "one\n2", "no line break at the end, as before");
    assert_eq!(text("one\ntwo\n", &[edit("one\r\ntwo", "1\r\n2")]), "1\n2\n");
    // Some lines end with one, some with the other.
    assert_eq!(text("one\r\ntwo\nthree\r\n", &[edit("two\nthree", "2\n3")]), "one\r\n2\n3\r\n");
    assert_eq!(text("one\r\ntwo\r\nthree\n", &[edit("one\ntwo", "1\n2")]), "1\r\n2\r\nthree\n");
}

#[test]
fn blanks_at_the_ends_of_lines_do_not_count() {
    let (text, edited) = edited("a = 1  \nb = 2\t\nc\n", &[edit("a = 1\nb = 2\n", "a = 3\n")]).unwrap();
    assert_eq!(text, "a = 3\nc\n");
    assert_eq!(edited.remarks, ["The passage of the edit was found without regard to blanks at the ends of lines."]);
    assert!(problem("a \na  \n", &[edit("a\t", "b")]).contains("at the lines 1, 2"), "only where there is one place");
}

#[test]
fn a_passage_with_another_indentation_is_found_and_indented() {
    let file = "fn f() {\n\tif a {\n\t\tb();\n\t}\n}\n";
    let old = "if a {\n    b();\n}";
    let new = "if a {\n    b();\n    if c {\n        d();\n    }\n}";
    assert_eq!(text(file, &[edit(old, new)]), "fn f() {\n\tif a {\n\t\tb();\n\t\tif c {\n\t\t\td();\n\t\t}\n\t}\n}\n");
    let python = "class A:\n    def f(self):\n        return 1\n";
    let new = "def f(self):\n    if x:\n        return 2\n    return 1";
    assert_eq!(
        text(python, &[edit("def f(self):\n    return 1", new)]),
        "class A:\n    def f(self):\n        if x:\n            return 2\n        return 1\n"
    );
    // What would lose the structure of the lines is not done.
    assert!(problem("if a:\nb\n", &[edit("if a:\n    b", "c")]).contains("not in the file"));
}

#[test]
fn lines_are_removed_with_their_ends() {
    assert_eq!(text("a\nb \nc\n", &[edit("b\n", "")]), "a\nc\n");
    assert_eq!(text("a\nb\nc\n", &[edit("b\n", "")]), "a\nc\n");
    assert_eq!(text("a\nb ", &[edit("b\n", "")]), "a");
    assert_eq!(text("b ", &[edit("b\n", "")]), "");
}

#[test]
fn numbers_that_were_copied_are_left_aside() {
    let old = "     1\tone\n     2\ttwo";
    let (text, edited) = edited("one\ntwo\n", &[edit(old, "     1\tONE\n     2\tTWO")]).unwrap();
    assert_eq!((&*text, edited.remarks.len()), ("ONE\nTWO\n", 1));
    assert_eq!(super::without_numbers("12\n34"), None);
}

#[test]
fn a_failure_shows_the_nearest_lines_and_how_they_differ() {
    let file = "fn one() {\n    first(1);\n}\n\nfn two() {\n    second(2);\n    third(3);\n}\n";
    let said = problem(file, &[edit("fn two() {\n    second(3);\n    third(3);\n}", "")]);
    assert!(said.contains("Nearest are the lines 5 to 8"), "{said}");
    assert!(said.contains("     6\t    second(2);\n"), "{said}");
    assert!(said.contains("Line 2 of `old` is `    second(3);`, and the file has `    second(2);`."), "{said}");
    assert!(problem(file, &[edit("nothing of the kind at all", "")]).contains("No lines of the file's 8 are like it."));
    assert!(problem("", &[edit("a", "b")]).contains("No lines of the file's 0"));
}

#[test]
fn what_was_done_before_is_told() {
    assert!(problem("two\n", &[edit("one", "two")]).contains("its `new` already is, at line 1"));
    let said = problem("one two\n", &[edit("one", "1"), edit("one two", "3")]);
    assert!(said.contains("until an edit before it in this call changed it"), "{said}");
    assert!(problem("a", &[edit("a", "a")]).contains("are the same"));
    assert!(problem("a", &[edit("", "a")]).contains("`old` is empty"));
    assert!(problem("a\n\nb", &[edit("  \n", "x")]).contains("not in the file"), "blank lines alone are no passage");
}

#[test]
fn files_that_are_not_text_are_sentences() {
    assert!(Document::parse("a", &[0xc3, 0x28]).unwrap_err().to_string().contains("not UTF-8"));
    assert!(Document::parse("a", b"a\0b").unwrap_err().to_string().contains("binary"));
}

#[test]
fn changed_lines_are_shown_with_their_numbers() {
    let file: String = (1..=40).map(|line| format!("line {line}\n")).collect();
    let (text, edited) = edited(&file, &[edit("line 30\n", "thirty\nand more\n"), edit("line 2\n", "")]).unwrap();
    let shown = show_regions(&text, &edited.regions);
    assert!(shown.starts_with("     1\tline 1\n     2\tline 3\n"), "{shown}");
    assert!(shown.contains("   ...\n    26\tline 27\n"), "{shown}");
    assert!(shown.ends_with("    29\tthirty\n    30\tand more\n    31\tline 31\n    32\tline 32\n    33\tline 33\n"), "{shown}");
    let all = Edit { replace_all: true, ..edit("line", "row") };
    let (text, edited) = super::tests::edited(&file.repeat(20), &[all]).unwrap();
    assert!(show_regions(&text, &edited.regions).ends_with("   120\trow 40\n[More changed lines are left out.]\n"));
}

#[test]
fn much_of_the_same_is_searched_in_time() {
    let file = "same\n".repeat(50_000);
    let old = "same\n".repeat(20_000) + "other\n";
    assert!(problem(&file, &[edit(&old, "x")]).contains("not in the file"));
    assert!(problem(&file, &[edit(&"same \n".repeat(1000), "x")]).contains("more than once"));
}
