//! What the operator set: files and environment, read once at start. The only reader of the environment; shows no key.

mod api;
mod bindings;
mod endpoints;
mod faults;
mod forge;
mod keys;
mod operator;
mod prices;
mod privacy;
mod reading;
mod registries;
mod server;
mod setup;
mod toolchain;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    actor::Actor,
    errors::Hint,
    interfaces::{
        Settings,
        forge::Config as Forge,
        git::Program,
        llm::{
            self, Abilities, AbilityError, Proxy, Secret,
            money::{PriceError, Prices},
        },
        sandbox,
        settings::SettingsError,
        tools::mcp::{self, Reach},
    },
    kernel::{
        compiler::CompileLimits,
        limits::Limits,
        signature::Trust,
        slots::{BindingError, Mistake, Table},
    },
    secrets::Secrets,
};

pub use crate::{journal::Redactor, own_files};
pub use api::{ApiSettings, TlsFiles};
pub use bindings::bindings;
pub use faults::Faults;
pub use privacy::{Open, open_to_others};
pub use registries::{Login, RegistryAccess};
pub use server::{credentials_file, named_server, token_for_server};
pub use toolchain::tool_environment;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// `variable` names the place for `what`.
    #[error("No directory is known for {what}.")]
    NoHome { what: &'static str, variable: &'static str },
    #[error("The file `{}` cannot be read: {reason}.", .path.display())]
    File { path: PathBuf, reason: String },
    /// A key that would limit something if it were read; `meant` is the one that is perhaps meant.
    #[error(
        "The setting `{}` in `{}` is not known; did you mean `{}`? An unknown setting limits nothing.",
        .key.escape_debug(), .path.display(), .meant.escape_debug()
    )]
    Misspelt { path: PathBuf, key: String, meant: String },
    #[error(transparent)]
    Content(#[from] SettingsError),
    #[error(transparent)]
    Price(#[from] PriceError),
    #[error(transparent)]
    Ability(#[from] AbilityError),
    /// `key` is dotted, here and below.
    #[error("`{key}` in `{}` cannot be used. {error}", .path.display())]
    Binding { path: PathBuf, key: String, error: BindingError },
    #[error("`{key}` in `{}` has to be {wanted}, and is {found}.", .path.display())]
    Value { path: PathBuf, key: String, wanted: &'static str, found: String },
    /// A test that injects nothing would pass for nothing.
    #[cfg(fault_injection)]
    #[error("The variable `{variable}` has to be a fault such as {wanted}.")]
    Fault { variable: &'static str, wanted: &'static str },
    #[cfg(not(fault_injection))]
    #[error("This program was built without fault injection, for which the variable `{variable}` asks.")]
    NoFaults { variable: &'static str },
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoHome { variable, .. } => Some(format!("Set HOME or {variable}.")),
            Self::File { .. } => Some("Fix or remove it.".to_owned()),
            Self::Misspelt { .. } => Some("Correct or remove it.".to_owned()),
            Self::Content(error) => error.hint(),
            Self::Price(error) => error.hint(),
            Self::Ability(error) => error.hint(),
            Self::Binding { error, .. } => error.hint(),
            Self::Value { .. } => None,
            #[cfg(fault_injection)]
            Self::Fault { .. } => None,
            #[cfg(not(fault_injection))]
            Self::NoFaults { .. } => Some("Unset it, or build with the feature `fault-injection`.".to_owned()),
        }
    }
}

/// What the operator set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept. `--data-dir`, else `BATON_DATA_DIR`, else `baton` under the user's data folder.
    pub data_dir: PathBuf,
    /// The user's settings: `BATON_CONFIG`, else `baton/baton.toml` under the user's configuration folder.
    pub user_file: PathBuf,
    /// Compiled code of all data directories: `baton/compiled` under the user's cache folder, else `cache` in the data directory.
    pub cache_dir: PathBuf,
    /// The key that marks compiled code as this user's own: `baton/cache.key` under the user's folder for state.
    pub cache_key: PathBuf,
    /// Defaults with the user's settings and those of the environment laid over them: `BATON_MODEL` is `models.default`.
    /// Limits come from here alone: a project cannot raise its own.
    pub user: Value,
    /// The operator's secrets, in `secrets.json` of the data directory; sealed with `BATON_SECRET_KEY`, else with the key in
    /// `secret.key` beside the key of the cache. A key of a provider that is not in the environment is looked up here.
    pub secrets: Secrets,
    /// Knows every key, token and secret that there is.
    pub redactor: Redactor,
    /// Keys and addresses of model providers: `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `OPENAI_API_KEY`,
    /// `OPENAI_BASE_URL`, the same of `GEMINI`, `OLLAMA_BASE_URL`, and `[providers.NAME]` in the user's settings with `base-url` and `key-env` or
    /// `key-secret`. What models can do: the table that comes with Baton, and `[abilities."provider/model"]` in the user's
    /// settings over it.
    pub models: llm::Config,
    /// The operator's MCP servers, from `[mcp.NAME]` in the user's settings alone: a project cannot start a program.
    pub servers: Vec<mcp::Config>,
    /// Which plugins fill slots: `[bindings]` in the user's settings. What a repository says of it is a proposal.
    pub bindings: Table,
    /// What is wrong in `[bindings]`, by its dotted key: only what lists bindings opens the data then.
    pub mistaken_bindings: Vec<Mistake>,
    /// What models cost: the table that comes with Baton, and `[prices."provider/model"]` in the user's settings over it.
    pub prices: Prices,
    /// This program, which compiles plugins in a process of its own; none where it is a library of another.
    pub program: Option<PathBuf>,
    /// The `git` program: the first in `PATH`. Without one, what works on repositories says so. `SSH_AUTH_SOCK` is for pushing.
    pub git: Option<Program>,
    /// What compiling one plugin may take: `compile.time-s` and `compile.memory-mib` in the user's settings. Default 60 s
    /// and 2 GiB.
    pub compile: CompileLimits,
    /// Executions at once: `runs.at-once`. Default 64.
    pub slots: usize,
    /// Who decides what plugins may do, for the audit log: `BATON_USER`, else `operator` in the user's settings, else `USER`
    /// and its like, else the user's name in the system's database, else `uid` and the user's number.
    pub operator: Actor,
    /// What tests inject: `BATON_FREEZE_AFTER_WRITES`, `BATON_CLOCK_FILE` and `BATON_HASTE`, in builds that have it.
    pub faults: Faults,
    /// Whose plugins are taken: `signatures.policy` (`off`, `warn` or `require`; default `warn`) and `[signatures.keys]`,
    /// public keys by name, in the user's settings alone: a project cannot vouch for itself.
    pub trust: Trust,
    /// Where commands are executed: `[sandbox]` in the user's settings alone, and `DOCKER_HOST` where no `socket` is set.
    pub sandbox: sandbox::Settings,
    /// What setups may reach and take: `[setup]` in the user's settings alone, with `test.setup` there, and `HTTPS_PROXY`.
    pub setup: sandbox::SetupSettings,
    /// Where pull requests are: `[forge]` in the user's settings alone, for a project could send the token elsewhere.
    pub forge: Forge,
    /// How the API is served: `[api]` in the user's settings alone.
    pub api: ApiSettings,
}

/// Bytes of a file of settings.
const LARGEST_FILE: u64 = 1 << 20;

/// The words of a table of limits.
const LIMITS: &[&str] =
    &["memory-mib", "guest-time-ms", "wall-time-s", "payload-mib", "calls", "runs", "concurrent-runs", "grace-s", "traps"];
const LIMITS_WANTED: &str =
    "one of `memory-mib`, `guest-time-ms`, `wall-time-s`, `payload-mib`, `calls`, `runs`, `concurrent-runs`, `grace-s` and `traps`";

const NO_DATA: ConfigError = ConfigError::NoHome { what: "data", variable: "BATON_DATA_DIR" };
const NO_SETTINGS: ConfigError = ConfigError::NoHome { what: "your settings", variable: "BATON_CONFIG" };
const NO_STATE: ConfigError = ConfigError::NoHome { what: "this machine's keys", variable: "XDG_STATE_HOME" };

/// The file in a project's folder that holds its settings.
pub const PROJECT_FILE: &str = "baton.toml";

impl Config {
    /// Where the host keeps its own, out of reach of every run: data, compiled code, the user's settings, and the keys. Absolute, each where
    /// it is named and where that leads.
    pub fn own_places(&self) -> Vec<PathBuf> {
        let keys = self.cache_key.parent();
        [self.data_dir.as_path(), &self.cache_dir, &self.user_file].into_iter().chain(keys).flat_map(privacy::resolve_place).collect()
    }

    /// Whether a folder, an absolute path without links, is one of the host's own places or lies in the data directory.
    pub fn is_own_place(&self, folder: &Path) -> bool {
        self.own_places().iter().any(|own| own == folder)
            || privacy::resolve_place(&self.data_dir).iter().any(|data| folder.starts_with(data))
    }

    /// Whether commands of runs are isolated from this machine. Plain processes are not.
    pub fn isolates_commands(&self) -> bool {
        self.sandbox.engine != sandbox::EngineKind::Process
    }

    /// The same, where commands are executed as plain processes.
    #[must_use]
    pub fn with_plain_processes(self) -> Self {
        let sandbox = sandbox::Settings { engine: sandbox::EngineKind::Process, ..self.sandbox };
        Self { sandbox, ..self }
    }

    /// Settings for a workspace as they are now: defaults, user, project, environment; the later wins.
    pub fn settings(&self, workspace: &Path) -> Result<Value, ConfigError> {
        Ok(self.with_project(&self.project(workspace)?))
    }

    /// Defaults and the user's settings with those of a project over them, and those of the environment over both.
    pub fn with_project(&self, project: &Value) -> Value {
        Settings::merge(&[self.user.clone(), project.clone(), from_environment()]).into_value()
    }

    /// The settings in the file of a workspace.
    pub fn project(&self, workspace: &Path) -> Result<Value, ConfigError> {
        let path = workspace.join(PROJECT_FILE);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            // Whoever wrote the workspace would choose which of the user's files plugins are shown.
            let reason = "it is a link, which is not followed in a workspace".to_owned();
            return Err(ConfigError::File { path, reason });
        }
        let project = settings_file(&path)?;
        no_script(&project, &path)?;
        fitting_models(&project, &path)?;
        Ok(project)
    }

    /// What a run of `plugin` may take: `limits` in the user's settings, and `plugins.NAME.limits` over it.
    pub fn limits(&self, plugin: &str) -> Limits {
        // The values were checked when they were read.
        self.limits_at(&["limits".to_owned(), format!("plugins.{plugin}.limits")]).unwrap_or_default()
    }

    fn check_limits(&self) -> Result<(), ConfigError> {
        let plugins = at(&self.user, "plugins").and_then(Value::as_object);
        let of_plugins = plugins.into_iter().flat_map(|plugins| plugins.keys()).map(|plugin| format!("plugins.{plugin}.limits"));
        for table in std::iter::once("limits".to_owned()).chain(of_plugins) {
            self.check_words(&table)?;
            self.limits_at(&[table])?;
        }
        Ok(())
    }

    /// A limit that is misspelt would be no limit at all.
    fn check_words(&self, table: &str) -> Result<(), ConfigError> {
        let Some(set) = at(&self.user, table) else { return Ok(()) };
        let wrong =
            |key: String, found: String| Err(ConfigError::Value { path: self.user_file.clone(), key, wanted: LIMITS_WANTED, found });
        let Some(limits) = set.as_object() else { return wrong(table.to_owned(), set.to_string()) };
        match limits.keys().find(|key| !LIMITS.contains(&key.as_str())) {
            Some(unknown) => wrong(format!("{table}.{}", unknown.escape_debug()), "another word".to_owned()),
            None => Ok(()),
        }
    }

    fn limits_at(&self, tables: &[String]) -> Result<Limits, ConfigError> {
        let mut limits = Limits::default();
        // Most tables are not there, and every execution of a run asks.
        for table in tables.iter().filter(|table| at(&self.user, table).is_some()) {
            let number = |key: &str| positive(&self.user, &self.user_file, &format!("{table}.{key}"));
            let bytes = |mebibytes: u64| usize::try_from(mebibytes.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
            limits.memory = number("memory-mib")?.map_or(limits.memory, bytes);
            limits.payload = number("payload-mib")?.map_or(limits.payload, bytes);
            limits.guest_time = number("guest-time-ms")?.map_or(limits.guest_time, Duration::from_millis);
            limits.grace = number("grace-s")?.map_or(limits.grace, Duration::from_secs);
            limits.wall_time = number("wall-time-s")?.map_or(limits.wall_time, Duration::from_secs);
            limits.calls = number("calls")?.unwrap_or(limits.calls);
            limits.runs = number("runs")?.unwrap_or(limits.runs);
            let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            limits.concurrent_runs = number("concurrent-runs")?.map(count).or(limits.concurrent_runs);
            limits.traps = number("traps")?.map_or(limits.traps, |traps| u32::try_from(traps).unwrap_or(u32::MAX));
        }
        Ok(limits)
    }
}

/// The `git` program that the operator would start.
pub fn git_program() -> Option<Program> {
    let search = env::var_os("PATH")?;
    let path =
        env::split_paths(&search).filter(|folder| folder.is_absolute()).map(|folder| folder.join("git")).find(|file| file.is_file())?;
    let person = ["HOME", "XDG_CONFIG_HOME"].into_iter().filter_map(|name| Some((name.into(), env::var_os(name)?))).collect();
    Some(Program { path, agent: env::var_os("SSH_AUTH_SOCK"), search, person })
}

/// The file of this program: on Linux that which is being executed, also when another was put in its place meanwhile.
pub fn this_program() -> Option<PathBuf> {
    if cfg!(target_os = "linux") { Some(PathBuf::from("/proc/self/exe")) } else { env::current_exe().ok() }
}

/// The path of this program, for other programs that are to start it.
pub fn path_of_this_program() -> Option<PathBuf> {
    env::current_exe().ok()
}

/// Whether the environment leads to this data directory by itself, without an option on the command line.
pub fn is_data_dir_of_environment(data_dir: &Path) -> bool {
    path("BATON_DATA_DIR").is_some_and(|named| named == data_dir)
}

/// What the program logs to standard error: `BATON_LOG`, a level of its own such as `debug`, or directives such as
/// `baton::kernel=trace`. Needed before anything else can be read.
pub fn log_filter() -> Option<String> {
    text("BATON_LOG")
}

/// The MCP servers in the user's settings, which lie in `file`: `[mcp.NAME]` with `command`, a list, and `env`, the names
/// of variables it may see; or with `url`, and `token-env`, the name of the variable that holds its token.
pub fn tool_servers(user: &Value, file: &Path) -> Result<Vec<mcp::Config>, ConfigError> {
    let servers = at(user, "mcp").and_then(Value::as_object);
    servers.into_iter().flatten().map(|(name, server)| tool_server(name, server, file)).collect()
}

fn tool_server(name: &str, server: &Value, file: &Path) -> Result<mcp::Config, ConfigError> {
    let wrong = |key: &str, wanted, found: String| {
        Err(ConfigError::Value { path: file.to_owned(), key: format!("mcp.{}{key}", name.escape_debug()), wanted, found })
    };
    let plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return wrong("", "named with lower-case letters, digits and dashes", "another name".to_owned());
    }
    let words =
        |key: &str| -> Option<Vec<String>> { server.get(key)?.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect() };
    let word = |key: &str| server.get(key).and_then(Value::as_str);
    for key in server.as_object().into_iter().flat_map(|server| server.keys()) {
        if !["command", "env", "url", "token-env"].contains(&key.as_str()) {
            return wrong(
                &format!(".{}", key.escape_debug()),
                "left out: there are `command`, `env`, `url` and `token-env`",
                "set".to_owned(),
            );
        }
    }
    let reach = match (words("command").filter(|command| !command.is_empty()), word("url")) {
        (Some(command), None) => {
            let named = words("env").unwrap_or_default();
            // What a program needs to be found and to start at all.
            let names = ["PATH", "HOME", "LANG", "TMPDIR"].into_iter().chain(named.iter().map(String::as_str));
            let environment: BTreeMap<_, _> = names.filter_map(|name| Some((name.to_owned(), env::var(name).ok()?))).collect();
            let missing = named.iter().filter(|name| !environment.contains_key(*name)).cloned().collect();
            Reach::Program { command, environment, missing }
        }
        (None, Some(url)) if url.starts_with("http://") || url.starts_with("https://") => Reach::Address {
            url: url.to_owned(),
            token: word("token-env").and_then(text),
            token_name: word("token-env").map(str::to_owned),
        },
        _ => {
            return wrong(
                "",
                "a table with either `command`, a list such as [\"npx\", \"-y\", \"a-server\"], or `url`, an address",
                server.to_string(),
            );
        }
    };
    Ok(mcp::Config { name: name.to_owned(), reach })
}

