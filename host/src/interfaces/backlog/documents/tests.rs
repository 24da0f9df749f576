use proptest::prelude::*;

use super::{
    Places,
    lines::{self, Value},
    overview, sprint, story,
    story::Body,
};
use crate::interfaces::backlog::{Draft, Graph, Item, Kind, Labels, Status};

fn item(kind: Kind, key: &str, parent: Option<&str>, status: Status) -> Item {
    let draft = Draft {
        key: key.to_owned(),
        kind,
        title: format!("About {key}"),
        body: format!("# About {key}\n\nDo it."),
        parent: parent.map(str::to_owned),
        after: Vec::new(),
        priority: 5,
        labels: Labels::default(),
    };
    Item { draft, status, assignee: None, branch: None }
}

fn story_of(key: &str, status: Status) -> Item {
    item(Kind::Story, key, Some("1"), status)
}

fn project() -> Vec<Item> {
    vec![
        item(Kind::Epic, "1", None, Status::InProgress),
        story_of("1-1-init", Status::Done),
        story_of("1-2-add", Status::InProgress),
        story_of("1-10-split", Status::Todo),
        item(Kind::Epic, "2", None, Status::Todo),
        item(Kind::Story, "2-1-print", Some("2"), Status::Todo),
        item(Kind::Task, "mend-it", None, Status::Blocked),
    ]
}

fn story_written(old: Option<&str>, item: &Item, body: Body) -> Result<Option<String>, String> {
    story::update_story(old, item, Some(Kind::Epic), body).map_err(|flaw| flaw.to_string())
}

#[test]
fn a_new_story_says_all_and_is_then_left_as_it_is() {
    let mut item = story_of("1-2-add", Status::InProgress);
    item.draft.title = "Add: \"an\" expense # now".to_owned();
    item.draft.after = vec!["1-1-init".to_owned()];
    item.assignee = Some("amelia".to_owned());
    let text = story_written(None, &item, Body::NeverGiven).unwrap().unwrap();
    assert_eq!(
        text,
        "---\nkey: \"1-2-add\"\ntitle: \"Add: \\\"an\\\" expense # now\"\nstatus: in-progress\nepic: \"1\"\nafter: [\"1-1-init\"]\npriority: 5\n\
         assignee: amelia\n---\n\n# About 1-2-add\n\nDo it.\n"
    );
    for body in [Body::NeverGiven, Body::Given, Body::Changed] {
        assert_eq!(story_written(Some(&text), &item, body).unwrap(), None);
    }
    let told = story::parse_story(&text).unwrap();
    assert_eq!((told.title.unwrap(), told.after, told.priority), (item.draft.title, item.draft.after, Some(5)));
    assert_eq!(
        (told.parent.as_deref(), told.status.as_deref(), told.assignee.as_deref()),
        (Some("1"), Some("in-progress"), Some("amelia"))
    );
    assert_eq!(told.body, item.draft.body);
}

#[test]
fn what_people_wrote_stays_byte_for_byte() {
    let old = "---\r\n# Ask Ada first\r\nowner:   'Ada'   # foreign\r\nstatus: drafted   # see the board\r\ntitle: About 1-2-add\r\nafter:\r\n  # both\r\n  - 1-1-init\r\n\r\n\
               nested:\r\n  status: x\r\n  - y\r\n\"key\": 1-2-add\r\n---\r\nMine  \r\n\r\n\tall of it";
    let mut item = story_of("1-2-add", Status::Todo);
    item.draft.after = vec!["1-1-init".to_owned()];
    let new = story_written(Some(old), &item, Body::Given).unwrap().unwrap();
    assert_eq!(new, old.replace("# see the board\r\n", "# see the board\r\nepic: \"1\"\r\n"));
    assert_eq!(story_written(Some(&new), &item, Body::Given).unwrap(), None);

    item.status = Status::Review;
    item.draft.after = vec!["a".to_owned(), "b".to_owned()];
    let moved = story_written(Some(&new), &item, Body::Given).unwrap().unwrap();
    assert!(moved.contains("status: review   # see the board\r\n") && moved.contains("after: [\"a\",\"b\"]\r\n  # both\r\n"), "{moved}");
    assert!(moved.ends_with("---\r\nMine  \r\n\r\n\tall of it"), "{moved}");
    assert_eq!(story_written(Some(&moved), &item, Body::Given).unwrap(), None);
}

