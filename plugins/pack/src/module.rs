//! Makes plugins of a module: an agent of each of its agents, the menu of each as a workflow, and its workflows with the agent
//! whose menu has them. Follows no link, and gives no agent more than to ask a model and to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use baton_folder_format::agents::{self, Leads, ModuleAgent};
use baton_folder_format::packing;

use crate::workflow::manifest::one_line;
use crate::workflow::{Naming, Read, Workflow, WorkflowError, cut, is_workflow};
use crate::{PackError, pack};

/// Folders of a module that are looked into, and how deep.
const MOST_FOLDERS: usize = 1_000;
const MOST_DEPTH: usize = 8;
/// Agents of a module.
const MOST_AGENTS: usize = 100;
/// Bytes of an agent's file.
const LARGEST_FILE: u64 = 1 << 20;

/// A module that was read.
#[derive(Clone, Debug, Default)]
pub struct Module {
    agents: Vec<(String, ModuleAgent)>,
    workflows: Vec<(String, Workflow)>,
    /// What cannot be packed: its path in the module, and why.
    pub rejected: Vec<(String, String)>,
}

/// Whether a folder is a module with agents, and neither a plugin's nor a workflow's.
pub fn is_module(folder: &Path) -> bool {
    !is_workflow(folder)
        && !folder.join("plugin.toml").exists()
        && agent_files(folder).iter().any(|path| read_agent(folder, path).is_some())
}

impl Module {
    /// Reads a module. `is_taken` says which names a plugin cannot have.
    pub fn read(folder: &Path, is_taken: impl Fn(&str) -> bool) -> Self {
        let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let module = place.file_name().and_then(|name| name.to_str()).and_then(packing::plugin_name).unwrap_or_else(|| "module".to_owned());
        let named = |agent: ModuleAgent| (cut(format!("{module}-{}", packing::plugin_name(&agent.id).unwrap_or_default())), agent);
        let mut read =
            Self { agents: agent_files(folder).iter().filter_map(|path| read_agent(folder, path)).map(named).collect(), ..Self::default() };
        let naming = Naming { is_taken: &is_taken, module: Some(&module), agent: None, invoked: &|_| None };
        let mut folders = BTreeMap::new();
        let mut names: BTreeSet<String> = read.agents.iter().flat_map(|(name, _)| [name.clone(), menu_name(name)]).collect();
        for place in workflow_folders(folder) {
            match Read::folder(&folder.join(&place)) {
                Ok(workflow) => {
                    let name = workflow.name(&naming);
                    // Of two with one name, the second is called by its module and its folder.
                    let other = cut(format!("{module}-{}", packing::plugin_name(packing_name(&place)).unwrap_or_default()));
                    match [name, other].into_iter().find(|name| names.insert(name.clone())) {
                        Some(name) => {
                            folders.insert(place, (name, workflow));
                        }
                        None => read.rejected.push((place, "another workflow of the module has its name.".to_owned())),
                    }
                }
                Err(error) => read.rejected.push((place, error.to_string())),
            }
        }
        read.finish(folders, &naming);
        read
    }

    fn finish(&mut self, folders: BTreeMap<String, (String, Read)>, naming: &Naming<'_>) {
        let places: BTreeMap<String, String> = folders.iter().map(|(place, (name, _))| (place.clone(), name.clone())).collect();
        let invoked = |target: &str| place_of(&places, target).and_then(|place| places.get(&place).cloned());
        let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, agent) in &self.agents {
            for place in
                agent.menu.iter().filter_map(|item| if let Leads::Workflow(path) = &item.leads { place_of(&places, path) } else { None })
            {
                owners.entry(place).or_default().push(name.clone());
            }
        }
        for (place, (name, workflow)) in folders {
            // What several agents offer belongs to none of them.
            let agent = owners.get(&place).and_then(|owners| if let [one] = &owners[..] { Some(one.clone()) } else { None });
            let naming = Naming { agent, invoked: &invoked, ..*naming };
            match workflow.finish(&name, &naming) {
                Ok(workflow) => self.workflows.push((name, workflow)),
                Err(error) => self.rejected.push((place, error.to_string())),
            }
        }
        for (name, agent) in &self.agents {
            let menu = menu_name(name);
            let Some(files) = agent.menu_folder(&menu) else { continue };
            let assets = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
            let naming = Naming { agent: Some(name.clone()), invoked: &invoked, ..*naming };
            match Read::files(None, assets, menu.clone()).and_then(|read| read.finish(&menu, &naming)) {
                Ok(workflow) => self.workflows.push((menu, workflow)),
                Err(error) => self.rejected.push((format!("agents/{}", agent.id), error.to_string())),
            }
        }
    }

    /// The plugins with their names, sorted: agents in the engine of roles, and workflows in that of folders.
    pub fn pack(&self, role_engine: &[u8], folder_engine: &[u8]) -> Result<Vec<(String, Vec<u8>)>, WorkflowError> {
        let mut packed = Vec::new();
        for (name, agent) in &self.agents {
            packed.push((name.clone(), pack_agent(name, agent, role_engine)?));
        }
        for (name, workflow) in &self.workflows {
            packed.push((name.clone(), workflow.pack(folder_engine)?));
        }
        packed.sort();
        Ok(packed)
    }
}

