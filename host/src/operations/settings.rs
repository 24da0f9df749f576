//! The settings that hold on a host, without secrets. Changes none: they are in the operator's file.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Host, Page};
use crate::interfaces::{
    Settings,
    settings::described::{Setting as DescribedSetting, TABLES, Table, is_chosen},
};

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// Its key, with dots.
    pub key: String,
    /// What it is set to; absent where it is not set, and where it is secret or for the host alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What holds where it is not set, in words; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What its value is.
    pub kind: String,
    /// What it does.
    pub meaning: String,
}

/// By table. Those with names that the operator chooses are left out.
pub fn list(host: &Host) -> Page<Setting> {
    list_of(&Settings::merge(&[host.config().with_project(&Value::Null)]))
}

fn list_of(settings: &Settings) -> Page<Setting> {
    let each = TABLES.iter().flat_map(|table| table.settings.iter().map(move |setting| (table, setting)));
    let fixed = each.filter(|(table, setting)| !table.path(setting).iter().any(|name| is_chosen(name)));
    Page::whole(fixed.map(|(table, setting)| Setting::new(settings, table, setting)).collect())
}

impl Setting {
    fn new(settings: &Settings, table: &Table, setting: &DescribedSetting) -> Self {
        let key = table.path(setting).join(".");
        Self {
            value: settings.get(&key),
            default: Some(setting.default.to_owned()).filter(|default| !default.is_empty()),
            kind: setting.kind.to_owned(),
            meaning: setting.meaning.to_owned(),
            key,
        }
    }
}

/// The views of this file.
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
        let listed = list_of(&Settings::merge(&[set]));
        let found = listed.items.iter().find(|setting| setting.key == "models.default").unwrap();
        assert_eq!(found.value, Some(json!("script/a")));
        assert!(!serde_json::to_string(&listed).unwrap().contains("secret-"));
        assert!(listed.items.len() > 30 && listed.items.iter().all(|setting| !setting.meaning.is_empty()));
    }
}
