//! `--project` and `--until` of `baton plugin grant`: where and until when something is granted.

use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{cli::text, operations::Moment};

/// Where and until when.
#[derive(Debug, Args)]
pub(super) struct TermArguments {
    /// Grant only in this project, by its name or id
    #[arg(long, value_name = "NAME", conflicts_with = "only")]
    pub(super) project: Option<String>,
    /// Grant until this time: a date such as 2027-01-31, to its end in your time zone, or a time such as
    /// 2027-01-31T18:00:00Z
    #[arg(long, value_name = "DATE", conflicts_with = "only", value_parser = moment)]
    pub(super) until: Option<Moment>,
}

fn moment(text: &str) -> Result<Moment, String> {
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
