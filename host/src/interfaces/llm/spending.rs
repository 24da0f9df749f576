//! What the replies that a run was given have cost: the known prices, summed exactly, so that a replay comes to the
//! same sum. Bounds nothing itself.

use std::fmt;

use super::{Reply, money::Amount};

/// What a run has spent on models so far, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spending {
    known: Amount,
    /// The price of some reply is not known, and so the sum is not.
    unknown: bool,
}

impl Spending {
    pub(super) fn add(&mut self, reply: &Reply) {
        match reply.usage.cost_usd.and_then(Amount::from_dollars) {
            Some(cost) => self.known = self.known + cost,
            None => self.unknown = true,
        }
        match reply.usage.possibly_paid.map(|paid| paid.usd.and_then(Amount::from_dollars)) {
            None => {}
            Some(Some(cost)) => self.known = self.known + cost,
            Some(None) => self.unknown = true,
        }
    }
}

impl fmt::Display for Spending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unknown { formatter.write_str("unknown") } else { write!(formatter, "{}", self.known.dollars()) }
    }
}
