//! The autopilot of a project: turned on and off, with its limits, and what it does now. Begins no story itself.

use baton_slots::autopilot::{PUBLISHED, Published};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{
    Dollars, Host, Moment, Problem,
    projects::{ProjectLocation, ProjectRef},
};
use crate::{
    actor::Actor,
    interfaces::autopilot::{self, AutopilotLimits, Hours, has_zone, local_zone},
    kernel::{KernelError, run::State},
};

pub use crate::journal::RunId;

/// The limits of a first time.
const STORIES: u32 = 2;
const TRIES: u32 = 3;
const MOST_STORIES: u32 = 16;
const MOST_TRIES: u32 = 20;

/// The autopilot of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Autopilot {
    /// The id of the project.
    pub project: String,
    /// The name of the project.
    pub name: String,
    /// Whether it is on.
    pub on: bool,
    /// What all runs of the project spent since the day began.
    pub spent_today_usd: Dollars,
    /// How it is set; absent where it was never on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<AutopilotSettings>,
    /// What its run does now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<AutopilotActivity>,
}

/// How an autopilot is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AutopilotSettings {
    /// The run that is the autopilot.
    pub run: RunId,
    /// Where stories land.
    pub branch: String,
    /// Stories at work at the same time.
    pub stories: u32,
    /// How often a story is tried.
    pub tries: u32,
    /// What all runs of the project may spend a day; absent for any amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_usd: Option<Dollars>,
    /// The hours in which stories are begun, such as `22:00-06:00`; absent for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// The time zone of the hours and of the day.
    pub zone: String,
    /// Whether stories may be begun at this hour.
    pub is_open: bool,
    /// When that changes next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<Moment>,
    /// When the day began.
    pub day_began_at: Moment,
    /// When it ends.
    pub day_ends_at: Moment,
    /// When it was set.
    pub set_at: Moment,
    /// The name of who set it.
    pub set_by: String,
}

/// What the run of an autopilot does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AutopilotActivity {
    /// The state of its run, such as `waiting`.
    pub run_state: String,
    /// Why its run is paused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The project is paused, and the run with it.
    pub is_held: bool,
    /// What it publishes of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<AutopilotPhase>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// The keys of the stories at work.
    pub at_work: Vec<String>,
    /// What it waits for that a person changes, a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// What an autopilot is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutopilotPhase {
    /// Stories are at work.
    Working,
    /// No story is ready.
    Idle,
    /// No story is begun outside of its hours.
    OutsideHours,
    /// What may be spent in a day is spent.
    DaySpent,
    /// A person has to change something.
    Waiting,
}

/// An autopilot that was turned off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AutopilotOff {
    /// The id of the project.
    pub project: String,
    /// The name of the project.
    pub name: String,
    /// Whether it was on.
    pub was_on: bool,
    /// Its run, which ends with what it has at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// An autopilot to turn on, or other limits for one that is on. What is not given stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnAutopilotOn {
    /// Whose autopilot.
    pub project: ProjectRef,
    /// Stories at work at the same time, 1 to 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stories: Option<u32>,
    /// How often a story is tried, 1 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// What all runs of the project may spend a day.
    #[serde(default)]
    pub day_usd: LimitChange<Dollars>,
    /// The hours in which stories are begun, such as `22:00-06:00`.
    #[serde(default)]
    pub hours: LimitChange<String>,
    /// The time zone of the hours and of the day, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where stories land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// What becomes of a limit that may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitChange<T> {
    /// It stays as it was.
    #[default]
    Keep,
    /// There is no limit any more.
    Remove,
    /// This one.
    Set(T),
}

/// Turns the autopilot of a project on, or gives one that is on other limits.
pub async fn turn_on(host: &Host, actor: &Actor, request: &TurnAutopilotOn) -> Result<Autopilot, Problem> {
    request.check()?;
    let place = request.project.open(host, actor).await?;
    let folder = place.folder()?.to_owned();
    let before = host.app.autopilots.autopilot(place.id()).await?.map(|before| before.limits);
    let limits = request.limits(before)?;
    let row = host.app.turn_autopilot_on((place.id(), &folder), request.branch.clone(), limits, actor).await?;
    view(host, &place, Some(row)).await
}

