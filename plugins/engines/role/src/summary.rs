//! One line about an answer, for whoever watches.

use baton_sdk::conversation::Answer;

/// Longest summary in characters.
const LONGEST: usize = 160;

/// A document's own `summary`, else the first sentence or line of the text.
pub(crate) fn of(answer: &Answer) -> String {
    let Some(document) = &answer.value else { return first_sentence(&answer.text) };
    match document["summary"].as_str() {
        Some(summary) => first_sentence(summary),
        None => format!("Answered with a document of {} bytes.", answer.text.len()),
    }
}

fn first_sentence(text: &str) -> String {
    let line = text.lines().map(|line| line.trim_start_matches('#').trim()).find(|line| !line.is_empty()).unwrap_or_default();
    let end = line.find(". ").map_or(line.len(), |stop| stop + 1);
    if line[..end].chars().count() <= LONGEST {
        return line[..end].to_owned();
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::serde_json::{from_str, json};

    #[test]
    fn the_first_sentence_is_taken() {
        assert_eq!(first_sentence("\n# Title\nText"), "Title");
        assert_eq!(first_sentence("Costs 1.50 each. More."), "Costs 1.50 each.");
        assert_eq!(first_sentence(&"ä".repeat(500)).chars().count(), LONGEST);
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn a_document_speaks_for_itself() {
        let answer = |text: &str| Answer { text: text.to_owned(), value: from_str(text).ok(), turns: 1, conversation: None };
        assert_eq!(of(&answer(&json!({ "summary": "Good. Very." }).to_string())), "Good.");
        assert_eq!(of(&answer("[1]")), "Answered with a document of 3 bytes.");
    }
}
