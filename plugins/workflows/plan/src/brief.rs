//! Reads the workflow's input. It never guesses: an unknown field is a mistake, and so are two briefs.

use baton_sdk::rules::mismatch;
use baton_sdk::serde_json::{self, Value};
use baton_sdk::{Error, Result};
use serde::Deserialize;

/// Longest brief in bytes: beyond this it is no brief, and every agent would pay for it.
const LONGEST: usize = 64 * 1024;

/// A brief that has been read.
#[derive(Debug, PartialEq)]
pub(crate) struct Brief {
    pub(crate) text: String,
    pub(crate) title: Option<String>,
}

/// The input's forms, before files are read.
#[derive(Debug)]
pub(crate) struct BriefInput {
    source: Source,
    title: Option<String>,
}

#[derive(Debug)]
enum Source {
    Text(String),
    File(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fields {
    brief: Option<String>,
    brief_file: Option<String>,
    title: Option<String>,
}

impl Brief {
    /// A JSON string is the brief itself; an object names the brief or its file.
    pub(crate) fn from_input(input: Value) -> Result<BriefInput> {
        if let Value::String(text) = input {
            return Ok(BriefInput { source: Source::Text(text), title: None });
        }
        let fields: Fields = serde_json::from_value(input).map_err(|error| wrong(&mismatch::describe(&error)))?;
        let source = match (fields.brief, fields.brief_file) {
            (Some(text), None) => Source::Text(text),
            (None, Some(path)) => Source::File(path),
            (None, None) => return Err(wrong("it names no brief")),
            (Some(_), Some(_)) => return Err(wrong("it names a brief and a file")),
        };
        let title = fields.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        Ok(BriefInput { source, title })
    }
}

impl BriefInput {
    /// The brief, read with `read` where the input names a file.
    pub(crate) fn loaded(self, read: impl FnOnce(&str) -> Result<String>) -> Result<Brief> {
        let text = match self.source {
            Source::Text(text) => text,
            Source::File(path) => read(&path)?,
        };
        if text.trim().is_empty() {
            return Err(Error::invalid("The brief is empty. Say in a few sentences what is to be built and for whom."));
        }
        if text.len() > LONGEST {
            return Err(Error::invalid(format!(
                "The brief is {} bytes long, and at most {LONGEST} are read. Shorten it to what the product is about.",
                text.len()
            )));
        }
        Ok(Brief { text, title: self.title })
    }
}

fn wrong(problem: &str) -> Error {
    Error::invalid(format!(
        "The input of plan is wrong: {problem}. Give {{\"brief\": \"…\"}} or {{\"brief-file\": \"brief.md\"}}, with an optional \"title\", or the brief as a JSON string."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::ErrorKind;
    use baton_sdk::serde_json::json;

    fn load(input: Value) -> Result<Brief> {
        Brief::from_input(input)?.loaded(|path| Ok(format!("content of {path}")))
    }

    #[test]
    fn every_form_of_input_is_read() {
        assert_eq!(load(json!("A shop")), Ok(Brief { text: "A shop".into(), title: None }));
        assert_eq!(load(json!({"brief": "A shop", "title": " Shop "})), Ok(Brief { text: "A shop".into(), title: Some("Shop".into()) }));
        assert_eq!(load(json!({"brief-file": "brief.md"})), Ok(Brief { text: "content of brief.md".into(), title: None }));
    }

    #[test]
    fn wrong_inputs_are_refused_with_a_sentence() {
        let cases = [
            (json!({}), "names no brief"),
            (json!({"brief": "a", "brief-file": "b"}), "a brief and a file"),
            (json!({"breif": "a"}), "`breif` is not one of its fields"),
            (json!({"brief": 7}), "has to be a string"),
            (json!([1]), "wrong"),
            (json!(null), "wrong"),
            (json!(" \n"), "is empty"),
            (json!("x".repeat(LONGEST + 1)), "Shorten"),
        ];
        for (input, expected) in cases {
            match load(input.clone()) {
                Err(Error { kind: ErrorKind::Invalid, text, .. }) => assert!(text.contains(expected), "{text}"),
                other => panic!("{input} gave {other:?}"),
            }
        }
    }
}
