//! What model calls cost: prices with their source, sums that add up, budgets that are reserved before a call and
//! settled by what it took. Knows no provider's wire and asks no model.

mod amount;
mod books;
mod ledger;
mod prices;
mod purse;
#[cfg(test)]
pub(crate) mod testing;

pub use amount::{Amount, AmountError};
pub use books::{Books, Overdrawn, Payer, Reserved};
pub use ledger::{Budget, Budgets, DayLimit, DayLimits, Ledger, LedgerError, NoDayLimits, Posting, Scope};
pub use prices::{Price, PriceError, Prices, Tokens};
pub use purse::{Asked, Held, Purse, Refused};
