//! What a reviewer answers, whether it holds together, and the verdict that comes of it: only what is blocking asks for
//! changes. Reasons stand before what they lead to.

use baton_sdk::prelude::*;
use baton_slots::code_review::{Criterion, Earlier, Finding, Output, Verdict, severity, status};
use serde::Deserialize;

const YES: &str = "yes";
const NO: &str = "no";
const UNSURE: &str = "unsure";
const MOST_FINDINGS: usize = 30;

/// What the reviewer has to answer.
pub(crate) struct Question<'a> {
    pub(crate) criteria: Vec<String>,
    pub(crate) earlier: &'a [Earlier],
}

#[derive(Debug, Deserialize)]
pub(crate) struct Judgement {
    #[serde(default)]
    criteria: Vec<Answer>,
    #[serde(default)]
    earlier: Vec<Followed>,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    summary: String,
    verdict: Verdict,
}

/// About a criterion, by its number from 1.
#[derive(Debug, Deserialize)]
struct Answer {
    criterion: usize,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    line: Option<u64>,
    #[serde(default)]
    test: Option<String>,
    holds: String,
}

/// About an earlier finding, by its number from 1.
#[derive(Debug, Deserialize)]
struct Followed {
    finding: usize,
    #[serde(default)]
    reasoning: String,
    status: String,
}

/// What is wrong with an answer, one sentence each. What [`Judgement::settled`] can put right is a problem only where it is
/// asked for strictly.
pub(crate) fn problems(judged: &Judgement, question: &Question<'_>, strict: bool) -> Vec<String> {
    let blocking = judged.findings.iter().any(Finding::is_blocking) || judged.is_reopened(question) || judged.denied().next().is_some();
    let mut problems = Vec::new();
    if judged.verdict == Verdict::Changes && judged.findings.is_empty() && !blocking {
        problems.push("You ask for changes and name none: give at least one finding, or approve.".to_owned());
    }
    if !strict {
        return problems;
    }
    if judged.verdict == Verdict::Changes && !judged.findings.is_empty() && !blocking {
        problems
            .push("You ask for changes and no finding is blocking: approve, or say which of them the story must not land with.".to_owned());
    }
    if judged.verdict == Verdict::Approve && blocking {
        problems.push("You approve, and something is blocking: ask for changes, or call the finding minor.".to_owned());
    }
    let missing = |all: usize, answered: &dyn Fn(usize) -> bool| -> Vec<String> {
        (1..=all).filter(|number| !answered(*number)).map(|number| number.to_string()).collect()
    };
    let criteria = missing(question.criteria.len(), &|number| judged.criteria.iter().any(|answer| answer.criterion == number));
    if !criteria.is_empty() {
        problems.push(format!("Nothing is said in `criteria` of criterion {}.", criteria.join(", ")));
    }
    let earlier = missing(question.earlier.len(), &|number| {
        !question.earlier[number - 1].is_open() || judged.earlier.iter().any(|followed| followed.finding == number)
    });
    if !earlier.is_empty() {
        problems.push(format!("Nothing is said in `earlier` of finding {}.", earlier.join(", ")));
    }
    problems
}

impl Judgement {
    /// The answer as it counts.
    pub(crate) fn settled(self, question: &Question<'_>) -> Output {
        let (earlier, open) = self.followed(question);
        let criteria: Vec<_> = (1..).zip(&question.criteria).map(|(number, text)| self.criterion(number, text)).collect();
        let denied: Vec<_> = self.denied().map(|answer| unmet(answer, &question.criteria)).collect();
        let mut findings: Vec<_> = open.into_iter().chain(self.findings).collect();
        if !findings.iter().any(Finding::is_blocking) {
            findings.extend(denied);
        }
        findings.sort_by_key(|finding| !finding.is_blocking());
        let verdict = if findings.iter().any(Finding::is_blocking) { Verdict::Changes } else { Verdict::Approve };
        Output { criteria, earlier, findings, summary: self.summary, verdict }
    }

    /// The earlier findings with what became of them, and those that are still open, as findings.
    fn followed(&self, question: &Question<'_>) -> (Vec<Earlier>, Vec<Finding>) {
        let (mut earlier, mut open) = (question.earlier.to_vec(), Vec::new());
        for (number, earlier) in (1..).zip(&mut earlier).filter(|(_, earlier)| earlier.is_open()) {
            let said = self.earlier.iter().find(|followed| followed.finding == number);
            // What the reviewer neither mentions nor finds again is done.
            earlier.status = said.map_or(status::FIXED, |followed| known(&followed.status)).to_owned();
            if let Some(followed) = said.filter(|_| earlier.is_open()) {
                let why = [earlier.finding.why.trim(), followed.reasoning.trim()].into_iter().filter(|text| !text.is_empty());
                open.push(Finding { why: why.collect::<Vec<_>>().join(" Still open: "), ..earlier.finding.clone() });
            }
        }
        (earlier, open)
    }

