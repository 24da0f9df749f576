//! `docs/reference/settings.md`: what the host says that it knows, what the program takes, and what the code reads.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use baton::interfaces::settings::{
    Settings,
    described::{Layer, TABLES, VARIABLES, is_chosen},
};
use baton_tests::program::{self, Ended};
use serde_json::Value;

use super::{Page, quoted};

#[test]
fn the_page_of_settings_matches_the_description() {
    let mut page = String::new();
    for table in TABLES {
        let title = if table.name.is_empty() { "Top level".to_owned() } else { format!("`[{}]`", table.name) };
        let layer = match table.layer {
            Layer::User => "Set in your settings only.",
            Layer::Both => "Set in your settings or in the project's.",
        };
        page += &format!("### {title}\n\n{} {layer}\n\n| setting | value | default | meaning |\n|---|---|---|---|\n", table.meaning);
        for setting in table.settings {
            page += &format!("| `{}` | {} | {} | {} |\n", setting.key, setting.kind, setting.default, setting.meaning);
        }
        page += &format!("\n```toml\n{}```\n\n", table.example);
    }
    page += "## Environment variables\n\n| variable | default | meaning |\n|---|---|---|\n";
    for variable in VARIABLES {
        page += &format!("| `{}` | {} | {} |\n", variable.name, variable.default, variable.meaning);
    }
    Page::named("settings.md").holds(&page);
}

#[test]
fn every_setting_of_the_page_is_taken() {
    let all: String = TABLES.iter().map(|table| format!("{}\n", table.example)).collect();
    let _ = with_settings(&all).exits(0);
    for table in TABLES {
        let set = leaves(&Settings::from_toml(table.example, table.name).unwrap());
        for setting in table.settings {
            let way = table.path(setting);
            let fits =
                |key: &Vec<String>| key.len() == way.len() && key.iter().zip(&way).all(|(word, name)| word == name || is_chosen(name));
            assert!(set.iter().any(fits), "the example of [{}] sets `{}`", table.name, setting.key);
        }
    }
}

/// Where an unknown word is an error, the error names the known ones: they are those of the page.
#[test]
fn a_table_that_names_its_settings_names_those_of_the_page() {
    for (table, besides) in [
        ("providers.NAME", None),
        ("prices.\"PROVIDER/MODEL\"", None),
        ("abilities.\"PROVIDER/MODEL\"", None),
        ("limits", None),
        ("plugins.NAME.limits", None),
        ("mcp.NAME", None),
        ("sandbox", Some("images")),
        ("sandbox.images.NAME", None),
        ("forge", Some("projects")),
        ("forge.projects.PROJECT", None),
        ("signatures", None),
    ] {
        let described = TABLES.iter().find(|known| known.name == table).unwrap();
        let wanted: BTreeSet<&str> =
            described.settings.iter().map(|setting| setting.key.split('.').next().unwrap()).chain(besides).collect();
        let name = table.replace("NAME", "a").replace("PROJECT", "a").replace("PROVIDER/MODEL", "a/b");
        let refused = with_settings(&format!("[{name}]\nxyzzy = 1\n"));
        assert_ne!(refused.code, Some(0), "[{table}] takes any word");
        let told = refused.stderr.replace('\n', " ");
        let is_word = |word: &&str| *word != "xyzzy" && word.chars().all(|character| character.is_ascii_lowercase() || character == '-');
        assert_eq!(quoted(&told).filter(is_word).collect::<BTreeSet<_>>(), wanted, "[{table}]: {told}");
    }
}

#[test]
fn what_the_code_reads_is_on_the_page() {
    let ways: Vec<_> = TABLES.iter().flat_map(|table| table.settings.iter().map(|setting| table.path(setting).join("."))).collect();
    let known = |key: &str| ways.iter().any(|way| way == key || way.starts_with(&format!("{key}.")) || way.ends_with(&format!(".{key}")));
    let named: BTreeSet<&str> =
        VARIABLES.iter().flat_map(|variable| quoted(variable.default).chain(quoted(variable.meaning)).chain([variable.name])).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut settings, mut variables) = (0, 0);
    for file in ["host/src", "plugins", "sdk/src"].iter().flat_map(|folder| sources(&root.join(folder))) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = &code.join("\n");
        let of_config = file.starts_with(root.join("host/src/config"));
        for key in read_in(code, of_config) {
            settings += 1;
            assert!(known(key), "{} reads the setting `{key}`; describe it in interfaces/settings/described", file.display());
        }
        let reads_variables = of_config && !file.ends_with("toolchain.rs");
        for name in literals(code).filter(|name| reads_variables && is_variable(name)) {
            variables += 1;
            assert!(named.contains(name), "{} reads the variable `{name}`; describe it in interfaces/settings/described", file.display());
        }
    }
    assert!(settings > 15 && variables > 15, "the scan finds what is read: {settings} settings, {variables} variables");
}

/// The literals in calls that read a setting; where the configuration is read, also those in calls of its small helpers.
fn read_in(code: &str, of_config: bool) -> Vec<&str> {
    let everywhere = ["settings::get(", "settings::get::<", "self.get(\"", "at(user, ", "at(&user, ", "positive("];
    let helpers: &[&str] = if of_config { &["number(\"", "word(\"", "words(\""] } else { &[] };
    let mut keys = Vec::new();
    for (place, call) in everywhere.iter().chain(helpers).flat_map(|call| code.match_indices(call)) {
        let is_call = !code[..place].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let line = code[place..].lines().next().unwrap_or_default();
        let literal = line[call.trim_end_matches('"').len()..].split('"').nth(1).unwrap_or_default();
        let is_key = literal.starts_with(|first: char| first.is_ascii_lowercase())
            && literal.chars().all(|c| c.is_ascii_lowercase() || "-.".contains(c));
        keys.extend((is_call && is_key).then_some(literal));
    }
    keys
}

fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
}

fn is_variable(name: &str) -> bool {
    name.len() > 2
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn leaves(value: &Value) -> Vec<Vec<String>> {
    let Value::Object(table) = value else { return vec![Vec::new()] };
    let below =
        |(name, value): (&String, &Value)| leaves(value).into_iter().map(|rest| [vec![name.clone()], rest].concat()).collect::<Vec<_>>();
    table.iter().flat_map(below).collect()
}

/// What comes of a command that only reads the settings.
fn with_settings(settings: &str) -> Ended {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("settings.toml"), settings).unwrap();
    let mut command = program::command(home.path(), &["secret", "list", "--data-dir", "data"]);
    program::output(command.env("BATON_CONFIG", home.path().join("settings.toml")))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        match entry.is_dir() {
            true if name != "tests" && name != "described" && name != "testing" => found.extend(sources(&entry)),
            false if name.ends_with(".rs") && !name.starts_with("tests") => found.push(entry),
            _ => {}
        }
    }
    found
}
