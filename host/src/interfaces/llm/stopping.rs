//! Ends a reply at the first of its request's stop sequences, whatever the provider did about them: some take none, and some
//! do not say that they stopped there.

use super::{Part, Reply, Stop};

/// Cuts the reply's text. Calls of tools stay.
pub(super) fn end_at(reply: &mut Reply, sequences: &[String]) {
    if sequences.is_empty() {
        if reply.stop == Stop::StopSequence {
            // Some services call it so when a model finished.
            reply.stop = if reply.parts.iter().any(is_call) { Stop::ToolUse } else { Stop::End };
        }
        return;
    }
    let first = |text: &str| sequences.iter().filter_map(|sequence| text.find(sequence.as_str())).min();
    let found = reply.parts.iter_mut().enumerate().find_map(|(place, part)| match part {
        Part::Text(text) => {
            let end = first(text)?;
            text.truncate(end);
            Some(place)
        }
        _ => None,
    });
    let Some(last) = found else { return };
    let parts = std::mem::take(&mut reply.parts).into_iter().enumerate();
    let is_said = |place: usize, part: &Part| match part {
        Part::Text(text) => place < last || (place == last && !text.is_empty()),
        _ => true,
    };
    reply.parts = parts.filter(|(place, part)| is_said(*place, part)).map(|(_, part)| part).collect();
    // An end that was bad stays bad.
    if matches!(reply.stop, Stop::End | Stop::ToolUse | Stop::MaxTokens) {
        reply.stop = Stop::StopSequence;
    }
}

fn is_call(part: &Part) -> bool {
    matches!(part, Part::ToolCall(_))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::interfaces::llm::{ToolCall, Usage};

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    fn call() -> Part {
        Part::ToolCall(ToolCall { id: "1".to_owned(), name: "read".to_owned(), arguments: json!({}) })
    }

    fn ended(parts: Vec<Part>, stop: Stop, sequences: &[&str]) -> (Vec<Part>, Stop) {
        let mut reply = Reply { parts, stop, usage: Usage::default(), model: "a/x".to_owned() };
        end_at(&mut reply, &sequences.iter().map(|sequence| (*sequence).to_owned()).collect::<Vec<_>>());
        (reply.parts, reply.stop)
    }

    #[test]
    fn the_text_ends_at_the_first_sequence_and_calls_stay() {
        let said = || vec![text("one é"), text("two END three STOP four"), call(), text("five END")];
        for sequences in [&["STOP", "END"][..], &["END"], &["none", "END three", "END"]] {
            assert_eq!(ended(said(), Stop::ToolUse, sequences), (vec![text("one é"), text("two "), call()], Stop::StopSequence));
        }
        assert_eq!(ended(said(), Stop::End, &["é"]).0, [text("one "), call()]);
        assert_eq!(ended(vec![text("END of it")], Stop::MaxTokens, &["END"]), (vec![], Stop::StopSequence));
    }

    #[test]
    fn a_reply_without_a_sequence_and_a_bad_end_stay_as_they_are() {
        let said = || vec![text("END"), call()];
        assert_eq!(ended(said(), Stop::ToolUse, &["none"]), (said(), Stop::ToolUse));
        for bad in [Stop::Other, Stop::Refusal] {
            assert_eq!(ended(said(), bad, &["ND"]), (vec![text("E"), call()], bad));
        }
        assert_eq!(ended(vec![text("cut there")], Stop::StopSequence, &["none"]).1, Stop::StopSequence, "it says so itself");
    }

    #[test]
    fn a_service_that_stops_at_a_sequence_that_it_was_not_given_has_finished() {
        assert_eq!(ended(vec![text("a")], Stop::StopSequence, &[]).1, Stop::End);
        assert_eq!(ended(vec![text("a"), call()], Stop::StopSequence, &[]).1, Stop::ToolUse);
    }
}
