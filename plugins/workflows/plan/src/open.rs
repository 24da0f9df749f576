//! What a brief leaves open: people are asked where the analyst is not sure of her assumption, at least of the one that she
//! is least sure of, and told of the others. Decides nothing that she did not propose.

use baton_sdk::Result;
use baton_sdk::people::{self, Decision, Question};
use baton_sdk::settings;

use crate::documents::OpenQuestion;

/// How sure the analyst has to be for her assumption to hold without asking, where no setting says otherwise. What a model
/// says of its own confidence is too high as a rule, which is why the least sure is asked about however sure it is.
const SURE: f64 = 0.75;
/// More at once are answered without being read.
const MOST_ASKED: usize = 5;

/// An open question with the answer that holds from now on.
#[derive(Debug, PartialEq)]
pub(crate) struct Settled {
    pub(crate) question: String,
    pub(crate) answer: String,
    /// A person said so.
    pub(crate) asked: bool,
}

/// Settles every question, in the order given. The least sure are asked, one after the other, and of the rest people
/// are told what is assumed.
pub(crate) fn settle(questions: &[OpenQuestion]) -> Result<Vec<Settled>> {
    let sure = settings::get::<f64>("plan.sure")?.unwrap_or(SURE);
    let unsure = asked(questions, sure);
    let mut settled = Vec::new();
    for (place, open) in questions.iter().enumerate() {
        let asked = unsure.contains(&place);
        let answer = if asked { ask(open)? } else { assume(open)? };
        settled.push(Settled { question: open.question.clone(), answer, asked });
    }
    Ok(settled)
}

/// The places of those to ask. An operator who sets 0 wants none.
fn asked(questions: &[OpenQuestion], sure: f64) -> Vec<usize> {
    if sure <= 0.0 {
        return Vec::new();
    }
    let unsure = questions.iter().filter(|question| question.confidence < sure).count();
    let mut places: Vec<usize> = (0..questions.len()).collect();
    places.sort_by(|one, other| questions[*one].confidence.total_cmp(&questions[*other].confidence));
    places.truncate(unsure.clamp(1, MOST_ASKED));
    places
}

fn ask(open: &OpenQuestion) -> Result<String> {
    let question = Question::new(&open.question)
        .with_options(&open.options)
        .with_best(&open.assumption, share(open.confidence))
        .with_reasoning(&open.reasoning);
    people::ask(&question)
}

fn assume(open: &OpenQuestion) -> Result<String> {
    let decision = Decision::new(&open.question, &open.assumption)
        .with_reasoning(&open.reasoning)
        .with_source("the analyst, from the brief")
        .with_confidence(share(open.confidence));
    people::inform(&decision)?;
    Ok(open.assumption.clone())
}

#[expect(clippy::cast_possible_truncation, reason = "a share needs no more digits")]
fn share(confidence: f64) -> f32 {
    confidence.clamp(0.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::serde_json::json;
    use baton_sdk::testing::Host;

    fn open(question: &str, confidence: f64) -> OpenQuestion {
        OpenQuestion {
            question: question.to_owned(),
            assumption: "Yes.".to_owned(),
            confidence,
            options: vec!["Yes.".to_owned(), "No.".to_owned()],
            reasoning: "The brief does not say.".to_owned(),
        }
    }

    #[test]
    fn the_unsure_are_asked_and_the_rest_is_told() {
        let host = Host::new().with_manifest(include_str!("../plugin.toml")).answers("delete", "No.");
        let settled = host.inside(|| settle(&[open("May people join?", 0.8), open("May people delete?", 0.6)])).unwrap();
        let told: Vec<_> = settled.iter().map(|settled| (settled.answer.as_str(), settled.asked)).collect();
        assert_eq!(told, [("Yes.", false), ("No.", true)]);
        assert_eq!(host.questions(), ["May people delete?"]);
        assert_eq!(host.requests("people.ask")[0]["best"], "Yes.");
        assert_eq!(host.requests("people.inform")[0]["question"], "May people join?");
    }

    #[test]
    fn the_least_sure_is_asked_about_however_sure_it_is_unless_the_operator_wants_no_question() {
        let questions = [open("May people join?", 0.98), open("May people delete?", 0.95), open("May people leave?", 0.97)];
        let host = Host::new().answers("", "No.");
        host.inside(|| settle(&questions)).unwrap();
        assert_eq!(host.questions(), ["May people delete?"]);
        let silent = Host::new().with_setting("plan.sure", 0);
        let settled = silent.inside(|| settle(&questions)).unwrap();
        assert!(silent.questions().is_empty() && settled.iter().all(|settled| settled.answer == "Yes."));
        assert!(Host::new().inside(|| settle(&[])).unwrap().is_empty());
    }

    #[test]
    fn who_is_never_sure_enough_is_asked_about_the_least_sure_alone() {
        let questions: Vec<_> = (0..8).map(|number| open(&format!("Question {number}?"), 0.9 - f64::from(number) / 10.0)).collect();
        let host = Host::new().with_setting("plan.sure", 1.0).answers("", "No.");
        let settled = host.inside(|| settle(&questions)).unwrap();
        assert_eq!(host.questions(), ["Question 3?", "Question 4?", "Question 5?", "Question 6?", "Question 7?"]);
        assert_eq!(settled.iter().filter(|settled| !settled.asked).count(), 3);
        assert_eq!(settled.len(), 8);
        assert_eq!(host.requests("people.inform").len(), 3);
        assert_eq!(host.requests("people.inform")[0]["confidence"], json!(0.9));
    }
}
