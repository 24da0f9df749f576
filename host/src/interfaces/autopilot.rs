//! What an operator lets the autopilot of a project do, and the hours and days that this depends on. Starts no run and
//! keeps nothing: that is for those who implement the port.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan, Zoned, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::llm::money::Amount;
use crate::{actor::Actor, errors::StorageError, events, journal::RunId};

/// The plugin that is an autopilot.
pub const PLUGIN: &str = "autopilot";
/// The signal that tells its run to look again.
pub const LOOK: &str = "look";

const MINUTES_OF_AN_HOUR: u16 = 60;
const MINUTES_OF_A_DAY: u16 = 24 * MINUTES_OF_AN_HOUR;

/// The autopilot of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Autopilot {
    /// The project.
    pub project: String,
    /// The run that is the autopilot. Any other ends itself.
    pub run: RunId,
    /// Whether it is on.
    pub is_on: bool,
    /// Where stories land.
    pub branch: String,
    /// Within what.
    pub limits: AutopilotLimits,
    /// When it was set last, in milliseconds since 1970 UTC.
    pub set_at: u64,
    /// By whom.
    pub set_by: String,
}

/// Within what an autopilot works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutopilotLimits {
    /// Stories at work at the same time.
    pub stories: u32,
    /// How often a story is tried.
    pub tries: u32,
    /// What the project may spend a day before the autopilot waits; none for no limit.
    pub dollars: Option<Amount>,
    /// The hours in which stories are begun; none for always.
    pub hours: Option<Hours>,
    /// The name of the time zone of hours and days.
    pub zone: String,
}

/// The hours of a day, over midnight where the second is the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Minutes since midnight at which they begin.
    pub from: u16,
    /// Minutes since midnight at which they end.
    pub to: u16,
}

/// Keeps what operators said of autopilots.
#[async_trait]
pub trait Autopilots: Send + Sync {
    /// Every one, those that are off included.
    async fn autopilots(&self) -> Result<Vec<Autopilot>, StorageError>;
    /// That of a project.
    async fn autopilot(&self, project: &str) -> Result<Option<Autopilot>, StorageError>;
    /// Turns one on, or gives one that is on other limits. One that is on keeps its run unless that has ended, so that the
    /// same is answered to whoever turns it on at the same time.
    async fn turn_on(&self, wanted: &Autopilot, by: &Actor) -> Result<Autopilot, StorageError>;
    /// Turns it off; none where it was not on.
    async fn turn_off(&self, project: &str, by: &Actor) -> Result<Option<Autopilot>, StorageError>;
    /// Keys of the items for which a run below this one has an open question.
    async fn asking(&self, run: &RunId) -> Result<Vec<String>, StorageError>;
}

/// Whether this machine knows a time zone by this name.
pub fn has_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// The name of the time zone of this machine; UTC where it has none.
pub fn local_zone() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

impl AutopilotLimits {
    /// The time zone; UTC where this machine does not know the name any more.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether stories may be begun now, and when that changes next; never where there are no hours.
    pub fn is_open(&self, now: u64) -> (bool, Option<u64>) {
        let Some(hours) = self.hours.filter(|hours| hours.from != hours.to) else { return (true, None) };
        let local = local(now, &self.time_zone());
        let is_open = hours.hold(minute_of(local.time()));
        (is_open, next_at(&local, if is_open { hours.to } else { hours.from }))
    }

    /// When the local day began that it is now, and when the next one does.
    pub fn day(&self, now: u64) -> (u64, u64) {
        let local = local(now, &self.time_zone());
        let start = |day: &Zoned| day.start_of_day().ok().map(|start| milliseconds(&start));
        let tomorrow = local.checked_add(1.day()).ok();
        (start(&local).unwrap_or(now), tomorrow.as_ref().and_then(start).unwrap_or(u64::MAX))
    }
}

impl Hours {
    fn hold(self, minute: u16) -> bool {
        if self.from < self.to { (self.from..self.to).contains(&minute) } else { minute >= self.from || minute < self.to }
    }
}

/// `22:00-06:00`.
impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = |part: &str| {
            let (hour, minute) = part.split_once(':')?;
            let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            let (hour, minute): (u16, u16) = (hour.parse().ok().filter(|_| digits(hour))?, minute.parse().ok().filter(|_| digits(minute))?);
            (hour < 24 && minute < MINUTES_OF_AN_HOUR).then(|| hour * MINUTES_OF_AN_HOUR + minute)
        };
        let hours = text.split_once('-').and_then(|(from, to)| Some(Self { from: read(from.trim())?, to: read(to.trim())? }));
        let hours = hours.filter(|hours| hours.from != hours.to);
        let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
        hours.ok_or_else(|| format!("`{shown}` are not hours of a day. Write them such as 22:00-06:00."))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|minute| (minute / MINUTES_OF_AN_HOUR, minute % MINUTES_OF_AN_HOUR));
        write!(formatter, "{:02}:{:02}-{:02}:{:02}", from.0, from.1, to.0, to.1)
    }
}

