//! What is known of an account between calls: whether it is used up, and whether its service answers. While one of the
//! two is so, calls are turned away without being made. Lost with the process: whoever comes next finds out anew.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use crate::interfaces::llm::provider::ProviderError;

/// Unavailable answers in a row after which the service is left alone.
const ENOUGH: u32 = 5;
/// The longest that it is left alone, in times of the first: twice as long after each single try in vain, up to this.
const LONGEST_REST: u32 = 10;
/// How long a used-up account rests where its provider does not say; the last again and again.
const RESETS: [u64; 5] = [5, 10, 20, 40, 60];
/// No provider counts by more than a month.
const LONGEST_RESET: Duration = Duration::from_hours(32 * 24);

/// The circuit breaker of one account.
pub(super) struct CircuitBreaker {
    account: String,
    /// How long the service is left alone at first, and how long one call may try before the next one may.
    rest: Duration,
    known: Mutex<AccountState>,
}

#[derive(Default)]
struct AccountState {
    /// Unavailable answers since the last of another kind.
    unavailable: u32,
    /// Times that the service was left alone since it last answered.
    rests: u32,
    /// Times that the account was used up since it last was not.
    used_up: usize,
    shut: Option<Shut>,
}

struct Shut {
    cause: Cause,
    until: Timestamp,
    reason: String,
    /// A call was let through to see whether things are better.
    trying: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    UsedUp,
    Unavailable,
}

impl CircuitBreaker {
    /// An account of which nothing is known.
    pub(super) fn of(account: &str, rest: Duration) -> Self {
        Self { account: account.to_owned(), rest, known: Mutex::default() }
    }

    /// Lets a call be made, or says until when it is useless. Once that time has come, one call is let through; the
    /// others are told to come back later, unless it has succeeded by then.
    pub(super) fn admit(&self, now: Timestamp) -> Result<(), ProviderError> {
        let mut known = self.lock_known();
        let Some(shut) = &mut known.shut else { return Ok(()) };
        if now >= shut.until {
            shut.until = later(now, self.rest);
            shut.trying = true;
            return Ok(());
        }
        Err(self.reject_call(shut))
    }

    /// The service has answered.
    pub(super) fn answered(&self) {
        *self.lock_known() = AccountState::default();
    }

    /// Takes in a failure, and says what it is in the light of all others.
    pub(super) fn failed(&self, mut failure: Box<Failure>, now: Timestamp) -> Box<Failure> {
        let mut known = self.lock_known();
        // Calls that were on their way when somebody else found the account shut tell nothing new.
        let known_already = known.shut.as_ref().is_some_and(|shut| !shut.trying && shut.until > now);
        match &mut failure.error {
            ProviderError::Unavailable { reason, .. } => {
                if !known_already {
                    known.unavailable += 1;
                    if known.unavailable >= ENOUGH {
                        let rest = failure.wait.unwrap_or_default().max(known.rest(self.rest));
                        known.shut(Cause::Unavailable, later(now, rest), reason);
                    }
                }
                if let Some(shut) = &known.shut {
                    failure.error = self.reject_call(shut);
                    failure.again = false;
                }
            }
            ProviderError::UsageLimit { until, reason, .. } => {
                let told = until.map(|until| until.clamp(later(now, Duration::from_secs(1)), later(now, LONGEST_RESET)));
                let known_until = known.shut.as_ref().filter(|_| known_already).map(|shut| shut.until);
                let reset = told.or(known_until).unwrap_or_else(|| known.guess(now));
                known.shut(Cause::UsedUp, reset, reason);
                *until = Some(reset);
            }
            ProviderError::LeftAlone { until, reason, .. } => {
                let back = (*until).clamp(later(now, Duration::from_secs(1)), later(now, LONGEST_RESET));
                known.shut(Cause::Unavailable, back, reason);
                *until = back;
            }
            // It may be at work, or dead: nothing is known.
            ProviderError::Uncertain { .. } | ProviderError::Malformed { .. } | ProviderError::TooLong { .. } => {}
            // Whoever refuses is there.
            _ => *known = AccountState::default(),
        }
        failure
    }

    fn reject_call(&self, shut: &Shut) -> ProviderError {
        let (provider, reason, until) = (self.account.clone(), shut.reason.clone(), shut.until);
        match shut.cause {
            Cause::UsedUp => ProviderError::UsageLimit { provider, reason, until: Some(until) },
            Cause::Unavailable => ProviderError::LeftAlone { provider, reason, until },
        }
    }

    fn lock_known(&self) -> MutexGuard<'_, AccountState> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccountState {
    fn shut(&mut self, cause: Cause, until: Timestamp, reason: &str) {
        self.shut = Some(Shut { cause, until, reason: reason.to_owned(), trying: false });
    }

    /// How long the service is left alone now.
    fn rest(&mut self, first: Duration) -> Duration {
        let rest = first.saturating_mul((1 << self.rests.min(8)).min(LONGEST_REST));
        self.rests += 1;
        rest
    }

