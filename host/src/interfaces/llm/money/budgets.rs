//! What was spent and what is about to be, against what may be. Reserves before a call; what the call took is seen in
//! its own event, so that nothing has to be settled that a crash could lose.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::Mutex;

use super::{Amount, Budget, BudgetStore, DayLimit, DayLimits, Ledger, NoDayLimits, Posting, PostingFilter, Scope};
use crate::{actor::Actor, errors::StorageError, journal::RunId};

/// Replies read in one step.
const PAGE: u32 = 1_000;
/// Percent of a budget from which its operator is told.
pub(super) const WARN_AT: u64 = 80;
/// How long a cost is remembered by its time: no local day is as long.
const LONGEST_DAY: u64 = 48 * 60 * 60 * 1000;

/// Who pays for a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payer {
    /// The run that asks.
    pub run: RunId,
    /// The call.
    pub seq: u64,
    /// The run that somebody started.
    pub root: RunId,
    /// The project.
    pub project: String,
}

/// A reservation was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// What the budgets leave for the call, at least what was reserved; none where there is no budget.
    pub left: Option<Amount>,
    /// The budgets of which more than four fifths are spent now, and were not before.
    pub nearly_spent: Vec<(Budget, Amount)>,
}

/// A budget does not allow the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    /// The budget.
    pub budget: Budget,
    /// Spent of it, and reserved for calls in flight.
    pub spent: Amount,
    /// What the call may cost.
    pub wanted: Amount,
}

/// What limits a payer, as it was when a call began: budgets are read once for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetLimits {
    budgets: Vec<Budget>,
    day: Option<DayLimit>,
}

impl BudgetLimits {
    /// Whether nothing limits it.
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.day.is_none()
    }
}

/// All that was spent, by what budgets are for.
pub struct Budgets {
    ledger: Arc<dyn Ledger>,
    budgets: Arc<dyn BudgetStore>,
    days: Arc<dyn DayLimits>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    cursor: i64,
    spent: HashMap<Scope, Amount>,
    reserved: HashMap<(RunId, u64), (Payer, Amount)>,
    /// What each project spent lately, with the time, in the order of the log.
    lately: HashMap<String, VecDeque<(u64, Amount)>>,
}

impl Budgets {
    /// Budgets over the two ports.
    pub fn new(ledger: Arc<dyn Ledger>, budgets: Arc<dyn BudgetStore>) -> Self {
        Self { ledger, budgets, days: Arc::new(NoDayLimits), open: Mutex::default() }
    }

    /// The same, where days have limits.
    pub fn with_days(self, days: Arc<dyn DayLimits>) -> Self {
        Self { days, ..self }
    }

    /// What limits this payer now: only where something does has a call to have a price.
    pub async fn limits(&self, payer: &Payer) -> Result<BudgetLimits, StorageError> {
        let (mut budgets, day) = (self.budgets.budgets().await?, self.day_of(payer).await?);
        budgets.retain(|budget| payer.pays_from(&budget.scope));
        Ok(BudgetLimits { budgets, day })
    }

    /// Puts `wanted` aside for a call, if each of its limits has that much left. The same call again takes the place of its
    /// earlier reservation.
    pub async fn reserve(&self, payer: &Payer, limits: &BudgetLimits, wanted: Amount) -> Result<Result<Reserved, Overdrawn>, StorageError> {
        let mut open = self.open.lock().await;
        open.catch_up(self.ledger.as_ref()).await?;
        open.reserved.remove(&(payer.run.clone(), payer.seq));
        let mut reserved = Reserved::default();
        if let Some(day) = &limits.day {
            let spent = open.counted_on(day);
            let left = day.amount.less(spent);
            if wanted > left || left == Amount::ZERO {
                return Ok(Err(Overdrawn { budget: day.budget(), spent, wanted }));
            }
            reserved.left = Some(left);
        }
        for budget in &limits.budgets {
            let spent = open.spent_of(&budget.scope) + open.reserved_of(&budget.scope);
            let left = budget.amount.less(spent);
            if wanted > left || left == Amount::ZERO {
                return Ok(Err(Overdrawn { budget: budget.clone(), spent, wanted }));
            }
            reserved.left = Some(reserved.left.map_or(left, |least: Amount| least.min(left)));
            let warned_from = budget.amount.percent(WARN_AT);
            if spent < warned_from && spent + wanted >= warned_from {
                reserved.nearly_spent.push((budget.clone(), spent + wanted));
            }
        }
        open.reserved.insert((payer.run.clone(), payer.seq), (payer.clone(), wanted));
        Ok(Ok(reserved))
    }