#[test]
fn a_comment_in_the_place_of_a_value_stays_a_comment() {
    let mut item = story_of("1-2-add", Status::Review);
    item.draft.after = vec!["a".to_owned()];
    let old = "---\nkey: 1-2-add\ntitle: About 1-2-add\nstatus: # soon\nepic: \"1\"\nafter: # both\n  - b\n---\n";
    let new = story_written(Some(old), &item, Body::Given).unwrap().unwrap();
    assert_eq!(new, old.replace("status: #", "status: review #").replace("after: # both\n  - b\n", "after: [\"a\"] # both\n"));
    assert_eq!(story_written(Some(&new), &item, Body::Given).unwrap(), None);
    let sprint = sprint::update_sprint(Some("development_status:\n  epic-1: # soon\n"), &project()[..1]).unwrap().unwrap();
    assert_eq!(sprint, "development_status:\n  epic-1: in-progress # soon\n");
}

#[test]
fn labels_are_written_where_they_differ_and_nothing_else_is_touched() {
    let mut item = story_of("1-2-add", Status::Todo);
    item.draft.labels = ["ui", "1.0", "on"].map(str::to_owned).to_vec().into();
    let text = story_written(None, &item, Body::NeverGiven).unwrap().unwrap();
    assert!(text.contains("priority: 5\nlabels: [\"1.0\",\"on\",\"ui\"]\n---\n"), "{text}");
    assert_eq!(story::parse_story(&text).unwrap().labels, ["1.0", "on", "ui"]);

    let line = "labels: [\"1.0\",\"on\",\"ui\"]\n";
    let same =
        ["labels: [ui, '1.0', on] # Ada's\n", "labels: [ui, Needs Triage, on, 1.0, ui]\n", "labels:\n  - ui\n  # soon\n  - on\n  - 1.0\n"];
    for same in same {
        assert_eq!(story_written(Some(&text.replace(line, same)), &item, Body::Given).unwrap(), None, "{same}");
    }
    let fewer = text.replace(line, "labels: # Ada's\n  - ui\n  - b\n");
    let new = story_written(Some(&fewer), &item, Body::Given).unwrap().unwrap();
    assert_eq!(new, text.replace(line, "labels: # Ada's\n  - ui\n  - \"1.0\"\n  - \"on\"\n"));

    item.draft.labels = Labels::default();
    let bare = story_written(Some(&text), &item, Body::Given).unwrap().unwrap();
    assert_eq!(bare, text.replace(line, "labels: []\n"));
    for theirs in ["labels: [Needs Triage]\n", "labels: bug, ui\n", "labels: {team: a}\n", "labels: |\n  ui\n", "labels:\n", ""] {
        assert_eq!(story_written(Some(&text.replace(line, theirs)), &item, Body::Given).unwrap(), None, "{theirs}");
    }
    item.draft.labels = vec!["ui".to_owned()].into();
    let reason = story_written(Some(&text.replace(line, "labels: {team: a}\n")), &item, Body::Given).unwrap_err();
    assert!(reason.contains("`labels`"), "{reason}");
}

