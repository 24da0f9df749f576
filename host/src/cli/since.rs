//! From when a report is, as a person types it. Knows no report.

use jiff::{Timestamp, ToSpan, Zoned, civil, tz::TimeZone};

use super::text;
use crate::operations::{Moment, Problem};

/// A time in milliseconds since 1970 UTC, at most `now`.
pub(super) fn read(text: &str, now: u64, zone: &TimeZone) -> Result<u64, Problem> {
    let local = Moment(now).timestamp().to_zoned(zone.clone());
    let text = text.trim();
    let since = ago(text, now).or_else(|| day(text, &local)).or_else(|| time(text, &local)).or_else(|| moment(text, zone));
    let shown = || text::excerpt(&text::escaped(text), 60);
    match since {
        Some(since) if since <= now => Ok(since),
        Some(_) => {
            let problem = Problem::invalid("time_invalid", "since", format!("`{}` is in the future.", shown()));
            Err(problem.advise("Give a time that has passed."))
        }
        None => {
            let problem = Problem::invalid("time_invalid", "since", format!("`{}` is not a time.", shown()));
            let hint = "Give `today`, `yesterday`, a time such as 22:00 or 2026-01-31T22:00:00Z, or how long ago, such as 12h or 2d.";
            Err(problem.advise(hint))
        }
    }
}

/// `90m`, `12h`, `2d`.
fn ago(text: &str, now: u64) -> Option<u64> {
    let unit = text.chars().last()?;
    let milliseconds: u64 = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 7 * 86_400_000,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(now.saturating_sub(number.saturating_mul(milliseconds)))
}

/// The beginning of a day.
fn day(text: &str, now: &Zoned) -> Option<u64> {
    let date = match text {
        "today" => now.date(),
        "yesterday" => now.date().yesterday().ok()?,
        _ => return None,
    };
    milliseconds(&date.to_zoned(now.time_zone().clone()).ok()?)
}

/// `22:00`: the last time that it was so.
fn time(text: &str, now: &Zoned) -> Option<u64> {
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() <= 2 && minute.len() == 2)?;
    let time = civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
    let on = |date: civil::Date| date.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    let today = on(now.date())?;
    let last = if today <= *now { today } else { on(now.date().checked_sub(1.day()).ok()?)? };
    milliseconds(&last)
}

/// RFC 3339, or a local date with or without a time.
fn moment(text: &str, zone: &TimeZone) -> Option<u64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return u64::try_from(moment.as_millisecond()).ok();
    }
    // Without a time it is midnight.
    milliseconds(&text.parse::<civil::DateTime>().ok()?.to_zoned(zone.clone()).ok()?)
}

fn milliseconds(at: &Zoned) -> Option<u64> {
    u64::try_from(at.timestamp().as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap();
        let now = at("2026-12-02T07:30:00Z");
        for (text, expected) in [
            ("yesterday", "2026-11-30T23:00:00Z"),
            ("today", "2026-12-01T23:00:00Z"),
            ("12h", "2026-12-01T19:30:00Z"),
            ("90m", "2026-12-02T06:00:00Z"),
            ("2d", "2026-11-30T07:30:00Z"),
            ("22:00", "2026-12-01T21:00:00Z"),
            ("8:15", "2026-12-02T07:15:00Z"),
            ("2026-12-01", "2026-11-30T23:00:00Z"),
            ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"),
            ("2026-12-01 10:00", "2026-12-01T09:00:00Z"),
        ] {
            assert_eq!(read(text, now, &zone).unwrap(), at(expected), "{text}");
        }
        for wrong in ["", "soon", "-1h", "h", "25:00", "1e9d", "99999999999999999999h", "\u{1b}[2J", "é"] {
            assert!(read(wrong, now, &zone).unwrap_err().to_string().contains("is not a time"), "{wrong}");
        }
        assert!(read("2027-01-01", now, &zone).unwrap_err().to_string().contains("future"));
        assert_eq!(read("999999999d", now, &zone).unwrap(), 0);
    }
}
