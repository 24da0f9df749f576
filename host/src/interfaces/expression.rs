//! A regular expression whose search can be stopped in the middle of a text. Reads no file.
//!
//! The `regex` crate answers in time proportional to line length times program size, which is minutes for a large program
//! and a long line, and cannot be interrupted. So it is given short lines alone; a line that could take long goes byte by
//! byte through a lazy automaton, between whose steps the deadline is looked at.

use regex::{Regex, RegexBuilder};
use regex_automata::{
    Input,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson,
};

use super::blocking::Deadline;
use crate::journal::CallError;

const LONGEST: usize = 4096;
const COMPILED_SIZE: usize = 1 << 20;
/// Memory for the automaton's states, which are forgotten and made again once it is full.
const CACHE_SIZE: usize = 4 << 20;
/// Line length times program size up to which a line is searched without a look at the deadline.
const QUICK: usize = 4 << 20;
/// The same for a line that only the `regex` crate can search.
const QUICK_ENOUGH: usize = 64 << 20;
/// Steps after which the deadline is looked at again.
const LOOK: u64 = 1 << 20;
/// Steps of one search: a byte is one, and a state that has to be made is as many as the program has states.
const MOST_STEPS: u64 = 4_000_000_000;

const HINT: &str = "Write a simpler regular expression, or narrow the glob.";

/// What a text has to match.
#[derive(Debug)]
pub(in crate::interfaces) struct Expression {
    quick: Regex,
    automaton: DFA,
    states: usize,
}

impl Expression {
    /// Compiles an expression, within bounds of its length and size.
    pub(in crate::interfaces) fn parse(text: &str) -> Result<Self, CallError> {
        let reject = |why: String| CallError::invalid(format!("The regular expression is not accepted: {why} Write a simpler one."));
        if text.len() > LONGEST {
            return Err(reject(format!("it has more than {LONGEST} bytes.")));
        }
        let quick = RegexBuilder::new(text).size_limit(COMPILED_SIZE).dfa_size_limit(COMPILED_SIZE).build();
        let quick = quick.map_err(|error| reject(format!("{error}.")))?;
        let config = DFA::config().unicode_word_boundary(true).cache_capacity(CACHE_SIZE).skip_cache_capacity_check(true);
        let program = thompson::Config::new().nfa_size_limit(Some(4 * COMPILED_SIZE));
        let automaton = DFA::builder().configure(config).thompson(program).build(text).map_err(|error| reject(format!("{error}.")))?;
        let states = automaton.get_nfa().states().len();
        Ok(Self { quick, automaton, states })
    }

    /// The expression as it was written.
    pub(in crate::interfaces) fn as_str(&self) -> &str {
        self.quick.as_str()
    }

    /// Begins a search.
    pub(in crate::interfaces) fn search<'a>(&'a self, deadline: &'a Deadline) -> Lines<'a> {
        Lines { expression: self, cache: self.automaton.create_cache(), deadline, steps: 0, look_at: 0 }
    }
}

/// One search through many lines.
pub(in crate::interfaces) struct Lines<'a> {
    expression: &'a Expression,
    cache: Cache,
    deadline: &'a Deadline,
    steps: u64,
    look_at: u64,
}

