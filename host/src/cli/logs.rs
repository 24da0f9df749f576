//! `baton logs`: what happened, from the log of events. Changes nothing.

use std::time::Duration;

use anyhow::Result;
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{
    Context,
    client::{self, Client},
    drive::presses,
    exit::Exit,
    figures,
    number::number,
    screen::{BAD, FAINT, WARNING, painted},
    since, text,
};
use crate::operations::{
    Access, Moment,
    events::{Category, Event, EventLevel, ListEvents},
};

/// How often is looked for more while the log is followed.
const LOOK: Duration = Duration::from_millis(250);
/// The same on a server, which limits the requests of a user.
const LOOK_THERE: Duration = Duration::from_secs(2);
/// How much is shown at once.
const MOST_AT_ONCE: u32 = 1_000;

/// Show events of runs, agents, tools and models, decisions, and plugin messages
///
/// Without --since, the command shows the most recent events, the newest last.
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// Show new events as they happen, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Show only events of this project, by its name or id
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Show only events of this run and its child runs: run id, or a unique prefix or suffix
    #[arg(long)]
    run: Option<String>,
    /// Show only this category
    #[arg(long, value_parser = categories())]
    category: Option<Category>,
    /// Show events of this level or higher
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// Show only events from this time on: a time such as 22:00 or 2026-01-31, `yesterday`, or an age such as 90m or 2d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most N entries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = number(1..=1_000_000_u32, "give a number from 1 to 1000000"))]
    limit: u32,
}

/// The levels, as they are typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

fn categories() -> impl TypedValueParser<Value = Category> {
    let words = PossibleValuesParser::new(Category::ALL.map(Category::as_str));
    words.try_map(|word| Category::from_word(&word).ok_or("is not a category"))
}

impl Logs {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = self.request()?;
        let client = context.connect(Access::Look).await?;
        let page = client::events::list(&client, &request).await?;
        if !self.follow && context.screen.is_json() {
            context.screen.document(&page)?;
            return Ok(Exit::Done);
        }
        if page.items.is_empty() && !self.follow {
            context.screen.tell("Nothing of that kind has happened.");
        }
        show(context, &page.items)?;
        if self.follow { follow(context, &client, &request, page.next).await } else { Ok(Exit::Done) }
    }

    fn request(&self) -> Result<ListEvents> {
        let since = self.since.as_ref().map(|since| since::read(since, figures::now(), &TimeZone::system())).transpose()?;
        Ok(ListEvents {
            project: self.project.clone(),
            run: self.run.clone(),
            category: self.category,
            level: self.level.map(EventLevel::from),
            since: since.map(Moment),
            cursor: None,
            limit: self.limit,
        })
    }
}

/// Shows what comes behind `cursor`, until Ctrl-C.
async fn follow(context: &Context, client: &Client, request: &ListEvents, mut cursor: Option<String>) -> Result<Exit> {
    let look = if matches!(client, Client::Here(_)) { LOOK } else { LOOK_THERE };
    let mut presses = presses();
    loop {
        let next = ListEvents { cursor, since: None, limit: MOST_AT_ONCE, ..request.clone() };
        let later = async {
            tokio::time::sleep(look).await;
            client::events::list(client, &next).await
        };
        let page = tokio::select! {
            Some(()) = presses.recv() => return Ok(Exit::Done),
            page = later => page?,
        };
        show(context, &page.items)?;
        cursor = page.next;
    }
}

fn show(context: &Context, events: &[Event]) -> Result<()> {
    for event in events {
        if context.screen.is_json() {
            context.screen.line(event)?;
        } else {
            context.screen.answer(line(event, &TimeZone::system()))?;
        }
    }
    Ok(())
}

/// An event in one line. What a plugin wrote is escaped, so that it cannot pass for words of Baton.
fn line(event: &Event, zone: &TimeZone) -> String {
    let mut parts = vec![painted(FAINT, figures::moment(event.at.0, zone))];
    let what = format!("{}.{}", event.category.as_str(), text::escaped(&event.name));
    parts.push(match event.level {
        EventLevel::Error => painted(BAD, what),
        EventLevel::Warn => painted(WARNING, what),
        EventLevel::Info | EventLevel::Debug => what,
    });
    parts.extend(event.run.as_ref().map(|run| format!("run {}", text::short(run))));
    parts.extend(event.actor.as_ref().map(|actor| format!("by {}", text::escaped(&actor.name))));
    parts.extend(Some(particulars(&event.data)).filter(|particulars| !particulars.is_empty()));
    parts.join("  ")
}

/// What a plugin said, or the values that are no list and no table.
fn particulars(data: &Value) -> String {
    const LONGEST: usize = 300;
    if let Some(message) = data["message"].as_str() {
        return text::excerpt(&text::line(message), LONGEST);
    }
    // The project is the run's, and a share of the way is told by the step.
    let is_shown = |name: &&String| !["project", "fraction"].contains(&name.as_str());
    let shown = data.as_object().into_iter().flatten().filter(|(name, _)| is_shown(name)).filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text::line(text),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        Some(format!("{}={}", text::escaped(name), text::excerpt(&value, 80)))
    });
    text::excerpt(&shown.collect::<Vec<_>>().join(" "), LONGEST)
}

impl From<Level> for EventLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str, data: Value) -> Event {
        Event {
            cursor: 1,
            at: Moment(0),
            category: Category::Run,
            name: name.to_owned(),
            level: EventLevel::Info,
            run: None,
            project: None,
            actor: None,
            data,
        }
    }

    #[test]
    fn an_event_is_one_line_with_nothing_hidden() {
        let shown = |event: Event| anstream::adapter::strip_str(&line(&event, &TimeZone::UTC)).to_string();
        let said = shown(event("log", json!({ "level": "info", "message": "one\u{1b}[2J\ntwo" })));
        assert_eq!(said, "1970-01-01 00:00:00  run.log  one two");
        let told = shown(event("created", json!({ "plugin": "plan", "parent": null, "times": 2, "list": [1] })));
        assert_eq!(told, "1970-01-01 00:00:00  run.created  plugin=plan times=2");
    }
}
