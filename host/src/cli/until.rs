//! Until when something holds, as a person types it: a date or a time. Knows nothing of what holds.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::text;
use crate::operations::Moment;

/// What reads an option.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    // A time before 1970 has passed, as 1970 has.
    until(text).map(|until| Moment(u64::try_from(until.as_millisecond()).unwrap_or_default()))
}

/// A date counts to its end.
fn until(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{}` is not a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z", text::escaped(text));
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // A time without a zone could be taken for a date.
    let date = if text.len() == "2027-01-31".len() { text.parse::<Date>().map_err(|_| wrong())? } else { return Err(wrong()) };
    // The last days that can be written end after the last time that can be.
    let end = date.tomorrow().and_then(|day| day.to_zoned(TimeZone::system()));
    Ok(end.map_or(Timestamp::MAX, |end| end.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_counts_to_its_end_and_a_time_has_a_zone() {
        let end = |text: &str| until(text).unwrap();
        assert_eq!(end("2027-01-31T18:00:00Z").to_string(), "2027-01-31T18:00:00Z");
        let day = "2027-02-01".parse::<Date>().unwrap().to_zoned(TimeZone::system()).unwrap().timestamp();
        assert_eq!(end("2027-01-31"), day);
        for last in ["9999-12-30", "9999-12-31"] {
            assert!(end(last) > end("9999-12-28"), "{last}");
        }
        for wrong in ["2027-01-31T18:00", "tomorrow", "2027-13-01", "31.01.2027", "", "2027-01-31\u{1b}"] {
            assert!(until(wrong).is_err_and(|error| error.contains("2027-01-31T18:00:00Z")), "{wrong}");
        }
    }
}