#[test]
fn labels_beyond_the_last_that_is_kept_and_empty_ones_stay_in_the_document() {
    let all: Vec<_> = (10..35).map(|number| number.to_string()).collect();
    let mut item = story_of("1-2-add", Status::Todo);
    let plain = story_written(None, &item, Body::NeverGiven).unwrap().unwrap();
    let with = |labels: &str| plain.replace("priority: 5\n", &format!("priority: 5\n{labels}"));
    let many = with(&format!("labels:\n{}", all.iter().map(|label| format!("- '{label}'\n")).collect::<String>()));
    item.draft.labels = all[..20].to_vec().into();
    assert_eq!(story_written(Some(&many), &item, Body::Given).unwrap(), None);
    item.draft.labels = all[1..20].to_vec().into();
    assert!(story_written(Some(&many), &item, Body::Given).unwrap().is_some_and(|new| !new.contains("- '10'") && !new.contains("- '34'")));

    item.draft.labels = ["b", "ui"].map(str::to_owned).to_vec().into();
    for theirs in ["labels: [ui, null, b]\n", "labels: [~, ui, b]\n", "labels:\n  - ui\n  - null\n  - # later\n  -\n  - b\n"] {
        assert_eq!(story::parse_story(&with(theirs)).unwrap().labels.iter().filter(|label| !label.is_empty()).count(), 2, "{theirs}");
        assert_eq!(story_written(Some(&with(theirs)), &item, Body::Given).unwrap(), None, "{theirs}");
    }
    for unclear in ["labels: [ui,, b]\n", "labels:\n  - ui\n  -\n    - b\n"] {
        assert!(story_written(Some(&with(unclear)), &item, Body::Given).is_err(), "{unclear}");
    }
}

#[test]
fn comments_among_labels_stay_when_labels_change() {
    let mut item = story_of("1-2-add", Status::Todo);
    let plain = story_written(None, &item, Body::NeverGiven).unwrap().unwrap();
    for ending in ["\n", "\r\n"] {
        let with = |labels: &str| plain.replace("priority: 5\n", &format!("priority: 5\n{labels}")).replace('\n', ending);
        let old =
            with("labels: # all\n  # first\n  - ui # Ada's\n  - \"old#1\"\n  - gone   # why it was\n  - ui\n  # last\n  - 'on' # off?\n");
        item.draft.labels = ["ui", "on", "area/a"].map(str::to_owned).to_vec().into();
        let new = story_written(Some(&old), &item, Body::Given).unwrap().unwrap();
        let expected = "labels: # all\n  # first\n  - ui # Ada's\n  # why it was\n  # last\n  - 'on' # off?\n  - area/a\n";
        assert_eq!(new, with(expected));
        assert_eq!(story_written(Some(&new), &item, Body::Given).unwrap(), None);

        item.draft.labels = Labels::default();
        let none = story_written(Some(&new), &item, Body::Given).unwrap().unwrap();
        assert_eq!(none, with("labels: [] # all\n  # first\n  # Ada's\n  # why it was\n  # last\n  # off?\n"));
        assert_eq!(story_written(Some(&none), &item, Body::Given).unwrap(), None);
    }
}

#[test]
fn a_mark_of_utf_8_stays_and_hides_nothing() {
    let old = "\u{feff}---\r\n# Ask Ada first\r\nowner: Ada\r\ntitle: About 1-2-add\r\nstatus: todo # for now\r\n---\r\nMine\r\n";
    let mut item = story_of("1-2-add", Status::Review);
    let new = story_written(Some(old), &item, Body::Given).unwrap().unwrap();
    assert_eq!(
        new,
        old.replace("status: todo # for now\r\n", "status: review # for now\r\nepic: \"1\"\r\n")
            .replace("\u{feff}---\r\n", "\u{feff}---\r\nkey: \"1-2-add\"\r\n")
    );
    assert_eq!(story_written(Some(&new), &item, Body::Given).unwrap(), None);
    item.status = Status::Todo;
    let told = story::parse_story(old).unwrap();
    assert_eq!((told.title.as_deref(), told.status.as_deref(), told.body.as_str()), (Some("About 1-2-add"), Some("todo"), "Mine"));
    let plain = story_written(Some("\u{feff}# Mine\n"), &item, Body::NeverGiven).unwrap().unwrap();
    assert!(plain.starts_with("\u{feff}---\nkey:") && plain.ends_with("---\n\n# Mine\n"), "{plain}");
    assert_eq!(story_written(Some(&plain), &item, Body::Given).unwrap(), None);
    assert_eq!(story::parse_story("\u{feff}# Mine\n").unwrap().title.as_deref(), Some("Mine"));

    let old = "\u{feff}development_status:\n  epic-1: in-progress\n";
    let said = sprint::statuses(old).unwrap();
    assert_eq!((said.len(), &*said[0].0, &*said[0].1.word), (1, "epic-1", "in-progress"));
    let new = sprint::update_sprint(Some(old), &project()).unwrap().unwrap();
    assert!(new.starts_with(old) && new.matches("development_status").count() == 1, "{new}");
    assert_eq!(sprint::update_sprint(Some(&new), &project()).unwrap(), None);
}

