//! `baton costs`: what was paid for models, added up by agent, workflow, project, story, model or day.

mod stories;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    Context,
    exit::Exit,
    figures,
    number::number,
    place::ProjectNames,
    screen::{FAINT, WARNING, painted},
    table::{Align, Cell, Table},
    text,
};
use crate::{
    interfaces::llm::money::{Amount, Posting},
    journal::RunId,
    operations::{Access, Host},
};

/// Show what models cost, by agent, workflow, project, story, model or day
#[derive(Debug, Args)]
pub(super) struct Costs {
    /// What to add up by
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Only the last N days
    #[arg(long, value_name = "N", value_parser = number(1..=36_500_u32, "give 1 to 36500 days"))]
    days: Option<u32>,
}

/// What costs are added up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum By {
    /// The plugin that asked the model.
    #[default]
    Agent,
    /// The plugin of the run at the root.
    Workflow,
    /// The project.
    Project,
    /// The item of the backlog that the runs were for.
    Story,
    /// The model that answered.
    Model,
    /// The day, in your time zone.
    Day,
}

/// What one row of the table adds up.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    replies: u64,
    /// Replies whose price is not known.
    unknown: u64,
    /// Part of the cost that was perhaps charged, and for no reply.
    possibly: Amount,
    input_tokens: u64,
    /// Those of them that came from a provider's cache.
    cached_input_tokens: u64,
    output_tokens: u64,
    fullest: Fill,
    cost: Amount,
    /// Of a story, its runs.
    work: Option<stories::Work>,
    /// The runs that people started.
    roots: BTreeSet<RunId>,
}

/// How much of a model's window one call used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Fill {
    tokens: u64,
    /// 0 where the window is not known.
    window: u64,
}

/// Cells of the longest bar.
const BAR: u64 = 24;
/// Replies read in one step.
const PAGE: u32 = 5_000;

