//! Finds the placeholders of templates, in each of the home-made dialects, and renders their blocks.

mod render;

use std::collections::BTreeSet;

use crate::variables::{Form, find};

pub use render::{Blocks, Rendered, render};

/// The names that a template has places for: `{{name}}`, the conditions and lists of its blocks, and `{NAME}` where the template
/// uses single braces throughout.
pub fn placeholders(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    let mut add = |name: &str| {
        if !name.starts_with("this.") && name != "this" && name != "else" && seen.insert(name.to_owned()) {
            names.push(name.to_owned());
        }
    };
    let has_double = find(text).any(|reference| reference.form == Form::Double);
    for reference in find(text).filter(|reference| reference.form == Form::Double || !has_double) {
        add(reference.name);
    }
    for block in blocks(text) {
        let mut words = block.split_whitespace();
        let name = match words.next() {
            Some("if" | "unless" | "each") => words.next().unwrap_or_default(),
            Some(section) => section,
            None => "",
        };
        if crate::variables::is_name(name) {
            add(name.split('.').next().unwrap_or(name));
        }
    }
    names
}

/// What stands in `{{#…}}`.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{#").skip(1).filter_map(|rest| rest.get(..rest.find("}}")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_each_dialect_are_found() {
        let text =
            "# {{title}}\n{{#if has_ui}}{{ui}}{{else}}-{{/if}}\n{{#each epics}}{{this.name}}{{/each}}\n{{#tech_1}}x{{/tech_1}} {style}";
        assert_eq!(placeholders(text), ["title", "ui", "has_ui", "epics", "tech_1"]);
        assert_eq!(placeholders("{STORY_ID} {a b}"), ["STORY_ID"]);
    }
}
