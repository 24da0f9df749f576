//! Whole numbers that may need more than 32 bits, as the contract carries them: as floats, which are exact up to 2^53.

/// The number as it crosses the contract. One beyond 2^53 becomes 2^53.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(crate) fn to_contract(number: u64) -> f64 {
    number.min(1 << 53) as f64
}

/// The number that crossed the contract. What is negative or not a number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and makes 0 of NaN")]
pub(crate) fn from_contract(number: f64) -> u64 {
    number as u64
}