fn trust(user: &Value, file: &Path) -> Result<Trust, ConfigError> {
    let Some(table) = at(user, "signatures") else { return Ok(Trust::default()) };
    Trust::from_settings(table).map_err(|error| misread(file, "signatures", &error.key, error.wanted, error.found))
}

fn sandbox(user: &Value, file: &Path) -> Result<sandbox::Settings, ConfigError> {
    let set = at(user, "sandbox").map(sandbox::Settings::from_settings).unwrap_or_else(|| Ok(sandbox::Settings::default()));
    let mut settings = set.map_err(|error| misread(file, "sandbox", &error.key, error.wanted, error.found))?;
    (settings.socket, settings.search) = (settings.socket.or_else(|| text("DOCKER_HOST")), text("PATH").unwrap_or_default());
    Ok(settings)
}

fn misread(file: &Path, table: &str, key: &str, wanted: &'static str, found: String) -> ConfigError {
    ConfigError::Value { path: file.to_owned(), key: format!("{table}{key}"), wanted, found }
}

fn defaults() -> Value {
    json!({ "runs": { "at-once": 64 } })
}

fn from_environment() -> Value {
    let model = text("BATON_MODEL").map(|model| json!({ "models": { "default": model } }));
    let listen = text("BATON_LISTEN").map(|address| json!({ "api": { "listen": address } }));
    Settings::merge(&[model.unwrap_or_default(), listen.unwrap_or_default()]).into_value()
}

