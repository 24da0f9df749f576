//! The files of the folder, which are the component's assets, and the configurations of the project.

use baton_folder_format::folder::Files;
use baton_folder_format::packing::{PACKING, Packing};
use baton_folder_format::plan::Plan;
use baton_sdk::prelude::*;

/// Where a packed folder's files come from.
pub(crate) struct Packed;

impl Files for Packed {
    fn read_folder(&self, path: &str) -> Option<Vec<u8>> {
        assets::read(path).ok()
    }

    fn list_folder(&self) -> Vec<String> {
        let mut paths: Vec<_> = assets::paths().into_iter().filter(|path| path != PACKING).collect();
        paths.sort();
        paths
    }

    fn read_project(&self, path: &str) -> Option<Vec<u8>> {
        files::read(path).ok()
    }

    // What is invoked is looked for when it is invoked.
    fn project_has(&self, _: &str) -> Option<bool> {
        None
    }
}

/// The files that the plan is not made of, sorted: what instructions name and only the agent reads.
pub(crate) fn other_files(plan: &Plan) -> Vec<String> {
    let document = plan.document.as_ref().and_then(|document| document.template.clone());
    let read: Vec<_> =
        plan.sheets.iter().map(|sheet| &sheet.file).chain(plan.checklist.iter().map(|list| &list.file)).chain(&document).collect();
    let is_entry = |path: &String| ["workflow.yaml", "workflow.yml", "workflow.md", "SKILL.md", "customize.toml"].contains(&path.as_str());
    Packed.list_folder().into_iter().filter(|path| !is_entry(path) && !read.contains(&path)).collect()
}

/// What was decided when the folder was packed.
pub(crate) fn packing() -> Packing {
    assets::read(PACKING).ok().and_then(|bytes| Packing::read(&bytes)).unwrap_or_default()
}
