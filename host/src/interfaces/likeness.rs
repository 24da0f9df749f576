//! How alike two words are, to name what somebody perhaps meant.

/// Letters to add, leave out or change until the one is the other.
pub fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, byte) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (left, against) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(byte != against);
            diagonal = row[left + 1];
            row[left + 1] = changed.min(diagonal + 1).min(row[left] + 1);
        }
    }
    row[other.len()]
}

/// The words most like `word`, the nearest first, at most three. A word that contains it is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST_NAMED: usize = 3;
    let word: String = word.to_lowercase().chars().take(100).collect();
    let alike = |other: &'a str| {
        let lower = other.to_lowercase();
        let distance = if !word.is_empty() && lower.contains(&word) { 0 } else { distance(&word, &lower) };
        (distance <= word.len().div_ceil(3)).then_some((distance, other))
    };
    let mut near: Vec<_> = known.filter_map(alike).collect();
    near.sort_unstable();
    near.truncate(MOST_NAMED);
    near.into_iter().map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_alike_are_named_nearest_first() {
        assert_eq!(nearest("shpo", ["shop", "notes", "Shop-2", "workshop"].into_iter()), ["shop"]);
        assert_eq!(nearest("shopp", ["shop", "notes", "shops"].into_iter()), ["shop", "shops"]);
        assert_eq!(nearest("SHOP", ["workshop", "notes", "Shop-2"].into_iter()), ["Shop-2", "workshop"]);
        assert_eq!(nearest("", ["shop"].into_iter()), [""; 0]);
    }
}