    fn is_reopened(&self, question: &Question<'_>) -> bool {
        let open = |followed: &Followed| {
            let earlier = followed.finding.checked_sub(1).and_then(|place| question.earlier.get(place));
            earlier.is_some_and(|earlier| earlier.is_open() && earlier.finding.is_blocking()) && known(&followed.status) == status::OPEN
        };
        self.earlier.iter().any(open)
    }

    fn denied(&self) -> impl Iterator<Item = &Answer> {
        self.criteria.iter().filter(|answer| answer.holds == NO)
    }

    fn criterion(&self, number: usize, text: &str) -> Criterion {
        let Some(answer) = self.criteria.iter().find(|answer| answer.criterion == number) else {
            let evidence = "The reviewer says nothing of it.".to_owned();
            return Criterion { criterion: text.to_owned(), evidence, holds: UNSURE.to_owned(), ..Criterion::default() };
        };
        Criterion {
            criterion: text.to_owned(),
            evidence: answer.evidence.clone(),
            path: answer.path.clone().unwrap_or_default(),
            line: answer.line,
            test: answer.test.clone().unwrap_or_default(),
            holds: if [YES, NO].contains(&answer.holds.as_str()) { answer.holds.clone() } else { UNSURE.to_owned() },
        }
    }
}

fn known(word: &str) -> &'static str {
    [status::FIXED, status::WITHDRAWN].into_iter().find(|known| *known == word).unwrap_or(status::OPEN)
}

/// A criterion that does not hold and that no finding speaks of.
fn unmet(answer: &Answer, criteria: &[String]) -> Finding {
    let text = answer.criterion.checked_sub(1).and_then(|place| criteria.get(place)).map_or("An acceptance criterion", String::as_str);
    Finding {
        path: answer.path.clone().unwrap_or_else(|| ".".to_owned()),
        line: answer.line,
        what: format!("This does not hold: {text}"),
        why: answer.evidence.clone(),
        severity: severity::BLOCKING.to_owned(),
    }
}

pub(crate) fn schema(question: &Question<'_>) -> Value {
    let text = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    let line = json!({ "type": ["integer", "null"], "minimum": 1 });
    let number = |most: usize| json!({ "type": "integer", "minimum": 1, "maximum": most });
    let criterion = json!({
        "type": "object",
        "required": ["criterion", "evidence", "holds"],
        "properties": {
            "criterion": number(question.criteria.len()),
            "evidence": text("What in the code and in the tests shows that it holds or does not"),
            "path": { "type": ["string", "null"], "description": "The file that makes it hold" },
            "line": line,
            "test": { "type": ["string", "null"], "description": "The test that fails without it; null where there is none" },
            "holds": { "type": "string", "enum": [YES, NO, UNSURE] },
        },
    });
    let followed = json!({
        "type": "object",
        "required": ["finding", "reasoning", "status"],
        "properties": {
            "finding": number(question.earlier.len()),
            "reasoning": text("What shows it"),
            "status": { "type": "string", "enum": [status::FIXED, status::WITHDRAWN, status::OPEN] },
        },
    });
    let finding = json!({
        "type": "object",
        "required": ["path", "line", "what", "why"],
        "properties": {
            "path": text("The file"),
            "line": line,
            "what": text("What is wrong"),
            "why": text("Which criterion it breaks, or what goes wrong by it"),
            "severity": { "type": "string", "enum": [severity::BLOCKING, severity::MINOR] },
        },
    });
    let mut properties = json!({});
    if !question.criteria.is_empty() {
        properties["criteria"] =
            json!({ "type": "array", "items": criterion, "description": "One answer for each criterion, by its number" });
    }
    if question.earlier.iter().any(Earlier::is_open) {
        properties["earlier"] =
            json!({ "type": "array", "items": followed, "description": "One answer for each earlier finding that is open, by its number" });
    }
    properties["findings"] =
        json!({ "type": "array", "items": finding, "maxItems": MOST_FINDINGS, "description": "The most severe first" });
    properties["summary"] = text("In a sentence or two");
    properties["verdict"] = json!({ "type": "string", "enum": ["approve", "changes"] });
    json!({ "type": "object", "required": ["findings", "summary", "verdict"], "properties": properties })
}
