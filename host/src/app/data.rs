//! The first step of opening a host: its data directory, held for as long as no other host may execute runs in it. Builds
//! nothing over it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Access, AppError, clock};
use crate::{
    config::Config,
    errors::StorageError,
    journal::Clock,
    kernel::{
        KernelError,
        versions::{Claim, Published, Versions},
    },
    store::{Lease, Store, StoreError, refuse_links},
};

/// How long a database is waited for that another process is making, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

/// An opened data directory.
pub(super) struct Data {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<Store>,
    /// Held as long as no other host may execute runs.
    pub(super) lease: Option<Lease>,
    /// What the files in the plugin folder held last that was valid.
    pub(super) published: Vec<Published>,
    /// Which names belong to which of them.
    pub(super) claims: Vec<Claim>,
}

impl Data {
    pub(super) async fn open(config: &Config, access: Access) -> Result<Self, AppError> {
        refuse_links(&config.data_dir)?;
        let clock = clock::of(config);
        let lease = leased(&config.data_dir, access, &*clock)?;
        let store = Arc::new(open_store(&config.data_dir, access, (lease.as_ref(), &clock)).await?);
        let published = unless_older(access, store.published().await)?;
        let claims = unless_older(access, store.claims().await)?;
        Ok(Self { clock, store, lease, published, claims })
    }
}

/// A database that has not been opened for work since Baton was updated does not know of them yet.
fn unless_older<T>(access: Access, rows: Result<Vec<T>, StorageError>) -> Result<Vec<T>, KernelError> {
    match rows {
        Err(_) if access == Access::Look => Ok(Vec::new()),
        rows => Ok(rows?),
    }
}

fn leased(data_dir: &Path, access: Access, clock: &dyn Clock) -> Result<Option<Lease>, StoreError> {
    if matches!(access, Access::Attached | Access::Look) {
        return Ok(None);
    }
    match Lease::take(data_dir, clock.now()) {
        Err(StoreError::Held { .. }) if access == Access::Decide => Ok(None),
        taken => taken.map(Some),
    }
}

async fn open_store(data_dir: &Path, access: Access, (lease, clock): (Option<&Lease>, &Arc<dyn Clock>)) -> Result<Store, StoreError> {
    match access {
        Access::Look => match Store::open_read_only(data_dir).await {
            Err(StoreError::Absent(_)) => Store::empty().await,
            opened => opened,
        },
        _ if lease.is_some() => Store::open(data_dir, Arc::clone(clock)).await,
        _ => opened_beside(data_dir, clock).await,
    }
}

/// Whoever holds the lease may be about to make the database, or to bring it up to date.
async fn opened_beside(data_dir: &Path, clock: &Arc<dyn Clock>) -> Result<Store, StoreError> {
    let begun = Instant::now();
    loop {
        match Store::open_beside(data_dir, Arc::clone(clock)).await {
            Err(StoreError::Absent(_) | StoreError::Older(_)) if begun.elapsed() < PATIENCE => tokio::time::sleep(AGAIN).await,
            opened => return opened,
        }
    }
}
