//! `baton project autopilot`: turns the autopilot of a project on and off, and shows what it does. Begins no story itself.

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    cli::{
        Context, budget,
        exit::{Exit, Misuse},
        figures,
        number::number,
        place::{ProjectArguments, ProjectFolder},
        screen::{FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    interfaces::{
        autopilot::{Autopilot as Row, AutopilotLimits, Hours},
        llm::money::Amount,
    },
    kernel::run::{Run, State},
    operations::{Access, Host, runs::RunState},
};

/// Where nothing was said before.
const STORIES: u32 = 2;
const TRIES: u32 = 3;
/// The key under which the run shows what it does.
const SHOWN: &str = "autopilot";

/// Have stories landed as they become ready
///
/// While `baton serve` runs, a project on autopilot has each ready story developed, reviewed and landed, within its limits.
/// Stories that an earlier sprint left are continued on their branch.
#[derive(Debug, Args)]
pub(in crate::cli) struct Autopilot {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    On(On),
    /// Turn the autopilot off and cancel what it has at work
    ///
    /// What was committed stays on the branches of the stories. The autopilot continues them when it is turned on again.
    Off,
    /// Show the limits of the autopilot, what it does and what it spent today
    Status,
}

/// Turn the autopilot on, or change its limits
///
/// What is not given stays as it was. Changes are used at once.
#[derive(Debug, Args)]
struct On {
    /// Stories at work at the same time [default: 2]
    #[arg(long, value_name = "N", value_parser = number(1..=16_u32, "give 1 to 16 stories"))]
    stories: Option<u32>,
    /// How often a story is tried before it is left [default: 3]
    #[arg(long, value_name = "N", value_parser = number(1..=20_u32, "give 1 to 20 tries"))]
    tries: Option<u32>,
    /// Dollars a day that all runs of the project may have spent when the autopilot asks a model, or `any` [default: any]
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    dollars: Option<String>,
    /// Hours in which stories are begun, such as 22:00-06:00, or `any` [default: any]
    #[arg(long, value_name = "FROM-TO")]
    hours: Option<String>,
    /// Time zone of the hours and of the day, such as Europe/Berlin [default: that of this machine]
    #[arg(long, value_name = "NAME")]
    zone: Option<String>,
    /// Branch in which stories land [default: the one that is checked out]
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
}

impl Autopilot {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::On(on) => self.on(context, on).await,
            Command::Off => self.off(context).await,
            Command::Status => self.status(context).await,
        }
    }

    async fn on(&self, context: &Context, on: &On) -> Result<Exit> {
        let choice = self.project.choice()?;
        let app = context.open_to_change().await?;
        let turned = async {
            let found = choice.open(&app).await?;
            let folder = found.folder()?.to_owned();
            let limits = on.limits(app.autopilots.autopilot(found.id()).await?.map(|before| before.limits))?;
            let made = app.turn_autopilot_on((found.id(), &folder), on.branch.clone(), limits, &app.config.operator).await?;
            View::load(&app, &found, Some(made)).await.map(|view| (view, found))
        };
        let turned = turned.await;
        let is_executed = !app.executes();
        app.close().await;
        let (view, found) = turned?;
        if context.screen.is_json() {
            context.screen.document(&view.document())?;
            return Ok(Exit::Done);
        }
        context.screen.tell(format!("{} The autopilot of {} is on: {}.", painted(GOOD, "✓"), view.name, view.limits()));
        if !is_executed {
            context.screen.tell(format!("  No host is running. `{}` executes it.", context.again("serve")));
        }
        context.screen.tell(format!("  `{}` shows what it does.", found.again(context, "project autopilot status")));
        Ok(Exit::Done)
    }

    async fn off(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice()?;
        let app = context.open_to_change().await?;
        let turned = async {
            let found = choice.find(&app).await?;
            let off = app.turn_autopilot_off(found.id(), false, &app.config.operator).await?;
            anyhow::Ok((found, off))
        };
        let turned = turned.await;
        app.close().await;
        let (found, off) = turned?;
        let name = text::escaped(found.project.shown());
        if context.screen.is_json() {
            context
                .screen
                .document(&json!({ "project": found.id(), "on": false, "was-on": off.is_some(), "run": off.map(|off| off.run) }))?;
        } else if let Some(off) = off {
            let run = text::short(&off.run);
            context
                .screen
                .tell(format!("{} The autopilot of {name} is off. Run {run} ends, with what it has at work.", painted(GOOD, "✓")));
        } else {
            context.screen.tell(format!("The autopilot of {name} was not on."));
        }
        Ok(Exit::Done)
    }

    async fn status(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice()?;
        let app = context.open(Access::Look).await?;
        let found = choice.find(&app).await?;
        let row = app.autopilots.autopilot(found.id()).await?;
        let view = View::load(&app, &found, row).await?;
        if context.screen.is_json() {
            context.screen.document(&view.document())?;
        } else {
            context.screen.answer(view.lines().join("\n"))?;
        }
        Ok(Exit::Done)
    }
}

