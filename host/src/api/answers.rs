//! How many requests were answered and how many failed in the last five minutes. Counts in memory, and keeps nothing of a request.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::operations::readiness::RequestRate;

/// How long a part of the count takes.
const PART: Duration = Duration::from_secs(10);
/// Parts of five minutes.
const PARTS: usize = 30;

/// The count.
pub(super) struct Answers {
    begun: Instant,
    parts: Mutex<[Part; PARTS]>,
}

#[derive(Clone, Copy, Default)]
struct Part {
    number: u64,
    answered: u64,
    failed: u64,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), parts: Mutex::new([Part::default(); PARTS]) }
    }

    /// Counts an answer.
    pub(super) fn count(&self, has_failed: bool) {
        self.count_at(self.begun.elapsed(), has_failed);
    }

    /// Those of the last five minutes.
    pub(super) fn rate(&self) -> RequestRate {
        self.rate_at(self.begun.elapsed())
    }

    fn count_at(&self, age: Duration, has_failed: bool) {
        let number = number_at(age);
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let part = &mut parts[(number % PARTS as u64) as usize];
        if part.number != number {
            *part = Part { number, ..Part::default() };
        }
        part.answered += 1;
        part.failed += u64::from(has_failed);
    }

    fn rate_at(&self, age: Duration) -> RequestRate {
        let oldest = number_at(age).saturating_sub(PARTS as u64 - 1);
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = parts.iter().filter(|part| part.number >= oldest);
        let (answered, failed) = recent.fold((0, 0), |(answered, failed), part| (answered + part.answered, failed + part.failed));
        RequestRate::new(answered, failed)
    }
}

/// Which part of the count a time belongs to.
fn number_at(age: Duration) -> u64 {
    age.as_secs() / PART.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_five_minutes_does_not_count() {
        let (answers, second) = (Answers::new(), Duration::from_secs);
        assert_eq!(answers.rate_at(second(0)), RequestRate::new(0, 0));
        answers.count_at(second(1), true);
        answers.count_at(second(100), false);
        assert_eq!(answers.rate_at(second(100)), RequestRate::new(2, 1));
        assert_eq!(answers.rate_at(second(299)), RequestRate::new(2, 1));
        assert_eq!(answers.rate_at(second(300)), RequestRate::new(1, 0));
        answers.count_at(second(301), false);
        assert_eq!(answers.rate_at(second(301)), RequestRate::new(2, 0), "the oldest part begins again");
        assert_eq!(answers.rate_at(second(10_000)), RequestRate::new(0, 0));
    }
}
