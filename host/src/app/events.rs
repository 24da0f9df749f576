//! What is told of plugins that come and go. Publishes none.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{events, journal::PluginVersion};

/// A plugin in the plugin folder is in use from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Published {
    /// The plugin.
    pub(crate) plugin: String,
    /// Its version.
    pub(crate) version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub(crate) hash: String,
    /// The file.
    pub(crate) file: String,
    /// SHA-256 of the version that it replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<String>,
}

/// The file of a plugin has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Moved {
    /// The plugin.
    pub(crate) plugin: String,
    /// Its version.
    pub(crate) version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub(crate) hash: String,
    /// The file.
    pub(crate) file: String,
    /// Its name before.
    pub(crate) from: String,
}

/// A file is not in the plugin folder any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Removed {
    /// The plugin that it held; of a rejected file its name alone.
    #[serde(flatten)]
    pub(crate) plugin: PluginVersion,
    /// The file.
    pub(crate) file: String,
    /// Whether it held no plugin that was in use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) rejected: bool,
}

/// A file in the plugin folder was rejected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Rejected {
    /// The file.
    pub(crate) file: String,
    /// Why.
    pub(crate) reason: String,
    /// What stays in use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<PluginVersion>,
}

/// An operator installed a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Installed {
    /// The plugin.
    pub(crate) plugin: String,
    /// SHA-256 of its file, in hexadecimal.
    pub(crate) hash: String,
    /// SHA-256 of the version that it replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<String>,
    /// Where in a registry it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// Its digest there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// The public key it is signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// An operator stored a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SecretSet {
    /// Its name.
    pub(crate) secret: String,
}

/// An operator removed a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SecretRemoved {
    /// Its name.
    pub(crate) secret: String,
}

/// An admin changed a setting of the host in the operator's file. It holds from the next start on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingChanged {
    /// Its key.
    pub(crate) setting: String,
    /// Its value; absent where it was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Value>,
}

events::payloads! {
    Published => Plugin "published" Info,
    Moved => Plugin "moved" Info,
    Removed => Plugin "removed" Info,
    Rejected => Plugin "rejected" Warn,
    Installed => Plugin "installed" Info,
    SecretSet => Audit "secret_set" Info,
    SecretRemoved => Audit "secret_removed" Info,
    SettingChanged => Audit "setting_changed" Info,
}
