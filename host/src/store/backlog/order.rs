//! The columns that lists of items are ordered and searched by, and how they are filled in for items from before there were lists.
//! Lists nothing.

use sqlx::{AnyConnection, Executor, Row, any::AnyRow};

use super::super::StoreError;
use crate::interfaces::backlog::sortable_key;

const WITHOUT_ORDER: &str = "select project, key, title from items where sort_key = ''";
const FILL: &str = "update items set sort_key = $3, folded_title = $4 where project = $1 and key = $2";

/// The columns that a list is ordered and searched by: of a key and a title.
pub(super) fn list_columns(key: &str, title: &str) -> (String, String) {
    (sortable_key(key), title.to_lowercase())
}

/// Fills in what lists are ordered by for items from before there were lists. The caller holds the lease. A host that is killed
/// meanwhile begins it again.
pub(in crate::store) async fn fill_list_columns(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let rows = sqlx::query(WITHOUT_ORDER).fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(());
    }
    connection.execute("begin immediate").await?;
    let filled = fill(&rows, connection).await;
    // A rollback that fails leaves nothing behind either: the connection is closed.
    connection.execute(if filled.is_ok() { "commit" } else { "rollback" }).await?;
    filled
}

async fn fill(rows: &[AnyRow], connection: &mut AnyConnection) -> Result<(), StoreError> {
    for row in rows {
        let (project, key, title): (&str, &str, &str) = (row.try_get("project")?, row.try_get("key")?, row.try_get("title")?);
        let (sort_key, folded_title) = list_columns(key, title);
        sqlx::query(FILL).bind(project).bind(key).bind(sort_key).bind(folded_title).execute(&mut *connection).await?;
    }
    Ok(())
}
