//! Amounts in a manifest and in grants: how they are written and compared. Knows no unit.

use std::{fmt, str::FromStr};

/// So much of something, to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(u64);

const MILLION: u64 = 1_000_000;
const MOST_DIGITS: usize = 9;
const MOST_DECIMALS: usize = 6;

impl Amount {
    /// Nothing of it.
    pub(super) const NONE: Self = Self(0);

    /// Whether somebody who has used this much has used less than the amount.
    pub(super) fn is_above(self, used: f64) -> bool {
        used < self.whole()
    }

    #[expect(clippy::cast_precision_loss, reason = "nine digits and six decimals are exact enough to compare sums of prices with")]
    fn whole(self) -> f64 {
        self.0 as f64 / MILLION as f64
    }
}

impl FromStr for Amount {
    type Err = &'static str;

    /// Digits, and more of them behind a point: nothing that could be read in two ways.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str =
            "write one such as \"2.50\", with at most nine digits, and at most six more after the point, without sign or exponent";
        let (whole, decimals) = text.split_once('.').map_or((text, "0"), |parts| parts);
        let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole, MOST_DIGITS) || !digits(decimals, MOST_DECIMALS) {
            return Err(WANTED);
        }
        let millionths = format!("{whole}{decimals:0<MOST_DECIMALS$}").parse();
        millionths.map(Self).map_err(|_| WANTED)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % MILLION);
        let shown = decimals.trim_end_matches('0');
        write!(formatter, "{}.{shown:0<2}", self.0 / MILLION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_one_value_however_it_is_written() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        for same in ["2.5", "2.50", "02.500000"] {
            assert_eq!(amount(same), amount("2.50"));
            assert_eq!(amount(same).to_string(), "2.50");
        }
        assert!(amount("0.000001") > amount("0") && amount("10") > amount("9.999999"));
        assert_eq!(amount("999999999.999999").to_string(), "999999999.999999");
        assert!(amount("1.50").is_above(1.499_999) && !amount("1.50").is_above(1.5) && !amount("0").is_above(0.0));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_amount() {
        let long = "9".repeat(300);
        for wrong in ["", ".", "1.", ".5", "-1", "+1", "1,5", "1e400", "NaN", "inf", "1_000", " 1", "0x1", "1.2.3", "١", "1.0000001", &long]
        {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }
}
