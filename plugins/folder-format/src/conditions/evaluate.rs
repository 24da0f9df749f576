//! Decides tests from facts. Gives no answer where a fact is missing: then the judge is asked.

use super::{Operand, Operator, SprintItem, Test, WorkflowQuestion};

/// What the evaluator may look at. Every function gives none where the fact is not known.
pub trait Facts {
    /// The value of a variable that was set.
    fn variable(&self, name: &str) -> Option<String>;
    /// The last answer of a person.
    fn last_answer(&self) -> Option<String>;
    /// What the check just before came to.
    fn last_check(&self) -> Option<bool>;
    /// Whether a file exists in the project.
    fn file_exists(&self, path: &str) -> Option<bool>;
    /// Whether the file with the status of workflows exists.
    fn has_status_file(&self) -> Option<bool>;
    /// The value of a workflow in the status file.
    fn workflow_status(&self, id: &str) -> Option<String>;
    /// The next workflow by the status file.
    fn next_workflow(&self) -> Option<String>;
    /// Whether the sprint's status has the key of the item at work.
    fn has_sprint_key(&self, what: SprintItem) -> Option<bool>;
    /// The status of the item at work.
    fn sprint_status(&self, what: SprintItem) -> Option<String>;
    /// The status of every item of a kind, in the order of the file.
    fn sprint_statuses(&self, what: SprintItem) -> Option<Vec<String>>;
}

/// What a test comes to; none if a fact is missing.
pub fn evaluate(test: &Test, facts: &dyn Facts) -> Option<bool> {
    match test {
        Test::Answer { yes } => read_answer(&facts.last_answer()?).map(|answer| answer == *yes),
        Test::Else => facts.last_check().map(|check| !check),
        Test::Compare { left, operator, right } => compare(&left_value(left, facts)?, *operator, &right_value(right, facts)),
        Test::Member { left, list, negated } => {
            let value = left_value(left, facts)?;
            let list = list_values(list, facts)?;
            Some(list.iter().any(|item| is_equal(item, &value)) != *negated)
        }
        Test::Flag { name, negated } => is_true(&facts.variable(name)?).map(|flag| flag != *negated),
        Test::Provided { name, negated } => Some(facts.variable(name).is_some_and(|value| !value.trim().is_empty()) != *negated),
        Test::Chosen { options } => is_chosen(&facts.last_answer()?, options),
        Test::File { path, negated } => facts.file_exists(path).map(|exists| exists != *negated),
        Test::StatusFile { negated } => facts.has_status_file().map(|exists| exists != *negated),
        Test::WorkflowStatus { id, question } => workflow_status(id, *question, facts),
        Test::SprintKey { what, negated } => facts.has_sprint_key(*what).map(|found| found != *negated),
        Test::SprintStatus { what, statuses, negated } => facts.sprint_status(*what).map(|status| statuses.contains(&status) != *negated),
        Test::SprintAny { what, statuses, negated } => {
            facts.sprint_statuses(*what).map(|all| all.iter().any(|status| statuses.contains(status)) != *negated)
        }
        Test::All { tests } => join(tests, facts, false),
        Test::Any { tests } => join(tests, facts, true),
    }
}

/// AND ends at false and OR at true, whatever the unknown ones would be.
fn join(tests: &[Test], facts: &dyn Facts, end: bool) -> Option<bool> {
    let results: Vec<_> = tests.iter().map(|test| evaluate(test, facts)).collect();
    if results.contains(&Some(end)) {
        return Some(end);
    }
    if results.contains(&None) { None } else { Some(!end) }
}

fn workflow_status(id: &str, question: WorkflowQuestion, facts: &dyn Facts) -> Option<bool> {
    match question {
        WorkflowQuestion::IsComplete => facts.workflow_status(id).map(|value| is_path(&value)),
        WorkflowQuestion::IsNext => facts.next_workflow().map(|next| next == id),
        WorkflowQuestion::IsNotNext => facts.next_workflow().map(|next| next != id),
    }
}

/// The value of a workflow that is complete: where its document lies.
pub(crate) fn is_path(value: &str) -> bool {
    !matches!(value, "" | "required" | "optional" | "recommended" | "conditional" | "skipped")
        && (value.contains('/') || value.contains('.'))
}

fn left_value(operand: &Operand, facts: &dyn Facts) -> Option<String> {
    match operand {
        Operand::Variable(name) | Operand::Word(name) => facts.variable(name).or_else(|| is_number(name).then(|| name.clone())),
        Operand::Text(text) => Some(text.clone()),
    }
}

fn right_value(operand: &Operand, facts: &dyn Facts) -> String {
    match operand {
        Operand::Variable(name) | Operand::Word(name) => facts.variable(name).unwrap_or_else(|| name.clone()),
        Operand::Text(text) => text.clone(),
    }
}

/// A list that a variable holds: JSON, lines with dashes, or words between commas.
fn list_values(list: &[Operand], facts: &dyn Facts) -> Option<Vec<String>> {
    let [Operand::Variable(name)] = list else { return Some(list.iter().map(|item| right_value(item, facts)).collect()) };
    let value = facts.variable(name)?;
    let inside = value.trim().trim_start_matches('[').trim_end_matches(']');
    let items = inside.split(['\n', ',']).map(|item| item.trim().trim_start_matches("- ").trim_matches(['"', '\'', ' ']).to_owned());
    Some(items.filter(|item| !item.is_empty()).collect())
}

fn compare(left: &str, operator: Operator, right: &str) -> Option<bool> {
    match operator {
        Operator::Equal => Some(is_equal(left, right)),
        Operator::NotEqual => Some(!is_equal(left, right)),
        _ => {
            let (left, right): (f64, f64) = (left.trim().parse().ok()?, right.trim().parse().ok()?);
            Some(match operator {
                Operator::Less => left < right,
                Operator::LessOrEqual => left <= right,
                Operator::Greater => left > right,
                _ => left >= right,
            })
        }
    }
}

fn is_equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim(), right.trim());
    left.eq_ignore_ascii_case(right)
        || matches!((is_true(left), is_true(right)), (Some(one), Some(other)) if one == other && !is_number(left) && !is_number(right))
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

fn is_true(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn read_answer(answer: &str) -> Option<bool> {
    match answer.trim().trim_end_matches(['.', '!']).to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" | "ok" | "okay" | "sure" | "continue" | "c" => Some(true),
        "n" | "no" | "false" | "exit" | "cancel" | "q" | "x" => Some(false),
        _ => None,
    }
}

/// True for an option itself. False only for another option: a sentence may choose one in its own words.
fn is_chosen(answer: &str, options: &[String]) -> Option<bool> {
    let answer = answer.trim().trim_matches(['[', ']', '(', ')', '.', '"', '\'']).to_ascii_lowercase();
    if options.iter().any(|option| option.eq_ignore_ascii_case(&answer)) {
        return Some(true);
    }
    let is_option = answer.len() == 1 || answer.parse::<u32>().is_ok();
    let alike = options.iter().any(|option| option.len() == 1 || option.parse::<u32>().is_ok());
    (is_option && alike).then_some(false)
}
