//! Decides a question: from what the project knows, else by a model, and asks a person where neither is sure enough.
//! Whatever it decides without a person it tells, with its reasons; it does nothing else.

mod confidence;
mod known;
mod question;
#[cfg(test)]
mod tests;
mod verdict;

use baton_sdk::people::{Decision, Question as Asked};
use baton_sdk::prelude::*;
use baton_slots::decide::Output;

use question::Question;
use verdict::Verdict;

struct Decide;

/// As sure as one can be without asking: somebody said so before.
const EXPLICIT: f32 = 0.95;
/// How sure is sure enough where nobody set `decide.threshold`.
const THRESHOLD: f32 = 0.75;
/// Passages a decision is made from.
const PASSAGES: u32 = 8;

impl Workflow<Value, Output> for Decide {
    fn run(input: Value) -> Result<Output> {
        let question = Question::from_input(input)?;
        let threshold = threshold(&question)?;
        run::progress(0.1, "Looking for an answer in what is known");
        let passages = knowledge::search(&question.query(), PASSAGES)?;
        if let Some(answer) = known::answered_before(&question, &passages) {
            return told(&question, answer);
        }
        run::progress(0.4, "Weighing the answers");
        let verdict = verdict::of_model(&question, &passages)?;
        let decided = weighed(&question, &passages, &verdict);
        if decided.confidence >= threshold && !question.is_critical() {
            return told(&question, decided);
        }
        run::progress(0.7, "Asking a person");
        asked(&question, decided, threshold)
    }
}

baton_sdk::export!(Decide);

fn threshold(question: &Question) -> Result<f32> {
    let threshold = match question.threshold {
        Some(threshold) => threshold,
        None => settings::get::<f32>("decide.threshold")?.unwrap_or(THRESHOLD),
    };
    if (0.0..=1.0).contains(&threshold) {
        return Ok(threshold);
    }
    Err(Error::invalid(format!("`decide.threshold` is {threshold} and has to lie between 0 and 1; set it to one such as 0.75.")))
}

fn weighed(question: &Question, passages: &[knowledge::Passage], verdict: &Verdict) -> Output {
    let (answer, reasoning) = (verdict.answer.clone(), verdict.reasoning.clone());
    match known::quoted(&verdict.quote, passages) {
        Some(source) if question.admits(&answer) => {
            Output { answer, confidence: EXPLICIT, by: "knowledge".to_owned(), source: source.to_owned(), reasoning }
        }
        _ => {
            let confidence = confidence::of(question, !passages.is_empty(), verdict);
            Output { answer, confidence, by: "model".to_owned(), source: "model".to_owned(), reasoning }
        }
    }
}

/// Tells what was decided.
fn told(question: &Question, decided: Output) -> Result<Output> {
    let decision = Decision::new(&question.text, &decided.answer)
        .with_reasoning(&decided.reasoning)
        .with_source(&decided.source)
        .with_confidence(decided.confidence);
    people::inform(&decision)?;
    Ok(decided)
}

/// Has a person decide, with the best answer there is so far beside the question.
fn asked(question: &Question, best: Output, threshold: f32) -> Result<Output> {
    let why = if question.is_critical() {
        "It is critical, so a person decides.".to_owned()
    } else {
        format!("The confidence is {:.2}, and {threshold:.2} is enough.", best.confidence)
    };
    let asked = Asked::new(&question.text)
        .with_options(question.options.iter().cloned())
        .with_reasoning(format!("{why} {}", best.reasoning))
        .with_best(&best.answer, best.confidence)
        .with_severity(question.severity())
        .with_context(&json!({ "context": question.context }));
    let answer = people::ask(&asked)?;
    let reasoning = if answer == best.answer { best.reasoning } else { "A person decided so.".to_owned() };
    Ok(Output { answer, confidence: 1.0, by: "person".to_owned(), source: "person".to_owned(), reasoning })
}
