//! Requests taken through the gate to providers that answer from a list.

mod uncertain;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    actor::Actor,
    bindings::{
        Fault,
        llm::{self as wit, Host},
        types::OptionValue,
    },
    interfaces::llm::{
        Caller, Part, Preferences, Spending, Stop, Usage, View,
        attaching::testing::InMemory,
        money::{
            BudgetStore, Budgets, Prices, Scope,
            testing::{Kept, no_books},
        },
    },
    journal::{EntryState, ErrorKind, Interrupt, NeedKind, Needed, Redactor, testing::Bench},
};

const ROW: &[&str] = &["a/x", "b/y", "c/z"];

/// Answers for every model with what was laid ready, and remembers what it was asked.
#[derive(Default)]
struct Answers {
    ready: Mutex<BTreeMap<String, ProviderError>>,
    /// What goes wrong before that, in order, whichever model is asked.
    first: Mutex<VecDeque<ProviderError>>,
    asked: Mutex<Vec<(String, String)>>,
    requests: Mutex<Vec<Request>>,
    said: Mutex<Option<Vec<Part>>>,
    usage: Mutex<Usage>,
}

#[async_trait]
impl Provider for Answers {
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        self.requests.lock().unwrap().push(request.clone());
        self.asked.lock().unwrap().push((model.to_owned(), caller.idempotency_key.to_owned()));
        if let Some(error) = self.first.lock().unwrap().pop_front() {
            return Err(error);
        }
        match self.ready.lock().unwrap().get(model) {
            Some(error) => Err(error.clone()),
            None => {
                let said = self.said.lock().unwrap().clone();
                let usual = reply(model);
                Ok(Reply { usage: *self.usage.lock().unwrap(), parts: said.unwrap_or(usual.parts.clone()), ..usual })
            }
        }
    }
}

fn reply(model: &str) -> Reply {
    Reply { parts: vec![Part::Text(format!("I am {model}"))], stop: Stop::End, usage: Usage::default(), model: model.to_owned() }
}

/// The models, and whether an uncertain call pauses.
struct Row(&'static [&'static str], bool);

impl Preferences for Row {
    fn models(&self, key: &str) -> Vec<String> {
        match key {
            "models.default" => self.0.iter().map(|model| (*model).to_owned()).collect(),
            "models.uncertain" if self.1 => vec!["pause".to_owned()],
            _ => Vec::new(),
        }
    }
}

struct Scene {
    bench: Bench,
    answers: Arc<Answers>,
    budgets: Budgets,
    files: InMemory,
    is_strict: bool,
}

impl Scene {
    fn new(failures: &[(&str, ProviderError)]) -> Self {
        let answers = Arc::new(Answers::default());
        answers.ready.lock().unwrap().extend(failures.iter().map(|(model, error)| ((*model).to_owned(), error.clone())));
        Self { bench: Bench::new(), answers, budgets: no_books(), files: InMemory::default(), is_strict: false }
    }

    /// A new execution makes the run's only call.
    async fn ask(&self, row: &'static [&'static str]) -> Result<wit::Reply, Fault> {
        self.ask_for(question(), row).await
    }

    async fn ask_for(&self, question: wit::Request, row: &'static [&'static str]) -> Result<wit::Reply, Fault> {
        let (mut recorder, preferences, mut spending) = (self.bench.recorder(), Row(row, self.is_strict), Spending::default());
        let (recorder, provider, spending) = (&mut recorder, self.answers.as_ref(), &mut spending);
        let (prices, budgets, root, project) = (&Prices::new(None).unwrap(), &self.budgets, &Bench::run(), &Project::named("demo"));
        let (plugin, workspace, preferences) = ("mary", &self.files, &preferences);
        let paying = Paying { prices, budgets, root, project };
        let mut view = View { recorder, provider, workspace, plugin, preferences, spending, paying };
        view.complete(question).await
    }

    async fn waits(&self, row: &'static [&'static str]) -> (String, u64, String) {
        match self.ask(row).await.unwrap_err() {
            Fault::Interrupt(Interrupt::Suspended(Wait::Account { account, until, reason })) => (account, until, reason),
            other => panic!("it does not wait: {other:?}"),
        }
    }

    async fn needs(&self, row: &'static [&'static str]) -> Needed {
        match self.ask(row).await.unwrap_err() {
            Fault::Interrupt(Interrupt::Suspended(Wait::Needed(needed))) => needed,
            other => panic!("it does not wait for an operator: {other:?}"),
        }
    }

    async fn pauses(&self, row: &'static [&'static str]) -> Pause {
        match self.ask(row).await.unwrap_err() {
            Fault::Interrupt(Interrupt::Paused(pause)) => pause,
            other => panic!("it does not pause: {other:?}"),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.answers.asked.lock().unwrap().drain(..).map(|(model, _)| model).collect()
    }

    fn stands(&self) -> (EntryState, bool) {
        let entry = self.bench.journal.history().pop().expect("a call");
        (entry.state, entry.repeated)
    }

    fn events(&self, name: &str) -> Vec<Value> {
        self.bench.journal.events().into_iter().filter(|event| event.name == name).map(|event| event.data).collect()
    }
}

