use std::collections::BTreeMap;

use super::*;
use crate::journal::Attempt;

struct Files(BTreeMap<&'static str, &'static str>);

impl Documents for Files {
    fn read(&self, path: &str) -> Result<Option<String>, CallError> {
        Ok(self.0.get(path).map(|text| (*text).to_owned()))
    }

    fn write(&self, _: &str, _: &str, _: &Attempt) -> Result<(), CallError> {
        unreachable!("nothing is written")
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, CallError> {
        Ok(self.0.keys().filter(|path| path.starts_with(folder)).map(|path| (*path).to_owned()).collect())
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
        ("mac", "---\rtitle: a\r---\r", Some(1), "carriage returns"),
        ("long", &long, None, "title"),
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
