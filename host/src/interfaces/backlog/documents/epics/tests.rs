use proptest::prelude::*;

use super::*;

fn keys(text: &str) -> Vec<(String, String)> {
    read(text).listed.into_iter().map(|(key, listed)| (key, listed.title)).collect()
}

fn flaws(text: &str) -> Vec<String> {
    read(text).flaws.iter().map(ToString::to_string).collect()
}

fn notes(text: &str) -> Vec<String> {
    read(text).notes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_forms_in_which_people_write_headings_are_taken() {
    let forms = [
        ("# Epic 1: One", "1", "One"),
        ("### Epic 1: One", "1", "One"),
        ("##Epic 1: One", "1", "One"),
        ("#Epic 1: One", "1", "One"),
        ("   ## Epic 1: One ##", "1", "One"),
        ("## Epic AUTH: Sign in", "auth", "Sign in"),
        ("## Epic user-auth: Sign in", "user-auth", "Sign in"),
        ("## Epic `AUTH`: Sign in", "auth", "Sign in"),
        ("## Epic [AUTH]: Sign in", "auth", "Sign in"),
        ("## Epic 2 - Two", "2", "Two"),
        ("## Epic 2 – Two: more", "2", "Two: more"),
        ("## Epic 2: Two - more", "2", "Two - more"),
        ("## Epic 2 | Two", "2", "Two"),
        ("## Epic 2：Two", "2", "Two"),
        ("## Epic 2 • Two", "2", "Two"),
        ("## Epic (2): Two", "2", "Two"),
        ("## Epic 3 Three", "3", "Three"),
        ("## Epic 3 Three: the rest", "3", "Three: the rest"),
        ("## epic 4: four", "4", "four"),
        ("## EPIC 4: four", "4", "four"),
        ("## Epic4: four", "4", "four"),
        ("## Epic_4: four", "4", "four"),
        ("## Epic 5. Five", "5", "Five"),
        ("## Epic 5) Five", "5", "Five"),
        ("## Epic 1.5: Half", "1-5", "Half"),
        ("## Epic 1\\.5: Half", "1-5", "Half"),
        ("## Epic-6: Six", "6", "Six"),
        ("## Epic #6: Six", "6", "Six"),
        ("## **Epic 7: Seven**", "7", "Seven"),
        ("## **Epic 7**: *Seven* of __them__", "7", "Seven of them"),
        ("## Epic 7: snake_case and 2 * 3", "7", "snake_case and 2 * 3"),
        ("## Epic 8:\tEight", "8", "Eight"),
        ("## Epic\u{a0}8:\u{a0}Eight", "8", "Eight"),
        ("## [Epic 8: Eight](#epic-8)", "8", "Eight"),
        ("## [Epic 8](#epic-8): [Eight][8] more", "8", "Eight more"),
        ("## Epic 8: Eight ([PRD](docs/a(b).md))", "8", "Eight (PRD)"),
        ("## Epic 8: [WIP] Eight", "8", "[WIP] Eight"),
        ("## ![](x.svg) Epic 8: Eight", "8", "Eight"),
        ("## `Epic 8`: Use `sqlx`", "8", "Use `sqlx`"),
        ("## `Epic 8: Eight`", "8", "Eight"),
        ("## 🚀 Epic 8: Eight", "8", "Eight"),
        ("## 1️⃣ Epic 8: Eight", "8", "Eight"),
        ("## ✅ **Epic 8**: Eight ✨", "8", "Eight ✨"),
        ("## 1. Epic 8: Eight", "8", "Eight"),
        ("## 2.3 Epic 8: Eight", "8", "Eight"),
        ("## 3) Epic 8: Eight", "8", "Eight"),
        ("## <a id=\"e8\"></a>Epic 8: Vec<u8>", "8", "Vec<u8>"),
        ("## Epic 8: R&amp;D {#epic-8}", "8", "R&D"),
        ("**Epic 8: Eight**", "8", "Eight"),
        ("__Epic 8: Eight__:", "8", "Eight"),
        ("**🚀 Epic AUTH: Sign in**", "auth", "Sign in"),
        ("Epic 9: Nine\n============", "9", "Nine"),
        ("Epic 9: Nine\n---", "9", "Nine"),
        ("Epic 9: Nine\n-", "9", "Nine"),
        ("**Epic 9**: Nine\n---", "9", "Nine"),
    ];
    for (text, key, title) in forms {
        assert_eq!(keys(text), [(key.to_owned(), title.to_owned())], "{text}");
        assert_eq!((flaws(text), notes(text)), (Vec::new(), Vec::new()), "{text}");
        let among = format!("\u{feff}# Plan\n\nText\n\n## Epic first: Text\n\nOf it.\n\n{text}\n\nMore\n").replace('\n', "\r\n");
        assert_eq!(keys(&among).len(), 2, "{text}");
        assert_eq!((read(&among).listed["first"].body.as_str(), read(&among).listed[key].body.as_str()), ("Of it.", "More"), "{text}");
    }
}

#[test]
fn what_is_left_out_is_told_with_its_line() {
    assert_eq!(flaws("# Epics\n\n## Epic 6:\n"), ["Line 3: `## Epic 6:` has no title; write it as `## Epic KEY: Title`."]);
    assert_eq!(flaws("## Epic: no key\n"), ["Line 1: `## Epic: no key` has no key; write it as `## Epic KEY: Title`."]);
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
        "# Epics and stories\n\n## Epic List\n\n# Epic Breakdown: Kitty\n\n## Epics\n\n## Epicurus: on pleasure\n\n### Story 1.1: Epic\n\n**Epic Goal:** x\n",
    );
    assert_eq!((list.listed.len(), list.flaws.len(), list.notes.len()), (0, 0, 2));
    assert_eq!(list.notes[0].line, Some(3));
}