fn redactor(models: &llm::Config, servers: &[mcp::Config], secrets: &Secrets) -> Redactor {
    let redactor = Redactor::default();
    models.keys().for_each(|key| key.teach(&redactor));
    for server in servers {
        if let Reach::Address { token: Some(token), .. } = &server.reach {
            redactor.learn(token);
        }
    }
    // What cannot be opened is told where it is wanted.
    let names = secrets.names().unwrap_or_default();
    names.iter().filter_map(|name| secrets.find(name).ok()?).for_each(|secret| redactor.learn(&secret));
    text("BATON_SECRET_KEY").iter().for_each(|key| redactor.learn(key));
    redactor
}

/// A secret, or none with a word in the log where it is there and cannot be opened: whoever only looks needs no key.
fn secret(secrets: &Secrets, name: &str) -> Option<String> {
    secrets.find(name).unwrap_or_else(|error| {
        tracing::warn!(%error, name, "a secret is left out");
        None
    })
}

fn models(user: &Value, file: &Path, secrets: &Secrets) -> Result<llm::Config, ConfigError> {
    let kept = |name: &str| secret(secrets, name).map(Secret::new);
    let key = |name: &str| text(name).map(Secret::new).or_else(|| kept(name));
    let scripts = env::current_dir().unwrap_or_default();
    fitting_models(user, file)?;
    let endpoints = endpoints::endpoints(user, file, secrets)?;
    Ok(llm::Config {
        anthropic_api_key: key("ANTHROPIC_API_KEY"),
        anthropic_base_url: text("ANTHROPIC_BASE_URL"),
        openai_api_key: key("OPENAI_API_KEY"),
        openai_base_url: text("OPENAI_BASE_URL"),
        gemini_api_key: key("GEMINI_API_KEY"),
        gemini_base_url: text("GEMINI_BASE_URL"),
        ollama_base_url: text("OLLAMA_BASE_URL"),
        endpoints,
        proxy: text("HTTPS_PROXY")
            .or_else(|| text("https_proxy"))
            .map(|url| Proxy { url, except: text("NO_PROXY").or_else(|| text("no_proxy")).unwrap_or_default() }),
        abilities: Abilities::new(at(user, "abilities"))?,
        stream: at(user, "models.stream").and_then(Value::as_bool).unwrap_or(true),
        haste: 1,
        ..llm::Config::scripts_only(scripts)
    })
}

