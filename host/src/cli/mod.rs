//! The command line: one file per command, and the only place that prints. What a command says, JSON aside, is for
//! people and may change.

mod answering;
mod attached;
mod authoring;
mod backlog;
mod bindings;
mod budget;
mod compile;
mod continuing;
mod costs;
mod decisions;
mod demo;
mod describing;
mod doctor;
mod drive;
mod ending;
mod exit;
mod figures;
mod input;
mod keyboard;
mod live;
mod logs;
mod mcp;
mod model;
mod number;
mod place;
mod plugin;
mod project;
mod pull_requests;
mod questions;
mod report;
mod run;
mod runs;
#[cfg(test)]
mod sample;
mod screen;
mod secret;
mod serve;
mod since;
mod table;
mod text;
mod tools;
mod waits;
mod wrapping;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};
use serde_json::Value;

use crate::{
    config::{self, Config, ConfigError},
    events::path_text,
    interfaces::{sandbox::EngineKind, settings::misspelt},
    journal::Redactor,
    operations::{Access, Host, Problem},
};
pub use exit::Exit;
use exit::Misuse;
use screen::{BAD, Colour, Output, STRONG, Screen, painted};

/// Baton runs teams of AI agents that build software. Every workflow and every agent is a WebAssembly component in its
/// own sandbox, and every run can be killed and resumed without paying for one model reply twice.
#[derive(Debug, Parser)]
#[command(name = "baton", version, max_term_width = 100, after_help = "Begin with `baton demo`: it needs no key and no network.")]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
struct Globals {
    /// Where runs, journals and plugins are kept [env: BATON_DATA_DIR] [default: `baton` in the user's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The form of the answer on standard output, and of an error on standard error; the exit code tells the kind of the error
    /// in either form
    #[arg(short, long, global = true, value_enum, default_value_t)]
    output: Output,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to use colours
    #[arg(long = "color", global = true, value_enum, default_value_t, value_name = "WHEN")]
    colour: Colour,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Serve(serve::Serve),
    Runs(runs::Runs),
    Project(project::Projects),
    Backlog(backlog::Backlog),
    Questions(questions::Questions),
    Decisions(decisions::Decisions),
    #[command(visible_alias = "pr")]
    PullRequests(pull_requests::PullRequests),
    Plugin(plugin::Plugin),
    Bindings(bindings::Bindings),
    Tools(tools::Tools),
    Report(report::Report),
    Logs(logs::Logs),
    Costs(costs::Costs),
    Budget(budget::Budget),
    Mcp(mcp::Mcp),
    Secret(secret::Secret),
    Doctor(doctor::Doctor),
    Version(describing::Version),
    Completions(describing::Completions),
    Man(describing::Man),
    #[command(hide = true)]
    CompileComponent(compile::CompileComponent),
}

impl Cli {
    /// Does what the command line asks for. `redactor` learns every secret as soon as it is read.
    pub async fn execute(&self, redactor: &Redactor) -> anyhow::Result<Exit> {
        let data_dir = self.globals.data_dir.clone().or_else(config::named_data_dir);
        let context = Context { screen: self.screen(), data_dir, redactor: redactor.clone() };
        match &self.command {
            Command::Demo(command) => command.execute(&context).await,
            Command::Run(command) => command.execute(&context).await,
            Command::Serve(command) => command.execute(&context).await,
            Command::Runs(command) => command.execute(&context).await,
            Command::Project(command) => command.execute(&context).await,
            Command::Backlog(command) => command.execute(&context).await,
            Command::Questions(command) => command.execute(&context).await,
            Command::Decisions(command) => command.execute(&context).await,
            Command::PullRequests(command) => command.execute(&context).await,
            Command::Plugin(command) => command.execute(&context).await,
            Command::Bindings(command) => command.execute(&context).await,
            Command::Tools(command) => command.execute(&context).await,
            Command::Report(command) => command.execute(&context).await,
            Command::Logs(command) => command.execute(&context).await,
            Command::Costs(command) => command.execute(&context).await,
            Command::Budget(command) => command.execute(&context).await,
            Command::Mcp(command) => command.execute(&context).await,
            Command::Secret(command) => command.execute(&context),
            Command::Doctor(command) => command.execute(&context).await,
            Command::Version(_) => describing::Version::execute(&context),
            Command::Completions(command) => command.execute(),
            Command::Man(command) => command.execute(&context),
            Command::CompileComponent(command) => command.execute(),
        }
    }

