//! The loop: takes up what is ready, waits for whichever child ends first, and lets its story take the next step. A child
//! that fails costs its own story and no other.

use baton_sdk::backlog::{Item, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::serde_json::from_value;
use baton_slots::DEVELOPER;
use baton_slots::sprint::{Story as Reported, outcome};

use crate::landing::Landing;
use crate::looking;
use crate::proposing::Forge;
use crate::replies::{Developed, Outcome};
use crate::story::{End, Stage, Step, Story};
use crate::{Look, Order, Told};
use crate::{wanted, withdrawn};

/// Bytes that the backlog keeps of why an item was moved.
const LONGEST_REASON: usize = 4 << 10;
/// What the names of all stories' branches begin with.
const STORIES: &str = "story";
/// Names that are tried for a story's branch: one of an earlier sprint stays where it is.
const MOST_NAMES: u32 = 20;

pub(crate) struct Sprint {
    pub(crate) main: String,
    pub(crate) forge: Forge,
    pub(crate) stories: Vec<Story>,
    parallel: usize,
    wanted: Option<Vec<String>>,
    most: usize,
    /// Whether stories that an earlier sprint left are continued.
    resume: bool,
    /// Keys that another run took first.
    taken: Vec<String>,
    /// Stories that could not be begun for a reason of their own; they stay where they are in the backlog.
    left: Vec<Told>,
    /// Whether what every story would meet was looked for.
    looked: bool,
    /// Why no more stories are begun: what another would meet as well.
    pub(crate) stopped: Option<String>,
    /// What the sprint waits for: children that have not ended, and changes of the items they work on.
    pub(crate) open: Vec<Pending<Event>>,
    pub(crate) landing: Landing,
}

/// What the sprint waits for has come.
pub(crate) enum Event {
    /// The child of the story at this place has ended.
    Ended(usize, Result<Value>),
    /// The item of the story at this place has changed.
    Changed(usize),
    /// The batch has ended.
    Landed(Result<Value>),
}

impl Sprint {
    pub(crate) fn new(main: String, forge: Forge, parallel: usize, order: Order) -> Self {
        let Order { stories: wanted, most, look, resume, .. } = order;
        let (landing, most, looked) = (Landing::default(), most.unwrap_or(usize::MAX), look == Look::Never);
        let (stories, taken, left, open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { main, forge, stories, parallel, wanted, most, resume, taken, left, looked, stopped: None, open, landing }
    }

    /// Until nothing is at work and nothing that is ready may be taken up.
    pub(crate) fn go_on_to_the_end(&mut self) -> Result<()> {
        loop {
            self.take_up()?;
            self.land()?;
            if !self.landing.under_way && self.stories.iter().all(|story| story.child.is_none()) {
                return Ok(());
            }
            self.tell();
            match waits::any(&mut self.open)?.outcome? {
                Event::Ended(place, ended) => self.went_on(place, ended)?,
                Event::Changed(place) => self.changed(place)?,
                Event::Landed(ended) => self.landed(ended)?,
            }
        }
    }

    /// What became of every story that was tried.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        self.stories.iter().map(told).chain(std::mem::take(&mut self.left)).collect()
    }

    /// Does what a story's next step asks for.
    pub(crate) fn take(&mut self, place: usize, step: Step) -> Result<()> {
        let story = &self.stories[place];
        match step {
            Step::Start(workflow, input) => {
                match workflows::start_with(workflow, &input, &ChildOptions::new().in_worktree(&story.worktree)) {
                    Ok(child) => {
                        self.stories[place].child = Some(child.ticket().clone());
                        self.open.push(child.then(move |ended| Ok(Event::Ended(place, ended.map(|ended| ended.output)))));
                        self.watch(place)?;
                    }
                    Err(error) => return self.fail(place, &error),
                }
            }
            Step::Queue if self.forge.lands() => {}
            Step::Queue => {
                let end = self.forge.proposed(story, &self.main);
                self.stories[place].end(end);
                self.close(place)?;
            }
            Step::Close => self.close(place)?,
        }
        Ok(())
    }

    /// Starts as many stories as there is room for.
    fn take_up(&mut self) -> Result<()> {
        loop {
            let passed = self.taken.len() + self.left.len();
            self.fill()?;
            if self.taken.len() + self.left.len() == passed {
                return Ok(());
            }
            // A story that could not be begun leaves its room to the next.
        }
    }

    fn fill(&mut self) -> Result<()> {
        let room = self.parallel.saturating_sub(self.stories.iter().filter(|story| story.is_at_work()).count());
        let room = room.min(self.most.saturating_sub(self.stories.len()));
        if room == 0 || self.stopped.is_some() {
            return Ok(());
        }
        let ready = self.ready()?;
        let fitting: Vec<_> = ready.into_iter().filter(|item| self.may_begin(item)).take(room).collect();
        if !self.looked && !fitting.is_empty() {
            looking::look(&self.main)?;
            self.looked = true;
        }
        fitting.iter().try_for_each(|item| self.begin(item))
    }

    /// What may be begun, the most urgent first; what an earlier sprint left comes before that, where it is meant by its key.
    fn ready(&self) -> Result<Vec<Item>> {
        let mut ready = backlog::ready()?;
        if let Some(wanted) = self.wanted.as_ref().filter(|_| self.resume) {
            let is_left = |item: &Item| wanted.contains(&item.draft.key) && wanted::may_be_resumed(item.status);
            ready.splice(0..0, backlog::all()?.into_iter().filter(is_left));
        }
        Ok(ready)
    }

    fn may_begin(&self, item: &Item) -> bool {
        let key = &item.draft.key;
        item.draft.kind != Kind::Epic
            && self.wanted.as_ref().is_none_or(|wanted| wanted.contains(key))
            && !self.taken.contains(key)
            && !self.left.iter().any(|left| left.story.key == *key)
            && !self.stories.iter().any(|story| story.key == *key)
    }

    fn begin(&mut self, item: &Item) -> Result<()> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let key = &item.draft.key;
        let worktree = match self.worktree_for(item) {
            Ok(worktree) => worktree,
            // A branch of this name, or a link in its place, is in the way of that story and of no other.
            Err(error @ Error { kind: ErrorKind::Conflict, .. }) => {
                self.leave(item, &error);
                return Ok(());
            }
            // What else keeps a worktree from being made is the repository's and no story's: none is moved for it.
            Err(error) if self.stories.is_empty() => return Err(error),
            Err(error) => {
                run::warn(&format!("No more stories are begun: {error}"));
                self.stopped = Some(error.to_string());
                return Ok(());
            }
        };
        match self.take_up_item(item) {
            Ok(()) => {}
            Err(Error { kind: ErrorKind::Conflict, .. }) => {
                self.taken.push(key.clone());
                give_back(&worktree);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let mut story = Story::new(key, &item.draft.title, &worktree, &self.main, run::now());
        let place = self.stories.len();
        backlog::assign(key, Some(DEVELOPER), Some(&story.worktree))?;
        let step = story.begin();
        self.stories.push(story);
        self.take(place, step)
    }

    /// A worktree on the branch that an earlier sprint left, where that is wanted and it is there; else on a new one.
    fn worktree_for(&self, item: &Item) -> Result<String> {
        if let Some(branch) = item.branch.as_deref().filter(|branch| self.resume && is_branch(branch)) {
            return git::worktree_add(branch, branch);
        }
        worktree(&item.draft.key, &self.main)
    }

    /// One that is in progress stays so: whose its worktree is decides.
    fn take_up_item(&self, item: &Item) -> Result<()> {
        if self.resume && item.status == Status::InProgress {
            return Ok(());
        }
        let (verb, main) = (if item.branch.is_some() && self.resume { "resumed" } else { "started" }, &self.main);
        backlog::move_to(&item.draft.key, Status::InProgress, &format!("{verb} by a sprint on {main}"))
    }

    fn leave(&mut self, item: &Item, error: &Error) {
        run::warn(&format!("Story {} was not begun: {error}", item.draft.key));
        self.left.push(Told { begun: false, ..Told::new(&item.draft.key, &item.draft.title, outcome::SKIPPED, &error.to_string()) });
    }

    /// A developer or a reviewer has ended.
    fn went_on(&mut self, place: usize, ended: Result<Value>) -> Result<()> {
        self.stories[place].child = None;
        if self.withdraw(place)? {
            return Ok(());
        }
        let story = &mut self.stories[place];
        let step = match (ended, &story.stage) {
            (Ok(output), Stage::Reviewing) => from_value(output).map(|judged| story.reviewed(judged)),
            (Ok(output), _) => from_value(output).map(|developed| proposed(&self.forge, story, &self.main, developed)),
            (Err(error), _) => return self.fail(place, &error),
        };
        match step {
            Ok(step) => {
                self.follow(place)?;
                self.take(place, step)
            }
            Err(error) => self.fail(place, &error.into()),
        }
    }

    /// The backlog follows the story's stage.
    fn follow(&self, place: usize) -> Result<()> {
        let story = &self.stories[place];
        match story.stage {
            Stage::Developing => moved(&story.key, Status::InProgress, "the review wants changes"),
            Stage::Reviewing => moved(&story.key, Status::Review, "its tests are green"),
            Stage::Approved | Stage::Landing | Stage::Ended(_) => Ok(()),
        }
    }

    /// Leaves a story that is not the sprint's any more; says whether it did.
    pub(crate) fn withdraw(&mut self, place: usize) -> Result<bool> {
        let before = self.stories[place].withdrawn.take();
        let Some(reason) = withdrawn::why(&self.stories[place])?.or(before) else { return Ok(false) };
        let step = self.stories[place].end(End::Withdrawn(reason));
        self.take(place, step)?;
        Ok(true)
    }

    pub(crate) fn fail(&mut self, place: usize, error: &Error) -> Result<()> {
        let step = self.stories[place].end(End::Failed(error.to_string()));
        self.take(place, step)
    }

    /// Gives the worktree back and says in the backlog what became of the story.
    fn close(&mut self, place: usize) -> Result<()> {
        self.unwatch(place)?;
        let story = &mut self.stories[place];
        story.ended = run::now();
        let Stage::Ended(end) = &story.stage else { return Ok(()) };
        match end {
            // `land` says it of those that landed, a person of those that wait for one, and somebody said it of the rest.
            End::Landed(_) | End::Proposed(_) | End::Withdrawn(_) => {}
            End::Failed(reason) => moved(&story.key, Status::Failed, reason)?,
            End::Skipped(reason) | End::Blocked(reason) => moved(&story.key, Status::Blocked, reason)?,
        }
        let (outcome, reason) = end.told();
        if !matches!(end, End::Landed(_)) {
            run::warn(&format!("Story {} is {outcome}: {reason}", story.key));
            self.forge.tell(story, &format!("The story is {outcome}: {reason}"));
        }
        crate::conflict::settled(&story.key, story.merged_anew, matches!(end, End::Landed(_) | End::Proposed(_)))?;
        give_back(&story.worktree);
        Ok(())
    }

    fn tell(&self) {
        let ended = self.stories.iter().filter(|story| matches!(story.stage, Stage::Ended(_))).count();
        #[expect(clippy::cast_precision_loss, reason = "nobody counts that many stories")]
        let share = ended as f32 / (self.stories.len() + 1) as f32;
        let doings =
            [("developing", Stage::Developing), ("reviewing", Stage::Reviewing), ("queued", Stage::Approved), ("landing", Stage::Landing)];
        let told = doings.iter().filter_map(|(doing, stage)| {
            let keys: Vec<_> = self.stories.iter().filter(|story| story.stage == *stage).map(|story| story.key.as_str()).collect();
            (!keys.is_empty()).then(|| format!("{doing} {}", keys.join(", ")))
        });
        run::progress(share, &told.chain([format!("{ended} ended")]).collect::<Vec<_>>().join(" · "));
    }
}

/// What a developer made, with a pull request where it is to be looked at.
fn proposed(forge: &Forge, story: &mut Story, main: &str, developed: Developed) -> Step {
    match developed.outcome {
        Outcome::Done => forge.propose(story, main, &developed),
        Outcome::Accepted => forge.tell(story, "A person takes it as it is, whatever the review says."),
        Outcome::Skipped => {}
    }
    story.developed(developed)
}

/// Moves an item whose present status is not known for sure: that somebody moved it meanwhile holds up no work.
pub(crate) fn moved(key: &str, status: Status, reason: &str) -> Result<()> {
    match backlog::move_to(key, status, &reason[..reason.floor_char_boundary(LONGEST_REASON)]) {
        Err(Error { kind: ErrorKind::Conflict, text: why, .. }) => run::warn(&why),
        moved => return moved,
    }
    Ok(())
}

/// Its branch stays as long as it has something that is nowhere else.
pub(crate) fn give_back(worktree: &str) {
    if worktree.is_empty() {
        return;
    }
    if let Err(error) = git::worktree_remove(worktree) {
        run::warn(&format!("The worktree {worktree} could not be released: {error}"));
    }
}

fn worktree(key: &str, main: &str) -> Result<String> {
    let mut name = key.to_owned();
    for number in 2..=MOST_NAMES {
        match worktree_of(STORIES, &name, main) {
            // Only a branch of that name makes another name any better.
            Err(Error { kind: ErrorKind::Conflict, .. })
                if is_branch(&format!("{STORIES}/{name}")) || is_branch(&format!("{STORIES}-{name}")) =>
            {
                name = format!("{key}-{number}");
            }
            done => return done,
        }
    }
    Err(Error::conflict(format!("Story {key} has {MOST_NAMES} branches already; delete those that are not needed.")))
}

/// A worktree on a branch `GROUP/NAME`, or `GROUP-NAME` where something named like the group is in the way of all its branches.
pub(crate) fn worktree_of(group: &str, name: &str, main: &str) -> Result<String> {
    let added = git::worktree_add(&format!("{group}/{name}"), main);
    let Err(Error { kind: ErrorKind::Conflict, text: reason, .. }) = &added else { return added };
    match git::log(Some(group), 1) {
        Err(Error { kind: ErrorKind::NotFound, .. }) => added,
        // A branch, or what cannot be read in its place.
        Ok(_)
        | Err(Error { kind: ErrorKind::Invalid, .. } | Error { kind: ErrorKind::Conflict, .. } | Error { kind: ErrorKind::Other, .. }) => {
            run::warn(&format!("{reason} Until then `{group}-{name}` is used."));
            git::worktree_add(&format!("{group}-{name}"), main)
        }
        Err(error) => Err(error),
    }
}

fn is_branch(name: &str) -> bool {
    git::log(Some(name), 1).is_ok()
}

fn told(story: &Story) -> Told {
    let (outcome, reason) = match &story.stage {
        Stage::Ended(end) => end.told(),
        _ => (outcome::FAILED, "It was not finished."),
    };
    let commit = match &story.stage {
        Stage::Ended(End::Landed(commit)) => Some(commit.clone()),
        _ => None,
    };
    let told = Told::new(&story.key, &story.title, outcome, reason);
    let reported = Reported {
        commit,
        pull_request: story.pull_request,
        sent_back: story.sent_back,
        merged_anew: story.merged_anew,
        took_ms: story.ended.saturating_sub(story.began),
        ..told.story
    };
    Told { story: reported, ..told }
}
