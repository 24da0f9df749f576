//! `baton plugin history`: who decided what of a plugin, when and why, from the log of events.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::reach;
use crate::{
    app::{Access, App},
    cli::{
        Context,
        exit::{Exit, Misuse},
        figures,
        number::number,
        place::ProjectNames,
        screen::FAINT,
        table::{Align, Cell, Table},
        text,
    },
    events::{Category, Event},
    kernel::grants::Terms,
};

/// Events that are looked at in one go.
const PAGE: u32 = 1_000;

/// Show the decisions on a plugin, newest first: who, when, what and why
///
/// Decisions on versions that were removed are among them.
#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    /// Show calls that were denied as well
    #[arg(long)]
    denied: bool,
    /// Show at most this many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = number(0..=usize::MAX, "give how many"))]
    last: usize,
}

impl History {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let events = self.found(&app).await?;
        if events.is_empty() && app.kernel.registry().find(&self.plugin).is_none() {
            return Err(Misuse(format!("There is no plugin `{}` and no decision on one.", text::escaped(&self.plugin))).into());
        }
        if context.screen.is_json() {
            context.screen.document(&events.iter().map(document).collect::<Vec<_>>())?;
        } else if events.is_empty() {
            context.screen.tell(format!("There are no decisions on `{}` yet.", text::escaped(&self.plugin)));
        } else {
            let projects = ProjectNames::load(&app).await?;
            context.screen.answer(table(&events, &projects).fit(context.screen.room()))?;
        }
        Ok(Exit::Done)
    }

    async fn found(&self, app: &App) -> Result<Vec<Event>> {
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < self.last {
            let page = app.kernel.events().latest(Category::Audit, before, PAGE).await?;
            before = page.last().map(|event| event.cursor);
            if before.is_none() {
                break;
            }
            let wanted = |event: &Event| event.draft.data["plugin"] == self.plugin && (self.denied || event.draft.name != "denied");
            found.extend(page.into_iter().filter(wanted));
        }
        found.truncate(self.last);
        Ok(found)
    }
}

fn document(event: &Event) -> Value {
    json!({ "at": event.at, "what": event.draft.name, "run": event.draft.run, "about": event.draft.data })
}

fn table(events: &[Event], projects: &ProjectNames) -> Table {
    let left = Align::Left;
    let mut table = Table::new(&[("WHEN", left), ("WHO", left), ("WHAT", left), ("OF", left), ("VERSION", left), ("WHY", left)]);
    for event in events {
        let data = &event.draft.data;
        let word = |name: &str| text::escaped(data[name].as_str().unwrap_or_default());
        let who = event.draft.run.as_ref().map_or_else(|| word("by"), |run| format!("run {}", text::short(run)));
        let version = format!("{} {}", word("version"), word("hash").chars().take(8).collect::<String>());
        table.row([
            Cell::styled(figures::moment(event.at, &TimeZone::system()), FAINT),
            who.into(),
            text::escaped(&event.draft.name).into(),
            on_terms(of(data), data, projects).into(),
            Cell::styled(version, FAINT),
            text::excerpt(&visible(word("reason")), 100).into(),
        ]);
    }
    table
}

/// What was decided of, as it is typed.
fn of(data: &Value) -> String {
    let capability = &data["capability"];
    if let (Some(kind), Some(value)) = (capability["kind"].as_str(), capability["value"].as_str()) {
        return text::excerpt(&text::escaped(&format!("{kind}={value}")), 60);
    }
    let is_named = |name: &&str| data[*name].as_object().is_some_and(|kinds| !kinds.is_empty());
    let Some(name) = ["capabilities", "withheld"].into_iter().find(is_named) else {
        return if data["capabilities"].is_object() { "everything".to_owned() } else { String::new() };
    };
    let kinds = data[name].as_object().into_iter().flatten();
    let each = |(kind, patterns): (&String, &Value)| {
        let patterns = patterns.as_array().into_iter().flatten().filter_map(Value::as_str);
        patterns.map(|pattern| text::escaped(&format!("{kind}={pattern}"))).collect::<Vec<_>>()
    };
    kinds.flat_map(each).collect::<Vec<_>>().join(" ")
}

/// What was granted with where and until when it holds, where that is limited.
fn on_terms(what: String, data: &Value, projects: &ProjectNames) -> String {
    match Terms::deserialize(&data["terms"]) {
        Ok(terms) if terms != Terms::default() => format!("{what} {}", reach::stated(&terms, projects)),
        _ => what,
    }
}

/// An empty reason is shown as what it is.
fn visible(reason: String) -> String {
    if reason.is_empty() { "–".to_owned() } else { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_on_terms_is_shown_with_them() {
        let shown = |terms: Value| {
            let data = json!({ "capabilities": { "write": ["docs/**"] }, "terms": terms });
            on_terms(of(&data), &data, &ProjectNames::default())
        };
        let until = figures::moment(1_800_000_000_000, &TimeZone::system());
        assert_eq!(
            shown(json!({ "project": "sh\u{1b}op", "until": 1_800_000_000_000_u64 })),
            format!(r"write=docs/** in project sh\u{{1b}}op until {until}")
        );
        assert_eq!(shown(json!({ "until": 1_800_000_000_000_u64 })), format!("write=docs/** until {until}"));
        for none in [Value::Null, json!({}), json!("shop"), json!({ "until": -1 })] {
            assert_eq!(shown(none.clone()), "write=docs/**", "{none}");
        }
    }
}
