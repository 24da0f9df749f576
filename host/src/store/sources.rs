//! The table `sources`: where plugins were fetched from. Knows no registry.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    errors::StorageError,
    kernel::sources::{Source, Sources},
};

/// What errors call it.
const SOURCES: &str = "the sources of plugins";

const ALL: &str = "select plugin, reference, digest, hash, installed_at from sources";
const REMEMBER: &str = "insert into sources (plugin, reference, digest, hash, installed_at) values ($1, $2, $3, $4, $5) \
    on conflict (plugin) do update set reference = excluded.reference, digest = excluded.digest, hash = excluded.hash, \
    installed_at = excluded.installed_at";
const FORGET: &str = "delete from sources where plugin = $1";

#[async_trait]
impl Sources for Store {
    async fn sources(&self) -> Result<Vec<Source>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(SOURCES))?;
        rows.iter().map(source).collect::<Result<_, _>>().map_err(reading(SOURCES))
    }

    async fn remember(&self, source: &Source) -> Result<(), StorageError> {
        self.queue.change(Remember(source.clone())).await.map_err(writing(SOURCES))
    }

    async fn forget(&self, plugin: &str) -> Result<(), StorageError> {
        self.queue.change(Forget(plugin.to_owned())).await.map_err(writing(SOURCES))
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