#[test]
fn a_line_that_names_an_epic_without_a_heading_is_noted() {
    for line in [
        "- Epic 2: Two",
        "5. Epic 2: Two",
        "- [x] **Epic 2:** Two",
        "| Epic 2 | Two |",
        "> ## Epic 2: Two",
        "<h2>Epic 2: Two</h2>",
        "Epic 2: Two",
        "## Phase 1: Epic 2: Two",
        "## ~~Epic 2: Two~~",
        "#epic 2: Two",
    ] {
        let text = format!("## Epic 1: One\n\nText of Epic 1: all of it.\n\n{line}\n\n{line}\n");
        assert_eq!(keys(&text).len(), 1, "{line}");
        let expected = format!("Line 5: `{line}` is not taken as an epic; to make it one, write it as `## Epic KEY: Title`.");
        assert_eq!((notes(&text), flaws(&text)), (vec![expected], Vec::new()), "{line}");
        assert_eq!(notes(&format!("{text}\n## Epic 2: Two\n")), [""; 0], "{line}: it has a heading elsewhere");
    }
    assert_eq!(notes("**Epic user-auth: Users**").len(), 1, "in bold type it may be anything that an epic has");
    assert_eq!(notes("It builds on Epic 2 for all it does, and\nEpic 3 comes last.\n"), [""; 0]);
}

#[test]
fn a_body_ends_at_the_next_heading_and_nowhere_else() {
    let body = |below: &str| read(&format!("## Epic 1: One\n{below}\n\n## Epic 2: Two\n")).listed["1"].body.clone();
    for whole in [
        "- a list\n- first of all",
        "* stars\n* too",
        "**Goal:** in bold",
        "**Why**\n\nBecause.",
        "Text\n\n- list\n\nText",
        "#tag and text",
        "A\nB\n---\nC",
        "> quoted",
        "```\n# code\n---\n```",
    ] {
        assert_eq!(body(whole), whole);
        assert_eq!(body(&format!("\n{whole}\n\n---\n")), whole, "with a line across the page below it");
    }
    assert_eq!(body("Goal\n\n### Story 1.1: Init\n\nText"), "Goal");
    assert_eq!(body("Keep money.\n\n- **1-1-init** Init: x\n- **1-2-add** Add: y\n"), "Keep money.", "the list that `plan` writes");
    assert_eq!(body("- **first** of all"), "- **first** of all");
    let underlined = read("Epic 1: One\n===\nText\n\nEpic 2: Two\n---\n\nMore\nEpic 3: Three\n-----\n");
    let bodies: Vec<_> = underlined.listed.values().map(|listed| listed.body.as_str()).collect();
    assert_eq!(bodies, ["Text", "More", ""]);
}

