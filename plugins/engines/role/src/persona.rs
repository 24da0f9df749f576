//! Reads `persona.md`: a system prompt, after optional TOML settings between two `+++` lines.

use baton_sdk::{Error, Result};
use serde::Deserialize;

/// Who the model is.
#[derive(Debug)]
pub(crate) struct Persona {
    pub(crate) settings: Settings,
    /// The system prompt.
    pub(crate) text: String,
}

/// How the model is asked.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) temperature: Option<f32>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) max_turns: Option<u32>,
    pub(crate) tools: Vec<String>,
}

impl Persona {
    pub(crate) fn read(document: &str) -> Result<Self> {
        let document = document.replace("\r\n", "\n");
        let (settings, text) = match document.strip_prefix("+++\n") {
            None => (Settings::default(), document.as_str()),
            Some(rest) => {
                let (front, text) = rest.split_once("\n+++\n").ok_or_else(|| wrong("its settings have no closing `+++` line"))?;
                (toml::from_str(front).map_err(|error| wrong(error.message()))?, text)
            }
        };
        if text.trim().is_empty() {
            return Err(wrong("it has no text"));
        }
        Ok(Self { settings, text: text.trim().to_owned() })
    }
}

fn wrong(problem: &str) -> Error {
    Error::invalid(format!("The agent's persona.md can not be used: {problem}. Correct it and pack the agent again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_before_the_text() {
        let persona =
            Persona::read("+++\ntemperature = 0.5\nmax-turns = 3\ntools = [\"read_file\"]\n+++\n\nYou are Ann.\n").expect("reads");
        assert_eq!(persona.text, "You are Ann.");
        assert_eq!(persona.settings.temperature, Some(0.5));
        assert_eq!(persona.settings.max_turns, Some(3));
        assert_eq!(persona.settings.tools, ["read_file"]);
    }

    #[test]
    fn a_text_alone_is_a_persona() {
        let persona = Persona::read("You are Ann.").expect("reads");
        assert_eq!(persona.settings, Settings::default());
    }

    #[test]
    fn the_reference_describes_every_field() {
        let page = include_str!("../../../../docs/reference/persona.md");
        let examples: Vec<_> = page.split("```text\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
        let heads = examples.iter().filter(|example| example.starts_with("+++"));
        let read: Vec<_> = heads.map(|example| Persona::read(example).expect("reads")).collect();
        assert_eq!(read.len(), 1);
        let unknown = Persona::read("+++\nxyzzy = 3\n+++\nYou").expect_err("no such field").to_string();
        let fields: Vec<_> = unknown.split("expected").nth(1).expect("the fields").split('`').skip(1).step_by(2).collect();
        assert!(fields.len() > 2, "{unknown}");
        for field in fields {
            assert!(page.contains(&format!("| `{field}` |")), "persona.md leaves out `{field}`");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (document, expected) in [
            ("", "no text"),
            ("+++\nmax-turns = 3\n", "closing"),
            ("+++\nturns = 3\n+++\nYou", "unknown field"),
            ("+++\ntools = 7\n+++\nYou", "invalid type"),
        ] {
            let error = Persona::read(document).expect_err(document);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
