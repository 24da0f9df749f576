//! Turns the events of a tree of runs into steps and a snapshot. Pure: reads no log and shows nothing.

use std::collections::{BTreeMap, HashMap};

use super::progress::{Activity, Branch, Happening, Member, Replies, Snapshot, Step, SweepDeed, Work};
use crate::{
    events::{Category, Draft, Event},
    interfaces::{
        git::events::LeftOut,
        llm::events::{BudgetNearlySpent, Completed, FellBack},
        people::events::{DecisionMade, QuestionAsked, QuestionWithdrawn},
        run::events::{Logged, Progressed},
        sandbox::{
            Deed,
            events::{Pulling, Started, Swept},
        },
    },
    journal::{
        QuestionId, RunId, Wait,
        events::{Denied, Repeated},
    },
    kernel::{
        events::{Cancelled, Created, Executing, Failed, Paused, Provided, Succeeded, Waiting},
        run::Summary,
    },
    operations::{Moment, runs::RunSummary},
};

/// An account that rests so much longer than was told is worth another step, in milliseconds.
const WORTH_TELLING_AGAIN: u64 = 60_000;
/// Files that a step names.
const MOST_NAMED: usize = 3;
/// How a model call ended of which no reply came back.
const UNCERTAIN: &str = "uncertain";

/// A run of a tree, as far as its place there matters.
pub(super) struct KnownRun<'a> {
    id: &'a RunId,
    parent: Option<&'a RunId>,
    plugin: &'a str,
    created_at: u64,
    has_ended: bool,
}

impl<'a> From<&'a Summary> for KnownRun<'a> {
    fn from(run: &'a Summary) -> Self {
        let parent = run.parent.as_ref().map(|(parent, _)| parent);
        Self { id: &run.id, parent, plugin: &run.plugin, created_at: run.created_at, has_ended: run.state.is_final() }
    }
}