#[test]
fn a_body_is_replaced_only_by_a_newer_one() {
    let item = story_of("1-2-add", Status::Todo);
    let old = story_written(None, &item, Body::NeverGiven).unwrap().unwrap().replace("Do it.", "Do it twice.");
    assert_eq!(story_written(Some(&old), &item, Body::Given).unwrap(), None);
    assert_eq!(story_written(Some(&old), &item, Body::NeverGiven).unwrap(), None);
    assert!(story_written(Some(&old), &item, Body::Changed).unwrap().unwrap().ends_with("\n\n# About 1-2-add\n\nDo it.\n"));
    let plain = story_written(Some("Only text\n"), &item, Body::NeverGiven).unwrap().unwrap();
    assert!(plain.starts_with("---\nkey:") && plain.ends_with("---\n\nOnly text\n"), "{plain}");
}

#[test]
fn what_is_not_understood_is_left_alone_with_a_sentence() {
    let item = story_of("1-2-add", Status::Todo);
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nafter: *b\n";
    let cases = [
        ("---\nstatus: todo\n", "does not end"),
        ("---\nstatus: todo\nstatus: done\n---\n", "`status` twice"),
        ("---\nstatus: [todo\n---\n", "`status`"),
        ("---\nstatus: |\n  todo\n---\n", "`status`"),
        ("---\ntitle: \"a\\x41\"\n---\n", "`title`"),
        ("---\nafter: {a: b}\n---\n", "`after`"),
        ("---\na: b\nwhat is this\n---\n", "what is this"),
        (&format!("---\n{bomb}---\n"), "`after`"),
    ];
    for (old, expected) in cases {
        let reason = story_written(Some(old), &item, Body::Given).unwrap_err();
        assert!(reason.contains(expected) && reason.ends_with('.'), "{old:?}: {reason}");
        if !old.contains("status: [") {
            assert!(story::parse_story(old).is_err() || old.contains("status: |"), "{old:?}");
        }
    }
}

#[test]
fn a_bomb_in_foreign_fields_is_only_text() {
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1));
    }
    let old = format!("---\n{bomb}---\nBody\n");
    let new = story_written(Some(&old), &story_of("1-2-add", Status::Todo), Body::Given).unwrap().unwrap();
    assert!(new.contains(&bomb));
}

#[test]
fn documents_of_very_many_lines_are_left_alone() {
    let many = format!("---\nafter:\n{}---\n", "- a\n".repeat(300_000));
    let item = story_of("1-1-a", Status::Todo);
    assert!(story_written(Some(&many), &item, Body::Given).unwrap_err().contains("more than 2000 lines"));
    assert!(story::parse_story(&many).unwrap_err().reason.contains("more than 2000 lines"));
    let sprint = format!("development_status:\n{}", "  # x\n".repeat(300_000));
    assert!(sprint::update_sprint(Some(&sprint), &project()).unwrap_err().reason.contains("more than 20000 lines"));
}

