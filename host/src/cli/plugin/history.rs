//! `baton plugin history`: who decided what of a plugin, when and why, from the log of events.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::reach;
use crate::{
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
    kernel::{granting::events::GrantTerms, grants::Terms},
    operations::{Access, Host},
};

/// The event of a call that was denied.
const DENIED: &str = "denied";
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
            context.screen.document(&events.iter().map(|event| document(context, event)).collect::<Vec<_>>())?;
        } else if events.is_empty() {
            context.screen.tell(format!("There are no decisions on `{}` yet.", text::escaped(&self.plugin)));
        } else {
            let projects = ProjectNames::load(&app).await?;
            context.screen.answer(table(context, &events, &projects).fit(context.screen.room()))?;
        }
        Ok(Exit::Done)
    }

    async fn found(&self, app: &Host) -> Result<Vec<Event>> {
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < self.last {
            let page = app.kernel.events().latest(Category::Audit, before, PAGE).await?;
            before = page.last().map(|event| event.cursor);
            if before.is_none() {
                break;
            }
            let wanted = |event: &Event| event.draft.data["plugin"] == self.plugin && (self.denied || event.draft.name != DENIED);
            found.extend(page.into_iter().filter(wanted));
        }
        found.truncate(self.last);
        Ok(found)
    }
}

fn document(context: &Context, event: &Event) -> Value {
    let mut about = event.draft.data.clone();
    if event.draft.name == DENIED {
        about["reason"] = json!(reason(context, event));
    }
    json!({ "at": event.at, "what": event.draft.name, "run": event.draft.run, "actor": event.draft.actor, "about": about })
}

/// Why it was decided. That of a denied call is Baton's own sentence, whose command leads to the same data.
fn reason(context: &Context, event: &Event) -> Option<String> {
    let reason = event.draft.data["reason"].as_str()?;
    Some(if event.draft.name == DENIED { context.advice(reason) } else { reason.to_owned() })
}

fn table(context: &Context, events: &[Event], projects: &ProjectNames) -> Table {
    let left = Align::Left;
    let mut table = Table::new(&[("WHEN", left), ("WHO", left), ("WHAT", left), ("OF", left), ("VERSION", left), ("WHY", left)]);
    for event in events {
        let data = &event.draft.data;
        let word = |name: &str| text::escaped(data[name].as_str().unwrap_or_default());
        let by = || event.draft.actor.as_ref().map(|actor| text::escaped(&actor.name)).unwrap_or_default();
        let who = event.draft.run.as_ref().map_or_else(by, |run| format!("run {}", text::short(run)));
        let version = format!("{} {}", word("version"), word("hash").chars().take(8).collect::<String>());
        table.row([
            Cell::styled(figures::moment(event.at, &TimeZone::system()), FAINT),
            who.into(),
            text::escaped(&event.draft.name).into(),
            on_terms(of(data), data, projects).into(),
            Cell::styled(version, FAINT),
            why(context, event).into(),
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
    match GrantTerms::deserialize(&data["terms"]).map(Terms::from) {
        Ok(terms) if terms != Terms::default() => format!("{what} {}", reach::stated(&terms, projects)),
        _ => what,
    }
}

/// A reason as it is shown: an operator's own words are cut, a command is not. An empty one is shown as what it is.
fn why(context: &Context, event: &Event) -> String {
    const MOST: usize = 100;
    match text::escaped(&reason(context, event).unwrap_or_default()) {
        empty if empty.is_empty() => "–".to_owned(),
        denial if event.draft.name == DENIED => text::line(&denial),
        words => text::excerpt(&words, MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Draft;

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

    #[test]
    fn the_command_in_a_denial_leads_to_the_same_data() {
        let said = format!(
            "Plugin `p` was denied. {} Grant it with `baton plugin grant p 'write=a'`.",
            "It is a long sentence. ".repeat(5).trim_end()
        );
        let context = Context { data_dir: Some("my data".into()), ..Context::bare() };
        let event = |name: &str| Event { cursor: 1, at: 0, draft: Draft::for_test(Category::Audit, name, None, json!({ "reason": said })) };
        let whole = said.replace("'write=a'", "'write=a' --data-dir 'my data'");
        assert_eq!(
            (document(&context, &event("denied"))["about"]["reason"].clone(), why(&context, &event("denied"))),
            (json!(whole), whole.clone())
        );
        assert_eq!(document(&context, &event("granted"))["about"]["reason"], json!(said), "an operator's words stay");
        assert!(why(&context, &event("granted")).ends_with('…'));
    }
}
