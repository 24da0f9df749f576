//! What a tree of runs is doing, followed event by event. Pure: it turns events into lines and shows none.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    cli::{figures, text},
    events::{Category, Event},
    journal::{Needed, RunId, Wait},
    kernel::{events::Waiting, run::Run},
};

/// An account that rests so much longer than was told is worth another line, in milliseconds.
const WORTH_TELLING_AGAIN: u64 = 60_000;
/// Files that a line names.
const MOST_NAMED: usize = 3;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A step began.
    Begun,
    /// A step was done.
    Done,
    /// A step was not done.
    Broken,
    /// A run below the root ended.
    Child,
    /// A person is asked. Where one sits at the terminal the whole question is shown besides.
    Asked,
    /// A person should know.
    Warning,
}

/// Something to tell the person who watches. Its text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// When, in milliseconds since 1970 UTC.
    pub(super) at: u64,
    /// What it says.
    pub(super) mark: Mark,
    /// How far below the root, for a child.
    pub(super) depth: usize,
    /// The text.
    pub(super) text: String,
    /// How long it took, in milliseconds, where that is known.
    pub(super) took: Option<u64>,
}

/// A tree of runs as its events tell it.
pub(super) struct View {
    root: RunId,
    titles: BTreeMap<String, String>,
    members: HashMap<RunId, Member>,
    cursor: i64,
    fraction: f64,
    step: Option<Step>,
    activity: Option<String>,
    /// Counts what was seen of members, so that the latest of it can be told.
    stirred: u64,
    /// Until when the accounts rest that runs wait for, as far as it was told; in milliseconds since 1970 UTC.
    resting: BTreeMap<String, u64>,
    /// What runs were said to wait for.
    needs: BTreeMap<RunId, String>,
    /// What was asked, by the id of the question.
    questions: HashMap<String, String>,
}

struct Step {
    text: String,
    /// None when it began in an earlier execution.
    since: Option<u64>,
}

struct Member {
    parent: Option<RunId>,
    title: String,
    /// The worktree it is at work in, which tells those of one plugin from each other.
    worktree: Option<String>,
    since: Option<u64>,
    replies: u64,
    input: u64,
    /// Those of the tokens sent that came from the provider's cache.
    cached: u64,
    output: u64,
    /// None once some price is unknown.
    cost: Option<f64>,
    /// Its place among the members, by birth.
    place: usize,
    /// It has ended, or is paused.
    rests: bool,
    /// What it did last, and when that was among all that was seen.
    activity: Option<(u64, String)>,
}

impl Member {
    fn new(parent: Option<RunId>, title: String, since: Option<u64>) -> Self {
        let (worktree, activity) = (None, None);
        Self {
            parent,
            title,
            worktree,
            since,
            replies: 0,
            input: 0,
            cached: 0,
            output: 0,
            cost: Some(0.0),
            place: 0,
            rests: false,
            activity,
        }
    }

    fn name(&self) -> String {
        match &self.worktree {
            Some(worktree) => format!("{} on {worktree}", self.title),
            None => self.title.clone(),
        }
    }

    fn tokens(&self) -> String {
        let cached = if self.cached > 0 { format!(", {} cached", figures::share(self.cached, self.input)) } else { String::new() };
        format!("{} → {} tokens{cached}", figures::count(self.input), figures::count(self.output))
    }

    fn summary(&self) -> String {
        if self.replies == 0 {
            return self.name();
        }
        let mut summary = format!("{} · {} · {}", self.name(), figures::counted(self.replies, "reply", "replies"), self.tokens());
        if let Some(cost) = self.cost.filter(|cost| *cost > 0.0) {
            summary.push_str(" · ");
            summary.push_str(&figures::money(Some(cost)));
        }
        summary
    }
}

impl View {
    /// A view of the tree under `root`. `titles` names plugins for people.
    pub(super) fn new(root: &Run, titles: BTreeMap<String, String>) -> Self {
        let mut view = Self {
            root: root.id.clone(),
            titles,
            members: HashMap::new(),
            cursor: 0,
            fraction: 0.0,
            step: None,
            activity: None,
            stirred: 0,
            resting: BTreeMap::new(),
            needs: BTreeMap::new(),
            questions: HashMap::new(),
        };
        view.include(root);
        view
    }