/// Turns the autopilot of a project off, and cancels what it has at work.
pub async fn turn_off(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<AutopilotOff, Problem> {
    let place = project.find(host).await?;
    let off = host.app.turn_autopilot_off(place.id(), false, actor).await?;
    let (project, name) = (place.id().to_owned(), place.name().to_owned());
    Ok(AutopilotOff { project, name, was_on: off.is_some(), run: off.map(|off| off.run) })
}

/// The limits of the autopilot of a project, what it does and what was spent today.
pub async fn show(host: &Host, project: &ProjectRef) -> Result<Autopilot, Problem> {
    let place = project.find(host).await?;
    let row = host.app.autopilots.autopilot(place.id()).await?;
    view(host, &place, row).await
}

async fn view(host: &Host, place: &ProjectLocation, row: Option<autopilot::Autopilot>) -> Result<Autopilot, Problem> {
    let now = host.app.kernel.now();
    let since = row.as_ref().map_or(now, |row| row.limits.day(now).0);
    let activity = match &row {
        Some(row) => activity(host, &row.run).await?,
        None => None,
    };
    Ok(Autopilot {
        project: place.id().to_owned(),
        name: place.name().to_owned(),
        on: row.as_ref().is_some_and(|row| row.is_on),
        spent_today_usd: Dollars(host.app.budgets.spent_since(place.id(), since).await?),
        settings: row.map(|row| AutopilotSettings::at(row, now)),
        activity,
    })
}

/// What the run of an autopilot does; none where it has not started.
pub(super) async fn activity(host: &Host, run: &RunId) -> Result<Option<AutopilotActivity>, Problem> {
    let Some(run) = host.app.kernel.runs().find(run).await.map_err(KernelError::from)? else { return Ok(None) };
    let published = host.app.kernel.published().published(&run.id).await?;
    let published = published.into_iter().find(|shown| shown.key == PUBLISHED);
    let published: Option<Published> = published.and_then(|shown| serde_json::from_value(shown.value).ok());
    let Published { state, stories, until_ms, reason: waits_for } = published.unwrap_or_default();
    let reason = match &run.state {
        State::Paused { pause } => Some(pause.reason.clone()),
        State::Failed { error } => Some(error.text.clone()),
        _ => None,
    };
    Ok(Some(AutopilotActivity {
        run_state: run.state.as_str().to_owned(),
        reason,
        is_held: host.app.kernel.held_by(&run.project).await?.is_some(),
        phase: AutopilotPhase::of_word(&state),
        until: until_ms.map(Moment),
        at_work: stories,
        waits_for,
    }))
}

impl AutopilotPhase {
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "working" => Self::Working,
            "idle" => Self::Idle,
            "outside-hours" => Self::OutsideHours,
            "day-spent" => Self::DaySpent,
            "waiting" => Self::Waiting,
            _ => return None,
        })
    }
}

impl AutopilotSettings {
    fn at(row: autopilot::Autopilot, now: u64) -> Self {
        let autopilot::Autopilot { run, branch, limits, set_at, set_by, .. } = row;
        let (is_open, changes_at) = limits.is_open(now);
        let (day_began, day_ends) = limits.day(now);
        Self {
            run,
            branch,
            stories: limits.stories,
            tries: limits.tries,
            day_usd: limits.dollars.map(Dollars),
            hours: limits.hours.map(|hours| hours.to_string()),
            zone: limits.zone,
            is_open,
            changes_at: changes_at.map(Moment),
            day_began_at: Moment(day_began),
            day_ends_at: Moment(day_ends),
            set_at: Moment(set_at),
            set_by,
        }
    }
}

