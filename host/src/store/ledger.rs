//! What was paid, read out of the replies' events, and the table `budgets`: what may be paid. Adds nothing up.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::llm::events::{BudgetSet, Completed},
    interfaces::llm::money::{Amount, Budget, BudgetStore, Charge, Ledger, Posting, PostingFilter, Scope},
    journal::RunId,
};

/// What errors call it.
const SUBJECT: &str = "the budgets";

const TABLE: &str = "budgets";
const POSTINGS: &str = "select e.cursor, e.at, e.run_id, e.data, r.plugin, r.project, r.item, r.root_id, root.plugin as workflow \
    from events e join runs r on r.id = e.run_id join runs root on root.id = r.root_id \
    where e.category = 'llm' and e.cursor > $1 and e.name = 'completed' and e.at >= $3 \
    and ($4 = '' or r.project in (select value from json_each($4))) order by e.cursor limit $2";
/// The category is compared in a form that no index has: the events of the item's runs are few, those of models are many.
const POSTINGS_OF_ITEM: &str = "select e.cursor, e.at, e.run_id, e.data, r.plugin, r.project, r.item, r.root_id, root.plugin as workflow \
    from runs r join events e on e.run_id = r.id join runs root on root.id = r.root_id \
    where r.project = $4 and r.item = $5 and e.category || '' = 'llm' and e.cursor > $1 and e.name = 'completed' and e.at >= $3 \
    order by e.cursor limit $2";
const BUDGETS: &str = "select scope, of_id, amount, set_at, set_by from budgets";
const SET: &str = "insert into budgets (scope, of_id, amount, set_at, set_by) values ($1, $2, $3, $4, $5) \
    on conflict (scope, of_id) do update set amount = excluded.amount, set_at = excluded.set_at, set_by = excluded.set_by";
const REMOVE: &str = "delete from budgets where scope = $1 and of_id = $2";

#[async_trait]
impl Ledger for Store {
    async fn postings(&self, filter: &PostingFilter, cursor: i64, limit: u32) -> Result<Vec<Posting>, StorageError> {
        let query = sqlx::query(if filter.item.is_some() { POSTINGS_OF_ITEM } else { POSTINGS });
        let query = query.bind(cursor).bind(stored(limit.into())).bind(stored(filter.since));
        let projects = filter.projects.as_ref().map_or_else(|| Ok(String::new()), serde_json::to_string);
        let projects = projects.map_err(|error| reading(SUBJECT)(StoreError::row(TABLE, error)))?;
        let query = match &filter.item {
            Some((project, item)) => query.bind(&**project).bind(&**item),
            None => query.bind(projects),
        };
        let rows = query.fetch_all(&self.reads).await.map_err(reading(SUBJECT))?;
        rows.iter().map(posting).collect::<Result<_, _>>().map_err(reading(SUBJECT))
    }
}

#[async_trait]
impl BudgetStore for Store {
    async fn budgets(&self) -> Result<Vec<Budget>, StorageError> {
        let rows = sqlx::query(BUDGETS).fetch_all(&self.reads).await.map_err(reading(SUBJECT))?;
        let mut budgets = rows.iter().map(budget).collect::<Result<Vec<_>, _>>().map_err(reading(SUBJECT))?;
        budgets.sort_by(|one, other| one.scope.cmp(&other.scope));
        Ok(budgets)
    }

    async fn set_budget(&self, scope: &Scope, amount: Option<Amount>, by: &Actor) -> Result<(), StorageError> {
        let change = SetBudget { scope: scope.clone(), amount, by: by.clone() };
        self.queue.change(change).await.map_err(writing(SUBJECT))
    }
}

struct SetBudget {
    scope: Scope,
    amount: Option<Amount>,
    by: Actor,
}

#[async_trait]
impl Change for SetBudget {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let (scope, of) = words(&self.scope);
        let query = match self.amount {
            Some(amount) => {
                let query = sqlx::query(SET).bind(scope).bind(of).bind(stored(amount.as_billionths()));
                query.bind(stored(step.now)).bind(&*self.by.name)
            }
            None => sqlx::query(REMOVE).bind(scope).bind(of),
        };
        query.execute(&mut *step.connection).await?;
        let set = BudgetSet { scope: scope.to_owned(), of: of.to_owned(), usd: self.amount };
        step.events.extend(NewEvent::all(vec![Draft::of_host(&set).by(&self.by)]));
        Ok(())
    }
}

fn words(scope: &Scope) -> (&'static str, &str) {
    match scope {
        Scope::Organisation => ("organisation", ""),
        Scope::Project(project) => ("project", project),
        Scope::Run(run) => ("run", run.as_str()),
        // That of a day is set with its autopilot.
        Scope::Day(project) => ("day", project),
    }
}

fn budget(row: &AnyRow) -> Result<Budget, StoreError> {
    let of: String = row.try_get("of_id")?;
    let scope = match row.try_get("scope")? {
        "organisation" => Scope::Organisation,
        "project" => Scope::Project(of),
        "run" => Scope::Run(RunId::from_text(of)),
        other => return Err(StoreError::row(TABLE, format!("`{other}` is not a scope"))),
    };
    let amount = Amount::billionths(read_number(row, "amount")?);
    Ok(Budget { scope, amount, set_at: read_number(row, "set_at")?, set_by: row.try_get("set_by")? })
}

pub(super) fn posting(row: &AnyRow) -> Result<Posting, StoreError> {
    let reply: Completed = serde_json::from_str(row.try_get("data")?).map_err(|error| StoreError::row("events", error))?;
    Ok(Posting {
        cursor: row.try_get("cursor")?,
        at: read_number(row, "at")?,
        run: RunId::from_text(row.try_get::<String, _>("run_id")?),
        seq: reply.seq,
        root: RunId::from_text(row.try_get::<String, _>("root_id")?),
        workflow: row.try_get("workflow")?,
        project: row.try_get("project")?,
        item: row.try_get("item")?,
        plugin: row.try_get("plugin")?,
        charge: charge(&reply),
        model: reply.model,
    })
}

/// What a reply took.
pub(super) fn charge(reply: &Completed) -> Charge {
    Charge {
        input_tokens: reply.input_tokens.unwrap_or_default(),
        cached_input_tokens: reply.cached_input_tokens.unwrap_or_default(),
        output_tokens: reply.output_tokens.unwrap_or_default(),
        window_tokens: reply.window_tokens.unwrap_or_default(),
        cost: reply.cost_usd.and_then(Amount::from_dollars),
        settled: reply.settled_usd.and_then(Amount::from_dollars),
        possibly_charged: reply.possibly_charged,
    }
}
