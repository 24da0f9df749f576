//! How registries of plugins are reached, and who asks: from the user's settings, the environment and what Docker knows.

use std::{fmt, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use super::{Config, ConfigError, LARGEST_FILE, path, text};
use crate::interfaces::llm::Proxy;

/// How a registry of plugins is reached.
#[derive(Clone, Debug, Default)]
pub struct RegistryAccess {
    /// Without encryption, though it is another machine.
    pub insecure: bool,
    /// Who asks; nobody in particular when there is none.
    pub login: Option<Login>,
    /// The proxy for encrypted connections.
    pub proxy: Option<Proxy>,
}

/// A user of a registry. The password is shown nowhere.
#[derive(Clone)]
pub struct Login {
    user: String,
    password: String,
}

impl Login {
    /// The value of the header `Authorization`, for the one request it belongs in.
    pub fn basic(&self) -> String {
        format!("Basic {}", BASE64.encode(format!("{}:{}", self.user, self.password)))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Login({})", self.user)
    }
}

impl Config {
    /// How a registry is reached: `[registries."HOST:PORT"]` in the user's settings, with `insecure`, and `user` and
    /// `password-env`, the name of the variable that holds the password. Without a user there, what `docker login` left in
    /// `config.json` under `DOCKER_CONFIG` or `~/.docker`; programs that keep passwords for Docker are not asked.
    pub fn registry(&self, host: &str) -> Result<RegistryAccess, ConfigError> {
        let table = self.user.get("registries").and_then(|registries| registries.get(host));
        let wrong = |key: &str, wanted, found: &Value| ConfigError::Value {
            path: self.user_file.clone(),
            key: format!("registries.\"{}\"{key}", host.escape_debug()),
            wanted,
            found: found.to_string(),
        };
        let mut access = RegistryAccess { proxy: self.models.proxy.clone(), ..RegistryAccess::default() };
        if let Some(other) = table.filter(|table| !table.is_object()) {
            return Err(wrong("", "a table with `insecure`, `user` and `password-env`", other));
        }
        let (mut user, mut variable) = (None, None);
        for (key, value) in table.and_then(Value::as_object).into_iter().flatten() {
            match (key.as_str(), value) {
                ("insecure", Value::Bool(insecure)) => access.insecure = *insecure,
                ("user", Value::String(name)) => user = Some(name.clone()),
                ("password-env", Value::String(name)) => variable = Some(name.clone()),
                _ => return Err(wrong(&format!(".{}", key.escape_debug()), "one of `insecure` = true, `user` and `password-env`", value)),
            }
        }
        access.login = match (user, variable) {
            (Some(user), Some(variable)) => {
                let password =
                    text(&variable).ok_or_else(|| wrong(".password-env", "the name of a variable that is set", &json!(variable)))?;
                Some(Login { user, password: password.trim().to_owned() })
            }
            (None, None) => docker_login(host),
            (user, _) => return Err(wrong("", "given both `user` and `password-env`, or none", &json!({ "user": user }))),
        };
        Ok(access)
    }
}

/// What `docker login` keeps for a registry. A file that cannot be used is none.
fn docker_login(host: &str) -> Option<Login> {
    let folder = path("DOCKER_CONFIG").or_else(|| path("HOME").map(|home| home.join(".docker")))?;
    let file = folder.join("config.json");
    let small = fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST_FILE);
    let known: Value = serde_json::from_slice(&small.then(|| fs::read(&file).ok())??).ok()?;
    let login = known.get("auths")?.get(host)?.get("auth")?.as_str()?;
    let login = String::from_utf8(BASE64.decode(login).ok()?).ok()?;
    let (user, password) = login.split_once(':')?;
    Some(Login { user: user.to_owned(), password: password.to_owned() })
}
