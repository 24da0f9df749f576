//! Counts and times on their way between the host, which has them unsigned, and the database, which has not.

use sqlx::{Row, any::AnyRow};

use super::StoreError;

/// A count or a time for a `bigint`. Beyond its end lies no call of a run and no time anyone waits for, so it is the end.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or a time from a `bigint`; none is ever below zero.
pub(super) fn read_number(row: &AnyRow, column: &str) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}