    /// Takes in a run of the tree that was there before.
    pub(super) fn include(&mut self, run: &Run) {
        let parent = run.parent.as_ref().map(|(id, _)| id.clone());
        let member = Member::new(parent, self.title(&run.plugin), Some(run.created_at));
        self.join(&run.id, Member { rests: run.state.is_final(), ..member });
    }

    fn join(&mut self, run: &RunId, member: Member) {
        let place = self.members.len();
        self.members.insert(run.clone(), Member { place, ..member });
    }

    /// Takes note that what was seen so far happened in an earlier execution.
    pub(super) fn carry_on(&mut self) {
        self.activity = None;
        if let Some(step) = &mut self.step {
            step.since = None;
        }
        for member in self.members.values_mut() {
            member.since = None;
        }
    }

    /// The last event seen.
    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Whether a run is known to be of the tree.
    pub(super) fn includes(&self, run: &RunId) -> bool {
        self.members.contains_key(run)
    }

    /// How far the root has come, 0.0 to 1.0.
    pub(super) fn fraction(&self) -> f64 {
        self.fraction
    }

    /// The step the root is in.
    pub(super) fn step(&self) -> Option<&str> {
        self.step.as_ref().map(|step| step.text.as_str())
    }

    /// What is being done, in one line; where several runs are at work side by side, each has a line of its own.
    pub(super) fn status(&self) -> String {
        let step = self.step().unwrap_or("Starting");
        match self.activity.as_ref().filter(|_| self.side_by_side().is_empty()) {
            Some(activity) => format!("{step} · {activity}"),
            None => step.to_owned(),
        }
    }

    /// A line for each of several runs that are at work side by side, with what is done in it or below it. None where there
    /// is one alone.
    pub(super) fn lines(&self) -> Vec<String> {
        self.side_by_side().into_iter().map(|run| self.line(run)).collect()
    }

