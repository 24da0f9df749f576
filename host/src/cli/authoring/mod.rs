//! The author's side: what a plugin's folder holds, how it begins and how it becomes a component. Prints nothing, and
//! keeps nothing but what it was asked to write.

mod build;
mod changes;
mod failure;
mod own_tests;
mod programs;
mod project;
pub(super) mod scaffold;
mod sdk;
mod unchanged;

pub(super) use changes::Changes;
use programs::Program;
pub(super) use project::{Language, Project};
