//! Options by name, as the contract passes them where it is expected to grow. Knows no option itself.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{bindings::types::OptionValue, journal::CallError};

/// The options of one call that were not taken yet.
pub(super) struct Options(BTreeMap<String, Value>);

impl Options {
    /// Reads the options of a call that has those of `known`. `invalid` for one that it has not, for one that appears twice,
    /// and for a value that is not JSON; the subject is the option's name.
    pub(super) fn read(options: Vec<OptionValue>, known: &[&str]) -> Result<Self, CallError> {
        let mut read = BTreeMap::new();
        for OptionValue { name, value } in options {
            if !known.contains(&&*name) {
                let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let name = escape_name(&name);
                return Err(CallError::invalid(format!("This call has no option `{name}`. Its options are {known}.")).about(name));
            }
            let document = serde_json::from_str(&value)
                .map_err(|error| CallError::invalid(format!("The option `{name}` is not JSON: {error}.")).about(&*name))?;
            if read.contains_key(&name) {
                return Err(CallError::invalid(format!("The option `{name}` appears twice. Give it once.")).about(name));
            }
            read.insert(name, document);
        }
        Ok(Self(read))
    }

    /// Takes the option `name`, if it was given. `expected` completes the sentence "The option … must be".
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, CallError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|_| wrong(name, expected))
    }

    /// The same, for a value that must also be `right`.
    pub(super) fn take_if<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expected: &str,
        right: impl FnOnce(&T) -> bool,
    ) -> Result<Option<T>, CallError> {
        match self.take(name, expected)? {
            Some(value) if !right(&value) => Err(wrong(name, expected)),
            value => Ok(value),
        }
    }
}

fn wrong(name: &str, expected: &str) -> CallError {
    CallError::invalid(format!("The option `{name}` must be {expected}.")).about(name)
}

/// A name that a guest made up, fit to be shown.
fn escape_name(name: &str) -> String {
    const LONGEST: usize = 64;
    name.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ErrorKind;

    fn option(name: &str, value: &str) -> OptionValue {
        OptionValue { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn options_are_taken_by_name() {
        let mut options = Options::read(vec![option("size", "3"), option("name", "\"a\"")], &["name", "size"]).unwrap();
        assert_eq!(options.take::<u32>("size", "a number").unwrap(), Some(3));
        assert_eq!(options.take::<u32>("size", "a number").unwrap(), None);
        assert_eq!(options.take_if::<String>("name", "a name", |name| name.len() == 1).unwrap().as_deref(), Some("a"));
    }

    #[test]
    fn what_is_wrong_with_an_option_is_named() {
        for (options, subject, part) in [
            (vec![option("nothing", "1")], "nothing", "no option `nothing`. Its options are `name`, `size`."),
            (vec![option("size", "1"), option("size", "1")], "size", "twice"),
            (vec![option("size", "{")], "size", "is not JSON"),
            (vec![option("\u{1b}[2J", "1")], "\\u{1b}[2J", "no option"),
        ] {
            let error = Options::read(options, &["name", "size"]).err().unwrap();
            assert_eq!((&error.kind, error.subject.as_deref()), (&ErrorKind::Invalid, Some(subject)));
            assert!(error.text.contains(part), "{error}");
        }
        let error = Options::read(vec![option("size", "-1")], &["size"]).unwrap().take::<u32>("size", "a whole number").unwrap_err();
        assert_eq!(error.text, "The option `size` must be a whole number.");
        let error = Options::read(vec![option("size", "1")], &["size"]).unwrap().take_if::<u32>("size", "0", |size| *size == 0);
        assert_eq!(error.unwrap_err().subject.as_deref(), Some("size"));
    }
}
