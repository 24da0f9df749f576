//! The tables `plugins`, `claims` and `versions`: which file of the plugin folder held what, which name belongs to which of
//! them, and which versions are kept. Reads no file.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
    runs::unfinished,
};
use crate::{
    errors::StorageError,
    events::Draft,
    kernel::versions::{Claim, Need, Published, Version, Versions},
};

/// What errors call it.
const VERSIONS: &str = "the versions of plugins";

const PUBLISHED: &str = "select file, plugin, version, hash, published_at from plugins order by published_at";
const CLEAR: &str = "delete from plugins where file = $1 or plugin = $2";
const PUBLISH: &str = "insert into plugins (file, plugin, version, hash, published_at) values ($1, $2, $3, $4, $5)";
const CLAIMS: &str = "select plugin, file, hash from claims";
const CLAIM: &str = "insert into claims (plugin, file, hash) values ($1, $2, $3) \
    on conflict (plugin) do update set file = excluded.file, hash = excluded.hash";
/// A file that has the name, or that had another name when it had it.
const CONFIRM: &str = "insert into claims (plugin, file, hash) values ($1, $2, $3) \
    on conflict (plugin) do update set file = excluded.file, hash = excluded.hash \
    where claims.file = excluded.file or claims.hash = excluded.hash";
const UNCLAIM: &str = "delete from claims where plugin = $1";
const WITHDRAW: &str = "delete from plugins where file = $1";
const KEPT: &str = "select hash, plugin, version, bundled, kept_at from versions";
const KEEP: &str = "insert into versions (hash, plugin, version, bundled, kept_at) values ($1, $2, $3, $4, $5) \
    on conflict (hash) do update set kept_at = excluded.kept_at";
/// A run that its plugin started, and whose ceiling its grants are, may outlive all runs of the version itself. Hashes are
/// in hexadecimal and small letters, so `like` means the same everywhere.
const FORGET: &str = concat!(
    "delete from versions where hash = $1 and kept_at < $2 and not exists (select 1 from plugins where plugins.hash = $1) \
    and not exists (select 1 from runs where (plugin_hash = $1 or ceiling like '%' || $1 || '%') \
    and state in ",
    unfinished!(),
    ")"
);
const NEEDED: &str = concat!(
    "select plugin, plugin_version, plugin_hash, count(*) as runs from runs \
    where state in ",
    unfinished!(),
    " group by plugin, plugin_version, plugin_hash"
);

#[async_trait]
impl Versions for Store {
    async fn published(&self) -> Result<Vec<Published>, StorageError> {
        self.load_all(PUBLISHED, published).await
    }

    async fn publish(&self, published: &Published, events: Vec<Draft>) -> Result<(), StorageError> {
        self.queue.change(Publish { published: published.clone(), events: NewEvent::all(events) }).await.map_err(writing(VERSIONS))
    }

    async fn withdraw(&self, file: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        self.queue.change(Withdraw { file: file.to_owned(), events: NewEvent::all(events) }).await.map_err(writing(VERSIONS))
    }

    async fn claims(&self) -> Result<Vec<Claim>, StorageError> {
        self.load_all(CLAIMS, claim).await
    }

    async fn claim(&self, claim: &Claim) -> Result<(), StorageError> {
        self.queue.change(Take(claim.clone())).await.map_err(writing(VERSIONS))
    }

    async fn unclaim(&self, plugin: &str) -> Result<(), StorageError> {
        self.queue.change(GiveUp(plugin.to_owned())).await.map_err(writing(VERSIONS))
    }

    async fn kept(&self) -> Result<Vec<Version>, StorageError> {
        self.load_all(KEPT, version).await
    }

    async fn keep(&self, version: &Version) -> Result<(), StorageError> {
        self.queue.change(Keep(version.clone())).await.map_err(writing(VERSIONS))
    }

