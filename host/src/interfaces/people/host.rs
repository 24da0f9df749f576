//! Implements `people` of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{Decision, Expiry, PEOPLE, Question, QuestionStatus, Questions, QuestionsError, Severity, View, events::DecisionMade};
use crate::{
    bindings::{Fault, people as wit},
    errors::Hint,
    events::Draft,
    interfaces::{
        numbers,
        tickets::{Awaited, Moment},
    },
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, QuestionId, RunId, Wait},
};

const LONGEST_TEXT: usize = 8 << 10;
const LONGEST_REASONING: usize = 32 << 10;
const LARGEST_CONTEXT: usize = 64 << 10;
const LONGEST_OPTION: usize = 1 << 10;
const MOST_OPTIONS: usize = 20;

impl wit::Host for View<'_> {
    async fn ask(&mut self, question: wit::Question) -> Result<String, Fault> {
        let question = check_question(question)?;
        let call = Call::new("people.ask", Effect::Wait, &question)?.needing(Capability::new(PEOPLE.word, question.severity.as_str()));
        let (questions, run) = (Arc::clone(self.questions), self.recorder.run().clone());
        let ask = |attempt: Attempt| async move { Posted { questions, run, seq: attempt.seq, question }.ask().await };
        Ok(self.recorder.call(call, ask).await??)
    }

    async fn post(&mut self, question: wit::Question) -> Result<String, Fault> {
        let question = check_question(question)?;
        self.tickets.check_room()?;
        let call = Call::new("people.post", Effect::Write, &question)?;
        let call = call.needing(Capability::new(PEOPLE.word, question.severity.as_str())).beginning();
        let (questions, run, asked) = (Arc::clone(self.questions), self.recorder.run().clone(), question.clone());
        let post = |attempt: Attempt| async move { Performed::of(questions.ask(&run, attempt.seq, &asked).await.map(|_| attempt.seq)) };
        let seq: u64 = self.recorder.call(call, post).await??;
        let (questions, run) = (Arc::clone(self.questions), self.recorder.run().clone());
        // By its call, so that a fork, whose question is its own, gets the same ticket.
        let ticket = format!("question-{seq}");
        self.tickets.hold(&*ticket, Posted { questions, run, seq, question });
        Ok(ticket)
    }

    async fn inform(&mut self, decision: wit::Decision) -> Result<(), Fault> {
        let decision = parse_decision(decision)?;
        let call = Call::new("people.inform", Effect::Emit, &decision)?;
        let event = Draft::of_run(self.recorder.run(), &DecisionMade::from(decision));
        Ok(self.recorder.call(call, |_| async move { Performed::Answered(Ok(()), vec![event]) }).await??)
    }
}

/// A question that a run asks, by the call that asked it. A fork that replays that call asks it again itself.
struct Posted {
    questions: Arc<dyn Questions>,
    run: RunId,
    seq: u64,
    question: Question,
}

impl Posted {
    /// Asks, which happens once however often it is called, and looks for the answer.
    async fn ask(&self) -> Performed<String> {
        match self.questions.ask(&self.run, self.seq, &self.question).await {
            Ok(QuestionStatus::Answered(answer)) => Performed::answer(Ok(answer.answer)),
            Ok(QuestionStatus::Open | QuestionStatus::Withdrawn(_)) => {
                let until = self.question.expiry.as_ref().map(|expiry| expiry.at);
                Performed::Waiting(Wait::Question { id: QuestionId::of(&self.run, self.seq), until })
            }
            Err(error) => error.into(),
        }
    }
}

#[async_trait]
impl Awaited for Posted {
    async fn look(&self, _: Moment) -> Performed<Value> {
        self.ask().await.map(|answer| answer.map(Value::String))
    }

    async fn give_up(&self) -> Performed<()> {
        Performed::of(self.questions.withdraw(&self.run, self.seq).await)
    }
}

