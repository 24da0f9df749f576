//! Child runs, which stand-ins play: each in its workspace, within its bounds, and again with every input that it continues
//! with. One that takes no time has ended the moment it was started.

use serde_json::Value;

use super::{
    continuing,
    grants::Narrowing,
    imports::{git, options::StartOptions},
    tickets::{Awaited, Work},
    world::{Role, World},
};
use crate::Result;

/// Where a child works, and how far it may go.
pub(super) struct Place {
    /// The branch that its workspace has checked out; none where that is no repository.
    checkout: Option<String>,
    /// What it and those above it were narrowed to.
    bounds: Vec<Narrowing>,
}

impl Place {
    pub(super) fn of(world: &World, options: &StartOptions) -> Result<Self> {
        let checkout = git::checkout(world, options.worktree.as_deref())?;
        let mut bounds = world.bounds.borrow().clone();
        if let Some(within) = &options.within {
            bounds.push(Narrowing::of(within, &world.grants.borrow(), &world.about.borrow().plugin)?);
        }
        Ok(Self { checkout, bounds })
    }
}

impl World {
    /// Starts a child that takes this time. Its work is given its name, and returns what its ticket gives.
    pub(super) fn start_child(&self, takes: u64, work: impl FnOnce(&Self, &str) -> Result<Value> + 'static) -> String {
        let child = self.tickets.borrow_mut().name_child();
        let awaited = if takes == 0 {
            Awaited::Ended(work(self, &child))
        } else {
            Awaited::Child(Work { ends: self.now.get().saturating_add(takes), work: Box::new(work) })
        };
        self.tickets.borrow_mut().hold(&child, awaited);
        child
    }

    /// Does the work of a child.
    pub(super) fn work_at<A>(&self, place: Place, role: Role, work: impl FnOnce() -> Result<A>) -> Result<A> {
        let before = self.bounds.replace(place.bounds);
        let done = self.acting_as(role, || git::in_checkout(self, place.checkout.as_deref(), work));
        self.bounds.replace(before);
        done
    }

    /// Does the work of a child that is a workflow.
    pub(super) fn workflow_at(&self, place: Place, input: Value, work: impl Fn(&Value) -> Result<Value>) -> Result<Value> {
        let again = || continuing::to_the_end(input, |input| continuing::caught(|| work(input)));
        self.work_at(place, Role::Workflow, again)
    }
}
