//! `baton budget`: what may be spent on models. A run that reaches its budget is paused, and nothing of it is lost.

use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{
    Context,
    client::{self, Client},
    exit::Exit,
    figures,
    place::ProjectNames,
    screen::{BAD, FAINT, GOOD, WARNING},
    table::{Align, Cell, Table},
    text,
};
use crate::operations::{
    Access, Dollars, Problem, ProblemKind,
    budgets::{Amount, AmountError, Budget as Shown, BudgetScope, BudgetTarget, RemoveBudget, SetBudget},
    projects::ProjectRef,
};

/// Show and set budgets for models
///
/// Baton makes a call only if every budget that applies has enough left for it. Otherwise it pauses the run: raise the
/// budget and resume the run. Nothing is paid for twice.
#[derive(Debug, Args)]
pub(super) struct Budget {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all budgets and what is left of each
    List,
    /// Set a budget for the host, a project or a run
    Set {
        /// Total in dollars, such as 25 or 2.50
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
    /// Name, id or directory of the project
    #[arg(long, value_name = "DIR|NAME", conflicts_with = "run")]
    project: Option<String>,
    /// Budget of this run's top-level run, including all its child runs
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

impl Budget {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            None | Some(Command::List) => list(context).await,
            Some(Command::Set { amount, scope }) => {
                let amount = self::amount("amount", amount)?;
                set(context, scope, amount).await
            }
            Some(Command::Remove { scope }) => remove(context, scope).await,
        }
    }
}

/// An amount as somebody typed it behind the argument `field`.
pub(super) fn amount(field: &str, text: &str) -> Result<Amount, Problem> {
    text.parse().map_err(|error: AmountError| Problem::invalid("amount_invalid", field, error.to_string()))
}

async fn list(context: &Context) -> Result<Exit> {
    let client = context.connect(Access::Look).await?;
    let page = client::money::list_budgets(&client).await?;
    if context.screen.is_json() {
        context.screen.document(&page)?;
    } else if page.items.is_empty() {
        let set = context.again("budget set 25");
        context
            .screen
            .tell(format!("No budget is set, so spending on models is not limited. `{set}` sets one for all that this host does."));
    } else {
        let names = ProjectNames::load_from(&client).await?;
        context.screen.answer(table(&page.items, &names).fit(context.screen.room()))?;
    }
    Ok(Exit::Done)
}

async fn set(context: &Context, arguments: &ScopeArguments, amount: Amount) -> Result<Exit> {
    let client = context.connect_to_change().await?;
    let request = SetBudget { target: arguments.target(&client).await?, amount_usd: Dollars(amount) };
    let budget = client::money::set_budget(&client, &request).await?;
    let name = describe_scope(&budget.scope, &ProjectNames::load_from(&client).await?);
    client.close().await;
    if context.screen.is_json() {
        context.screen.document(&budget)?;
    } else {
        let spent = figures::money(Some(budget.spent_usd.as_number()));
        context.screen.tell(format!("The budget for {name} is ${amount}; {spent} of it is spent."));
    }
    Ok(Exit::Done)
}

async fn remove(context: &Context, arguments: &ScopeArguments) -> Result<Exit> {
    let client = context.connect_to_change().await?;
    let request = RemoveBudget { target: arguments.target(&client).await? };
    let removed = client::money::remove_budget(&client, &request).await?;
    let name = describe_scope(&removed.scope, &ProjectNames::load_from(&client).await?);
    client.close().await;
    if context.screen.is_json() {
        context.screen.document(&removed)?;
    } else {
        context.screen.tell(format!("Removed the budget for {name}."));
    }
    Ok(Exit::Done)
}

impl ScopeArguments {
    async fn target(&self, client: &Client) -> Result<BudgetTarget, Problem> {
        match (&self.run, &self.project) {
            (Some(run), _) => Ok(BudgetTarget::Run(run.clone())),
            (None, Some(word)) => Ok(BudgetTarget::Project(project(client, word).await?)),
            (None, None) => Ok(BudgetTarget::Host),
        }
    }
}

/// The project that a word names: its name, its id, or its folder.
async fn project(client: &Client, word: &str) -> Result<ProjectRef, Problem> {
    if word.trim().is_empty() {
        let problem = Problem::invalid("project_not_named", "project", "The name of the project is empty.");
        return Err(problem.advise("Give its name or its directory."));
    }
    let by_name = ProjectRef::Name(word.to_owned());
    let host = match client {
        Client::Here(host) => host,
        Client::There(_) => return Ok(by_name),
    };
    let by_folder = Path::new(word).canonicalize().ok().filter(|folder| folder.is_dir()).map(ProjectRef::Folder);
    match (by_name.find(host).await, by_folder) {
        (Ok(_), None) => Ok(by_name),
        (Ok(named), Some(folder)) => match folder.find(host).await {
            Ok(found) if found.id() == named.id() => Ok(by_name),
            _ => Err(ambiguous(word, named.id())),
        },
        (Err(problem), Some(folder)) if problem.kind == ProblemKind::NotFound => Ok(folder),
        (Err(problem), _) => Err(problem),
    }
}

fn ambiguous(word: &str, id: &str) -> Problem {
    let word = text::escaped(word);
    let message = format!("`{word}` is the name of one project and the directory of another.");
    let problem = Problem::invalid("project_ambiguous", "project", message);
    problem.advise(format!("Write ./{word} for the directory, or {id} for the project."))
}

fn describe_scope(scope: &BudgetScope, names: &ProjectNames) -> String {
    match scope {
        BudgetScope::Host => "all that this host does".to_owned(),
        BudgetScope::Project { project } => format!("the project {}", text::escaped(names.of(project))),
        BudgetScope::Run { run } => format!("run {}", text::short(run)),
        BudgetScope::Day { project } => format!("a day of the project {}", text::escaped(names.of(project))),
    }
}

fn table(budgets: &[Shown], names: &ProjectNames) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[("FOR", left), ("BUDGET", right), ("SPENT", right), ("LEFT", right), ("", left), ("SET BY", left)]);
    for budget in budgets {
        let style = match () {
            () if budget.left_usd == Dollars::default() => BAD,
            () if budget.nearly_spent => WARNING,
            () => GOOD,
        };
        table.row([
            describe_scope(&budget.scope, names).into(),
            format!("${}", budget.budget_usd).into(),
            figures::money(Some(budget.spent_usd.as_number())).into(),
            Cell::styled(figures::money(Some(budget.left_usd.as_number())), style),
            Cell::styled(bar(budget.spent_usd, budget.budget_usd), style),
            Cell::styled(text::line(&budget.set_by), FAINT),
        ]);
    }
    table
}

fn bar(spent: Dollars, amount: Dollars) -> String {
    const CELLS: u64 = 16;
    let share = u128::from(spent.billionths()) * u128::from(CELLS) / u128::from(amount.billionths().max(1));
    let full = usize::try_from(share.min(u128::from(CELLS))).unwrap_or(0);
    format!("{}{}", "█".repeat(full), "░".repeat(16 - full))
}
