//! What the replies that a run was given have cost: the known prices, summed in the order of its calls, so that a replay
//! comes to the same sum. Bounds nothing itself.

use std::fmt;

use super::Reply;

/// What a run has spent on models so far, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spending {
    known: f64,
    /// The price of some reply is not known, and so the sum is not.
    unknown: bool,
}

impl Spending {
    pub(super) fn add(&mut self, reply: &Reply) {
        match reply.usage.cost_usd.filter(|cost| cost.is_finite() && *cost >= 0.0) {
            Some(cost) => self.known += cost,
            None => self.unknown = true,
        }
    }
}

impl fmt::Display for Spending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unknown { formatter.write_str("unknown") } else { write!(formatter, "{}", self.known) }
    }
}
