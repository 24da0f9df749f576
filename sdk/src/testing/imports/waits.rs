//! `waits`: what comes when the test says, by the clock of the test's host.

use serde_json::{Value, json};

use super::Contract;
pub(crate) use crate::bindings::host::baton::plugin::waits::Arrival;
use crate::testing::{backlog::check_key, installed, tickets::Awaited, world::World};
use crate::{Error, Result, numbers};

const MOST: usize = 1000;
const LONGEST_NAME: usize = 64;
const READ: Option<(&str, &str)> = Some(("backlog", "read"));

pub(crate) fn timer(at: f64) -> Contract<String> {
    let world = installed::world("waits.timer");
    world.tickets.borrow().check_room()?;
    let at = numbers::from_contract(at);
    let ticket = world.call("waits.timer", json!(at), None, || Ok(world.name_ticket("timer")), |ticket| json!(ticket))?;
    world.tickets.borrow_mut().hold(&ticket, Awaited::Timer(at));
    Ok(ticket)
}

pub(crate) fn signal(name: &str) -> Contract<String> {
    let world = installed::world("waits.signal");
    check_name(name)?;
    world.tickets.borrow().check_room()?;
    let ticket = world.call("waits.signal", json!(name), None, || Ok(world.name_ticket("signal")), |ticket| json!(ticket))?;
    world.tickets.borrow_mut().hold(&ticket, Awaited::Signal(name.to_owned()));
    Ok(ticket)
}

pub(crate) fn item_change(key: &str) -> Contract<String> {
    let world = installed::world("waits.item-change");
    check_key(key)?;
    world.tickets.borrow().check_room()?;
    let watch = || {
        let backlog = world.backlog.borrow();
        backlog.get(key)?;
        Ok((world.name_ticket("item"), backlog.revision(key)))
    };
    let noted = |(ticket, revision): &(String, u64)| json!({ "ticket": ticket, "revision": revision });
    let (ticket, revision) = world.call("waits.item-change", json!(key), READ, watch, noted)?;
    world.tickets.borrow_mut().hold(&ticket, Awaited::Change { key: key.to_owned(), revision });
    Ok(ticket)
}

pub(crate) fn any(tickets: &[String], until: Option<f64>) -> Contract<Option<Arrival>> {
    let world = installed::world("waits.any");
    if tickets.is_empty() || tickets.len() > MOST {
        let text = format!("A run waits for 1 to {MOST} tickets at once, and {} were given. Give as many.", tickets.len());
        return Err(Error::invalid(text).about("tickets").into());
    }
    tickets.iter().try_for_each(|ticket| find(&world, ticket))?;
    let until = until.map(numbers::from_contract);
    let request = json!({ "tickets": tickets, "until-ms": until });
    let Some((ticket, outcome)) = world.call("waits.any", request, None, || world.first(tickets, until), noted)? else { return Ok(None) };
    world.tickets.borrow_mut().use_up(&ticket);
    Ok(Some(Arrival { ticket, outcome: outcome.map(|document| document.to_string()).map_err(Into::into) }))
}

pub(crate) fn cancel(ticket: &str) -> Contract<()> {
    let world = installed::world("waits.cancel");
    find(&world, ticket)?;
    let cancel = || {
        world.tickets.borrow_mut().cancel(ticket);
        Ok(())
    };
    world.call("waits.cancel", json!(ticket), None, cancel, super::done)?;
    world.tickets.borrow_mut().use_up_unless_child(ticket);
    Ok(())
}

/// Whether this can be the name of a signal.
pub(in crate::testing) fn check_name(name: &str) -> Result<()> {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    let shown: String = name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect();
    Err(Error::invalid(format!(
        "`{shown}` cannot be the name of a signal. Name it with 1 to {LONGEST_NAME} of the characters a-z, 0-9 and `-`."
    ))
    .about("name"))
}

fn find(world: &World, ticket: &str) -> Result<()> {
    world.tickets.borrow().find(ticket).map(drop)
}

fn noted(arrived: &Option<(String, Result<Value>)>) -> Value {
    match arrived {
        None => Value::Null,
        Some((ticket, Ok(value))) => json!({ "ticket": ticket, "value": value }),
        Some((ticket, Err(error))) => json!({ "ticket": ticket, "error": error }),
    }
}
