//! The queue: what is approved lands as one batch, and one batch at a time.

use baton_sdk::prelude::*;
use baton_sdk::serde_json::from_value;

use crate::conflict;
use crate::replies::Batch;
use crate::sprint::{Event, Sprint, give_back, worktree_of};
use crate::story::{End, Stage, Story};

/// What the names of the branches begin with on which batches are merged.
pub(crate) const LAND: &str = "land";

#[derive(Default)]
pub(crate) struct Landing {
    /// Whether a batch is being landed.
    pub(crate) under_way: bool,
    worktree: String,
    /// Batches so far.
    number: u32,
}

impl Sprint {
    /// Starts to land what is approved, unless a batch is under way.
    pub(crate) fn land(&mut self) -> Result<()> {
        if self.landing.under_way {
            return Ok(());
        }
        self.leave_out_unwanted()?;
        let approved = self.places(&Stage::Approved);
        if approved.is_empty() {
            return Ok(());
        }
        self.landing.number += 1;
        let name = format!("{}-{}", short(&run::about().id), self.landing.number);
        let started = worktree_of(LAND, &name, &self.main).and_then(|worktree| {
            let stories: Vec<_> = approved.iter().map(|place| &self.stories[*place]).collect();
            let stories: Vec<_> = stories.iter().map(|story| ordered(story)).collect();
            self.landing.worktree = worktree;
            let order = json!({ "stories": stories, "main": self.main });
            workflows::start_with(baton_slots::LAND, &order, &ChildOptions::new().in_worktree(&self.landing.worktree))
        });
        for place in &approved {
            self.stories[*place].stage = Stage::Landing;
        }
        match started {
            Ok(run) => {
                self.landing.under_way = true;
                self.open.push(run.then(|ended| Ok(Event::Landed(ended.map(|ended| ended.output)))));
            }
            Err(error) => self.landed(Err(error))?,
        }
        Ok(())
    }

    /// A batch has ended: each of its stories landed, has to be merged anew, or is blocked with the reason.
    pub(crate) fn landed(&mut self, ended: Result<Value>) -> Result<()> {
        self.landing.under_way = false;
        give_back(&std::mem::take(&mut self.landing.worktree));
        let batch = ended.and_then(|output| Ok(from_value::<Batch>(output)?));
        let reason = match batch {
            Ok(batch) => self.sort(batch)?,
            Err(error) => error.to_string(),
        };
        for place in self.places(&Stage::Landing) {
            if self.withdraw(place)? {
                continue;
            }
            let step = self.stories[place].end(End::Blocked(format!("It is approved and could not be landed: {reason}")));
            self.take(place, step)?;
        }
        Ok(())
    }

    fn sort(&mut self, batch: Batch) -> Result<String> {
        for landed in batch.landed {
            if let Some(place) = self.landing_place(&landed.key) {
                let step = self.stories[place].landed(landed.commit);
                self.take(place, step)?;
            }
        }
        for withdrawn in batch.withdrawn {
            if let Some(place) = self.landing_place(&withdrawn.key) {
                let step = self.stories[place].end(End::Withdrawn(withdrawn.reason));
                self.take(place, step)?;
            }
        }
        for conflicting in batch.conflicts {
            if let Some(place) = self.landing_place(&conflicting.key) {
                if self.withdraw(place)? {
                    continue;
                }
                let why = format!("{} conflict with {}", conflicting.paths.join(", "), self.main);
                let step = self.stories[place].merge_anew(&why);
                self.forge.tell(&self.stories[place], &why);
                conflict::filed(&self.stories[place], &self.main, &conflicting.paths)?;
                self.take(place, step)?;
            }
        }
        for red in batch.red {
            if let Some(place) = self.landing_place(&red.key) {
                if self.withdraw(place)? {
                    continue;
                }
                let why = format!("its tests are red once it is merged with {}", self.main);
                let step = self.stories[place].merge_anew(&why);
                let why = format!("{why}: {}", last_line(&red.report));
                self.forge.tell(&self.stories[place], &why);
                conflict::sent_back(&self.stories[place], &why)?;
                self.take(place, step)?;
            }
        }
        Ok("`land` did not say what became of it.".to_owned())
    }

    /// What somebody does not want merged, however good it is.
    fn leave_out_unwanted(&mut self) -> Result<()> {
        for place in self.places(&Stage::Approved) {
            if !self.withdraw(place)? && self.forge.is_closed(&self.stories[place]) {
                let step = self.stories[place].end(End::Blocked("It is approved and green, but its pull request was closed.".to_owned()));
                self.take(place, step)?;
            }
        }
        Ok(())
    }

    fn landing_place(&self, key: &str) -> Option<usize> {
        self.stories.iter().position(|story| story.key == key && story.stage == Stage::Landing)
    }

    fn places(&self, stage: &Stage) -> Vec<usize> {
        (0..self.stories.len()).filter(|place| self.stories[*place].stage == *stage).collect()
    }
}

/// A story as `land` takes it.
fn ordered(story: &Story) -> Value {
    let mut ordered = json!({ "key": story.key, "branch": story.worktree });
    if let Some(number) = story.pull_request {
        ordered["pull_request"] = json!(number);
    }
    ordered
}

fn last_line(report: &str) -> &str {
    report.trim_end().lines().next_back().unwrap_or_default()
}

/// The end of a run's id: its beginning is a time, which runs of the same second share.
pub(crate) fn short(id: &str) -> &str {
    &id[id.ceil_char_boundary(id.len().saturating_sub(12))..]
}