    /// Prints what went wrong, and says how to end. A reader who has gone away is no failure.
    pub fn report(&self, error: &anyhow::Error) -> Exit {
        if error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
            return Exit::Done;
        }
        let (problem, screen) = (problem(error), self.screen());
        if screen.is_json() {
            screen.problem(&problem);
        } else {
            screen.warn(format!("{} {}", painted(BAD, "error:"), text::plain(&problem.message)));
            if let Some(hint) = &problem.hint {
                screen.warn(format!("{} {}", painted(STRONG, "hint:"), text::plain(hint)));
            }
        }
        Exit::of_problem(problem.kind)
    }

    fn screen(&self) -> Screen {
        let data_dir = wanting_option(self.globals.data_dir.as_deref()).map(Arc::from);
        Screen { output: self.globals.output, quiet: self.globals.quiet, colour: self.globals.colour, data_dir }
    }
}

/// What a command works with.
struct Context {
    screen: Screen,
    data_dir: Option<PathBuf>,
    redactor: Redactor,
}

impl Context {
    /// What the operator set, for what is to be done before the data is opened.
    fn config(&self) -> anyhow::Result<Config> {
        self.config_at(self.data_dir.clone())
    }

    async fn open(&self, access: Access) -> anyhow::Result<Host> {
        self.open_at(self.data_dir.clone(), access).await
    }

    /// Opens the data for a change of few rows, beside another Baton where one executes.
    async fn open_to_change(&self) -> anyhow::Result<Host> {
        let config = self.config()?;
        self.warn_of_processes(&config);
        Ok(self.tell_of_folder(Host::open_to_change(config).await?))
    }

    async fn open_at(&self, data_dir: Option<PathBuf>, access: Access) -> anyhow::Result<Host> {
        let config = self.config_at(data_dir)?;
        if access == Access::Execute {
            self.warn_of_processes(&config);
        }
        self.open_with(config, access).await
    }

    /// Says that commands are isolated from nothing, where the operator wants it so.
    fn warn_of_processes(&self, config: &Config) {
        if config.sandbox.engine == EngineKind::Process {
            let warning = "Commands are executed as plain processes of this machine, which isolates nothing: they can read, change and send \
                           whatever this user can. Set `engine = \"docker\"` under [sandbox] for anything but a demo.";
            self.screen.tell(format!("{} {warning}", painted(screen::WARNING, "!!")));
        }
    }

    async fn open_with(&self, config: Config, access: Access) -> anyhow::Result<Host> {
        Ok(self.tell_of_folder(Host::open(config, access).await?))
    }

    /// Says what the operator should know of an opened data directory.
    fn tell_of_folder(&self, host: Host) -> Host {
        if config::open_to_others(&host.config().data_dir) == Some(config::Open::ToWrite) {
            let folder = text::escaped(&host.config().data_dir.display().to_string());
            let mark = painted(screen::WARNING, "!");
            self.screen.tell(format!(
                "{mark} Others on this machine can change {folder}, where plugins and runs are; `chmod 700` keeps them out."
            ));
        }
        for refused in &host.refused {
            let path = text::escaped(&path_text(&refused.path));
            let said = format!("{} The file {path} is rejected: {}", painted(screen::WARNING, "!"), text::plain(&refused.reason));
            // Other code than the operator expects is more than a message.
            if refused.kept.is_some() { self.screen.warn(said) } else { self.screen.tell(said) }
        }
        host
    }

    fn config_at(&self, data_dir: Option<PathBuf>) -> anyhow::Result<Config> {
        self.config_by(Config::read, data_dir)
    }

