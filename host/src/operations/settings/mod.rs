//! The settings that hold on a host, without secrets: listed, and changed in the operator's file where no more than work depends on them.

mod change;
mod edit;
mod value;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Host, Page, Problem};
use crate::{
    config::Config,
    interfaces::{
        Settings,
        settings::described::{Setting as DescribedSetting, TABLES, Table, is_chosen},
    },
};

pub use change::{set, unset};

/// Tables that clients may change. The others say what is executed, what leaves this machine, who is let in and whom the host believes:
/// those are for whoever can write the file.
const CHANGEABLE: [&str; 9] = ["models", "runs", "limits", "compile", "knowledge", "sprint", "story", "plan", "decide"];

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// Its key, with dots.
    pub key: String,
    /// What it is set to; absent where it is not set, and where it is secret or for the host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What it will be from the next start of the host; absent where that is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextSetting>,
    /// What holds where it is not set, in words; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What its value is.
    pub kind: String,
    /// What it does.
    pub meaning: String,
    /// Whether it can be changed here. The others are changed in the operator's file alone.
    #[serde(default)]
    pub changeable: bool,
}

/// What a setting will be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NextSetting {
    /// Its value; absent where it will not be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// By table. Those with names that the operator chooses are left out.
pub fn list(host: &Host) -> Page<Setting> {
    Page::whole(list_of(&in_force(host.config()), next(host.config()).as_ref()))
}

/// One setting, by its key.
pub fn get(host: &Host, key: &str) -> Result<Setting, Problem> {
    let (table, setting) = find(key)?;
    Ok(Setting::new(&in_force(host.config()), next(host.config()).as_ref(), table, setting))
}

/// The description of a setting, with its table.
fn find(key: &str) -> Result<(&'static Table, &'static DescribedSetting), Problem> {
    every_setting().find(|(table, setting)| key_of(table, setting) == key).ok_or_else(|| {
        let message = format!("The setting `{}` does not exist.", key.escape_debug());
        Problem::not_found("setting_not_found", message).of_field("setting").advise("`GET /settings` lists those that there are.")
    })
}

/// Those whose keys have no name that the operator chooses.
fn every_setting() -> impl Iterator<Item = (&'static Table, &'static DescribedSetting)> {
    let each = TABLES.iter().flat_map(|table| table.settings.iter().map(move |setting| (table, setting)));
    each.filter(|(table, setting)| !table.path(setting).iter().any(|name| is_chosen(name)))
}

fn key_of(table: &Table, setting: &DescribedSetting) -> String {
    table.path(setting).join(".")
}

fn is_changeable(table: &Table) -> bool {
    CHANGEABLE.contains(&table.name)
}

fn in_force(config: &Config) -> Settings {
    Settings::merge(&[config.with_project(&Value::Null)])
}

/// What the next start would read; none where the file cannot be read.
fn next(config: &Config) -> Option<Settings> {
    let text = edit::read(&config.user_file).ok()?;
    config.with_user_file(&text).ok().map(|config| in_force(&config))
}

fn list_of(settings: &Settings, next: Option<&Settings>) -> Vec<Setting> {
    every_setting().map(|(table, setting)| Setting::new(settings, next, table, setting)).collect()
}

impl Setting {
    fn new(settings: &Settings, next: Option<&Settings>, table: &Table, setting: &DescribedSetting) -> Self {
        let key = key_of(table, setting);
        let value = settings.get(&key);
        let next = next.map(|next| next.get(&key)).filter(|next| *next != value).map(|value| NextSetting { value });
        Self {
            value,
            next,
            default: Some(setting.default.to_owned()).filter(|default| !default.is_empty()),
            kind: setting.kind.to_owned(),
            meaning: setting.meaning.to_owned(),
            changeable: is_changeable(table),
            key,
        }
    }
}

/// The views of these files.
#[derive(OpenApi)]
#[openapi(components(schemas(Page<Setting>)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_set_has_its_value_and_what_is_secret_has_none() {
        let set = json!({
            "models": { "default": "script/a" },
            "keys": { "openai": "sk-secret-1" },
            "api": { "tls": { "key": "/home/ada/secret-2" } },
            "forge": { "token": "secret-3" }
        });
        let next = json!({ "models": { "default": "script/b" } });
        let listed = list_of(&Settings::merge(&[set]), Some(&Settings::merge(&[next])));
        let found = listed.iter().find(|setting| setting.key == "models.default").unwrap();
        assert_eq!(found.value, Some(json!("script/a")));
        assert_eq!(found.next, Some(NextSetting { value: Some(json!("script/b")) }));
        assert!(!serde_json::to_string(&listed).unwrap().contains("secret-"));
        assert!(listed.len() > 30 && listed.iter().all(|setting| !setting.meaning.is_empty()));
    }

    #[test]
    fn clients_change_what_work_depends_on_and_nothing_else() {
        let listed = list_of(&Settings::default(), None);
        let changeable = |key: &str| listed.iter().find(|setting| setting.key == key).unwrap().changeable;
        assert!(changeable("models.default") && changeable("sprint.parallel") && changeable("limits.memory-mib"));
        for key in ["operator", "sandbox.engine", "forge.kind", "api.listen", "signatures.policy"] {
            assert!(!changeable(key), "{key}");
        }
        assert!(CHANGEABLE.iter().all(|name| TABLES.iter().any(|table| table.name == *name)));
    }
}