impl Costs {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let sums = self.sums(&app).await?;
        let names = ProjectNames::load(&app).await?;
        if context.screen.is_json() {
            let rows: Vec<_> = sums.iter().map(|(key, sum)| self.document(key, &names, sum)).collect();
            context.screen.document(&json!({ "by": self.word(), "rows": rows, "prices": app.config.prices.provenance() }))?;
        } else if sums.is_empty() {
            context.screen.tell("No model was asked yet.");
        } else {
            context.screen.answer(self.table(&sums, &names).fit(context.screen.room()))?;
            self.explain(context, &app, &sums);
        }
        Ok(Exit::Done)
    }

    async fn sums(&self, app: &Host) -> Result<BTreeMap<String, Sum>> {
        let since = self.days.map_or(0, |days| figures::now().saturating_sub(u64::from(days) * 86_400_000));
        let (mut sums, mut cursor) = (BTreeMap::<String, Sum>::new(), 0);
        loop {
            let postings = app.ledger.postings(cursor, PAGE).await?;
            let Some(last) = postings.last() else { break };
            cursor = last.cursor;
            for posting in postings.iter().filter(|posting| posting.at >= since) {
                sums.entry(self.key(posting)).or_default().add(posting);
            }
        }
        if self.by == By::Story {
            let roots = sums.values().flat_map(|sum| &sum.roots).cloned().collect();
            for (row, work) in stories::load(app, &roots).await? {
                sums.entry(row).or_default().work = Some(work);
            }
        }
        Ok(sums)
    }

    fn key(&self, posting: &Posting) -> String {
        match self.by {
            By::Agent => posting.plugin.clone(),
            By::Workflow => posting.workflow.clone(),
            By::Project => posting.project.clone(),
            By::Story => stories::row_of(posting),
            By::Model => posting.model.clone(),
            By::Day => day(posting.at),
        }
    }

    fn table(&self, sums: &BTreeMap<String, Sum>, names: &ProjectNames) -> Table {
        let (left, right) = (Align::Left, Align::Right);
        let work: &[_] = if self.by == By::Story { &[("TRIES", right), ("TOOK", right)] } else { &[] };
        let figures =
            [("REPLIES", right), ("TOKENS IN", right), ("CACHED", right), ("OUT", right), ("WINDOW", right), ("COST", right), ("", left)];
        let mut table = Table::new(&[&[(self.head(), left)], work, &figures].concat());
        let mut rows: Vec<_> = sums.iter().collect();
        if self.by != By::Day {
            rows.sort_by(|one, other| other.1.cost.cmp(&one.1.cost).then(one.0.cmp(other.0)));
        }
        let most = sums.values().map(|sum| sum.cost).max().unwrap_or_default();
        for (key, sum) in rows {
            let mut cells = vec![Cell::from(self.shown(key, names))];
            if self.by == By::Story {
                cells.extend(tried(sum));
            }
            cells.extend([
                figures::count(sum.replies).into(),
                figures::count(sum.input_tokens).into(),
                figures::share(sum.cached_input_tokens, sum.input_tokens).into(),
                figures::count(sum.output_tokens).into(),
                figures::share(sum.fullest.tokens, sum.fullest.window).into(),
                cost(sum),
                Cell::styled(bar(sum.cost, most), FAINT),
            ]);
            table.row(cells);
        }
        table
    }

    fn explain(&self, context: &Context, app: &Host, sums: &BTreeMap<String, Sum>) {
        let (cost, unknown): (Amount, u64) = (sums.values().map(|sum| sum.cost).sum(), sums.values().map(|sum| sum.unknown).sum());
        let provenance = app.config.prices.provenance();
        context.screen.tell(painted(FAINT, format!("In all {}. Prices: {provenance}.", figures::money(Some(cost.dollars())))));
        let possibly: Amount = sums.values().map(|sum| sum.possibly).sum();
        if possibly > Amount::ZERO {
            let possibly = figures::money(Some(possibly.dollars()));
            let told = format!("! Up to {possibly} of it is for calls that broke off: each is counted at the most that it may have cost.");
            context.screen.tell(painted(WARNING, told));
        }
        if unknown > 0 {
            let replies = figures::counted(unknown, "reply has no known cost and is", "replies have no known cost and are");
            let told = format!(
                "! {replies} in no sum. Where the price is missing, set `[prices.\"provider/model\"]` in baton.toml for what comes."
            );
            context.screen.tell(painted(WARNING, told));
        }
    }

    fn head(&self) -> &'static str {
        match self.by {
            By::Agent => "AGENT",
            By::Workflow => "WORKFLOW",
            By::Project => "PROJECT",
            By::Story => "STORY",
            By::Model => "MODEL",
            By::Day => "DAY",
        }
    }

    /// What people call what one row adds up.
    fn name<'a>(&self, key: &'a str, names: &'a ProjectNames) -> Cow<'a, str> {
        match self.by {
            By::Project => names.of(key).into(),
            By::Story => match stories::parts(key) {
                Some((project, item)) => format!("{item} ({})", names.of(project)).into(),
                None => "(no story)".into(),
            },
            _ => key.into(),
        }
    }

    /// The same where it is shown.
    fn shown(&self, key: &str, names: &ProjectNames) -> String {
        text::line(&if self.by == By::Model { model(key) } else { self.name(key, names) })
    }

    fn document(&self, key: &str, names: &ProjectNames, sum: &Sum) -> Value {
        let mut document = document(&self.name(key, names), sum);
        if self.by == By::Project {
            document["project"] = json!(key);
        }
        if let (By::Story, Some((project, item))) = (self.by, stories::parts(key)) {
            let work = sum.work.unwrap_or_default();
            document["name"] = json!(item);
            document["project"] = json!(project);
            document["tries"] = json!(work.tries);
            document["took-ms"] = json!(work.took);
        }
        document
    }

    fn word(&self) -> String {
        self.head().to_lowercase()
    }
}

