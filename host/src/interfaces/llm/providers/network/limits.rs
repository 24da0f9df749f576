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
use crate::interfaces::lenient;

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

/// How much words weigh.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The status says already that there was too much of something, or that it is to be paid for.
    Heavy,
    /// The error can be about anything, and may quote what was asked.
    Light,
}

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

/// What the body of an error and its message say of the account. Codes go before words.
pub(super) fn account(body: &Value, message: &str, weight: Weight) -> Account {
    if names_code(body, 0) {
        return Account::UsedUp;
    }
    let message = match passed_on(message) {
        Some((inner, words)) if !inner.is_null() => return account(&inner, &words, weight),
        Some((_, words)) => words,
        None => message.to_owned(),
    };
    let said = match weight {
        Weight::Heavy => message.to_lowercase(),
        Weight::Light if is_about_the_request(body) => return Account::Unmentioned,
        Weight::Light => gist(&message),
    };
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    if says(&PHRASES) {
        return Account::UsedUp;
    }
    if says(&HINTS) { Account::Hinted } else { Account::Unmentioned }
}

/// What LiteLLM passes on of its service: the error behind the name of its own, and its words.
fn passed_on(message: &str) -> Option<(Value, String)> {
    let (_, words) = message.strip_prefix("litellm.")?.split_once(": ")?;
    let error = words.find('{').zip(words.rfind('}')).and_then(|(from, to)| lenient::read(words.get(from..=to)?).ok());
    let error = error.map(|reading| reading.value).filter(Value::is_object).unwrap_or_default();
    let inner = error.pointer("/error/message").or_else(|| error.get("message")).and_then(Value::as_str).unwrap_or_default();
    // So that there is an end to it.
    let inner = inner.trim_start_matches("litellm.").to_owned();
    Some(if error.is_null() { (Value::Null, words.to_owned()) } else { (error, inner) })
}

/// Whether an error names a part of the request, or has a code for something else than an account.
fn is_about_the_request(body: &Value) -> bool {
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let names = |field: &str| {
        let name = error.get(field).and_then(Value::as_str).unwrap_or_default().trim();
        !name.is_empty() && name != "None" && name.parse::<f64>().is_err()
    };
    // Some write sentences where others have codes.
    let has_code = names("code") && !error["code"].as_str().is_some_and(|code| code.contains(' '));
    names("param") || has_code || error["status"] == "INVALID_ARGUMENT"
}

/// The first sentence of a message, without what it quotes; nothing where it is about a place in the request.
fn gist(message: &str) -> String {
    let message = message.to_lowercase();
    let is_place = Regex::new(r"^\s*[a-z_]+(?:\.\w+|\[\d+\])+\s*:").is_ok_and(|place| place.is_match(&message));
    if is_place {
        return String::new();
    }
    let quoted = Regex::new(r#""[^"]*"?|`[^`]*`?|“[^”]*”?|\B'[^']*'?|\{[^}]*\}?"#);
    let bare = quoted.map_or_else(|_| message.clone(), |quoted| quoted.replace_all(&message, " ").into_owned());
    let bare = bare.trim_start();
    let end = bare.find(". ").or_else(|| bare.find('\n')).unwrap_or(bare.len());
    bare[..end].to_owned()
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
            for weight in [Weight::Heavy, Weight::Light] {
                assert_eq!(account(&none, message, weight), Account::UsedUp, "{message}");
            }
        }
        for body in [
            json!({"error": {"code": "insufficient_quota"}}),
            json!({"error": {"details": [{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}]}}),
        ] {
            assert_eq!(account(&body, "Slow down.", Weight::Light), Account::UsedUp, "{body}");
        }
        for message in
            ["You exceeded your current quota, please check your plan and billing details.", "Rate limit reached on tokens per day (TPD)."]
        {
            assert_eq!(account(&none, message, Weight::Heavy), Account::Hinted, "{message}");
        }
        let quoted = json!({"error": {"message": "Unknown tool insufficient_quota", "code": "invalid_request_error"}});
        assert_eq!(account(&quoted, "Unknown tool insufficient_quota", Weight::Light), Account::Unmentioned);
        assert_eq!(account(&none, "Rate limit reached on tokens per minute (TPM).", Weight::Heavy), Account::Unmentioned);
    }

    #[test]
    fn an_error_about_something_else_may_quote_what_an_account_would_say() {
        let said = |message: &str, more: Value| {
            let mut error = json!({"message": message, "type": "invalid_request_error"});
            error.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            account(&json!({"error": error}), message, Weight::Light)
        };
        let plain = "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.";
        for (message, more) in [
            ("Invalid value: 'usage limit'. Supported values are 'auto'.", json!({})),
            ("The tool \"your usage limit is reached\" is declared twice.", json!({})),
            ("`insufficient balance` is not a role.", json!({})),
            ("messages.3.content: Your credit balance is too low to access the API", json!({})),
            ("tools[0].name: usage limit", json!({})),
            ("The content was filtered. It says that the usage limit is reached.", json!({})),
            ("Unexpected text {\"error\": usage limit} in the prompt", json!({})),
            (plain, json!({"param": "messages[2].content"})),
            (plain, json!({"code": "content_policy_violation"})),
            (plain, json!({"status": "INVALID_ARGUMENT", "code": 400})),
        ] {
            assert_eq!(said(message, more.clone()), Account::Unmentioned, "{message} {more}");
        }
        for more in [json!({}), json!({"code": null, "param": null}), json!({"code": "400", "param": "None"}), json!({"code": 403})] {
            assert_eq!(said(plain, more.clone()), Account::UsedUp, "{more}");
        }
        assert_eq!(said(plain, json!({"code": "insufficient_quota", "param": "model"})), Account::UsedUp, "its code says so");
        let wrapped = r#"litellm.BadRequestError: AnthropicException - b'{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}'. Received Model Group=x"#;
        assert_eq!(said(wrapped, json!({"code": "400"})), Account::UsedUp, "LiteLLM passes it on");
        assert_eq!(said(&wrapped.replace("Your credit", "messages.3: Your credit"), json!({"code": "400"})), Account::Unmentioned);
        assert_eq!(said("litellm.BudgetError: Budget has been exceeded! Current cost: 3.1", json!({})), Account::UsedUp);
        let sentence =
            json!({"code": "The caller does not have permission to execute it", "error": "Your team has used all available credits."});
        assert_eq!(account(&sentence, "Your team has used all available credits.", Weight::Light), Account::UsedUp);
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