#[test]
fn a_sprint_begins_in_the_order_of_the_keys() {
    let text = sprint::update_sprint(None, &project()).unwrap().unwrap();
    let map = text.split_once("development_status:\n").unwrap().1;
    assert_eq!(
        map,
        "  epic-1: in-progress\n  1-1-init: done\n  1-2-add: in-progress\n  1-10-split: ready-for-dev\n  epic-2: backlog\n  \
         2-1-print: ready-for-dev\n  mend-it: blocked\n"
    );
    assert_eq!(sprint::update_sprint(Some(&text), &project()).unwrap(), None);
}

#[test]
fn a_sprint_keeps_its_order_and_its_comments_and_takes_what_is_new() {
    let old = "# generated: today\nproject: x\n\ndevelopment_status:\n    # second comes first\n    epic-2: contexted # with Ada\n\n    \"epic-1\": in-progress\n    \
               1-2-add: drafted\n    1-1-init: done\n    epic-1-retrospective: optional\n\n# the end\nlast_updated: never\n";
    let new = sprint::update_sprint(Some(old), &project()).unwrap().unwrap();
    assert_eq!(
        new,
        "# generated: today\nproject: x\n\ndevelopment_status:\n    # second comes first\n    epic-2: contexted # with Ada\n    2-1-print: ready-for-dev\n    \
         mend-it: blocked\n\n    \"epic-1\": in-progress\n    1-2-add: in-progress\n    1-10-split: ready-for-dev\n    1-1-init: done\n    \
         epic-1-retrospective: optional\n\n# the end\nlast_updated: never\n"
    );
    assert_eq!(sprint::update_sprint(Some(&new), &project()).unwrap(), None);
    let mut items = project();
    items.push(item(Kind::Epic, "3", None, Status::Todo));
    let behind =
        sprint::update_sprint(Some("development_status:\n  epic-1: backlog\n  epic-1-retrospective: done\n"), &items[..1]).unwrap();
    assert_eq!(behind.unwrap(), "development_status:\n  epic-1: in-progress\n  epic-1-retrospective: done\n");
    let two = [items[0].clone(), items[7].clone()];
    let behind = sprint::update_sprint(Some("development_status:\n  epic-1: in-progress\n  epic-1-retrospective: done"), &two).unwrap();
    assert_eq!(behind.unwrap(), "development_status:\n  epic-1: in-progress\n  epic-1-retrospective: done\n  epic-3: backlog\n");
}

#[test]
fn a_sprint_without_a_map_gets_one_and_a_strange_one_is_left_alone() {
    let items = &project()[..1];
    assert_eq!(sprint::update_sprint(Some("a: b"), items).unwrap().unwrap(), "a: b\ndevelopment_status:\n  epic-1: in-progress\n");
    assert_eq!(
        sprint::update_sprint(Some("development_status: {} # none\n"), items).unwrap().unwrap(),
        "development_status:  # none\n  epic-1: in-progress\n"
    );
    for (old, expected) in [
        ("development_status: {a: b}\n", "one `key: status` a line"),
        ("development_status:\n  epic-1: [done]\n", "is not a word"),
        ("development_status:\n  epic-1: &x done\n", "is not a word"),
        ("development_status:\n  a: b\n  a: c\n", "`a` twice"),
        ("development_status:\ndevelopment_status:\n", "twice"),
    ] {
        let reason = sprint::update_sprint(Some(old), items).unwrap_err().to_string();
        assert!(reason.contains(expected) && reason.ends_with('.'), "{old}: {reason}");
    }
}

