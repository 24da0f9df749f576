//! Pays for the calls of one run: puts aside what a call may cost, holds the reply to what the budgets leave, and says
//! what it cost. A call that no budget limits is only priced.

use super::{Amount, Budgets, Overdrawn, Payer, Price, Prices, Scope, Tokens};
use crate::{
    errors::StorageError,
    events::Draft,
    interfaces::llm::events::BudgetNearlySpent,
    interfaces::{
        llm::{Media, ModelAbilities, Reply, Request, Usage},
        project::Project,
    },
    journal::RunId,
};

/// Tokens put aside for a reply whose asker set no limit, where the model replies with more at most; under a budget the reply
/// is held to as many.
const USUAL_REPLY: u32 = 32_768;
/// The same for a model whose longest reply is not known.
const USUAL_REPLY_OF_UNKNOWN: u32 = 8_192;
/// Fewer tokens than these are no reply worth paying for.
const SHORTEST_REPLY: u32 = 256;
/// Bytes of a request that make one token at least, whatever the language and the tokeniser.
const BYTES_A_TOKEN: u64 = 2;
/// The most tokens of an image: width × height / 750, at most some 1,600, and 4,784 with the newest models (Anthropic, "Vision").
const IMAGE: u64 = 4_784;
/// Bytes of a document that make one token: 125,000 tokens for a paper of 500 kB (Anthropic, "Web fetch tool").
const DOCUMENT_BYTES_A_TOKEN: u64 = 4;
/// The most tokens of a page: up to 3,000 of text, and its image (Anthropic, "PDF support"). A document has one at least.
const PAGE: u64 = 3_000 + IMAGE;
/// More tokens than these no model takes at once.
const LARGEST_DOCUMENT: u64 = 1_000_000;
/// Tokens that a provider adds to what it is sent.
const OVERHEAD: u64 = 256;

/// Who pays for the calls of a run, and by which prices.
#[derive(Clone, Copy)]
pub struct Paying<'a> {
    /// What models cost.
    pub prices: &'a Prices,
    /// What was spent, and what may be.
    pub budgets: &'a Budgets,
    /// The run that somebody started.
    pub root: &'a RunId,
    /// The project that pays.
    pub project: &'a Project,
}

/// Pays for the calls of one run.
#[derive(Clone, Copy)]
pub struct CallBudget<'a> {
    /// Who pays.
    pub paying: Paying<'a>,
    /// The run that asks.
    pub run: &'a RunId,
}

/// What is asked of a model.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As `provider/model`.
    pub model: &'a str,
    /// The request.
    pub request: &'a Request,
    /// What is known of the model.
    pub abilities: &'a ModelAbilities,
}

/// A call that may be made.
#[derive(Debug, Default, PartialEq)]
pub struct Held {
    /// The reply is to be no longer than this; none where no budget limits it.
    pub max_tokens: Option<u32>,
    /// What is put aside for it; none where no budget limits it.
    pub aside: Option<Amount>,
    /// What operators are to be told once it was made.
    pub events: Vec<Draft>,
}

/// A call that may not be made.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// A budget limits it, and nobody knows what it costs.
    Unpriced(String),
    /// A budget does not allow it.
    Overdrawn(Overdrawn),
}

