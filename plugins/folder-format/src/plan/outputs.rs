//! Reads what stands in `<template-output>`: names, assignments, or a sentence. Also undoes what formatters did to names.

use serde::{Deserialize, Serialize};

use crate::variables::is_name;

/// What is filled in.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "form")]
pub enum Fill {
    /// One placeholder.
    Name {
        /// Its name.
        name: String,
    },
    /// Several placeholders.
    Names {
        /// Their names.
        names: Vec<String>,
    },
    /// A placeholder whose name a formatter changed: `tech*profile` for `tech_profile`.
    Mangled {
        /// The name as it was meant.
        name: String,
    },
    /// A placeholder whose name holds a variable.
    Interpolated {
        /// The name with its `{{variables}}`.
        name: String,
    },
    /// Values for the caller; nothing is written.
    Values {
        /// Names and values.
        values: Vec<(String, String)>,
    },
    /// What to write, in a sentence.
    Instruction {
        /// The sentence.
        text: String,
    },
}

impl Fill {
    /// The placeholders that are named.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Name { name } | Self::Mangled { name } | Self::Interpolated { name } => vec![name],
            Self::Names { names } => names.iter().map(String::as_str).collect(),
            Self::Values { values } => values.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Instruction { .. } => Vec::new(),
        }
    }
}

/// Reads the text of a `<template-output>`.
pub fn read(text: &str) -> Fill {
    let text = text.trim();
    if is_name(text) {
        return Fill::Name { name: text.to_owned() };
    }
    if let Some(values) = values(text) {
        return Fill::Values { values };
    }
    let names: Vec<_> = text.split(',').map(str::trim).collect();
    if names.len() > 1 && names.iter().all(|name| is_name(name)) {
        return Fill::Names { names: names.into_iter().map(str::to_owned).collect() };
    }
    if is_interpolated(text) {
        return Fill::Interpolated { name: text.to_owned() };
    }
    let repaired = text.replace("\\_", "_").replace('*', "_");
    if repaired != text && (is_name(&repaired) || is_interpolated(&repaired)) {
        return Fill::Mangled { name: repaired };
    }
    Fill::Instruction { text: text.to_owned() }
}

/// `name = value`, one on each line.
fn values(text: &str) -> Option<Vec<(String, String)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let values: Option<Vec<_>> = lines
        .map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            is_name(name).then(|| (name.to_owned(), value.trim().trim_matches('"').to_owned()))
        })
        .collect();
    values.filter(|values| !values.is_empty())
}

/// A name in which some parts are `{{variables}}`.
fn is_interpolated(text: &str) -> bool {
    let mut plain = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { return false };
        if !is_name(name.trim()) {
            return false;
        }
        plain.push_str(before);
        plain.push('x');
        rest = after;
        found = true;
    }
    plain.push_str(rest);
    found && is_name(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let name = |name: &str| Fill::Name { name: name.to_owned() };
        assert_eq!(read(" executive_summary\n"), name("executive_summary"));
        assert_eq!(read("a, b ,c"), Fill::Names { names: ["a", "b", "c"].map(str::to_owned).to_vec() });
        assert_eq!(read("success = true"), Fill::Values { values: vec![("success".to_owned(), "true".to_owned())] });
        let two = Fill::Values { values: vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "{{c}} == 2".to_owned())] };
        assert_eq!(read("a = \"1\"\n b = {{c}} == 2"), two);
        assert_eq!(read("tech*profile*{{option_number}}"), Fill::Mangled { name: "tech_profile_{{option_number}}".to_owned() });
        assert_eq!(read("epic\\_{{n}}\\_details"), Fill::Mangled { name: "epic_{{n}}_details".to_owned() });
        assert_eq!(read("story_{{n}}"), Fill::Interpolated { name: "story_{{n}}".to_owned() });
        let sentence = "Replace {{overview}} with the summary";
        assert_eq!(read(sentence), Fill::Instruction { text: sentence.to_owned() });
        assert_eq!(read(""), Fill::Instruction { text: String::new() });
    }
}
