//! `baton project autopilot`: turns the autopilot of a project on and off, and shows what it does. Begins no story itself.

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use crate::{
    cli::{
        Context, budget,
        client::{self, Client},
        exit::Exit,
        figures,
        number::number,
        place::ProjectArguments,
        screen::{FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access, Dollars, Problem,
        autopilot::{self, AutopilotActivity, AutopilotPhase, AutopilotSettings, LimitChange, TurnAutopilotOn},
        projects::ProjectRef,
    },
};

/// What stands for no limit.
const ANY: &str = "any";

/// Manage the autopilot, which develops and lands stories as they become ready
///
/// While `baton serve` runs, the autopilot has each ready story of its project developed, reviewed and landed, within its
/// limits. It continues stories that an earlier sprint left unfinished on their branches.
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
    /// Turn the autopilot off and cancel its runs
    ///
    /// Commits stay on the branches of the stories. The autopilot continues the stories when you turn it on again.
    Off,
    /// Show the limits of the autopilot, its current work and what it spent today
    Status,
}

/// Turn the autopilot on, or change its limits
///
/// Options that you omit keep their value. Changes take effect immediately.
#[derive(Debug, Args)]
struct On {
    /// Number of stories to work on in parallel [default: 2]
    #[arg(long, value_name = "N", value_parser = number(1..=16_u32, "give 1 to 16 stories"))]
    stories: Option<u32>,
    /// Number of attempts before the autopilot skips a story [default: 3]
    #[arg(long, value_name = "N", value_parser = number(1..=20_u32, "give 1 to 20 tries"))]
    tries: Option<u32>,
    /// Dollars per day that all runs of the project may spend before the autopilot stops calling models, or `any` [default:
    /// any]
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    dollars: Option<String>,
    /// Hours in which the autopilot starts stories, such as 22:00-06:00, or `any` [default: any]
    #[arg(long, value_name = "FROM-TO")]
    hours: Option<String>,
    /// Time zone of the hours and of the day, such as Europe/Berlin [default: the time zone of this machine]
    #[arg(long, value_name = "NAME")]
    zone: Option<String>,
    /// Branch on which stories land [default: the branch that is checked out]
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
        let choice = self.project.choice_for(context)?;
        let request = on.request(choice.reference())?;
        let client = context.connect_to_change().await?;
        let view = client::autopilots::turn_on(&client, &request).await;
        let is_served = !matches!(&client, Client::Here(host) if host.executes());
        client.close().await;
        let view = view?;
        if context.screen.is_json() {
            context.screen.document(&view)?;
            return Ok(Exit::Done);
        }
        let (name, limits) = (text::escaped(&view.name), limits(view.settings.as_ref()));
        context.screen.tell(format!("{} The autopilot of {name} is on: {limits}.", painted(GOOD, "✓")));
        if !is_served {
            context.screen.tell(format!("  No host is running. `{}` executes it.", context.again("serve")));
        }
        context.screen.tell(format!("  `{}` shows what it does.", choice.again(context, "project autopilot status")));
        Ok(Exit::Done)
    }

    async fn off(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice_for(context)?;
        let client = context.connect_to_change().await?;
        let off = client::autopilots::turn_off(&client, &choice.reference()).await;
        client.close().await;
        let off = off?;
        let name = text::escaped(&off.name);
        if context.screen.is_json() {
            context.screen.document(&off)?;
        } else if let Some(run) = &off.run {
            let run = text::short(run);
            context
                .screen
                .tell(format!("{} The autopilot of {name} is off. Run {run} ends, with what it has at work.", painted(GOOD, "✓")));
        } else {
            context.screen.tell(format!("The autopilot of {name} was not on."));
        }
        Ok(Exit::Done)
    }

    async fn status(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let view = client::autopilots::show(&client, &self.project.choice_for(context)?.reference()).await?;
        if context.screen.is_json() {
            context.screen.document(&view)?;
        } else {
            context.screen.answer(lines(&view).join("\n"))?;
        }
        Ok(Exit::Done)
    }
}

impl On {
    fn request(&self, project: ProjectRef) -> Result<TurnAutopilotOn, Problem> {
        Ok(TurnAutopilotOn {
            project,
            stories: self.stories,
            tries: self.tries,
            day_usd: match self.dollars.as_deref() {
                None => LimitChange::Keep,
                Some(ANY) => LimitChange::Remove,
                Some(dollars) => LimitChange::Set(Dollars(budget::amount("dollars", dollars)?)),
            },
            hours: match self.hours.as_deref() {
                None => LimitChange::Keep,
                Some(ANY) => LimitChange::Remove,
                Some(hours) => LimitChange::Set(hours.to_owned()),
            },
            zone: self.zone.clone(),
            branch: self.branch.clone(),
        })
    }
}

fn limits(settings: Option<&AutopilotSettings>) -> String {
    let Some(AutopilotSettings { stories, tries, day_usd, hours, zone, .. }) = settings else { return "without limits".to_owned() };
    let dollars = day_usd.map_or_else(|| "any amount a day".to_owned(), |dollars| format!("${dollars} a day"));
    let hours = hours.as_deref().map_or_else(|| "at any hour".to_owned(), text::escaped);
    let stories = figures::counted((*stories).into(), "story", "stories");
    let tries = figures::counted((*tries).into(), "try", "tries");
    format!("{stories} at work, {tries} a story, {dollars}, {hours} ({})", text::escaped(zone))
}