fn question() -> wit::Request {
    let message = wit::Message { role: wit::Role::User, parts: vec![wit::Part::Text("Who?".into())] };
    wit::Request { model: None, system: None, messages: vec![message], tools: Vec::new(), reply_schema: None, options: Vec::new() }
}

/// The question with an image.
fn question_about(path: &str) -> wit::Request {
    let mut question = question();
    question.messages[0].parts.push(wit::Part::Media(wit::Media { media_type: "image/png".into(), path: path.into() }));
    question
}

fn refusal(result: Result<wit::Reply, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

fn limited(provider: &str, seconds: i64) -> ProviderError {
    let until = Some(Timestamp::from_second(seconds).unwrap());
    ProviderError::UsageLimit { provider: provider.into(), reason: "No more.".into(), until }
}

fn unavailable(provider: &str) -> ProviderError {
    ProviderError::Unavailable { provider: provider.into(), tries: 4, reason: "Overloaded.".into() }
}

fn refused(provider: &str) -> ProviderError {
    ProviderError::Refused { provider: provider.into(), reason: "no key.".into(), remedy: "Set it.".into() }
}

fn endless(provider: &str) -> ProviderError {
    ProviderError::TooLong { provider: provider.into(), reason: "It never ends.".into() }
}

fn uncertain(provider: &str) -> ProviderError {
    ProviderError::Uncertain { provider: provider.into(), reason: "Cut.".into() }
}

#[tokio::test]
async fn the_next_model_answers_and_each_step_is_told_once() {
    let scene = Scene::new(&[("a/x", unavailable("a")), ("b/y", limited("b", 3_600))]);
    for _ in 0..2 {
        assert_eq!(scene.ask(ROW).await.unwrap().model, "c/z");
    }
    assert_eq!(scene.asked(), ROW, "the second time the journal answers");
    let told = scene.events("fell_back");
    let steps: Vec<_> = told.iter().map(|data| (data["from"].as_str().unwrap(), data["to"].as_str().unwrap())).collect();
    assert_eq!(steps, [("a/x", "b/y"), ("b/y", "c/z")]);
    assert!(told[0]["reason"].as_str().unwrap().contains("Overloaded"), "{told:?}");
    assert_eq!(scene.events("completed").len(), 1);
}

#[tokio::test]
async fn another_row_of_models_does_not_change_what_was_answered() {
    let scene = Scene::new(&[]);
    assert_eq!(scene.ask(ROW).await.unwrap().model, "a/x");
    assert_eq!(scene.ask(&["b/y"]).await.unwrap().model, "a/x");
    assert_eq!(scene.ask(&[]).await.unwrap().model, "a/x", "not even when none is set any more");
}

#[tokio::test]
async fn a_call_cut_off_may_go_to_other_models_when_it_is_made_again() {
    let scene = Scene::new(&[("a/x", uncertain("a"))]);
    scene.pauses(&["a/x"]).await;
    assert_eq!(scene.stands(), (EntryState::Intended, true));
    assert_eq!(scene.ask(&["b/y", "a/x"]).await.unwrap().model, "b/y");
    assert_eq!(scene.stands(), (EntryState::Done, true), "the first may have been charged, and that is said");
    assert_eq!(scene.events("repeated").len(), 2, "once for each execution");
}

#[tokio::test]
async fn a_reply_without_end_goes_to_the_next_model_and_is_never_asked_for_again_unflagged() {
    let scene = Scene::new(&[("a/x", endless("a"))]);
    assert_eq!(scene.ask(ROW).await.unwrap().model, "b/y");
    assert!(scene.events("fell_back")[0]["reason"].as_str().unwrap().contains("too long"));

    let scene = Scene::new(&[("a/x", endless("a")), ("b/y", limited("b", 3_600))]);
    let pause = scene.pauses(&ROW[..2]).await;
    assert!(pause.reason.contains("a/x: a sent a reply that is too long") && pause.reason.contains("b/y: "), "{}", pause.reason);
    assert_eq!(scene.stands(), (EntryState::Intended, true), "no clock asks for it again");
    scene.answers.ready.lock().unwrap().clear();
    assert_eq!(scene.ask(ROW).await.unwrap().model, "a/x");
    assert_eq!(scene.stands(), (EntryState::Done, true));
}

#[tokio::test]
async fn a_used_up_account_is_waited_for_and_the_call_is_no_repetition_afterwards() {
    let scene = Scene::new(&[("a/x", limited("a", 3_600))]);
    let (account, until, reason) = scene.waits(&["a/x"]).await;
    assert_eq!((account.as_str(), until), ("a", 3_600_000));
    assert!(reason.contains("usage limit") && reason.contains("No more."), "{reason}");
    assert_eq!(scene.stands(), (EntryState::Released, false));
    scene.answers.ready.lock().unwrap().clear();
    assert_eq!(scene.ask(&["a/x"]).await.unwrap().model, "a/x");
    assert_eq!(scene.stands(), (EntryState::Done, false));
}

#[tokio::test]
async fn the_first_account_to_be_usable_again_is_the_one_waited_for() {
    let scene = Scene::new(&[("a/x", limited("a", 7_200)), ("b/y", limited("b", 3_600)), ("c/z", refused("c"))]);
    let (account, until, _) = scene.waits(ROW).await;
    assert_eq!((account.as_str(), until), ("b", 3_600_000));
    // One that is merely overloaded is not left for an hour.
    let scene = Scene::new(&[("a/x", unavailable("a")), ("b/y", limited("b", 3_600))]);
    let (account, until, _) = scene.waits(&ROW[..2]).await;
    assert!(account == "a" && until < 60_000, "{until}");
}

#[tokio::test]
async fn a_model_that_is_not_there_is_waited_for_whatever_becomes_of_the_others() {
    let scene = Scene::new(&[("a/x", refused("a")), ("b/y", unavailable("b"))]);
    let (account, until, reason) = scene.waits(&ROW[..2]).await;
    assert_eq!(account, "b");
    assert!((30_000..60_000).contains(&until) && reason.contains("tried again then. The last failure: Overloaded."), "{until}: {reason}");
    assert_eq!(scene.stands(), (EntryState::Released, false));
}

#[tokio::test]
async fn when_nothing_helps_the_run_pauses_with_every_reason() {
    let invalid = ProviderError::Invalid { provider: "b".into(), reason: "Too long.".into() };
    let scene = Scene::new(&[("a/x", refused("a")), ("b/y", invalid)]);
    let pause = scene.pauses(&ROW[..2]).await;
    assert!(pause.reason.contains("a/x: a rejects the host") && pause.reason.contains("b/y: b rejects this request"), "{}", pause.reason);
    assert_eq!(scene.stands(), (EntryState::Released, false));
    let scene = Scene::new(&[("a/x", refused("a"))]);
    assert_eq!(scene.pauses(&ROW[..1]).await.reason, refused("a").to_string(), "of one model, its own words");
}

#[tokio::test]
async fn a_key_that_is_missing_is_waited_for_unless_time_helps_another_model() {
    let missing = || ProviderError::KeyMissing { provider: "a".into(), name: "A_KEY".into() };
    let scene = Scene::new(&[("a/x", missing())]);
    let needed = scene.needs(&["a/x"]).await;
    assert_eq!((needed.kind, needed.subject.as_str()), (NeedKind::Key, "A_KEY"));
    assert!(needed.reason.contains("`baton secret set A_KEY`"), "{}", needed.reason);
    assert_eq!(scene.stands(), (EntryState::Released, false), "asking later is no repetition");
    scene.answers.ready.lock().unwrap().clear();
    assert_eq!(scene.ask(&["a/x"]).await.unwrap().model, "a/x");
    assert_eq!(scene.stands(), (EntryState::Done, false));

    let scene = Scene::new(&[("a/x", missing()), ("b/y", refused("b"))]);
    let needed = scene.needs(&ROW[..2]).await;
    assert!(needed.subject == "A_KEY" && needed.reason.contains("b/y: b rejects the host"), "{needed:?}");
    let scene = Scene::new(&[("a/x", missing()), ("b/y", limited("b", 3_600))]);
    let needed = scene.needs(&ROW[..2]).await;
    assert_eq!((needed.subject.as_str(), needed.until), ("A_KEY", Some(3_600_000)), "whatever comes first");
}

#[tokio::test]
async fn a_rejected_key_is_a_wait_for_another() {
    let rejected = |name: &str| ProviderError::KeyRejected {
        provider: "a".into(),
        name: name.into(),
        reason: "it answered 401: No such key.".into(),
        marks: vec!["0f".into()],
    };
    let scene = Scene::new(&[("a/x", rejected("A_KEY"))]);
    let needed = scene.needs(&["a/x"]).await;
    assert_eq!((needed.kind, needed.subject.as_str(), needed.rejected.as_slice()), (NeedKind::Key, "A_KEY", ["0f".to_owned()].as_slice()));
    assert!(needed.reason.contains("No such key.") && needed.reason.contains("`baton secret set A_KEY`"), "{}", needed.reason);
    assert_eq!(scene.stands(), (EntryState::Released, false), "nothing was charged");
    let both = Scene::new(&[("a/x", rejected("A_KEY")), ("b/y", rejected("B_KEY"))]).needs(&ROW[..2]).await;
    assert_eq!((both.subject.as_str(), both.or[0].subject.as_str(), both.until), ("A_KEY", "B_KEY", None), "one of them is enough");
}

#[tokio::test]
async fn a_fallback_that_no_operator_has_decided_on_is_waited_for_where_no_other_answers() {
    let scene = Scene::new(&[("a/x", limited("a", 3_600))]);
    scene.bench.authority.deny("models", "b/");
    scene.bench.authority.leave_undecided(true);
    assert_eq!(scene.ask(ROW).await.unwrap().model, "c/z", "another answers");

    for (failure, until) in [(limited("a", 3_600), Some(3_600_000)), (refused("a"), None)] {
        let scene = Scene::new(&[("a/x", failure)]);
        scene.bench.authority.deny("models", "b/");
        scene.bench.authority.leave_undecided(true);
        let needed = scene.needs(&ROW[..2]).await;
        assert_eq!((needed.kind, needed.subject.as_str(), needed.until), (NeedKind::Grant, "models=b/y", until));
        assert!(needed.reason.contains("a/x: ") && needed.reason.contains("No grant of `models` for `b/y`"), "{}", needed.reason);
        scene.bench.authority.relent();
        assert_eq!(scene.ask(&ROW[..2]).await.unwrap().model, "b/y", "and asked once it is granted");
    }
}

#[tokio::test]
async fn a_secret_that_a_model_or_its_provider_says_reaches_nobody() {
    const SECRET: &str = "sk-never-to-be-seen";
    let redactor = Redactor::default();
    redactor.learn(SECRET);
    let said = |error: fn(String) -> ProviderError| error(format!("The key {SECRET} is no good."));
    let errors: [fn(String) -> ProviderError; 3] = [
        |reason| ProviderError::Uncertain { provider: "a".into(), reason },
        |reason| ProviderError::Refused { provider: "a".into(), reason, remedy: "Set it.".into() },
        |reason| ProviderError::LeftAlone { provider: "a".into(), reason, until: Timestamp::from_second(60).unwrap() },
    ];
    let mut scenes: Vec<Scene> = errors.iter().map(|error| Scene::new(&[("a/x", said(*error))])).collect();
    // The reply names the model, and so says what the model is called.
    scenes.push(Scene::new(&[]));
    for scene in &scenes {
        let row: &'static [&'static str] =
            if scene.answers.ready.lock().unwrap().is_empty() { &["a/sk-never-to-be-seen"] } else { &["a/x"] };
        for _ in 0..2 {
            let (mut recorder, preferences) = (scene.bench.recorder().redacting(redactor.clone()), Row(row, false));
            let (recorder, provider, mut spending) = (&mut recorder, scene.answers.as_ref(), Spending::default());
            let (prices, budgets, root, spending) = (&Prices::new(None).unwrap(), &scene.budgets, &Bench::run(), &mut spending);
            let project = &Project::named("demo");
            let (plugin, workspace, preferences) = ("mary", &scene.files, &preferences);
            let paying = Paying { prices, budgets, root, project };
            let mut view = View { recorder, provider, workspace, plugin, preferences, spending, paying };
            let mut asked = question();
            asked.messages[0].parts.push(wit::Part::Text(format!("It is {SECRET}")));
            let heard = format!("{:?}", view.complete(asked).await);
            assert!(heard.contains("[key]") && !heard.contains(SECRET), "{heard}");
        }
        let written = format!("{:?}", scene.bench.journal.written());
        assert!(written.contains("[key]") && !written.contains(SECRET), "{written}");
    }
}

