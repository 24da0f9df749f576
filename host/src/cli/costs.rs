//! `baton costs`: what models cost, by agent, workflow, project, story, model or day.

use std::{borrow::Cow, path::Path};

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{
    Context, client,
    exit::Exit,
    figures,
    number::number,
    place::ProjectNames,
    screen::{FAINT, WARNING, painted},
    table::{Align, Cell, Table},
    text,
};
use crate::operations::{
    Access, Dollars,
    costs::{CostBy, CostRow, CostSum, Costs as Shown, ShowCosts},
};

/// Show model costs by agent, workflow, project, story, model or day
#[derive(Debug, Args)]
pub(super) struct Costs {
    /// Group by
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Show only the last N days
    #[arg(long, value_name = "N", value_parser = number(1..=36_500_u32, "give 1 to 36500 days"))]
    days: Option<u32>,
}

/// What costs are added up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum By {
    /// The plugin that called the model.
    #[default]
    Agent,
    /// The plugin of the top-level run.
    Workflow,
    /// The project.
    Project,
    /// The backlog item that the runs were for.
    Story,
    /// The model that answered.
    Model,
    /// The day, in your time zone.
    Day,
}

/// Cells of the longest bar.
const BAR: u64 = 24;

impl Costs {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let shown = client::money::costs(&client, &ShowCosts { by: self.by.into(), days: self.days, project: None }).await?;
        if context.screen.is_json() {
            context.screen.document(&shown)?;
        } else if shown.rows.is_empty() {
            context.screen.tell("No model was asked yet.");
        } else {
            let names = ProjectNames::load_from(&client).await?;
            context.screen.answer(table(&shown, &names).fit(context.screen.room()))?;
            explain(context, &shown);
        }
        Ok(Exit::Done)
    }
}

impl From<By> for CostBy {
    fn from(by: By) -> Self {
        match by {
            By::Agent => Self::Agent,
            By::Workflow => Self::Workflow,
            By::Project => Self::Project,
            By::Story => Self::Story,
            By::Model => Self::Model,
            By::Day => Self::Day,
        }
    }
}

fn table(shown: &Shown, names: &ProjectNames) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let is_of_stories = shown.by == CostBy::Story;
    let work: &[_] = if is_of_stories { &[("TRIES", right), ("TOOK", right)] } else { &[] };
    let figures =
        [("REPLIES", right), ("TOKENS IN", right), ("CACHED", right), ("OUT", right), ("WINDOW", right), ("COST", right), ("", left)];
    let mut table = Table::new(&[&[(head(shown.by), left)], work, &figures].concat());
    let most = shown.rows.iter().map(|row| row.sum.known_cost_usd).max().unwrap_or_default();
    for row in &shown.rows {
        let sum = &row.sum;
        let mut cells = vec![Cell::from(name(shown.by, row, names))];
        if is_of_stories {
            cells.extend(tried(row));
        }
        cells.extend([
            figures::count(sum.replies).into(),
            figures::count(sum.input_tokens).into(),
            figures::share(sum.cached_input_tokens, sum.input_tokens).into(),
            figures::count(sum.output_tokens).into(),
            sum.fullest_window.map(|window| figures::share(window.tokens, window.window_tokens)).unwrap_or_default().into(),
            cost(sum),
            Cell::styled(bar(sum.known_cost_usd, most), FAINT),
        ]);
        table.row(cells);
    }
    table
}

fn explain(context: &Context, shown: &Shown) {
    let CostSum { known_cost_usd, possibly_charged_usd, replies_without_price, .. } = shown.total;
    context.screen.tell(painted(FAINT, format!("In all {}. Prices: {}.", money(known_cost_usd), shown.prices)));
    if possibly_charged_usd > Dollars::default() {
        let possibly = money(possibly_charged_usd);
        let warning = format!("! Up to {possibly} of it is for calls that broke off: each is counted at the most that it may have cost.");
        context.screen.tell(painted(WARNING, warning));
    }
    if replies_without_price > 0 {
        let replies = figures::counted(replies_without_price, "reply has no known cost and is", "replies have no known cost and are");
        let warning =
            format!("! {replies} in no sum. If a price is missing, set `[prices.\"provider/model\"]` in baton.toml for later replies.");
        context.screen.tell(painted(WARNING, warning));
    }
}

