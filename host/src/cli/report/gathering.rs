//! What a report holds, from a fixed number of queries, and as programs see it. Prints nothing.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    cli::{Context, figures, questions, waits},
    interfaces::{
        autopilot::Autopilot,
        backlog::{Item, Kind, Status},
        llm::money::{Amount, Posting, Sum},
        project::Project,
        report::{Happened, ItemMove},
    },
    journal::Wait,
    kernel::run::{self, Run, State},
    operations::{
        Host,
        questions::{self as operations, ListQuestions, Question},
    },
};

/// Runs that wait, of all projects together, that are looked at.
const MOST_RUNS: u32 = 1_000;

/// All that is told.
pub(super) struct Gathered {
    pub(super) project: Project,
    pub(super) since: u64,
    pub(super) until: u64,
    pub(super) landed: Vec<Story>,
    pub(super) blocked: Vec<Story>,
    pub(super) at_work: Vec<Story>,
    pub(super) asked: Vec<Question>,
    /// What runs wait for that a person provides or decides.
    pub(super) waits: Vec<Waiting>,
    /// By item, how often its tests passed in a second run only.
    pub(super) flaky: BTreeMap<String, u64>,
    /// Model calls of which nobody knows whether they were charged twice.
    pub(super) uncertain: u64,
    pub(super) spent: Spent,
    /// That of the project, if it was ever on.
    pub(super) autopilot: Option<Autopilot>,
}

/// A story and what became of it.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) status: Status,
    /// Why it is where it is.
    pub(super) reason: String,
    pub(super) at: u64,
    pub(super) pull_request: Option<u64>,
    pub(super) commit: Option<String>,
    pub(super) branch: Option<String>,
    /// The tasks by which its conflicts were resolved.
    pub(super) merges: Vec<String>,
}

/// A run that waits for a person.
pub(super) struct Waiting {
    pub(super) run: Option<Run>,
    pub(super) what: String,
    pub(super) reason: String,
}

/// What was paid.
#[derive(Default)]
pub(super) struct Spent {
    pub(super) total: Amount,
    /// By the item; what was for none, by the workflow.
    pub(super) by_story: Vec<(String, Amount)>,
    /// Replies whose price is not known.
    pub(super) unknown: u64,
    pub(super) today: Amount,
}

impl Gathered {
    pub(super) async fn load(app: &Host, project: &Project, since: u64) -> Result<Self> {
        let until = app.kernel.now();
        let happened = app.reports().happened(&project.id, since).await?;
        let items = app.backlog.items(&project.id, false).await?;
        let autopilot = app.autopilots.autopilot(&project.id).await?;
        let open = operations::list(app, &ListQuestions::default()).await?.items;
        let asked: Vec<_> = open.into_iter().filter(|asked| asked.project == project.id).collect();
        let mut waits = waiting(app, &project.id).await?;
        waits.extend(hindrance(app, autopilot.as_ref()).await?);
        let spent = spent(app, (&happened.postings, &items), autopilot.as_ref(), until).await?;
        let uncertain = happened.repeated.len() + happened.postings.iter().filter(|posting| posting.charge.possibly_charged).count();
        let mut flaky = BTreeMap::new();
        for item in &happened.flaky {
            *flaky.entry(item.clone().unwrap_or_else(|| "the branch".to_owned())).or_default() += 1;
        }
        let stories = stories(&items, &happened);
        let of = |is: fn(&Story, u64) -> bool| stories.iter().filter(|story| is(story, since)).cloned().collect::<Vec<_>>();
        Ok(Self {
            project: project.clone(),
            since,
            until,
            landed: of(|story, since| story.status == Status::Done && story.at >= since),
            blocked: of(|story, _| matches!(story.status, Status::Blocked | Status::Failed)),
            at_work: of(|story, _| matches!(story.status, Status::InProgress | Status::Review)),
            asked,
            waits,
            flaky,
            uncertain: uncertain as u64,
            spent,
            autopilot,
        })
    }

    /// What the day of the autopilot may cost.
    pub(super) fn day_limit(&self) -> Option<Amount> {
        self.autopilot.as_ref().filter(|autopilot| autopilot.is_on)?.limits.dollars
    }

    pub(super) fn document(&self, context: &Context) -> Value {
        let story = |story: &Story| {
            json!({
                "key": story.key, "title": story.title, "status": story.status.as_str(), "reason": story.reason, "at": figures::stamp(story.at),
                "pull-request": story.pull_request, "commit": story.commit, "branch": story.branch, "merges": story.merges,
            })
        };
        let asked = |asked: &Question| {
            let mut document = json!(asked);
            document["answer-with"] = json!(answer_with(context, asked));
            document
        };
        let waits = |waiting: &Waiting| json!({ "run": waiting.run.as_ref().map(|run| &run.id), "plugin": waiting.run.as_ref().map(|run| &run.plugin), "for": waiting.what, "reason": context.advice(&waiting.reason) });
        let spent = |(name, usd): &(String, Amount)| json!({ "name": name, "cost-usd": usd });
        json!({
            "project": self.project.id,
            "name": self.project.name,
            "since": figures::stamp(self.since),
            "until": figures::stamp(self.until),
            "autopilot": self.autopilot.as_ref().is_some_and(|autopilot| autopilot.is_on),
            "landed": self.landed.iter().map(story).collect::<Vec<_>>(),
            "blocked": self.blocked.iter().map(story).collect::<Vec<_>>(),
            "in-work": self.at_work.iter().map(story).collect::<Vec<_>>(),
            "asked": self.asked.iter().map(asked).collect::<Vec<_>>(),
            "waits": self.waits.iter().map(waits).collect::<Vec<_>>(),
            "flaky": self.flaky,
            "uncertain-calls": self.uncertain,
            "spent": {
                "total-usd": self.spent.total, "replies-without-price": self.spent.unknown, "today-usd": self.spent.today,
                "day-limit-usd": self.day_limit(), "by-story": self.spent.by_story.iter().map(spent).collect::<Vec<_>>(),
            },
        })
    }
}

