//! Turns the events of a tree of runs into steps and a snapshot. Pure: reads no log and shows nothing.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::progress::{Activity, Branch, Happening, Member, Replies, Snapshot, Step, SweepDeed, Work};
use crate::{
    events::{Category, Event},
    journal::{RunId, Wait},
    kernel::{events::WaitingFor, run::Summary},
    operations::Moment,
};

/// An account that rests so much longer than was told is worth another step, in milliseconds.
const WORTH_TELLING_AGAIN: u64 = 60_000;
/// Files that a step names.
const MOST_NAMED: usize = 3;

/// A tree of runs as its events tell it.
pub(super) struct Progress {
    root: RunId,
    /// What people call plugins, by their names.
    titles: BTreeMap<String, String>,
    members: HashMap<RunId, State>,
    cursor: i64,
    fraction: f64,
    step: Option<RootStep>,
    latest: Option<Work>,
    /// Counts what members did, so that the latest of it is known.
    acts: u64,
    /// Until when the accounts rest that runs wait for, as far as it was told.
    resting: BTreeMap<String, u64>,
    /// What runs were said to wait for.
    needs: BTreeMap<RunId, String>,
    /// What was asked, by the id of the question.
    questions: HashMap<String, String>,
}

struct RootStep {
    text: String,
    /// None when it began in an earlier execution.
    since: Option<u64>,
}

/// What is known of a run of the tree.
struct State {
    parent: Option<RunId>,
    title: String,
    worktree: Option<String>,
    /// None when it began in an earlier execution.
    since: Option<u64>,
    replies: Replies,
    /// Its place among the members, by birth.
    place: usize,
    /// It has ended, or is paused.
    rests: bool,
    /// What it did last, and when that was among all acts.
    activity: Option<(u64, Activity)>,
}

impl State {
    fn new(parent: Option<RunId>, title: String, since: Option<u64>) -> Self {
        let replies = Replies { cost_usd: Some(0.0), ..Replies::default() };
        Self { parent, title, worktree: None, since, replies, place: 0, rests: false, activity: None }
    }
}

impl Progress {
    /// The tree under `root`. `titles` names plugins for people.
    pub(super) fn new(root: &Summary, titles: BTreeMap<String, String>) -> Self {
        let mut progress = Self {
            root: root.id.clone(),
            titles,
            members: HashMap::new(),
            cursor: 0,
            fraction: 0.0,
            step: None,
            latest: None,
            acts: 0,
            resting: BTreeMap::new(),
            needs: BTreeMap::new(),
            questions: HashMap::new(),
        };
        progress.include(root);
        progress
    }

    /// Takes in a run of the tree that was there before.
    pub(super) fn include(&mut self, run: &Summary) {
        let parent = run.parent.as_ref().map(|(id, _)| id.clone());
        let state = State::new(parent, self.title(&run.plugin), Some(run.created_at));
        self.join(&run.id, State { rests: run.state.is_final(), ..state });
    }

    fn join(&mut self, run: &RunId, state: State) {
        let place = self.members.len();
        self.members.insert(run.clone(), State { place, ..state });
    }

    /// Takes note that all events until now happened in an earlier execution.
    pub(super) fn begin_execution(&mut self) {
        self.latest = None;
        if let Some(step) = &mut self.step {
            step.since = None;
        }
        for member in self.members.values_mut() {
            member.since = None;
        }
    }

    /// The last event taken in.
    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Whether a run is known to be of the tree.
    pub(super) fn includes(&self, run: &RunId) -> bool {
        self.members.contains_key(run)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let side_by_side = self.side_by_side().into_iter().map(|run| Branch { member: self.member(run), latest: self.latest_within(run) });
        Snapshot {
            root: self.root.clone(),
            fraction: self.fraction,
            step: self.step.as_ref().map(|step| step.text.clone()),
            latest: self.latest.clone(),
            side_by_side: side_by_side.collect(),
        }
    }

