//! When a host may be asked: how much of each rate is left, of which a reserve is kept, and until when the host wants to
//! be left alone. Waits for nothing and asks nothing itself.

use std::collections::BTreeMap;

use reqwest::{StatusCode, header::HeaderMap};

/// The part of a rate that is left to whoever else uses the token: one of so many requests.
const RESERVE: u64 = 20;
/// What GitHub asks for where it limits and does not say for how long, in milliseconds.
const USUAL_PAUSE: u64 = 60_000;
/// A host that wants to be left alone for longer is asked again all the same, in milliseconds.
const LONGEST_PAUSE: u64 = 24 * 3_600_000;

/// Why and until when a host is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    /// Milliseconds since 1970 UTC.
    pub(super) until: u64,
    /// A sentence.
    pub(super) reason: String,
}

/// What a host said of its rates.
#[derive(Debug, Default)]
pub(super) struct Rates {
    rates: BTreeMap<String, Rate>,
    closed: Option<Closed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    limit: u64,
    remaining: u64,
    /// Milliseconds since 1970 UTC.
    reset: u64,
}

impl Rates {
    /// Why a resource such as `core` is not asked now, if it is not.
    pub(super) fn closed(&self, resource: &str, now: u64) -> Option<Closed> {
        if let Some(closed) = self.closed.as_ref().filter(|closed| closed.until > now) {
            return Some(closed.clone());
        }
        let rate = self.rates.get(resource).filter(|rate| rate.reset > now && rate.remaining <= rate.limit / RESERVE)?;
        let reason = format!("{} of {} requests are left until its rate is reset, and are kept in reserve.", rate.remaining, rate.limit);
        Some(Closed { until: rate.reset, reason })
    }

    /// Learns from an answer. `said`: the beginning of its body. True when the host refused because it was asked too
    /// often: then nothing was done.
    pub(super) fn learn(&mut self, resource: &str, status: StatusCode, headers: &HeaderMap, said: &str, now: u64) -> bool {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let reset = number("x-ratelimit-reset").map(|seconds| seconds.saturating_mul(1000).min(now + LONGEST_PAUSE));
        if let (Some(limit), Some(remaining), Some(reset)) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), reset) {
            let named = headers.get("x-ratelimit-resource").and_then(|name| name.to_str().ok());
            // The names are GitHub's few; whoever sends others must not fill the memory with them.
            let resource = named.filter(|name| ["core", "graphql"].contains(name)).unwrap_or(resource);
            self.count(resource, Rate { limit, remaining, reset });
        }
        let Some(closed) = refusal(status, said, number("retry-after"), reset.filter(|_| number("x-ratelimit-remaining") == Some(0)), now)
        else {
            return false;
        };
        if self.closed.as_ref().is_none_or(|known| known.until < closed.until) {
            self.closed = Some(closed);
        }
        true
    }

    /// Answers may arrive in another order than they were given.
    fn count(&mut self, resource: &str, rate: Rate) {
        let known = self.rates.entry(resource.to_owned()).or_insert(rate);
        if known.reset == rate.reset {
            known.remaining = known.remaining.min(rate.remaining);
            known.limit = rate.limit;
        } else if known.reset < rate.reset {
            *known = rate;
        }
    }
}

/// Until when the host wants to be left alone, where it refused for that.
fn refusal(status: StatusCode, said: &str, retry_after: Option<u64>, used_up_until: Option<u64>, now: u64) -> Option<Closed> {
    let refuses = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    // The query language refuses with success.
    let refuses_a_query = status == StatusCode::OK && used_up_until.is_some() && said.contains("RATE_LIMITED");
    if !refuses && !refuses_a_query {
        return None;
    }
    let closed = |until: u64, reason: &str| Some(Closed { until, reason: reason.to_owned() });
    if let Some(seconds) = retry_after {
        return closed(now + seconds.saturating_mul(1000).min(LONGEST_PAUSE), "it was asked too much at once, and said when to ask again.");
    }
    if let Some(until) = used_up_until {
        return closed(until.max(now + 1000), "its rate is used up.");
    }
    let is_secondary = status == StatusCode::TOO_MANY_REQUESTS || said.contains("secondary rate limit") || said.contains("abuse detection");
    if is_secondary { closed(now + USUAL_PAUSE, "it was asked too much at once.") } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000_000_000;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn rate(remaining: u64, reset: u64) -> HeaderMap {
        headers(&[
            ("x-ratelimit-limit", "100".to_owned()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", reset.to_string()),
        ])
    }

    #[test]
    fn a_reserve_is_kept_until_the_rate_begins_anew() {
        let (mut rates, reset) = (Rates::default(), NOW / 1000 + 60);
        assert!(!rates.learn("core", StatusCode::OK, &rate(6, reset), "", NOW));
        assert_eq!(rates.closed("core", NOW), None);
        assert!(!rates.learn("core", StatusCode::OK, &rate(5, reset), "", NOW));
        assert_eq!(rates.closed("core", NOW).unwrap().until, reset * 1000);
        assert_eq!(rates.closed("graphql", NOW), None, "another rate");
        assert_eq!(rates.closed("core", reset * 1000), None);
        rates.learn("core", StatusCode::OK, &rate(50, reset), "", NOW);
        assert!(rates.closed("core", NOW).is_some(), "an answer that comes late gives nothing back");
        rates.learn("core", StatusCode::OK, &rate(99, reset + 60), "", NOW);
        assert_eq!(rates.closed("core", NOW), None);
    }

    #[test]
    fn a_host_that_refuses_is_left_alone_for_as_long_as_it_says() {
        let until = |status: u16, headers: &HeaderMap, said: &str| {
            let mut rates = Rates::default();
            let refused = rates.learn("core", StatusCode::from_u16(status).unwrap(), headers, said, NOW);
            refused.then(|| rates.closed("graphql", NOW).unwrap().until - NOW)
        };
        let after = |seconds: &str| headers(&[("retry-after", seconds.to_owned())]);
        assert_eq!(until(403, &rate(0, NOW / 1000 + 9), ""), Some(9_000));
        assert_eq!(until(403, &after("7"), ""), Some(7_000));
        assert_eq!(until(429, &after("7"), ""), Some(7_000));
        assert_eq!(until(429, &HeaderMap::new(), ""), Some(60_000));
        assert_eq!(until(403, &HeaderMap::new(), "You have exceeded a secondary rate limit."), Some(60_000));
        assert_eq!(until(200, &rate(0, NOW / 1000 + 9), r#"{"errors":[{"type":"RATE_LIMITED"}]}"#), Some(9_000));
        assert_eq!(until(403, &HeaderMap::new(), "Resource not accessible"), None, "a right that is missing comes back with no time");
        assert_eq!(until(404, &after("7"), ""), None);
        assert_eq!(until(200, &rate(0, NOW / 1000 + 9), "{}"), None, "the last of the rate was still an answer");
        assert_eq!(until(403, &after("18446744073709551615"), ""), Some(LONGEST_PAUSE), "nobody waits for ever");
        assert_eq!(until(403, &rate(0, u64::MAX), ""), Some(LONGEST_PAUSE));
        assert_eq!(until(403, &after("soon"), ""), None);
    }
}
