//! Whole numbers as the contract passes them where 32 bits are not enough: as floats, which are exact up to 2^53.

use crate::journal::CallError;

/// The number as it crosses the contract. What is beyond 2^53 is rounded; no time and no size in use is.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, beyond which the contract rounds")]
pub(super) fn to_wit(number: u64) -> f64 {
    number as f64
}

/// The number of a guest: none for what is negative, has a fraction, is no number, or is beyond 2^53.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at before")]
pub(super) fn from_wit(number: f64) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    ((0.0..=LARGEST).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

/// The time of a guest, in milliseconds since 1970 UTC; `subject` is the parameter that holds it.
pub(super) fn time(milliseconds: f64, subject: &str) -> Result<u64, CallError> {
    from_wit(milliseconds).ok_or_else(|| {
        let text = format!("{milliseconds} is not a time. Give whole milliseconds since 1970 UTC, from 0 to 2^53.");
        CallError::invalid(text).about(subject)
    })
}

/// As much of it as has room.
pub(super) fn to_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_cross_and_come_back() {
        for number in [0, 1, 1_764_400_000_000, 1 << 53] {
            assert_eq!(from_wit(to_wit(number)), Some(number));
        }
        for odd in [-1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9.1e15] {
            assert_eq!(from_wit(odd), None, "{odd}");
        }
        assert_eq!(time(7.0, "at-ms"), Ok(7));
        for odd in [-1.0, 1.5, f64::NAN, 1e300] {
            assert!(time(odd, "at-ms").is_err_and(|error| error.subject.as_deref() == Some("at-ms")), "{odd}");
        }
        assert_eq!((to_u32(7), to_u32(u64::MAX)), (7, u32::MAX));
    }
}
