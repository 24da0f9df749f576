//! What became of a project's stories since a time, what they cost, and what waits for a person: from a fixed number of
//! queries. Judges nothing of it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{
    Dollars, Host, Moment, Problem, autopilot,
    items::ItemStatus,
    needs::describe_needed,
    projects::ProjectRef,
    questions::{self, ListQuestions, Question},
};
use crate::{
    interfaces::{
        autopilot::Autopilot,
        backlog::{Item, Kind},
        llm::money::{Amount, Posting, Sum},
        report::{Happened, ItemMove},
    },
    journal::{RunId, Wait},
    kernel::{
        KernelError,
        run::{self, Run, State},
    },
};

/// Runs that wait, of all projects together, that are looked at.
const MOST_RUNS: u32 = 1_000;
/// What flaky tests without a story are counted under.
const NO_STORY: &str = "the branch";

/// What became of a project's stories since a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The id of the project.
    pub project: String,
    /// Its name; its id where it has none.
    pub name: String,
    /// From when.
    pub since: Moment,
    /// Until when.
    pub until: Moment,
    /// Whether the autopilot of the project is on.
    pub autopilot: bool,
    /// Stories that landed since, the oldest first.
    pub landed: Vec<ReportedStory>,
    /// Stories that are blocked or failed.
    pub blocked: Vec<ReportedStory>,
    /// Stories that are developed or reviewed.
    pub in_work: Vec<ReportedStory>,
    /// Questions that wait for an answer.
    pub asked: Vec<Question>,
    /// What runs wait for that a person provides or decides.
    pub waits: Vec<ReportedWait>,
    /// By story, how often its tests passed in a second run only.
    pub flaky: BTreeMap<String, u64>,
    /// Model calls that were cut off and made again, and may have been charged twice.
    pub uncertain_calls: u64,
    /// What was paid since.
    pub spent: ReportedSpending,
}

/// A story, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedStory {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub status: ItemStatus,
    /// Why it is there.
    pub reason: String,
    /// When it was moved there.
    pub at: Moment,
    /// The number of its pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The commit by which it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tasks by which its conflicts were resolved.
    pub merges: Vec<String>,
}

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedWait {
    /// The run that waits; absent for the autopilot as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Its plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// What it waits for.
    pub waits_for: String,
    /// Why, with what to do.
    pub reason: String,
}

/// What was paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedSpending {
    /// All of it.
    pub total_usd: Dollars,
    /// Replies whose price is not known.
    pub replies_without_price: u64,
    /// Since the day of the autopilot began.
    pub today_usd: Dollars,
    /// What may be spent in that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_limit_usd: Option<Dollars>,
    /// By the story, or by the workflow for what was for none; the most expensive first.
    pub by_story: Vec<StoryCost>,
}

/// What was paid for a story or a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoryCost {
    /// The key of the story, or the name of the workflow.
    pub name: String,
    /// How much.
    pub cost_usd: Dollars,
}

/// What to report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeReport {
    /// Of which project.
    pub project: ProjectRef,
    /// From when.
    pub since: Moment,
}

/// Reports what became of a project's stories.
pub async fn make(host: &Host, request: &MakeReport) -> Result<Report, Problem> {
    let place = request.project.find(host).await?;
    let (id, since, until) = (place.id(), request.since.0, host.app.kernel.now());
    let happened = host.app.reports().happened(id, since).await?;
    let items = host.app.backlog.items(id, false).await?;
    let autopilot = host.app.autopilots.autopilot(id).await?;
    let open = questions::list(host, &ListQuestions::default()).await?.items;
    let mut waits = waiting_runs(host, id).await?;
    waits.extend(hindrance(host, autopilot.as_ref()).await?);
    let stories = stories(&items, &happened);
    let of = |is: fn(&ReportedStory, u64) -> bool| stories.iter().filter(|story| is(story, since)).cloned().collect::<Vec<_>>();
    let uncertain = happened.repeated.len() + happened.postings.iter().filter(|posting| posting.charge.possibly_charged).count();
    Ok(Report {
        project: id.to_owned(),
        name: place.name().to_owned(),
        since: request.since,
        until: Moment(until),
        autopilot: autopilot.as_ref().is_some_and(|autopilot| autopilot.is_on),
        landed: of(|story, since| story.status == ItemStatus::Done && story.at.0 >= since),
        blocked: of(|story, _| matches!(story.status, ItemStatus::Blocked | ItemStatus::Failed)),
        in_work: of(|story, _| matches!(story.status, ItemStatus::InProgress | ItemStatus::Review)),
        asked: open.into_iter().filter(|asked| asked.project == id).collect(),
        waits,
        flaky: flaky(&happened),
        uncertain_calls: uncertain as u64,
        spent: spending(host, (&happened.postings, &items), autopilot.as_ref(), until).await?,
    })
}

fn flaky(happened: &Happened) -> BTreeMap<String, u64> {
    let mut flaky = BTreeMap::new();
    for item in &happened.flaky {
        *flaky.entry(item.clone().unwrap_or_else(|| NO_STORY.to_owned())).or_default() += 1;
    }
    flaky
}