    /// The runs nearest to the root of which several are at work, in the order in which they began.
    fn side_by_side(&self) -> Vec<&RunId> {
        let mut above = &self.root;
        // No tree is deeper than its members are many.
        for _ in 0..self.members.len() {
            let at_work = |(_, member): &(&RunId, &State)| !member.rests && member.parent.as_ref() == Some(above);
            let mut below: Vec<_> = self.members.iter().filter(at_work).collect();
            match below.as_slice() {
                [] => break,
                [(only, _)] => above = only,
                _ => {
                    below.sort_by_key(|(_, member)| member.place);
                    return below.into_iter().map(|(run, _)| run).collect();
                }
            }
        }
        Vec::new()
    }

    fn latest_within(&self, run: &RunId) -> Option<Work> {
        let within = self.members.iter().filter(|(id, member)| !member.rests && self.is_within(id, run));
        let (activity, id) =
            within.filter_map(|(id, member)| Some((member.activity.as_ref()?, id))).max_by_key(|(activity, _)| activity.0)?;
        Some(Work { member: self.member(id), activity: activity.1.clone() })
    }

    fn is_within(&self, run: &RunId, above: &RunId) -> bool {
        let parent = |run: &&RunId| self.members.get(*run).and_then(|member| member.parent.as_ref());
        std::iter::successors(Some(run), parent).take(self.members.len()).any(|run| run == above)
    }

    /// Takes in an event. One taken in before, or of another tree, gives no steps.
    pub(super) fn take(&mut self, event: &Event) -> Vec<Step> {
        if event.cursor <= self.cursor {
            return Vec::new();
        }
        self.cursor = event.cursor;
        let Some(run) = &event.draft.run else { return Vec::new() };
        if event.draft.category == Category::Run && event.draft.name == "created" {
            self.add_child(run, event);
        }
        if !self.members.contains_key(run) {
            return Vec::new();
        }
        let happenings = self.read(run, event);
        happenings.into_iter().map(|what| self.step(run, event.at, what)).collect()
    }

    fn step(&self, run: &RunId, at: u64, what: Happening) -> Step {
        Step { at: Moment(at), member: self.member(run), depth: self.depth(run), what }
    }

    fn read(&mut self, run: &RunId, event: &Event) -> Vec<Happening> {
        let data = &event.draft.data;
        match (event.draft.category, event.draft.name.as_str()) {
            (Category::Run, "progress") if *run == self.root => self.begin_step(event.at, data),
            (Category::Run, "progress") => self.act(run, Activity::Step { step: text(data, "step") }),
            (Category::Run, "log") => read_log(data),
            (Category::Run, "waiting") => self.wait(run, data),
            (Category::Run, "executing") => self.begin(run),
            (Category::Run, "provided") => {
                self.needs.remove(run);
                self.act(run, Activity::Continues)
            }
            (Category::Run, "succeeded" | "failed" | "paused" | "cancelled") => self.end(run, event),
            (Category::Sandbox, "started") => self.act(run, Activity::Command { command: text(data, "command") }),
            (Category::Sandbox, "pulling") => self.act(run, Activity::Fetch { progress: text(data, "progress") }),
            (Category::Sandbox, "swept") => vec![read_sweep(data)],
            (Category::Git, "left_out") => vec![read_left_out(data)],
            (Category::Llm, "completed") if data["stop"] == "uncertain" => self.lose_reply(run, data),
            (Category::Llm, "completed") => self.reply(run, data),
            (Category::Llm, "repeated") => vec![Happening::RepeatedCall { call: data["seq"].as_u64().unwrap_or_default() }],
            (Category::Llm, "budget_nearly_spent") => {
                vec![Happening::BudgetNearlySpent { spent_usd: text(data, "spent_usd"), budget_usd: text(data, "budget_usd") }]
            }
            (Category::Llm, "fell_back") => {
                vec![Happening::FellBack { from: text(data, "from"), to: text(data, "to"), reason: text(data, "reason") }]
            }
            (Category::Question, "asked") => self.ask(data),
            (Category::Question, "withdrawn") => self.withdraw(data),
            (Category::Question, "decided") => {
                vec![Happening::Decided { question: text(data, "question"), answer: text(data, "answer") }]
            }
            (Category::Audit, "denied") => vec![Happening::Denied { reason: text(data, "reason") }],
            _ => Vec::new(),
        }
    }

