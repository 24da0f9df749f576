//! Threat: A plugin takes signals that were sent to another run, by tickets and names that it guesses, and holds tickets
//! without end.
//! Stopped by: A signal belongs to the run that it was sent to, a ticket to the run that got it, and a run holds 1,000.
//! Expects: Each guess is `not-found`, a signal of the same name does not arrive, and the 1,001st ticket is `invalid`.

use baton_sdk::{prelude::*, waits::Ticket};

use crate::said;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let (run, name) = (input["run"].as_str().unwrap_or_default(), input["name"].as_str().unwrap_or_default());
    let guesses = ["signal-1".to_owned(), format!("signal:{run}:{name}"), format!("{run}:{name}"), run.to_owned()].map(Ticket::from);
    let guessed = guesses.iter().map(|ticket| waits::any_of(std::slice::from_ref(ticket), Some(0)).map(|_| Value::Null));
    let guessed: Vec<_> = guessed.map(|answer| json!(answer.map_err(|error| said(&error)))).collect();
    let own = waits::signal::<Value>(name)?;
    let taken = waits::any_of(std::slice::from_ref(own.ticket()), Some(0))?.is_some();
    let mut held = vec![own];
    let refused = loop {
        match waits::signal::<Value>(&format!("flood-{}", held.len())) {
            Ok(ticket) => held.push(ticket),
            Err(error) => break said(&error),
        }
    };
    Ok(json!({ "guessed": guessed, "taken": taken, "held": held.len(), "refused": refused }))
}