/// Every item but epics that was moved, with its last move. Each is there once, however many runs had to do with it.
fn stories(items: &[Item], happened: &Happened) -> Vec<ReportedStory> {
    let last: HashMap<&str, &ItemMove> = happened.moves.iter().map(|moved| (moved.key.as_str(), moved)).collect();
    let pull_request = |branch: Option<&str>| happened.pull_requests.iter().rev().find(|numbered| Some(&*numbered.branch) == branch);
    let story = |item: &Item| {
        let moved = last.get(item.draft.key.as_str())?;
        let found = pull_request(item.branch.as_deref());
        Some(ReportedStory {
            key: item.draft.key.clone(),
            title: item.draft.title.clone(),
            status: item.status.into(),
            reason: moved.reason.clone(),
            at: Moment(moved.at),
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
async fn waiting_runs(host: &Host, project: &str) -> Result<Vec<ReportedWait>, Problem> {
    let states = ["waiting", "paused"].map(str::to_owned).into();
    let filter = run::Filter { states, limit: MOST_RUNS, ..run::Filter::default() };
    let runs = host.app.kernel.runs().list(&filter).await.map_err(KernelError::from)?;
    let mut waiting: Vec<_> = runs.into_iter().filter(|run| run.project == project).filter_map(waiting_run).collect();
    // Many runs wait for the same thing, and it is provided once.
    waiting.sort_by(|one, other| (&one.waits_for, &one.reason).cmp(&(&other.waits_for, &other.reason)));
    waiting.dedup_by(|one, other| one.waits_for == other.waits_for);
    Ok(waiting)
}

fn waiting_run(run: Run) -> Option<ReportedWait> {
    let (waits_for, reason) = match &run.state {
        State::Waiting { wait: Wait::Needed(needed) } => (describe_needed(&needed.clone().into()), needed.reason.clone()),
        State::Waiting { wait: Wait::Account { account, reason, .. } } => (account.clone(), reason.clone()),
        State::Paused { pause } => ("you to resume it".to_owned(), pause.reason.clone()),
        _ => return None,
    };
    Some(ReportedWait { run: Some(run.id), plugin: Some(run.plugin), waits_for, reason })
}

/// Why the autopilot begins no story, where a person can change that.
async fn hindrance(host: &Host, autopilot: Option<&Autopilot>) -> Result<Option<ReportedWait>, Problem> {
    let Some(autopilot) = autopilot.filter(|autopilot| autopilot.is_on) else { return Ok(None) };
    let reason = autopilot::activity(host, &autopilot.run).await?.and_then(|activity| activity.waits_for);
    Ok(reason.map(|reason| ReportedWait { run: None, plugin: None, waits_for: "the checkout".to_owned(), reason }))
}

async fn spending(
    host: &Host,
    (postings, items): (&[Posting], &[Item]),
    autopilot: Option<&Autopilot>,
    now: u64,
) -> Result<ReportedSpending, Problem> {
    let all = Sum::of(postings.iter().map(|posting| &posting.charge));
    let today = match autopilot {
        Some(autopilot) => host.app.budgets.spent_since(&autopilot.project, autopilot.limits.day(now).0).await?,
        None => Amount::ZERO,
    };
    let limit = autopilot.filter(|autopilot| autopilot.is_on).and_then(|autopilot| autopilot.limits.dollars);
    Ok(ReportedSpending {
        total_usd: Dollars(all.cost),
        replies_without_price: all.unpriced,
        today_usd: Dollars(today),
        day_limit_usd: limit.map(Dollars),
        by_story: costs(postings, items),
    })
}

fn costs(postings: &[Posting], items: &[Item]) -> Vec<StoryCost> {
    let merges: HashMap<_, _> = merges(items).collect();
    let story_of = |item: &str| merges.get(item).map_or(item, |story| *story).to_owned();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for posting in postings {
        sums.entry(posting.item.as_deref().map_or_else(|| posting.workflow.clone(), story_of)).or_default().add(&posting.charge);
    }
    let is_known = |sum: &Sum| sum.cost > Amount::ZERO || sum.whole_cost().is_some();
    let known = sums.into_iter().filter(|(_, sum)| is_known(sum));
    let mut costs: Vec<_> = known.map(|(name, sum)| StoryCost { name, cost_usd: Dollars(sum.cost) }).collect();
    costs.sort_by(|one, other| other.cost_usd.cmp(&one.cost_usd).then(one.name.cmp(&other.name)));
    costs
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Report)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_back_as_it_was_written() {
        let story = ReportedStory {
            key: "s-1".to_owned(),
            title: "A button".to_owned(),
            status: ItemStatus::InProgress,
            reason: String::new(),
            at: Moment(1),
            pull_request: None,
            commit: None,
            branch: Some("story/s-1".to_owned()),
            merges: Vec::new(),
        };
        let report = Report {
            project: "p".to_owned(),
            name: "shop".to_owned(),
            since: Moment(0),
            until: Moment(2),
            autopilot: false,
            landed: Vec::new(),
            blocked: Vec::new(),
            in_work: vec![story],
            asked: Vec::new(),
            waits: Vec::new(),
            flaky: BTreeMap::new(),
            uncertain_calls: 0,
            spent: ReportedSpending::default(),
        };
        let written = serde_json::to_value(&report).unwrap();
        assert_eq!((&written["in_work"][0]["status"], &written["spent"]["total_usd"]), (&"in_progress".into(), &"0.00".into()));
        assert_eq!(serde_json::from_value::<Report>(written).unwrap(), report);
    }
}