/// The guest's mistakes are its answers; a store that fails stops the run, for nothing could be told of it later.
impl<A> From<QuestionsError> for Performed<A> {
    fn from(error: QuestionsError) -> Self {
        let text = error.explain();
        match error {
            QuestionsError::Store(_) => Self::of_failed_store(&error),
            QuestionsError::Outside | QuestionsError::TooMany(_) => Self::answer(Err(CallError::invalid(text))),
            QuestionsError::Unknown(_) | QuestionsError::Answered(_) | QuestionsError::Withdrawn(_) => {
                Self::answer(Err(CallError::other(text)))
            }
        }
    }
}

/// The question, if somebody could answer it.
fn check_question(question: wit::Question) -> Result<Question, CallError> {
    check_text("text", &question.text, LONGEST_TEXT)?;
    fits("reasoning", &question.reasoning, LONGEST_REASONING)?;
    fits("context", &question.context, LARGEST_CONTEXT)?;
    if question.options.len() > MOST_OPTIONS {
        return Err(CallError::invalid(format!("A question has at most {MOST_OPTIONS} options; offer fewer.")));
    }
    for option in &question.options {
        check_text("option", option, LONGEST_OPTION)?;
    }
    if let Some(best) = &question.best {
        check_text("best answer", best, LONGEST_TEXT)?;
    }
    if let Some(expiry) = &question.expiry {
        check_text("answer at its expiry", &expiry.answer, LONGEST_TEXT)?;
    }
    let context: Value = serde_json::from_str(&question.context)
        .map_err(|error| CallError::invalid(format!("The question's context is not JSON: {error}. Send a JSON document, such as null.")))?;
    Ok(Question {
        confidence: share(question.confidence)?,
        severity: match question.severity {
            wit::Severity::Info => Severity::Info,
            wit::Severity::Important => Severity::Important,
            wit::Severity::Critical => Severity::Critical,
        },
        context,
        text: question.text,
        options: question.options,
        reasoning: question.reasoning,
        best: question.best,
        expiry: question.expiry.map(expiry).transpose()?,
    })
}

fn expiry(expiry: wit::Expiry) -> Result<Expiry, CallError> {
    let at = numbers::from_wit(expiry.at_ms).ok_or_else(|| {
        let text = format!("{} is not a time; give milliseconds since 1970 UTC, a whole number.", expiry.at_ms);
        CallError::invalid(text).about("at-ms")
    })?;
    Ok(Expiry { at, answer: expiry.answer })
}

/// The decision, if it says what was decided.
fn parse_decision(decision: wit::Decision) -> Result<Decision, CallError> {
    check_text("text", &decision.question, LONGEST_TEXT)?;
    check_text("answer", &decision.answer, LONGEST_TEXT)?;
    fits("reasoning", &decision.reasoning, LONGEST_REASONING)?;
    fits("source", &decision.source, LONGEST_TEXT)?;
    let wit::Decision { question, answer, reasoning, source, confidence } = decision;
    Ok(Decision { question, answer, reasoning, source, confidence: share(confidence)? })
}

fn check_text(what: &str, text: &str, most: usize) -> Result<(), CallError> {
    if text.trim().is_empty() {
        return Err(CallError::invalid(format!("The question's {what} is empty; say something people can read.")));
    }
    fits(what, text, most)
}

fn fits(what: &str, text: &str, most: usize) -> Result<(), CallError> {
    if text.len() > most {
        return Err(CallError::invalid(format!(
            "The question's {what} has {} bytes, more than the {most} that people are asked to read; say it in fewer words.",
            text.len()
        )));
    }
    Ok(())
}

/// With two decimals, so that no digit is shown that the guest's smaller number never had.
fn share(confidence: f32) -> Result<f64, CallError> {
    if !(0.0..=1.0).contains(&confidence) {
        return Err(CallError::invalid(format!("A confidence of {confidence} is not a share; give a number from 0.0 to 1.0.")));
    }
    Ok((f64::from(confidence) * 100.0).round() / 100.0)
}
