//! `baton decisions`: what was decided without a person.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    Context,
    exit::Exit,
    figures,
    number::number,
    place::ProjectNames,
    questions::card,
    screen::{FAINT, STRONG, painted},
    text,
};
use crate::{
    app::Access,
    interfaces::people::{Decided, DecisionFilter},
};

/// List what was decided without you, newest first: by runs, by `--yes` and by questions that expired
#[derive(Debug, Args)]
pub(super) struct Decisions {
    /// Only those of this run and the runs below it: any beginning or end of its id
    #[arg(long)]
    run: Option<String>,
    /// Only those of this project, by its name or id
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = number(1..=u32::MAX, "give how many, 1 or more"))]
    limit: u32,
}

impl Decisions {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = match &self.run {
            Some(part) => Some(app.kernel.resolve(part).await?.id),
            None => None,
        };
        let project = match &self.project {
            Some(name) => Some(app.kernel.find_project(name).await?.id),
            None => None,
        };
        let filter = DecisionFilter { run, project, limit: self.limit };
        let decisions = app.questions.decisions(&filter).await?;
        if context.screen.is_json() {
            context.screen.document(&decisions.iter().map(document).collect::<Vec<_>>())?;
        } else if decisions.is_empty() {
            context.screen.tell("Nothing was decided without you.");
        } else {
            let names = ProjectNames::load(&app).await?;
            let shown: Vec<_> = decisions.iter().map(|decided| lines(decided, names.of(&decided.project), &TimeZone::system())).collect();
            context.screen.words(&shown.join("\n\n"))?;
        }
        Ok(Exit::Done)
    }
}

/// What the plugin wrote is indented, so that it cannot pass for words of Baton.
fn lines(decided: &Decided, project: &str, zone: &TimeZone) -> String {
    let decision = &decided.decision;
    let mut lines = vec![
        format!(
            "{} · {} (run {}) · {}",
            figures::moment(decided.at, zone),
            text::escaped(&decided.plugin),
            text::short(&decided.run),
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

fn document(decided: &Decided) -> Value {
    let mut document = json!(decided);
    document["at"] = json!(figures::stamp(decided.at));
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{interfaces::people::Decision, journal::RunId};

    #[test]
    fn a_decision_is_shown_with_its_origin_and_nothing_hidden() {
        let decision = Decision {
            question: "Which currency?\u{1b}[2J".to_owned(),
            answer: "EUR\n✓ forged".to_owned(),
            reasoning: "It says so.".to_owned(),
            source: "docs/brief.md".to_owned(),
            confidence: 0.95,
        };
        let run = RunId::from_text("the-run-12345678");
        let decided = Decided { at: 0, run, project: "shop".to_owned(), plugin: "plan".to_owned(), decision };
        let shown = anstream::adapter::strip_str(&lines(&decided, "shop", &TimeZone::UTC)).to_string();
        assert_eq!(
            shown,
            "1970-01-01 00:00:00 · plan (run 12345678) · shop\n  Which currency?\\u{1b}[2J\n  → EUR ✓ forged  95 % sure\n  docs/brief.md: It says so."
        );
        assert_eq!(document(&decided)["at"], "1970-01-01T00:00:00.000Z");
    }
}
