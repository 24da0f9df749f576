use super::*;

fn keys(text: &str) -> Vec<(String, String)> {
    read(text).listed.into_iter().map(|(key, listed)| (key, listed.title)).collect()
}

fn flaws(text: &str) -> Vec<String> {
    read(text).flaws.iter().map(ToString::to_string).collect()
}

#[test]
fn the_forms_in_which_people_write_headings_are_taken() {
    let forms = [
        ("# Epic 1: One", "1", "One"),
        ("### Epic 1: One", "1", "One"),
        ("##Epic 1: One", "1", "One"),
        ("   ## Epic 1: One ##", "1", "One"),
        ("## Epic AUTH: Sign in", "auth", "Sign in"),
        ("## Epic user-auth: Sign in", "user-auth", "Sign in"),
        ("## Epic 2 - Two", "2", "Two"),
        ("## Epic 2 – Two: more", "2", "Two: more"),
        ("## Epic 2: Two - more", "2", "Two - more"),
        ("## Epic 3 Three", "3", "Three"),
        ("## Epic 3 Three: the rest", "3", "Three: the rest"),
        ("## epic 4: four", "4", "four"),
        ("## EPIC 4: four", "4", "four"),
        ("## Epic 5. Five", "5", "Five"),
        ("## Epic 5) Five", "5", "Five"),
        ("## Epic 1.5: Half", "1-5", "Half"),
        ("## Epic-6: Six", "6", "Six"),
        ("## Epic #6: Six", "6", "Six"),
        ("## **Epic 7: Seven**", "7", "Seven"),
        ("## Epic 8:\tEight", "8", "Eight"),
        ("Epic 9: Nine\n============", "9", "Nine"),
    ];
    for (text, key, title) in forms {
        assert_eq!(keys(text), [(key.to_owned(), title.to_owned())], "{text}");
        assert_eq!(flaws(text), [""; 0], "{text}");
        assert_eq!(keys(&format!("\u{feff}{text}\r\n").replace('\n', "\r\n")).len(), 1, "{text}");
    }
}

#[test]
fn what_is_left_out_is_told_with_its_line() {
    assert_eq!(flaws("# Epics\n\n## Epic 6:\n"), ["Line 3: `## Epic 6:` has no title; write it as `## Epic KEY: Title`."]);
    assert_eq!(flaws("## Epic\n").len() + flaws("## Epic AUTH\n").len() + flaws("## Epic 7 -\n").len() + flaws("## Epic 8").len(), 4);
    assert_eq!(
        flaws("## Epic 1: One\n\n## Epic 1: Other\n"),
        ["Line 3: `## Epic 1: Other` has the key `1`, which the epic in line 1 has already; give one of them another key."]
    );
    assert_eq!(keys("## Epic a: One\n## Epic A: Other\n"), [("a".to_owned(), "One".to_owned())]);
    assert!(flaws("## Epic a/b: One")[0].starts_with("Line 1: `a/b` is not a key"));
    assert!(flaws(&format!("## Epic {}: One", "a".repeat(65)))[0].contains("is not a key"));
    assert!(flaws("#### Epic 1: One")[0].contains("below level 3"));
    let list = read(
        "# Epics and stories\n\n## Epic List\n\n# Epic Breakdown: Kitty\n\n## Epics\n\n## Epicurus: on pleasure\n\n### Story 1.1: Epic\n\n5. Epic 2: no\n",
    );
    assert_eq!((list.listed.len(), list.flaws.len(), list.notes.len()), (0, 0, 2));
    assert_eq!(list.notes[0].line, Some(3));
}

#[test]
fn code_comments_and_front_matter_hold_no_headings() {
    let text = "---\n# Epic 7: no\n---\n## Epic 1: One\n\nText\n\n```md\n## Epic 9: not one\n- x\n```\n~~~~\n```\n## Epic 9: no\n~~~~\n\n    ## Epic 8: no\n\n<!--\n## Epic 3: no\n-->\n## Epic 2: Two\n";
    let epics = read(text);
    assert_eq!(epics.listed.keys().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(epics.flaws, []);
    assert!(epics.listed["1"].body.contains("## Epic 9: not one\n- x\n```"), "{}", epics.listed["1"].body);
    assert!(flaws("## Epic 1: One\n```\n## Epic 2: Two\n")[0].starts_with("Line 2: The code block or comment"));
    assert!(flaws("<!-- open\n## Epic 2: Two\n")[0].starts_with("Line 1: The code block or comment"));
}