impl On {
    /// The limits as they are to be: what is said over what was.
    fn limits(&self, before: Option<AutopilotLimits>) -> Result<AutopilotLimits, Misuse> {
        let zone = match &self.zone {
            Some(name) if TimeZone::get(name).is_ok() => Some(name.clone()),
            Some(name) => {
                let shown = text::excerpt(&text::escaped(name), 60);
                return Err(Misuse(format!("`{shown}` is not a time zone that this machine knows. Give a name such as Europe/Berlin.")));
            }
            None => None,
        };
        let here = || TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
        let before = before.unwrap_or_else(|| AutopilotLimits { stories: STORIES, tries: TRIES, dollars: None, hours: None, zone: here() });
        let dollars = match self.dollars.as_deref() {
            None => before.dollars,
            Some("any") => None,
            Some(dollars) => Some(budget::amount(dollars)?),
        };
        let hours = match self.hours.as_deref() {
            None => before.hours,
            Some("any") => None,
            Some(hours) => Some(hours.parse::<Hours>().map_err(Misuse)?),
        };
        Ok(AutopilotLimits {
            stories: self.stories.unwrap_or(before.stories),
            tries: self.tries.unwrap_or(before.tries),
            dollars,
            hours,
            zone: zone.unwrap_or(before.zone),
        })
    }
}

/// What is shown of an autopilot.
struct View {
    project: String,
    name: String,
    /// None where it was never on.
    row: Option<Row>,
    run: Option<Run>,
    /// The project is paused, and the run with it.
    is_held: bool,
    /// What the run says of itself.
    shown: Value,
    spent: Amount,
    now: u64,
}

impl View {
    async fn load(app: &Host, found: &ProjectFolder, row: Option<Row>) -> Result<Self> {
        let now = app.kernel.now();
        let run = match &row {
            Some(row) => app.kernel.runs().find(&row.run).await?,
            None => None,
        };
        let is_held = match &run {
            Some(run) => app.kernel.held_by(run).await?.is_some(),
            None => false,
        };
        let shown = match &run {
            Some(run) => app.kernel.published().published(&run.id).await?,
            None => Vec::new(),
        };
        let shown = shown.into_iter().find(|shown| shown.key == SHOWN).map(|shown| shown.value).unwrap_or_default();
        let since = row.as_ref().map_or(now, |row| row.limits.day(now).0);
        let spent = app.budgets.spent_since(found.id(), since).await?;
        Ok(Self { project: found.id().to_owned(), name: text::escaped(found.project.shown()), row, run, is_held, shown, spent, now })
    }

