//! How long a service asks to wait, in its headers or in its words. Waits for nothing itself.

use std::time::Duration;

use hyper::header::HeaderMap;
use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};
use regex::Regex;
use serde_json::Value;

/// Where errors hold a number of seconds to wait.
const SECONDS: [&str; 5] = [
    "/retry_after",
    "/retry_after_seconds",
    "/metadata/retry_after_seconds",
    "/metadata/headers/Retry-After",
    "/metadata/headers/retry-after",
];
/// Longer than any wait that is believed.
const LONGEST: Duration = Duration::from_hours(366 * 24);
/// The forms of a date in a header of HTTP, the common one first.
const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// What the headers say: milliseconds, seconds, or a date in any form of HTTP or of ISO 8601.
pub(super) fn of_headers(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(seconds) {
        return Some(wait / 1000);
    }
    let after = text("retry-after")?;
    seconds(after).or_else(|| date(after).map(|date| until(date, now)))
}

/// What fields of an error say: Gemini's `details[].retryDelay`, such as `34s`, or seconds as gateways have them.
pub(super) fn of_details(body: &Value) -> Option<Duration> {
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
    let delay = |detail: &Value| seconds(detail.get("retryDelay")?.as_str()?.strip_suffix('s')?);
    let number = |value: &Value| value.as_str().map_or_else(|| seconds(&value.to_string()), seconds);
    details.into_iter().find_map(delay).or_else(|| SECONDS.iter().find_map(|place| number(error.pointer(place)?)))
}

/// What a sentence says: `Please try again in 7m12.5s`, `in 2 days 3 hours`.
pub(super) fn of_words(words: &str) -> Option<Duration> {
    let said = Regex::new(
        r"(?i)\b(?:again|resets?|retry|back|available|refreshe?s?) (?:in|after) ((?:\d+(?:\.\d+)?\s*[a-z]+[,\s]*(?:and\s+)?){1,5})",
    )
    .ok()?;
    let amounts = Regex::new(r"(?i)(\d+(?:\.\d+)?)\s*([a-z]+)").ok()?;
    let said = said.captures(words)?.get(1)?.as_str().to_owned();
    let mut wait = None;
    for amount in amounts.captures_iter(&said) {
        let unit = match amount[2].to_ascii_lowercase().as_str() {
            "ms" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => break,
        };
        let part = Duration::try_from_secs_f64(amount[1].parse::<f64>().ok()? * unit).unwrap_or(LONGEST);
        wait = Some(wait.unwrap_or(Duration::ZERO).saturating_add(part).min(LONGEST));
    }
    wait
}

/// From now until then; nothing where that is over.
pub(super) fn until(date: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(date.duration_since(now)).unwrap_or_default().min(LONGEST)
}

/// A number too large to count is a long time, and none that is below zero is a time.
fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))
}

fn date(text: &str) -> Option<Timestamp> {
    let in_form = |form: &&str| strtime::parse(form, text).ok()?.to_datetime().ok();
    let without_zone = || text.parse::<DateTime>().ok().or_else(|| FORMS.iter().find_map(in_form));
    // The last days that can be written are beyond the last moment that can be counted.
    let in_utc = |date: DateTime| date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |date| date.timestamp());
    let common = jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp());
    common.or_else(|| text.parse().ok()).or_else(|| without_zone().map(in_utc))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header(text: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), text.parse().unwrap())]);
        let now = "2026-11-06T08:00:00Z".parse().unwrap();
        of_headers(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_form_of_a_header_is_read() {
        let dates = [
            "Fri, 06 Nov 2026 08:49:37 GMT",
            "Friday, 06-Nov-26 08:49:37 GMT",
            "Fri Nov  6 08:49:37 2026",
            "2026-11-06T08:49:37Z",
            "2026-11-06T09:49:37+01:00",
            "2026-11-06T08:49:37",
        ];
        for date in dates {
            assert_eq!(header(date), Some(49 * 60 + 37), "{date}");
        }
        assert_eq!((header("7"), header(" 1.5 "), header("0")), (Some(7), Some(1), Some(0)));
        assert_eq!(header("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0), "it is over");
        let longest = Some(LONGEST.as_secs());
        assert_eq!((header("99999999999999999999"), header("Fri, 31 Dec 9999 23:59:59 GMT")), (longest, longest));
        for rubbish in ["soon", "-5", "nan", "inf", "", "Fri, 99 Nov 2026 08:49:37 GMT"] {
            assert_eq!(header(rubbish), None, "{rubbish}");
        }
    }

    #[test]
    fn sentences_and_details_are_read() {
        let said = [
            ("Please try again in 20s.", Some(20_000)),
            ("Please try again in 7m12.5s. Visit", Some(432_500)),
            ("Try again in 2 days, 3 hours and 4 minutes.", Some(183_840_000)),
            ("Your limit resets in 300 ms", Some(300)),
            ("It is in 3 pieces", None),
            ("try again in a while", None),
            ("try again in 99999999999999999999999999 weeks", Some(LONGEST.as_millis())),
        ];
        for (words, wait) in said {
            assert_eq!(of_words(words).map(|wait| wait.as_millis()), wait, "{words}");
        }
        assert_eq!(of_details(&json!({"error": {"details": [{}, {"retryDelay": "34.5s"}]}})), Some(Duration::from_millis(34_500)));
        for body in [
            json!({"retry_after": 7}),
            json!({"error": {"metadata": {"headers": {"Retry-After": "7"}}}}),
            json!({"error": {"retry_after": 7.0}}),
        ] {
            assert_eq!(of_details(&body), Some(Duration::from_secs(7)), "{body}");
        }
        assert_eq!(of_details(&json!({"error": {"retry_after": [7], "details": "7s"}})), None);
    }
}
