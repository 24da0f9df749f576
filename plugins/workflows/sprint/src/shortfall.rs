//! Whether a sprint did what it was there for, for scripts that look at nothing but how it ended. Judges no story: each has
//! said why it did not land.

use baton_slots::sprint::outcome;

use crate::Told;

/// Stories that a sentence names.
const MOST_NAMED: usize = 5;

/// What is left of what the sprint took up, and what to do about it; none where nothing is. That a story waits for a person
/// to merge it, or that somebody took it away, is as it was wanted.
pub(crate) fn of(stories: &[Told], branch: &str, stopped: Option<&str>) -> Option<String> {
    let left: Vec<_> = stories
        .iter()
        .filter(|story| story.begun && matches!(story.story.outcome.as_str(), outcome::SKIPPED | outcome::BLOCKED | outcome::FAILED))
        .collect();
    let passed: Vec<_> = stories.iter().filter(|story| !story.begun).collect();
    let passed = passed.first().map(|first| {
        let keys: Vec<_> = passed.iter().take(MOST_NAMED).map(|story| story.story.key.as_str()).collect();
        let more = passed.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("Not begun, and tried again by the next sprint: {}{more}. {}: {}", keys.join(", "), first.story.key, first.story.reason)
    });
    let stopped = stopped.map(|reason| format!("No more stories were begun: {reason}"));
    let unlanded = left.first().map(|first| {
        let named: Vec<_> = left.iter().take(MOST_NAMED).map(|story| format!("{} ({})", story.story.key, story.story.outcome)).collect();
        let more = left.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "{} of {} did not land in `{branch}`: {}{more}. `baton backlog show {key}` tells why; once that is fixed, \
             `baton backlog move {key} todo` makes it ready for the next sprint.",
            left.len(),
            counted(stories.len()),
            named.join(", "),
            key = first.story.key
        )
    });
    let told: Vec<_> = unlanded.into_iter().chain(passed).chain(stopped).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

fn counted(stories: usize) -> String {
    if stories == 1 { "1 story".to_owned() } else { format!("{stories} stories") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(key: &str, outcome: &'static str) -> Told {
        Told::new(key, "", outcome, "")
    }

    #[test]
    fn what_landed_waits_for_a_person_or_was_taken_away_is_no_shortfall() {
        assert_eq!(of(&[], "main", None), None);
        assert_eq!(of(&[told("1-1", "landed"), told("1-2", "proposed"), told("1-3", "withdrawn")], "main", None), None);
    }

    #[test]
    fn what_did_not_land_is_counted_named_and_told_how_to_go_on() {
        let stories = [told("1-1", "landed"), told("1-2", "failed"), told("1-3", "skipped")];
        assert_eq!(
            of(&stories, "main", None).as_deref(),
            Some(
                "2 of 3 stories did not land in `main`: 1-2 (failed), 1-3 (skipped). `baton backlog show 1-2` tells why; once that is \
                 fixed, `baton backlog move 1-2 todo` makes it ready for the next sprint."
            )
        );
        let many: Vec<_> = (0..40).map(|_| told("1-1", "blocked")).collect();
        let said = of(&many, "main", None).unwrap_or_default();
        assert!(said.starts_with("40 of 40 stories") && said.contains("and 35 more") && said.len() < 400, "{said}");
    }

    #[test]
    fn what_was_not_begun_is_named_with_the_reason_and_no_advice_to_move_it() {
        let passed = Told { begun: false, ..Told::new("1-2", "", "skipped", "The branch `story/1-2/mine` is in the way.") };
        let said = of(&[told("1-1", "landed"), passed], "main", None).unwrap_or_default();
        assert!(said.contains("1-2: The branch `story/1-2/mine`") && !said.contains("backlog move"), "{said}");
    }

    #[test]
    fn what_kept_stories_from_being_begun_is_a_shortfall_too() {
        assert_eq!(of(&[told("1-1", "landed")], "main", Some("No space.")).as_deref(), Some("No more stories were begun: No space."));
        assert!(of(&[told("1-1", "failed")], "main", Some("No space.")).is_some_and(|said| said.ends_with("begun: No space.")));
    }
}
