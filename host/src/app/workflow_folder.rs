//! Workflow folders: what the engine understands of one, in a folder or in a plugin, and the plugin that one is packed as.
//! Follows no link out of a project.

use std::{io::Read as _, path::Path};

use baton_folder_format::{
    folder::{Files, MemoryFiles},
    packing::{PACKING, Packing},
    plan::Plan,
};
use baton_pack::{
    module::{Module, is_module},
    workflow::{Workflow, WorkflowError, is_workflow, plan_in},
};
use cap_std::{ambient_authority, fs::Dir};

use crate::kernel::registry::Plugin;

/// Bytes of a file of the project that a plan looks into: a configuration.
const LARGEST_FILE: u64 = 4 << 20;

/// What the engine understands of a workflow folder.
pub struct Understood {
    /// The plan.
    pub plan: Plan,
    /// The agent or slot that works; none where the folder cannot be packed.
    pub agent: Option<String>,
}

/// Whether a folder is a workflow folder.
pub fn is_workflow_folder(folder: &Path) -> bool {
    is_workflow(folder)
}

/// A workflow folder, read to be packed.
pub fn read_workflow_folder(folder: &Path) -> Result<Workflow, WorkflowError> {
    Workflow::read(folder, is_taken)
}

/// The plugins of a module, each with its name, and what of the module cannot be packed. None: the folder has no agents.
pub fn pack_module(folder: &Path) -> Result<Option<PackedModule>, String> {
    if !is_module(folder) {
        return Ok(None);
    }
    let module = Module::read(folder, is_taken);
    let plugins = module.pack(baton_plugins::ROLE_ENGINE, baton_plugins::FOLDER_ENGINE).map_err(|error| error.to_string())?;
    Ok(Some(PackedModule { plugins, rejected: module.rejected }))
}

/// A module, packed.
pub struct PackedModule {
    /// The plugins with their names.
    pub plugins: Vec<(String, Vec<u8>)>,
    /// What cannot be packed: its path in the module, and why.
    pub rejected: Vec<(String, String)>,
}

/// Whether a plugin that is part of Baton, or a slot, has the name.
fn is_taken(name: &str) -> bool {
    baton_slots::find(name).is_some() || baton_plugins::BUNDLED.iter().any(|bundled| bundled.name == name)
}

/// What the engine understands of a folder, with the configurations of a project.
pub fn understand_folder(folder: &Path, project: &Path) -> Result<Understood, String> {
    let (_, assets) = baton_pack::folder::read_assets(folder).map_err(|error| error.to_string())?;
    let files = InProject { own: MemoryFiles { folder: assets.into_iter().collect(), project: None }, project: open(project) };
    let agent = read_workflow_folder(folder).ok().map(|workflow| workflow.agent().to_owned());
    Ok(Understood { plan: plan_in(&files), agent })
}

/// What the engine understands of the folder in a plugin; none where the plugin was not packed from one.
pub fn understand_plugin(plugin: &Plugin, project: &Path) -> Option<Understood> {
    let packing = Packing::read(plugin.assets.get(PACKING)?)?;
    let paths = plugin.assets.paths().filter(|path| *path != PACKING);
    let folder = paths.filter_map(|path| Some((path.to_owned(), plugin.assets.get(path)?.to_vec()))).collect();
    let files = InProject { own: MemoryFiles { folder, project: None }, project: open(project) };
    Some(Understood { plan: plan_in(&files), agent: Some(packing.agent) })
}

fn open(project: &Path) -> Option<Dir> {
    Dir::open_ambient_dir(project, ambient_authority()).ok()
}

/// The files of a folder, and of the project in which it would run.
struct InProject {
    own: MemoryFiles,
    project: Option<Dir>,
}

impl Files for InProject {
    fn read_folder(&self, path: &str) -> Option<Vec<u8>> {
        self.own.read_folder(path)
    }

    fn list_folder(&self) -> Vec<String> {
        self.own.list_folder()
    }

    fn read_project(&self, path: &str) -> Option<Vec<u8>> {
        let project = self.project.as_ref()?;
        // A pipe would be waited for.
        project.metadata(path).ok().filter(|about| about.is_file() && about.len() <= LARGEST_FILE)?;
        let mut bytes = Vec::new();
        project.open(path).ok()?.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn project_has(&self, path: &str) -> Option<bool> {
        Some(self.project.as_ref()?.exists(path))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const WORKFLOW: &str = "name: code-review\nconfig_source: \"{project-root}/bmad/g/config.yaml\"\noutput_folder: \"{config_source}:output_folder\"\ninstructions: instructions.md\ndefault_output_file: \"{output_folder}/a.md\"\n";

    fn garden(project: &Path) -> std::path::PathBuf {
        let folder = project.join("bmad/g/workflows/garden");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("workflow.yaml"), WORKFLOW).unwrap();
        fs::write(folder.join("instructions.md"), "<workflow><step n=\"1\"><action>Look.</action></step></workflow>").unwrap();
        folder
    }

    fn output(understood: &Understood) -> Option<&str> {
        understood.plan.document.as_ref()?.file.as_deref()
    }

    #[test]
    fn a_plan_knows_the_configuration_of_the_project() {
        let project = tempfile::tempdir().unwrap();
        let folder = garden(project.path());
        fs::write(project.path().join("bmad/g/config.yaml"), "output_folder: \"{project-root}/docs\"\n").unwrap();
        let understood = understand_folder(&folder, project.path()).unwrap();
        assert_eq!((output(&understood), understood.agent.as_deref()), (Some("./docs/a.md"), Some("reviewer")));
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(output(&understand_folder(&folder, elsewhere.path()).unwrap()), Some("{output_folder}/a.md"));
    }

    #[test]
    fn the_name_of_a_bundled_plugin_is_not_taken() {
        let project = tempfile::tempdir().unwrap();
        let workflow = read_workflow_folder(&garden(project.path())).unwrap();
        assert!(workflow.manifest.contains("name = \"code-review-folder\"\n"), "{}", workflow.manifest);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_project_is_not_followed() {
        let (project, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = garden(project.path());
        let secret = elsewhere.path().join("config.yaml");
        fs::write(&secret, "output_folder: secret\n").unwrap();
        std::os::unix::fs::symlink(&secret, project.path().join("bmad/g/config.yaml")).unwrap();
        assert_eq!(output(&understand_folder(&folder, project.path()).unwrap()), Some("{output_folder}/a.md"));
    }
}