#[tokio::test]
async fn every_model_of_the_row_is_decided_on_before_it_is_asked() {
    let scene = Scene::new(&[("a/x", refused("a"))]);
    scene.bench.authority.deny("models", "b/");
    assert_eq!(scene.ask(ROW).await.unwrap().model, "c/z");
    assert_eq!(scene.asked(), ["a/x", "c/z"]);
    assert!(scene.events("fell_back")[1]["reason"].as_str().unwrap().contains("No grant of `models` for `b/y`"));

    let scene = Scene::new(&[]);
    scene.bench.authority.deny("models", "a/");
    assert_eq!(refusal(scene.ask(ROW).await).kind, ErrorKind::Denied, "the first choice has to be granted");
    assert_eq!(scene.asked(), [""; 0]);
}

#[tokio::test]
async fn a_model_set_after_a_crash_needs_a_grant_of_its_own() {
    let scene = Scene::new(&[("a/x", uncertain("a"))]);
    scene.pauses(&["a/x"]).await;
    scene.bench.authority.deny("models", "b/");
    assert_eq!(refusal(scene.ask(&["b/y"]).await).kind, ErrorKind::Denied);
    assert_eq!(scene.asked(), ["a/x", "a/x", "a/x"]);
    assert_eq!(scene.events("denied").len(), 1);
}

