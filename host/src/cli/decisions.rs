//! `baton decisions`: what was decided without a person.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{
    Context, client,
    exit::Exit,
    figures,
    number::number,
    place::ProjectNames,
    questions::card,
    screen::{FAINT, STRONG, painted},
    text,
};
use crate::operations::{
    Access,
    decisions::{Decision, ListDecisions},
};

/// List decisions that were made without you, newest first: by runs, by `--yes` and by expired questions
#[derive(Debug, Args)]
pub(super) struct Decisions {
    /// Show only decisions of this run and its child runs: run id, or a unique prefix or suffix
    #[arg(long)]
    run: Option<String>,
    /// Show only decisions of this project, by its name or id
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Show at most N entries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = number(1..=u32::MAX, "give a number from 1 to 4294967295"))]
    limit: u32,
}

impl Decisions {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let request = ListDecisions { run: self.run.clone(), project: self.project.clone(), limit: self.limit };
        let listed = client::decisions::list(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&listed)?;
        } else if listed.items.is_empty() {
            context.screen.tell("Nothing was decided without you.");
        } else {
            let names = ProjectNames::load_from(&client).await?;
            let shown: Vec<_> =
                listed.items.iter().map(|decided| lines(decided, names.of(&decided.project), &TimeZone::system())).collect();
            context.screen.words(&shown.join("\n\n"))?;
        }
        Ok(Exit::Done)
    }
}

/// What the plugin wrote is indented, so that it cannot pass for words of Baton.
fn lines(decision: &Decision, project: &str, zone: &TimeZone) -> String {
    let mut lines = vec![
        format!(
            "{} · {} (run {}) · {}",
            figures::moment(decision.at.0, zone),
            text::escaped(&decision.plugin),
            text::short(&decision.run),
            text::escaped(project)
        ),
        format!("  {}", painted(STRONG, card::line(&decision.question))),
        format!("  → {}  {}", card::line(&decision.answer), painted(FAINT, format!("{:.0} % sure", decision.confidence * 100.0))),
    ];
    let origin = [&decision.source, &decision.reasoning].map(|text| card::line(text)).into_iter().filter(|text| !text.is_empty());
    let origin = origin.collect::<Vec<_>>().join(": ");
    if !origin.is_empty() {
        lines.push(painted(FAINT, format!("  {origin}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{journal::RunId, operations::Moment};

    #[test]
    fn a_decision_is_shown_with_its_origin_and_nothing_hidden() {
        let decision = Decision {
            at: Moment(0),
            run: RunId::from_text("the-run-12345678"),
            project: "shop".to_owned(),
            plugin: "plan".to_owned(),
            question: "Which currency?\u{1b}[2J".to_owned(),
            answer: "EUR\n✓ forged".to_owned(),
            reasoning: "It says so.".to_owned(),
            source: "docs/brief.md".to_owned(),
            confidence: 0.95,
        };
        let shown = anstream::adapter::strip_str(&lines(&decision, "shop", &TimeZone::UTC)).to_string();
        assert_eq!(
            shown,
            "1970-01-01 00:00:00 · plan (run 12345678) · shop\n  Which currency?\\u{1b}[2J\n  → EUR ✓ forged  95 % sure\n  docs/brief.md: It says so."
        );
    }
}