impl TurnAutopilotOn {
    fn check(&self) -> Result<(), Problem> {
        if self.stories.is_some_and(|stories| !(1..=MOST_STORIES).contains(&stories)) {
            return Err(Problem::invalid(
                "autopilot_limit_invalid",
                "stories",
                format!("The stories at work have to be from 1 to {MOST_STORIES}."),
            ));
        }
        if self.tries.is_some_and(|tries| !(1..=MOST_TRIES).contains(&tries)) {
            return Err(Problem::invalid(
                "autopilot_limit_invalid",
                "tries",
                format!("The tries of a story have to be from 1 to {MOST_TRIES}."),
            ));
        }
        match &self.zone {
            Some(zone) if !has_zone(zone) => {
                let shown: String = zone.chars().take(60).flat_map(char::escape_debug).collect();
                let message = format!("`{shown}` is not a time zone that this machine knows.");
                Err(Problem::invalid("zone_invalid", "zone", message).advise("Give a name such as Europe/Berlin."))
            }
            _ => Ok(()),
        }
    }

    /// The limits as they are to be: what is given over what was.
    fn limits(&self, before: Option<AutopilotLimits>) -> Result<AutopilotLimits, Problem> {
        let first = || AutopilotLimits { stories: STORIES, tries: TRIES, dollars: None, hours: None, zone: local_zone() };
        let before = before.unwrap_or_else(first);
        let hours = match &self.hours {
            LimitChange::Keep => before.hours,
            LimitChange::Remove => None,
            LimitChange::Set(hours) => Some(hours.parse::<Hours>().map_err(|message| Problem::invalid("hours_invalid", "hours", message))?),
        };
        Ok(AutopilotLimits {
            stories: self.stories.unwrap_or(before.stories),
            tries: self.tries.unwrap_or(before.tries),
            dollars: match self.day_usd {
                LimitChange::Keep => before.dollars,
                LimitChange::Remove => None,
                LimitChange::Set(dollars) => Some(dollars.0),
            },
            hours,
            zone: self.zone.clone().unwrap_or(before.zone),
        })
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Autopilot, AutopilotOff)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> TurnAutopilotOn {
        TurnAutopilotOn {
            project: ProjectRef::Name("shop".to_owned()),
            stories: None,
            tries: None,
            day_usd: LimitChange::Keep,
            hours: LimitChange::Keep,
            zone: None,
            branch: None,
        }
    }

    #[test]
    fn what_is_not_given_stays_as_it_was() {
        let dollars = LimitChange::Set(Dollars("20".parse().unwrap()));
        let (hours, zone) = (LimitChange::Set("22:00-06:00".to_owned()), Some("Europe/Berlin".to_owned()));
        let limits = TurnAutopilotOn { day_usd: dollars, hours, zone, ..on() }.limits(None).unwrap();
        assert_eq!((limits.stories, limits.tries, limits.dollars.map(|dollars| dollars.dollars())), (2, 3, Some(20.0)));
        let changed = TurnAutopilotOn { stories: Some(5), hours: LimitChange::Remove, ..on() }.limits(Some(limits)).unwrap();
        assert_eq!((changed.stories, changed.hours, &*changed.zone), (5, None, "Europe/Berlin"));
        let without = TurnAutopilotOn { day_usd: LimitChange::Remove, ..on() }.limits(Some(changed.clone())).unwrap();
        assert!(changed.dollars.is_some() && without.dollars.is_none());
    }

    #[test]
    fn what_is_not_a_limit_is_rejected_with_its_field() {
        let field = |request: TurnAutopilotOn| request.check().and_then(|()| request.limits(None)).unwrap_err().field.unwrap();
        assert_eq!(field(TurnAutopilotOn { hours: LimitChange::Set("at night".to_owned()), ..on() }), "hours");
        assert_eq!(field(TurnAutopilotOn { zone: Some("Mars/\u{1b}".to_owned()), ..on() }), "zone");
        assert_eq!(field(TurnAutopilotOn { stories: Some(17), ..on() }), "stories");
        assert_eq!(field(TurnAutopilotOn { tries: Some(0), ..on() }), "tries");
    }

    #[test]
    fn an_unknown_phase_is_left_out() {
        assert_eq!(AutopilotPhase::of_word("day-spent"), Some(AutopilotPhase::DaySpent));
        assert_eq!(AutopilotPhase::of_word("dancing"), None);
    }
}
