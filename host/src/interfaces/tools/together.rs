//! Makes several calls of one guest side by side where that changes nothing for any of them. Each has its own place in the
//! order, its own grant and its own answer in the journal, as if they had been made one after the other.

use super::{
    View,
    host::{Asked, Context, Kept},
    toolset::Outcome,
};
use crate::journal::{CallError, Interrupt, Performed, Prepared};

/// A call that has its place in the order, and where its answer belongs.
struct Placed {
    place: usize,
    prepared: Prepared,
    asked: Asked,
}

/// What came of a call.
struct Done {
    place: usize,
    prepared: Prepared,
    kept: Kept,
    performed: Option<Performed<Outcome>>,
}

impl View<'_> {
    /// The answers in the order asked.
    pub(super) async fn call_together(&mut self, calls: Vec<(String, String)>) -> Result<Vec<Result<Outcome, CallError>>, Interrupt> {
        let mut answers: Vec<Option<Result<Outcome, CallError>>> = calls.iter().map(|_| None).collect();
        let mut group = Vec::new();
        for (place, (name, arguments)) in calls.into_iter().enumerate() {
            let asked = match self.ask(name, &arguments).await {
                Ok(asked) => asked,
                Err(error) => {
                    answers[place] = Some(Err(error));
                    continue;
                }
            };
            if !asked.is_free() {
                self.make(std::mem::take(&mut group), &mut answers).await?;
            }
            let (prepared, is_free) = (self.recorder.prepare(asked.call()?)?, asked.is_free());
            group.push(Placed { place, prepared, asked });
            if !is_free {
                self.make(std::mem::take(&mut group), &mut answers).await?;
            }
        }
        self.make(group, &mut answers).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Makes calls side by side, and writes their answers in their order.
    async fn make(&mut self, group: Vec<Placed>, answers: &mut [Option<Result<Outcome, CallError>>]) -> Result<(), Interrupt> {
        let (mut calls, others): (Vec<_>, Vec<_>) = group.into_iter().map(|placed| (placed.prepared, (placed.place, placed.asked))).unzip();
        let _made_to_their_end = self.recorder.halt().calling().await;
        self.recorder.intend(&mut calls).await?;
        let (context, halt) = (Context::of(self.recorder), self.recorder.halt());
        let making = calls.into_iter().zip(others).map(|(prepared, (place, asked))| {
            let (context, halt) = (context.clone(), halt.clone());
            async move {
                let kept = asked.kept();
                let performed = match prepared.attempt() {
                    Some(attempt) => halt.in_time(prepared.effect(), asked.perform(attempt, context)).await,
                    None => None,
                };
                Done { place, prepared, kept, performed }
            }
        });
        let done = futures::future::join_all(making).await;
        let mut interrupt = None;
        for Done { place, prepared, kept, performed } in done {
            let made = prepared.attempt().map(|attempt| attempt.seq);
            match self.recorder.settle(prepared, performed).await {
                Ok(answer) => {
                    answers[place] = Some(answer);
                    if let Some(seq) = made {
                        kept.answered(self.recorder.run(), seq);
                    }
                }
                // What was begun beside it is found again, and its answers are not lost.
                Err(first @ Interrupt::Suspended(_)) => interrupt = interrupt.or(Some(first)),
                // The journal has no gaps: what comes after it only looked, and looks again.
                Err(other) => return Err(other),
            }
        }
        interrupt.map_or(Ok(()), Err)
    }
}