#[test]
fn an_overview_keeps_to_its_marks() {
    let mut items = project();
    items[1].draft.title = "x | <!-- /baton:backlog --> y".to_owned();
    let graph = Graph::of(&items).unwrap();
    let places = Places(std::collections::BTreeMap::from([("1-2-add".to_owned(), "docs/stories/epic 1/1-2-add.MD".to_owned())]));
    let text = overview::update_overview(None, &items, &graph, &places).unwrap().unwrap();
    assert!(
        text.starts_with(
            "# Workflow status\n\n<!-- baton:backlog -->\n**1 of 5 done.** 1 in-progress. 1 blocked. Ready: 1-10-split, 2-1-print.\n"
        ),
        "{text}"
    );
    assert!(text.contains("| [1-1-init](stories/1-1-init.md) | x \\| &lt;!-- /baton:backlog --> y | 1 | done | – | – |\n"), "{text}");
    assert!(text.contains("| [1-2-add](stories/epic%201/1-2-add.MD) | "), "{text}");
    assert_eq!(overview::update_overview(Some(&text), &items, &graph, &places).unwrap(), None);
    let mine = format!("Mine\n{}Also mine", text.replace("**1 of", "**0 of"));
    let new = overview::update_overview(Some(&mine), &items, &graph, &places).unwrap().unwrap();
    assert_eq!(new, format!("Mine\n{text}Also mine"));
    assert!(
        overview::update_overview(Some("Mine"), &items, &graph, &places).unwrap().unwrap().starts_with("Mine\n\n<!-- baton:backlog -->\n")
    );
    for old in ["<!-- baton:backlog -->", "<!-- /baton:backlog --><!-- baton:backlog -->", &format!("{text}{text}")] {
        assert!(overview::update_overview(Some(old), &items, &graph, &places).unwrap_err().contains("once each"));
    }
}

#[test]
fn values_are_read_as_yaml_reads_them() {
    let cases = [
        ("todo", Some(Value::Scalar("todo".to_owned()))),
        ("'it''s'", Some(Value::Scalar("it's".to_owned()))),
        ("\"a\\n\"", Some(Value::Scalar("a\n".to_owned()))),
        ("", Some(Value::Null)),
        ("~", Some(Value::Null)),
        ("[a, 'b, c', \"d\"]", Some(Value::List(vec!["a".to_owned(), "b, c".to_owned(), "d".to_owned()]))),
        ("[]", Some(Value::List(Vec::new()))),
        ("[a, [b]]", None),
        ("[a, 'b]", None),
        ("'a'b'", None),
        ("*alias", None),
        ("!tag x", None),
        ("a: b", None),
    ];
    for (text, expected) in cases {
        assert_eq!(lines::value(text), expected, "{text}");
    }
    for text in ["a b", "12", "null", "no", "a#b", "", "1-2", "ünï", "true"] {
        assert_eq!(lines::value(&lines::scalar(text)), Some(Value::Scalar(text.to_owned())));
        let read: String = serde_saphyr::from_str(&lines::scalar(text)).unwrap();
        assert_eq!(read, text);
    }
    let line = "  \"a: b\" :  x # y";
    assert!(lines::field(line).is_none());
    let field = lines::field("  'a: b':  \"x # y\"   # z").unwrap();
    assert_eq!((field.name.as_str(), field.indent, field.value), ("a: b", 2, 11..18));
}

/// A line that somebody might write into front matter, and that is nobody else's business.
fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "# [ -~]{0,20}",
        "own[a-z]{1,6}: [a-z ]{0,10}( # [a-z]{0,5})?",
        "own[a-z]{1,6}:\n  - [a-z]{1,5}\n  - [a-z]{1,5}",
        "own[a-z]{1,6}: [|]\n  status: [a-z]{1,5}\n\n  x",
        Just(String::new()),
    ]
}

fn known() -> impl Strategy<Value = String> {
    prop_oneof![
        "status: (todo|done|drafted|'review'|nonsense)( # [a-z]{1,5})?",
        "title: [a-zA-Z]{1,8}",
        "after: \\[(a|b, c)?\\]",
        "after:\n  - a\n  # why\n  - b",
        "priority: (high|7|low)",
        "labels: (\\[(ui|b, c|Needs Triage)?\\]|ui|&x \\{y\\}|)( # [a-z]{1,5})?",
        "labels:\n  - ui( # [a-z]{1,5})?\n  # why\n  - (area/a|null|~|)",
        "assignee:( [a-z]{1,5})?",
        "epic: (\"1\"|1)",
    ]
}

