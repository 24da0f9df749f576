//! Failed logins, by name and by address, and how long the next one has to wait. Held in memory and bounded; checks no password.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// Failures that delay nothing: people mistype.
const FREE: u32 = 5;
/// The delay after one failure more, which doubles with each that follows.
const FIRST_DELAY_MS: u64 = 1_000;
/// The longest delay for a name. Others can bring it about, so it is one that its owner can bear.
const LONGEST_OF_NAME_MS: u64 = 30_000;
/// The longest delay for an address.
const LONGEST_OF_ADDRESS_MS: u64 = 15 * 60_000;
/// Failures count no more after so long without another.
const FORGOTTEN_AFTER_MS: u64 = 60 * 60_000;
/// Names, and addresses, that are kept.
const MOST: usize = 10_000;

/// Failed logins.
pub struct Attempts {
    tables: Mutex<Tables>,
}

struct Tables {
    names: Table,
    addresses: Table,
}

/// A login that was let through. Until it is known to have succeeded it counts as one that failed, so that many at the same
/// time are not let through together.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    name: String,
    address: Option<String>,
}

/// A login that has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// For so long.
    pub wait_ms: u64,
}

impl Default for Attempts {
    fn default() -> Self {
        let table = |longest_ms| Table { entries: HashMap::new(), longest_ms };
        Self { tables: Mutex::new(Tables { names: table(LONGEST_OF_NAME_MS), addresses: table(LONGEST_OF_ADDRESS_MS) }) }
    }
}

impl Attempts {
    /// Lets a login through, unless too many failed before. `name` is compared as it is given: in small letters.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: u64) -> Result<Attempt, Blocked> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let address = address.map(network);
        let of_address = address.as_deref().map_or(0, |address| tables.addresses.wait(address, now));
        let wait_ms = tables.names.wait(name, now).max(of_address);
        if wait_ms > 0 {
            return Err(Blocked { wait_ms });
        }
        tables.names.count(name, now);
        if let Some(address) = &address {
            tables.addresses.count(address, now);
        }
        Ok(Attempt { name: name.to_owned(), address })
    }

    /// The login succeeded. The failures of its name are forgotten; those of its address are not, for a guesser may have an
    /// account too.
    pub fn succeed(&self, attempt: &Attempt) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.names.entries.remove(&attempt.name);
        if let Some(address) = &attempt.address {
            tables.addresses.take_back(address);
        }
    }

    /// The login was not decided: it is as if it had not been made.
    pub fn withdraw(&self, attempt: &Attempt) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.names.take_back(&attempt.name);
        if let Some(address) = &attempt.address {
            tables.addresses.take_back(address);
        }
    }
}

struct Table {
    entries: HashMap<String, Failures>,
    longest_ms: u64,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: u64,
}

impl Table {
    fn wait(&self, key: &str, now: u64) -> u64 {
        let Some(Failures { count, last }) = self.entries.get(key).filter(|failures| !failures.is_forgotten(now)) else { return 0 };
        let Some(doubled) = count.checked_sub(FREE) else { return 0 };
        let delay = FIRST_DELAY_MS.checked_shl(doubled).filter(|delay| *delay >> doubled == FIRST_DELAY_MS).unwrap_or(u64::MAX);
        last.saturating_add(delay.min(self.longest_ms)).saturating_sub(now)
    }

    fn count(&mut self, key: &str, now: u64) {
        if !self.entries.contains_key(key) {
            self.make_room(now);
        }
        let failures = self.entries.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
        let count = if failures.is_forgotten(now) { 0 } else { failures.count };
        *failures = Failures { count: count.saturating_add(1), last: now };
    }

    fn take_back(&mut self, key: &str) {
        if let Some(failures) = self.entries.get_mut(key) {
            failures.count = failures.count.saturating_sub(1);
            if failures.count == 0 {
                self.entries.remove(key);
            }
        }
    }

    /// Drops what counts no more, and else what failed least.
    fn make_room(&mut self, now: u64) {
        if self.entries.len() < MOST {
            return;
        }
        self.entries.retain(|_, failures| !failures.is_forgotten(now));
        if self.entries.len() < MOST {
            return;
        }
        let least = self.entries.iter().min_by_key(|(_, failures)| (failures.count, failures.last)).map(|(key, _)| key.clone());
        least.map(|key| self.entries.remove(&key));
    }
}

