//! Reads workflow folders as people keep them: instructions with tags, Markdown steps, step files and Agent Skills. Gives a typed
//! plan with findings. Executes nothing, reads no file by itself and asks no model.

pub mod agents;
pub mod checklist;
pub mod conditions;
pub mod customize;
pub mod finding;
pub mod folder;
pub mod limits;
pub mod markup;
pub mod packing;
pub mod paths;
pub mod plan;
pub mod source;
pub mod status;
pub mod template;
pub mod variables;
pub mod yaml;
