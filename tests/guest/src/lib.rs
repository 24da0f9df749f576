//! Does what its input says, so that one component serves the tests of every interface and every limit.
//! Each deed expects the host to answer, to refuse or to end it, as its comment says.

mod calls;
mod deeds;
mod defect;
mod forge;
mod repository;
mod rest;
mod runaway;
mod tickets;
mod waiting;

use baton_sdk::prelude::*;

/// The guest.
pub struct Probe;

impl Workflow for Probe {
    fn run(input: Value) -> Result<Value> {
        deeds::perform(&input)
    }
}

baton_sdk::export!(Probe);

/// An error by its kind and its text, such as `not-found: …`.
fn said(error: &Error) -> String {
    format!("{}: {}", String::from(error.kind.clone()), error.text)
}
