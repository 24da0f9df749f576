//! The queue as it is shown, and how many runs are in each state. Orders nothing: the scheduler does.

use std::collections::HashMap;

use sqlx::{AnyPool, Row, any::AnyRow};

use super::super::{StoreError, number::read_number};
use crate::{
    journal::RunId,
    kernel::run::{InLine, Queued},
};

const LINE: &str = "select id, root_id, plugin, project, item, created_at, \
    case when project in (select id from projects where state = 'paused') then 1 else 0 end as held \
    from runs where state = 'queued' order by created_at, id";
const COUNT: &str = "select state, count(*) from runs where $1 = '' or project in (select value from json_each($1)) group by state";

pub(super) async fn load(reads: &AnyPool) -> Result<Vec<InLine>, StoreError> {
    let in_line = |row: &AnyRow| -> Result<InLine, StoreError> {
        let (id, plugin) = (RunId::from_text(row.try_get::<String, _>("id")?), row.try_get("plugin")?);
        Ok(InLine {
            queued: Queued { created_at: read_number(row, "created_at")?, id, plugin },
            root: RunId::from_text(row.try_get::<String, _>("root_id")?),
            project: row.try_get("project")?,
            item: row.try_get("item")?,
            is_held: row.try_get::<i64, _>("held")? != 0,
        })
    };
    sqlx::query(LINE).fetch_all(reads).await?.iter().map(in_line).collect()
}

pub(super) async fn count(reads: &AnyPool, projects: Option<&[String]>) -> Result<HashMap<String, u64>, StoreError> {
    let projects = projects.map(|ids| serde_json::Value::from(ids.to_vec()).to_string()).unwrap_or_default();
    let rows = sqlx::query(COUNT).bind(projects).fetch_all(reads).await?;
    rows.iter().map(|row| Ok((row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))).collect()
}