#[tokio::test]
async fn each_model_is_sent_a_key_of_its_own_and_the_same_one_every_time() {
    let scene = Scene::new(&[("a/x", refused("a")), ("b/y", uncertain("b"))]);
    for _ in 0..2 {
        scene.pauses(&ROW[..2]).await;
    }
    let asked = scene.answers.asked.lock().unwrap().clone();
    let keys: Vec<_> = asked.iter().map(|(_, key)| key.rsplit_once(&Bench::run().to_string()).unwrap().1).collect();
    let once = [":1", ":1:2", ":1:2", ":1:2"];
    assert_eq!(keys, [once, once].concat());
}

const PRICED: &[&str] = &["openai/gpt-5-mini"];

/// A scene whose runs may spend so much in all.
async fn with_budget(dollars: &str) -> Scene {
    let kept = Arc::new(Kept::default());
    kept.set_budget(&Scope::Organisation, Some(dollars.parse().unwrap()), &Actor::operator("ann")).await.unwrap();
    Scene { budgets: Budgets::new(kept.clone(), kept), ..Scene::new(&[]) }
}

#[tokio::test]
async fn a_call_that_the_budget_does_not_allow_waits_for_a_larger_one_and_is_not_made() {
    let scene = with_budget("0.000001").await;
    let needed = scene.needs(PRICED).await;
    assert!(needed.kind == NeedKind::Budget && needed.reason.contains("`baton budget set DOLLARS`"), "{needed:?}");
    assert!((0.0..0.02).contains(&needed.subject.parse::<f64>().unwrap()), "the dollars that it may cost: {}", needed.subject);
    assert!(scene.answers.asked.lock().unwrap().is_empty());
    assert_eq!(scene.bench.journal.history()[0].state, EntryState::Released, "asking later is no repetition");
}

