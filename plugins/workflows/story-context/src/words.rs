//! The words of a text that say what it is about. Knows no language but that short and very common words say little.

use std::collections::BTreeMap;

/// More would fit everything.
const MOST: usize = 24;
const SHORTEST: usize = 4;

/// Words of every story, which lead nowhere.
const EMPTY: &[&str] = &[
    "able",
    "acceptance",
    "after",
    "again",
    "also",
    "been",
    "before",
    "criteria",
    "does",
    "each",
    "every",
    "exactly",
    "from",
    "given",
    "have",
    "into",
    "more",
    "must",
    "only",
    "requirements",
    "shall",
    "should",
    "so",
    "story",
    "such",
    "than",
    "that",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "user",
    "want",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "will",
    "with",
    "without",
    "would",
];

/// The most frequent first, those of the same frequency in the order of the alphabet.
pub(crate) fn of(text: &str) -> Vec<String> {
    let mut counted = BTreeMap::<String, usize>::new();
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        let word = word.to_lowercase();
        let plain = word.chars().any(char::is_alphabetic);
        if plain && word.chars().count() >= SHORTEST && !EMPTY.contains(&word.as_str()) {
            *counted.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<_> = counted.into_iter().collect();
    words.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
    words.into_iter().map(|(word, _)| word).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_come_first_and_empty_ones_never() {
        assert_eq!(of("Balances: the balances that the LEDGER shows. 2026 a-b"), ["balances", "ledger", "shows"]);
    }

    #[test]
    fn there_are_never_too_many() {
        let text: String = (0..100).map(|number| format!("word{number} ")).collect();
        assert_eq!(of(&text).len(), MOST);
        assert!(of("").is_empty());
    }
}
