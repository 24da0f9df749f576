//! Puts the configuration together from the user's file and the environment: at start, and to try what an edited file would give.
//! Writes nothing.

use std::path::PathBuf;

use serde_json::Value;

use super::{
    Config, ConfigError, Faults, NO_DATA, NO_SETTINGS, NO_STATE, PROJECT_FILE, api, at, bindings, compile_limits, defaults, folder, forge,
    from_environment, git_program, models, operator, path, positive, redactor, sandbox, settings_file, setup, text, tool_servers, trust,
};
use crate::{
    actor::Actor,
    interfaces::{
        Settings,
        llm::{self, money::Prices},
        settings::misspelt_bound,
    },
    secrets::Secrets,
};

/// Where things lie.
struct Places {
    data_dir: PathBuf,
    user_file: PathBuf,
    cache_dir: PathBuf,
    cache_key: PathBuf,
}

impl Places {
    fn find(data_dir: Option<PathBuf>) -> Result<Self, ConfigError> {
        let data_dir = data_dir.or_else(|| folder("XDG_DATA_HOME", ".local/share")).ok_or(NO_DATA)?;
        let user_file = path("BATON_CONFIG").or_else(|| folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join(PROJECT_FILE)));
        let user_file = user_file.ok_or(NO_SETTINGS)?;
        let cache_key = folder("XDG_STATE_HOME", ".local/state").ok_or(NO_STATE)?.join("cache.key");
        let cache_dir = folder("XDG_CACHE_HOME", ".cache").map_or_else(|| data_dir.join("cache"), |folder| folder.join("compiled"));
        Ok(Self { data_dir, user_file, cache_dir, cache_key })
    }
}

impl Config {
    /// Reads the files and the environment, and leaves out bindings that are wrong.
    pub fn read_with_mistaken_bindings(data_dir: Option<PathBuf>) -> Result<Self, ConfigError> {
        let places = Places::find(data_dir)?;
        let file = settings_file(&places.user_file)?;
        Self::put_together(places, file)
    }

    /// What a host that starts now would be told, where the user's file has this text.
    pub fn with_user_file(&self, text: &str) -> Result<Self, ConfigError> {
        let places = Places {
            data_dir: self.data_dir.clone(),
            user_file: self.user_file.clone(),
            cache_dir: self.cache_dir.clone(),
            cache_key: self.cache_key.clone(),
        };
        let file = Settings::from_toml(text, &self.user_file.display().to_string())?;
        Self::put_together(places, file)
    }

    fn put_together(Places { data_dir, user_file, cache_dir, cache_key }: Places, file: Value) -> Result<Self, ConfigError> {
        let user = Settings::merge(&[defaults(), file, from_environment()]).into_value();
        let secrets = Secrets::new(data_dir.join("secrets.json"), cache_key.with_file_name("secret.key"), text("BATON_SECRET_KEY"));
        let learned = Some(data_dir.join("learned.json"));
        let faults = Faults::read(text)?;
        let models = llm::Config { learned, haste: faults.haste(), ..models(&user, &user_file, &secrets)? };
        let servers = tool_servers(&user, &user_file)?;
        let (bindings, mistaken_bindings) = bindings::read(&user);
        let prices = Prices::new(at(&user, "prices"))?;
        let slots = positive(&user, &user_file, "runs.at-once")?.unwrap_or(64);
        let operator = Actor::operator(&operator::name(&user));
        let trust = trust(&user, &user_file)?;
        let sandbox = sandbox(&user, &user_file)?;
        let setup = setup::read(&user, &user_file, models.proxy.as_ref())?;
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        let compile = compile_limits(&user, &user_file)?;
        let (program, git) = (None, git_program());
        let redactor = redactor(&models, &servers, &secrets);
        let api = api::read(&user, &user_file)?;
        let forge = forge::read(&user, &user_file, &secrets, &redactor)?;
        let config = Self {
            data_dir,
            user_file,
            cache_dir,
            cache_key,
            user,
            secrets,
            redactor,
            models,
            servers,
            bindings,
            mistaken_bindings,
            prices,
            program,
            git,
            compile,
            slots,
            operator,
            faults,
            trust,
            sandbox,
            setup,
            forge,
            api,
        };
        if let Some((key, meant)) = misspelt_bound(&config.user) {
            return Err(ConfigError::Misspelt { path: config.user_file, key, meant });
        }
        config.check_limits()?;
        Ok(config)
    }
}
