//! Takes one request to the models of its chain until one answers, and says what becomes of it when none does. What may
//! have been charged is never taken to another model.

#[cfg(test)]
mod tests;

use serde_json::json;

use super::{Caller, Charge, MODELS, Provider, ProviderError, Reply, Request};
use crate::{
    events::{Category, Draft},
    journal::{Attempt, Authority, CallError, Capability, Pause, PauseKind, Performed, RunId, Wait},
};

/// How long another model of the chain may keep a request from one that is merely overloaded, in milliseconds.
const LONGEST_DETOUR: u64 = 90_000;

pub(super) struct Asker<'a> {
    pub(super) provider: &'a dyn Provider,
    /// Decides on each model before it is asked: the chain may be another than when the call was written down.
    pub(super) authority: &'a dyn Authority,
    pub(super) plugin: &'a str,
    pub(super) run: RunId,
    /// The time outside, in milliseconds since 1970 UTC.
    pub(super) now: u64,
}

/// A model that did not answer.
struct Passed<'a> {
    model: &'a str,
    because: Because,
}

enum Because {
    Denied(String),
    Failed(ProviderError),
}

impl Asker<'_> {
    /// `chain` are the models in the order they are asked; it is for the operator to mend that there are none.
    pub(super) async fn ask(&self, attempt: Attempt, chain: Result<&[String], Pause>, request: &Request) -> Performed<Reply> {
        let chain = match chain {
            Ok(chain) => chain,
            Err(pause) => return Performed::Paused { pause, happened: false },
        };
        let mut passed: Vec<Passed<'_>> = Vec::new();
        for (place, model) in chain.iter().enumerate() {
            let because = match self.authority.decide(&Capability::new(MODELS.word, model.as_str())) {
                Err(denial) => Because::Denied(denial.reason),
                Ok(()) => match self.try_one(&attempt, place, model, request).await {
                    Ok(reply) => {
                        let mut events = self.fell_back(&attempt, &passed, model);
                        events.push(self.completed(&attempt, &reply));
                        return Performed::Answered(Ok(reply), events);
                    }
                    Err(error) if error.charged() == Charge::Maybe => {
                        return Performed::Paused { happened: true, pause: pause(&error) };
                    }
                    Err(error) => Because::Failed(error),
                },
            };
            passed.push(Passed { model, because });
        }
        self.unanswered(&passed)
    }

    async fn try_one(&self, attempt: &Attempt, place: usize, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        let key = if place == 0 { attempt.key.clone() } else { format!("{}:{}", attempt.key, place + 1) };
        let caller = Caller { run: self.run.as_str(), plugin: self.plugin, idempotency_key: &key };
        let answer = self.provider.complete(caller, model, request).await;
        if let Err(error) = &answer {
            tracing::info!(run = %self.run, seq = attempt.seq, model, %error, "a model did not answer");
        }
        answer
    }

    /// Waits where waiting is all that it takes for one of the models; stops for the operator where it is not.
    fn unanswered(&self, passed: &[Passed<'_>]) -> Performed<Reply> {
        if let Some(wait) = self.wait(passed) {
            return Performed::Waiting(wait);
        }
        let failures: Vec<&ProviderError> = passed.iter().filter_map(Passed::failure).collect();
        let pause = match (failures.as_slice(), passed) {
            // None of them may be asked any more, which is an answer like any other.
            ([], _) => {
                let reason = passed.first().map(Passed::reason).unwrap_or_default();
                return Performed::answer(Err(CallError::Denied(reason)));
            }
            ([error], [_]) => pause(error),
            _ => Pause::new(PauseKind::Provider, format!("None of the models that are set has answered.{}", listed(passed))),
        };
        Performed::Paused { pause, happened: false }
    }

    fn wait(&self, passed: &[Passed<'_>]) -> Option<Wait> {
        let failures = || passed.iter().filter_map(Passed::failure);
        let first = failures().filter_map(ProviderError::wait).min_by_key(|wait| wait.until)?;
        let until = u64::try_from(first.until.as_millisecond()).unwrap_or_default();
        let overloaded = failures().any(|error| matches!(error, ProviderError::Unavailable { .. }));
        let until = if overloaded { until.min(self.now.saturating_add(LONGEST_DETOUR)) } else { until };
        Some(Wait::Account { account: first.account.to_owned(), until, reason: first.reason })
    }

    /// One event for each model that was passed by, naming the one that was tried next.
    fn fell_back(&self, attempt: &Attempt, passed: &[Passed<'_>], answered: &str) -> Vec<Draft> {
        let next = passed.iter().skip(1).map(|passed| passed.model).chain([answered]);
        let event = |(passed, to): (&Passed<'_>, &str)| {
            let data = json!({ "seq": attempt.seq, "plugin": self.plugin, "from": passed.model, "to": to, "reason": passed.reason() });
            Draft::of_run(Category::Llm, "fell-back", &self.run, data)
        };
        passed.iter().zip(next).map(event).collect()
    }

    fn completed(&self, attempt: &Attempt, reply: &Reply) -> Draft {
        let data = json!({
            "seq": attempt.seq,
            "plugin": self.plugin,
            "model": reply.model,
            "input-tokens": reply.usage.input_tokens,
            "cached-input-tokens": reply.usage.cached_input_tokens,
            "output-tokens": reply.usage.output_tokens,
            "cost-usd": reply.usage.cost_usd,
            "stop": reply.stop,
        });
        Draft::of_run(Category::Llm, "completed", &self.run, data)
    }
}

impl Passed<'_> {
    fn failure(&self) -> Option<&ProviderError> {
        match &self.because {
            Because::Failed(error) => Some(error),
            Because::Denied(_) => None,
        }
    }

    fn reason(&self) -> String {
        match &self.because {
            Because::Failed(error) => error.to_string(),
            Because::Denied(reason) => reason.clone(),
        }
    }
}

fn listed(passed: &[Passed<'_>]) -> String {
    passed.iter().map(|passed| format!("\n  {}: {}", passed.model.escape_debug(), passed.reason())).collect()
}

fn pause(error: &ProviderError) -> Pause {
    match error {
        ProviderError::Unanswered { .. } => Pause::new(PauseKind::Unanswered, error.to_string()),
        // A request that no repetition mends may still be mended by another model: what was paid for is kept.
        ProviderError::Invalid { .. } | ProviderError::UnknownModel { .. } => Pause::new(
            PauseKind::Provider,
            format!("{error} Or resume the run with another model: `baton runs resume RUN --model provider/model`."),
        ),
        _ => Pause::new(PauseKind::Provider, error.to_string()),
    }
}
