//! Whether a service says that an account is used up, which each says in its own words, and until when. Decides nothing else
//! about an error.

use std::time::Duration;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use regex::Regex;
use serde_json::Value;

use super::retry_after;

/// Codes that say it, wherever they stand in an error.
const CODES: [&str; 9] = [
    "insufficient_quota",
    "exceeded_current_quota_error",
    "billing_hard_limit_reached",
    "usage_limit_reached",
    "usage_limit_exceeded",
    "usage_not_included",
    "insufficient_balance",
    "budget_exceeded",
    "perday",
];
/// Phrases that say it, whatever the status.
const PHRASES: [&str; 13] = [
    "usage limit",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "out of credits",
    "run out of credit",
    "used all available credits",
    "spending limit",
    "spend limit",
    "budget has been exceeded",
    "budget exceeded",
    "5-hour limit",
];
/// Phrases that say it beside a status for too much, unless a short wait is named with them.
const HINTS: [&str; 9] = [
    "exceeded your current quota",
    "quota exceeded",
    "quota exhausted",
    "monthly limit",
    "weekly limit",
    "daily limit",
    "per day",
    "per-day",
    "hit your limit",
];

/// What an error says of the account.
#[derive(Debug, PartialEq)]
pub(super) enum Account {
    /// It is used up, and nothing is said of a short wait.
    UsedUp,
    /// It may be used up: a wait that is named with it says how long.
    Hinted,
    /// Nothing is said.
    Unmentioned,
}

/// What the body of an error and its message say of the account.
pub(super) fn account(body: &Value, message: &str) -> Account {
    let message = message.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if says(&PHRASES) || names_code(body, 0) {
        return Account::UsedUp;
    }
    if says(&HINTS) { Account::Hinted } else { Account::Unmentioned }
}

/// When the account can be used again, where the error says so.
pub(super) fn reset(body: &Value, message: &str, now: Timestamp) -> Option<Timestamp> {
    let later = |wait: Duration| now.checked_add(wait).ok();
    let told = field(body, now).or_else(|| retry_after::of_words(message).and_then(later));
    told.or_else(|| moment(message)).or_else(|| time_of_day(message, now)).filter(|reset| *reset > now)
}

/// Looks at codes and names alone: a message may quote what was asked.
fn names_code(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(fields) if depth < 8 => fields.iter().any(|(name, value)| match value {
            Value::String(text) if ["code", "type", "status", "reason", "quotaId"].contains(&name.as_str()) => {
                CODES.iter().any(|code| text.to_lowercase().contains(code))
            }
            value => names_code(value, depth + 1),
        }),
        Value::Array(values) if depth < 8 => values.iter().any(|value| names_code(value, depth + 1)),
        _ => false,
    }
}

/// Fields that some services have for it.
fn field(body: &Value, now: Timestamp) -> Option<Timestamp> {
    let error = body.get("error").unwrap_or(body);
    let seconds = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let in_seconds = error.get("resets_in_seconds").and_then(seconds).and_then(|wait| now.checked_add(Duration::from_secs(wait)).ok());
    in_seconds.or_else(|| {
        let names = ["/resets_at", "/reset_at", "/metadata/headers/X-RateLimit-Reset"];
        let value = names.iter().find_map(|name| error.pointer(name))?;
        seconds(value).map_or_else(|| value.as_str()?.parse().ok(), epoch)
    })
}

/// Seconds or milliseconds since 1970.
fn epoch(number: u64) -> Option<Timestamp> {
    let number = i64::try_from(number).ok()?;
    if number > 100_000_000_000 { Timestamp::from_millisecond(number).ok() } else { Timestamp::from_second(number).ok() }
}

/// A date, with or without a time, or seconds since 1970 behind a bar.
fn moment(message: &str) -> Option<Timestamp> {
    if let Some(seconds) = first(r"\|(\d{10,13})\b", message) {
        return epoch(seconds.parse().ok()?);
    }
    let in_utc = |date: DateTime| date.to_zoned(TimeZone::UTC).ok().map(|date| date.timestamp());
    if let Some(text) = first(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)", message) {
        return text.parse().ok().or_else(|| text.parse::<DateTime>().ok().and_then(in_utc));
    }
    let date: Date = first(r"(\d{4}-\d{2}-\d{2})", message)?.parse().ok()?;
    let time = first(r"\d{4}-\d{2}-\d{2} at (\d{2}:\d{2})", message).and_then(|time| time.parse::<Time>().ok());
    in_utc(date.to_datetime(time.unwrap_or_default()))
}

