//! What model calls cost: prices with their source, sums of them, budgets that are reserved before a call and
//! settled by what it took. Knows no provider's wire and asks no model.

mod amount;
mod budgets;
mod call_budget;
mod days;
mod ledger;
mod prices;
mod sum;
#[cfg(test)]
pub(crate) mod testing;

pub use amount::{Amount, AmountError};
pub use budgets::{BudgetLimits, Budgets, Overdrawn, Payer, Reserved};
pub use call_budget::{Asked, CallBudget, Held, Paying, Refused};
pub use days::local_day;
pub use ledger::{Budget, BudgetStore, Charge, DayLimit, DayLimits, Ledger, NoDayLimits, Posting, PostingFilter, Scope};
pub use prices::{OwnPrices, Price, PriceError, Prices, Tokens};
pub use sum::{Fill, Sum, sums};