    fn add_child(&mut self, run: &RunId, event: &Event) {
        let parent = event.draft.data["parent"].as_str().map(RunId::from_text);
        let Some(above) = parent.as_ref().and_then(|parent| self.members.get(parent)) else { return };
        let worktree = event.draft.data["worktree"].as_str().map(str::to_owned).or_else(|| above.worktree.clone());
        if !self.members.contains_key(run) {
            let title = self.title(word(&event.draft.data, "plugin"));
            self.join(run, State::new(parent, title, Some(event.at)));
        }
        // Also of one that was there before: a run does not say where it works, its first event does.
        if let Some(member) = self.members.get_mut(run) {
            member.worktree = worktree;
        }
    }

    fn begin_step(&mut self, at: u64, data: &Value) -> Vec<Happening> {
        let step = text(data, "step");
        self.fraction = data["fraction"].as_f64().unwrap_or(self.fraction).clamp(0.0, 1.0);
        let ended = self.end_step(at, true);
        self.latest = None;
        self.step = Some(RootStep { text: step.clone(), since: Some(at) });
        ended.into_iter().chain([Happening::Began { step }]).collect()
    }

    fn end_step(&mut self, at: u64, succeeded: bool) -> Option<Happening> {
        let RootStep { text, since } = self.step.take()?;
        Some(Happening::Ended { step: text, succeeded, took_ms: since.map(|since| at.saturating_sub(since)) })
    }

    fn reply(&mut self, run: &RunId, data: &Value) -> Vec<Happening> {
        let Some(member) = self.members.get_mut(run) else { return Vec::new() };
        let tokens = |name: &str| data[name].as_u64().unwrap_or(0);
        let replies = &mut member.replies;
        replies.count += 1;
        replies.input_tokens = replies.input_tokens.saturating_add(tokens("input_tokens"));
        replies.cached_input_tokens = replies.cached_input_tokens.saturating_add(tokens("cached_input_tokens"));
        replies.output_tokens = replies.output_tokens.saturating_add(tokens("output_tokens"));
        replies.cost_usd = replies.cost_usd.zip(data["cost_usd"].as_f64()).map(|(sum, cost)| sum + cost);
        let activity = Activity::Reply {
            replies: *replies,
            used_tokens: tokens("input_tokens").saturating_add(tokens("output_tokens")),
            window_tokens: tokens("window_tokens"),
        };
        self.resting.remove(word(data, "model").split('/').next().unwrap_or_default());
        self.act(run, activity)
    }

    /// A call of which no reply came back.
    fn lose_reply(&mut self, run: &RunId, data: &Value) -> Vec<Happening> {
        let cost_usd = data["cost_usd"].as_f64();
        if let Some(member) = self.members.get_mut(run) {
            member.replies.cost_usd = member.replies.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
        }
        vec![Happening::LostReply { cost_usd, reason: text(data, "reason") }]
    }

    fn begin(&mut self, run: &RunId) -> Vec<Happening> {
        if let Some(member) = self.members.get_mut(run) {
            member.rests = false;
        }
        Vec::new()
    }

    fn act(&mut self, run: &RunId, activity: Activity) -> Vec<Happening> {
        self.acts += 1;
        if let Some(member) = self.members.get_mut(run) {
            member.activity = Some((self.acts, activity.clone()));
            self.latest = Some(Work { member: self.member(run), activity });
        }
        Vec::new()
    }

