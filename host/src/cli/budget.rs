//! `baton budget`: what may be paid for models. A run that reaches its end is paused, and nothing of it is lost.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Context,
    exit::{Exit, Misuse},
    figures,
    place::ProjectNames,
    screen::{BAD, FAINT, GOOD, WARNING},
    table::{Align, Cell, Table},
    text,
};
use crate::{
    interfaces::llm::money::{Amount, AmountError, Budget as Set, Scope},
    kernel::KernelError,
    operations::{Access, Host},
};

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
    /// A project: its name, its id, or its folder
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
    for budget in app.budgets.budgets().await? {
        let spent = app.budgets.spent(&budget.scope).await?;
        budgets.push((budget, spent));
    }
    if context.screen.is_json() {
        context.screen.document(&budgets.iter().map(|(budget, spent)| document(budget, *spent)).collect::<Vec<_>>())?;
    } else if budgets.is_empty() {
        let set = context.again("budget set 25");
        context.screen.tell(format!("No budget is set: models may cost what they like. `{set}` sets one for all that this host does."));
    } else {
        let names = ProjectNames::load(&app).await?;
        context.screen.answer(table(&budgets, &names).fit(context.screen.room()))?;
    }
    Ok(Exit::Done)
}

async fn change(context: &Context, arguments: &ScopeArguments, amount: Option<Amount>) -> Result<Exit> {
    let app = context.open_to_change().await?;
    let scope = meant(&app, arguments, amount.is_some()).await?;
    let name = named(&scope, &ProjectNames::load(&app).await?);
    if amount.is_none() && !app.budgets.budgets().await?.iter().any(|budget| budget.scope == scope) {
        return Err(Misuse(format!("There is no budget for {name}; `baton budget` lists all of them.")).into());
    }
    app.budgets.set(&scope, amount, &app.config.operator).await?;
    let spent = app.budgets.spent(&scope).await?;
    app.close().await;
    match amount {
        None => context.screen.tell(format!("Removed the budget for {name}.")),
        Some(amount) => {
            let spent = figures::money(Some(spent.dollars()));
            context.screen.tell(format!("The budget for {name} is ${amount}; {spent} of it is spent."));
        }
    }
    Ok(Exit::Done)
}

async fn meant(app: &Host, arguments: &ScopeArguments, is_set: bool) -> Result<Scope> {
    if let Some(run) = &arguments.run {
        return Ok(Scope::Run(app.kernel.resolve(run).await?.root));
    }
    let Some(word) = &arguments.project else { return Ok(Scope::Organisation) };
    if word.trim().is_empty() {
        return Err(Misuse("An empty text names no project. Give its name or its folder.".to_owned()).into());
    }
    let folder = Path::new(word).canonicalize().ok().filter(|folder| folder.is_dir());
    match (app.kernel.find_project(word).await, folder) {
        (Ok(project), None) => Ok(Scope::Project(project.id)),
        (Ok(project), Some(folder)) => match app.kernel.projects().project_of_folder(&folder).await? {
            Some(of_folder) if of_folder.id == project.id => Ok(Scope::Project(project.id)),
            _ => Err(ambiguous(word, &project.id).into()),
        },
        (Err(KernelError::NoProject(_)), Some(folder)) => of_folder(app, folder, is_set).await,
        (Err(error), _) => Err(error.into()),
    }
}

/// A budget is set for a folder that is not a project yet as well: it becomes one.
async fn of_folder(app: &Host, folder: PathBuf, is_set: bool) -> Result<Scope> {
    if is_set {
        return Ok(Scope::Project(app.kernel.open_project(&folder, &app.config.operator).await?.id));
    }
    let known = app.kernel.projects().project_of_folder(&folder).await?;
    let shown = text::escaped(&folder.display().to_string());
    let project = known.ok_or_else(|| Misuse(format!("There is no budget for {shown}; `baton budget` lists all of them.")))?;
    Ok(Scope::Project(project.id))
}

fn ambiguous(word: &str, id: &str) -> Misuse {
    let word = text::escaped(word);
    Misuse(format!(
        "`{word}` is the name of one project and the folder of another. Write ./{word} for the folder, or {id} for the project."
    ))
}

fn named(scope: &Scope, names: &ProjectNames) -> String {
    match scope {
        Scope::Organisation => "all that this host does".to_owned(),
        Scope::Project(project) => format!("the project {}", text::escaped(names.of(project))),
        Scope::Run(run) => format!("run {}", text::short(run)),
        Scope::Day(project) => format!("a day of the project {}", text::escaped(names.of(project))),
    }
}

fn table(budgets: &[(Set, Amount)], names: &ProjectNames) -> Table {
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
            named(&budget.scope, names).into(),
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