impl CallBudget<'_> {
    /// Puts aside what asking a model may cost.
    pub async fn open(&self, seq: u64, asked: Asked<'_>) -> Result<Result<Held, Refused>, StorageError> {
        let Asked { model, request, .. } = asked;
        let payer = self.payer(seq);
        let limits = self.paying.budgets.limits(&payer).await?;
        if limits.is_empty() {
            return Ok(Ok(Held::default()));
        }
        let Some(price) = self.price_of(model) else { return Ok(Err(Refused::Unpriced(model.to_owned()))) };
        let asking = price.cost(Tokens { input: tokens_of(request), ..Tokens::default() }).unwrap_or(Amount::billionths(u64::MAX));
        let left = match self.paying.budgets.reserve(&payer, &limits, asking).await? {
            Ok(reserved) => reserved.left.unwrap_or(Amount::billionths(u64::MAX)),
            Err(overdrawn) => return Ok(Err(Refused::Overdrawn(overdrawn))),
        };
        let wanted = asked.longest_reply();
        let affordable = affordable(&price, left.less(asking), wanted).max(SHORTEST_REPLY.min(wanted));
        let replying = price.cost(Tokens { output: affordable.into(), ..Tokens::default() }).unwrap_or_default();
        match self.paying.budgets.reserve(&payer, &limits, asking + replying).await? {
            Ok(reserved) => {
                let events = reserved.nearly_spent.iter().map(|(budget, spent)| self.nearly_spent(&budget.scope, budget.amount, *spent));
                Ok(Ok(Held { max_tokens: Some(affordable), aside: Some(asking + replying), events: events.collect() }))
            }
            Err(overdrawn) => Ok(Err(Refused::Overdrawn(overdrawn))),
        }
    }

    /// The most that asking a model costs; none where its price is not known.
    pub fn most(&self, asked: Asked<'_>) -> Option<Amount> {
        let (input, output) = (tokens_of(asked.request), asked.longest_reply().into());
        self.price_of(asked.model)?.cost(Tokens { input, output, ..Tokens::default() })
    }

    /// Takes back what was put aside: the call took nothing.
    pub async fn take_back(&self, seq: u64) {
        self.paying.budgets.release(&self.payer(seq)).await;
    }

    /// Says what a reply cost, where nobody said so yet, its tokens were counted and the price is known.
    pub fn price(&self, model: &str, reply: &mut Reply) {
        if reply.usage.cost_usd.is_none() && !reply.usage.uncounted {
            let cost = self.price_of(model).and_then(|price| price.cost(count_tokens(&reply.usage)));
            reply.usage.cost_usd = cost.map(Amount::dollars);
        }
    }

    fn payer(&self, seq: u64) -> Payer {
        Payer { run: self.run.clone(), seq, root: self.paying.root.clone(), project: self.paying.project.id.clone() }
    }

    /// A script costs nothing but what its rules say.
    fn price_of(&self, model: &str) -> Option<Price> {
        const NOTHING: Price = Price { input: 0.0, cached_input: None, cache_write: None, output: 0.0 };
        if model.starts_with("script/") { Some(NOTHING) } else { self.paying.prices.of(model) }
    }

    fn nearly_spent(&self, scope: &Scope, budget: Amount, spent: Amount) -> Draft {
        Draft::of_run(self.run, &BudgetNearlySpent { budget: scope.into(), budget_usd: budget, spent_usd: spent })
    }
}

impl Asked<'_> {
    /// Tokens of the longest reply that may come.
    fn longest_reply(&self) -> u32 {
        let ModelAbilities { max_output_tokens, is_known, .. } = *self.abilities;
        match (self.request.max_tokens, is_known) {
            (asked, true) => asked.unwrap_or(USUAL_REPLY).min(max_output_tokens),
            (asked, false) => asked.unwrap_or(USUAL_REPLY_OF_UNKNOWN),
        }
    }
}

impl Refused {
    /// What the operator is to do; nothing of the run is lost meanwhile.
    pub fn reason(&self, project: &Project) -> String {
        match self {
            Self::Unpriced(model) => format!(
                "A budget is set and the price of {model} is not known, so nothing could hold it to the budget. Set \
                 `[prices.\"{model}\"]` with `input` and `output` in your baton.toml: it is read while a run waits for it.",
                model = model.escape_debug()
            ),
            Self::Overdrawn(Overdrawn { budget, spent, wanted }) => format!(
                "The budget of ${} for {} does not allow the next call: ${spent} of it is spent or reserved, and the call may cost \
                 ${wanted}. Raise it with {}.",
                budget.amount,
                describe_scope(&budget.scope, project),
                remedy(&budget.scope, project)
            ),
        }
    }
}

/// More than any tokeniser makes of it.
fn tokens_of(request: &Request) -> u64 {
    let bytes = serde_json::to_string(request).map_or(0, |text| text.len() as u64);
    bytes / BYTES_A_TOKEN + OVERHEAD + request.media().map(tokens_of_file).sum::<u64>()
}

fn tokens_of_file(media: &Media) -> u64 {
    match media.media_type.as_str() {
        "application/pdf" => (media.data.len() as u64 / DOCUMENT_BYTES_A_TOKEN).clamp(PAGE, LARGEST_DOCUMENT),
        _ => IMAGE,
    }
}

fn affordable(price: &Price, left: Amount, wanted: u32) -> u32 {
    let Some(each) = price.cost(Tokens { output: 1_000, ..Tokens::default() }).map(Amount::as_billionths).filter(|each| *each > 0) else {
        return wanted;
    };
    let tokens = u128::from(left.as_billionths()) * 1_000 / u128::from(each);
    u32::try_from(tokens).unwrap_or(u32::MAX).min(wanted)
}

