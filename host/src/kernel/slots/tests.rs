//! Which binding counts, and which make no sense.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::{
    errors::Hint,
    kernel::projects::{Project, ProjectState},
};

const KNOWN: &[Slot] = baton_slots::SLOTS;

fn project() -> Project {
    Project {
        id: "0194-shop".to_owned(),
        name: "shop".to_owned(),
        folders: vec![PathBuf::from("/shop")],
        repository: None,
        state: ProjectState::Active,
        settings: json!({}),
        former_key: None,
        created_at: 0,
        updated_at: 0,
        removed_at: None,
    }
}

fn table(bindings: Value) -> Result<Table, String> {
    let (table, mistakes) = Table::from_settings(KNOWN, &json!({ "bindings": bindings }));
    mistakes.first().map_or(Ok(table), |(key, error)| Err(format!("{key}: {}", error.explain())))
}

fn kept(project: Option<&str>, label: Option<&str>, plugin: &str) -> Binding {
    let scope = Scope { project: project.map(str::to_owned), label: label.map(str::to_owned) };
    Binding { scope, slot: "developer".to_owned(), plugin: plugin.to_owned(), bound_at: 0, bound_by: "ada".to_owned() }
}

/// Everything that can be said of one slot, the more specific first.
struct Said {
    kept: Vec<Binding>,
    settings: Table,
    repository: Scoped,
}

impl Said {
    fn new() -> Self {
        let shop = Some("0194-shop");
        let settings = json!({
            "developer": "settings", "labels": { "web": { "developer": "settings-web" } },
            "projects": { "shop": { "developer": "settings-shop", "labels": { "web": { "developer": "settings-shop-web" } } } },
        });
        Self {
            kept: vec![
                kept(shop, Some("web"), "command-shop-web"),
                kept(shop, None, "command-shop"),
                kept(None, Some("web"), "command-web"),
                kept(None, None, "command"),
            ],
            settings: table(settings).unwrap(),
            repository: Scoped::of_repository(
                KNOWN,
                &json!({ "developer": "repository", "labels": { "web": { "developer": "repository-web" } } }),
            )
            .unwrap(),
        }
    }

    fn chosen(&self, labels: &[&str]) -> String {
        let (project, labels) = (project(), labels.iter().map(ToString::to_string).collect::<Vec<_>>());
        let asked = Asked { kept: &self.kept, settings: &self.settings, repository: Some(&self.repository), project: Some(&project) };
        asked.choose(find(KNOWN, "developer").unwrap(), &labels).plugin
    }
}

#[test]
fn what_is_most_specific_counts_and_then_who_said_it() {
    let mut said = Said::new();
    let mut order = Vec::new();
    // Each time what counted is taken away.
    loop {
        let plugin = said.chosen(&["web"]);
        order.push(plugin.clone());
        let scoped = |scoped: &mut Scoped| {
            scoped.plain.retain(|_, bound| *bound != plugin);
            scoped.labels.values_mut().for_each(|table| table.retain(|_, bound| *bound != plugin));
        };
        said.kept.retain(|binding| binding.plugin != plugin);
        scoped(&mut said.repository);
        scoped(&mut said.settings.everywhere);
        said.settings.projects.values_mut().for_each(scoped);
        if plugin == "amelia" {
            break;
        }
    }
    assert_eq!(
        order,
        [
            "command-shop-web",
            "settings-shop-web",
            "repository-web",
            "command-shop",
            "settings-shop",
            "repository",
            "command-web",
            "settings-web",
            "command",
            "settings",
            "amelia"
        ]
    );
}

#[test]
fn labels_without_a_binding_change_nothing_and_of_several_the_first_by_name_counts() {
    let mut said = Said::new();
    assert_eq!((said.chosen(&[]), said.chosen(&["api"])), ("command-shop".to_owned(), "command-shop".to_owned()));
    said.kept.push(kept(Some("0194-shop"), Some("area"), "command-shop-area"));
    assert_eq!(said.chosen(&["web", "area"]), "command-shop-area");
    said.kept.push(kept(Some("another"), None, "elsewhere"));
    assert_eq!(said.chosen(&[]), "command-shop", "what another project binds is nothing to this one");
}