impl<'a> From<&'a RunSummary> for KnownRun<'a> {
    fn from(run: &'a RunSummary) -> Self {
        let parent = run.parent.as_ref().map(|parent| &parent.run);
        Self { id: &run.id, parent, plugin: &run.plugin, created_at: run.created_at.0, has_ended: run.state.is_final() }
    }
}

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
    questions: HashMap<QuestionId, String>,
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
    pub(super) fn new<'a>(root: impl Into<KnownRun<'a>>, titles: BTreeMap<String, String>) -> Self {
        let root = root.into();
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
    pub(super) fn include<'a>(&mut self, run: impl Into<KnownRun<'a>>) {
        let KnownRun { id, parent, plugin, created_at, has_ended } = run.into();
        let state = State::new(parent.cloned(), self.title(plugin), Some(created_at));
        self.join(id, State { rests: has_ended, ..state });
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
        if let Some(created) = event.draft.payload() {
            self.add_child(run, event.at, created);
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
        let draft = &event.draft;
        match draft.category {
            Category::Run => self.read_of_run(run, event),
            Category::Sandbox => self.read_of_sandbox(run, draft),
            Category::Llm => self.read_of_model(run, draft),
            Category::Question => self.read_of_question(draft),
            Category::Git => draft.payload().map(describe_left_out).into_iter().collect(),
            Category::Audit => draft.payload().map(|Denied { reason, .. }| Happening::Denied { reason }).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn read_of_run(&mut self, run: &RunId, event: &Event) -> Vec<Happening> {
        let draft = &event.draft;
        if draft.is::<Executing>() {
            return self.begin(run);
        }
        if draft.is::<Provided>() {
            self.needs.remove(run);
            return self.act(run, Activity::Continues);
        }
        if let Some(Progressed { fraction, step }) = draft.payload() {
            return if *run == self.root { self.begin_step(event.at, fraction, step) } else { self.act(run, Activity::Step { step }) };
        }
        if let Some(Waiting { wait }) = draft.payload() {
            return self.wait(run, wait.into());
        }
        if let Some(Logged { level, message, .. }) = draft.payload() {
            let warns = matches!(level.as_str(), "warn" | "error");
            return warns.then_some(Happening::Warned { message }).into_iter().collect();
        }
        match reason_of_end(draft) {
            Some(reason) => self.end(run, event, reason),
            None => Vec::new(),
        }
    }

    fn read_of_sandbox(&mut self, run: &RunId, draft: &Draft) -> Vec<Happening> {
        if let Some(Started { command, .. }) = draft.payload() {
            return self.act(run, Activity::Command { command });
        }
        if let Some(Pulling { progress, .. }) = draft.payload() {
            return self.act(run, Activity::Fetch { progress });
        }
        draft.payload().and_then(describe_sweep).into_iter().collect()
    }

    fn read_of_model(&mut self, run: &RunId, draft: &Draft) -> Vec<Happening> {
        if let Some(completed) = draft.payload::<Completed>() {
            return if completed.stop == UNCERTAIN { self.lose_reply(run, completed) } else { self.reply(run, &completed) };
        }
        let repeated = draft.payload().map(|Repeated { seq, .. }| Happening::RepeatedCall { call: seq });
        let nearly_spent = draft.payload().map(|BudgetNearlySpent { spent_usd, budget_usd, .. }| {
            let (spent_usd, budget_usd) = (spent_usd.to_string(), budget_usd.to_string());
            Happening::BudgetNearlySpent { spent_usd, budget_usd }
        });
        let fell_back = draft.payload().map(|FellBack { from, to, reason, .. }| Happening::FellBack { from, to, reason });
        repeated.or(nearly_spent).or(fell_back).into_iter().collect()
    }

    fn read_of_question(&mut self, draft: &Draft) -> Vec<Happening> {
        if let Some(QuestionAsked { question: id, text: question, .. }) = draft.payload() {
            self.questions.insert(id, question.clone());
            return vec![Happening::Asked { question }];
        }
        if let Some(QuestionWithdrawn { question }) = draft.payload() {
            // A person who saw the question need not answer it any more.
            let question = self.questions.remove(&question);
            return question.map(|question| Happening::Withdrew { question }).into_iter().collect();
        }
        let decided = draft.payload().map(|DecisionMade { question, answer, .. }| Happening::Decided { question, answer });
        decided.into_iter().collect()
    }

    fn add_child(&mut self, run: &RunId, at: u64, created: Created) {
        let Created { plugin, parent, worktree, .. } = created;
        let Some(above) = parent.as_ref().and_then(|parent| self.members.get(parent)) else { return };
        let worktree = worktree.or_else(|| above.worktree.clone());
        if !self.members.contains_key(run) {
            let title = self.title(&plugin);
            self.join(run, State::new(parent, title, Some(at)));
        }
        // Also of one that was there before: a run does not say where it works, its first event does.
        if let Some(member) = self.members.get_mut(run) {
            member.worktree = worktree;
        }
    }

    fn begin_step(&mut self, at: u64, fraction: f64, step: String) -> Vec<Happening> {
        self.fraction = fraction.clamp(0.0, 1.0);
        let ended = self.end_step(at, true);
        self.latest = None;
        self.step = Some(RootStep { text: step.clone(), since: Some(at) });
        ended.into_iter().chain([Happening::Began { step }]).collect()
    }

    fn end_step(&mut self, at: u64, succeeded: bool) -> Option<Happening> {
        let RootStep { text, since } = self.step.take()?;
        Some(Happening::Ended { step: text, succeeded, took_ms: since.map(|since| at.saturating_sub(since)) })
    }

    fn reply(&mut self, run: &RunId, completed: &Completed) -> Vec<Happening> {
        let Some(member) = self.members.get_mut(run) else { return Vec::new() };
        let Completed { model, cost_usd, .. } = completed;
        let (input, output) = (completed.input_tokens.unwrap_or(0), completed.output_tokens.unwrap_or(0));
        let replies = &mut member.replies;
        replies.count += 1;
        replies.input_tokens = replies.input_tokens.saturating_add(input);
        replies.cached_input_tokens = replies.cached_input_tokens.saturating_add(completed.cached_input_tokens.unwrap_or(0));
        replies.output_tokens = replies.output_tokens.saturating_add(output);
        replies.cost_usd = replies.cost_usd.zip(*cost_usd).map(|(sum, cost)| sum + cost);
        let activity = Activity::Reply {
            replies: *replies,
            used_tokens: input.saturating_add(output),
            window_tokens: completed.window_tokens.unwrap_or(0),
        };
        self.resting.remove(model.split('/').next().unwrap_or_default());
        self.act(run, activity)
    }

    /// A call of which no reply came back.
    fn lose_reply(&mut self, run: &RunId, completed: Completed) -> Vec<Happening> {
        let Completed { cost_usd, reason, .. } = completed;
        if let Some(member) = self.members.get_mut(run) {
            member.replies.cost_usd = member.replies.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
        }
        vec![Happening::LostReply { cost_usd, reason: reason.unwrap_or_default() }]
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

    fn wait(&mut self, run: &RunId, wait: Wait) -> Vec<Happening> {
        match wait {
            Wait::Until(until) => self.act(run, Activity::Sleep { until: Moment(until) }),
            Wait::Question { .. } => self.act(run, Activity::Question),
            Wait::Needed(needed) => {
                let need = needed.kind.into();
                self.act(run, Activity::Operator { need, subject: needed.subject });
                // A run that looks again by the clock says the same each time.
                let before = self.needs.insert(run.clone(), needed.reason.clone());
                let is_new = before.as_ref() != Some(&needed.reason);
                is_new.then_some(Happening::NeedsOperator { need, reason: needed.reason }).into_iter().collect()
            }
            Wait::Account { account, until, reason } => {
                self.act(run, Activity::Account { account: account.clone(), until: Moment(until) });
                let before = self.resting.insert(account.clone(), until);
                let is_new = before.is_none_or(|before| until > before.saturating_add(WORTH_TELLING_AGAIN));
                is_new.then_some(Happening::WaitsForAccount { account, until: Moment(until), reason }).into_iter().collect()
            }
            Wait::Runs(_) | Wait::Any { .. } => Vec::new(),
        }
    }

    fn end(&mut self, run: &RunId, event: &Event, reason: Option<String>) -> Vec<Happening> {
        let succeeded = event.draft.is::<Succeeded>();
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
        let reason = reason.filter(|reason| !reason.is_empty());
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

/// The reason for which a run ended or is paused, if an event says that it did; within, none where it has no reason.
fn reason_of_end(draft: &Draft) -> Option<Option<String>> {
    if draft.is::<Succeeded>() || draft.is::<Cancelled>() {
        return Some(None);
    }
    if draft.is::<Failed>() {
        return Some(draft.payload().map(|Failed { reason, .. }| reason));
    }
    draft.is::<Paused>().then(|| draft.payload().map(|Paused { reason, .. }| reason))
}

/// What was done with what a command left, by its first path.
fn describe_sweep(swept: Swept) -> Option<Happening> {
    let all = swept.traces.len() as u64 + swept.more;
    let (deed, path, moved_to) = swept.traces.into_iter().next()?.into_parts();
    let deed = match deed {
        Deed::Moved | Deed::Renamed | Deed::Withheld if moved_to.is_some() => SweepDeed::Moved,
        Deed::Removed => SweepDeed::Removed,
        Deed::Opened => SweepDeed::Opened,
        Deed::Moved | Deed::Renamed | Deed::Withheld | Deed::Stripped => SweepDeed::Disarmed,
    };
    Some(Happening::Swept { path, deed, moved_to, others: all - 1 })
}

/// Files that a commit does not hold.
fn describe_left_out(left_out: LeftOut) -> Happening {
    let LeftOut { branch, mut paths, more } = left_out;
    let all = paths.len() as u64 + more;
    paths.truncate(MOST_NAMED);
    let others = all - paths.len() as u64;
    Happening::LeftOut { branch, paths, others }
}
