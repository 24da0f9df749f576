//! Sees that a model does the same over and over. Compares results as well: a file that is read again after an edit is not the
//! same.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::llm::{Part, ToolCall};

/// How often the same calls with the same results may follow each other.
const SAME: usize = 3;
/// How often two may alternate.
const ALTERNATIONS: usize = 3;
/// How often different calls may fail with the same error.
const SAME_ERROR: usize = 4;
/// Steps without a finding after which the words before are forgotten.
const CALM: u32 = 12;

/// What the steps show.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Nothing,
    /// What the model is told, the first time.
    Word(String),
    /// What the operator is told, once the model went on after a word.
    Stuck(String),
}

/// The last steps of a conversation. A step is a reply's calls with their results.
#[derive(Default)]
pub(super) struct Repetition {
    steps: Vec<Step>,
    /// What the model was told of.
    warned: Vec<u64>,
    calm: u32,
}

struct Step {
    name: String,
    /// The calls and their results.
    whole: u64,
    /// The results, where all of them failed.
    error: Option<u64>,
}

impl Repetition {
    /// Looks at one more step: calls, and their results in any order.
    pub(super) fn see(&mut self, calls: &[ToolCall], results: &[Part]) -> Finding {
        let Some(first) = calls.first() else { return Finding::Nothing };
        self.steps.push(step(first, calls, results));
        let Some((pattern, what)) = self.pattern() else {
            self.calm += 1;
            if self.calm >= CALM {
                self.warned.clear();
            }
            return Finding::Nothing;
        };
        self.calm = 0;
        self.steps.clear();
        if self.warned.contains(&pattern) {
            return Finding::Stuck(format!("It was told so and went on: {what}"));
        }
        self.warned.push(pattern);
        Finding::Word(format!("{what} Doing it again changes nothing: try something else."))
    }

    /// What repeats itself, and a sentence about it.
    fn pattern(&self) -> Option<(u64, String)> {
        let last = |count: usize| self.steps.len().checked_sub(count).map(|start| &self.steps[start..]);
        if let Some([first, rest @ ..]) = last(SAME)
            && rest.iter().all(|step| step.whole == first.whole)
        {
            return Some((first.whole, format!("The same call of `{}` came {SAME} times with the same result.", first.name)));
        }
        if let Some(steps @ [one, other, ..]) = last(2 * ALTERNATIONS)
            && one.whole != other.whole
            && steps.chunks(2).all(|pair| pair[0].whole == one.whole && pair[1].whole == other.whole)
        {
            let pattern = hash(&[one.whole.min(other.whole), one.whole.max(other.whole)]);
            let sentence = format!("The same two calls, `{}` and `{}`, alternate with the same results.", one.name, other.name);
            return Some((pattern, sentence));
        }
        if let Some([first, rest @ ..]) = last(SAME_ERROR)
            && let Some(error) = first.error
            && rest.iter().all(|step| step.error == Some(error))
        {
            return Some((error, format!("Calls of `{}` failed {SAME_ERROR} times with the same error.", first.name)));
        }
        None
    }
}

fn step(first: &ToolCall, calls: &[ToolCall], results: &[Part]) -> Step {
    let results: Vec<_> = results.iter().filter_map(|part| if let Part::ToolResult(result) = part { Some(result) } else { None }).collect();
    let contents: Vec<_> = results.iter().map(|result| (&result.content, result.failed)).collect();
    let called: Vec<_> = calls.iter().map(|call| (&call.name, &call.arguments)).collect();
    Step {
        name: first.name.chars().take(80).collect(),
        whole: hash(&(&called, &contents)),
        error: results.iter().all(|result| result.failed).then(|| hash(&("error", &contents))),
    }
}

/// The same in every execution of the same component.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::ToolResult;

    fn see(repetition: &mut Repetition, argument: &str, content: &str, failed: bool) -> Finding {
        let call = ToolCall { id: "1".to_owned(), name: "read".to_owned(), arguments: argument.to_owned() };
        let result = ToolResult { call_id: "1".to_owned(), content: content.to_owned(), failed };
        repetition.see(&[call], &[Part::ToolResult(result)])
    }

    /// What came of each step of these: an argument, a result, and whether it failed.
    fn findings(steps: impl IntoIterator<Item = (&'static str, String, bool)>) -> String {
        let mut repetition = Repetition::default();
        let letter = |finding| match finding {
            Finding::Nothing => '.',
            Finding::Word(_) => 'w',
            Finding::Stuck(_) => 'S',
        };
        steps.into_iter().map(|(argument, content, failed)| letter(see(&mut repetition, argument, &content, failed))).collect()
    }

    #[test]
    fn the_same_call_with_the_same_result_is_seen() {
        assert_eq!(findings((0..6).map(|_| ("a", "A".to_owned(), false))), "..w..S");
    }

    #[test]
    fn a_read_that_gives_something_else_is_not_the_same() {
        assert_eq!(findings((0..20).map(|n| ("a", n.to_string(), false))), ".".repeat(20));
        let edits = (0..20).map(|n| if n % 2 == 0 { ("a", (n / 4).to_string(), false) } else { ("edit", n.to_string(), false) });
        assert_eq!(findings(edits), ".".repeat(20));
    }

    #[test]
    fn two_that_alternate_are_seen() {
        let steps = (0..12).map(|n| if n % 2 == 0 { ("a", "A".to_owned(), false) } else { ("b", "B".to_owned(), false) });
        assert_eq!(findings(steps), ".....w.....S");
    }

    #[test]
    fn different_calls_with_one_error_are_seen() {
        let steps = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|argument| (argument, "No such file.".to_owned(), true));
        assert_eq!(findings(steps), "...w...S");
        let steps = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|argument| (argument, "OK".to_owned(), false));
        assert_eq!(findings(steps), "........", "the same answer is no error");
    }

    #[test]
    fn a_word_is_forgotten_after_work_that_went_well() {
        let same = || (0..3).map(|_| ("a", "A".to_owned(), false));
        let work = (0..12).map(|n| ("b", n.to_string(), false));
        assert_eq!(findings(same().chain(work).chain(same())), "..w..............w");
    }
}
