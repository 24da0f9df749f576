//! What replies add up to, for costs, reports and what a run took. Prices nothing, and says nowhere what of a reply counts: that is
//! its charge's.

use std::collections::BTreeMap;

use super::{Amount, Charge, Ledger, Posting, PostingFilter};
use crate::errors::StorageError;

/// Replies read in one step.
const PAGE: u32 = 5_000;

/// What a number of replies add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Replies.
    pub replies: u64,
    /// Replies, and tries without one, whose cost is not known.
    pub unpriced: u64,
    /// The costs that are known.
    pub cost: Amount,
    /// The part of them that was perhaps charged, and for no reply.
    pub possibly_charged: Amount,
    /// What budgets count: where a cost is not known, the most that it may have been.
    pub counted: Amount,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Those of them that came from a provider's cache.
    pub cached_input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// The reply that took the largest share of its model's window, among those whose window is known.
    pub fullest: Fill,
}

/// How much of a model's window one reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Tokens sent and received.
    pub tokens: u64,
    /// Tokens of the window; 0 where that is not known.
    pub window_tokens: u64,
}

impl Sum {
    /// What these add up to.
    pub fn of<'a>(charges: impl IntoIterator<Item = &'a Charge>) -> Self {
        let mut sum = Self::default();
        charges.into_iter().for_each(|charge| sum.add(charge));
        sum
    }

    /// Adds one.
    pub fn add(&mut self, charge: &Charge) {
        let cost = charge.cost.unwrap_or_default();
        // Of a try that may have been charged, no reply came back.
        self.replies += u64::from(!charge.possibly_charged);
        self.unpriced += u64::from(charge.cost.is_none());
        self.cost = self.cost + cost;
        if charge.possibly_charged {
            self.possibly_charged = self.possibly_charged + cost;
        }
        self.counted = self.counted + charge.counted().unwrap_or_default();
        self.input_tokens = self.input_tokens.saturating_add(charge.input_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(charge.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(charge.output_tokens);
        self.fullest = self.fullest.larger(Fill::of(charge));
    }

    /// Adds what others add up to.
    pub fn join(&mut self, other: &Self) {
        self.replies += other.replies;
        self.unpriced += other.unpriced;
        self.cost = self.cost + other.cost;
        self.possibly_charged = self.possibly_charged + other.possibly_charged;
        self.counted = self.counted + other.counted;
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(other.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.fullest = self.fullest.larger(other.fullest);
    }

    /// The cost of all of it; none where part of it is not known, which is not the same as free.
    pub fn whole_cost(&self) -> Option<Amount> {
        (self.unpriced == 0).then_some(self.cost)
    }
}

impl Fill {
    fn of(charge: &Charge) -> Self {
        Self { tokens: charge.input_tokens.saturating_add(charge.output_tokens), window_tokens: charge.window_tokens }
    }

    /// The one that takes the larger share of its window.
    fn larger(self, other: Self) -> Self {
        let product = |tokens: u64, window: u64| u128::from(tokens) * u128::from(window);
        let is_larger = product(other.tokens, self.window_tokens) > product(self.tokens, other.window_tokens);
        if other.window_tokens > 0 && (self.window_tokens == 0 || is_larger) { other } else { self }
    }
}

/// Sums of the replies of a ledger, by a key of each.
pub async fn sums<K: Ord>(
    ledger: &dyn Ledger,
    filter: &PostingFilter,
    mut key: impl FnMut(&Posting) -> K + Send,
) -> Result<BTreeMap<K, Sum>, StorageError> {
    let (mut sums, mut cursor) = (BTreeMap::<K, Sum>::new(), 0);
    loop {
        let postings = ledger.postings(filter, cursor, PAGE).await?;
        let Some(last) = postings.last() else { return Ok(sums) };
        cursor = last.cursor;
        for posting in &postings {
            sums.entry(key(posting)).or_default().add(&posting.charge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Option<Amount> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_sum_with_an_unknown_part_has_no_whole_cost_and_budgets_count_the_most() {
        let known = Charge { cost: dollars("0.50"), ..Charge::default() };
        let unknown = Charge { settled: dollars("0.30"), ..Charge::default() };
        let lost = Charge { cost: dollars("0.10"), possibly_charged: true, ..Charge::default() };
        let sum = Sum::of([&known, &unknown, &lost]);
        assert_eq!((sum.replies, sum.unpriced, sum.whole_cost()), (2, 1, None));
        assert_eq!((Some(sum.cost), Some(sum.possibly_charged), Some(sum.counted)), (dollars("0.60"), dollars("0.10"), dollars("0.90")));
        let mut joined = Sum::of([&known]);
        joined.join(&Sum::of([&unknown, &lost]));
        assert_eq!(joined, sum);
        assert_eq!(Sum::of([&known, &lost]).whole_cost(), dollars("0.60"));
        assert_eq!(Sum::default().whole_cost(), Some(Amount::ZERO));
    }

    #[test]
    fn the_fullest_window_is_the_largest_share_of_those_that_are_known() {
        let fill = |tokens, window_tokens| Fill { tokens, window_tokens };
        let fills = [fill(9_000, 0), fill(500, 1_000), fill(6_000, 100_000), fill(501, 1_000), fill(0, 0)];
        assert_eq!(fills.into_iter().fold(Fill::default(), Fill::larger), fill(501, 1_000));
        assert_eq!(fill(0, 0).larger(fill(5, 0)), fill(0, 0));
    }
}