#[tokio::test]
async fn under_a_budget_a_model_without_a_price_is_passed_by() {
    let scene = with_budget("5").await;
    let needed = scene.needs(&["mine/x"]).await;
    assert_eq!((needed.kind, needed.subject.as_str()), (NeedKind::Price, "mine/x"));
    assert!(needed.reason.contains("`[prices.\"mine/x\"]`"), "{}", needed.reason);
    let scene = with_budget("5").await;
    assert_eq!(scene.ask(&["mine/x", "openai/gpt-5-mini"]).await.unwrap().model, "openai/gpt-5-mini");
}

#[tokio::test]
async fn a_reply_has_its_price_with_and_without_a_budget() {
    for scene in [Scene::new(&[]), with_budget("5").await] {
        let cost = scene.ask(PRICED).await.unwrap().usage.cost_usd;
        assert_eq!(cost, Some(0.0), "no tokens cost nothing, which is known");
    }
    assert_eq!(Scene::new(&[]).ask(&["mine/x"]).await.unwrap().usage.cost_usd, None);
}

/// What a call put aside, where the reply's cost stays unknown.
#[tokio::test]
async fn a_reply_that_nobody_counted_costs_an_unknown_sum_and_what_was_put_aside() {
    let uncounted = Usage { uncounted: true, ..Usage::default() };
    let scene = with_budget("5").await;
    *scene.answers.usage.lock().unwrap() = uncounted;
    assert_eq!(scene.ask(PRICED).await.unwrap().usage.cost_usd, None);
    let told = scene.events("completed").remove(0);
    assert!(told["cost_usd"].is_null() && told["input_tokens"].is_null(), "{told}");
    let aside = told["settled_usd"].as_f64().unwrap();
    // 8,192 tokens of a reply and some of a question, at 0.25 and 2 dollars a million.
    assert!((0.0164..0.0170).contains(&aside), "{told}");

    let scene = Scene::new(&[]);
    *scene.answers.usage.lock().unwrap() = uncounted;
    assert_eq!(scene.ask(PRICED).await.unwrap().usage.cost_usd, None);
    assert!(scene.events("completed")[0].get("settled_usd").is_none(), "there is no budget");
    let scene = with_budget("5").await;
    scene.ask(PRICED).await.unwrap();
    assert!(scene.events("completed")[0].get("settled_usd").is_none(), "its cost is known");
}