fn fitting_models(settings: &Value, path: &Path) -> Result<(), ConfigError> {
    let Some((key, wanted, found)) = llm::misfit(settings) else { return Ok(()) };
    Err(ConfigError::Value { path: path.to_owned(), key, wanted, found })
}

/// A script answers from files beside it and writes a log there. Whoever wrote a project's settings, a guest perhaps,
/// must not choose one.
fn no_script(project: &Value, path: &Path) -> Result<(), ConfigError> {
    let models = ["models", "plugins", "model"].iter().filter_map(|key| project.get(key).map(|value| (*key, value)));
    for (key, value) in models {
        if has_script(value) {
            let found = "a script".to_owned();
            return Err(ConfigError::Value {
                path: path.to_owned(),
                key: key.to_owned(),
                wanted: "a model that is not a script; name a script with --model",
                found,
            });
        }
    }
    Ok(())
}

/// Whether a name of a model, or one in a list or table of them, is that of a script: a file of this machine, which only its operator
/// names.
pub fn has_script(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim_start().starts_with("script/"),
        Value::Array(items) => items.iter().any(has_script),
        Value::Object(members) => members.values().any(has_script),
        _ => false,
    }
}

/// The settings in a file; none when there is no file.
fn settings_file(path: &Path) -> Result<Value, ConfigError> {
    let text = read_settings(path).map_err(|reason| ConfigError::File { path: path.to_owned(), reason })?;
    Ok(Settings::from_toml(&text, &path.display().to_string())?)
}