fn head(by: CostBy) -> &'static str {
    match by {
        CostBy::Agent => "AGENT",
        CostBy::Workflow => "WORKFLOW",
        CostBy::Project => "PROJECT",
        CostBy::Story => "STORY",
        CostBy::Model => "MODEL",
        CostBy::Day => "DAY",
    }
}

/// What people call what a row adds up.
fn name(by: CostBy, row: &CostRow, names: &ProjectNames) -> String {
    text::line(&match (by, &row.project) {
        (CostBy::Model, _) => model(&row.name),
        (CostBy::Story, Some(project)) => format!("{} ({})", row.name, names.of(project)).into(),
        (CostBy::Story, None) => "(no story)".into(),
        (_, Some(project)) => names.of(project).into(),
        (_, None) => row.name.as_str().into(),
    })
}

/// A model as people name it: of a script, which is kept with its whole path, the file's name.
fn model(kept: &str) -> Cow<'_, str> {
    let file = kept.strip_prefix("script/").and_then(|file| Path::new(file).file_name());
    file.map_or(kept.into(), |file| format!("script/{}", file.to_string_lossy()).into())
}

fn money(dollars: Dollars) -> String {
    figures::money(Some(dollars.as_number()))
}

/// What is known of the cost, and that it is not all.
pub(super) fn known_cost(sum: &CostSum) -> String {
    match sum.replies_without_price {
        0 => money(sum.known_cost_usd),
        unpriced if sum.known_cost_usd == Dollars::default() && unpriced >= sum.replies => "unknown".to_owned(),
        _ => format!("{} + unknown", money(sum.known_cost_usd)),
    }
}

fn cost(sum: &CostSum) -> Cell {
    let known = known_cost(sum);
    if sum.replies_without_price == 0 { known.into() } else { Cell::styled(known, WARNING) }
}

/// How often a story was tried, and for how long; nothing for what was for no story.
fn tried(row: &CostRow) -> [Cell; 2] {
    match row.work {
        Some(work) => [figures::count(work.tries).into(), figures::duration(work.took_ms).into()],
        None => [String::new().into(), String::new().into()],
    }
}

/// A bar as long as its share of the largest; what costs anything can be seen.
fn bar(cost: Dollars, most: Dollars) -> String {
    let share = u128::from(cost.billionths()) * u128::from(BAR) / u128::from(most.billionths().max(1));
    let cells = if cost == Dollars::default() { 0 } else { usize::try_from(share).unwrap_or(0).max(1) };
    "█".repeat(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Dollars {
        serde_json::from_str(&format!("{text:?}")).unwrap()
    }

    #[test]
    fn a_bar_shows_its_share() {
        assert_eq!(bar(dollars("2"), dollars("2")).chars().count(), 24);
        assert_eq!(bar(dollars("1"), dollars("2")).chars().count(), 12);
        assert_eq!(bar(dollars("0.000001"), dollars("2")).chars().count(), 1);
        assert_eq!(bar(Dollars::default(), Dollars::default()), "");
    }

    #[test]
    fn a_script_is_shown_by_the_name_of_its_file() {
        assert_eq!(model("script//home/ada/replies.yaml"), "script/replies.yaml");
        assert_eq!(model("lab/org/model"), "lab/org/model");
    }

    #[test]
    fn a_cost_that_is_not_known_as_a_whole_says_so() {
        let sum = CostSum { replies: 2, replies_without_price: 1, known_cost_usd: dollars("0.5"), ..CostSum::default() };
        assert_eq!(known_cost(&sum), "$0.5000 + unknown");
        assert_eq!(known_cost(&CostSum { replies_without_price: 2, known_cost_usd: Dollars::default(), ..sum }), "unknown");
    }
}