impl Lines<'_> {
    /// Whether the expression matches somewhere in the line; an error once the search took too many steps or too long.
    pub(in crate::interfaces) fn matches(&mut self, line: &str) -> Result<bool, CallError> {
        self.step(line.len() as u64 + 1)?;
        let most = line.len().saturating_mul(self.expression.states);
        if most > QUICK {
            if let Some(matches) = self.walk(line.as_bytes())? {
                return Ok(matches);
            }
            if most > QUICK_ENOUGH {
                return Err(CallError::invalid(format!(
                    "A line of {} bytes is too long for `\\b` in Unicode. Write `(?-u:\\b)`, or narrow the glob.",
                    line.len()
                )));
            }
        }
        // What the crate may have done between two looks counts for the next look and not for the whole.
        self.look_at = self.look_at.saturating_sub(most as u64 / 8);
        Ok(self.expression.quick.is_match(line))
    }

    /// None where the automaton cannot tell.
    fn walk(&mut self, line: &[u8]) -> Result<Option<bool>, CallError> {
        let automaton = &self.expression.automaton;
        let Ok(mut state) = automaton.start_state_forward(&mut self.cache, &Input::new(line)) else { return Ok(None) };
        for &byte in line {
            let known = (!state.is_tagged()).then(|| automaton.next_state_untagged(&self.cache, state, byte));
            state = match known.filter(|next| !next.is_unknown()) {
                Some(next) => next,
                None => {
                    self.step(self.expression.states as u64)?;
                    let Ok(next) = automaton.next_state(&mut self.cache, state, byte) else { return Ok(None) };
                    next
                }
            };
            self.step(1)?;
            if state.is_match() {
                return Ok(Some(true));
            }
            if state.is_dead() {
                return Ok(Some(false));
            }
            if state.is_quit() {
                return Ok(None);
            }
        }
        let end = automaton.next_eoi_state(&mut self.cache, state);
        Ok(end.ok().map(|state| state.is_match()))
    }

    fn step(&mut self, steps: u64) -> Result<(), CallError> {
        self.steps += steps;
        if self.steps < self.look_at {
            return Ok(());
        }
        self.look_at = self.steps + LOOK;
        if self.steps > MOST_STEPS {
            return Err(CallError::invalid(format!("The search takes more than {MOST_STEPS} steps, the limit for one call. {HINT}")));
        }
        self.deadline.check(HINT)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::interfaces::blocking::blocking;
    use crate::journal::ErrorKind;

    fn found(expression: &str, line: &str) -> bool {
        let expression = Expression::parse(expression).unwrap();
        let deadline = Deadline::new();
        let walked = expression.search(&deadline).walk(line.as_bytes()).unwrap();
        let matched = expression.search(&deadline).matches(line).unwrap();
        assert_eq!(walked.unwrap_or(matched), matched, "both ways agree on {line:?}");
        assert_eq!(expression.quick.is_match(line), matched);
        matched
    }

    #[test]
    fn both_ways_of_searching_agree() {
        for (expression, line, expected) in [
            ("a.c", "xxabc", true),
            ("^abc$", "abc", true),
            ("^abc$", "abcd", false),
            ("", "", true),
            ("(?i)STRASSE", "strasse", true),
            (r"\bone\b", "two one", true),
            (r"\bone\b", "twone", false),
            (r"\bgrün\b", "ein grün", true),
            ("[^x]+y", "ééééy", true),
            ("a{3,5}b$", "aab", false),
        ] {
            assert_eq!(found(expression, line), expected, "{expression} in {line:?}");
        }
    }

    fn letters(many: u32) -> String {
        (0..many).map(|place| if place.wrapping_mul(2_654_435_761) >> 31 == 0 { 'a' } else { 'b' }).collect()
    }

    #[test]
    fn a_search_ends_after_so_many_steps() {
        let expression = Expression::parse("[ab]*a[ab]{2000}c").unwrap();
        let deadline = Deadline::new();
        let mut search = expression.search(&deadline);
        search.steps = MOST_STEPS - 2_000_000;
        let error = search.matches(&letters(200_000)).unwrap_err();
        assert!(error.to_string().contains("4000000000 steps"), "{error}");
    }

    #[tokio::test]
    async fn a_search_ends_in_the_middle_of_a_text_when_its_caller_is_gone() {
        for pattern in ["[ab]*a[ab]{2000}c", "(?:[ab]{0,50}a[ab]{0,50}){30}c"] {
            let (sender, receiver) = std::sync::mpsc::channel();
            let search = blocking(move |deadline| {
                let expression = Expression::parse(pattern).unwrap();
                sender.send(expression.search(deadline).matches(&letters(4_000_000)))
            });
            assert!(tokio::time::timeout(Duration::from_millis(100), search).await.is_err(), "{pattern} was quick");
            let ended = tokio::task::spawn_blocking(move || receiver.recv_timeout(Duration::from_secs(20))).await.unwrap();
            assert!(matches!(ended, Ok(Err(CallError { kind: ErrorKind::Cancelled, .. }))), "{pattern}: {ended:?}");
        }
    }
}
