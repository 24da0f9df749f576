//! The slots that workflows ask for: roles, which agents fill, and policies, which workflows fill. For each its name, the
//! plugin that fills it where the operator bound no other, and its contract: what the plugin is given and what it answers, as
//! types and as JSON Schemas. The outputs of bundled workflows without a slot are here as well, for those who read them. Starts
//! nothing and knows no host.
//!
//! A plugin that fills a policy is a workflow over the types of that policy's module:
//!
//! ```
//! use baton_slots::run_tests::{Input, Output};
//!
//! fn run(input: Input) -> Output {
//!     let command = input.command.unwrap_or_else(|| "make test".to_owned());
//!     Output { passed: true, command: Some(command), report: "3 passed".to_owned(), ..Output::default() }
//! }
//! # assert!(run(Input::default()).passed);
//! ```
//!
//! Plugins in other languages read the schemas in `slots/schemas`. `baton plugin check FILE --as SLOT` holds a plugin against
//! its slot.

pub mod autopilot;
pub mod code_review;
pub mod decide;
pub mod dependency;
pub mod dev_story;
pub mod land;
pub mod plan;
pub mod role;
pub mod run_tests;
pub mod sprint;
pub mod story_context;

/// The slot of who finds out what a brief asks for.
pub const ANALYST: &str = "analyst";
/// The slot of who writes the product requirements.
pub const PRODUCT_MANAGER: &str = "product-manager";
/// The slot of who designs the architecture.
pub const ARCHITECT: &str = "architect";
/// The slot of who cuts the work into stories.
pub const SCRUM_MASTER: &str = "scrum-master";
/// The slot of who writes the test strategy and judges readiness.
pub const TEST_ARCHITECT: &str = "test-architect";
/// The slot of who writes a story's code.
pub const DEVELOPER: &str = "developer";
/// The slot of who judges a story's code.
pub const REVIEWER: &str = "reviewer";
/// The slot of what picks the context of a story.
pub const STORY_CONTEXT: &str = "story-context";
/// The slot of what has a story developed.
pub const DEV_STORY: &str = "dev-story";
/// The slot of what runs a project's tests.
pub const RUN_TESTS: &str = "run-tests";
/// The slot of what reviews a story.
pub const CODE_REVIEW: &str = "code-review";
/// The slot of what merges reviewed stories.
pub const LAND: &str = "land";
/// The slot of what answers questions.
pub const DECIDE: &str = "decide";

/// What kind of plugin fills a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An agent, which is given tasks.
    Role,
    /// A workflow.
    Policy,
}

/// A slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name, by which workflows ask for it. No other plugin than its default is called so.
    pub name: &'static str,
    /// What fills it.
    pub kind: Kind,
    /// The bundled plugin that fills it where the operator bound no other.
    pub default: &'static str,
    /// What it is for, in a few words.
    pub meaning: &'static str,
    /// The field of its input that names an item of the backlog.
    pub item: Option<&'static str>,
    /// JSON Schema of what the plugin is given.
    pub input: &'static str,
    /// JSON Schema of what the plugin answers.
    pub output: &'static str,
    /// A JSON array of inputs that every plugin in this slot takes.
    pub samples: &'static str,
}

/// A slot whose schemas and samples are in the files of this name.
macro_rules! slot {
    ($name:ident, $kind:ident, $default:literal, $file:literal, $item:expr, $meaning:literal) => {
        Slot {
            name: $name,
            kind: Kind::$kind,
            default: $default,
            meaning: $meaning,
            item: $item,
            input: include_str!(concat!("../schemas/", $file, ".input.json")),
            output: include_str!(concat!("../schemas/", $file, ".output.json")),
            samples: include_str!(concat!("../samples/", $file, ".json")),
        }
    };
}

/// All slots: the roles in the order in which a product is made, then the policies in the order in which a story is.
pub const SLOTS: &[Slot] = &[
    slot!(ANALYST, Role, "mary", "role", None, "finds out what a brief asks for"),
    slot!(PRODUCT_MANAGER, Role, "john", "role", None, "writes the product requirements"),
    slot!(ARCHITECT, Role, "winston", "role", None, "designs the architecture"),
    slot!(TEST_ARCHITECT, Role, "murat", "role", None, "writes the test strategy, judges readiness"),
    slot!(SCRUM_MASTER, Role, "bob", "role", None, "cuts the work into stories"),
    slot!(DEVELOPER, Role, "amelia", "role", None, "writes a story's code"),
    slot!(REVIEWER, Role, "murat", "role", None, "judges a story's code"),
    slot!(STORY_CONTEXT, Policy, "story-context", "story-context", Some("key"), "picks what a developer needs to know"),
    slot!(DEV_STORY, Policy, "dev-story", "dev-story", Some("key"), "has a story developed until its tests pass"),
    slot!(RUN_TESTS, Policy, "run-tests", "run-tests", None, "runs the project's tests"),
    slot!(CODE_REVIEW, Policy, "code-review", "code-review", Some("key"), "approves a story or requests changes"),
    slot!(LAND, Policy, "land", "land", None, "merges reviewed stories"),
    slot!(DECIDE, Policy, "decide", "decide", None, "answers a question, or has a person answer it"),
];

/// The slot of this name.
pub fn find(name: &str) -> Option<&'static Slot> {
    SLOTS.iter().find(|slot| slot.name == name)
}

#[cfg(test)]
mod tests;