#[test]
fn what_cannot_be_bound_is_told_with_its_place() {
    for (bindings, expected) in [
        (json!({ "develper": "amelia" }), "bindings.develper: Slot `develper` does not exist. Did you mean `developer`?"),
        (json!({ "x\u{1b}[2J": "amelia" }), "bindings.x\\u{1b}[2J: Slot `x\\u{1b}[2J` does not exist. The slots are `analyst`"),
        (
            json!({ "labels": { "web": { "codereview": "a" } } }),
            "bindings.labels.web.codereview: Slot `codereview` does not exist. Did you mean `code-review`?",
        ),
        (json!({ "developer": "reviewer" }), "bindings.developer: `developer` cannot be bound to `reviewer`, which is a slot itself."),
        (json!({ "code-review": "dev-story" }), "which is a slot itself"),
        (json!({ "developer": 7 }), "`developer` has to be bound to the name of a plugin, and is 7."),
        (json!({ "developer": "../up" }), "has to be bound to the name of a plugin"),
        (json!({ "developer": { "plugin": "amelia" } }), "has to be bound to the name of a plugin"),
        (json!("amelia"), "`bindings` has to be a table"),
        (json!({ "projects": { "shop": 5 } }), "`bindings.projects.shop` has to be a table"),
        (json!({ "labels": ["web"] }), "`bindings.labels` has to be a table"),
    ] {
        let told = table(bindings.clone()).unwrap_err();
        assert!(told.contains(expected), "{bindings}: {told}");
    }
    assert_eq!(table(json!({ "land": "land", "developer": "amelia" })).unwrap().everywhere.plain.len(), 2, "a default may be named");
    assert_eq!(Table::from_settings(KNOWN, &json!({})), (Table::default(), Vec::new()));
    let (key, error) = Scoped::of_repository(KNOWN, &json!({ "projects": {} })).unwrap_err();
    assert_eq!((key.as_str(), error), ("bindings.projects", BindingError::OfProjects));
}

#[test]
fn what_is_understood_of_settings_is_kept_beside_what_is_wrong() {
    let bindings = json!({
        "land": "land", "develper": "amelia", "labels": { "web": { "developer": "bob", "decide": 7 } },
        "projects": { "shop": 5, "lab": { "developer": "../up", "reviewer": "murat" } },
    });
    let (table, mistakes) = Table::from_settings(KNOWN, &json!({ "bindings": bindings }));
    let mut keys: Vec<_> = mistakes.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["bindings.develper", "bindings.labels.web.decide", "bindings.projects.lab.developer", "bindings.projects.shop"]);
    assert_eq!((table.everywhere.bound("land", None), table.everywhere.bound("developer", Some("web"))), (Some("land"), Some("bob")));
    assert_eq!((table.projects.len(), table.projects["lab"].bound("reviewer", None)), (1, Some("murat")));
}

#[test]
fn every_bundled_plugin_fits_the_slots_that_it_is_the_default_of() {
    use crate::kernel::registry::{Origin, Plugin};
    for slot in KNOWN {
        let bundled = baton_plugins::BUNDLED.iter().find(|bundled| bundled.name == slot.default).unwrap();
        let plugin = Plugin::read(bundled.wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        assert_eq!(declared_misfit(slot, &plugin), None, "{}", slot.name);
    }
    let amelia = baton_plugins::BUNDLED.iter().find(|bundled| bundled.name == "amelia").unwrap();
    let amelia = Plugin::read(amelia.wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    let unfit = declared_misfit(find(KNOWN, "code-review").unwrap(), &amelia).unwrap();
    assert_eq!(unfit.to_string(), "`amelia` is an agent, and the slot `code-review` is for a workflow.");
    let tests = baton_plugins::BUNDLED.iter().find(|bundled| bundled.name == "run-tests").unwrap();
    let tests = Plugin::read(tests.wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    let unfit = declared_misfit(find(KNOWN, "code-review").unwrap(), &tests).unwrap().to_string();
    assert!(unfit.contains("`[input]` of `run-tests`") && unfit.contains("base"), "the field is named: {unfit}");
}