fn any_status() -> impl Strategy<Value = Status> {
    (0..Status::ALL.len()).prop_map(|place| Status::ALL[place])
}

proptest! {
    #[test]
    fn writing_twice_changes_nothing_and_foreign_lines_survive(
        parts in prop::collection::vec((foreign(), prop::option::of(known())), 0..8),
        body in "[ -~\n]{0,60}",
        status in any_status(),
        windows: bool,
    ) {
        let mut seen = std::collections::HashSet::new();
        let mut lines = Vec::new();
        for (own, known) in &parts {
            lines.push(own.clone());
            if let Some(known) = known.as_ref().filter(|known| seen.insert(known.split(':').next().unwrap().to_owned())) {
                lines.push(known.clone());
            }
        }
        let ending = if windows { "\r\n" } else { "\n" };
        let old = format!("---\n{}\n---\n{body}", lines.join("\n")).replace('\n', ending);
        let item = story_of("1-2-add", status);
        let Some(new) = story_written(Some(&old), &item, Body::Given).unwrap() else { return Ok(()) };
        prop_assert_eq!(story_written(Some(&new), &item, Body::Given).unwrap(), None);
        for (own, _) in &parts {
            prop_assert!(new.contains(&own.replace('\n', ending)), "{new:?} lacks {own:?}");
        }
        let tail = format!("---\n{body}").replace('\n', ending);
        prop_assert!(new.ends_with(&tail));
        let told = story::parse_story(&new).unwrap();
        prop_assert_eq!(told.title.unwrap(), "About 1-2-add");
        prop_assert!(sprint::means(&told.status.unwrap(), status));
    }

    #[test]
    fn no_document_breaks_the_reader(text in "(---\n)?([a-z\"'#:\\[\\]{}&*!|> \t-]{0,30}\n){0,8}(---\n)?[ -~]{0,20}") {
        let item = story_of("1-2-add", Status::Todo);
        if let Ok(Some(new)) = story_written(Some(&text), &item, Body::Changed) {
            prop_assert_eq!(story_written(Some(&new), &item, Body::Changed).unwrap(), None);
        }
        drop(story::parse_story(&text));
        if let Ok(Some(new)) = sprint::update_sprint(Some(&text), &project()) {
            prop_assert_eq!(sprint::update_sprint(Some(&new), &project()).unwrap(), None);
        }
    }

    #[test]
    fn a_sprint_loses_no_line(
        entries in prop::collection::vec(("(epic-1|1-1-init|2-1-print|mend-it|[a-z]{3,6}-retro)", "(done|optional|drafted)", "( # [a-z]{0,5})?"), 0..8),
        around in prop::collection::vec("(# [a-z ]{0,10}|)", 0..3),
    ) {
        let mut seen = std::collections::HashSet::new();
        let entries: Vec<_> = entries.into_iter().filter(|(key, ..)| seen.insert(key.clone())).collect();
        let map: String = entries.iter().map(|(key, word, comment)| format!("  {key}: {word}{comment}\n")).collect();
        let old = format!("{}\ndevelopment_status:\n{map}\n{}\nend: here\n", around.join("\n"), around.join("\n"));
        let new = sprint::update_sprint(Some(&old), &project()).unwrap().unwrap_or_else(|| old.clone());
        prop_assert_eq!(sprint::update_sprint(Some(&new), &project()).unwrap(), None);
        let keys = |text: &str| text.lines().filter_map(|line| Some(lines::field(line)?.name)).collect::<Vec<_>>();
        let kept: Vec<_> = keys(&new).into_iter().filter(|key| keys(&old).contains(key)).collect();
        prop_assert_eq!(kept, keys(&old));
        for (_, _, comment) in &entries {
            prop_assert!(new.contains(comment.as_str()));
        }
        for line in old.lines().filter(|line| line.starts_with('#') || line.contains("retro")) {
            prop_assert!(new.lines().any(|other| other == line));
        }
    }
}
