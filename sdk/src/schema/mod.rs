//! Checks JSON against the part of JSON Schema that describes tools and answers.
//!
//! A full validator would be forty times the size of a small plugin. `pattern`, `format`, `if`, `dependent…`,
//! `unevaluated…` and references to other documents are not checked.
//!
//! ```
//! use baton_sdk::{prelude::*, schema};
//!
//! let wanted = json!({ "type": "object", "required": ["name"] });
//! assert!(schema::violations(&wanted, &json!({ "name": "Mary" })).is_empty());
//! assert_eq!(schema::violations(&wanted, &json!({}))[0].problem, "lacks `name`");
//! ```

mod assertions;
#[cfg(test)]
mod tests;

use std::{cell::Cell, fmt};

use serde_json::Value;

/// Deepest chain of references that is followed, so that a schema that names itself ends.
const DEEPEST: usize = 64;
/// Steps of one check: a step is a schema held against a value. References make a schema far larger than its text.
const MOST_STEPS: usize = 2_000_000;
/// Violations that are listed; nobody corrects more at once.
const MOST_FOUND: usize = 100;

/// One way in which a document does not satisfy its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer of the wrong value; empty for the root.
    pub path: String,
    /// What is wrong, such as `must be a string`.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the document" } else { &self.path };
        write!(formatter, "{place} {}", self.problem)
    }
}

/// The violations, at most a hundred, in the document's order; empty when the document satisfies the schema. A check that
/// takes too many steps finds that as a violation.
pub fn violations(schema: &Value, document: &Value) -> Vec<Violation> {
    let (mut found, steps) = (Vec::new(), Cell::new(0));
    let check = Check { root: schema, depth: 0, steps: &steps };
    check.check(schema, document, "", &mut found);
    if check.is_over() {
        found.clear();
        found.push(Violation { path: String::new(), problem: "is too much to be checked against this schema".to_owned() });
    }
    found
}

/// Violations as a list a model or a person can work through, one line each.
///
/// ```
/// # use baton_sdk::{prelude::*, schema};
/// let wanted = json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } });
/// let found = schema::violations(&wanted, &json!([-1, 2, "x"]));
/// assert_eq!(schema::listed(&found), "- /0 must be at least 0\n- /2 must be of type integer");
/// ```
pub fn listed(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("- {violation}")).collect::<Vec<_>>().join("\n")
}

/// A walk through a document; `root` is where `#/…` references begin.
#[derive(Clone, Copy)]
struct Check<'a> {
    root: &'a Value,
    depth: usize,
    steps: &'a Cell<usize>,
}

impl Check<'_> {
    fn take(self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    /// Nothing more is looked at.
    fn is_over(self) -> bool {
        self.steps.get() > MOST_STEPS
    }

    fn check(self, schema: &Value, document: &Value, path: &str, found: &mut Vec<Violation>) {
        if *schema == Value::Bool(false) {
            found.push(Violation { path: path.to_owned(), problem: "is not allowed here".to_owned() });
        }
        let Value::Object(keywords) = schema else {
            return;
        };
        self.take(1 + keywords.len());
        if self.is_over() {
            return;
        }
        if self.depth >= DEEPEST {
            found.push(Violation { path: path.to_owned(), problem: "is nested too deeply to be checked".to_owned() });
            return;
        }
        let inner = Check { depth: self.depth + 1, ..self };
        for (keyword, expected) in keywords {
            self.take(assertions::steps(keyword, expected, document));
            if self.is_over() || found.len() >= MOST_FOUND {
                return;
            }
            if let Some(problem) = assertions::problem(keyword, expected, document) {
                found.push(Violation { path: path.to_owned(), problem });
            }
            inner.apply(keyword, expected, keywords, document, path, found);
        }
    }

    /// The keywords that hold schemas of their own.
    fn apply(
        self,
        keyword: &str,
        expected: &Value,
        siblings: &serde_json::Map<String, Value>,
        document: &Value,
        path: &str,
        found: &mut Vec<Violation>,
    ) {
        match (keyword, document) {
            ("$ref", _) => self.follow(expected, document, path, found),
            ("properties", Value::Object(fields)) => {
                for (name, schema) in expected.as_object().into_iter().flatten() {
                    if let Some(value) = fields.get(name) {
                        self.check(schema, value, &child(path, name), found);
                    }
                }
            }
            ("additionalProperties", Value::Object(fields)) => {
                let declared = siblings.get("properties").and_then(Value::as_object);
                for (name, value) in fields.iter().filter(|(name, _)| !declared.is_some_and(|declared| declared.contains_key(*name))) {
                    self.check(expected, value, &child(path, name), found);
                }
            }
            ("items", Value::Array(items)) => {
                let prefixed = siblings.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                for (index, item) in items.iter().enumerate().skip(prefixed) {
                    self.check(expected, item, &child(path, &index.to_string()), found);
                }
            }
            ("prefixItems", Value::Array(items)) => {
                for (index, (schema, item)) in expected.as_array().into_iter().flatten().zip(items).enumerate() {
                    self.check(schema, item, &child(path, &index.to_string()), found);
                }
            }
            ("allOf", _) => expected.as_array().into_iter().flatten().for_each(|schema| self.check(schema, document, path, found)),
            ("anyOf", _) if self.fitting(expected, document) == 0 => found.push(none_fits(path)),
            ("oneOf", _) => match self.fitting(expected, document) {
                0 => found.push(none_fits(path)),
                1 => {}
                several => found.push(Violation {
                    path: path.to_owned(),
                    problem: format!("fits {several} of the forms of which it may fit only one"),
                }),
            },
            ("not", _) if self.fits(expected, document) => {
                found.push(Violation { path: path.to_owned(), problem: "has a form that is ruled out".to_owned() });
            }
            _ => {}
        }
    }

    fn follow(self, reference: &Value, document: &Value, path: &str, found: &mut Vec<Violation>) {
        let pointer = reference.as_str().and_then(|reference| reference.strip_prefix('#'));
        if let Some(schema) = pointer.and_then(|pointer| self.root.pointer(pointer)) {
            self.check(schema, document, path, found);
        }
    }

    fn fitting(self, schemas: &Value, document: &Value) -> usize {
        schemas.as_array().into_iter().flatten().filter(|schema| self.fits(schema, document)).count()
    }

    fn fits(self, schema: &Value, document: &Value) -> bool {
        let mut found = Vec::new();
        self.check(schema, document, "", &mut found);
        found.is_empty()
    }
}

fn child(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn none_fits(path: &str) -> Violation {
    Violation { path: path.to_owned(), problem: "fits none of the allowed forms".to_owned() }
}