/// The command that answers a question.
pub(super) fn answer_with(context: &Context, asked: &Question) -> String {
    context.again(&format!("questions answer {}", questions::short(&asked.id)))
}

/// Every item but epics that was moved, with its last move. Each is there once, however many runs had to do with it.
fn stories(items: &[Item], happened: &Happened) -> Vec<Story> {
    let last: HashMap<&str, &ItemMove> = happened.moves.iter().map(|moved| (moved.key.as_str(), moved)).collect();
    let pull_request = |branch: Option<&str>| happened.pull_requests.iter().rev().find(|numbered| Some(&*numbered.branch) == branch);
    let story = |item: &Item| {
        let moved = last.get(item.draft.key.as_str())?;
        let found = pull_request(item.branch.as_deref());
        Some(Story {
            key: item.draft.key.clone(),
            title: item.draft.title.clone(),
            status: item.status,
            reason: moved.reason.clone(),
            at: moved.at,
            pull_request: found.map(|found| found.number),
            commit: found.and_then(|found| found.merge_commit.clone()),
            branch: item.branch.clone(),
            merges: Vec::new(),
        })
    };
    let mut stories: Vec<_> = items.iter().filter(|item| item.draft.kind != Kind::Epic).filter_map(story).collect();
    for (task, of) in merges(items) {
        let (Some(at), true) = (stories.iter().position(|story| story.key == task), stories.iter().any(|story| story.key == of)) else {
            continue;
        };
        let task = stories.remove(at);
        stories.iter_mut().filter(|story| story.key == of).for_each(|story| story.merges.push(task.key.clone()));
    }
    stories.sort_by_key(|story| story.at);
    stories
}

/// The tasks by which conflicts of stories are resolved, each with the key of its story.
fn merges(items: &[Item]) -> impl Iterator<Item = (&str, &str)> {
    let is_merge = |key: &str| key.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches('-').ends_with("-merge");
    let tasks = items.iter().filter(move |item| item.draft.kind == Kind::Task && is_merge(&item.draft.key));
    tasks.filter_map(|item| Some((item.draft.key.as_str(), item.draft.parent.as_deref()?)))
}

/// Runs that lack what an operator provides, whose service or account is waited for, or that are paused.
async fn waiting(app: &Host, project: &str) -> Result<Vec<Waiting>> {
    let states = ["waiting", "paused"].map(str::to_owned).into();
    let runs = app.kernel.runs().list(&run::Filter { states, limit: MOST_RUNS, ..run::Filter::default() }).await?;
    let told = |run: Run| {
        let (what, reason) = match &run.state {
            State::Waiting { wait: Wait::Needed(needed) } => (waits::needed_thing(needed), needed.reason.clone()),
            State::Waiting { wait: Wait::Account { account, reason, .. } } => (account.clone(), reason.clone()),
            State::Paused { pause } => ("you to resume it".to_owned(), pause.reason.clone()),
            _ => return None,
        };
        Some(Waiting { run: Some(run), what, reason })
    };
    let mut waiting: Vec<_> = runs.into_iter().filter(|run| run.project == project).filter_map(told).collect();
    // Many runs wait for the same thing, and it is provided once.
    waiting.sort_by(|one, other| (&one.what, &one.reason).cmp(&(&other.what, &other.reason)));
    waiting.dedup_by(|one, other| one.what == other.what);
    Ok(waiting)
}

/// Why the autopilot begins no story, where a person can change that.
async fn hindrance(app: &Host, autopilot: Option<&Autopilot>) -> Result<Option<Waiting>> {
    let Some(autopilot) = autopilot.filter(|autopilot| autopilot.is_on) else { return Ok(None) };
    let shown = app.kernel.published().published(&autopilot.run).await?;
    let reason =
        shown.into_iter().find(|shown| shown.key == "autopilot").and_then(|shown| Some(shown.value["reason"].as_str()?.to_owned()));
    Ok(reason.map(|reason| Waiting { run: None, what: "the checkout".to_owned(), reason }))
}

async fn spent(app: &Host, (postings, items): (&[Posting], &[Item]), autopilot: Option<&Autopilot>, now: u64) -> Result<Spent> {
    let merges: HashMap<_, _> = merges(items).collect();
    let story_of = |item: &str| merges.get(item).map_or(item, |story| *story).to_owned();
    let mut by_story: BTreeMap<String, Sum> = BTreeMap::new();
    for posting in postings {
        by_story.entry(posting.item.as_deref().map_or_else(|| posting.workflow.clone(), story_of)).or_default().add(&posting.charge);
    }
    let all = Sum::of(postings.iter().map(|posting| &posting.charge));
    let mut spent = Spent { total: all.cost, unknown: all.unpriced, ..Spent::default() };
    let is_known = |sum: &Sum| sum.cost > Amount::ZERO || sum.whole_cost().is_some();
    spent.by_story = by_story.into_iter().filter(|(_, sum)| is_known(sum)).map(|(name, sum)| (name, sum.cost)).collect();
    spent.by_story.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    if let Some(autopilot) = autopilot {
        spent.today = app.budgets.spent_since(&autopilot.project, autopilot.limits.day(now).0).await?;
    }
    Ok(spent)
}