/// What it does now.
fn state(view: &autopilot::Autopilot) -> String {
    if !view.on {
        return "off".to_owned();
    }
    let Some(activity) = &view.activity else { return "on, and not started yet".to_owned() };
    if activity.is_held {
        return "on, and paused with its project".to_owned();
    }
    if let Some(reason) = &activity.reason {
        return format!("{}: {}", text::escaped(&activity.run_state), text::line(reason));
    }
    let until = activity.until.map(|until| format!(" until {}", moment(until.0, view.settings.as_ref()))).unwrap_or_default();
    match activity.phase {
        Some(AutopilotPhase::OutsideHours) => format!("on, begins no story outside its hours{until}"),
        Some(AutopilotPhase::DaySpent) => format!("on, begins no story{until}: the day's dollars are spent"),
        Some(AutopilotPhase::Waiting) => "on, and waits for you".to_owned(),
        Some(AutopilotPhase::Idle) => "on, and no story is ready".to_owned(),
        Some(AutopilotPhase::Working) | None => at_work(activity),
    }
}

fn at_work(activity: &AutopilotActivity) -> String {
    let stories: Vec<_> = activity.at_work.iter().map(|key| text::escaped(key)).collect();
    if stories.is_empty() { "on".to_owned() } else { format!("on, at work on {}", stories.join(", ")) }
}

/// A time in the zone of the limits.
fn moment(at: u64, settings: Option<&AutopilotSettings>) -> String {
    let zone = settings.and_then(|settings| TimeZone::get(&settings.zone).ok()).unwrap_or_else(TimeZone::system);
    figures::moment(at, &zone)
}

fn lines(view: &autopilot::Autopilot) -> Vec<String> {
    let mut facts = vec![("State", state(view))];
    if let Some(settings) = &view.settings {
        facts.push(("Limits", limits(Some(settings))));
        facts.push(("Branch", text::escaped(&settings.branch)));
        let spent = view.spent_today_usd;
        let share = settings.day_usd.map(|dollars| format!(" of ${dollars}{}", share(spent, dollars))).unwrap_or_default();
        facts.push(("Today", format!("${spent}{share}")));
        facts.push(("Run", text::short(&settings.run)));
    }
    let waits_for = view.activity.as_ref().filter(|_| view.on).and_then(|activity| activity.waits_for.as_deref());
    facts.extend(waits_for.map(|reason| ("Waits", painted(WARNING, text::line(reason)))));
    let heading = painted(STRONG, text::escaped(&view.name));
    [heading]
        .into_iter()
        .chain(facts.into_iter().map(|(name, value)| format!("  {} {value}", painted(FAINT, format!("{name:<8}")))))
        .collect()
}

/// `, 32 %` of a limit.
pub(in crate::cli) fn share(part: Dollars, whole: Dollars) -> String {
    let share = figures::share(part.billionths(), whole.billionths());
    if share.is_empty() { share } else { format!(", {share}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{Moment, autopilot::RunId};

    fn view(on: bool, activity: Option<AutopilotActivity>) -> autopilot::Autopilot {
        let settings = AutopilotSettings {
            run: RunId::from_text("the-run-12345678"),
            branch: "main".to_owned(),
            stories: 1,
            tries: 3,
            day_usd: Some(Dollars("20".parse().unwrap())),
            hours: None,
            zone: "UTC".to_owned(),
            is_open: true,
            changes_at: None,
            day_began_at: Moment(0),
            day_ends_at: Moment(86_400_000),
            set_at: Moment(0),
            set_by: "ada".to_owned(),
        };
        let spent_today_usd = Dollars("5".parse().unwrap());
        autopilot::Autopilot { project: "p".to_owned(), name: "shop".to_owned(), on, spent_today_usd, settings: Some(settings), activity }
    }

    fn active(phase: Option<AutopilotPhase>) -> AutopilotActivity {
        AutopilotActivity {
            run_state: "waiting".to_owned(),
            reason: None,
            is_held: false,
            phase,
            until: Some(Moment(3_600_000)),
            at_work: vec!["s-1".to_owned()],
            waits_for: None,
        }
    }

    #[test]
    fn what_it_does_is_told_in_words() {
        assert_eq!(state(&view(false, Some(active(None)))), "off");
        assert_eq!(state(&view(true, None)), "on, and not started yet");
        assert_eq!(state(&view(true, Some(active(None)))), "on, at work on s-1");
        let hours = state(&view(true, Some(active(Some(AutopilotPhase::OutsideHours)))));
        assert_eq!(hours, "on, begins no story outside its hours until 1970-01-01 01:00:00");
        let paused = AutopilotActivity { run_state: "paused".to_owned(), reason: Some("Decide.".to_owned()), ..active(None) };
        assert_eq!(state(&view(true, Some(paused.clone()))), "paused: Decide.");
        assert_eq!(state(&view(true, Some(AutopilotActivity { is_held: true, ..paused }))), "on, and paused with its project");
    }

    #[test]
    fn limits_are_shown_with_what_was_spent_of_them() {
        let shown = anstream::adapter::strip_str(&lines(&view(true, None)).join("\n")).to_string();
        assert!(shown.contains("1 story at work, 3 tries a story, $20.00 a day, at any hour (UTC)"), "{shown}");
        assert!(shown.contains("$5.00 of $20.00, 25 %"), "{shown}");
    }

    #[test]
    fn any_is_no_limit_and_an_amount_is_checked() {
        let on = |dollars: &str| On {
            stories: None,
            tries: None,
            dollars: Some(dollars.to_owned()),
            hours: Some(ANY.to_owned()),
            zone: None,
            branch: None,
        };
        let request = |dollars: &str| on(dollars).request(ProjectRef::Name("shop".to_owned()));
        let removed = request(ANY).unwrap();
        assert_eq!((removed.day_usd, removed.hours), (LimitChange::Remove, LimitChange::Remove));
        assert!(request("-1").unwrap_err().to_string().contains("not a valid dollar amount"));
    }
}
