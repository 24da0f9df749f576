//! Numbers for people: counts, bytes, money, times. Pure but for the one clock.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, tz::TimeZone};

use crate::operations::Moment;

pub(super) use crate::operations::grouped as count;

/// Milliseconds since 1970 UTC.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `1 file`, `2 files`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `80 %` of a whole; nothing of none.
pub(super) fn share(part: u64, whole: u64) -> String {
    part.saturating_mul(100).checked_div(whole).map(|share| format!("{share} %")).unwrap_or_default()
}

/// `812 B`, `1.5 KiB`, `3.0 MiB`.
pub(super) fn bytes(number: u64) -> String {
    const STEP: f64 = 1024.0;
    let mut units = ["KiB", "MiB", "GiB", "TiB"].into_iter().peekable();
    if number < 1024 {
        return format!("{number} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let mut amount = number as f64 / STEP;
    let mut unit = units.next().unwrap_or_default();
    while amount >= STEP
        && let Some(next) = units.next()
    {
        (amount, unit) = (amount / STEP, next);
    }
    format!("{amount:.1} {unit}")
}

/// `840 ms`, `2.3 s`, `3 min 05 s`, `2 h 04 min`, `3 d 4 h`.
pub(super) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `just now`, `5 min ago`, `2 h ago`, `3 d ago`.
pub(super) fn ago(now: u64, then: u64) -> String {
    match now.saturating_sub(then) / 1000 {
        0..60 => "just now".to_owned(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// `$0.0123`; an unknown price is said to be unknown.
pub(super) fn money(dollars: Option<f64>) -> String {
    match dollars {
        None => "unknown".to_owned(),
        Some(0.0) => "$0".to_owned(),
        Some(dollars) if dollars < 1.0 => format!("${dollars:.4}"),
        Some(dollars) => format!("${dollars:.2}"),
    }
}

/// `14:05:09` where the reader is.
pub(super) fn clock(milliseconds: u64, zone: &TimeZone) -> String {
    at(milliseconds).to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `2026-01-02 14:05:09` where the reader is.
pub(super) fn moment(milliseconds: u64, zone: &TimeZone) -> String {
    at(milliseconds).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Until when something holds: `2026-01-02` for the end of that day where the reader is, and any other time as a moment.
pub(super) fn end(milliseconds: u64, zone: &TimeZone) -> String {
    let end = at(milliseconds).to_zoned(zone.clone());
    let ends_a_day = end.start_of_day().is_ok_and(|start| start == end);
    match end.date().yesterday() {
        Ok(day) if ends_a_day => day.to_string(),
        _ => moment(milliseconds, zone),
    }
}

fn at(milliseconds: u64) -> Timestamp {
    Moment(milliseconds).timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let shown = [0, 7, 999, 1000, 12_345, 1_234_567].map(count);
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(0, "file", "files"), "0 files");
    }

    #[test]
    fn bytes_climb_their_units() {
        let shown = [0, 1023, 1024, 1536, 3 << 20, 5 << 40, u64::MAX].map(bytes);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "3.0 MiB", "5.0 TiB", "16777216.0 TiB"]);
    }

    #[test]
    fn durations_keep_two_figures() {
        let shown = [0, 999, 1000, 2_345, 59_999, 60_000, 185_000, 7_440_000, 273_600_000].map(duration);
        assert_eq!(shown, ["0 ms", "999 ms", "1.0 s", "2.3 s", "59.9 s", "1 min 00 s", "3 min 05 s", "2 h 04 min", "3 d 4 h"]);
    }

    #[test]
    fn ages_are_coarse_and_never_negative() {
        let shown = [(5, 9_000), (100_000, 0), (7_200_000, 0), (172_800_000, 0)].map(|(now, then)| ago(now, then));
        assert_eq!(shown, ["just now", "1 min ago", "2 h ago", "2 d ago"]);
    }

    #[test]
    fn an_unknown_price_is_not_free() {
        assert_eq!([None, Some(0.0), Some(0.01234), Some(12.345)].map(money), ["unknown", "$0", "$0.0123", "$12.35"]);
    }

    #[test]
    fn times_are_shown_where_the_reader_is() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(clock(1_767_225_600_000, &zone), "02:00:00");
        assert_eq!(moment(1_767_225_600_000, &zone), "2026-01-01 02:00:00");
        assert_eq!(moment(u64::MAX, &TimeZone::UTC), "9999-12-30 22:00:00");
        assert_eq!(end(1_767_218_400_000, &zone), "2025-12-31", "the day ends at 22:00 in UTC");
        assert_eq!(end(1_767_218_400_000, &TimeZone::UTC), "2025-12-31 22:00:00");
        assert_eq!(end(u64::MAX, &TimeZone::UTC), "9999-12-30 22:00:00");
    }
}