    async fn forget(&self, hash: &str, before: u64, events: Vec<Draft>) -> Result<bool, StorageError> {
        self.queue.change(Forget { hash: hash.to_owned(), before, events: NewEvent::all(events) }).await.map_err(writing(VERSIONS))
    }

    async fn needed(&self) -> Result<Vec<Need>, StorageError> {
        self.load_all(NEEDED, need).await
    }
}

impl Store {
    async fn load_all<T>(&self, query: &'static str, load: fn(&AnyRow) -> Result<T, StoreError>) -> Result<Vec<T>, StorageError> {
        let rows = sqlx::query(query).fetch_all(&self.reads).await.map_err(reading(VERSIONS))?;
        rows.iter().map(load).collect::<Result<_, _>>().map_err(reading(VERSIONS))
    }
}

struct Publish {
    published: Published,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Publish {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Published { file, plugin, version, hash, published_at } = &self.published;
        sqlx::query(CLEAR).bind(&**file).bind(&**plugin).execute(&mut *step.connection).await?;
        let query = sqlx::query(PUBLISH).bind(&**file).bind(&**plugin).bind(&**version).bind(&**hash).bind(stored(*published_at));
        query.execute(&mut *step.connection).await?;
        sqlx::query(CONFIRM).bind(&**plugin).bind(&**file).bind(&**hash).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

struct Take(Claim);

#[async_trait]
impl Change for Take {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Claim { plugin, file, hash } = &self.0;
        sqlx::query(CLAIM).bind(&**plugin).bind(&**file).bind(&**hash).execute(&mut *step.connection).await?;
        Ok(())
    }
}

struct GiveUp(String);

#[async_trait]
impl Change for GiveUp {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        sqlx::query(UNCLAIM).bind(&*self.0).execute(&mut *step.connection).await?;
        Ok(())
    }
}

struct Withdraw {
    file: String,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Withdraw {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let known = sqlx::query(WITHDRAW).bind(&*self.file).execute(&mut *step.connection).await?.rows_affected() > 0;
        step.events.extend(self.events.iter().filter(|_| known).cloned());
        Ok(known)
    }
}

struct Keep(Version);

#[async_trait]
impl Change for Keep {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Version { hash, plugin, version, bundled, kept_at } = &self.0;
        let query = sqlx::query(KEEP).bind(&**hash).bind(&**plugin).bind(&**version).bind(i64::from(*bundled)).bind(stored(*kept_at));
        query.execute(&mut *step.connection).await?;
        Ok(())
    }
}

struct Forget {
    hash: String,
    before: u64,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Forget {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let query = sqlx::query(FORGET).bind(&*self.hash).bind(stored(self.before));
        let forgotten = query.execute(&mut *step.connection).await?.rows_affected() > 0;
        step.events.extend(self.events.iter().filter(|_| forgotten).cloned());
        Ok(forgotten)
    }
}

fn published(row: &AnyRow) -> Result<Published, StoreError> {
    Ok(Published {
        file: row.try_get("file")?,
        plugin: row.try_get("plugin")?,
        version: row.try_get("version")?,
        hash: row.try_get("hash")?,
        published_at: read_number(row, "published_at")?,
    })
}

fn claim(row: &AnyRow) -> Result<Claim, StoreError> {
    Ok(Claim { plugin: row.try_get("plugin")?, file: row.try_get("file")?, hash: row.try_get("hash")? })
}

fn version(row: &AnyRow) -> Result<Version, StoreError> {
    Ok(Version {
        hash: row.try_get("hash")?,
        plugin: row.try_get("plugin")?,
        version: row.try_get("version")?,
        bundled: read_number(row, "bundled")? == 1,
        kept_at: read_number(row, "kept_at")?,
    })
}

fn need(row: &AnyRow) -> Result<Need, StoreError> {
    Ok(Need {
        plugin: row.try_get("plugin")?,
        version: row.try_get("plugin_version")?,
        hash: row.try_get("plugin_hash")?,
        runs: read_number(row, "runs")?,
    })
}
