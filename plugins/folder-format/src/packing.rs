//! What a packer decides once and an engine reads again: the names of plugins that a folder leads to, and who works. Reads text
//! and paths; knows no host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::paths;

/// The asset that holds a [`Packing`]. Files of a folder whose names begin with a dot are not packed, so none has this path.
pub const PACKING: &str = ".baton/packing.toml";
/// The longest name of a plugin.
const LONGEST_NAME: usize = 64;

/// What was decided when a folder was packed.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packing {
    /// The agent or slot that works.
    pub agent: String,
    /// The plugin of each workflow that the folder invokes, by the name of its folder.
    pub workflows: BTreeMap<String, String>,
}

impl Packing {
    /// Reads the asset. None: it is not one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        toml::from_str(std::str::from_utf8(bytes).ok()?).ok()
    }
}

/// The name of a plugin in what a folder calls its workflow; none where nothing of it can be in a name.
pub fn plugin_name(text: &str) -> Option<String> {
    let mut name = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_lowercase() || character.is_ascii_digit() && !name.is_empty() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() == LONGEST_NAME {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// The name of the plugin of a workflow that is invoked by its folder or its file; none where it is not known before a run.
pub fn invoked_name(target: &str) -> Option<String> {
    let path = target.trim().trim_matches(['"', '`']).trim_end_matches('/');
    let is_entry = |name: &str| ["workflow.yaml", "workflow.yml", "workflow.md", "SKILL.md"].contains(&name);
    let folder = path.rsplit_once('/').filter(|(_, name)| is_entry(name)).map_or(path, |(folder, _)| folder);
    let name = paths::name(folder.trim_start_matches("skill:"));
    // What only a run knows has no name yet.
    if name.contains('{') { None } else { plugin_name(name) }
}

/// The module that a folder is part of, where its path says so: `bmad/bmm/workflows/x` is part of `bmm`.
pub fn module_of(installed: &str) -> Option<String> {
    let (before, _) = installed.split_once("/workflows/")?;
    plugin_name(paths::name(before))
}

/// What in a workflow's path or name says that it is the work of a role, the most telling first.
const ROLES: &[(&str, &str)] = &[
    ("testarch", "test-architect"),
    ("test-", "test-architect"),
    ("code-review", "reviewer"),
    ("dev-story", "developer"),
    ("quick-dev", "developer"),
    ("4-implementation", "scrum-master"),
    ("sprint", "scrum-master"),
    ("story", "scrum-master"),
    ("stories", "product-manager"),
    ("retrospective", "scrum-master"),
    ("correct-course", "scrum-master"),
    ("3-solutioning", "architect"),
    ("architecture", "architect"),
    ("2-plan", "product-manager"),
    ("prd", "product-manager"),
    ("requirements", "product-manager"),
    ("tech-spec", "product-manager"),
    ("ux", "product-manager"),
];

/// The slot whose phase a workflow is part of, by where it lies and what it is called.
pub fn role_of(path: &str) -> &'static str {
    let path = path.to_ascii_lowercase();
    ROLES.iter().find(|(mark, _)| contains_part(&path, mark)).map_or("analyst", |(_, role)| role)
}

/// What in a workflow's path or name says in which phase of a project it belongs, the most telling first.
const PHASES: &[(&str, &str)] = &[
    ("1-analysis", "analysis"),
    ("2-plan", "planning"),
    ("3-solutioning", "solutioning"),
    ("4-implementation", "implementation"),
    ("product-brief", "analysis"),
    ("brainstorm", "analysis"),
    ("research", "analysis"),
    ("document-project", "analysis"),
    ("prd", "planning"),
    ("requirements", "planning"),
    ("tech-spec", "planning"),
    ("ux", "planning"),
    ("architecture", "solutioning"),
    ("epics", "solutioning"),
    ("readiness", "solutioning"),
    ("sprint", "implementation"),
    ("story", "implementation"),
    ("code-review", "implementation"),
    ("retrospective", "implementation"),
    ("correct-course", "implementation"),
];

/// The phase of a project in which a workflow belongs, by where it lies and what it is called; none where neither says.
pub fn phase_of(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    PHASES.iter().find(|(mark, _)| contains_part(&path, mark)).map(|(_, phase)| *phase)
}

/// Whether a mark begins a word of the path: `ux` is in `create-ux-design` and not in `flux`.
fn contains_part(path: &str, mark: &str) -> bool {
    path.match_indices(mark).any(|(position, _)| !path[..position].ends_with(|before: char| before.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_plugin_can_have() {
        let names = [("Product Brief", "product-brief"), ("tech_spec--v2", "tech-spec-v2"), ("4-write", "write"), ("Größe", "gr-e")];
        for (text, name) in names {
            assert_eq!(plugin_name(text).as_deref(), Some(name), "{text}");
        }
        assert_eq!(plugin_name("…4-2"), None);
        assert_eq!(plugin_name(&"a".repeat(99)).map(|name| name.len()), Some(LONGEST_NAME));
        assert_eq!(plugin_name(&format!("{}-b", "a".repeat(63))).as_deref(), Some("a".repeat(63).as_str()));
    }

    #[test]
    fn invoked_workflows_are_named_by_their_folder() {
        for target in ["{project-root}/bmad/bmm/workflows/workflow-status", "x/workflow-status/workflow.yaml", "skill:workflow-status"] {
            assert_eq!(invoked_name(target).as_deref(), Some("workflow-status"), "{target}");
        }
        assert_eq!(invoked_name("{project-root}/{{next}}"), None);
        assert_eq!(module_of("bmad/bmm/workflows/1-analysis/x").as_deref(), Some("bmm"));
        assert_eq!(module_of("flows/x"), None);
    }

    #[test]
    fn the_place_of_a_workflow_names_a_role() {
        let roles = [
            ("bmad/bmm/workflows/4-implementation/dev-story", "developer"),
            ("bmad/bmm/workflows/4-implementation/create-story", "scrum-master"),
            ("bmad/bmm/workflows/2-plan-workflows/prd/create-epics-and-stories", "product-manager"),
            ("bmad/bmm/workflows/testarch/ci", "test-architect"),
            ("create-ux-design", "product-manager"),
            ("flux", "analyst"),
        ];
        for (path, role) in roles {
            assert_eq!(role_of(path), role, "{path}");
        }
        assert_eq!(
            (phase_of(roles[0].0), phase_of("create-ux-design"), phase_of("flux")),
            (Some("implementation"), Some("planning"), None)
        );
    }

    #[test]
    fn a_packing_that_is_not_one_is_none() {
        let packing = Packing::read(b"agent = \"developer\"\n[workflows]\nplan = \"bmm-plan\"\n").expect("a packing");
        assert_eq!((packing.agent.as_str(), packing.workflows["plan"].as_str()), ("developer", "bmm-plan"));
        for bytes in [&b"agent = 7"[..], b"\xff", b"agent"] {
            assert_eq!(Packing::read(bytes), None);
        }
    }
}