    fn guess(&mut self, now: Timestamp) -> Timestamp {
        let minutes = RESETS.get(self.used_up).or(RESETS.last()).copied().unwrap_or_default();
        self.used_up += 1;
        later(now, Duration::from_mins(minutes))
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::llm::provider::REST;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn unavailable() -> Box<Failure> {
        let error = ProviderError::Unavailable { provider: "a".into(), tries: 1, reason: "Overloaded.".into() };
        Box::new(Failure { error, again: true, wait: None })
    }

    fn used_up(until: Option<i64>) -> Box<Failure> {
        let error = ProviderError::UsageLimit { provider: "a".into(), reason: "No more.".into(), until: until.map(at) };
        Box::new(Failure { error, again: false, wait: None })
    }

    fn refused() -> Box<Failure> {
        let error = ProviderError::Refused { provider: "a".into(), reason: "No.".into(), remedy: "Pay.".into() };
        Box::new(Failure { error, again: false, wait: None })
    }

    fn until(result: Result<(), ProviderError>) -> i64 {
        result.unwrap_err().wait(at(0)).expect("it says until when").until.as_second()
    }

    #[test]
    fn the_fifth_unavailable_answer_shuts_it_for_half_a_minute_and_then_one_may_try() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        for _ in 0..4 {
            assert!(circuit_breaker.failed(unavailable(), at(0)).again);
            circuit_breaker.admit(at(0)).unwrap();
        }
        let fifth = circuit_breaker.failed(unavailable(), at(0));
        assert!(!fifth.again && matches!(fifth.error, ProviderError::LeftAlone { .. }), "{}", fifth.error);
        assert_eq!(until(circuit_breaker.admit(at(29))), 30);
        circuit_breaker.admit(at(30)).expect("one is let through");
        assert_eq!(until(circuit_breaker.admit(at(30))), 60, "one, not two");
        circuit_breaker.answered();
        circuit_breaker.admit(at(31)).expect("it is back");
        assert!(circuit_breaker.failed(unavailable(), at(31)).again, "counting begins anew");
    }

    #[test]
    fn an_answer_of_another_kind_ends_the_row() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        for _ in 0..3 {
            for _ in 0..4 {
                circuit_breaker.failed(unavailable(), at(0));
            }
            circuit_breaker.failed(refused(), at(0));
        }
        circuit_breaker.admit(at(0)).unwrap();
    }

    #[test]
    fn many_that_fail_at_once_do_not_make_it_longer() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        for _ in 0..1_000 {
            circuit_breaker.failed(unavailable(), at(0));
        }
        assert_eq!(until(circuit_breaker.admit(at(1))), 30);
    }

    #[test]
    fn a_service_that_is_gone_is_tried_without_end_and_ever_less_often() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        (0..5).for_each(|_| drop(circuit_breaker.failed(unavailable(), at(0))));
        let mut now = 0;
        for rest in [30, 60, 120, 240].into_iter().chain([300; 100]) {
            assert_eq!(until(circuit_breaker.admit(at(now))), now + rest);
            now += rest;
            circuit_breaker.admit(at(now)).expect("one is let through");
            let failed = circuit_breaker.failed(unavailable(), at(now));
            assert!(matches!(failed.error, ProviderError::LeftAlone { .. }), "{}", failed.error);
        }
        circuit_breaker.admit(at(now + 300)).unwrap();
        circuit_breaker.answered();
        (0..5).for_each(|_| drop(circuit_breaker.failed(unavailable(), at(0))));
        assert_eq!(until(circuit_breaker.admit(at(0))), 30, "it begins again once it has answered");
    }

    #[test]
    fn a_used_up_account_rests_until_it_is_told_or_longer_each_time() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        circuit_breaker.failed(used_up(Some(3_600)), at(0));
        assert_eq!(until(circuit_breaker.admit(at(3_599))), 3_600);
        let mut now = 3_600;
        for minutes in [5, 10, 20, 40, 60, 60] {
            circuit_breaker.admit(at(now)).unwrap();
            // Others that were on their way do not make it longer.
            for _ in 0..3 {
                circuit_breaker.failed(used_up(None), at(now));
            }
            assert_eq!(until(circuit_breaker.admit(at(now))), now + minutes * 60);
            now += minutes * 60;
        }
        circuit_breaker.admit(at(now)).unwrap();
        circuit_breaker.answered();
        circuit_breaker.failed(used_up(None), at(now));
        assert_eq!(until(circuit_breaker.admit(at(now))), now + 300, "it begins anew once it has worked");
    }

    #[test]
    fn a_senseless_reset_is_brought_within_reason() {
        let circuit_breaker = CircuitBreaker::of("a", REST);
        circuit_breaker.failed(used_up(Some(-5)), at(100));
        assert_eq!(until(circuit_breaker.admit(at(100))), 101);
        circuit_breaker.failed(used_up(Some(10_000_000_000)), at(200));
        assert_eq!(until(circuit_breaker.admit(at(200))), 200 + 32 * 24 * 3_600);
    }
}