    /// Whether every budget that a call is paid from has that much left. Reserves nothing.
    pub async fn allow(&self, payer: &Payer, wanted: Amount) -> Result<bool, StorageError> {
        let BudgetLimits { budgets, day } = self.limits(payer).await?;
        let mut open = self.open.lock().await;
        open.catch_up(self.ledger.as_ref()).await?;
        let fits = |left: Amount| wanted <= left && left > Amount::ZERO;
        let allows = |budget: &Budget| fits(budget.amount.less(open.spent_of(&budget.scope) + open.reserved_of(&budget.scope)));
        let allows_today = day.is_none_or(|day| fits(day.amount.less(open.counted_on(&day))));
        Ok(allows_today && budgets.iter().all(allows))
    }

    /// Takes a reservation back: the call took nothing.
    pub async fn release(&self, payer: &Payer) {
        self.open.lock().await.reserved.remove(&(payer.run.clone(), payer.seq));
    }

    /// Every budget there is.
    pub async fn budgets(&self) -> Result<Vec<Budget>, StorageError> {
        self.budgets.budgets().await
    }

    /// Sets a budget, or takes it away.
    pub async fn set(&self, scope: &Scope, amount: Option<Amount>, by: &Actor) -> Result<(), StorageError> {
        self.budgets.set_budget(scope, amount, by).await
    }

    /// Spent so far, without what is reserved.
    pub async fn load_spent(&self, scope: &Scope) -> Result<Amount, StorageError> {
        let mut open = self.open.lock().await;
        open.catch_up(self.ledger.as_ref()).await?;
        Ok(open.spent_of(scope))
    }

    /// What a project spent since a time, which is at most a day ago, without what is reserved.
    pub async fn spent_since(&self, project: &str, since: u64) -> Result<Amount, StorageError> {
        let mut open = self.open.lock().await;
        open.catch_up(self.ledger.as_ref()).await?;
        Ok(open.spent_since(project, since))
    }

    /// The limit of the day for a call of an autopilot.
    async fn day_of(&self, payer: &Payer) -> Result<Option<DayLimit>, StorageError> {
        Ok(self.days.day_limits().await?.into_iter().find(|day| day.run == payer.root && day.project == payer.project))
    }
}

impl DayLimit {
    /// As people are told of it.
    fn budget(&self) -> Budget {
        Budget { scope: Scope::Day(self.project.clone()), amount: self.amount, set_at: self.since, set_by: String::new() }
    }
}

impl Open {
    async fn catch_up(&mut self, ledger: &dyn Ledger) -> Result<(), StorageError> {
        loop {
            let postings = ledger.postings(&PostingFilter::default(), self.cursor, PAGE).await?;
            let Some(last) = postings.last() else { return Ok(()) };
            self.cursor = last.cursor;
            postings.into_iter().for_each(|posting| self.post(posting));
        }
    }

    /// A reply's cost takes the place of what was put aside for it. Where the cost is not known, it stays put aside.
    fn post(&mut self, posting: Posting) {
        self.reserved.remove(&(posting.run, posting.seq));
        let Some(cost) = posting.charge.counted() else { return };
        let lately = self.lately.entry(posting.project.clone()).or_default();
        lately.push_back((posting.at, cost));
        while lately.front().is_some_and(|(at, _)| at.saturating_add(LONGEST_DAY) < posting.at) {
            lately.pop_front();
        }
        for scope in [Scope::Organisation, Scope::Project(posting.project), Scope::Run(posting.root)] {
            let spent = self.spent.entry(scope).or_default();
            *spent = *spent + cost;
        }
    }

