//! The items of stories that are at work: a person who takes a story away ends its child at once, and not at its next step.
//! What becomes of the story then is decided where its child has ended.

use baton_sdk::prelude::*;

use crate::sprint::{Event, Sprint};
use crate::withdrawn;

impl Sprint {
    /// Waits for the next change of the story's item, unless that is waited for already.
    pub(crate) fn watch(&mut self, place: usize) -> Result<()> {
        if self.stories[place].watch.is_some() {
            return Ok(());
        }
        let change = waits::item_change(&self.stories[place].key)?.map(move |_| Event::Changed(place));
        self.stories[place].watch = Some(change.ticket().clone());
        self.open.push(change);
        Ok(())
    }

    /// Waits for no more changes: a run can hold only so many tickets, and a sprint has any number of stories.
    pub(crate) fn unwatch(&mut self, place: usize) -> Result<()> {
        let Some(watch) = self.stories[place].watch.take() else { return Ok(()) };
        self.open.retain(|pending| *pending.ticket() != watch);
        waits::cancel(&watch)
    }

    /// The item of a story has changed, perhaps by the sprint itself.
    pub(crate) fn changed(&mut self, place: usize) -> Result<()> {
        let story = &mut self.stories[place];
        story.watch = None;
        let Some(child) = &story.child else { return Ok(()) };
        match withdrawn::why(story)? {
            Some(reason) => {
                waits::cancel(child)?;
                // Also where the person puts it back before the child has ended.
                story.withdrawn = Some(reason);
                Ok(())
            }
            None => self.watch(place),
        }
    }
}
