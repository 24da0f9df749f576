//! Takes one request to the models of its chain until one answers, and says what becomes of it when none does. No try that may
//! have been charged goes unflagged.

#[cfg(test)]
mod tests;
mod trying;

use jiff::Timestamp;

use super::{
    Charge, MODELS, Provider, ProviderError, Reply, Request, Waiting,
    attaching::{Attaching, failed},
    convert::stop,
    events::{Completed, FellBack},
    leaving::InFlight,
    money::{Amount, CallBudget, Paying, Refused},
};
use crate::{
    events::Draft,
    interfaces::project::Project,
    journal::{Attempt, Authority, CallError, Capability, Halt, NeedKind, Needed, Notes, Pause, PauseKind, Performed, RunId, Wait},
};
use trying::{Tried, Trying};

pub(super) struct Asker<'a> {
    pub(super) provider: &'a dyn Provider,
    /// Tells that the run is being cancelled.
    pub(super) halt: Halt,
    /// Keeps what becomes known before there is an answer.
    pub(super) notes: Notes,
    /// A call of which nobody knows whether it was charged pauses the run.
    pub(super) is_strict: bool,
    pub(super) attaching: Attaching<'a>,
    /// Decides on each model before it is asked: the chain may be another than when the call was written down.
    pub(super) authority: &'a dyn Authority,
    pub(super) plugin: &'a str,
    pub(super) run: RunId,
    /// The time outside, in milliseconds since 1970 UTC.
    pub(super) now: u64,
    pub(super) paying: Paying<'a>,
}

/// A model that did not answer.
struct Passed<'a> {
    model: &'a str,
    because: Because,
}

enum Because {
    Denied(String),
    /// No operator has decided on it yet.
    Undecided(String),
    /// A budget limits it, and nobody knows its price.
    Unpriced(Refused),
    Failed(ProviderError),
}