#[tokio::test]
async fn what_a_reply_without_end_took_is_held_against_the_budget() {
    const TWO: &[&str] = &["openai/gpt-5", "openai/gpt-5-mini"];
    let scene = with_budget("5").await;
    scene.answers.ready.lock().unwrap().insert("openai/gpt-5".to_owned(), endless("openai"));
    *scene.answers.usage.lock().unwrap() = Usage { input_tokens: 1_000, output_tokens: 1_000, ..Usage::default() };
    let cost = scene.ask(TWO).await.unwrap().usage.cost_usd.unwrap();
    let told = scene.events("completed");
    assert!(told[0]["possibly_charged"] == true && told[0]["cost_usd"].as_f64().unwrap() > 0.05, "{told:?}");
    assert!(told[1]["cost_usd"] == cost && told[1].get("settled_usd").is_none(), "{told:?}");
}

#[tokio::test]
async fn a_file_is_read_before_a_model_is_asked_and_the_journal_keeps_its_path_alone() {
    let scene = Scene::new(&[("a/x", refused("a"))]);
    scene.files.put("docs/a.png", Ok(b"PNG bytes".to_vec()));
    for _ in 0..2 {
        assert_eq!(scene.ask_for(question_about("./docs/a.png"), ROW).await.unwrap().model, "b/y");
        // A replay needs no file.
        scene.files.put("docs/a.png", Err(CallError::not_found("It is gone.")));
    }
    let requests = scene.answers.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.media().map(|media| media.data.to_vec()).collect::<Vec<_>>(), [b"PNG bytes"]);
    }
    let entry = scene.bench.journal.history().remove(0);
    let written: Value = serde_json::from_str(&entry.request).unwrap();
    assert_eq!(written["messages"][0]["parts"][1], json!({"media": {"media-type": "image/png", "path": "docs/a.png"}}));
}

