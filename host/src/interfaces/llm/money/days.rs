//! Days as the people at this machine count them. Knows no calendar but theirs.

use jiff::tz::TimeZone;

use crate::moment::Moment;

/// The day of a time in the host's time zone, such as `2026-01-02`. The time is in milliseconds since 1970 UTC.
pub fn local_day(at: u64) -> String {
    day(at, TimeZone::system())
}

fn day(at: u64, zone: TimeZone) -> String {
    Moment(at).timestamp().to_zoned(zone).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_where_the_host_is() {
        let zone = || TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(day(1_767_218_399_999, zone()), "2025-12-31");
        assert_eq!(day(1_767_218_400_000, zone()), "2026-01-01");
        assert!(day(u64::MAX, TimeZone::UTC).starts_with("9999-"));
    }
}