fn count_tokens(usage: &Usage) -> Tokens {
    Tokens {
        input: usage.input_tokens,
        cached_input: usage.cached_input_tokens,
        cache_write: usage.cache_write_tokens,
        output: usage.output_tokens,
    }
}

/// A call is paid from no other project's budget than its own.
fn describe_scope(scope: &Scope, project: &Project) -> String {
    match scope {
        Scope::Organisation => "all that this host does".to_owned(),
        Scope::Project(_) => format!("the project {}", project.shown().escape_debug()),
        Scope::Run(_) => "this run".to_owned(),
        Scope::Day(_) => format!("a day of the autopilot of the project {}", project.shown().escape_debug()),
    }
}

fn remedy(scope: &Scope, project: &Project) -> String {
    match scope {
        Scope::Organisation => "`baton budget set DOLLARS`".to_owned(),
        Scope::Project(_) => format!("`baton budget set DOLLARS --project {}`", project.shown().escape_debug()),
        Scope::Run(root) => format!("`baton runs resume {} --budget DOLLARS`", root.short()),
        Scope::Day(_) => {
            let project = project.shown().escape_debug();
            format!("`baton project autopilot on --dollars DOLLARS --project {project}`, or wait for the next day")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::llm::{Message, Part, Role};

    const PRICE: Price = Price { input: 3.0, cached_input: None, cache_write: None, output: 15.0 };

    #[test]
    fn a_reply_is_held_to_what_is_left() {
        let dollars = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(affordable(&PRICE, dollars("1"), 8_192), 8_192);
        assert_eq!(affordable(&PRICE, dollars("0.015"), 8_192), 1_000);
        assert_eq!(affordable(&PRICE, Amount::ZERO, 8_192), 0);
        assert_eq!(affordable(&Price { output: 0.0, ..PRICE }, Amount::ZERO, 8_192), 8_192);
    }

    #[test]
    fn a_reply_is_reserved_by_what_the_model_replies_with_at_most() {
        let longest = |max_tokens: Option<u32>, max_output_tokens: u32, is_known: bool| {
            let abilities = ModelAbilities { max_output_tokens, is_known, ..ModelAbilities::default() };
            Asked { model: "a/b", request: &Request { max_tokens, ..Request::default() }, abilities: &abilities }.longest_reply()
        };
        assert_eq!((longest(None, 128_000, true), longest(None, 16_384, true)), (32_768, 16_384));
        assert_eq!((longest(Some(100_000), 128_000, true), longest(Some(100_000), 64_000, true)), (100_000, 64_000));
        assert_eq!((longest(None, 4_096, false), longest(Some(64_000), 4_096, false)), (8_192, 64_000));
    }

    #[test]
    fn a_request_is_taken_for_more_tokens_than_it_has() {
        let request = Request::default();
        assert!(tokens_of(&request) >= OVERHEAD);
    }

    #[test]
    fn a_file_is_taken_for_more_tokens_than_it_has() {
        let tokens = |media_type: &str, bytes: usize| {
            tokens_of_file(&Media { media_type: media_type.to_owned(), path: "a".to_owned(), data: vec![0; bytes].into() })
        };
        assert_eq!((tokens("image/png", 10), tokens("image/png", 5 << 20)), (IMAGE, IMAGE));
        assert_eq!((tokens("application/pdf", 10), tokens("application/pdf", 500_000)), (PAGE, 125_000));
        assert_eq!(tokens("application/pdf", 5 << 20), LARGEST_DOCUMENT);
        let media = Media { media_type: "image/png".to_owned(), path: "a".to_owned(), data: vec![0; 9_000].into() };
        let message = Message { role: Role::User, parts: vec![Part::Media(media)] };
        let request = Request { messages: vec![message], ..Request::default() };
        assert!((IMAGE + OVERHEAD..IMAGE + 2 * OVERHEAD).contains(&tokens_of(&request)), "{}", tokens_of(&request));
    }

    #[test]
    fn a_refusal_says_what_to_type() {
        let run = RunId::from_text("run-1");
        let shop = Project { id: "0194".to_owned(), name: "shop".to_owned(), former_key: None };
        let unpriced = Refused::Unpriced("a/b".to_owned()).reason(&shop);
        assert!(unpriced.contains("[prices.\"a/b\"]"), "{unpriced}");
        assert!(remedy(&Scope::Run(run.clone()), &shop).contains("baton runs resume run-1 --budget"));
        assert!(remedy(&Scope::Project("0194".to_owned()), &shop).contains("--project shop`"));
    }
}
