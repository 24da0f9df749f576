//! Reads `persona.md`: a system prompt, after optional TOML settings between two `+++` lines. The host reads it by this code
//! as well, so that a mistake is told before the agent is packed.

use std::fmt;

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
    pub(crate) effort: Option<Effort>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) max_turns: Option<u32>,
    pub(crate) tools: Vec<String>,
}

/// How long a model that reasons may do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Effort {
    Low,
    Medium,
    High,
}

/// What is wrong with a persona.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// From 1; none where it is about the whole document.
    line: Option<usize>,
    problem: String,
}

const FENCE: &str = "+++";
const HOTTEST: f32 = 2.0;

impl Persona {
    pub(crate) fn read(document: &str) -> Result<Self, Mistake> {
        let document = document.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (head, text) = parted(&document)?;
        let settings = head.map(Settings::read).transpose()?.unwrap_or_default();
        if text.trim().is_empty() {
            return Err(Mistake { line: None, problem: "it has no text".to_owned() });
        }
        Ok(Self { settings, text: text.trim().to_owned() })
    }
}

impl Settings {
    fn read(head: &str) -> Result<Self, Mistake> {
        let settings: Self = toml::from_str(head).map_err(|error| {
            let before = error.span().and_then(|span| head.get(..span.start)).unwrap_or_default();
            Mistake::at(line_below(before), error.message().trim_end_matches('.').replace('\n', ", "))
        })?;
        let line = |name: &str| {
            let place = head.lines().position(|line| line.trim_start().starts_with(name));
            place.map_or(1, |place| place + 2)
        };
        if settings.temperature.is_some_and(|temperature| !(0.0..=HOTTEST).contains(&temperature)) {
            return Err(Mistake::at(line("temperature"), format!("`temperature` has to be a number from 0.0 to {HOTTEST:.1}")));
        }
        for (name, number) in [("max-tokens", settings.max_tokens), ("max-turns", settings.max_turns)] {
            if number == Some(0) {
                return Err(Mistake::at(line(name), format!("`{name}` has to be at least 1")));
            }
        }
        Ok(settings)
    }
}

/// The head, if there is one, and the text below it.
fn parted(document: &str) -> Result<(Option<&str>, &str), Mistake> {
    let is_fence = |line: &str, fence: &str| line.trim_end() == fence;
    let first = document.split_inclusive('\n').next().unwrap_or_default();
    let begin = first.len();
    if is_fence(first, "---") && document[begin..].lines().any(|line| is_fence(line, "---")) {
        return Err(Mistake::at(1, "its settings stand between `---`; write them in TOML between two lines `+++`"));
    }
    if !is_fence(first, FENCE) {
        return Ok((None, document));
    }
    let mut at = begin;
    for line in document[begin..].split_inclusive('\n') {
        if is_fence(line, FENCE) {
            return Ok((Some(&document[begin..at]), &document[at + line.len()..]));
        }
        at += line.len();
    }
    Err(Mistake::at(1, "its settings have no closing `+++` line"))
}

/// The line of the document that follows a part of its head.
fn line_below(before: &str) -> usize {
    before.matches('\n').count() + 2
}

impl Mistake {
    fn at(line: usize, problem: impl Into<String>) -> Self {
        Self { line: Some(line), problem: problem.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "persona.md:{line}: {}", self.problem),
            None => write!(formatter, "persona.md: {}", self.problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_before_the_text() {
        let persona =
            Persona::read("+++\ntemperature = 0.5\neffort = \"high\"\nmax-turns = 3\ntools = [\"read_file\"]\n+++\n\nYou are Ann.\n")
                .expect("reads");
        assert_eq!(persona.text, "You are Ann.");
        assert_eq!((persona.settings.temperature, persona.settings.effort), (Some(0.5), Some(Effort::High)));
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
    fn mistakes_are_named_with_their_line() {
        for (document, expected) in [
            ("", "persona.md: it has no text"),
            ("+++\nmax-turns = 3\n+++", "persona.md: it has no text"),
            ("+++\nmax-turns = 3\n", "persona.md:1: its settings have no closing"),
            ("---\nmax-turns: 3\n---\nYou", "persona.md:1: its settings stand between `---`"),
            ("+++\n\nturns = 3\n+++\nYou", "persona.md:3: unknown field `turns`, expected one of"),
            ("+++\r\ntemperature = 1\r\ntools = 7\r\n+++\r\nYou", "persona.md:3: invalid type: integer `7`"),
            ("+++\ntools = [\"a\"\n+++\nYou", "persona.md:"),
            ("+++\ntools = []\ntemperature = 2.5\n+++\nYou", "persona.md:3: `temperature` has to be a number from 0.0 to 2.0"),
            ("+++\ntemperature = nan\n+++\nYou", "persona.md:2: `temperature`"),
            ("+++\neffort = \"max\"\n+++\nYou", "persona.md:2: unknown variant `max`, expected one of"),
            ("+++\nmax-turns = 0\n+++\nYou", "persona.md:2: `max-turns` has to be at least 1"),
            ("+++\nmax-tokens = -1\n+++\nYou", "persona.md:2: "),
        ] {
            let mistake = Persona::read(document).expect_err(document).to_string();
            assert!(mistake.starts_with(expected), "{mistake}");
        }
    }

    #[test]
    fn a_head_is_found_however_its_lines_end() {
        for document in
            ["\u{feff}+++\nmax-turns = 3\n+++\nYou", "+++  \r\nmax-turns = 3\r\n+++ \r\nYou\r\n", "+++\nmax-turns = 3\n+++\n\nYou"]
        {
            let persona = Persona::read(document).expect(document);
            assert_eq!((persona.text.as_str(), persona.settings.max_turns), ("You", Some(3)));
        }
        assert_eq!(Persona::read("+++\n+++\nYou").expect("an empty head").settings, Settings::default());
        assert_eq!(Persona::read("---\nYou").expect("a line across the page").text, "---\nYou");
    }
}
