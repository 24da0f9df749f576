//! Whether a plugin does what its slot's contract says: by its kind, by the input that its manifest takes, and by what it
//! answers. Computes, so call it where blocking is allowed.

use baton_slots::Slot;
use serde_json::Value;

use super::kind_of;
use crate::{
    interfaces::schema_check::{self, Unchecked},
    kernel::registry::Plugin,
};

/// Where a document does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field, such as `findings[0].what`; empty for the whole.
    pub field: String,
    /// What is wrong there.
    pub problem: String,
}

/// Why a plugin does not fit a slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another kind.
    #[error("`{plugin}` is {found}, and the slot `{slot}` is for {wanted}.")]
    Kind {
        /// The plugin.
        plugin: String,
        /// The slot.
        slot: &'static str,
        /// What it is.
        found: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// Its manifest takes another input than workflows give.
    #[error("The `[input]` of `{plugin}` does not take what the slot `{slot}` is given: {}. Take it in plugin.toml, or leave `[input]` out.", .misfit.describe())]
    Input {
        /// The plugin.
        plugin: String,
        /// The slot.
        slot: &'static str,
        /// Where.
        misfit: Misfit,
    },
    /// It answers something else.
    #[error("What `{plugin}` answers does not fit the slot `{slot}`: {}.", .misfit.describe())]
    Output {
        /// The plugin.
        plugin: String,
        /// The slot.
        slot: &'static str,
        /// Where.
        misfit: Misfit,
    },
    /// It does not take a sample.
    #[error("`{plugin}` does not take the sample {sample} of the slot `{slot}`: {reason}")]
    Sample {
        /// The plugin.
        plugin: String,
        /// The slot.
        slot: &'static str,
        /// The sample's number, from 1.
        sample: usize,
        /// What it says.
        reason: String,
    },
}

impl Misfit {
    /// For people: the field and what is wrong there.
    pub fn describe(&self) -> String {
        let problem = excerpt(&self.problem);
        if self.field.is_empty() { problem } else { format!("`{}`: {problem}", self.field) }
    }
}

/// Why a plugin cannot fill a slot, as far as that is known without executing it.
pub fn declared_misfit(slot: &'static Slot, plugin: &Plugin) -> Option<Unfit> {
    let manifest = &plugin.package.manifest;
    let (found, wanted, plugin) = (manifest.kind, kind_of(slot), plugin.name().to_owned());
    if found != wanted {
        return Some(Unfit::Kind { plugin, slot: slot.name, found: found.with_article(), wanted: wanted.with_article() });
    }
    let declared = manifest.input.as_ref()?;
    let misfit = samples(slot).iter().find_map(|sample| first(declared, sample))?;
    Some(Unfit::Input { plugin, slot: slot.name, misfit })
}

/// Where an answer does not fit a slot, of which the plugin was given `input`.
pub fn output_misfit(slot: &Slot, input: &Value, output: &Value) -> Option<Misfit> {
    first(&document(slot.output), output).or_else(|| answer_misfit(slot, input, output))
}

/// An agent answers what its task's schema says.
fn answer_misfit(slot: &Slot, input: &Value, output: &Value) -> Option<Misfit> {
    let schema = input.get("answer-schema").filter(|schema| slot.kind == baton_slots::Kind::Role && schema.is_object())?;
    let answer: Result<Value, _> = serde_json::from_str(output["answer"].as_str()?);
    let misfit = match answer {
        Ok(answer) => first(schema, &answer)?,
        Err(error) => Misfit { field: String::new(), problem: format!("it is not JSON: {error}") },
    };
    let field = if misfit.field.is_empty() { "answer".to_owned() } else { format!("answer.{}", misfit.field) };
    Some(Misfit { field, ..misfit })
}

/// What every plugin in the slot has to take.
pub(in crate::kernel) fn samples(slot: &Slot) -> Vec<Value> {
    serde_json::from_str(slot.samples).unwrap_or_default()
}

fn document(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

fn first(schema: &Value, document: &Value) -> Option<Misfit> {
    match schema_check::check(schema, document, 1) {
        Ok(mistakes) => {
            mistakes.into_iter().next().map(|mistake| Misfit { field: schema_check::dotted(&mistake.pointer), problem: mistake.problem })
        }
        Err(Unchecked::Costly(_)) => Some(Misfit { field: String::new(), problem: "it is too large to be checked".to_owned() }),
        // Of a schema that a task brought: whoever uses the answer finds out.
        Err(Unchecked::Schema(_)) => None,
    }
}

/// A problem quotes what it is about, however long that is.
fn excerpt(problem: &str) -> String {
    const LONGEST: usize = 300;
    let end = problem.floor_char_boundary(LONGEST);
    let cut = if end < problem.len() { "…" } else { "" };
    let shown: String = problem[..end].chars().filter(|character| !character.is_control()).collect();
    format!("{}{cut}", shown.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_held_against_its_slot_and_its_task() {
        let review = baton_slots::find("code-review").unwrap();
        let misfit = |output: Value| output_misfit(review, &json!({}), &output).map(|misfit| misfit.describe());
        assert_eq!(misfit(json!({ "verdict": "approve", "more": 1 })), None);
        assert!(misfit(json!({ "verdict": "fine" })).unwrap().starts_with("`verdict`: "));
        assert!(misfit(json!({})).unwrap().contains("verdict"));
        assert!(misfit(json!({ "verdict": "changes", "findings": [{ "path": "a" }] })).unwrap().starts_with("`findings[0]`: "));
        let long = misfit(json!({ "verdict": "x".repeat(5_000) })).unwrap();
        assert!(long.len() < 400, "{long}");

        let developer = baton_slots::find("developer").unwrap();
        let task = json!({ "goal": "g", "answer-schema": { "type": "object", "required": ["summary"] } });
        let misfit = |answer: &str| output_misfit(developer, &task, &json!({ "answer": answer })).map(|misfit| misfit.describe());
        assert_eq!(misfit(r#"{"summary": "Done."}"#), None);
        assert!(misfit("Done.").unwrap().starts_with("`answer`: it is not JSON"));
        assert!(misfit(r#"{"summery": 1}"#).unwrap().contains("summary"));
        assert_eq!(output_misfit(developer, &json!({ "goal": "g", "answer-schema": null }), &json!({ "answer": "Done." })), None);
        assert!(output_misfit(developer, &json!({}), &json!("Done.")).is_some());
    }
}
