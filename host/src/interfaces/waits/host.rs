//! Implements `waits` of the contract.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    View,
    awaited::{AwaitedChange, Signal, Timer},
};
use crate::{
    bindings::{Fault, waits as wit},
    errors::Hint,
    interfaces::{
        item_changes, numbers,
        signals::{Signals, check_name},
        tickets::{Awaited, MOST, Moment},
    },
    journal::{Attempt, Call, CallError, Effect, Performed, RunId, Wait},
};

/// The ticket that arrived, and what it gave.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Arrival {
    ticket: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Value(Value),
    Error(CallError),
}

/// A ticket for the change of an item, and the last change of which the run knows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Watched {
    ticket: String,
    revision: u64,
}

impl wit::Host for View<'_> {
    async fn timer(&mut self, at: f64) -> Result<String, Fault> {
        self.tickets.check_room()?;
        let at = numbers::time(at, "at-ms")?;
        let call = Call::new("waits.timer", Effect::Read, &at)?;
        let ticket: String = self.recorder.call(call, |attempt| name("timer", attempt)).await??;
        self.tickets.hold(&*ticket, Timer { at });
        Ok(ticket)
    }

    async fn signal(&mut self, signal: String) -> Result<String, Fault> {
        check_name(&signal).map_err(|error| CallError::invalid(error.explain()).about("name"))?;
        self.tickets.check_room()?;
        let call = Call::new("waits.signal", Effect::Read, &signal)?;
        let ticket: String = self.recorder.call(call, |attempt| name("signal", attempt)).await??;
        let awaited = Signal { signals: Arc::clone(self.signals), run: self.recorder.run().clone(), name: signal };
        self.tickets.hold(&*ticket, awaited);
        Ok(ticket)
    }

    async fn item_change(&mut self, key: String) -> Result<String, Fault> {
        item_changes::check_key(&key)?;
        self.tickets.check_room()?;
        let call = Call::new("waits.item-change", Effect::Read, &key)?.needing(item_changes::needed());
        let (items, project) = (Arc::clone(self.items), self.project.to_owned());
        let (watched, owner) = (key.clone(), project.clone());
        let watch = |attempt: Attempt| async move {
            let seen = items.see(&owner, &watched).await;
            Performed::of(seen.map(|seen| Watched { ticket: format!("item-{}", attempt.seq), revision: seen.revision }))
        };
        let Watched { ticket, revision } = self.recorder.call(call, watch).await??;
        self.tickets.hold(&*ticket, AwaitedChange { items: Arc::clone(self.items), project, key, revision });
        Ok(ticket)
    }

    async fn any(&mut self, tickets: Vec<String>, until: Option<f64>) -> Result<Option<wit::Arrival>, Fault> {
        if tickets.is_empty() || tickets.len() > MOST {
            let text = format!("A run waits for 1 to {MOST} tickets at once, and {} were given. Give as many.", tickets.len());
            return Err(CallError::invalid(text).about("tickets").into());
        }
        let awaited = tickets.iter().map(|ticket| self.tickets.find(ticket)).collect::<Result<Vec<_>, _>>()?;
        let until = until.map(|until| numbers::time(until, "until-ms")).transpose()?;
        let call = Call::new("waits.any", Effect::Wait, &json!({ "tickets": tickets, "until-ms": until }))?;
        let now = self.recorder.clock();
        let (signals, run) = (Arc::clone(self.signals), self.recorder.run().clone());
        let look = |attempt: Attempt| async move {
            match find_taken(&*signals, &run, attempt.seq, (&tickets, &awaited)).await {
                Some(taken) => taken,
                None => first(&tickets, &awaited, Moment { seq: attempt.seq, now }, until).await,
            }
        };
        let Some(Arrival { ticket, outcome }) = self.recorder.call(call, look).await?? else { return Ok(None) };
        self.tickets.use_up(&ticket);
        let outcome = match outcome {
            Outcome::Value(value) => Ok(value.to_string()),
            Outcome::Error(error) => Err(error.into()),
        };
        Ok(Some(wit::Arrival { ticket, outcome }))
    }

    async fn cancel(&mut self, ticket: String) -> Result<(), Fault> {
        let awaited = self.tickets.find(&ticket)?;
        let call = Call::new("waits.cancel", Effect::Write, &ticket)?;
        let answer: Result<(), CallError> = self.recorder.call(call, |_| async move { awaited.give_up().await }).await?;
        answer?;
        self.tickets.give_up(&ticket);
        Ok(())
    }
}

/// A ticket that is named by its call.
async fn name(kind: &str, attempt: Attempt) -> Performed<String> {
    Performed::answer(Ok(format!("{kind}-{}", attempt.seq)))
}

/// The signal that this very call took before it was cut off: then nothing else is its answer, whatever has come since.
async fn find_taken(
    signals: &dyn Signals,
    run: &RunId,
    seq: u64,
    (tickets, awaited): (&[String], &[Arc<dyn Awaited>]),
) -> Option<Performed<Option<Arrival>>> {
    if awaited.iter().all(|awaited| awaited.signal().is_none()) {
        return None;
    }
    match signals.find_taken(run, seq).await {
        Ok(signal) => {
            let signal = signal?;
            let place = awaited.iter().position(|awaited| awaited.signal() == Some(&signal.name))?;
            Some(parse_arrival(tickets.get(place)?, Performed::answer(Ok(signal.value))))
        }
        Err(error) => Some(error.into()),
    }
}

/// The first that has come; else what wakes the run, unless its time has come.
async fn first(tickets: &[String], awaited: &[Arc<dyn Awaited>], moment: Moment, until: Option<u64>) -> Performed<Option<Arrival>> {
    let (mut of, mut due) = (Vec::with_capacity(awaited.len()), until);
    for (ticket, awaited) in tickets.iter().zip(awaited) {
        match awaited.look(moment).await {
            Performed::Waiting(wait) => {
                due = earlier(due, wait.due());
                of.extend(wait.awaited());
            }
            come => return parse_arrival(ticket, come),
        }
    }
    if until.is_some_and(|until| until <= moment.now) {
        return Performed::answer(Ok(None));
    }
    Performed::Waiting(Wait::Any { of, until: due })
}

fn parse_arrival(ticket: &str, performed: Performed<Value>) -> Performed<Option<Arrival>> {
    performed.map(|answer| {
        let outcome = answer.map_or_else(Outcome::Error, Outcome::Value);
        Ok(Some(Arrival { ticket: ticket.to_owned(), outcome }))
    })
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    [one, other].into_iter().flatten().min()
}