/// The text of a file of settings, empty where there is none; else why it cannot be read.
pub fn read_settings(path: &Path) -> Result<String, String> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error.to_string()),
    };
    if !found.is_file() {
        // A pipe would keep the reader waiting for ever.
        return Err("it is not a file".to_owned());
    }
    if found.len() > LARGEST_FILE {
        return Err(format!("it has {} bytes, more than the {LARGEST_FILE} that settings may have", found.len()));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn compile_limits(user: &Value, file: &Path) -> Result<CompileLimits, ConfigError> {
    let usual = CompileLimits::default();
    let number = |key: &str| positive(user, file, &format!("compile.{key}"));
    Ok(CompileLimits {
        time: number("time-s")?.map_or(usual.time, Duration::from_secs),
        memory: number("memory-mib")?.map_or(usual.memory, |mebibytes| mebibytes.saturating_mul(1 << 20)),
    })
}

fn positive(settings: &Value, path: &Path, key: &str) -> Result<Option<u64>, ConfigError> {
    let Some(value) = at(settings, key) else { return Ok(None) };
    let wanted = "a whole number above 0";
    let wrong = || ConfigError::Value { path: path.to_owned(), key: key.to_owned(), wanted, found: value.to_string() };
    value.as_u64().filter(|number| *number > 0).map(Some).ok_or_else(wrong)
}

fn at<'a>(settings: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(settings, |value, name| value.get(name))
}

/// The data directory that the environment names; an empty path where the variable is empty.
pub fn named_data_dir() -> Option<PathBuf> {
    env::var_os("BATON_DATA_DIR").map(PathBuf::from)
}

/// `baton` under the folder that `variable` names, else under `fallback` in the user's home.
fn folder(variable: &str, fallback: &str) -> Option<PathBuf> {
    let base = path(variable).filter(|path| path.is_absolute()).or_else(|| path("HOME").map(|home| home.join(fallback)));
    base.map(|base| base.join("baton"))
}

fn path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests;
