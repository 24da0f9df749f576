//! Postings and budgets in memory, for tests.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::{actor::Actor, errors::StorageError};

use super::{Amount, Budget, BudgetStore, Budgets, Ledger, Posting, PostingFilter, Scope};

/// Keeps what it is given.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) postings: Mutex<Vec<Posting>>,
    pub(crate) budgets: Mutex<Vec<Budget>>,
}

#[async_trait]
impl Ledger for Kept {
    async fn postings(&self, filter: &PostingFilter, cursor: i64, limit: u32) -> Result<Vec<Posting>, StorageError> {
        let postings = self.postings.lock().unwrap();
        let is_meant = |posting: &&Posting| {
            let of_item = |(project, item): &(String, String)| posting.project == *project && posting.item.as_ref() == Some(item);
            posting.cursor > cursor && posting.at >= filter.since && filter.item.as_ref().is_none_or(of_item)
        };
        Ok(postings.iter().filter(is_meant).take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl BudgetStore for Kept {
    async fn budgets(&self) -> Result<Vec<Budget>, StorageError> {
        Ok(self.budgets.lock().unwrap().clone())
    }

    async fn set_budget(&self, scope: &Scope, amount: Option<Amount>, by: &Actor) -> Result<(), StorageError> {
        let mut budgets = self.budgets.lock().unwrap();
        budgets.retain(|budget| budget.scope != *scope);
        budgets.extend(amount.map(|amount| Budget { scope: scope.clone(), amount, set_at: 0, set_by: by.name.clone() }));
        Ok(())
    }
}

/// Budgets with no postings and no limit.
pub(crate) fn no_books() -> Budgets {
    let kept = Arc::new(Kept::default());
    Budgets::new(kept.clone(), kept)
}
