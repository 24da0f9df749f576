//! Decimal numbers as digits and a scale: nothing is ever rounded, and what does not fit is said not to.

use std::fmt;

/// `digits` divided by ten to the power of `scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    const MOST_DIGITS: usize = 30;

    /// Reads `-12.50`; none for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        if whole.is_empty() || unsigned.ends_with('.') || all.len() > Self::MOST_DIGITS || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { digits: sign * all.parse::<i128>().ok()?, scale: u32::try_from(fraction.len()).ok()? })
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { digits: self.at(scale)?.checked_add(other.at(scale)?)?, scale })
    }

    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { digits: -other.digits, scale: other.scale })
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale: self.scale + other.scale })
    }

    fn at(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(formatter, "{sign}{whole}") } else { write!(formatter, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is no number"))
    }

    #[test]
    fn nothing_is_rounded() {
        assert_eq!(number("0.1").plus(number("0.2")).map(|sum| sum.to_string()).as_deref(), Some("0.3"));
        assert_eq!(number("1").minus(number("1.001")).map(|rest| rest.to_string()).as_deref(), Some("-0.001"));
        assert_eq!(number("-19.99").times(number("3")).map(|product| product.to_string()).as_deref(), Some("-59.97"));
        assert_eq!(number("12.50").to_string(), "12.50");
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_refused() {
        for text in ["", "-", ".", "1.", ".5", "1e3", "+1", "--1", "1.2.3", "١", &"9".repeat(31)] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        let large = number(&"9".repeat(30));
        assert_eq!(large.times(large), None);
        assert_eq!(large.plus(number("0.00000000000000000001")), None);
    }
}