#[test]
fn code_comments_and_front_matter_hold_no_headings() {
    let text = "---\n# Epic 7: no\n---\n## Epic 1: One\n\nText\n\n```md\n## Epic 9: not one\n- x\n```\n~~~~\n```\n## Epic 9: no\n~~~~\n\n    ## Epic 8: no\n\n\t## Epic 8: no\n\n<!--\n## Epic 3: no\n-->\n## Epic 2: Two\n";
    let epics = read(text);
    assert_eq!(epics.listed.keys().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((epics.flaws, epics.notes), (Vec::new(), Vec::new()));
    assert!(epics.listed["1"].body.contains("## Epic 9: not one\n- x\n```"), "{}", epics.listed["1"].body);
    assert!(flaws("## Epic 1: One\n```\n## Epic 2: Two\n")[0].starts_with("Line 2: The code block or comment"));
    assert!(flaws("<!-- open\n## Epic 2: Two\n")[0].starts_with("Line 1: The code block or comment"));
}

/// A heading of an epic, in one of many spellings.
fn heading(key: &'static str, title: &str) -> impl Strategy<Value = String> + use<> {
    let title = title.to_owned();
    let word = prop::sample::select(vec!["Epic ", "epic ", "EPIC ", "Epic-", "Epic #"]);
    let mark = prop::sample::select(vec![": ", " - ", " – ", " — ", ":", "： ", " | "]);
    let wrapped = prop::sample::select(vec![
        ("", ""),
        ("**", "**"),
        ("*", "*"),
        ("`", "`"),
        ("[", "](#x)"),
        ("<b>", "</b>"),
        ("🎯 ", ""),
        ("3. ", ""),
    ]);
    let form = prop::sample::select(vec![("# ", ""), ("## ", " ##"), ("  ### ", "  "), ("", "\n==="), ("", "\n-----"), ("**", "**")]);
    (word, mark, wrapped, form).prop_map(move |(word, mark, (open, close), (before, after))| {
        // Neither a list nor bold type in bold type is a heading without marks.
        let (open, close) = if before.starts_with('#') || open == "`" || open == "[" { (open, close) } else { ("", "") };
        format!("{before}{open}{word}{key}{mark}{title}{close}{after}")
    })
}

proptest! {
    #[test]
    fn no_spelling_of_a_heading_is_lost(
        title in "[A-Z][a-z]{0,8}( [a-z0-9]{1,6}){0,3}",
        body in "([a-z0-9 .,*-]{0,20}\n){0,3}",
        first in heading("1", "First one"),
        second in heading("AUTH", "Sign in"),
        third in prop::sample::select(vec!["2", "2.5", "user-auth"]).prop_flat_map(|key| heading(key, "Third")),
        windows: bool,
    ) {
        let text = format!("# Plan\n\n{first}\n\n{body}\n\n{second}\n\n{title}\n\n{third}\n\n{body}\n");
        let epics = read(&if windows { text.replace('\n', "\r\n") } else { text.clone() });
        let told: Vec<_> = epics.flaws.iter().chain(&epics.notes).filter_map(|flaw| flaw.line).collect();
        let has = |title: &str| epics.listed.values().any(|listed| listed.title == title);
        let line = |heading: &str| text.lines().position(|line| Some(line) == heading.lines().next()).unwrap() + 1;
        for (heading, title) in [(&first, "First one"), (&second, "Sign in"), (&third, "Third")] {
            prop_assert!(has(title) || told.contains(&line(heading)), "{heading:?} of {text:?}: {epics:?}");
        }
        if has("Sign in") && has("Third") {
            prop_assert_eq!(&epics.listed["auth"].body, &title);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "([#*`\\[\\]()<>|~_\\\\!&:. -]{0,6}(Epic|epic|é|\u{a0})?[ 0-9A-Za-z:`*\\[\\](){}#-]{0,12}\n){0,6}") {
        let epics = read(&text);
        for flaw in epics.flaws.iter().chain(&epics.notes) {
            prop_assert!(flaw.line.is_some_and(|line| line <= text.lines().count()));
        }
    }
}
