use std::collections::BTreeMap;

use super::*;
use crate::{
    interfaces::backlog::{
        Graph,
        documents::{Entry, Form},
    },
    journal::Attempt,
};

struct Files(BTreeMap<&'static str, &'static str>);

impl Documents for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError> {
        let is_binary = path.ends_with("binary.md");
        Ok(self.0.get(path).map(|text| if is_binary { b"# One\n\xff\n".to_vec() } else { (*text).as_bytes().to_vec() }))
    }

    fn write(&self, _: &str, _: &str, _: &Attempt) -> Result<(), CallError> {
        unreachable!("nothing is written")
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, CallError> {
        let form = |path: &str| if path.contains("link") { Form::Link } else { Form::File };
        Ok(self.0.keys().filter(|path| path.starts_with(folder)).map(|path| Entry { path: (*path).to_owned(), form: form(path) }).collect())
    }
}

#[test]
fn a_plan_and_what_people_wrote_become_items() {
    let files = Files(BTreeMap::from([
        (EPICS, "# Kitty: epics\n\n## Stories\n\n## Epic 1: Ledgers\n\nKeep money.\n\n- **1-1-init** Init: x\n\n## Epic 2: Reports\n"),
        (SPRINT_STATUS, "development_status:\n  epic-1: in-progress\n  1-2-add: done\n  2-1-print: strange\n"),
        (
            "docs/stories/1-1-init.md",
            "---\nkey: 1-1-init\ntitle: Init\nepic: \"1\"\nstatus: review\npriority: high\nassignee: amelia\n---\n\n# Init\n\nDo.\n",
        ),
        ("docs/stories/1-2-add.md", "# Story 1.2: Add\n\nStatus: Drafted\n\nMore.\n"),
        ("docs/stories/2-1-print.md", "---\nafter: [1-1-init, 1-2-add]\nepic: \"3\"\n---\n"),
        ("docs/stories/README.md", "# Read me\n"),
        ("docs/stories/odd.md", "---\nkey: even\n---\n"),
    ]));
    let imported = import(&files, &[]).unwrap();
    let drafts: Vec<_> = imported.drafts.iter().map(|draft| (draft.key.as_str(), draft.title.as_str(), draft.parent.as_deref())).collect();
    assert_eq!(
        drafts,
        [
            ("1-1-init", "Init", Some("1")),
            ("1-2-add", "Story 1.2: Add", Some("1")),
            ("2-1-print", "2-1-print", Some("3")),
            ("1", "Ledgers", None),
            ("2", "Reports", None),
            ("3", "Epic 3", None),
        ]
    );
    assert_eq!(
        (imported.drafts[0].body.as_str(), imported.drafts[0].priority, imported.drafts[3].body.as_str()),
        ("# Init\n\nDo.", 8, "Keep money.")
    );
    let statuses: Vec<_> = imported.standings.iter().map(|standing| standing.status).collect();
    assert_eq!(statuses, [Some(Status::Review), Some(Status::Todo), None, Some(Status::InProgress), None, None]);
    let found = |finding: &Finding| (finding.path.clone(), finding.line, finding.effect);
    let expected =
        [("docs/stories/odd.md".to_owned(), Some(2), Effect::LeftOut), ("docs/sprint-status.yaml".to_owned(), Some(4), Effect::InPart)];
    assert_eq!(imported.findings.iter().map(found).collect::<Vec<_>>(), expected);
}

