//! The table `worktrees`: folders of worktrees and what each is used for. Knows no repository.

use std::path::PathBuf;

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
    interfaces::git::events::WorktreeAdded,
    interfaces::{
        git::{Claim, Claimed, Register, Worktree, WorktreeState},
        pins::Pin,
    },
    journal::RunId,
};

/// What errors call it.
const WORKTREES: &str = "the worktrees";

const TABLE: &str = "worktrees";
const ALL: &str = "select project, slot, folder, checkout, branch, base, made_by, root_id, state, pin from worktrees";
const OF_PROJECT: &str =
    "select project, slot, folder, checkout, branch, base, made_by, root_id, state, pin from worktrees where project = $1";
const CLAIM: &str = "insert into worktrees (project, slot, checkout, branch, base, made_by, root_id, state, changed_at, pin) \
    values ($1, $2, $3, $4, $5, $6, $7, 'making', $8, $9) on conflict (project, slot) do update set checkout = excluded.checkout, \
    branch = excluded.branch, base = excluded.base, made_by = excluded.made_by, root_id = excluded.root_id, state = 'making', \
    changed_at = excluded.changed_at, pin = excluded.pin";
/// A worktree that was added is told with its branch, also once its row is used for another.
const ADDED: &str = "select e.data from events e join runs r on r.id = e.run_id \
    where e.category = 'git' and e.name = 'worktree_added' and r.project = $1";
/// Not of another call: one that was given back meanwhile may be somebody else's.
const STAND: &str = "update worktrees set state = $4, changed_at = $5 where project = $1 and slot = $2 and made_by = $3";

#[async_trait]
impl Register for Store {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        self.queue.change(Claiming(claim.clone())).await.map_err(writing(WORKTREES))
    }

    async fn set_state(&self, worktree: &Worktree, state: WorktreeState) -> Result<(), StorageError> {
        self.queue.change(Moving { worktree: worktree.clone(), state }).await.map_err(writing(WORKTREES))
    }

    async fn has_made(&self, project: &str, branch: &str) -> Result<bool, StorageError> {
        let rows = sqlx::query(ADDED).bind(project).fetch_all(&self.reads).await.map_err(reading(WORKTREES))?;
        let is_it = |row: &AnyRow| {
            let added = row.try_get::<&str, _>("data").ok().and_then(|data| serde_json::from_str::<WorktreeAdded>(data).ok());
            added.is_some_and(|added| added.worktree == branch)
        };
        Ok(rows.iter().any(is_it))
    }

    async fn worktrees(&self) -> Result<Vec<Worktree>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(WORKTREES))?;
        let mut all: Vec<_> = rows.iter().map(worktree).collect::<Result<_, _>>().map_err(reading(WORKTREES))?;
        all.sort_by(|one, other| (&one.claim.project, one.slot).cmp(&(&other.claim.project, other.slot)));
        Ok(all)
    }
}

struct Claiming(Claim);

#[async_trait]
impl Change for Claiming {
    type Outcome = Claimed;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Claimed, StoreError> {
        let claim = &self.0;
        let rows = sqlx::query(OF_PROJECT).bind(&*claim.project).fetch_all(&mut *step.connection).await?;
        let mut known: Vec<_> = rows.iter().map(worktree).collect::<Result<_, _>>()?;
        known.sort_by_key(|worktree| worktree.slot);
        let used = known.iter().find(|known| {
            known.state != WorktreeState::Free && (known.claim.made_by == claim.made_by || known.claim.branch == claim.branch)
        });
        match used {
            Some(used) if used.claim == *claim => return Ok(Claimed::Yours(used.clone())),
            Some(used) => return Ok(Claimed::Taken(used.clone())),
            None => {}
        }
        let free = known.iter().find(|known| known.state == WorktreeState::Free && known.claim.checkout == claim.checkout);
        let slot = free.map_or_else(|| known.last().map_or(1, |last| last.slot + 1), |free| free.slot);
        let folder = free.map_or_else(|| claim.project.clone(), |free| free.folder.clone());
        let query = sqlx::query(CLAIM).bind(&*claim.project).bind(stored(slot)).bind(claim.checkout.to_string_lossy().into_owned());
        let query = query.bind(&*claim.branch).bind(&*claim.base).bind(&*claim.made_by).bind(claim.root.as_str()).bind(stored(step.now));
        query.bind(claim.pin.as_ref().map(|pin| &*pin.0)).execute(&mut *step.connection).await?;
        Ok(Claimed::Yours(Worktree { claim: claim.clone(), folder, slot, state: WorktreeState::Making }))
    }
}

struct Moving {
    worktree: Worktree,
    state: WorktreeState,
}

#[async_trait]
impl Change for Moving {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Worktree { claim, slot, .. } = &self.worktree;
        let query = sqlx::query(STAND).bind(&*claim.project).bind(stored(*slot)).bind(&*claim.made_by);
        query.bind(self.state.as_str()).bind(stored(step.now)).execute(&mut *step.connection).await?;
        Ok(())
    }
}

fn worktree(row: &AnyRow) -> Result<Worktree, StoreError> {
    let word: String = row.try_get("state")?;
    let state = WorktreeState::from_word(&word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a state")))?;
    let claim = Claim {
        project: row.try_get("project")?,
        checkout: PathBuf::from(row.try_get::<String, _>("checkout")?),
        branch: row.try_get("branch")?,
        base: row.try_get("base")?,
        made_by: row.try_get("made_by")?,
        root: RunId::from_text(row.try_get::<String, _>("root_id")?),
        pin: row.try_get::<Option<String>, _>("pin")?.map(Pin),
    };
    let folder = row.try_get::<Option<String>, _>("folder")?.unwrap_or_else(|| claim.project.clone());
    Ok(Worktree { claim, folder, slot: read_number(row, "slot")?, state })
}
