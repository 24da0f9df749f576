//! Inserts of many rows in few statement texts, so that each is prepared once. Knows no table.

use std::{fmt::Write, sync::Arc};

use sqlx::AssertSqlSafe;

/// 256 rows; with up to 16 columns far below the 32,766 parameters of one SQLite statement.
const LARGEST_EXPONENT: usize = 8;

/// The texts of one insert for 1, 2, 4 … 256 rows.
pub(super) struct MultiRow {
    texts: Vec<Arc<str>>,
}

impl MultiRow {
    /// `head`: up to and without `values`. `tail`: what follows the rows.
    pub(super) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let text = |exponent: usize| Arc::from(format!("{head} values {} {tail}", parameters(1 << exponent, columns)));
        Self { texts: (0..=LARGEST_EXPONENT).map(text).collect() }
    }

    /// The rows in order, cut into pieces for which there is a text.
    pub(super) fn pieces<'a, T>(&'a self, mut rows: &'a [T]) -> impl Iterator<Item = (AssertSqlSafe<Arc<str>>, &'a [T])> {
        std::iter::from_fn(move || {
            let exponent = (rows.len().checked_ilog2()? as usize).min(LARGEST_EXPONENT);
            let (piece, rest) = rows.split_at(1 << exponent);
            rows = rest;
            // Made of constants and counted parameters alone.
            Some((AssertSqlSafe(self.texts[exponent].clone()), piece))
        })
    }

    /// Whether so many rows are one statement.
    pub(super) fn is_one_piece(rows: usize) -> bool {
        rows.is_power_of_two() && rows <= 1 << LARGEST_EXPONENT
    }
}

fn parameters(rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            // Writing to a string does not fail.
            let _ = write!(text, "{}${}", if column == 1 { "" } else { ", " }, row * columns + column);
        }
        text.push(')');
    }
    text
}