    /// The runs nearest to the root of which several are at work, in the order in which they began.
    fn side_by_side(&self) -> Vec<&RunId> {
        let mut above = &self.root;
        // No tree is deeper than its members are many.
        for _ in 0..self.members.len() {
            let at_work = |(_, member): &(&RunId, &Member)| !member.rests && member.parent.as_ref() == Some(above);
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

    fn line(&self, run: &RunId) -> String {
        let name = self.name(run);
        let within = self.members.iter().filter(|(id, member)| !member.rests && self.is_within(id, run));
        let latest =
            within.filter_map(|(id, member)| Some((member.activity.as_ref()?, id, member))).max_by_key(|(activity, ..)| activity.0);
        match latest {
            Some(((_, what), id, _)) if id == run => format!("{name}: {what}"),
            Some(((_, what), _, member)) => format!("{name} · {}: {what}", member.title),
            None => name,
        }
    }

    fn is_within(&self, run: &RunId, above: &RunId) -> bool {
        let parent = |run: &&RunId| self.members.get(*run).and_then(|member| member.parent.as_ref());
        std::iter::successors(Some(run), parent).take(self.members.len()).any(|run| run == above)
    }

    /// Takes in an event. One seen before, or of another tree, says nothing.
    pub(super) fn see(&mut self, event: &Event) -> Vec<Line> {
        if event.cursor <= self.cursor {
            return Vec::new();
        }
        self.cursor = event.cursor;
        let Some(run) = &event.draft.run else { return Vec::new() };
        if event.draft.category == Category::Run && event.draft.name == "created" {
            self.born(run, event);
        }
        if !self.members.contains_key(run) {
            return Vec::new();
        }
        let data = &event.draft.data;
        match (event.draft.category, event.draft.name.as_str()) {
            (Category::Run, "progress") if *run == self.root => self.progress(event.at, data),
            (Category::Run, "progress") => self.busy(run, &text::excerpt(word(data, "step"), 60)),
            (Category::Run, "log") => self.logged(run, event.at, data),
            (Category::Run, "waiting") => self.waits(run, event),
            (Category::Run, "executing") => self.begins(run),
            (Category::Run, "provided") => {
                self.needs.remove(run);
                self.busy(run, "continues")
            }
            (Category::Run, "succeeded" | "failed" | "paused" | "cancelled") => self.ended(run, event),
            (Category::Sandbox, "started") => self.busy(run, &text::excerpt(&format!("runs {}", word(data, "command")), 60)),
            (Category::Sandbox, "pulling") => self.busy(run, &text::excerpt(&format!("fetches {}", word(data, "progress")), 60)),
            (Category::Sandbox, "swept") => self.warning(run, event.at, &swept(data)),
            (Category::Git, "left_out") => self.warning(run, event.at, &left_out(data)),
            (Category::Llm, "completed") if data["stop"] == "uncertain" => self.lost(run, event.at, data),
            (Category::Llm, "completed") => self.replied(run, data),
            (Category::Llm, "repeated") => {
                let told = format!("call {} was cut off and is made again; it may have been charged twice", data["seq"]);
                self.warning(run, event.at, &told)
            }
            (Category::Question, "asked") => self.asks(run, event),
            (Category::Question, "withdrawn") => self.withdraws(run, event),
            (Category::Question, "decided") => self.decided(run, event),
            (Category::Llm, "budget_nearly_spent") => {
                let told = format!("${} of a budget of ${} is spent or reserved", word(data, "spent_usd"), word(data, "budget_usd"));
                self.warning(run, event.at, &told)
            }
            (Category::Llm, "fell_back") => {
                let told = format!("{} is asked instead of {}. {}", word(data, "to"), word(data, "from"), word(data, "reason"));
                self.warning(run, event.at, &text::excerpt(&told, 400))
            }
            (Category::Audit, "denied") => self.warning(run, event.at, &format!("denied: {}", word(data, "reason"))),
            _ => Vec::new(),
        }
    }

    fn born(&mut self, run: &RunId, event: &Event) {
        let parent = event.draft.data["parent"].as_str().map(RunId::from_text);
        let Some(above) = parent.as_ref().and_then(|parent| self.members.get(parent)) else { return };
        let own = event.draft.data["worktree"].as_str().map(|worktree| text::excerpt(worktree, 64));
        let worktree = own.or_else(|| above.worktree.clone());
        if !self.members.contains_key(run) {
            let title = self.title(word(&event.draft.data, "plugin"));
            self.join(run, Member::new(parent, title, Some(event.at)));
        }
        // Also of one that was there before: a run does not say where it works, its first event does.
        if let Some(member) = self.members.get_mut(run) {
            member.worktree = worktree;
        }
    }

    fn progress(&mut self, at: u64, data: &Value) -> Vec<Line> {
        let text = text::excerpt(word(data, "step"), 100);
        self.fraction = data["fraction"].as_f64().unwrap_or(self.fraction).clamp(0.0, 1.0);
        let mut lines = self.close_step(at, Mark::Done);
        self.activity = None;
        lines.push(Line { at, mark: Mark::Begun, depth: 0, text: text.clone(), took: None });
        self.step = Some(Step { text, since: Some(at) });
        lines
    }

    fn close_step(&mut self, at: u64, mark: Mark) -> Vec<Line> {
        let closed = self.step.take().map(|step| {
            let took = step.since.map(|since| at.saturating_sub(since));
            Line { at, mark, depth: 0, text: step.text, took }
        });
        closed.into_iter().collect()
    }

    fn replied(&mut self, run: &RunId, data: &Value) -> Vec<Line> {
        let Some(member) = self.members.get_mut(run) else { return Vec::new() };
        let tokens = |name: &str| data[name].as_u64().unwrap_or(0);
        member.replies += 1;
        let account = word(data, "model").split('/').next().unwrap_or_default();
        self.resting.remove(account);
        member.input = member.input.saturating_add(tokens("input_tokens"));
        member.cached = member.cached.saturating_add(tokens("cached_input_tokens"));
        member.output = member.output.saturating_add(tokens("output_tokens"));
        member.cost = member.cost.zip(data["cost_usd"].as_f64()).map(|(sum, cost)| sum + cost);
        // Of a model whose window is not known nothing is told.
        let fill = figures::share(tokens("input_tokens").saturating_add(tokens("output_tokens")), tokens("window_tokens"));
        let fill = if fill.is_empty() { fill } else { format!(", window {fill} full") };
        let told = member.tokens() + &fill;
        self.busy(run, &told)
    }

    /// A try of which no reply came back.
    fn lost(&mut self, run: &RunId, at: u64, data: &Value) -> Vec<Line> {
        let cost = data["cost_usd"].as_f64();
        if let Some(member) = self.members.get_mut(run) {
            member.cost = member.cost.zip(cost).map(|(sum, cost)| sum + cost);
        }
        let charged = cost.map_or_else(
            || "It may have been charged".to_owned(),
            |cost| format!("Up to {} may have been charged", figures::money(Some(cost))),
        );
        self.warning(run, at, &text::excerpt(&format!("{charged} for no reply. {}", word(data, "reason")), 400))
    }

    fn begins(&mut self, run: &RunId) -> Vec<Line> {
        if let Some(member) = self.members.get_mut(run) {
            member.rests = false;
        }
        Vec::new()
    }

    fn busy(&mut self, run: &RunId, what: &str) -> Vec<Line> {
        self.stirred += 1;
        if let Some(member) = self.members.get_mut(run) {
            member.activity = Some((self.stirred, what.to_owned()));
            self.activity = Some(if *run == self.root { what.to_owned() } else { format!("{}: {what}", member.name()) });
        }
        Vec::new()
    }

    fn waits(&mut self, run: &RunId, event: &Event) -> Vec<Line> {
        let time = |until| figures::clock(until, &TimeZone::system());
        let Some(Waiting { wait }) = event.draft.payload() else { return Vec::new() };
        match Wait::from(wait) {
            Wait::Until(until) => self.busy(run, &format!("sleeps until {}", time(until))),
            Wait::Question { .. } => self.busy(run, "waits for an answer"),
            Wait::Needed(needed) => self.needs(run, event, &needed),
            Wait::Account { account, until, reason } => {
                let account = text::excerpt(&account, 40);
                self.busy(run, &format!("waits for {account} until {}", time(until)));
                let told = self.resting.insert(account.clone(), until);
                if told.is_some_and(|told| until <= told.saturating_add(WORTH_TELLING_AGAIN)) {
                    return Vec::new();
                }
                let until = figures::moment(until, &TimeZone::system());
                self.warning(run, event.at, &text::excerpt(&format!("waits for {account} until {until}: {reason}"), 400))
            }
            Wait::Runs(_) | Wait::Any { .. } => Vec::new(),
        }
    }

    fn needs(&mut self, run: &RunId, event: &Event, needed: &Needed) -> Vec<Line> {
        let (kind, reason) = (needed.kind.as_str(), &needed.reason);
        self.busy(run, &format!("waits for the {kind} {}", text::excerpt(&needed.subject, 60)));
        // One that is looked at again by the clock says the same each time.
        let again = self.needs.insert(run.clone(), reason.clone());
        if again.as_ref() == Some(reason) {
            return Vec::new();
        }
        self.warning(run, event.at, &text::excerpt(&format!("waits for the {kind}: {reason}"), 400))
    }

    fn asks(&mut self, run: &RunId, event: &Event) -> Vec<Line> {
        let (id, question) = (word(&event.draft.data, "question"), text::excerpt(word(&event.draft.data, "text"), 200));
        let text = format!("{} asks: {question}", self.name(run));
        self.questions.insert(id.to_owned(), question);
        vec![Line { at: event.at, mark: Mark::Asked, depth: self.depth(run), text, took: None }]
    }

    /// A person who was shown the question need not answer it any more.
    fn withdraws(&mut self, run: &RunId, event: &Event) -> Vec<Line> {
        let Some(question) = self.questions.remove(word(&event.draft.data, "question")) else { return Vec::new() };
        let text = format!("{} withdraws the question: {question}", self.name(run));
        vec![Line { at: event.at, mark: Mark::Asked, depth: self.depth(run), text, took: None }]
    }

    fn decided(&self, run: &RunId, event: &Event) -> Vec<Line> {
        let part = |name| text::excerpt(word(&event.draft.data, name), 80);
        let text = format!("decided: {} → {}", part("question"), part("answer"));
        vec![Line { at: event.at, mark: Mark::Child, depth: self.depth(run) + 1, text, took: None }]
    }

    fn ended(&mut self, run: &RunId, event: &Event) -> Vec<Line> {
        let succeeded = event.draft.name == "succeeded";
        if *run == self.root {
            return self.close_step(event.at, if succeeded { Mark::Done } else { Mark::Broken });
        }
        self.activity = None;
        let Some(member) = self.members.get_mut(run) else { return Vec::new() };
        member.rests = true;
        let Some(member) = self.members.get(run) else { return Vec::new() };
        if succeeded {
            let took = member.since.map(|since| event.at.saturating_sub(since));
            return vec![Line { at: event.at, mark: Mark::Child, depth: self.depth(run), text: member.summary(), took }];
        }
        let how = if event.draft.name == "paused" { "is paused" } else { event.draft.name.as_str() };
        let told = match word(&event.draft.data, "reason") {
            "" => how.to_owned(),
            reason => format!("{how}: {reason}"),
        };
        self.warning(run, event.at, &told)
    }

    fn warning(&self, run: &RunId, at: u64, told: &str) -> Vec<Line> {
        let title = self.name(run);
        let text = format!("{title} (run {}): {}", text::short(run), text::line(told));
        vec![Line { at, mark: Mark::Warning, depth: self.depth(run), text, took: None }]
    }

    /// What a run says to its watchers, with where it is at work: several may say the same of different work.
    fn logged(&self, run: &RunId, at: u64, data: &Value) -> Vec<Line> {
        if !matches!(word(data, "level"), "warn" | "error") {
            return Vec::new();
        }
        let message = text::excerpt(word(data, "message"), 400);
        let worktree = self.members.get(run).and_then(|member| member.worktree.as_ref());
        let text = worktree.map_or_else(|| message.clone(), |worktree| format!("{worktree}: {message}"));
        vec![Line { at, mark: Mark::Warning, depth: self.depth(run), text, took: None }]
    }

    fn depth(&self, run: &RunId) -> usize {
        let above = |run: &RunId| self.members.get(run).and_then(|member| member.parent.clone());
        // No tree is deeper than its members are many.
        std::iter::successors(above(run), above).take(self.members.len()).count()
    }

    fn name(&self, run: &RunId) -> String {
        self.members.get(run).map_or_else(|| "run".to_owned(), Member::name)
    }

    fn title(&self, plugin: &str) -> String {
        self.titles.get(plugin).cloned().unwrap_or_else(|| text::excerpt(plugin, 64))
    }
}

/// What was done with what a command left, by its first path.
fn swept(data: &Value) -> String {
    let traces = data["traces"].as_array().map_or(0, Vec::len) as u64 + data["more"].as_u64().unwrap_or_default();
    let first = &data["traces"][0];
    let path = text::excerpt(word(first, "path"), 60);
    let done = match (word(first, "deed"), first["to"].as_str()) {
        ("moved" | "renamed" | "withheld", Some(to)) => format!("moved to {}", text::excerpt(to, 200)),
        ("removed", _) => "removed".to_owned(),
        ("opened", _) => "made readable".to_owned(),
        _ => "disarmed".to_owned(),
    };
    let more = match traces {
        0 | 1 => String::new(),
        more => format!(", and {} more", more - 1),
    };
    format!("a command left `{path}`, which Baton {done}{more}")
}

/// Files that a commit does not hold.
fn left_out(data: &Value) -> String {
    let paths: Vec<_> = data["paths"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let named: Vec<_> = paths.iter().take(MOST_NAMED).map(|path| format!("`{}`", text::excerpt(path, 60))).collect();
    let more = (paths.len() - named.len()) as u64 + data["more"].as_u64().unwrap_or_default();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let branch = text::excerpt(word(data, "branch"), 64);
    format!(
        "the commit on `{branch}` leaves out {}{more}, because of the name or the size; what is left out stays in the worktree",
        named.join(", ")
    )
}

fn word<'a>(data: &'a Value, key: &str) -> &'a str {
    data[key].as_str().unwrap_or_default()
}
