//! The tables `runs` and `waits`: where every run stands and what it waits for. Reads here, changes beside.

mod change;
mod giving_up;
mod line;
mod record;
mod repin;
mod tally;

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{
    Any, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::children::Outcome,
    journal::{CallError, Continuation, RunId},
    kernel::{
        package::Kind,
        run::{Added, CancelCause, FailedCall, Filter, InLine, Queued, Repin, Run, Runs, State, Summary, Tally},
    },
};

/// What errors call it.
const RUNS: &str = "the runs";
pub(in crate::store) use change::Add;
use change::{ChangeSettings, Continue, NoteTrap, Reopen, RequestCancel, RequeueRunning, Transition, WakeDue};
use record::{States, load, load_summary, to_text};

/// The columns a run is read from.
macro_rules! columns {
    () => {
        "id, parent_id, parent_seq, root_id, forked_from_id, forked_from_seq, plugin, plugin_version, plugin_hash, kind, input, project, \
         workspace, pin, settings, project_settings, ceiling, slot, item, seed, started_at, started_by, journal_form, journal_from, state, state_detail, \
         output, shortfall, failed_call, \
         cancel_requested_at, cancel_cause, created_at, updated_at"
    };
}

/// The columns that a list reads: none that may be large.
macro_rules! summary_columns {
    () => {
        "id, parent_id, parent_seq, root_id, forked_from_id, forked_from_seq, plugin, plugin_version, plugin_hash, kind, project, workspace, \
         slot, item, started_by, journal_from, state, state_detail, shortfall, failed_call, cancel_requested_at, cancel_cause, created_at, updated_at"
    };
}

/// What a list has, and in which order.
macro_rules! of_list {
    () => {
        " from runs where ($1 = 0 or parent_id is null) and ($2 = 0 or state in ($3, $4, $5, $6, $7, $8, $9)) and ($11 = 0 or plugin = $12) \
         and ($13 = '' or project in (select value from json_each($13))) and created_at >= $14 and ($15 = 0 or created_at < $16 or (created_at = $16 and id < $17)) \
         and ($18 = '' or item = $18) and ($19 = '' or kind = $19)"
    };
}
macro_rules! in_order {
    () => {
        " order by created_at desc, id desc limit $10"
    };
}

/// A condition on a column: it names one of the runs of the parameter, a JSON array of ids, or one that descends from them.
macro_rules! in_trees {
    ($column:literal, $parameter:literal) => {
        concat!(
            $column,
            " in (with recursive tree (id) as (select value from json_each(",
            $parameter,
            ") union select child.id from runs child join tree on child.parent_id = tree.id) select id from tree)"
        )
    };
}

/// A condition on a column: it names the run of the parameter, or one that descends from it.
macro_rules! in_tree {
    ($column:literal, $parameter:literal) => {
        concat!(
            $column,
            " in (with recursive tree (id) as (select cast(",
            $parameter,
            " as text) union select child.id from runs child join tree on child.parent_id = tree.id) select id from tree)"
        )
    };
}
pub(in crate::store) use in_tree;

/// The states in which a run is not over.
macro_rules! unfinished {
    () => {
        "('queued', 'running', 'waiting', 'paused')"
    };
}
pub(in crate::store) use unfinished;

/// The states in which a run is over.
macro_rules! ended {
    () => {
        "('succeeded', 'failed', 'cancelled')"
    };
}
pub(in crate::store) use ended;

/// Only what an operator did not pause with its project.
macro_rules! not_paused {
    () => {
        "project not in (select id from projects where state = 'paused')"
    };
}

const FIND: &str = concat!("select ", columns!(), " from runs where id = $1");
/// Not `like`, which would take a `%` of a part for more than itself.
const MATCHING: &str = concat!(
    "select ",
    columns!(),
    " from runs where substr(id, 1, $1) = $2 or substr(id, length(id) - $1 + 1) = $2 or substr(id, length(id) - 7, $1) = $2",
    " order by created_at desc, id limit 20"
);
const LIST: &str = concat!("select ", columns!(), of_list!(), in_order!());
const LIST_TREES: &str = concat!("select ", columns!(), of_list!(), " and ", in_trees!("id", "$20"), in_order!());
const SUMMARIES: &str = concat!("select ", summary_columns!(), of_list!(), in_order!());
const SUMMARIES_TREES: &str = concat!("select ", summary_columns!(), of_list!(), " and ", in_trees!("id", "$20"), in_order!());
/// Only a run that waits has a time, and there is an index of those that have one.
const NEXT_DUE: &str = "select min(wake_at) from runs where wake_at is not null";
const NEXT_DUE_TREE: &str = concat!("select min(wake_at) from runs where wake_at is not null and ", in_tree!("id", "$1"));
const QUEUED: &str =
    concat!("select id, plugin, created_at from runs where state = 'queued' and ", not_paused!(), " order by created_at, id limit $1");
