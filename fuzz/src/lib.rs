//! What every target demands. Reads nothing itself.

use std::time::{Duration, Instant};

/// Longest time for one input, on a busy machine: what has no bound takes hours.
const LONGEST: Duration = Duration::from_secs(60);

/// Ends the program unless `text` is for people: whole, in one line, not endless.
pub fn check_sentence(text: &str) {
    assert!(text.ends_with('.') && !text.contains(char::is_control) && text.len() < 4_000, "this is no sentence: {text:?}");
}

/// Two texts of one, around the first line that is `%%%%`; the second is empty where there is none.
pub fn two(text: &str) -> (&str, &str) {
    text.split_once("\n%%%%\n").unwrap_or((text, ""))
}

/// Does `work`, and ends the program where that took too long.
pub fn soon<T>(work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    assert!(begun.elapsed() < LONGEST, "it took {:?}", begun.elapsed());
    done
}