    /// The same, without bindings that are wrong: for what lists them.
    fn config_with_mistaken_bindings(&self) -> anyhow::Result<Config> {
        self.config_by(Config::read_with_mistaken_bindings, self.data_dir.clone())
    }

    fn config_by(&self, read: fn(Option<PathBuf>) -> Result<Config, ConfigError>, data_dir: Option<PathBuf>) -> anyhow::Result<Config> {
        data_dir.as_deref().map(usable).transpose()?;
        let config = read(data_dir)?;
        self.redactor.include(&config.redactor);
        Ok(Config { program: config::this_program(), ..config })
    }

    /// Tells of settings that are perhaps misspelt.
    fn doubt(&self, settings: &Value) {
        for (key, meant) in misspelt(settings) {
            let key = text::escaped(&key);
            let meant = text::escaped(&meant);
            self.screen.tell(format!("{} The setting `{key}` is not known; did you mean `{meant}`?", painted(screen::WARNING, "!")));
        }
    }

    /// A command with the options that lead to the same data.
    fn again(&self, command: &str) -> String {
        text::command_with(command, self.data_dir.as_deref())
    }

    /// A text with such options in every command it names.
    fn advice(&self, text: &str) -> String {
        text::commands_with(text, wanting_option(self.data_dir.as_deref()))
    }
}

#[cfg(test)]
impl Context {
    /// One for the tests of what is printed.
    fn bare() -> Self {
        let screen = Screen { output: Output::Table, quiet: false, colour: Colour::Never, data_dir: None };
        Self { screen, data_dir: None, redactor: Redactor::default() }
    }
}

/// The data directory, where a command does not find it without the option.
fn wanting_option(data_dir: Option<&Path>) -> Option<&Path> {
    data_dir.filter(|folder| !config::is_data_dir_of_environment(folder))
}

/// Refuses a data directory that cannot be one before anything is looked for in it.
fn usable(data_dir: &Path) -> Result<(), Misuse> {
    let shown = text::escaped(&data_dir.display().to_string());
    let wrong = |why: &str| Err(Misuse(format!("The data directory {shown} {why}; name another with --data-dir or BATON_DATA_DIR.")));
    if data_dir.as_os_str().is_empty() {
        return Err(Misuse(
            "The name of the data directory is empty. Give --data-dir a folder, or set BATON_DATA_DIR to one or unset it.".to_owned(),
        ));
    }
    match data_dir.metadata() {
        _ if data_dir.to_str().is_none() => wrong("has a path that is not UTF-8"),
        Ok(about) if !about.is_dir() => wrong("is not a folder"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => wrong(&format!("cannot be used ({error})")),
    }
}

/// What a command could not do: a misuse is a mistake of the command line itself.
fn problem(error: &anyhow::Error) -> Problem {
    match error.downcast_ref::<Misuse>() {
        Some(misuse) => Problem::invalid(misuse.to_string()),
        None => Problem::of(error.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::KernelError;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_data_directory_that_cannot_be_one_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let said = |name: &str| usable(&folder.path().join(name)).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!((said("none"), said("none/deeper"), said("")), Default::default());
        assert!(said("file").contains("is not a folder") && said("file/below").contains("cannot be used"));
        assert!(said(&"n".repeat(300)).contains("too long"));
        assert!(usable(Path::new("")).is_err_and(|error| error.to_string().contains("is empty")));
    }

    #[test]
    fn what_is_named_wrongly_is_misuse() {
        let cli = Cli::parse_from(["baton", "doctor"]);
        assert_eq!(cli.report(&KernelError::NoRun("x".to_owned()).into()), Exit::Usage);
        assert_eq!(cli.report(&Misuse("x".to_owned()).into()), Exit::Usage);
        assert_eq!(cli.report(&KernelError::Disabled("x".to_owned()).into()), Exit::Failed);
        assert_eq!(cli.report(&io::Error::from(io::ErrorKind::BrokenPipe).into()), Exit::Done);
    }
}