#[tokio::test]
async fn each_file_needs_a_grant_to_read_it() {
    let scene = Scene::new(&[]);
    scene.files.put("a.png", Ok(vec![1]));
    scene.bench.authority.deny("read", "a.png");
    assert_eq!(refusal(scene.ask_for(question_about("a.png"), ROW).await).kind, ErrorKind::Denied);
    assert_eq!(scene.asked(), [""; 0]);
}

#[tokio::test]
async fn a_missing_file_is_the_answer_and_a_disk_that_fails_is_for_the_operator() {
    let scene = Scene::new(&[]);
    for _ in 0..2 {
        let error = refusal(scene.ask_for(question_about("none.png"), ROW).await);
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::NotFound, Some("none.png")));
        scene.files.put("none.png", Ok(vec![1]));
    }
    let scene = Scene::new(&[]);
    scene.files.put("a.png", Err(CallError::unavailable("The disk is gone.")));
    let paused = scene.ask_for(question_about("a.png"), ROW).await.unwrap_err();
    assert!(matches!(&paused, Fault::Interrupt(Interrupt::Paused(pause)) if pause.kind == PauseKind::Operator), "{paused:?}");
    assert_eq!(scene.stands(), (EntryState::Released, false));
    assert_eq!(scene.asked(), [""; 0], "no model was asked");
    scene.files.put("a.png", Ok(vec![1]));
    assert_eq!(scene.ask_for(question_about("a.png"), ROW).await.unwrap().model, "a/x");
}

#[tokio::test]
async fn a_type_that_no_model_takes_is_the_answer_and_one_that_another_takes_goes_there() {
    let unsupported = |provider: &str| ProviderError::UnsupportedMedia { provider: provider.into(), media_type: "image/png".into() };
    let scene = Scene::new(&[("a/x", unsupported("a")), ("b/y", unsupported("b"))]);
    scene.files.put("a.png", Ok(vec![1]));
    let error = refusal(scene.ask_for(question_about("a.png"), &ROW[..2]).await);
    assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("media-type")));
    let scene = Scene::new(&[("a/x", unsupported("a"))]);
    scene.files.put("a.png", Ok(vec![1]));
    assert_eq!(scene.ask_for(question_about("a.png"), ROW).await.unwrap().model, "b/y");
}

#[tokio::test]
async fn each_request_of_several_has_its_own_files() {
    let scene = Scene::new(&[]);
    scene.files.put("a.png", Ok(vec![1]));
    let (mut recorder, preferences, mut spending) = (scene.bench.recorder(), Row(ROW, false), Spending::default());
    let (recorder, provider, spending) = (&mut recorder, scene.answers.as_ref(), &mut spending);
    let (prices, budgets, root, project) = (&Prices::new(None).unwrap(), &scene.budgets, &Bench::run(), &Project::named("demo"));
    let (plugin, workspace, preferences) = ("mary", &scene.files, &preferences);
    let paying = Paying { prices, budgets, root, project };
    let mut view = View { recorder, provider, workspace, plugin, preferences, spending, paying };
    let mut asked: Vec<_> = (0..6).map(|_| question_about("a.png")).collect();
    asked.push(question_about("none.png"));
    asked.push(question());
    let answers = view.complete_all(asked).await.unwrap();
    let kinds: Vec<_> = answers.into_iter().map(|answer| answer.map_or_else(|error| error.kind, |reply| reply.model)).collect();
    assert_eq!(kinds, ["a/x", "a/x", "a/x", "a/x", "a/x", "a/x", "not-found", "a/x"]);
}

#[tokio::test]
async fn a_reply_ends_at_a_stop_sequence_whatever_the_provider_did() {
    let scene = Scene::new(&[]);
    *scene.answers.said.lock().unwrap() = Some(vec![Part::Text("one END two".into())]);
    let option = OptionValue { name: "stop-sequences".into(), value: r#"["END"]"#.into() };
    let asked = wit::Request { options: vec![option], ..question() };
    for _ in 0..2 {
        let reply = scene.ask_for(asked.clone(), ROW).await.unwrap();
        assert_eq!(reply.stop, "stop-sequence");
        assert!(matches!(&reply.parts[..], [wit::Part::Text(text)] if text == "one "), "{:?}", reply.parts);
    }
    assert_eq!(scene.events("completed")[0]["stop"], "stop-sequence");
}
