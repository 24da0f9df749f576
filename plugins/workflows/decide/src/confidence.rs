//! How sure an answer is: from how clear the question is, how much was known, and how certain the reasons sound.
//! The weights are code, so that no model can talk itself into being sure.

use crate::{question::Question, verdict::Verdict};

const CLARITY: f32 = 0.35;
const SUFFICIENCY: f32 = 0.4;
const CERTAINTY: f32 = 0.25;
/// Most that a guess without any passage or context is worth.
const WITHOUT_CONTEXT: f32 = 0.6;

/// What each says of how certain its writer is; the less certain wins.
const DOUBTFUL: &[&str] = &["guess", "unclear", "unknown", "no idea", "cannot tell", "not enough", "ambiguous", "arbitrary"];
const HEDGED: &[&str] = &["probably", "perhaps", "maybe", "might", "could be", "likely", "seems", "assume", "presumably", "not sure"];
const CERTAIN: &[&str] = &["states", "says", "explicitly", "clearly", "requires", "certainly", "definitely", "must", "only option"];

/// 0.0 to 1.0.
pub(crate) fn of(question: &Question, has_passages: bool, verdict: &Verdict) -> f32 {
    let known = has_passages || !question.context.trim().is_empty();
    let sufficiency = if known { share(verdict.sufficiency) } else { share(verdict.sufficiency).min(0.3) };
    let sum = CLARITY * share(verdict.clarity) + SUFFICIENCY * sufficiency + CERTAINTY * certainty(&verdict.reasoning);
    let most = match (question.admits(&verdict.answer) && !verdict.answer.trim().is_empty(), known) {
        (false, _) => 0.0,
        (true, false) => WITHOUT_CONTEXT,
        (true, true) => 1.0,
    };
    // Two digits are all this is worth, and all that is shown.
    (sum.min(most) * 100.0).round() / 100.0
}

/// What is no number is worth nothing.
fn share(number: f32) -> f32 {
    if number.is_finite() { number.clamp(0.0, 1.0) } else { 0.0 }
}

fn certainty(reasoning: &str) -> f32 {
    let reasoning = reasoning.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| reasoning.contains(word));
    match (has(DOUBTFUL), has(HEDGED), has(CERTAIN)) {
        (true, ..) => 0.0,
        (_, true, true) => 0.5,
        (_, true, false) => 0.3,
        (_, _, true) => 1.0,
        _ => 0.7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::serde_json::json;

    fn question(context: &str) -> Question {
        Question::from_input(json!({ "question": "Tabs?", "options": ["yes", "no"], "context": context })).unwrap()
    }

    fn verdict(reasoning: &str, clarity: f32, sufficiency: f32) -> Verdict {
        Verdict { answer: "yes".to_owned(), reasoning: reasoning.to_owned(), clarity, sufficiency, ..Verdict::default() }
    }

    #[test]
    fn clear_known_and_certain_is_sure_and_any_doubt_is_less() {
        let question = question("The style guide asks for tabs.");
        assert_eq!(of(&question, true, &verdict("The guide says so.", 1.0, 1.0)), 1.0);
        let hedged = of(&question, true, &verdict("It is probably so.", 1.0, 1.0));
        let doubtful = of(&question, true, &verdict("The guide says nothing; this is a guess.", 1.0, 1.0));
        assert!(hedged > doubtful && doubtful <= 0.75, "{hedged} {doubtful}");
        assert!(of(&question, true, &verdict("The guide says so.", 0.4, 0.4)) < 0.75);
    }

    #[test]
    fn without_anything_to_go_by_no_model_is_sure() {
        assert!(of(&question(""), false, &verdict("It is certainly so.", 1.0, 1.0)) <= WITHOUT_CONTEXT);
    }

    #[test]
    fn an_answer_that_is_no_option_and_numbers_that_are_none_are_worth_nothing() {
        let other = Verdict { answer: "spaces".to_owned(), ..verdict("The guide says so.", 1.0, 1.0) };
        assert_eq!(of(&question("x"), true, &other), 0.0);
        for number in [f32::NAN, f32::INFINITY, -3.0] {
            assert!(of(&question("x"), true, &verdict("The guide says so.", number, number)) <= CERTAINTY);
        }
        assert_eq!(of(&question("x"), true, &verdict("The guide says so.", 9.0, 9.0)), 1.0);
    }
}