#[test]
fn a_story_that_only_the_list_of_epics_has_is_told() {
    let epics = "## Epic 1: One\n\n- **1-1-init** Init\n\n### Story 1.2: Add\n\nText.\n\n### Story 1.3: Print\n\n### Story 1.3: Print\n";
    let files = Files(BTreeMap::from([(EPICS, epics), ("docs/stories/1-2-add.md", "# Add\n")]));
    let told: Vec<_> = import(&files, &[]).unwrap().findings;
    assert_eq!(
        told.iter().map(|finding| (finding.line, finding.effect)).collect::<Vec<_>>(),
        [(Some(3), Effect::Note), (Some(9), Effect::Note)]
    );
    // What is left out of an epic's body as an entry of its list is told, however the epic is called.
    let epics =
        "## Epic AUTH: Sign in\n\nText.\n\n- **auth-1-login** Log in\n- **auth-2-out** Log out\n- **1-1-other** Other\n- **note** of it\n";
    let files = Files(BTreeMap::from([(EPICS, epics), ("docs/stories/auth-2-out.md", "# Out\n")]));
    let imported = import(&files, &[]).unwrap();
    let lines: Vec<_> = imported.findings.iter().map(|finding| (finding.line, finding.effect)).collect();
    assert_eq!(lines, [(Some(5), Effect::Note), (Some(7), Effect::Note)], "{:?}", imported.findings);
    let body = |epics: &'static str| import(&Files(BTreeMap::from([(EPICS, epics)])), &[]).unwrap().drafts[0].body.clone();
    assert_eq!(body("## Epic AUTH: Sign in\n\nText.\n\n- **auth-1-login** Log in\n"), "Text.");
    assert_eq!(body("## Epic AUTH: Sign in\n\nText.\n\n- **note** of it\n"), "Text.\n\n- **note** of it");
    assert!(told[0].reason.contains("docs/stories/1-1-init.md") && told[1].reason.contains("`### Story 1.3: Print`"), "{told:?}");
}

#[test]
fn an_odd_document_costs_itself_and_is_told_with_its_line() {
    let long = format!("# {}\n", "x".repeat(2_000));
    let odd = [
        ("unclosed", "---\ntitle: never closed\n\n# Heading\n", Some(1), "does not end"),
        ("quote", "---\ntitle: \"unclosed\n---\n", Some(2), "`title`"),
        ("tab", "---\ntitle: tabs\n\tstatus: review\n---\n", Some(3), "a tab"),
        ("colon", "---\nstatus: done\ntitle: a: b\n---\n", Some(3), "in quotes"),
        ("twice", "---\nstatus: review\n# why\nstatus: todo\n---\n", Some(4), "first in line 2"),
        ("list", "---\r\ntitle: [a]\r\n---\r\n", Some(2), "`title`"),
        ("kind", "---\nkind: saga\n---\n", Some(2), "`epic`, `story` or `task`"),
        ("priority", "---\ntitle: a\npriority: 11\n---\n", Some(3), "0 to 10"),
        ("prose", "\u{feff}---\ntitle: a\nWhat is this\n---\n", Some(3), "`What is this`"),
        ("mac", "---\rtitle: a\r---\r\n", Some(1), "Its lines end with a carriage return"),
        ("binary", "", Some(2), "It is not UTF-8"),
        ("link", "", None, "symbolic link"),
        ("long", &long, Some(1), "title"),
        ("Upper", "", None, "Upper"),
    ];
    for (name, text, line, reason) in odd {
        let file: &'static str = format!("docs/stories/{name}.md").leak();
        let files = Files(BTreeMap::from([(file, &*text.to_owned().leak()), ("docs/stories/1-1-good.md", "# Good\n")]));
        let imported = import(&files, &[]).unwrap();
        assert_eq!(imported.drafts.len(), 1, "{name}");
        let [finding] = &imported.findings[..] else { panic!("{name}: {:?}", imported.findings) };
        assert_eq!((&*finding.path, finding.line, finding.effect), (file, line, Effect::LeftOut), "{name}: {}", finding.reason);
        assert!(finding.reason.contains(reason), "{name}: {}", finding.reason);
    }
}

#[test]
fn odd_forms_that_mean_something_are_understood() {
    for text in [
        "---\r\ntitle: T\r\nstatus: review\r\n---\r\nBody\r\n",
        "---\ntitle: T\nstatus: review\n---",
        "\u{feff}---\ntitle: T\nstatus: review\n---\nBody\n",
        "--- \ntitle: T\nstatus: review\n---  \nBody\n",
        "---\ntitle: T\nstatus: review\n...\nBody\n",
    ] {
        let imported = import(&Files(BTreeMap::from([("docs/stories/1-1-a.md", text)])), &[]).unwrap();
        assert_eq!((&*imported.drafts[0].title, imported.standings[0].status), ("T", Some(Status::Review)), "{text:?}");
        assert_eq!(imported.findings, []);
    }
}

#[test]
fn a_story_is_in_the_epic_that_its_number_follows() {
    let files = |story: &'static str| {
        let epics = "## Epic 1: One\n## Epic 1.5: Half\n## Epic AUTH: Sign in\n## Epic user-auth: Users\n";
        import(&Files(BTreeMap::from([(EPICS, epics), (story, "")])), &[]).unwrap().drafts[0].parent.clone().unwrap_or_default()
    };
    for (story, epic) in [
        ("1-5-login", "1"),
        ("1-5-1-login", "1-5"),
        ("auth-1-login", "auth"),
        ("user-auth-2-x", "user-auth"),
        ("auth-login", "auth"),
        ("2-1-x", ""),
    ] {
        assert_eq!(files(format!("docs/stories/{story}.md").leak()), epic, "{story}");
    }
}