    fn is_on(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.is_on)
    }

    /// A time as people read it, in the zone of the limits.
    fn moment(&self, at: u64) -> String {
        let zone = self.row.as_ref().map_or_else(TimeZone::system, |row| row.limits.time_zone());
        figures::moment(at, &zone)
    }

    fn limits(&self) -> String {
        let Some(AutopilotLimits { stories, tries, dollars, hours, zone }) = self.row.as_ref().map(|row| &row.limits) else {
            return "without limits".to_owned();
        };
        let dollars = dollars.map_or_else(|| "any amount a day".to_owned(), |dollars| format!("${dollars} a day"));
        let hours = hours.map_or_else(|| "at any hour".to_owned(), |hours| hours.to_string());
        let stories = figures::counted((*stories).into(), "story", "stories");
        let tries = figures::counted((*tries).into(), "try", "tries");
        format!("{stories} at work, {tries} a story, {dollars}, {hours} ({})", text::escaped(zone))
    }

    /// What it does now, in words.
    fn state(&self) -> String {
        let stories = self.shown["stories"].as_array().cloned().unwrap_or_default();
        let stories: Vec<_> = stories.iter().filter_map(Value::as_str).map(text::escaped).collect();
        let until = self.shown["until_ms"].as_u64().map(|until| format!(" until {}", self.moment(until))).unwrap_or_default();
        match (&self.run, self.shown["state"].as_str().unwrap_or_default()) {
            _ if !self.is_on() => "off".to_owned(),
            _ if self.is_held => "on, and paused with its project".to_owned(),
            (None, _) => "on, and not started yet".to_owned(),
            (Some(Run { state: state @ (State::Paused { .. } | State::Failed { .. }), .. }), _) => {
                let state = RunState::from(state.clone());
                format!("{}: {}", state.as_str(), state.reason().map(text::line).unwrap_or_default())
            }
            (_, "outside-hours") => format!("on, begins no story outside its hours{until}"),
            (_, "day-spent") => format!("on, begins no story{until}: the day's dollars are spent"),
            (_, "waiting") => "on, and waits for you".to_owned(),
            (_, "idle") => "on, and no story is ready".to_owned(),
            _ if stories.is_empty() => "on".to_owned(),
            _ => format!("on, at work on {}", stories.join(", ")),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut facts = vec![("State", self.state())];
        if let Some(row) = &self.row {
            facts.push(("Limits", self.limits()));
            facts.push(("Branch", text::escaped(&row.branch)));
            let share = row.limits.dollars.map(|dollars| format!(" of ${dollars}{}", share(self.spent, dollars))).unwrap_or_default();
            facts.push(("Today", format!("${}{share}", self.spent)));
            facts.push(("Run", text::short(&row.run)));
        }
        facts.extend(self.shown["reason"].as_str().filter(|_| self.is_on()).map(|reason| ("Waits", painted(WARNING, text::line(reason)))));
        let heading = painted(STRONG, &self.name);
        [heading]
            .into_iter()
            .chain(facts.into_iter().map(|(name, value)| format!("  {} {value}", painted(FAINT, format!("{name:<8}")))))
            .collect()
    }

    fn document(&self) -> Value {
        let mut document = json!({ "project": self.project, "name": self.name, "on": self.is_on(), "spent-today-usd": self.spent });
        let Some(Row { run, branch, limits, set_at, set_by, .. }) = &self.row else { return document };
        let (is_open, changes_at) = limits.is_open(self.now);
        let (day_began, day_ends) = limits.day(self.now);
        let more = json!({
            "run": run,
            "run-state": self.run.as_ref().map(|run| run.state.as_str()),
            "branch": branch,
            "stories": limits.stories,
            "tries": limits.tries,
            "day-usd": limits.dollars,
            "hours": limits.hours.map(|hours| hours.to_string()),
            "zone": limits.zone,
            "is-open": is_open,
            "changes-at": changes_at.map(figures::stamp),
            "day-began-at": figures::stamp(day_began),
            "day-ends-at": figures::stamp(day_ends),
            "set-at": figures::stamp(*set_at),
            "set-by": set_by,
            "is-paused": self.is_held,
            "does": self.shown["state"],
            "at-work": self.shown["stories"],
            "waits-for": self.shown["reason"],
        });
        if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
            document.extend(more);
        }
        document
    }
}

/// `, 32 %` of a limit.
pub(in crate::cli) fn share(part: Amount, whole: Amount) -> String {
    let share = figures::share(part.as_billionths(), whole.as_billionths());
    if share.is_empty() { share } else { format!(", {share}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> On {
        On { stories: None, tries: None, dollars: None, hours: None, zone: None, branch: None }
    }

    #[test]
    fn what_is_not_said_stays_as_it_was() {
        let first =
            On { dollars: Some("20".to_owned()), hours: Some("22:00-06:00".to_owned()), zone: Some("Europe/Berlin".to_owned()), ..on() };
        let limits = first.limits(None).unwrap();
        assert_eq!((limits.stories, limits.tries, limits.dollars.map(|dollars| dollars.dollars())), (2, 3, Some(20.0)));
        let changed = On { stories: Some(5), hours: Some("any".to_owned()), ..on() }.limits(Some(limits)).unwrap();
        assert_eq!((changed.stories, changed.hours, &*changed.zone), (5, None, "Europe/Berlin"));
        assert!(
            changed.dollars.is_some() && On { dollars: Some("any".to_owned()), ..on() }.limits(Some(changed)).unwrap().dollars.is_none()
        );
    }

    #[test]
    fn what_is_no_limit_is_told_with_what_is() {
        let refused = |on: On| on.limits(None).unwrap_err().to_string();
        assert!(refused(On { dollars: Some("-1".to_owned()), ..on() }).contains("not a valid dollar amount"));
        assert!(refused(On { hours: Some("at night".to_owned()), ..on() }).contains("22:00-06:00"));
        assert!(refused(On { zone: Some("Atlantis/Here\u{1b}".to_owned()), ..on() }).contains("Europe/Berlin"));
    }
}
