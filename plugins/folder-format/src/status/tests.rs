//! Edits that change one value and nothing else.

use proptest::prelude::*;

use super::*;
use crate::conditions::SprintItem;

const SPRINT: &str = "# Sprint\n# STATUS DEFINITIONS:\n#   backlog: not begun\ngenerated: 2026-11-30 # today\nproject: \"P: one\"\n\ndevelopment_status:\n  # the first\n  epic-1: contexted\n  1-1-log-in: done     # landed\n  1-2-log-out: review\n\n  epic-1-retrospective: optional\n  epic-2: backlog\n  2-1-pay: backlog\n\n# the end\naction_items:\n  - epic: 1\n    status: open\n";

fn sprint() -> StatusFile {
    StatusFile::read(SPRINT).expect("a status file")
}

#[test]
fn one_value_changes_and_comments_stay() {
    let mut file = sprint();
    assert_eq!(file.set("development_status", "1-2-log-out", "done"), Ok(true));
    assert_eq!(file.set("development_status", "1-1-log-in", "in-progress"), Ok(true));
    let expected = SPRINT.replace("log-out: review", "log-out: done").replace("log-in: done     # landed", "log-in: in-progress # landed");
    assert_eq!(file.text(), expected);
    assert_eq!(file.set("development_status", "1-2-log-out", "done"), Ok(false));
    assert_eq!(file.text(), expected);
}

#[test]
fn keys_are_found_in_their_section_alone() {
    let mut file = sprint();
    assert_eq!((file.get_top("generated"), file.get_top("project")), (Some("2026-11-30"), Some("P: one")));
    assert_eq!(file.entries("development_status").len(), 6);
    assert_eq!(file.set("development_status", "status", "done"), Err(StatusError::NoKey("status".to_owned())));
    assert_eq!(file.set("elsewhere", "a", "b"), Err(StatusError::NoSection("elsewhere".to_owned())));
    assert_eq!(file.set_top("project", "Q"), Ok(true));
    assert_eq!(file.text(), SPRINT.replace("\"P: one\"", "\"Q\""));
}

#[test]
fn keys_are_inserted_where_they_belong() {
    let mut file = sprint();
    file.insert("development_status", Some("1-2-log-out"), "1-3-sign-up", "backlog").expect("inserted");
    file.insert("development_status", None, "2-2-refund", "backlog").expect("inserted");
    let expected = SPRINT
        .replace("log-out: review\n", "log-out: review\n  1-3-sign-up: backlog\n")
        .replace("pay: backlog\n", "pay: backlog\n  2-2-refund: backlog\n");
    assert_eq!(file.text(), expected);
    let mut windows = StatusFile::read("workflow_status:\r\n  prd: required").expect("a file");
    windows.insert("workflow_status", None, "ux", "docs/a b.md").expect("inserted");
    assert_eq!(windows.text(), "workflow_status:\r\n  prd: required\r\n  ux: docs/a b.md\r\n");
}

#[test]
fn stories_are_worked_on_in_the_order_of_the_file() {
    let mut file = sprint();
    assert_eq!(file.first_with(SprintItem::Story, &["review", "backlog"]).map(|entry| (entry.key, entry.line)), Some(("1-2-log-out", 11)));
    assert_eq!(file.first_with(SprintItem::Epic, &["backlog"]).map(|entry| entry.key), Some("epic-2"));
    assert_eq!(file.advance("1-2-log-out", "drafted"), Ok(false), "an item does not go back");
    assert_eq!(file.advance("1-2-log-out", "done"), Ok(true));
    assert_eq!(file.update_epics(), Ok(vec!["epic-1".to_owned()]));
    assert_eq!((file.get(sprint::SECTION, "epic-1"), file.get(sprint::SECTION, "epic-2")), (Some("done"), Some("backlog")));
    file.set(sprint::SECTION, "2-1-pay", "in-progress").expect("set");
    assert_eq!(file.update_epics(), Ok(vec!["epic-2".to_owned()]));
    assert_eq!(file.get(sprint::SECTION, "epic-2"), Some("in-progress"));
    assert_eq!(file.update_epics(), Ok(Vec::new()));
}

#[test]
fn the_next_workflow_is_the_first_that_is_open() {
    let mut file = StatusFile::read("# paths\nworkflow_status:\n  product-brief: \"docs/brief.md\"\n  prd: required\n  ux: optional\n")
        .expect("a file");
    assert_eq!(file.next_workflow(), Some("prd"));
    assert_eq!(file.complete_workflow("prd", "docs/PRD.md"), Ok(true));
    assert_eq!(file.skip_workflow("ux"), Ok(true));
    assert_eq!(file.next_workflow(), None);
    assert_eq!(file.text(), "# paths\nworkflow_status:\n  product-brief: \"docs/brief.md\"\n  prd: docs/PRD.md\n  ux: skipped\n");
}

#[test]
fn keys_name_items_by_their_patterns() {
    assert_eq!(sprint::Key::read("epic-12"), Some(sprint::Key::Epic(12)));
    assert_eq!(sprint::Key::read("epic-12-retrospective"), Some(sprint::Key::Retrospective(12)));
    assert_eq!(sprint::Key::read("1-2a-log-in"), Some(sprint::Key::Story(1, 2)));
    for key in ["epic-", "epic-x", "1-2", "1-2-", "a-1-b", "99999999999-1-a", ""] {
        assert_eq!(sprint::Key::read(key), None, "{key}");
    }
}

#[test]
fn what_does_not_fit_into_a_line_is_rejected() {
    let mut file = sprint();
    assert!(matches!(file.set("development_status", "epic-2", "a\nb: c"), Err(StatusError::NotOneLine(_))));
    assert_eq!(file.set("development_status", "epic-2", "a: b # c"), Ok(true));
    assert_eq!(file.text(), SPRINT.replace("epic-2: backlog", "epic-2: \"a: b # c\""));
    assert_eq!(StatusFile::read(&"\n".repeat(crate::limits::MOST_STATUS_LINES + 1)), Err(StatusError::TooLong));
}

proptest! {
    #[test]
    fn any_text_stays_as_it_is(text in ".{0,400}") {
        let file = StatusFile::read(&text).expect("short enough");
        prop_assert_eq!(file.text(), text);
    }

    #[test]
    fn a_value_that_was_set_is_read_and_no_other_line_changes(lines in proptest::collection::vec("[ #a-z:\"'-]{0,20}", 0..20), value in "[a-z0-9 #:./-]{0,20}") {
        let text = format!("{}\ndevelopment_status:\n  before: a # b\n  key: old # kept\n  after: \"c\"\n{}", lines.join("\n"), lines.join("\n"));
        let mut file = StatusFile::read(&text).expect("short enough");
        let before: Vec<String> = file.text().lines().map(str::to_owned).collect();
        let Some(entry) = file.entries("development_status").into_iter().find(|entry| entry.key == "key") else { return Ok(()) };
        let line = entry.line as usize - 1;
        file.set("development_status", "key", &value).expect("one line");
        prop_assert_eq!(file.get("development_status", "key"), Some(value.as_str()));
        let after: Vec<String> = file.text().lines().map(str::to_owned).collect();
        prop_assert_eq!(before.len(), after.len());
        for (index, (old, new)) in before.iter().zip(&after).enumerate() {
            prop_assert!(index == line || old == new, "line {} changed", index + 1);
        }
        prop_assert!(after[line].ends_with("# kept"));
    }
}