/// The state is compared in the form of the index of queued runs by plugin.
const QUEUED_OF: &str = concat!(
    "select id, plugin, created_at from runs where state || '' = 'queued' and plugin = $2 and ",
    not_paused!(),
    " order by created_at, id limit $1"
);
const QUEUED_TREE: &str = concat!(
    "select id, plugin, created_at from runs where state = 'queued' and ",
    not_paused!(),
    " and ",
    in_tree!("id", "$2"),
    " order by created_at, id limit $1"
);
const QUEUED_TREE_OF: &str = concat!(
    "select id, plugin, created_at from runs where state || '' = 'queued' and plugin = $2 and ",
    not_paused!(),
    " and ",
    in_tree!("id", "$3"),
    " order by created_at, id limit $1"
);
/// From one name to the next by the index, past all runs between them.
const QUEUED_PLUGINS: &str = "with recursive names (plugin) as (select min(plugin) from runs where state || '' = 'queued' and plugin > '' \
    union all select (select min(plugin) from runs where state || '' = 'queued' and plugin > names.plugin) from names \
    where names.plugin is not null) select plugin from names where plugin is not null";
const QUEUED_PLUGINS_TREE: &str = concat!("select distinct plugin from runs where state || '' = 'queued' and ", in_tree!("id", "$1"));
/// What an operator provides has one key, whatever it is.
const NEEDING: &str = "select run_id from waiting where on_key = 'needed' order by run_id";
const NEEDING_TREE: &str = concat!("select run_id from waiting where on_key = 'needed' and ", in_tree!("run_id", "$1"), " order by run_id");
/// The state is compared in a form that no index has: there is one of the few that are meant.
const CANCEL_REQUESTS: &str = concat!(
    "select id from runs where cancel_requested_at is not null and (state || '' in ",
    unfinished!(),
    " \
    or (state || '' = 'failed' and parent_id is null)) order by cancel_requested_at, id"
);

type Statement<'a> = Query<'a, Any, AnyArguments>;

#[async_trait]
impl Runs for Store {
    async fn add(&self, run: &Run, most: u64, events: Vec<Draft>) -> Result<Added, StorageError> {
        self.queue.change(Add { run: run.clone(), most, events: NewEvent::all(events) }).await.map_err(writing(RUNS))
    }

    async fn find(&self, id: &RunId) -> Result<Option<Run>, StorageError> {
        let runs = self.load_runs(sqlx::query(FIND).bind(id.as_str())).await.map_err(reading(RUNS))?;
        Ok(runs.into_iter().next())
    }

