//! Counts models that a run left in the middle because it is being cancelled: what they may have charged counts as spent. Asks
//! none of them.

use std::sync::{Mutex, PoisonError};

use super::{Reply, events::Completed, money::Amount};
use crate::{
    events::Draft,
    journal::{CallError, Performed, RunId},
};

/// The model that is being asked for one call, and the most that it may charge, where its price is known.
#[derive(Default)]
pub(super) struct InFlight(Mutex<Option<(String, Option<Amount>)>>);

impl InFlight {
    pub(super) fn begin(&self, model: &str, most: Option<Amount>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((model.to_owned(), most));
    }

    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What comes of a call that is left, with an event of what may have been charged if a model was being asked.
    pub(super) fn leave(&self, run: &RunId, plugin: &str, seq: u64) -> Performed<Reply> {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let booked = left.map(|(model, most)| {
            let cost_usd = most.map(Amount::dollars);
            Draft::of_run(run, &Completed { cost_usd, ..Completed::without_reply(seq, plugin, &model, "cancelled") })
        });
        Performed::Answered(Err(CallError::cancelling()), booked.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_that_was_left_is_booked_once_and_one_that_answered_is_not() {
        let booked = |in_flight: &InFlight| match in_flight.leave(&RunId::from_text("a"), "amelia", 7) {
            Performed::Answered(Err(_), events) => events.into_iter().map(|event| event.data["cost_usd"].clone()).collect::<Vec<_>>(),
            other => panic!("no answer: {other:?}"),
        };
        let in_flight = InFlight::default();
        assert!(booked(&in_flight).is_empty(), "none was asked");
        in_flight.begin("a/b", Amount::from_dollars(0.5));
        assert_eq!(booked(&in_flight), [json!(0.5)]);
        assert!(booked(&in_flight).is_empty());
        in_flight.begin("a/b", None);
        assert_eq!(booked(&in_flight), [json!(null)], "an unknown price is not nothing");
        in_flight.begin("a/b", None);
        in_flight.end();
        assert!(booked(&in_flight).is_empty());
    }
}
