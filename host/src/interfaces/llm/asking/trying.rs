//! Asks one model, and asks it again where nobody knows what became of a try. Each such try is booked at the most that it may
//! have cost, and flagged before the next one is made. Knows no other model of the chain.

use std::borrow::Cow;

use super::{Asker, Because, pause};
use crate::{
    errors::{Hint, StorageError},
    events::Draft,
    interfaces::llm::events::Completed,
    interfaces::llm::{
        Caller, Charge, PossiblyPaid, ProviderError, Reply, Request,
        leaving::InFlight,
        money::{Amount, Asked, Held, Refused},
        stopping::end_at,
    },
    journal::{Attempt, NeedKind, Pause, PauseKind, Performed, Wait},
};

/// How often one model is asked where nobody knows what became of the tries before.
const TRIES: u32 = 3;

/// What came of asking one model.
pub(super) enum Tried {
    /// It replied.
    Replied(Box<Reply>, Held),
    /// It did not, and the next model may.
    Passed(Because),
    /// No other model is asked.
    Stopped(Performed<Reply>),
}

/// The tries of one call, over all models that it is taken to.
pub(super) struct Trying<'a> {
    asker: &'a Asker<'a>,
    attempt: &'a Attempt,
    in_flight: &'a InFlight,
    /// Tries that may have been charged.
    possibly_paid: Option<PossiblyPaid>,
}

impl<'a> Trying<'a> {
    pub(super) fn new(asker: &'a Asker<'a>, attempt: &'a Attempt, in_flight: &'a InFlight) -> Self {
        Self { asker, attempt, in_flight, possibly_paid: None }
    }

    /// Asks the model at `place` of the chain.
    pub(super) async fn model(&mut self, place: usize, model: &str, request: &Request) -> Tried {
        let mut tries = 1;
        loop {
            let held = match self.reserve(model, request).await {
                Ok(held) => held,
                Err(tried) => return tried,
            };
            let error = match self.once(place, model, request, &held).await {
                Ok(Ok(reply)) => return Tried::Replied(Box::new(reply), held),
                Ok(Err(error)) => error,
                Err(error) => return Tried::Stopped(unwritten(&error)),
            };
            if error.charged() == Charge::No {
                self.asker.call_budget().take_back(self.attempt.seq).await;
                return Tried::Passed(Because::Failed(error));
            }
            if self.asker.is_strict && error.is_uncertain() {
                // What was put aside stays so until the call is made again.
                return Tried::Stopped(Performed::Paused { pause: pause(&error), happened: true });
            }
            if let Err(error) = self.book(model, request, &held, &error).await {
                return Tried::Stopped(unwritten(&error));
            }
            if !error.is_uncertain() || tries == TRIES {
                return Tried::Passed(Because::Failed(error));
            }
            self.asker.provider.back_off(tries).await;
            tries += 1;
        }
    }

    /// What is put aside for a try, or why it is not made.
    async fn reserve(&self, model: &str, request: &Request) -> Result<Held, Tried> {
        let happened = self.possibly_paid.is_some();
        let abilities = self.asker.provider.abilities(model);
        match self.asker.call_budget().open(self.attempt.seq, Asked { model, request, abilities: &abilities }).await {
            Ok(Ok(held)) => Ok(held),
            Ok(Err(refused @ Refused::Unpriced(_))) => Err(Tried::Passed(Because::Unpriced(refused))),
            Ok(Err(Refused::Overdrawn(overdrawn))) => {
                let wanted = overdrawn.wanted.to_string();
                let reason = Refused::Overdrawn(overdrawn).reason(self.asker.paying.project);
                Err(Tried::Stopped(Performed::Waiting(Wait::needed(NeedKind::Budget, wanted, reason))))
            }
            Err(error) => Err(Tried::Stopped(Performed::Paused { pause: unread(&error), happened })),
        }
    }

    /// One try, under the same key as every other with this model.
    async fn once(
        &mut self,
        place: usize,
        model: &str,
        request: &Request,
        held: &Held,
    ) -> Result<Result<Reply, ProviderError>, StorageError> {
        let (asker, seq) = (self.asker, self.attempt.seq);
        if self.possibly_paid.is_some() {
            asker.notes.is_repeated(seq).await?;
        }
        let request = limited(request, held.max_tokens);
        self.in_flight.begin(model, self.most(model, &request, held));
        let key = if place == 0 { self.attempt.key.clone() } else { format!("{}:{}", self.attempt.key, place + 1) };
        let caller = Caller { run: asker.run.as_str(), plugin: asker.plugin, idempotency_key: &key };
        let mut answer = asker.provider.complete(caller, model, &request).await;
        self.in_flight.end();
        match &mut answer {
            Ok(reply) => {
                end_at(reply, &request.stop_sequences);
                asker.call_budget().price(model, reply);
                reply.usage.possibly_paid = self.possibly_paid;
            }
            Err(error) => tracing::info!(run = %asker.run, seq, model, %error, "a model did not answer"),
        }
        Ok(answer)
    }

    /// Counts a try that may have been charged at the most that it may have cost. Returns once that is on the disk.
    async fn book(&mut self, model: &str, request: &Request, held: &Held, error: &ProviderError) -> Result<(), StorageError> {
        let request = limited(request, held.max_tokens);
        let usd = self.most(model, &request, held).map(Amount::dollars);
        self.possibly_paid = Some(match self.possibly_paid {
            None => PossiblyPaid { tries: 1, usd },
            Some(before) => PossiblyPaid { tries: before.tries + 1, usd: before.usd.zip(usd).map(|(before, usd)| before + usd) },
        });
        let tried = Completed {
            cost_usd: usd,
            reason: Some(error.to_string()),
            ..Completed::without_reply(self.attempt.seq, self.asker.plugin, model, "uncertain")
        };
        let event = Draft::of_run(&self.asker.run, &tried);
        self.asker.notes.may_have_happened(self.attempt.seq, vec![event]).await
    }

    fn most(&self, model: &str, request: &Request, held: &Held) -> Option<Amount> {
        let abilities = self.asker.provider.abilities(model);
        held.aside.or_else(|| self.asker.call_budget().most(Asked { model, request, abilities: &abilities }))
    }
}

/// The request with a reply no longer than a budget leaves room for.
fn limited(request: &Request, max_tokens: Option<u32>) -> Cow<'_, Request> {
    match max_tokens {
        Some(most) if request.max_tokens != Some(most) => Cow::Owned(Request { max_tokens: Some(most), ..request.clone() }),
        _ => Cow::Borrowed(request),
    }
}

/// Budgets that cannot be read are for the operator to fix: what is not counted may cost anything.
fn unread(error: &StorageError) -> Pause {
    Pause::new(PauseKind::Operator, format!("{} Then resume the run.", error.explain()))
}

/// What cannot be kept is not done again.
fn unwritten(error: &StorageError) -> Performed<Reply> {
    Performed::Paused { pause: Pause::new(PauseKind::Operator, format!("{} Then resume the run.", error.explain())), happened: true }
}
