//! Conditions as they are written, and what they come to.

use std::collections::BTreeMap;

use super::*;

#[derive(Default)]
struct World {
    variables: BTreeMap<&'static str, &'static str>,
    answer: Option<&'static str>,
    files: Vec<&'static str>,
    statuses: Option<Vec<&'static str>>,
}

impl Facts for World {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }
    fn last_answer(&self) -> Option<String> {
        self.answer.map(str::to_owned)
    }
    fn last_check(&self) -> Option<bool> {
        Some(false)
    }
    fn file_exists(&self, path: &str) -> Option<bool> {
        Some(self.files.contains(&path))
    }
    fn has_status_file(&self) -> Option<bool> {
        Some(self.files.contains(&"status.yaml"))
    }
    fn workflow_status(&self, id: &str) -> Option<String> {
        (id == "prd").then(|| "docs/PRD.md".to_owned())
    }
    fn next_workflow(&self) -> Option<String> {
        Some("architecture".to_owned())
    }
    fn has_sprint_key(&self, _: SprintItem) -> Option<bool> {
        self.statuses.as_ref().map(|_| true)
    }
    fn sprint_status(&self, _: SprintItem) -> Option<String> {
        self.statuses.as_ref()?.first().map(|status| (*status).to_owned())
    }
    fn sprint_statuses(&self, _: SprintItem) -> Option<Vec<String>> {
        Some(self.statuses.as_ref()?.iter().map(|status| (*status).to_owned()).collect())
    }
}

fn world() -> World {
    World {
        variables: BTreeMap::from([
            ("mode", "interactive"),
            ("level", "2"),
            ("skill", "expert"),
            ("flag", "true"),
            ("targets", "- a\n- b"),
            ("empty", ""),
            ("calling", "prd"),
            ("next", "prd"),
        ]),
        answer: Some("2"),
        files: vec!["index.md"],
        statuses: Some(vec!["review", "done"]),
    }
}

fn decide(text: &str) -> (Decider, Option<bool>) {
    let condition = Condition::read(text, 1);
    (condition.decider, condition.test.and_then(|test| evaluate(&test, &world())))
}

#[test]
fn comparisons_are_always_decided() {
    for (text, expected) in [
        ("mode == interactive", true),
        ("mode != 'interactive'", false),
        ("{skill} == 'expert'", true),
        ("{{level}} >= 2", true),
        ("level < 2", false),
        ("level==2", true),
        ("calling == next", true),
        ("flag == yes", true),
        ("mode == data OR level == 2", true),
        ("mode == data or level == 2 and flag == false", false),
        ("empty != ''", false),
        ("else", true),
    ] {
        assert_eq!(decide(text), (Decider::Evaluator, Some(expected)), "{text}");
    }
}

#[test]
fn a_variable_that_does_not_exist_is_for_the_judge() {
    assert_eq!(decide("unknown == 1"), (Decider::Evaluator, None));
    assert_eq!(decide("unknown == 1 OR level == 2"), (Decider::Evaluator, Some(true)));
    assert_eq!(decide("unknown == 1 AND level == 2"), (Decider::Evaluator, None));
    assert_eq!(decide("has_api"), (Decider::EvaluatorOrJudge, None));
    assert_eq!(decide("level == 3 or similar"), (Decider::EvaluatorOrJudge, None), "the judge knows what is similar");
    assert_eq!(decide("mode > 2"), (Decider::Evaluator, None));
}

#[test]
fn flags_lists_and_choices_are_decided_where_the_facts_exist() {
    for (text, expected) in [
        ("flag", true),
        ("!flag", false),
        ("mode in [a (First), interactive]", true),
        ("'a' in {{targets}}", true),
        ("flag AND mode in [a, b]", false),
        ("{{empty}} is provided", false),
        ("{{empty}} is NOT provided", true),
        ("flag == true and {{targets}} is not empty", true),
        ("user selects 2", true),
        ("user selects option 1 or 3", false),
        ("level == 2 (Two)", true),
        ("index.md exists", true),
        ("index.md does not exist", false),
        ("report.json not found", true),
        ("status file not found", true),
        ("prd status is file path (already completed)", true),
        ("prd is not the next expected workflow (later ones are complete)", true),
        ("story key not found in file", false),
        ("current status == 'review'", true),
        ("current status is neither ready-for-dev nor in-progress", true),
        ("no story with status 'review' found", false),
        ("no ready-for-dev or in-progress story found", true),
        ("no drafted stories found", true),
    ] {
        assert_eq!(decide(text), (Decider::EvaluatorOrJudge, Some(expected)), "{text}");
    }
}

#[test]
fn what_needs_judgement_is_for_the_judge() {
    for text in [
        "user mentioned metrics, costs, or business impact",
        "research_type == 1 OR fuzzy match market research",
        "major framework version > 2 years old",
        "target_platform includes ChatGPT",
        "user selects option 1 (generate incomplete)",
        "field_type not yet set",
        "level == ",
        "== 2",
        "",
    ] {
        assert_eq!(decide(text).0, Decider::Judge, "{text}");
    }
    assert_eq!(decide(&"a == b AND ".repeat(100)).0, Decider::Judge);
    assert_eq!(decide(&"(".repeat(1000)).0, Decider::Judge);
}

#[test]
fn answers_are_read_as_people_give_them() {
    let yes = Condition::read("yes", 1).test.expect("a test");
    let answered = |answer: &'static str| evaluate(&yes, &World { answer: Some(answer), ..World::default() });
    assert_eq!((answered("Yes."), answered("n"), answered("let me think")), (Some(true), Some(false), None));
}
