//! `people`, who answer as the test says.

use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::people::{Decision, Expiry, Question, Severity};
use crate::testing::{
    installed,
    tickets::Awaited,
    world::{Answering, World},
};
use crate::{Error, Result, numbers};

const LONGEST_TEXT: usize = 8 << 10;
const LONGEST_REASONING: usize = 32 << 10;
const LARGEST_CONTEXT: usize = 64 << 10;
const LONGEST_OPTION: usize = 1 << 10;
const MOST_OPTIONS: usize = 20;
const MOST_OPEN: usize = 32;

pub(crate) fn ask(question: &Question) -> Contract<String> {
    let world = installed::world("people.ask");
    let request = asked(question)?;
    let severity = word(question.severity);
    let ask = || {
        world.check_cancelled()?;
        let (at, answer) = answer(&world, question);
        world.wait_until(at)?;
        Ok(answer)
    };
    Ok(world.call("people.ask", request, Some(("people", severity)), ask, |answer| json!(answer))?)
}

pub(crate) fn post(question: &Question) -> Contract<String> {
    let world = installed::world("people.post");
    let request = asked(question)?;
    world.tickets.borrow().check_room()?;
    let severity = word(question.severity);
    let mut coming = None;
    let post = || {
        world.check_cancelled()?;
        if world.tickets.borrow().open_questions(world.now.get()) >= MOST_OPEN {
            return Err(Error::invalid(format!(
                "The runs of this root have {MOST_OPEN} questions open, which is the most; ask for less, or wait until some are answered."
            )));
        }
        coming = Some(answer(&world, question));
        Ok(world.name_ticket("question"))
    };
    let ticket = world.call("people.post", request, Some(("people", severity)), post, |ticket| json!(ticket))?;
    let (at, answer) = coming.unwrap_or_default();
    world.tickets.borrow_mut().hold(&ticket, Awaited::Answer { at, answer });
    Ok(ticket)
}

pub(crate) fn inform(decision: &Decision) -> Contract<()> {
    let world = installed::world("people.inform");
    let request = told(decision)?;
    Ok(world.call("people.inform", request, None, || Ok(()), super::done)?)
}

/// When the question is answered, and how: by a person, or by its expiry.
#[expect(clippy::panic, reason = "a test fails by panicking, and an unexpected question is a failure")]
fn answer(world: &World, question: &Question) -> (u64, String) {
    let (answers, now) = (world.answers.borrow(), world.now.get());
    let found = answers.iter().find(|answering| question.text.contains(&answering.phrase));
    let Answering { after, answer, .. } = found.unwrap_or_else(|| {
        panic!("The test has no answer to this question; add one with `Host::answers`.\n--- question\n{}\n---", question.text)
    });
    let at = now.saturating_add(*after);
    match &question.expiry {
        Some(expiry) if numbers::from_contract(expiry.at_ms) < at => (numbers::from_contract(expiry.at_ms).max(now), expiry.answer.clone()),
        _ => (at, answer.clone()),
    }
}

fn asked(question: &Question) -> Result<Value> {
    said("text", &question.text, LONGEST_TEXT)?;
    fits("reasoning", &question.reasoning, LONGEST_REASONING)?;
    fits("context", &question.context, LARGEST_CONTEXT)?;
    if question.options.len() > MOST_OPTIONS {
        return Err(Error::invalid(format!("A question has at most {MOST_OPTIONS} options; offer fewer.")));
    }
    for option in &question.options {
        said("option", option, LONGEST_OPTION)?;
    }
    if let Some(best) = &question.best {
        said("best answer", best, LONGEST_TEXT)?;
    }
    if let Some(expiry) = &question.expiry {
        said("answer at its expiry", &expiry.answer, LONGEST_TEXT)?;
    }
    let context: Value = serde_json::from_str(&question.context)
        .map_err(|error| Error::invalid(format!("The question's context is not JSON: {error}. Send a JSON document, such as null.")))?;
    Ok(json!({
        "text": question.text, "options": question.options, "reasoning": question.reasoning,
        "confidence": share(question.confidence)?, "severity": word(question.severity), "context": context, "best": question.best,
        "expiry": question.expiry.as_ref().map(|expiry| json!({ "at": numbers::from_contract(expiry.at_ms), "answer": expiry.answer })),
    }))
}

fn told(decision: &Decision) -> Result<Value> {
    said("text", &decision.question, LONGEST_TEXT)?;
    said("answer", &decision.answer, LONGEST_TEXT)?;
    fits("reasoning", &decision.reasoning, LONGEST_REASONING)?;
    fits("source", &decision.source, LONGEST_TEXT)?;
    Ok(json!({
        "question": decision.question, "answer": decision.answer, "reasoning": decision.reasoning, "source": decision.source,
        "confidence": share(decision.confidence)?,
    }))
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Important => "important",
        Severity::Critical => "critical",
    }
}

fn said(what: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("The question's {what} is empty; say something people can read.")));
    }
    fits(what, text, most)
}

fn fits(what: &str, text: &str, most: usize) -> Result<()> {
    if text.len() > most {
        return Err(Error::invalid(format!(
            "The question's {what} has {} bytes, more than the {most} that people are asked to read; say it in fewer words.",
            text.len()
        )));
    }
    Ok(())
}

fn share(confidence: f32) -> Result<f64> {
    if !(0.0..=1.0).contains(&confidence) {
        return Err(Error::invalid(format!("A confidence of {confidence} is not a share; give a number from 0.0 to 1.0.")));
    }
    Ok((f64::from(confidence) * 100.0).round() / 100.0)
}
