//! What every command works with: the screen, the data directory, and how a host is opened over it. Words what a person should
//! know of the opening; decides nothing about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    client,
    screen::{Screen, WARNING, painted},
    text,
};
use crate::{
    config::{self, Config, ConfigError, Redactor},
    operations::{
        Access, Host, Problem,
        host::{MisspeltSetting, RejectedFile},
    },
};

/// What a command works with.
pub(super) struct Context {
    pub(super) screen: Screen,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) redactor: Redactor,
    /// The server that is meant instead of the data on this machine.
    pub(super) server: Option<NamedServer>,
}

/// A server as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedServer {
    pub(super) url: String,
    /// Whether the command line names it; otherwise the environment does.
    pub(super) is_option: bool,
}

impl Context {
    /// What the operator set, for what is to be done before the data is opened.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        self.config_at(self.data_dir.clone())
    }

    pub(super) async fn open(&self, access: Access) -> anyhow::Result<Host> {
        let config = self.config()?;
        if access == Access::Execute {
            self.warn_of_processes(&config);
        }
        self.open_with(config, access).await
    }

    /// Opens the data for a change that the running host, if there is one, carries out.
    pub(super) async fn open_to_change(&self) -> anyhow::Result<Host> {
        self.check_here()?;
        let config = self.config()?;
        self.warn_of_processes(&config);
        let host = Host::open_to_change(config).await?;
        self.report_opening(&host);
        Ok(host)
    }

    /// Opens the data with a configuration that the command has changed.
    pub(super) async fn open_with(&self, config: Config, access: Access) -> anyhow::Result<Host> {
        self.check_here()?;
        let host = Host::open(config, access).await?;
        self.report_opening(&host);
        Ok(host)
    }

    /// Rejects to open the data of this machine where a server is named.
    fn check_here(&self) -> Result<(), Problem> {
        match &self.server {
            Some(server) => Err(client::reject_server("This command", server.is_option)),
            None => Ok(()),
        }
    }

    /// Says that commands are not isolated, where the operator wants it so.
    pub(super) fn warn_of_processes(&self, config: &Config) {
        if !config.isolates_commands() {
            let warning = "Baton executes commands as plain processes of this machine, without isolation: they can read, change and send \
                           whatever this user can. Set `engine = \"docker\"` under [sandbox] for anything but a demo.";
            self.screen.tell(format!("{} {warning}", painted(WARNING, "!!")));
        }
    }

    /// Says what the operator should know about an opened data directory.
    fn report_opening(&self, host: &Host) {
        let opening = host.opening();
        if opening.others_can_change {
            let folder = text::path(&host.config().data_dir);
            self.screen.tell(format!(
                "{} Other users of this machine can change {folder}, which holds plugins and runs; `chmod 700` denies them access.",
                painted(WARNING, "!")
            ));
        }
        for RejectedFile { path, reason, kept } in &opening.rejected {
            let message = format!("{} The file {} is rejected: {}", painted(WARNING, "!"), text::escaped(path), text::plain(reason));
            // Other code than the operator expects is more than a message.
            if kept.is_some() { self.screen.warn(message) } else { self.screen.tell(message) }
        }
    }

    pub(super) fn config_at(&self, data_dir: Option<PathBuf>) -> anyhow::Result<Config> {
        self.config_by(Config::read, data_dir)
    }

    /// The same, without bindings that are wrong: for what lists them.
    pub(super) fn config_with_mistaken_bindings(&self) -> anyhow::Result<Config> {
        self.config_by(Config::read_with_mistaken_bindings, self.data_dir.clone())
    }

    fn config_by(&self, read: fn(Option<PathBuf>) -> Result<Config, ConfigError>, data_dir: Option<PathBuf>) -> anyhow::Result<Config> {
        data_dir.as_deref().map(check_data_dir).transpose()?;
        let config = read(data_dir)?;
        self.redactor.include(&config.redactor);
        Ok(Config { program: config::this_program(), ..config })
    }

    /// Says which settings are perhaps misspelt.
    pub(super) fn report_misspelt(&self, settings: &[MisspeltSetting]) {
        for MisspeltSetting { key, meant } in settings {
            let (key, meant) = (text::escaped(key), text::escaped(meant));
            self.screen.tell(format!("{} The setting `{key}` is not known; did you mean `{meant}`?", painted(WARNING, "!")));
        }
    }

    /// A command with the options that lead to the same data.
    pub(super) fn again(&self, command: &str) -> String {
        let option = match &self.server {
            Some(server) => server.option(),
            None => self.data_dir.as_deref().map(text::data_dir_option),
        };
        text::command_with(command, option.as_deref())
    }

    /// A text with such options in every command it names.
    pub(super) fn advice(&self, text: &str) -> String {
        text::commands_with(text, wanted_option(self.server.as_ref(), self.data_dir.as_deref()).as_deref())
    }
}

impl NamedServer {
    /// The option that names it, where the environment does not.
    fn option(&self) -> Option<String> {
        // One that is no server may hold a password.
        (self.is_option && client::is_server(&self.url)).then(|| text::server_option(&self.url))
    }
}

#[cfg(test)]
impl Context {
    /// One for the tests of what is printed.
    pub(super) fn bare() -> Self {
        use super::screen::{Colour, Output};
        let screen = Screen { output: Output::Table, quiet: false, colour: Colour::Never, option: None };
        Self { screen, data_dir: None, redactor: Redactor::default(), server: None }
    }
}

/// The option without which a command finds neither the server nor the data directory.
pub(super) fn wanted_option(server: Option<&NamedServer>, data_dir: Option<&Path>) -> Option<String> {
    match server {
        Some(server) => server.option(),
        None => data_dir.filter(|folder| !config::is_data_dir_of_environment(folder)).map(text::data_dir_option),
    }
}

/// Rejects a data directory that cannot be one before anything is looked for in it.
fn check_data_dir(data_dir: &Path) -> Result<(), Problem> {
    let shown = text::path(data_dir);
    let unfit = |message: String| Problem::invalid("data_dir_unfit", "data_dir", message);
    let wrong = |why: &str| {
        let problem = unfit(format!("The data directory {shown} {why}."));
        Err(problem.advise("Name another with --data-dir or BATON_DATA_DIR."))
    };
    if data_dir.as_os_str().is_empty() {
        let problem = unfit("The name of the data directory is empty.".to_owned());
        return Err(problem.advise("Give --data-dir a directory, or set BATON_DATA_DIR to one or unset it."));
    }
    match data_dir.metadata() {
        _ if data_dir.to_str().is_none() => wrong("has a path that is not UTF-8"),
        Ok(about) if !about.is_dir() => wrong("is not a directory"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => wrong(&format!("cannot be used ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_that_cannot_be_one_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let message = |name: &str| check_data_dir(&folder.path().join(name)).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!((message("none"), message("none/deeper"), message("")), Default::default());
        assert!(message("file").contains("is not a directory") && message("file/below").contains("cannot be used"));
        assert!(message(&"n".repeat(300)).contains("too long"));
        assert!(check_data_dir(Path::new("")).is_err_and(|error| error.to_string().contains("is empty")));
    }
}
