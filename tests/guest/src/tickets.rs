//! Deeds with tickets that go wrong. Each is refused in the same words by every host.

use baton_sdk::{
    people::Question,
    prelude::*,
    waits::{ItemChange, Ticket},
};

use crate::said;

/// Expects: each to be refused, but the timers, which arrive, and what is cancelled for the first time.
pub(crate) fn misuse() -> Result<Value> {
    let (used, given_up) = (waits::timer(0)?, waits::timer(0)?);
    let tickets = [used.ticket().clone(), given_up.ticket().clone()];
    used.wait()?;
    given_up.cancel()?;
    let unknown = ["timer-99", "", "\u{1b}[2J", &"x".repeat(1000)].map(|text| Ticket::from(text.to_owned()));
    let mut refused: Vec<Result<()>> = Vec::new();
    for ticket in tickets.iter().chain(&unknown) {
        refused.push(waits::any_of(std::slice::from_ref(ticket), Some(0)).map(drop));
        refused.push(waits::cancel(ticket));
    }
    let held = waits::timer(0)?;
    refused.push(waits::any_of(&[], None).map(drop));
    refused.push(waits::any_of(&vec![held.ticket().clone(); 1001], None).map(drop));
    refused.push(waits::any_of(&[held.ticket().clone(), tickets[0].clone()], None).map(drop));
    held.wait()?;
    refused.extend(["", "Stop", "a\n"].map(|name| waits::signal::<Value>(name).map(drop)));
    refused.extend(["", "A", "ghost"].map(|key| waits::item_change(key).map(|_: Pending<ItemChange>| ())));
    refused.push(people::post(&Question::new(" ")).map(drop));
    refused.push(agents::begin("ghost", &Task::new(" ")).map(drop));
    Ok(shown(refused))
}

/// Expects: what is published to be bounded, and nothing to be kept of what is not.
pub(crate) fn publish() -> Value {
    let large = "x".repeat(64 << 10);
    let published = ["", "A", "a/b", &"a".repeat(65)].map(|key| run::publish(key, &1));
    let published =
        published.into_iter().chain([run::publish("large", &large), run::publish("phase", "testing"), run::publish("phase", &Value::Null)]);
    shown(published)
}

fn shown(answers: impl IntoIterator<Item = Result<()>>) -> Value {
    answers.into_iter().map(|answer| json!(answer.map_err(|error| json!([said(&error), error.subject])))).collect()
}