fn pack_agent(name: &str, agent: &ModuleAgent, engine: &[u8]) -> Result<Vec<u8>, PackError> {
    let needs = [("models", "*"), ("read", "**")].map(|(kind, pattern)| (kind.to_owned(), toml::Value::from(vec![pattern])));
    let manifest: toml::Table = [
        ("name", toml::Value::from(name)),
        ("version", "0.1.0".into()),
        ("kind", "agent".into()),
        ("description", one_line(&agent.description()).into()),
        ("needs", toml::Table::from_iter(needs).into()),
    ]
    .into_iter()
    .map(|(field, value)| (field.to_owned(), value))
    .collect();
    let persona = format!("+++\nmax-turns = 40\ntools = [\"read_file\", \"find_files\", \"search_files\"]\n+++\n\n{}", agent.persona());
    pack(engine, &manifest.to_string(), &[("persona.md".to_owned(), persona.into_bytes())])
}

fn menu_name(agent: &str) -> String {
    // A name that is cut would lose what it ends with.
    format!("{}-menu", agent.chars().take(59).collect::<String>().trim_end_matches('-'))
}

fn packing_name(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

/// The folder of the module that a path names: `{project-root}/bmad/bmm/workflows/x/workflow.yaml` names `workflows/x`.
fn place_of(places: &BTreeMap<String, String>, target: &str) -> Option<String> {
    let path = target.trim().trim_end_matches('/');
    let folder = path.rsplit_once('/').filter(|(_, name)| name.starts_with("workflow.")).map_or(path, |(folder, _)| folder);
    let names = |place: &&String| folder == place.as_str() || folder.ends_with(&format!("/{place}"));
    places.keys().find(names).cloned()
}

/// The files of agents, sorted: of one agent its source before what was compiled from it.
fn agent_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("agents")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST_FILE));
    files.sort();
    let mut seen = BTreeSet::new();
    let id = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).and_then(agents::id_of).map(str::to_owned);
    files.retain(|path| id(path).is_some_and(|id| seen.insert(id)));
    files.truncate(MOST_AGENTS);
    files
}

/// The agent of a file, with what the module's users say of it beside the module: `_cfg/agents/MODULE-AGENT.customize.yaml`.
fn read_agent(folder: &Path, path: &Path) -> Option<ModuleAgent> {
    let file = path.file_name()?.to_str()?;
    let place = std::path::absolute(folder).ok()?;
    let module = place.file_name()?.to_str()?;
    let customized = format!("{module}-{}.customize.yaml", agents::id_of(file)?);
    let roots = ["_cfg", "_config"].map(|name| place.with_file_name(name).join("agents").join(&customized));
    let is_small = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LARGEST_FILE);
    let customize = roots.iter().find(is_small).and_then(|path| fs::read_to_string(path).ok());
    agents::read(file, &fs::read_to_string(path).ok()?, customize.as_deref())
}