    async fn matching(&self, part: &str) -> Result<Vec<Run>, StorageError> {
        let characters = stored(part.chars().count() as u64);
        self.load_runs(sqlx::query(MATCHING).bind(characters).bind(part)).await.map_err(reading(RUNS))
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<Run>, StorageError> {
        let rows = self.load_rows([LIST, LIST_TREES], filter).await.map_err(reading(RUNS))?;
        Ok(rows.iter().filter_map(|row| readable(row, load)).collect())
    }

    async fn summaries(&self, filter: &Filter) -> Result<Vec<Summary>, StorageError> {
        let rows = self.load_rows([SUMMARIES, SUMMARIES_TREES], filter).await.map_err(reading(RUNS))?;
        Ok(rows.iter().filter_map(|row| readable(row, load_summary)).collect())
    }

    async fn transition(
        &self,
        id: &RunId,
        from: &[&str],
        to: State,
        outcome: Option<Outcome>,
        events: Vec<Draft>,
    ) -> Result<bool, StorageError> {
        let (output, shortfall) = outcome.map_or((None, None), |outcome| (Some(outcome.output.to_string()), outcome.shortfall));
        let (from, events) = (States::new(from.iter().copied()), NewEvent::all(events));
        let change = Transition { id: id.clone(), from, to, output, shortfall, failed_call: None, events };
        self.queue.change(change).await.map_err(writing(RUNS))
    }

    async fn continue_with(&self, id: &RunId, continuation: &Continuation, to: State, events: Vec<Draft>) -> Result<bool, StorageError> {
        let change = Continue { id: id.clone(), continuation: continuation.clone(), to, events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(RUNS))
    }

    async fn reopen(&self, calls: &[(RunId, u64)], events: Vec<Draft>) -> Result<(), StorageError> {
        let change = Reopen { calls: calls.to_vec(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(RUNS))
    }

    async fn repin(&self, repin: Repin<'_>, events: Vec<Draft>) -> Result<bool, StorageError> {
        self.queue.change(repin::Repinning::new(repin, NewEvent::all(events))).await.map_err(writing(RUNS))
    }

    async fn wake_due(&self, root: Option<&RunId>, now: u64) -> Result<u64, StorageError> {
        self.queue.change(WakeDue { root: root.cloned(), due: now }).await.map_err(writing(RUNS))
    }

    async fn needing(&self, root: Option<&RunId>) -> Result<Vec<RunId>, StorageError> {
        let query = of_tree(sqlx::query(if root.is_some() { NEEDING_TREE } else { NEEDING }), root);
        self.load_ids(query).await.map_err(reading(RUNS))
    }

    async fn next_due(&self, root: Option<&RunId>) -> Result<Option<u64>, StorageError> {
        let query = of_tree(sqlx::query(if root.is_some() { NEXT_DUE_TREE } else { NEXT_DUE }), root);
        let row = query.fetch_one(&self.reads).await.map_err(reading(RUNS))?;
        let due = row.try_get::<Option<i64>, _>(0).map_err(reading(RUNS))?;
        Ok(due.map(i64::unsigned_abs))
    }

    async fn requeue_running(&self) -> Result<u64, StorageError> {
        self.queue.change(RequeueRunning).await.map_err(writing(RUNS))
    }

    async fn queued(&self, root: Option<&RunId>, plugin: Option<&str>, limit: u32) -> Result<Vec<Queued>, StorageError> {
        let statement = match (root, plugin) {
            (None, None) => QUEUED,
            (None, Some(_)) => QUEUED_OF,
            (Some(_), None) => QUEUED_TREE,
            (Some(_), Some(_)) => QUEUED_TREE_OF,
        };
        let query = sqlx::query(statement).bind(i64::from(limit));
        let query = match plugin {
            Some(plugin) => query.bind(plugin),
            None => query,
        };
        self.load_queued(of_tree(query, root)).await.map_err(reading(RUNS))
    }

    async fn line(&self) -> Result<Vec<InLine>, StorageError> {
        line::load(&self.reads).await.map_err(reading(RUNS))
    }

    async fn count_states(&self, projects: Option<&[String]>) -> Result<HashMap<String, u64>, StorageError> {
        line::count(&self.reads, projects).await.map_err(reading(RUNS))
    }

    async fn queued_plugins(&self, root: Option<&RunId>) -> Result<Vec<String>, StorageError> {
        let query = of_tree(sqlx::query(if root.is_some() { QUEUED_PLUGINS_TREE } else { QUEUED_PLUGINS }), root);
        let rows = query.fetch_all(&self.reads).await.map_err(reading(RUNS))?;
        rows.iter().map(|row| row.try_get(0).map_err(reading(RUNS))).collect()
    }

    async fn fail(&self, id: &RunId, error: CallError, call: Option<&FailedCall>, events: Vec<Draft>) -> Result<bool, StorageError> {
        let failed_call = call.map(to_text).transpose().map_err(writing(RUNS))?;
        let change = Transition {
            id: id.clone(),
            from: States::new(["running"].into_iter()),
            to: State::Failed { error },
            output: None,
            shortfall: None,
            failed_call,
            events: NewEvent::all(events),
        };
        self.queue.change(change).await.map_err(writing(RUNS))
    }

    async fn note_trap(&self, run: &Run, since: u64, most: u32) -> Result<u32, StorageError> {
        let (id, plugin, hash) = (run.id.clone(), run.plugin.clone(), run.plugin_hash.clone());
        self.queue.change(NoteTrap { id, plugin, hash, since, most }).await.map_err(writing(RUNS))
    }

    async fn tallies(&self, ids: &[RunId]) -> Result<HashMap<RunId, Tally>, StorageError> {
        tally::count(&self.reads, ids).await.map_err(reading(RUNS))
    }

    async fn change_settings(&self, id: &RunId, settings: &Value) -> Result<(), StorageError> {
        self.queue.change(ChangeSettings { id: id.clone(), settings: settings.to_string() }).await.map_err(writing(RUNS))
    }

    async fn request_cancel(&self, id: &RunId, cause: CancelCause, at_once: bool, by: &Actor) -> Result<(), StorageError> {
        self.queue.change(RequestCancel { id: id.clone(), cause, at_once, by: by.clone() }).await.map_err(writing(RUNS))
    }

    async fn cancel_requests(&self) -> Result<Vec<RunId>, StorageError> {
        self.load_ids(sqlx::query(CANCEL_REQUESTS)).await.map_err(reading(RUNS))
    }
}

impl Store {
    async fn load_runs(&self, query: Statement<'_>) -> Result<Vec<Run>, StoreError> {
        query.fetch_all(&self.reads).await?.iter().map(load).collect()
    }

    /// The rows of a list, by its statement for all runs or the one for those within trees.
    async fn load_rows(&self, [all, within]: [&'static str; 2], filter: &Filter) -> Result<Vec<AnyRow>, StoreError> {
        let query = sqlx::query(if filter.within.is_empty() { all } else { within });
        let query = query.bind(i64::from(filter.roots_only)).bind(i64::from(!filter.states.is_empty()));
        let query = States::new(filter.states.iter().map(String::as_str)).bind(query);
        let query =
            query.bind(i64::from(filter.limit)).bind(i64::from(filter.plugin.is_some())).bind(filter.plugin.as_deref().unwrap_or_default());
        let projects = filter.projects.as_ref().map(to_text).transpose()?.unwrap_or_default();
        let query = query.bind(projects).bind(stored(filter.since));
        let (at, id) = filter.behind.as_ref().map(|(at, id)| (*at, id.as_str())).unwrap_or_default();
        let query = query.bind(i64::from(filter.behind.is_some())).bind(stored(at)).bind(id);
        let query = query.bind(filter.item.as_deref().unwrap_or_default());
        let query = query.bind(filter.kind.map(Kind::as_str).unwrap_or_default());
        let query = if filter.within.is_empty() { query } else { query.bind(to_text(&filter.within)?) };
        Ok(query.fetch_all(&self.reads).await?)
    }

    async fn load_queued(&self, query: Statement<'_>) -> Result<Vec<Queued>, StoreError> {
        let queued = |row: &AnyRow| -> Result<Queued, StoreError> {
            let (id, plugin) = (RunId::from_text(row.try_get::<String, _>("id")?), row.try_get("plugin")?);
            Ok(Queued { created_at: read_number(row, "created_at")?, id, plugin })
        };
        query.fetch_all(&self.reads).await?.iter().map(queued).collect()
    }

    async fn load_ids(&self, query: Statement<'_>) -> Result<Vec<RunId>, StoreError> {
        let rows = query.fetch_all(&self.reads).await?;
        rows.iter().map(|row| Ok(RunId::from_text(row.try_get::<String, _>(0)?))).collect()
    }
}

/// A run of a list. One that cannot be read does not hide the others.
fn readable<T>(row: &AnyRow, load: fn(&AnyRow) -> Result<T, StoreError>) -> Option<T> {
    let warn = |error: &StoreError| {
        let run = row.try_get::<&str, _>("id").unwrap_or_default();
        tracing::warn!(run, %error, "a run cannot be read and is left out");
    };
    load(row).inspect_err(warn).ok()
}

/// Names the tree in a statement that ends with one.
fn of_tree<'a>(query: Statement<'a>, root: Option<&'a RunId>) -> Statement<'a> {
    match root {
        Some(root) => query.bind(root.as_str()),
        None => query,
    }
}
