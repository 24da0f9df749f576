//! The author's side: what a plugin's folder holds, how it begins and how it becomes a component. Prints nothing, and
//! keeps nothing but what it was asked to write.

pub(super) mod build;
mod programs;
pub(super) mod project;
pub(super) mod scaffold;

pub(super) use programs::Program;
pub(super) use project::{Language, Project};
