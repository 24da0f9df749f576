//! Threat: A plugin waits for runs that it did not start, or cancels them: by an id it was told, one it derived, or its own.
//! Stopped by: The id of a run is a ticket only in the run that started it.
//! Expects: Each is `not-found`, with the same sentence whether such a run exists or not. The plugin sees no output of another
//! run.
//! Needs: workflows = ["*"]

use baton_sdk::{prelude::*, waits::Ticket};

use crate::said;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let about = run::about();
    let told: Vec<_> = input["runs"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = told.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    ids.extend([
        about.id.clone(),
        about.parent.unwrap_or_default(),
        format!("{}.1", about.id),
        String::new(),
        "*".to_owned(),
        "%".to_owned(),
    ]);
    let tickets: Vec<_> = ids.into_iter().map(Ticket::from).collect();
    let one_by_one = tickets
        .iter()
        .map(|ticket| waits::any_of(std::slice::from_ref(ticket), None).map(|arrived| json!(arrived.map(|(_, outcome)| outcome))));
    let cancelled = tickets.iter().map(|ticket| waits::cancel(ticket).map(|()| json!("cancelled")));
    let all = waits::any_of(&tickets, None).map(|arrived| json!(arrived.map(|(_, outcome)| outcome)));
    Ok(one_by_one.chain([all]).chain(cancelled).map(|answer| json!(answer.map_err(|error| said(&error)))).collect())
}
