//! Reads comparisons of variables, joined by AND and OR. What does not fit the grammar to its end is not a comparison.

use super::{Operand, Operator, Test};
use crate::limits::MOST_TESTS;

/// A comparison, several of them, a flag or a membership.
pub(super) fn read(text: &str) -> Option<Test> {
    let mut words = Words { rest: text, tests: 0 };
    let test = words.alternatives(true)?;
    words.rest.trim().is_empty().then_some(test).filter(|test| !matches!(test, Test::Flag { name, .. } if !is_flag(name)))
}

/// A single word is a flag if it looks like a name; `novel` or `discussed` may be one as well.
fn is_flag(name: &str) -> bool {
    name.starts_with(|character: char| character.is_ascii_alphabetic())
}

struct Words<'a> {
    rest: &'a str,
    tests: usize,
}

impl<'a> Words<'a> {
    /// OR binds weaker than AND.
    fn alternatives(&mut self, may_group: bool) -> Option<Test> {
        let mut tests = vec![self.conjunction(may_group)?];
        while self.take_word("or") || self.take("||") {
            tests.push(self.conjunction(may_group)?);
        }
        Some(if tests.len() == 1 { tests.remove(0) } else { Test::Any { tests } })
    }

    fn conjunction(&mut self, may_group: bool) -> Option<Test> {
        let mut tests = vec![self.single(may_group)?];
        while self.take_word("and") || self.take("&&") {
            tests.push(self.single(may_group)?);
        }
        Some(if tests.len() == 1 { tests.remove(0) } else { Test::All { tests } })
    }

    fn single(&mut self, may_group: bool) -> Option<Test> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return None;
        }
        if may_group && self.take("(") {
            let test = self.alternatives(false)?;
            return self.take(")").then_some(test);
        }
        let negated = self.take("!");
        let left = self.operand()?;
        if negated {
            return flag(left, true);
        }
        if let Some(operator) = self.operator() {
            let right = self.operand()?;
            // `choice == a (Continue)` explains the option: an answer may be either.
            if let Some(explained) = self.explanation() {
                let negated = operator == Operator::NotEqual;
                let list = vec![right, Operand::Text(explained)];
                return (negated || operator == Operator::Equal).then_some(Test::Member { left, list, negated });
            }
            return Some(Test::Compare { left, operator, right });
        }
        let negated = self.take_word("not");
        if self.take_word("in") {
            return Some(Test::Member { left, list: self.list()?, negated });
        }
        if negated { None } else { self.provided_or_flag(left) }
    }

    /// `x`, `x is provided`, `x is NOT provided`, `x is not empty`.
    fn provided_or_flag(&mut self, left: Operand) -> Option<Test> {
        let Operand::Variable(name) = &left else { return flag(left, false) };
        if !self.take_word("is") {
            return flag(left, false);
        }
        let negated = self.take_word("not");
        if self.take_word("provided") || self.take_word("set") {
            return Some(Test::Provided { name: name.clone(), negated });
        }
        self.take_word("empty").then(|| Test::Provided { name: name.clone(), negated: !negated })
    }

    fn list(&mut self) -> Option<Vec<Operand>> {
        if !self.take("[") {
            let list = self.operand()?;
            return matches!(list, Operand::Variable(_)).then(|| vec![list]);
        }
        let mut list = Vec::new();
        while list.len() < MOST_TESTS {
            list.push(self.operand()?);
            list.extend(self.explanation().map(Operand::Text));
            if self.take("]") {
                return Some(list);
            }
            if !self.take(",") {
                return None;
            }
        }
        None
    }

    /// ` (Continue)` after an option.
    fn explanation(&mut self) -> Option<String> {
        let rest = self.rest.trim_start().strip_prefix('(')?;
        let (inside, after) = rest.split_once(')')?;
        self.rest = after;
        Some(inside.trim().to_owned())
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.trim_start();
        // `!=` is not `!`.
        let found = rest.strip_prefix(text).filter(|after| text != "!" || !after.starts_with('='));
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.get(..word.len()).filter(|begin| begin.eq_ignore_ascii_case(word)).map(|_| &rest[word.len()..]);
        let found = found.filter(|after| !after.starts_with(belongs_to_word));
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn operator(&mut self) -> Option<Operator> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        OPERATORS.into_iter().find(|(text, _)| self.take(text)).map(|(_, operator)| operator)
    }

    fn operand(&mut self) -> Option<Operand> {
        let rest = self.rest.trim_start();
        let first = rest.chars().next()?;
        let (operand, after) = match first {
            '{' => braced(rest)?,
            '\'' | '"' => {
                let (text, after) = rest[1..].split_once(first)?;
                (Operand::Text(text.to_owned()), after)
            }
            _ => {
                let end = rest.find(|character| !belongs_to_word(character)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let is_word = !word.is_empty() && !["and", "or", "not", "in", "is"].iter().any(|taken| word.eq_ignore_ascii_case(taken));
                (is_word.then(|| Operand::Word(word.to_owned()))?, after)
            }
        };
        self.rest = after;
        Some(operand)
    }
}

fn flag(operand: Operand, negated: bool) -> Option<Test> {
    match operand {
        Operand::Variable(name) | Operand::Word(name) => Some(Test::Flag { name, negated }),
        Operand::Text(_) => None,
    }
}

fn braced(text: &str) -> Option<(Operand, &str)> {
    let double = text.starts_with("{{");
    let (open, close) = if double { (2, "}}") } else { (1, "}") };
    let (name, after) = text[open..].split_once(close)?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(belongs_to_word);
    is_name.then(|| (Operand::Variable(name.to_owned()), after))
}

fn belongs_to_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '$')
}