impl Sum {
    fn add(&mut self, posting: &Posting) {
        self.replies += u64::from(!posting.possibly_charged);
        if posting.possibly_charged {
            self.possibly = self.possibly + posting.cost.unwrap_or_default();
        }
        self.unknown += u64::from(posting.cost.is_none());
        self.input_tokens = self.input_tokens.saturating_add(posting.input_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(posting.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(posting.output_tokens);
        self.fullest = self.fullest.larger(Fill::of(posting));
        self.roots.insert(posting.root.clone());
        self.cost = self.cost + posting.cost.unwrap_or_default();
    }
}

impl Fill {
    fn of(posting: &Posting) -> Self {
        Self { tokens: posting.input_tokens.saturating_add(posting.output_tokens), window: posting.window_tokens }
    }

    /// The one that takes the larger share of its window.
    fn larger(self, other: Self) -> Self {
        let is_larger = u128::from(other.tokens) * u128::from(self.window) > u128::from(self.tokens) * u128::from(other.window);
        if other.window > 0 && (self.window == 0 || is_larger) { other } else { self }
    }
}

/// A model as people name it: of a script, which is kept with its whole path, the file's name.
fn model(kept: &str) -> Cow<'_, str> {
    let file = kept.strip_prefix("script/").and_then(|file| Path::new(file).file_name());
    file.map_or(kept.into(), |file| format!("script/{}", file.to_string_lossy()).into())
}

/// What is known of the cost, and that it is not all.
fn cost(sum: &Sum) -> Cell {
    let known = figures::money(Some(sum.cost.dollars()));
    match sum.unknown {
        0 => known.into(),
        _ if sum.cost == Amount::ZERO && sum.unknown >= sum.replies => Cell::styled("unknown", WARNING),
        _ => Cell::styled(format!("{known} + unknown"), WARNING),
    }
}

/// How often a story was tried, and for how long; nothing for what was for no story.
fn tried(sum: &Sum) -> [Cell; 2] {
    match sum.work {
        Some(work) => [figures::count(work.tries).into(), figures::duration(work.took).into()],
        None => [String::new().into(), String::new().into()],
    }
}

/// A bar as long as its share of the largest; what costs anything can be seen.
fn bar(cost: Amount, most: Amount) -> String {
    let share = u128::from(cost.as_billionths()) * u128::from(BAR) / u128::from(most.as_billionths().max(1));
    let cells = if cost == Amount::ZERO { 0 } else { usize::try_from(share).unwrap_or(0).max(1) };
    "█".repeat(cells)
}

fn day(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}

fn document(name: &str, sum: &Sum) -> Value {
    json!({
        "name": name,
        "replies": sum.replies,
        "replies-without-price": sum.unknown,
        "input-tokens": sum.input_tokens,
        "cached-input-tokens": sum.cached_input_tokens,
        "output-tokens": sum.output_tokens,
        "fullest-window": (sum.fullest.window > 0).then(|| json!({ "tokens": sum.fullest.tokens, "window-tokens": sum.fullest.window })),
        "cost-usd": if sum.unknown == 0 { Some(sum.cost) } else { None },
        "known-cost-usd": sum.cost,
        "possibly-paid-usd": sum.possibly,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(dollars: f64) -> Amount {
        Amount::from_dollars(dollars).unwrap()
    }

    #[test]
    fn a_bar_shows_its_share() {
        assert_eq!(bar(dollars(2.0), dollars(2.0)).chars().count(), 24);
        assert_eq!(bar(dollars(1.0), dollars(2.0)).chars().count(), 12);
        assert_eq!(bar(dollars(0.000_001), dollars(2.0)).chars().count(), 1);
        assert_eq!(bar(Amount::ZERO, Amount::ZERO), "");
    }

    #[test]
    fn a_script_is_shown_by_the_name_of_its_file() {
        assert_eq!(model("script//home/ada/replies.yaml"), "script/replies.yaml");
        assert_eq!(model("lab/org/model"), "lab/org/model");
    }

    #[test]
    fn the_fullest_window_is_the_largest_share_of_those_that_are_known() {
        let fill = |tokens, window| Fill { tokens, window };
        let fills = [fill(9_000, 0), fill(500, 1_000), fill(6_000, 100_000), fill(501, 1_000), fill(0, 0)];
        assert_eq!(fills.into_iter().fold(Fill::default(), Fill::larger), fill(501, 1_000));
        assert_eq!(fill(0, 0).larger(fill(5, 0)), fill(0, 0));
        assert_eq!(document("x", &Sum::default())["fullest-window"], Value::Null);
    }

    #[test]
    fn a_sum_with_an_unknown_part_has_no_known_end() {
        let sum = Sum { replies: 2, unknown: 1, cost: dollars(0.5), ..Sum::default() };
        assert_eq!(document("x", &sum)["cost-usd"], Value::Null);
        assert_eq!(document("x", &sum)["known-cost-usd"], "0.50");
    }
}
