//! What the workflows that do the work answer: the contracts of their slots.

pub(crate) use baton_slots::code_review::{Output as Judged, Verdict};
pub(crate) use baton_slots::dev_story::{Outcome, Output as Developed};
pub(crate) use baton_slots::land::Output as Batch;
