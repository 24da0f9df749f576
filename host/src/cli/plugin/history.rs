//! `baton plugin history`: who decided what on a plugin, when and why.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::reach;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        number::number,
        screen::FAINT,
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access, Page,
        plugins::{Capabilities, ListPluginDecisions, PluginDecision},
    },
};

/// The decision on a call that was denied.
const DENIED: &str = "denied";

/// List the decisions about a plugin, newest first: who, when, what and why
///
/// The list includes decisions about removed versions.
#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    /// Also show calls that were denied
    #[arg(long)]
    denied: bool,
    /// Show at most COUNT entries
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = number(1..=u32::MAX, "give a number from 1 to 4294967295"))]
    last: u32,
}

impl History {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let request = ListPluginDecisions { plugin: self.plugin.clone(), denied: self.denied, cursor: None, limit: self.last };
        let Page { items, next } = client::plugins::history(&client, &request).await?;
        let items: Vec<_> = items.into_iter().map(|decision| with_advice(context, decision)).collect();
        if context.screen.is_json() {
            context.screen.document(&Page { items, next })?;
        } else if items.is_empty() {
            context.screen.tell(format!("There are no decisions on `{}` yet.", text::escaped(&self.plugin)));
        } else {
            context.screen.answer(table(&items).fit(context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

/// A decision whose reason, if it is Baton's own sentence, names commands that lead to the same data.
fn with_advice(context: &Context, decision: PluginDecision) -> PluginDecision {
    let reason = match decision.reason {
        Some(reason) if decision.decision == DENIED => Some(context.advice(&reason)),
        reason => reason,
    };
    PluginDecision { reason, ..decision }
}

fn table(decisions: &[PluginDecision]) -> Table {
    let left = Align::Left;
    let mut table = Table::new(&[("WHEN", left), ("WHO", left), ("WHAT", left), ("OF", left), ("VERSION", left), ("WHY", left)]);
    for decision in decisions {
        let by = || decision.actor.as_ref().map(|actor| text::escaped(&actor.name)).unwrap_or_default();
        let who = decision.run.as_ref().map_or_else(by, |run| format!("run {}", text::short(run)));
        let escaped = |word: &Option<String>| text::escaped(word.as_deref().unwrap_or_default());
        let version = format!("{} {}", escaped(&decision.version), escaped(&decision.hash).chars().take(8).collect::<String>());
        table.row([
            Cell::styled(figures::moment(decision.at.0, &TimeZone::system()), FAINT),
            who.into(),
            text::escaped(&decision.decision).into(),
            describe_capabilities(decision).into(),
            Cell::styled(version, FAINT),
            describe_reason(decision).into(),
        ]);
    }
    table
}

/// What was decided on, as it is typed, with where and until when it holds.
fn describe_capabilities(decision: &PluginDecision) -> String {
    let terms = reach::describe_terms(decision.project_name.as_deref().or(decision.project.as_deref()), decision.until);
    let what = capabilities(decision);
    if terms.is_empty() { what } else { format!("{what} {terms}") }
}

fn capabilities(decision: &PluginDecision) -> String {
    if let Some(needed) = &decision.capability {
        return text::excerpt(&text::escaped(&format!("{}={}", needed.kind, needed.value)), 60);
    }
    let listed = |capabilities: &Capabilities| {
        let each = capabilities.iter().flat_map(|(kind, patterns)| patterns.iter().map(move |pattern| format!("{kind}={pattern}")));
        each.map(|capability| text::escaped(&capability)).collect::<Vec<_>>().join(" ")
    };
    match &decision.capabilities {
        Some(capabilities) if !capabilities.is_empty() => listed(capabilities),
        _ if !decision.withheld.is_empty() => listed(&decision.withheld),
        Some(_) => "everything".to_owned(),
        None => String::new(),
    }
}

/// A reason as it is shown: an operator's own words are cut, a command is not. An empty one is shown as such.
fn describe_reason(decision: &PluginDecision) -> String {
    const LONGEST: usize = 100;
    match text::escaped(decision.reason.as_deref().unwrap_or_default()) {
        empty if empty.is_empty() => "–".to_owned(),
        denial if decision.decision == DENIED => text::line(&denial),
        words => text::excerpt(&words, LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::Moment;

    fn decision(name: &str) -> PluginDecision {
        PluginDecision {
            at: Moment(0),
            decision: name.to_owned(),
            run: None,
            actor: None,
            version: None,
            hash: None,
            all_versions: false,
            capabilities: None,
            withheld: Capabilities::new(),
            capability: None,
            call: None,
            function: None,
            project: None,
            project_name: None,
            until: None,
            carried_from: None,
            reason: None,
        }
    }

    #[test]
    fn a_limited_grant_is_shown_with_its_limits() {
        let until = Moment(1_800_000_000_000);
        let write = Capabilities::from([("write".to_owned(), vec!["docs/**".to_owned()])]);
        let granted = PluginDecision { capabilities: Some(write), ..decision("granted") };
        let end = figures::moment(until.0, &TimeZone::system());
        let limited = PluginDecision { project: Some("sh\u{1b}op".to_owned()), until: Some(until), ..granted.clone() };
        assert_eq!(describe_capabilities(&limited), format!(r"write=docs/** in project sh\u{{1b}}op until {end}"));
        assert_eq!(describe_capabilities(&granted), "write=docs/**");
        let everything = PluginDecision { capabilities: Some(Capabilities::new()), ..decision("revoked") };
        assert_eq!((describe_capabilities(&everything), describe_capabilities(&decision("enabled"))), ("everything".into(), String::new()));
    }

    #[test]
    fn the_command_in_a_denial_leads_to_the_same_data() {
        let reason = format!(
            "Plugin `p` was denied. {} Grant it with `baton plugin grant p 'write=a'`.",
            "It is a long sentence. ".repeat(5).trim_end()
        );
        let context = Context { data_dir: Some("my data".into()), ..Context::bare() };
        let shown = |name: &str| with_advice(&context, PluginDecision { reason: Some(reason.clone()), ..decision(name) });
        let whole = reason.replace("'write=a'", "'write=a' --data-dir 'my data'");
        assert_eq!((shown(DENIED).reason.as_ref(), describe_reason(&shown(DENIED))), (Some(&whole), whole.clone()));
        assert_eq!(shown("granted").reason.as_ref(), Some(&reason), "an operator's words stay");
        assert!(describe_reason(&shown("granted")).ends_with('…'));
    }
}
