//! `--project` and `--until` of `baton plugin grant`: where and until when something is granted.

use anyhow::Result;
use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    cli::{exit::Misuse, figures, text},
    kernel::grants::Terms,
    operations::Host,
};

/// Where and until when.
#[derive(Debug, Args)]
pub(super) struct TermArguments {
    /// Grant it in this project only, by its name or id
    #[arg(long, value_name = "NAME", conflicts_with = "only")]
    project: Option<String>,
    /// Grant it until then: a date such as 2027-01-31, to its end in your time zone, or a time such as 2027-01-31T18:00:00Z
    #[arg(long, value_name = "DATE", conflicts_with = "only", value_parser = until)]
    until: Option<Timestamp>,
}

impl TermArguments {
    /// What is meant; none where it holds everywhere and for good.
    pub(super) async fn terms(&self, app: &Host) -> Result<Option<Terms>> {
        if self.project.is_none() && self.until.is_none() {
            return Ok(None);
        }
        let until = self.until.map(|until| u64::try_from(until.as_millisecond()).unwrap_or_default());
        if until.is_some_and(|until| until <= app.kernel.now()) {
            let until = figures::end(until.unwrap_or_default(), &TimeZone::system());
            return Err(Misuse(format!("{until} has passed, so nothing would be granted. Give a later time.")).into());
        }
        let project = match &self.project {
            Some(name) => Some(app.kernel.find_project(name).await?.id),
            None => None,
        };
        Ok(Some(Terms { project, until }))
    }
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