/// The folders with workflows below `workflows`, by their paths in the module, sorted.
fn workflow_folders(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut work = vec![("workflows".to_owned(), 0)];
    let mut seen = 0;
    while let Some((place, depth)) = work.pop() {
        seen += 1;
        let path = folder.join(&place);
        if seen > MOST_FOLDERS || !fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) {
            continue;
        }
        if is_workflow(&path) {
            found.push(place.clone());
        }
        if depth < MOST_DEPTH {
            let names = fs::read_dir(&path).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
            work.extend(names.filter(|name| !name.starts_with('.')).map(|name| (format!("{place}/{name}"), depth + 1)));
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{EMPTY, section};
    use crate::{ASSETS_SECTION, MANIFEST_SECTION};

    const AGENT: &str = "agent:\n  metadata: { name: Ann, title: Gardener }\n  persona: { role: Grows things }\n  menu:\n    - trigger: plan\n      workflow: \"{project-root}/bmad/g/workflows/beds/workflow.yaml\"\n    - trigger: water\n      workflow: \"{project-root}/bmad/g/workflows/water/workflow.yaml\"\n";
    const OTHER: &str = "agent:\n  metadata: { name: Bob }\n  persona: { role: Waters }\n  menu:\n    - trigger: water\n      workflow: \"{project-root}/bmad/g/workflows/water/workflow.yaml\"\n";
    const STEPS: &str =
        "<workflow><step n=\"1\"><action>Look.</action><invoke-workflow path=\"{project-root}/bmad/g/workflows/beds\" /></step></workflow>";

    fn module() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        let files = [
            ("g/agents/ann.agent.yaml", AGENT),
            ("g/agents/ann.md", "<agent name=\"Old\"><persona><role>x</role></persona></agent>"),
            ("g/agents/bob.agent.yaml", OTHER),
            ("g/agents/README.md", "# Agents"),
            ("_cfg/agents/g-ann.customize.yaml", "persona:\n  identity: Loves rain\n"),
            ("g/workflows/beds/workflow.yaml", "name: plan-beds\ninstructions: instructions.md\n"),
            ("g/workflows/beds/instructions.md", "<workflow><step n=\"1\"><action>Look.</action></step></workflow>"),
            ("g/workflows/water/workflow.yaml", "name: water\ninstructions: instructions.md\n"),
            ("g/workflows/water/instructions.md", STEPS),
            ("g/workflows/empty/workflow.yaml", "name: empty\n"),
        ];
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn a_module_is_its_agents_their_menus_and_its_workflows() {
        let root = module();
        let folder = root.path().join("g");
        assert!(is_module(&folder) && !is_module(root.path()) && !is_module(&folder.join("workflows/beds")));
        let module = Module::read(&folder, |_| false);
        let packed = module.pack(EMPTY, EMPTY).expect("packs");
        let names: Vec<_> = packed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["g-ann", "g-ann-menu", "g-bob", "g-bob-menu", "plan-beds", "water"]);
        assert_eq!(Module::read(&folder, |_| false).pack(EMPTY, EMPTY).expect("packs"), packed, "the same module has the same bytes");
        assert!(
            matches!(&module.rejected[..], [(place, why)] if place == "workflows/empty" && why.contains("no instructions")),
            "{:?}",
            module.rejected
        );
        let manifest = |name: &str| -> toml::Table {
            let wasm = &packed.iter().find(|(packed, _)| packed == name).expect("packed").1;
            toml::from_str(&String::from_utf8_lossy(&section(wasm, MANIFEST_SECTION))).expect("TOML")
        };
        assert_eq!(manifest("g-ann")["kind"].as_str(), Some("agent"));
        assert_eq!(manifest("g-ann")["description"].as_str(), Some("Ann, Gardener: Grows things"));
        assert_eq!(manifest("plan-beds")["needs"]["agents"], toml::Value::from(vec!["g-ann"]), "the only agent that offers it");
        assert_eq!(manifest("water")["needs"]["agents"], toml::Value::from(vec!["analyst"]), "two agents offer it");
        assert_eq!(manifest("water")["needs"]["workflows"], toml::Value::from(vec!["decide", "plan-beds"]), "by its folder");
        assert_eq!(manifest("g-ann-menu")["needs"]["workflows"], toml::Value::from(vec!["decide", "plan-beds", "water"]));
        assert_eq!(manifest("g-ann-menu")["needs"]["agents"], toml::Value::from(vec!["g-ann"]));
        let ann = &packed[0].1;
        assert!(!section(ann, ASSETS_SECTION).is_empty());
        let identity = &module.agents[0].1.identity;
        assert_eq!(identity, "Loves rain");
    }
}
