//! An amount of dollars, in whole billionths, so that sums come out the same in every order. Never negative.

use std::{fmt, iter::Sum, ops::Add, str::FromStr};

use serde::{Deserialize, Serialize};

/// Dollars, counted in billionths: one token of the cheapest model costs a few of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(u64);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid dollar amount: {reason}.")]
pub struct AmountError {
    text: String,
    reason: &'static str,
}

const BILLION: u64 = 1_000_000_000;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Dollars of the largest amount that anybody can mean.
    pub const LARGEST: u64 = 1_000_000_000;

    /// From billionths of a dollar.
    pub const fn billionths(billionths: u64) -> Self {
        Self(billionths)
    }

    /// In billionths of a dollar.
    pub const fn as_billionths(self) -> u64 {
        self.0
    }

    /// From dollars as providers and guests state them. None for what is no number, negative or beyond all reason.
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let sensible = dollars.is_finite() && (0.0..=1e9).contains(&dollars);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies between 0 and 10^18, as was just checked")]
        sensible.then(|| Self((dollars * 1e9).round() as u64))
    }

    /// In dollars, for programs that have no amounts.
    #[expect(clippy::cast_precision_loss, reason = "exact up to nine million dollars")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// What is left of it; nothing when less than `other`.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// A share of it in percent, rounded down.
    #[must_use]
    pub fn percent(self, percent: u64) -> Self {
        Self(self.0 / 100 * percent + self.0 % 100 * percent / 100)
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

/// A decimal number above 0, with at most nine digits after the point.
impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = |reason| AmountError { text: text.chars().take(40).flat_map(char::escape_debug).collect(), reason };
        let plain = text.trim().trim_start_matches('$');
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || (whole.is_empty() && part.is_empty()) {
            return Err(wrong("it must be a decimal number greater than 0, such as 2.50"));
        }
        if part.len() > 9 {
            return Err(wrong("it has more than nine digits after the point"));
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
        if whole > Self::LARGEST {
            return Err(wrong("it is too large"));
        }
        let part: u64 = format!("{part:0<9}").parse().unwrap_or(0);
        match whole * BILLION + part {
            0 => Err(wrong("it must be greater than 0, such as 2.50")),
            billionths => Ok(Self(billionths)),
        }
    }
}

impl TryFrom<String> for Amount {
    type Error = AmountError;

    fn try_from(text: String) -> Result<Self, AmountError> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

/// Exact, without zeros at the end beyond cents.
impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:09}", self.0 % BILLION);
        let kept = part.trim_end_matches('0').len().max(2);
        write!(formatter, "{}.{}", self.0 / BILLION, &part[..kept])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_and_written_exactly() {
        for (text, written) in
            [("2.5", "2.50"), ("$3", "3.00"), (".000000001", "0.000000001"), ("1000000000", "1000000000.00"), ("0.075", "0.075")]
        {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let digits = "9".repeat(300);
        for text in [
            "",
            ".",
            "0",
            "0.00",
            "-1",
            "+1",
            "NaN",
            "inf",
            "1e3",
            "1,5",
            "1.2.3",
            "0.0000000001",
            "1000000001",
            "٣",
            &digits,
            "1\u{1b}[2J",
        ] {
            let error = text.parse::<Amount>().unwrap_err().to_string();
            assert!(error.ends_with('.') && !error.contains('\u{1b}'), "{error}");
        }
        for dollars in [f64::NAN, f64::INFINITY, -0.1, 1e10] {
            assert_eq!(Amount::from_dollars(dollars), None);
        }
    }

    #[test]
    fn cents_that_floats_lose_add_up() {
        let tenth = Amount::from_dollars(0.1).unwrap();
        assert_eq!(std::iter::repeat_n(tenth, 10).sum::<Amount>(), Amount::from_dollars(1.0).unwrap());
        assert_eq!(Amount::billionths(u64::MAX) + tenth, Amount::billionths(u64::MAX));
        assert_eq!("1".parse::<Amount>().unwrap().percent(80).to_string(), "0.80");
    }
}
