//! How many requests an address and a user may make. Counts in memory, for this host alone.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use super::failure::Failure;

/// Keys that are known before those that have not been used lately are forgotten.
const MOST_KEYS: usize = 10_000;
/// The headers that say how many requests a minute are allowed, and how many are left at once.
static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// A limit for each key.
pub(super) struct Rate<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    what: &'static str,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    limit: u32,
    remaining: u32,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    /// So many requests a minute, all of which may come at once. `what` has the limit, for a sentence.
    pub(super) fn new(a_minute: NonZeroU32, what: &'static str) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(a_minute)).with_middleware::<StateInformationMiddleware>();
        Self { limiter, what }
    }

    /// Counts a request.
    pub(super) fn count(&self, key: &K) -> Result<Left, Failure> {
        if self.limiter.len() > MOST_KEYS {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(key) {
            Ok(state) => Ok(Left { limit: state.quota().burst_size().get(), remaining: state.remaining_burst_capacity() }),
            Err(denied) => Err(self.exceeded(denied.wait_time_from(DefaultClock::default().now()))),
        }
    }

    fn exceeded(&self, wait: Duration) -> Failure {
        let message = format!("There were too many requests of this {} in the last minute.", self.what);
        let failure = Failure::of_client(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        // A whole second more, so that whoever waits for it is let in.
        failure.advise("Wait as long as `Retry-After` says.").retry_after(wait + Duration::from_secs(1))
    }
}

impl Left {
    /// Says it in the headers of an answer, unless a narrower limit has been said there.
    pub(super) fn tell(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.entry(LIMIT.clone()).or_insert(HeaderValue::from(self.limit));
        headers.entry(REMAINING.clone()).or_insert(HeaderValue::from(self.remaining));
        response
    }
}

/// The address that a request is counted for: one of IPv6 by its network, which a client has to itself.
pub(super) fn key_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_own_limit() {
        let rate = Rate::new(NonZeroU32::new(2).unwrap(), "address");
        assert_eq!(rate.count(&"a").unwrap().remaining, 1);
        assert_eq!(rate.count(&"a").unwrap().remaining, 0);
        let denied = format!("{:?}", rate.count(&"a").unwrap_err());
        assert!(denied.contains("rate_limited") && denied.contains("this address"), "{denied}");
        assert!(rate.count(&"b").is_ok());
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_counted_together() {
        let key = |text: &str| key_of(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("10.0.0.1"), key("10.0.0.2"));
    }
}