    fn spent_of(&self, scope: &Scope) -> Amount {
        self.spent.get(scope).copied().unwrap_or_default()
    }

    fn spent_since(&self, project: &str, since: u64) -> Amount {
        self.lately.get(project).into_iter().flatten().filter(|(at, _)| *at >= since).map(|(_, cost)| *cost).sum()
    }

    /// All of the project counts, whoever started it.
    fn counted_on(&self, day: &DayLimit) -> Amount {
        self.spent_since(&day.project, day.since) + self.reserved_of(&Scope::Project(day.project.clone()))
    }

    fn reserved_of(&self, scope: &Scope) -> Amount {
        self.reserved.values().filter(|(payer, _)| payer.pays_from(scope)).map(|(_, amount)| *amount).sum()
    }
}

impl Payer {
    fn pays_from(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Organisation => true,
            Scope::Project(project) => *project == self.project,
            Scope::Run(run) => *run == self.root,
            // Looked up by the run, for nobody else pays from it.
            Scope::Day(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Charge, testing::Kept},
        *,
    };

    fn dollars(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn payer(run: &str, seq: u64) -> Payer {
        Payer { run: RunId::from_text(run), seq, root: RunId::from_text("root"), project: "demo".to_owned() }
    }

    fn posting(cursor: i64, run: &str, seq: u64, cost: Option<&str>) -> Posting {
        Posting {
            cursor,
            at: 0,
            run: RunId::from_text(run),
            seq,
            root: RunId::from_text("root"),
            workflow: "plan".to_owned(),
            project: "demo".to_owned(),
            item: None,
            plugin: "mary".to_owned(),
            model: "a/b".to_owned(),
            charge: Charge { input_tokens: 1, output_tokens: 1, cost: cost.map(dollars), ..Charge::default() },
        }
    }

    async fn budgets(scope: Scope, amount: &str) -> (Arc<Kept>, Budgets) {
        let kept = Arc::new(Kept::default());
        kept.set_budget(&scope, Some(dollars(amount)), &Actor::operator("ann")).await.unwrap();
        let budgets = Budgets::new(kept.clone(), kept.clone());
        (kept, budgets)
    }

    async fn reserve(budgets: &Budgets, payer: &Payer, wanted: Amount) -> Result<Result<Reserved, Overdrawn>, StorageError> {
        budgets.reserve(payer, &budgets.limits(payer).await?, wanted).await
    }

    #[tokio::test]
    async fn what_is_reserved_is_gone_until_it_is_settled_or_released() {
        let (kept, budgets) = budgets(Scope::Run(RunId::from_text("root")), "1").await;
        assert!(reserve(&budgets, &payer("a", 1), dollars("0.60")).await.unwrap().is_ok());
        let refused = reserve(&budgets, &payer("b", 1), dollars("0.60")).await.unwrap().unwrap_err();
        assert_eq!((refused.spent, refused.wanted), (dollars("0.60"), dollars("0.60")));
        kept.postings.lock().unwrap().push(posting(1, "a", 1, Some("0.10")));
        assert!(reserve(&budgets, &payer("b", 1), dollars("0.60")).await.unwrap().is_ok(), "the call took less than was put aside");
        budgets.release(&payer("b", 1)).await;
        assert_eq!(reserve(&budgets, &payer("c", 1), dollars("0.90")).await.unwrap().unwrap().left, Some(dollars("0.90")));
        assert_eq!(budgets.load_spent(&Scope::Organisation).await.unwrap(), dollars("0.10"));
    }

    #[tokio::test]
    async fn the_same_call_again_is_reserved_once() {
        let (_kept, budgets) = budgets(Scope::Organisation, "1").await;
        for _ in 0..3 {
            assert!(reserve(&budgets, &payer("a", 1), dollars("0.60")).await.unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn a_budget_that_is_nearly_spent_is_told_once() {
        let (kept, budgets) = budgets(Scope::Project("demo".to_owned()), "1").await;
        assert!(reserve(&budgets, &payer("a", 1), dollars("0.70")).await.unwrap().unwrap().nearly_spent.is_empty());
        let told = reserve(&budgets, &payer("a", 2), dollars("0.15")).await.unwrap().unwrap().nearly_spent;
        assert_eq!(told.len(), 1);
        kept.postings.lock().unwrap().extend([posting(1, "a", 1, Some("0.70")), posting(2, "a", 2, Some("0.15"))]);
        assert!(reserve(&budgets, &payer("a", 3), dollars("0.05")).await.unwrap().unwrap().nearly_spent.is_empty());
    }

    #[tokio::test]
    async fn a_cost_that_is_not_known_is_counted_as_what_was_put_aside() {
        let (kept, budgets) = budgets(Scope::Organisation, "1").await;
        let settled = Some(dollars("0.40"));
        let put_aside = |posting: Posting| Posting { charge: Charge { settled, ..posting.charge }, ..posting };
        kept.postings.lock().unwrap().extend([put_aside(posting(1, "a", 1, None)), put_aside(posting(2, "a", 2, Some("0.10")))]);
        assert_eq!(budgets.load_spent(&Scope::Organisation).await.unwrap(), dollars("0.80"));
    }

    struct Today(Mutex<DayLimit>);

    #[async_trait::async_trait]
    impl DayLimits for Today {
        async fn day_limits(&self) -> Result<Vec<DayLimit>, StorageError> {
            Ok(vec![self.0.lock().await.clone()])
        }
    }

    #[tokio::test]
    async fn a_day_holds_the_autopilot_alone_and_counts_what_the_whole_project_spent() {
        let kept = Arc::new(Kept::default());
        let limit = DayLimit { project: "demo".to_owned(), run: RunId::from_text("root"), amount: dollars("1"), since: 1_000 };
        let days = Arc::new(Today(Mutex::new(limit)));
        let budgets = Budgets::new(kept.clone(), kept.clone()).with_days(days.clone());
        let other = RunId::from_text("a person's");
        let yesterday = Posting { at: 999, ..posting(1, "x", 1, Some("5")) };
        let persons = Posting { at: 1_000, root: other.clone(), ..posting(2, "y", 1, Some("0.70")) };
        let elsewhere = Posting { at: 1_000, project: "other".to_owned(), ..posting(3, "z", 1, Some("9")) };
        kept.postings.lock().unwrap().extend([yesterday, persons, elsewhere]);
        assert!(!budgets.limits(&payer("a", 1)).await.unwrap().is_empty());
        let refused = reserve(&budgets, &payer("a", 1), dollars("0.31")).await.unwrap().unwrap_err();
        assert_eq!((refused.budget.scope, refused.spent), (Scope::Day("demo".to_owned()), dollars("0.70")));
        assert_eq!(reserve(&budgets, &payer("a", 1), dollars("0.30")).await.unwrap().unwrap().left, Some(dollars("0.30")));
        assert!(!budgets.allow(&payer("b", 1), dollars("0.01")).await.unwrap(), "it is reserved");
        let persons = Payer { root: other, ..payer("c", 1) };
        assert_eq!(reserve(&budgets, &persons, dollars("50")).await.unwrap(), Ok(Reserved::default()), "a person's run is not held");
        budgets.release(&persons).await;
        days.0.lock().await.since = 2_000;
        assert!(budgets.allow(&payer("b", 1), dollars("0.70")).await.unwrap(), "a new day has begun");
        assert_eq!(budgets.spent_since("demo", 1_000).await.unwrap(), dollars("0.70"));
    }

    #[tokio::test]
    async fn budgets_of_others_and_unknown_costs_take_nothing() {
        let (kept, budgets) = budgets(Scope::Project("other".to_owned()), "0.01").await;
        kept.postings.lock().unwrap().push(posting(1, "a", 1, None));
        assert!(budgets.limits(&payer("a", 2)).await.unwrap().is_empty());
        assert_eq!(reserve(&budgets, &payer("a", 2), dollars("5")).await.unwrap(), Ok(Reserved::default()));
        assert_eq!(budgets.load_spent(&Scope::Organisation).await.unwrap(), Amount::ZERO);
    }
}
