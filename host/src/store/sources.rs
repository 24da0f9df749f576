//! The table `sources`: where plugins were fetched from. Knows no registry.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::kernel::sources::{Source, Sources, SourcesError};

const ALL: &str = "select plugin, reference, digest, hash, installed_at from sources";
const REMEMBER: &str = "insert into sources (plugin, reference, digest, hash, installed_at) values ($1, $2, $3, $4, $5) \
    on conflict (plugin) do update set reference = excluded.reference, digest = excluded.digest, hash = excluded.hash, \
    installed_at = excluded.installed_at";
const FORGET: &str = "delete from sources where plugin = $1";

#[async_trait]
impl Sources for Store {
    async fn sources(&self) -> Result<Vec<Source>, SourcesError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(|error| unread(error.into()))?;
        rows.iter().map(source).collect::<Result<_, _>>().map_err(unread)
    }

    async fn remember(&self, source: &Source) -> Result<(), SourcesError> {
        self.queue.change(Remember(source.clone())).await.map_err(unwritten)
    }

    async fn forget(&self, plugin: &str) -> Result<(), SourcesError> {
        self.queue.change(Forget(plugin.to_owned())).await.map_err(unwritten)
    }
}

struct Remember(Source);

#[async_trait]
impl Change for Remember {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Source { plugin, reference, digest, hash, .. } = &self.0;
        let query = sqlx::query(REMEMBER).bind(&**plugin).bind(&**reference).bind(&**digest).bind(&**hash);
        query.bind(stored(step.now)).execute(&mut *step.connection).await?;
        Ok(())
    }
}

struct Forget(String);

#[async_trait]
impl Change for Forget {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        sqlx::query(FORGET).bind(&*self.0).execute(&mut *step.connection).await?;
        Ok(())
    }
}

fn source(row: &AnyRow) -> Result<Source, StoreError> {
    Ok(Source {
        plugin: row.try_get("plugin")?,
        reference: row.try_get("reference")?,
        digest: row.try_get("digest")?,
        hash: row.try_get("hash")?,
        installed_at: read_number(row, "installed_at")?,
    })
}

fn unread(error: StoreError) -> SourcesError {
    SourcesError { action: "read", reason: error.to_string() }
}

fn unwritten(error: StoreError) -> SourcesError {
    SourcesError { action: "written", reason: error.to_string() }
}