impl Failures {
    fn is_forgotten(&self, now: u64) -> bool {
        now.saturating_sub(self.last) > FORGOTTEN_AFTER_MS
    }
}

/// What one guesser has: an IPv4 address, or the first half of an IPv6 address.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            Ipv6Addr::new(first, second, third, fourth, 0, 0, 0, 0).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// Makes so many attempts of names, each as soon as it is let through, and gives how long each had to wait in seconds.
    fn waits(name: impl Fn(u32) -> String, from: Option<IpAddr>, count: u32) -> Vec<u64> {
        let (attempts, mut now) = (Attempts::default(), 1_000_000);
        let mut wait = |number| {
            let begun = now;
            while let Err(Blocked { wait_ms }) = attempts.begin(&name(number), from, now) {
                now += wait_ms;
            }
            (now - begun) / 1_000
        };
        (0..count).map(&mut wait).collect()
    }

    #[test]
    fn the_wait_doubles_up_to_its_end() {
        let of_name = waits(|_| "ada".to_owned(), None, 13);
        assert_eq!(of_name, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        let of_address = waits(|number| format!("user{number}"), address("203.0.113.7"), 17);
        assert_eq!(of_address, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(waits(|_| "ada".to_owned(), None, 200).last(), Some(&30), "no count is too large");
    }

    #[test]
    fn many_at_the_same_time_are_not_let_through_together() {
        let attempts = Attempts::default();
        let let_through = (0..1_000).filter(|_| attempts.begin("ada", address("203.0.113.7"), 5).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        assert!(attempts.begin("bob", address("203.0.113.7"), 5).is_err(), "the address waits for other names too");
        assert!(attempts.begin("ada", address("198.51.100.7"), 5).is_err(), "the name waits for other addresses too");
        assert!(attempts.begin("bob", address("198.51.100.7"), 5).is_ok());
    }

    #[test]
    fn a_success_is_forgiven_for_the_name_and_counts_nothing_for_the_address() {
        let attempts = Attempts::default();
        let from = address("203.0.113.7");
        for _ in 0..4 {
            attempts.begin("ada", from, 5).unwrap();
        }
        let attempt = attempts.begin("ada", from, 5).unwrap();
        attempts.succeed(&attempt);
        for _ in 0..20 {
            // Four failures are left of the address: a success between does not take them back.
            let attempt = attempts.begin("own", from, 5).unwrap();
            attempts.succeed(&attempt);
        }
        attempts.begin("ada", from, 5).unwrap();
        assert!(attempts.begin("ada", from, 5).is_err());
        assert!(attempts.begin("ada", None, 5).is_ok(), "the name begins again");
        let attempt = attempts.begin("eve", None, 5).unwrap();
        attempts.withdraw(&attempt);
        assert!(!attempts.tables.lock().unwrap().names.entries.contains_key("eve"));
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        let attempts = Attempts::default();
        for _ in 0..FREE {
            attempts.begin("ada", None, 5).unwrap();
        }
        assert!(attempts.begin("ada", None, 5).is_err());
        assert!(attempts.begin("ada", None, 6 + FORGOTTEN_AFTER_MS).is_ok());
        assert_eq!(attempts.tables.lock().unwrap().names.entries["ada"].count, 1);
        assert!(attempts.begin("ada", None, 0).is_ok(), "a clock that goes back does no harm");
    }

    #[test]
    fn one_network_is_one_guesser_and_the_tables_are_bounded() {
        let attempts = Attempts::default();
        for number in 0..FREE {
            attempts.begin(&format!("a{number}"), address(&format!("2001:db8:1:2::{number}")), 5).unwrap();
        }
        assert!(attempts.begin("b", address("2001:db8:1:2:ffff::1"), 5).is_err());
        assert!(attempts.begin("b", address("2001:db8:1:3::1"), 5).is_ok());
        assert_eq!(network("::ffff:203.0.113.7".parse().unwrap()), "203.0.113.7");
        for _ in 0..FREE {
            let _ = attempts.begin("victim", None, 5);
        }
        for number in 0..2 * MOST {
            let _ = attempts.begin(&format!("flood{number}"), None, 5 + number as u64 / 1_000);
        }
        let tables = attempts.tables.lock().unwrap();
        assert!(tables.names.entries.len() <= MOST);
        assert_eq!(tables.names.entries["victim"].count, FREE, "a flood of names does not free one that was guessed at");
    }
}
