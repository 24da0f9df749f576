//! What model calls cost: prices with their source, sums that add up, budgets that are reserved before a call and
//! settled by what it took. Knows no provider's wire and asks no model.

mod amount;
mod budgets;
mod call_budget;
mod ledger;
mod prices;
#[cfg(test)]
pub(crate) mod testing;

pub use amount::{Amount, AmountError};
pub use budgets::{Budgets, Overdrawn, Payer, Reserved};
pub use call_budget::{Asked, CallBudget, Held, Refused};
pub use ledger::{Budget, BudgetStore, DayLimit, DayLimits, Ledger, NoDayLimits, Posting, Scope};
pub use prices::{OwnPrices, Price, PriceError, Prices, Tokens};