    fn wait(&mut self, run: &RunId, data: &Value) -> Vec<Happening> {
        match serde_json::from_value::<WaitingFor>(data["for"].clone()).map(Wait::from) {
            Ok(Wait::Until(until)) => self.act(run, Activity::Sleep { until: Moment(until) }),
            Ok(Wait::Question { .. }) => self.act(run, Activity::Question),
            Ok(Wait::Needed(needed)) => {
                let need = needed.kind.into();
                self.act(run, Activity::Operator { need, subject: needed.subject });
                // A run that looks again by the clock says the same each time.
                let before = self.needs.insert(run.clone(), needed.reason.clone());
                let is_new = before.as_ref() != Some(&needed.reason);
                is_new.then_some(Happening::NeedsOperator { need, reason: needed.reason }).into_iter().collect()
            }
            Ok(Wait::Account { account, until, reason }) => {
                self.act(run, Activity::Account { account: account.clone(), until: Moment(until) });
                let before = self.resting.insert(account.clone(), until);
                let is_new = before.is_none_or(|before| until > before.saturating_add(WORTH_TELLING_AGAIN));
                is_new.then_some(Happening::WaitsForAccount { account, until: Moment(until), reason }).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn ask(&mut self, data: &Value) -> Vec<Happening> {
        let question = text(data, "text");
        self.questions.insert(text(data, "question"), question.clone());
        vec![Happening::Asked { question }]
    }

    /// A person who saw the question need not answer it any more.
    fn withdraw(&mut self, data: &Value) -> Vec<Happening> {
        let question = self.questions.remove(word(data, "question"));
        question.map(|question| Happening::Withdrew { question }).into_iter().collect()
    }

    fn end(&mut self, run: &RunId, event: &Event) -> Vec<Happening> {
        let succeeded = event.draft.name == "succeeded";
        if *run == self.root {
            return self.end_step(event.at, succeeded).into_iter().collect();
        }
        self.latest = None;
        let Some(member) = self.members.get_mut(run) else { return Vec::new() };
        member.rests = true;
        if succeeded {
            let took_ms = member.since.map(|since| event.at.saturating_sub(since));
            return vec![Happening::Succeeded { replies: member.replies, took_ms }];
        }
        let reason = Some(text(&event.draft.data, "reason")).filter(|reason| !reason.is_empty());
        vec![Happening::Stopped { state: event.draft.name.clone(), reason }]
    }

    fn depth(&self, run: &RunId) -> usize {
        let above = |run: &RunId| self.members.get(run).and_then(|member| member.parent.clone());
        // No tree is deeper than its members are many.
        std::iter::successors(above(run), above).take(self.members.len()).count()
    }

    fn member(&self, run: &RunId) -> Member {
        let state = self.members.get(run);
        let title = state.map_or_else(|| "run".to_owned(), |state| state.title.clone());
        Member { run: run.clone(), title, worktree: state.and_then(|state| state.worktree.clone()) }
    }

    fn title(&self, plugin: &str) -> String {
        self.titles.get(plugin).cloned().unwrap_or_else(|| plugin.to_owned())
    }
}

/// What a plugin says to those who follow it, where it warns.
fn read_log(data: &Value) -> Vec<Happening> {
    let warns = matches!(word(data, "level"), "warn" | "error");
    warns.then(|| Happening::Warned { message: text(data, "message") }).into_iter().collect()
}

/// What was done with what a command left, by its first path.
fn read_sweep(data: &Value) -> Happening {
    let traces = data["traces"].as_array().map_or(0, Vec::len) as u64 + data["more"].as_u64().unwrap_or_default();
    let first = &data["traces"][0];
    let moved_to = first["to"].as_str().map(str::to_owned);
    let deed = match (word(first, "deed"), &moved_to) {
        ("moved" | "renamed" | "withheld", Some(_)) => SweepDeed::Moved,
        ("removed", _) => SweepDeed::Removed,
        ("opened", _) => SweepDeed::Opened,
        _ => SweepDeed::Disarmed,
    };
    Happening::Swept { path: text(first, "path"), deed, moved_to, others: traces.saturating_sub(1) }
}

/// Files that a commit does not hold.
fn read_left_out(data: &Value) -> Happening {
    let mut paths: Vec<_> = data["paths"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let all = paths.len() as u64 + data["more"].as_u64().unwrap_or_default();
    paths.truncate(MOST_NAMED);
    let others = all - paths.len() as u64;
    Happening::LeftOut { branch: text(data, "branch"), paths, others }
}

fn text(data: &Value, key: &str) -> String {
    word(data, key).to_owned()
}

fn word<'a>(data: &'a Value, key: &str) -> &'a str {
    data[key].as_str().unwrap_or_default()
}
