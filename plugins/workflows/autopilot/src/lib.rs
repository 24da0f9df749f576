//! Has the stories of a project landed as they become ready: each by a `sprint` of its own, within limits that are read anew
//! in each round. Begins nothing once its operator has turned it off, writes no code, and lands nothing itself.

mod choosing;
mod memory;
mod pilot;
#[cfg(test)]
mod tests;

use baton_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use memory::Memory;
use pilot::Pilot;

/// The setting that holds the limits of the project's autopilot.
const SETTING: &str = "autopilot";

struct Autopilot;

/// What the operator allows, as it is now.
#[derive(Clone, Debug, Deserialize)]
struct Limits {
    /// The run that is the autopilot.
    run: String,
    is_on: bool,
    /// Where stories land.
    branch: String,
    /// Stories at work at the same time.
    stories: usize,
    /// How often a story is tried.
    tries: u32,
    /// Whether this is an hour in which stories are begun.
    is_open: bool,
    /// When that changes.
    changes_at: Option<u64>,
    /// Whether the day's limit is spent.
    is_spent: bool,
    /// When the next day begins.
    day_ends: u64,
    /// Keys of the stories that wait for a person's answer.
    asking: Vec<String>,
    /// When the operator set all of this.
    set_at: u64,
}

/// The run's output.
#[derive(Debug, Serialize)]
struct Ended {
    reason: String,
}

impl Workflow<Memory, Ended> for Autopilot {
    fn run(memory: Memory) -> Result<Ended> {
        let mut pilot = Pilot::new(memory);
        loop {
            let limits = match limits()? {
                Ok(limits) => limits,
                // What it started ends with it.
                Err(reason) => return Ok(Ended { reason }),
            };
            let until = pilot.round(&limits)?;
            if !pilot.is_over() {
                pilot.wait(until)?;
            }
            if let Some(memory) = pilot.rested() {
                return Err(run::continue_with(memory));
            }
        }
    }
}

baton_sdk::export!(Autopilot);

/// The limits, or why this run is not the project's autopilot.
fn limits() -> Result<std::result::Result<Limits, String>> {
    let me = run::about().id;
    Ok(match settings::get::<Limits>(SETTING)? {
        Some(limits) if limits.is_on && limits.run == me => Ok(limits),
        Some(limits) if limits.is_on => Err(format!("Run {} is the autopilot of this project.", limits.run)),
        _ => Err("The autopilot of this project is off. `baton project autopilot on` starts it.".to_owned()),
    })
}