/// `resets 3pm (Europe/Berlin)`, `resets at 15:30`: the next time that it is so late there, or in UTC.
fn time_of_day(message: &str, now: Timestamp) -> Option<Timestamp> {
    let said =
        Regex::new(r"(?i)(?:resets?|again)(?: at)? (\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*(am|pm)?(?:\s*\(?([A-Za-z]+/[A-Za-z_]+))?").ok()?;
    let said = said.captures(message)?;
    let number = |place: usize| said.get(place).map(|text| text.as_str().parse::<i8>()).transpose().ok();
    let (hour, minute) = (number(1)??, number(2)?);
    let half = said.get(3).map(|half| half.as_str().to_ascii_lowercase());
    if half.is_none() && minute.is_none() {
        return None;
    }
    let hour = match half.as_deref() {
        Some("pm") if hour < 12 => hour + 12,
        Some("am") if hour == 12 => 0,
        _ => hour,
    };
    let zone = said.get(4).and_then(|zone| TimeZone::get(zone.as_str()).ok()).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone);
    let then = today.with().time(Time::new(hour, minute.unwrap_or_default(), 0, 0).ok()?).build().ok()?;
    let then = if then.timestamp() > now { then } else { then.checked_add(1.day()).ok()? };
    Some(then.timestamp())
}

fn first<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    Regex::new(pattern).ok()?.captures(text)?.get(1).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn services_say_in_many_words_that_an_account_is_used_up() {
        let none = json!({});
        let used_up = [
            "You have hit your usage limit, resets at 15:00.",
            "Claude AI usage limit reached|1795000000",
            "Your credit balance is too low to access the Anthropic API.",
            "Insufficient Balance",
            "Your team has either used all available credits or reached its monthly spending limit.",
            "ExceededBudget: Budget has been exceeded! Current cost: 3.1, Max budget: 3.0",
        ];
        for message in used_up {
            assert_eq!(account(&none, message), Account::UsedUp, "{message}");
        }
        for body in [
            json!({"error": {"code": "insufficient_quota"}}),
            json!({"error": {"details": [{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}]}}),
        ] {
            assert_eq!(account(&body, "Slow down."), Account::UsedUp, "{body}");
        }
        for message in
            ["You exceeded your current quota, please check your plan and billing details.", "Rate limit reached on tokens per day (TPD)."]
        {
            assert_eq!(account(&none, message), Account::Hinted, "{message}");
        }
        let quoted = json!({"error": {"message": "Unknown tool insufficient_quota", "code": "invalid_request_error"}});
        assert_eq!(account(&quoted, "Unknown tool insufficient_quota"), Account::Unmentioned);
        assert_eq!(account(&none, "Rate limit reached on tokens per minute (TPM)."), Account::Unmentioned);
    }

    #[test]
    fn a_reset_is_read_in_every_form() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let read = |body: Value, message: &str| reset(&body, message, now).map(|reset| reset.to_string());
        let cases = [
            ("Try again in 2 hours.", Some("2026-11-29T14:00:00Z")),
            ("You will regain access on 2026-12-01 at 00:00 UTC.", Some("2026-12-01T00:00:00Z")),
            ("resets at 2026-11-30T08:00:00+02:00", Some("2026-11-30T06:00:00Z")),
            ("Your limit will reset at 2026-11-30 08:30:00", Some("2026-11-30T08:30:00Z")),
            ("usage limit reached|1796000000", Some("2026-11-30T00:53:20Z")),
            ("You've hit your limit · resets 3pm (UTC)", Some("2026-11-29T15:00:00Z")),
            ("resets at 11:30.", Some("2026-11-30T11:30:00Z")),
            ("It was used up on 2026-11-01.", None),
            ("resets at 99:99", None),
            ("resets 5 times", None),
            ("", None),
        ];
        for (message, expected) in cases {
            assert_eq!(read(json!({}), message).as_deref(), expected, "{message}");
        }
        if TimeZone::get("Europe/Berlin").is_ok() {
            assert_eq!(read(json!({}), "resets 3pm (Europe/Berlin)").as_deref(), Some("2026-11-29T14:00:00Z"));
        }
        assert_eq!(read(json!({"error": {"resets_in_seconds": 60}}), "").as_deref(), Some("2026-11-29T12:01:00Z"));
        for number in [json!(1_796_000_000), json!("1796000000000")] {
            assert_eq!(read(json!({"error": {"resets_at": number}}), "").as_deref(), Some("2026-11-30T00:53:20Z"));
        }
        assert_eq!(read(json!({"error": {"resets_at": u64::MAX}}), ""), None);
    }
}