/// The next time at which it is so many minutes after midnight. A time that a change of clocks leaves out comes as soon as
/// it can.
fn next_at(local: &Zoned, minute: u16) -> Option<u64> {
    let minute = minute.min(MINUTES_OF_A_DAY - 1);
    let [hour, minute] = [minute / MINUTES_OF_AN_HOUR, minute % MINUTES_OF_AN_HOUR].map(|part| i8::try_from(part).unwrap_or_default());
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let days = [Some(local.date()), local.date().tomorrow().ok()].into_iter().flatten();
    let times = days.filter_map(|day| day.to_datetime(time).to_zoned(local.time_zone().clone()).ok());
    times.filter(|at| at > local).map(|at| milliseconds(&at)).min()
}

fn minute_of(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * MINUTES_OF_AN_HOUR + u16::from(time.minute().unsigned_abs())
}

fn local(now: u64, zone: &TimeZone) -> Zoned {
    let now = i64::try_from(now).ok().and_then(|now| Timestamp::from_millisecond(now).ok());
    now.unwrap_or(Timestamp::MAX).to_zoned(zone.clone())
}

fn milliseconds(at: &Zoned) -> u64 {
    u64::try_from(at.timestamp().as_millisecond()).unwrap_or_default()
}

/// An operator turned the autopilot of a project on, or changed its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct AutopilotOn {
    /// The id of the project.
    pub(crate) project: String,
    /// Its run.
    pub(crate) run: RunId,
    /// The branch that stories land on.
    pub(crate) branch: String,
    /// Stories at once.
    pub(crate) stories: u32,
    /// Tries for a story.
    pub(crate) tries: u32,
    /// What may be spent in a day, in dollars.
    #[schema(value_type = Option<String>, example = "2.50")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) usd: Option<Amount>,
    /// The hours in which it begins stories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<String>,
    /// The time zone of the hours.
    #[serde(default)]
    pub(crate) zone: String,
}

/// An operator turned the autopilot of a project off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AutopilotTurnedOff)]
pub(crate) struct AutopilotOff {
    /// The id of the project.
    pub(crate) project: String,
    /// Its run.
    pub(crate) run: RunId,
}

events::payloads! {
    AutopilotOn => Audit "autopilot_on" Info,
    AutopilotOff => Audit "autopilot_off" Info,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    fn limits(hours: &str) -> AutopilotLimits {
        AutopilotLimits { stories: 2, tries: 3, dollars: None, hours: hours.parse().ok(), zone: "Europe/Berlin".to_owned() }
    }

    #[test]
    fn a_night_goes_over_midnight_in_local_time() {
        let night = limits("22:00-06:00");
        // 23:30 in Berlin.
        assert_eq!(night.is_open(at("2026-12-01T22:30:00Z")), (true, Some(at("2026-12-02T05:00:00Z"))));
        assert_eq!(night.is_open(at("2026-12-02T04:59:59Z")), (true, Some(at("2026-12-02T05:00:00Z"))));
        assert_eq!(night.is_open(at("2026-12-02T05:00:00Z")), (false, Some(at("2026-12-02T21:00:00Z"))));
        let day = limits("9:00-17:30");
        assert_eq!(day.is_open(at("2026-12-02T07:00:00Z")), (false, Some(at("2026-12-02T08:00:00Z"))));
        assert_eq!(day.is_open(at("2026-12-02T16:30:00Z")), (false, Some(at("2026-12-03T08:00:00Z"))));
        assert_eq!(limits("always").is_open(0), (true, None));
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_make_it() {
        let hour = 3_600_000;
        let length = |now: &str| {
            let (from, to) = limits("").day(at(now));
            assert!((from..to).contains(&at(now)), "{now}");
            (to - from) / hour
        };
        assert_eq!((length("2026-12-01T22:59:59Z"), length("2026-10-25T12:00:00Z"), length("2026-03-29T12:00:00Z")), (24, 25, 23));
        assert_eq!(limits("").day(at("2026-12-01T23:00:00Z")).0, at("2026-12-01T23:00:00Z"), "midnight in Berlin");
        // 02:30 does not exist on that day.
        let (is_open, next) = limits("2:30-5:00").is_open(at("2026-03-29T00:30:00Z"));
        assert!(!is_open && next.is_some_and(|next| (at("2026-03-29T01:00:00Z")..=at("2026-03-29T01:30:00Z")).contains(&next)), "{next:?}");
    }

    #[test]
    fn hours_are_read_as_they_are_shown() {
        for (text, shown) in [("22:00-06:00", "22:00-06:00"), ("9:05 - 17:00", "09:05-17:00"), ("00:00-23:59", "00:00-23:59")] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), shown);
        }
        for wrong in ["", "-", "22:00", "24:00-06:00", "22:60-06:00", "22-6", "06:00-06:00", "+1:00-02:00", "1:2:3-4:00", "\u{1b}-"] {
            assert!(wrong.parse::<Hours>().unwrap_err().contains("22:00-06:00"), "{wrong}");
        }
    }
}