impl Asker<'_> {
    /// `chain` are the models in the order they are asked; it is for the operator to fix that there are none. A run that is
    /// being cancelled does not wait for a model.
    pub(super) async fn ask(&self, attempt: Attempt, chain: Result<&[String], Pause>, request: &Request) -> Performed<Reply> {
        let (seq, in_flight) = (attempt.seq, InFlight::default());
        tokio::select! {
            biased;
            asked = self.ask_models(attempt, chain, request, &in_flight) => asked,
            () = self.halt.cancelling() => in_flight.leave(&self.run, self.plugin, seq),
        }
    }

    async fn ask_models(
        &self,
        attempt: Attempt,
        chain: Result<&[String], Pause>,
        request: &Request,
        in_flight: &InFlight,
    ) -> Performed<Reply> {
        let chain = match chain {
            Ok(chain) => chain,
            Err(pause) => return Performed::Paused { pause, happened: false },
        };
        let attached = match self.attaching.attach(request).await {
            Ok(attached) => attached,
            Err(error) => return failed(error, &attempt),
        };
        let request = attached.request();
        let mut passed: Vec<Passed<'_>> = Vec::new();
        let mut trying = Trying::new(self, &attempt, in_flight);
        for (place, model) in chain.iter().enumerate() {
            // The gate decided on the first model when it admitted the call; of a call that was cut off it decides nothing again.
            let is_decided = place == 0 && !attempt.again;
            if !is_decided && let Some(because) = self.denied(model) {
                passed.push(Passed { model, because });
                continue;
            }
            match trying.model(place, model, request).await {
                Tried::Replied(reply, held) => {
                    let mut events = self.fell_back(&attempt, &passed, model);
                    events.extend(held.events);
                    events.push(self.completed(&attempt, &reply, settled(&reply, held.aside)));
                    return Performed::Answered(Ok(*reply), events);
                }
                Tried::Passed(because) => passed.push(Passed { model, because }),
                Tried::Stopped(performed) => return performed,
            }
        }
        self.unanswered(&passed)
    }

    fn call_budget(&self) -> CallBudget<'_> {
        CallBudget { paying: self.paying, run: &self.run }
    }

    fn denied(&self, model: &str) -> Option<Because> {
        let asking = Capability::new(MODELS.word, model);
        let reason = self.authority.decide(&asking).err()?.reason;
        let awaits = !self.halt.is_cancelling() && self.authority.awaits_decision(&asking);
        Some(if awaits { Because::Undecided(reason) } else { Because::Denied(reason) })
    }

    /// Waits where waiting is all that it takes for one of the models; stops for the operator where it is not.
    fn unanswered(&self, passed: &[Passed<'_>]) -> Performed<Reply> {
        // A model of which nobody knows what it did last is not asked again by a clock.
        let happened = charged(passed);
        if let Some(wait) = self.wait(passed).filter(|_| !happened) {
            return Performed::Waiting(wait);
        }
        let failures: Vec<&ProviderError> = passed.iter().filter_map(Passed::failure).collect();
        if let Some(error) = unsupported(&failures).filter(|_| failures.len() == passed.len()) {
            return Performed::answer(Err(error));
        }
        let pause = match (failures.as_slice(), passed) {
            // None of them may be asked any more, which is an answer like any other.
            ([], _) => {
                let reason = passed.first().map(Passed::reason).unwrap_or_default();
                return Performed::answer(Err(CallError::denied(reason)));
            }
            ([error], [_]) => pause(error),
            _ => Pause::new(PauseKind::Provider, list_passed(passed)),
        };
        Performed::Paused { pause, happened }
    }

    /// The wait for whatever comes first: something that an operator provides for one of the models, or a service that is back.
    fn wait(&self, passed: &[Passed<'_>]) -> Option<Wait> {
        let back = self.back(passed);
        let mut needs = passed.iter().filter_map(|passed| passed.needed(self.paying.project));
        let Some(first) = needs.next() else {
            let (until, waiting) = back?;
            return Some(Wait::Account { account: waiting.account.to_owned(), until, reason: waiting.reason });
        };
        let reason = match passed {
            [_] => first.reason.clone(),
            _ => list_passed(passed),
        };
        Some(Wait::Needed(Needed { reason, or: needs.collect(), until: back.map(|(until, _)| until), ..first }))
    }

    /// The service that is back first, and when.
    fn back<'b>(&self, passed: &'b [Passed<'_>]) -> Option<(u64, Waiting<'b>)> {
        let rest = u64::try_from(self.provider.rest().as_millis()).unwrap_or(u64::MAX);
        let soon = i64::try_from(self.now.saturating_add(rest)).unwrap_or(i64::MAX);
        let soon = Timestamp::from_millisecond(soon).unwrap_or(Timestamp::MAX);
        let first = passed.iter().filter_map(Passed::failure).filter_map(|error| error.wait(soon)).min_by_key(|wait| wait.until)?;
        Some((u64::try_from(first.until.as_millisecond()).unwrap_or_default(), first))
    }

    /// One event for each model that was passed by, naming the one that was tried next.
    fn fell_back(&self, attempt: &Attempt, passed: &[Passed<'_>], answered: &str) -> Vec<Draft> {
        let next = passed.iter().skip(1).map(|passed| passed.model).chain([answered]);
        let event = |(passed, to): (&Passed<'_>, &str)| {
            let (plugin, from, to) = (self.plugin.to_owned(), passed.model.to_owned(), to.to_owned());
            Draft::of_run(&self.run, &FellBack { seq: attempt.seq, plugin, from, to, reason: passed.reason() })
        };
        passed.iter().zip(next).map(event).collect()
    }

    fn completed(&self, attempt: &Attempt, reply: &Reply, settled: Option<Amount>) -> Draft {
        let tokens = |count: u64| (!reply.usage.uncounted).then_some(count);
        let abilities = self.provider.abilities(&reply.model);
        let completed = Completed {
            seq: attempt.seq,
            plugin: self.plugin.to_owned(),
            model: reply.model.clone(),
            input_tokens: tokens(reply.usage.input_tokens),
            cached_input_tokens: tokens(reply.usage.cached_input_tokens),
            output_tokens: tokens(reply.usage.output_tokens),
            cost_usd: reply.usage.cost_usd,
            stop: stop(reply.stop).to_owned(),
            possibly_charged: false,
            reason: None,
            window_tokens: abilities.is_known.then_some(abilities.window_tokens.into()),
            settled_usd: settled.map(Amount::dollars),
        };
        Draft::of_run(&self.run, &completed)
    }
}

impl Passed<'_> {
    fn failure(&self) -> Option<&ProviderError> {
        match &self.because {
            Because::Failed(error) => Some(error),
            Because::Denied(_) | Because::Undecided(_) | Because::Unpriced(_) => None,
        }
    }

    /// What an operator can provide so that the model may be asked, or can be.
    fn needed(&self, project: &Project) -> Option<Needed> {
        let needed = |kind, subject: &str| Some(Needed::new(kind, subject, self.reason()));
        match &self.because {
            Because::Undecided(_) => needed(NeedKind::Grant, &format!("{}={}", MODELS.word, self.model)),
            Because::Unpriced(refused) => Some(Needed { reason: refused.reason(project), ..needed(NeedKind::Price, self.model)? }),
            Because::Failed(ProviderError::KeyMissing { name, .. }) => needed(NeedKind::Key, name),
            Because::Failed(ProviderError::KeyRejected { name, marks, .. }) => {
                Some(Needed { rejected: marks.clone(), ..needed(NeedKind::Key, name)? })
            }
            Because::Denied(_) | Because::Failed(_) => None,
        }
    }

    fn reason(&self) -> String {
        match &self.because {
            Because::Failed(error) => error.to_string(),
            Because::Denied(reason) | Because::Undecided(reason) => reason.clone(),
            Because::Unpriced(refused) => refused.reason(&Project::default()),
        }
    }
}

/// What budgets count where it is not known what the reply cost.
fn settled(reply: &Reply, aside: Option<Amount>) -> Option<Amount> {
    aside.filter(|_| reply.usage.cost_usd.is_none())
}

/// The answer where no model takes a file of the request: another request is for the plugin to make, and not for the operator.
fn unsupported(failures: &[&ProviderError]) -> Option<CallError> {
    let is_unsupported = |error: &&ProviderError| matches!(error, ProviderError::UnsupportedMedia { .. });
    let first = failures.first().filter(|_| failures.iter().all(is_unsupported))?;
    Some(CallError::invalid(first.to_string()).about("media-type"))
}

fn charged(passed: &[Passed<'_>]) -> bool {
    passed.iter().filter_map(Passed::failure).any(|error| error.charged() == Charge::Maybe)
}

fn list_passed(passed: &[Passed<'_>]) -> String {
    let each: String = passed.iter().map(|passed| format!("\n  {}: {}", passed.model.escape_debug(), passed.reason())).collect();
    format!("None of the models that are set has answered.{each}")
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
