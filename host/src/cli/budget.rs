//! `baton budget`: what may be paid for models. A run that reaches its end is paused, and nothing of it is lost.

use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Context,
    exit::{Exit, Misuse},
    figures,
    screen::{BAD, FAINT, GOOD, WARNING},
    table::{Align, Cell, Table},
    text,
};
use crate::{
    app::{Access, App},
    interfaces::llm::money::{Amount, AmountError, Budget as Set, Scope},
    kernel,
};

/// Projects named to somebody who named none of them.
const MOST_SHOWN: usize = 5;

/// Show and set how much may be spent on models
///
/// A call is made only if every budget it is paid from has enough left for it; otherwise its run is paused. Raise the
/// budget and resume the run: nothing is paid for twice.
#[derive(Debug, Args)]
pub(super) struct Budget {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every budget and what is left of it
    List,
    /// Set a budget: for all that this host does, or for a project or a run
    Set {
        /// Dollars in all, such as 25 or 2.50
        #[arg(value_name = "DOLLARS", allow_hyphen_values = true)]
        amount: String,
        #[command(flatten)]
        scope: ScopeArguments,
    },
    /// Remove a budget
    Remove {
        #[command(flatten)]
        scope: ScopeArguments,
    },
}

/// What a budget is for: everything when nothing is named.
#[derive(Debug, Args)]
struct ScopeArguments {
    /// A project: its folder, or its name as `baton costs --by project` shows it
    #[arg(long, value_name = "DIR|NAME", conflicts_with = "run")]
    project: Option<String>,
    /// A run at the root, with all that it starts
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

impl Budget {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            None | Some(Command::List) => list(context).await,
            Some(Command::Set { amount, scope }) => {
                let amount = self::amount(amount)?;
                change(context, scope, Some(amount)).await
            }
            Some(Command::Remove { scope }) => change(context, scope, None).await,
        }
    }
}

/// An amount as somebody typed it.
pub(super) fn amount(text: &str) -> Result<Amount, Misuse> {
    text.parse().map_err(|error: AmountError| Misuse(error.to_string()))
}

async fn list(context: &Context) -> Result<Exit> {
    let app = context.open(Access::Look).await?;
    let mut budgets = Vec::new();
    for budget in app.books.budgets().await? {
        let spent = app.books.spent(&budget.scope).await?;
        budgets.push((budget, spent));
    }
    if context.screen.is_json() {
        context.screen.document(&budgets.iter().map(|(budget, spent)| document(budget, *spent)).collect::<Vec<_>>())?;
    } else if budgets.is_empty() {
        let set = context.again("budget set 25");
        context.screen.tell(format!("No budget is set: models may cost what they like. `{set}` sets one for all that this host does."));
    } else {
        context.screen.answer(table(&budgets).fit(context.screen.room()))?;
    }
    Ok(Exit::Done)
}

async fn change(context: &Context, arguments: &ScopeArguments, amount: Option<Amount>) -> Result<Exit> {
    let app = context.open_to_change().await?;
    let scope = meant(&app, arguments).await?;
    if amount.is_none() && !app.books.budgets().await?.iter().any(|budget| budget.scope == scope) {
        return Err(Misuse(format!("There is no budget for {}; `baton budget` lists all of them.", named(&scope))).into());
    }
    if amount.is_some() {
        check_project(&app, &scope, arguments.project.as_deref()).await?;
    }
    app.books.set(&scope, amount, &app.config.operator).await?;
    let spent = app.books.spent(&scope).await?;
    app.close().await;
    let name = named(&scope);
    match amount {
        None => context.screen.tell(format!("Removed the budget for {name}.")),
        Some(amount) => {
            let spent = figures::money(Some(spent.dollars()));
            context.screen.tell(format!("The budget for {name} is ${amount}; {spent} of it is spent."));
        }
    }
    Ok(Exit::Done)
}

async fn meant(app: &App, arguments: &ScopeArguments) -> Result<Scope> {
    if let Some(run) = &arguments.run {
        return Ok(Scope::Run(app.kernel.resolve(run).await?.root));
    }
    let Some(project) = &arguments.project else { return Ok(Scope::Organisation) };
    if project.trim().is_empty() {
        return Err(
            Misuse("A project is named by its folder, or as `baton costs --by project` shows it; give one of them.".to_owned()).into()
        );
    }
    Ok(Scope::Project(match Path::new(project).canonicalize() {
        Ok(folder) if folder.is_dir() => kernel::project_of(&folder),
        _ => project.clone(),
    }))
}

/// A budget for what is no project would hold nobody back. A folder may be one before its first run.
async fn check_project(app: &App, scope: &Scope, named: Option<&str>) -> Result<()> {
    let (Scope::Project(project), Some(named)) = (scope, named) else { return Ok(()) };
    let projects = app.kernel.runs().projects().await?;
    let has_one = app.books.budgets().await?.iter().any(|budget| budget.scope == *scope);
    if Path::new(named).is_dir() || has_one || projects.contains(project) {
        return Ok(());
    }
    let (known, shown) = (projects.len(), projects.iter().take(MOST_SHOWN).map(|project| text::escaped(project)).collect::<Vec<_>>());
    let known = match known.saturating_sub(MOST_SHOWN) {
        _ if known == 0 => "no run has belonged to a project yet".to_owned(),
        0 => format!("the projects of its runs are {}", shown.join(", ")),
        more => format!("the projects of its runs are {} and {more} more", shown.join(", ")),
    };
    Err(Misuse(format!(
        "`{}` is neither a folder nor a project that this host knows: {known}. Give the project's folder.",
        text::escaped(named)
    ))
    .into())
}

fn named(scope: &Scope) -> String {
    match scope {
        Scope::Organisation => "all that this host does".to_owned(),
        Scope::Project(project) => format!("the project {}", text::escaped(project)),
        Scope::Run(run) => format!("run {}", text::short(run)),
    }
}

fn table(budgets: &[(Set, Amount)]) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[("FOR", left), ("BUDGET", right), ("SPENT", right), ("LEFT", right), ("", left), ("SET BY", left)]);
    for (budget, spent) in budgets {
        let left = budget.amount.less(*spent);
        let style = match () {
            () if left == Amount::ZERO => BAD,
            () if *spent >= budget.amount.percent(80) => WARNING,
            () => GOOD,
        };
        table.row([
            named(&budget.scope).into(),
            format!("${}", budget.amount).into(),
            figures::money(Some(spent.dollars())).into(),
            Cell::styled(figures::money(Some(left.dollars())), style),
            Cell::styled(bar(*spent, budget.amount), style),
            Cell::styled(text::line(&budget.set_by), FAINT),
        ]);
    }
    table
}

fn bar(spent: Amount, amount: Amount) -> String {
    const CELLS: u64 = 16;
    let share = u128::from(spent.as_billionths()) * u128::from(CELLS) / u128::from(amount.as_billionths().max(1));
    let full = usize::try_from(share.min(u128::from(CELLS))).unwrap_or(0);
    format!("{}{}", "█".repeat(full), "░".repeat(16 - full))
}

fn document(budget: &Set, spent: Amount) -> Value {
    json!({
        "scope": budget.scope,
        "budget-usd": budget.amount,
        "spent-usd": spent,
        "left-usd": budget.amount.less(spent),
        "set-at": figures::stamp(budget.set_at),
        "set-by": budget.set_by,
    })
}