#[test]
fn two_documents_with_one_key_do_not_stop_the_others() {
    let files = Files(BTreeMap::from([(EPICS, "## Epic 1: One\n\n## Epic 2: Two\n"), ("docs/stories/2.md", "# A story\n")]));
    let imported = import(&files, &[]).unwrap();
    assert_eq!(imported.drafts.iter().map(|draft| draft.key.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!((imported.findings[0].line, imported.findings[0].effect), (Some(3), Effect::LeftOut));
}

/// What is found, as people see it, and the keys of the items.
fn found(imported: &Imported) -> (Vec<(String, &'static str, String)>, Vec<&str>) {
    let place = |finding: &Finding| finding.line.map_or_else(|| finding.path.clone(), |line| format!("{}:{line}", finding.path));
    let told = imported.findings.iter().map(|finding| (place(finding), finding.effect.as_str(), finding.reason.clone()));
    (told.collect(), imported.drafts.iter().map(|draft| draft.key.as_str()).collect())
}

fn item(kind: Kind, key: &str, parent: Option<&str>, after: &[&str]) -> Item {
    let after = after.iter().map(|key| (*key).to_owned()).collect();
    let (key, title, parent) = (key.to_owned(), "T".to_owned(), parent.map(str::to_owned));
    let draft = Draft { key, kind, title, body: String::new(), parent, after, priority: 5, labels: Labels::default() };
    Item { draft, status: Status::Todo, assignee: None, branch: None }
}

#[test]
fn a_reference_that_leads_nowhere_costs_itself() {
    let files = Files(BTreeMap::from([
        (EPICS, "## Epic 1: One\n"),
        ("docs/stories/1-1-a.md", "---\ntitle: A\nepic: 1\nafter: [1-2-b, ghost, \"No Key\"]\n---\n"),
        ("docs/stories/1-2-b.md", "---\nepic: Two words\nassignee: \"a\\u0007b\"\n---\n"),
        ("docs/stories/1-3-c.md", "---\nstory: 1-1-a\n---\n"),
        ("docs/stories/1-4-d.md", "---\nkind: task\nstory: ghost\n---\n"),
        ("docs/stories/1-5-e.md", "---\nepic: 1-5-e\nafter: 1-6-f\n---\n"),
        ("docs/stories/1-6-f.md", "---\nafter: {odd}\n---\n"),
    ]));
    let imported = import(&files, &[]).unwrap();
    let (told, keys) = found(&imported);
    assert_eq!(keys, ["1-1-a", "1-2-b", "1-3-c", "1-4-d", "1-5-e", "1"]);
    let expected = [
        ("docs/stories/1-6-f.md:2", "left-out", "The value of `after`"),
        ("docs/stories/1-1-a.md:4", "in-part", "`1-1-a` is imported without waiting for it."),
        ("docs/stories/1-2-b.md:2", "in-part", "`1-2-b` is imported without it."),
        ("docs/stories/1-2-b.md:3", "in-part", "The assignee of `1-2-b` has to be one line"),
        ("docs/stories/1-3-c.md:2", "in-part", "`1-3-c` is a story and cannot belong to `1-1-a`, which is a story"),
        ("docs/stories/1-4-d.md:3", "in-part", "`1-4-d` belongs to `ghost`, which is neither in the documents nor in the backlog"),
        ("docs/stories/1-5-e.md:2", "in-part", "cannot belong to `1-5-e`"),
        ("docs/stories/1-1-a.md:4", "in-part", "`1-1-a` waits for `ghost`"),
        ("docs/stories/1-5-e.md:3", "in-part", "`1-5-e` waits for `1-6-f`"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((place, effect, reason), (at, what, why)) in told.iter().zip(expected) {
        assert!((place.as_str(), *effect) == (at, what) && reason.contains(why) && reason.ends_with('.'), "{at}: {told:#?}");
    }
    assert_eq!((imported.drafts[0].after.clone(), imported.drafts[1].parent.as_deref()), (vec!["1-2-b".to_owned()], Some("1")));
    assert_eq!(imported.standings.iter().find(|standing| standing.key == "1-2-b").unwrap().assignee, None);
    assert_eq!(circle_of(&imported.drafts, &[]), None);
}

#[test]
fn a_label_that_is_not_one_costs_itself() {
    let many: String = (10..35).map(|number| format!("  - \"{number}\"\n")).collect();
    let odd: String = (0..1_000).map(|number| format!("  - Odd{number}\n")).collect();
    let text = |labels: &str| -> &'static str { format!("---\ntitle: T\n{labels}---\n").leak() };
    let files = Files(BTreeMap::from([
        ("docs/stories/1-1.md", text("labels: [ui, \"A\\u001b[2Jb\", area/checkout, ui, \"'; drop table items; --\", ../x, \"\"]\n")),
        ("docs/stories/1-2.md", text(&format!("labels:\n{many}"))),
        ("docs/stories/1-3.md", text("labels: {team: a}\n")),
        ("docs/stories/1-4.md", text(&format!("labels:\n{odd}"))),
        ("docs/stories/1-5.md", text("labels: ui\n")),
        ("docs/stories/1-6.md", text("labels: [ui, null]\n")),
    ]));
    let imported = import(&files, &[]).unwrap();
    let labels: Vec<_> = imported.drafts.iter().map(|draft| draft.labels.as_slice().join(" ")).collect();
    let first: Vec<_> = (10..30).map(|number| number.to_string()).collect();
    assert_eq!(labels, ["area/checkout ui", &first.join(" "), "", "", "ui", "ui"]);
    let (told, keys) = found(&imported);
    assert_eq!(keys.len(), 6);
    let expected = [
        ("docs/stories/1-1.md:3", r"`A\u{1b}[2Jb` is not a label"),
        ("docs/stories/1-1.md:3", r"`\'; drop table items; --` is not a label"),
        ("docs/stories/1-1.md:3", "`../x` is not a label"),
        ("docs/stories/1-1.md:3", "`` is not a label"),
        ("docs/stories/1-1.md:3", "`1-1` has the label `ui` twice. Give it once. `1-1` is imported with the others."),
        ("docs/stories/1-2.md:3", "`1-2` has 25 labels, and the limit is 20. Give fewer. `1-2` is imported with the first 20."),
        ("docs/stories/1-3.md:3", "The value of `labels` in its front matter cannot be read"),
        ("docs/stories/1-6.md:3", "`` is not a label"),
        ("docs/stories/1-4.md:3", "`1-4` is imported without 980 more values of `labels`"),
    ];
    for (place, reason) in expected {
        assert!(told.iter().any(|(at, effect, text)| at == place && *effect == "in-part" && text.contains(reason)), "{reason}: {told:#?}");
    }
    assert_eq!((told.len(), told.iter().filter(|(at, ..)| at.contains("1-4")).count()), (8 + 21, 21));
    assert!(told.iter().all(|(_, _, text)| !text.contains('\u{1b}') && text.ends_with('.')), "{told:#?}");
    assert_eq!(circle_of(&imported.drafts, &[]), None);
}

#[test]
fn labels_of_which_no_document_speaks_stay() {
    let files = Files(BTreeMap::from([
        (EPICS, "## Epic 1: One\n"),
        ("docs/stories/1-1-silent.md", "---\ntitle: T\n---\n"),
        ("docs/stories/1-2-none.md", "---\nlabels: []\n---\n"),
        ("docs/stories/1-3-other.md", "---\nlabels: [b]\n---\n"),
        ("docs/stories/1-4-unread.md", "---\nlabels: {team: a}\n---\n"),
    ]));
    let keys = ["1-1-silent", "1-2-none", "1-3-other", "1-4-unread", "1"];
    let known = keys.map(|key| {
        let mut known = item(if key == "1" { Kind::Epic } else { Kind::Story }, key, None, &[]);
        known.draft.labels = vec!["a".to_owned()].into();
        known
    });
    let imported = import(&files, &known).unwrap();
    let labels: Vec<_> = imported.drafts.iter().map(|draft| (draft.key.as_str(), draft.labels.as_slice().join(" "))).collect();
    let expected = [("1-1-silent", "a"), ("1-2-none", ""), ("1-3-other", "b"), ("1-4-unread", "a"), ("1", "a")];
    assert_eq!(labels, expected.map(|(key, labels)| (key, labels.to_owned())));
}

/// Why drafts could not be put, if they could not.
fn circle_of(drafts: &[Draft], items: &[Item]) -> Option<String> {
    crate::interfaces::backlog::Changes::of(items, drafts).err().map(|refusal| refusal.to_string())
}

#[test]
fn a_circle_costs_one_reference_and_nothing_else() {
    let story = |after: &'static str| -> &'static str { format!("---\ntitle: T\nafter: [{after}]\n---\n").leak() };
    let files = Files(BTreeMap::from([
        (EPICS, "## Epic 1: One\n## Epic 2: Two\n"),
        ("docs/stories/1-1-a.md", story("1-2-b")),
        ("docs/stories/1-2-b.md", story("1-10-c, 1-1-a")),
        ("docs/stories/1-10-c.md", story("1-2-b")),
        ("docs/stories/1-11-own.md", story("1-11-own")),
        ("docs/stories/2-1-in.md", story("2, 1-1-a")),
        ("docs/stories/2-2-good.md", story("1-10-c")),
    ]));
    let imported = import(&files, &[]).unwrap();
    let (told, keys) = found(&imported);
    assert_eq!(keys.len(), 8, "{keys:?}");
    let dropped = |key: &str, other: &str| {
        let reason = format!("`{key}` is imported without waiting for `{other}`.");
        told.iter().any(|(place, effect, text)| {
            place == &format!("docs/stories/{key}.md:3")
                && *effect == "in-part"
                && text.starts_with("These items wait for each other: ")
                && text.ends_with(&reason)
        })
    };
    for (key, other) in [("1-1-a", "1-2-b"), ("1-2-b", "1-10-c"), ("1-11-own", "1-11-own"), ("2-1-in", "2")] {
        assert!(dropped(key, other), "{key}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(circle_of(&imported.drafts, &[]), None);
}

#[test]
fn documents_that_do_not_fit_the_backlog_leave_it_as_it_is() {
    let known =
        [item(Kind::Epic, "1", None, &[]), item(Kind::Story, "1-1-a", Some("1"), &[]), item(Kind::Story, "1-2-b", Some("1"), &["1-1-a"])];
    let narrowed = Files(BTreeMap::from([("docs/stories/1.md", "# A story now\n"), ("docs/stories/3-1-c.md", "# Good\n")]));
    let imported = import(&narrowed, &known).unwrap();
    let (told, keys) = found(&imported);
    assert_eq!((keys, told.len(), told[0].1), (vec!["3-1-c"], 1, "left-out"), "{told:?}");
    assert!(told[0].0 == "docs/stories/1.md" && told[0].2.contains("cannot belong to `1`, which is a story"), "{told:?}");
    assert!(imported.standings.iter().all(|standing| standing.key != "1"));

    let back = Files(BTreeMap::from([("docs/stories/1-1-a.md", "---\nafter: 1-2-b\n---\n")]));
    let imported = import(&back, &known).unwrap();
    assert_eq!(found(&imported).0[0].0, "docs/stories/1-1-a.md:2");
    assert_eq!((imported.drafts[0].after.len(), circle_of(&imported.drafts, &known)), (0, None));

    // An epic that waits for another, into which a story moves that it holds up.
    let mut known = vec![item(Kind::Epic, "1", None, &["2"]), item(Kind::Epic, "2", None, &[]), item(Kind::Story, "1-1-a", Some("1"), &[])];
    known.push(item(Kind::Story, "x", None, &["1-1-a"]));
    let moved = Files(BTreeMap::from([("docs/stories/x.md", "---\nepic: 2\nafter: 1-1-a\n---\n")]));
    let imported = import(&moved, &known).unwrap();
    assert_eq!((found(&imported).0[0].0.as_str(), circle_of(&imported.drafts, &known)), ("docs/stories/x.md:3", None));
    assert!(Graph::of(&known).is_ok());
}

#[test]
fn stories_lie_in_folders_and_end_in_capitals_and_links_are_named() {
    let files = Files(BTreeMap::from([
        (EPICS, "## Epic 1: One\n"),
        ("docs/stories/1-1-a.MD", "# A\n"),
        ("docs/stories/1-2-b.md", "# B\n"),
        ("docs/stories/epic-1/1-2-b.md", "# Another\n"),
        ("docs/stories/epic-1/1-3-c.Md", "---\nstatus: odd\n---\n# C\n"),
        ("docs/stories/epic-1/Readme.MD", "# About\n"),
        ("docs/stories/epic-1/notes.txt", ""),
        ("docs/stories/linked", ""),
    ]));
    let imported = import(&files, &[]).unwrap();
    let (told, keys) = found(&imported);
    assert_eq!(keys, ["1-1-a", "1-2-b", "1-3-c", "1"]);
    assert!(imported.drafts.iter().all(|draft| draft.title != "Another"));
    let places: Vec<_> = told.iter().map(|(place, effect, _)| (place.as_str(), *effect)).collect();
    assert_eq!(
        places,
        [("docs/stories/linked", "left-out"), ("docs/stories/epic-1/1-2-b.md", "left-out"), ("docs/stories/epic-1/1-3-c.Md:2", "in-part")],
        "{told:?}"
    );
    assert!(told[1].2.contains("docs/stories/1-2-b.md"), "{told:?}");
}

#[test]
fn lists_of_epics_and_statuses_that_cannot_be_read_are_named() {
    let files = Files(BTreeMap::from([(EPICS, "# Epics\r\r## Epic 1: One\r"), (SPRINT_STATUS, "development_status:\r  epic-1: done\r")]));
    let imported = import(&files, &[]).unwrap();
    let (told, keys) = found(&imported);
    assert_eq!(keys, [""; 0]);
    let places: Vec<_> = told.iter().map(|(place, ..)| place.as_str()).collect();
    assert_eq!(places, ["docs/epics.md:1", "docs/sprint-status.yaml:1"], "{told:?}");
}

/// The documents of so many stories, each with the one before it as what it waits for.
struct Many(usize);

impl Documents for Many {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError> {
        let stem = path.strip_prefix("docs/stories/1-").and_then(|name| name.strip_suffix(".md"));
        let number = stem.and_then(|number| number.parse::<usize>().ok());
        let after = |number: usize| format!("---\nepic: 1\nafter: [1-{}]\n---\n", number + 1);
        Ok(number.map(|number| if number == 7 { after(self.0 - 1) } else { "# Story\n".to_owned() }.into_bytes()))
    }

    fn write(&self, _: &str, _: &str, _: &Attempt) -> Result<(), CallError> {
        unreachable!("nothing is written")
    }

    fn list(&self, _: &str) -> Result<Vec<Entry>, CallError> {
        Ok((1..=self.0).map(|number| Entry { path: format!("docs/stories/1-{number}.md"), form: Form::File }).collect())
    }
}

#[test]
fn what_the_backlog_has_no_room_for_is_left_out_and_told() {
    let known = [item(Kind::Story, "1-9", None, &[]), item(Kind::Story, "old", None, &[])];
    let imported = import(&Many(10_005), &known).unwrap();
    crate::interfaces::backlog::Changes::of(&known, &imported.drafts).unwrap();
    // The epic, and the first of the stories; `old` is not among the documents.
    assert_eq!(imported.drafts.len(), 9_999);
    let has = |key: &str| imported.drafts.iter().any(|draft| draft.key == key);
    assert!(has("1") && has("1-9") && has("1-9998") && !has("1-9999") && !has("1-10005"));
    assert_eq!(imported.standings.len(), 9_999);
    let (told, _) = found(&imported);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!((&*told[0].0, told[0].1), ("docs/stories", "in-part"));
    assert!(
        told[0].2.contains("at most 10000 items") && told[0].2.contains("7 of 10006 items were not imported, `1-9999` first"),
        "{told:#?}"
    );
    assert!(told[1].2.contains("`1-7` waits for `1-10005`, for which the backlog has no room."), "{told:#?}");
    assert!(import(&Many(9_000), &known).unwrap().findings.is_empty());
}

#[test]
fn titles_that_are_too_long_together_cost_the_last_items() {
    let known = [item(Kind::Story, "old", None, &[])];
    let mut imported = Imported::default();
    for number in 0..9_000 {
        let draft = Draft { title: "x".repeat(500), ..item(Kind::Story, &number.to_string(), None, &[]).draft };
        imported.drafts.push(draft);
    }
    imported.fit(&known);
    crate::interfaces::backlog::Changes::of(&known, &imported.drafts).unwrap();
    assert!((8_000..9_000).contains(&imported.drafts.len()) && imported.findings.len() == 1, "{}", imported.drafts.len());
    assert!(imported.drafts.iter().any(|draft| draft.key == "0"));
}
