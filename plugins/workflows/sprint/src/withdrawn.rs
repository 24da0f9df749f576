//! Whether a story is still the sprint's: people cancel stories, take them back or give them to others while they are at
//! work. Changes nothing, for the backlog has said already what is meant.

use baton_sdk::backlog::{Item, TakenAway};
use baton_sdk::prelude::*;

use crate::story::Story;

/// Why the story is not the sprint's any more; none where it is.
pub(crate) fn why(story: &Story) -> Result<Option<String>> {
    match backlog::get(&story.key) {
        Ok(item) => Ok(of(&item, &story.worktree)),
        Err(Error { kind: ErrorKind::NotFound, text: reason, .. }) => Ok(Some(reason)),
        Err(error) => Err(error),
    }
}

fn of(item: &Item, branch: &str) -> Option<String> {
    let key = &item.draft.key;
    let happened = match item.taken_from(branch)? {
        TakenAway::Moved(status) => format!("A person moved {key} to `{}` while it was at work.", status.as_str()),
        TakenAway::Elsewhere(theirs) => format!("Another developer took {key} meanwhile, on `{theirs}`."),
    };
    Some(format!("{happened} What was written is on `{branch}`."))
}

#[cfg(test)]
mod tests {
    use baton_sdk::backlog::{Draft, Kind, Status};

    use super::*;

    #[test]
    fn a_story_is_the_sprints_while_it_is_at_work_on_its_branch() {
        let item = |status, branch: Option<&str>| Item {
            draft: Draft::new(Kind::Story, "1-1", "A"),
            status,
            assignee: None,
            branch: branch.map(str::to_owned),
        };
        for status in Status::ALL {
            let own = matches!(status, Status::InProgress | Status::Review);
            assert_eq!(of(&item(status, Some("story/1-1")), "story/1-1").is_none(), own, "{status:?}");
        }
        assert!(of(&item(Status::InProgress, None), "story/1-1").is_none());
        assert!(of(&item(Status::InProgress, Some("story/1-1-2")), "story/1-1").is_some_and(|why| why.contains("`story/1-1-2`")));
    }
}
