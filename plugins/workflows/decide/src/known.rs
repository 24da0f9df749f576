//! Answers that stand in what the project knows. Trusts no model's word that they do: it looks.

use baton_sdk::knowledge::Passage;

use baton_slots::decide::Output;

use crate::{EXPLICIT, question::Question};

/// Shortest quotation that says anything, in characters.
const SHORTEST_QUOTE: usize = 12;

/// The answer a person gave when the very same question came up last, if it is one now. What was answered before that
/// was taken back by it.
pub(crate) fn answered_before(question: &Question, passages: &[Passage]) -> Option<Output> {
    let answered = passages.iter().filter_map(|passage| Some((place(passage)?, passage, answer_of_a_person(passage)?)));
    let same = answered.filter(|(_, _, (asked, _))| plain(asked) == plain(&question.text));
    let (_, passage, (_, answer)) = same.max_by_key(|(place, ..)| *place)?;
    question.admits(answer).then(|| Output {
        answer: answer.to_owned(),
        confidence: EXPLICIT,
        by: "knowledge".to_owned(),
        source: passage.source.clone(),
        reasoning: "A person was asked the same and answered so.".to_owned(),
    })
}

/// A question and what a person answered, where the passage is that.
fn answer_of_a_person(passage: &Passage) -> Option<(&str, &str)> {
    let (asked, rest) = passage.text.strip_prefix("Question: ")?.split_once("\nA person answered: ")?;
    let answer = rest.lines().next().unwrap_or_default().trim();
    (!answer.is_empty()).then_some((asked, answer))
}

/// The place of a decision among all: the later, the larger.
fn place(passage: &Passage) -> Option<u64> {
    passage.source.strip_prefix("decisions/")?.parse().ok()
}

/// The source in which the quotation stands word for word, if there is one.
pub(crate) fn quoted<'a>(quote: &str, passages: &'a [Passage]) -> Option<&'a str> {
    let quote = plain(quote);
    let stands_in = |passage: &&Passage| plain(&passage.text).contains(&quote);
    if quote.chars().count() < SHORTEST_QUOTE {
        return None;
    }
    // What plugins noted and what was decided by a model before is no word of a person.
    let documents =
        passages.iter().filter(|passage| !["decisions/", "failures/", "notes/"].iter().any(|kind| passage.source.starts_with(kind)));
    documents.into_iter().find(stands_in).map(|passage| passage.source.as_str())
}

/// Words alone, in small letters with one space between them.
fn plain(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
