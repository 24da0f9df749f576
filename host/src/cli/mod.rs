//! The command line: one file per command, and the only place that prints. What a command says, JSON aside, is for
//! people and may change.

mod answering;
mod api;
mod attached;
mod authoring;
mod backlog;
mod bindings;
mod budget;
mod client;
mod compile;
mod context;
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
mod local;
mod login;
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
mod secret_input;
mod serve;
mod since;
mod table;
mod text;
mod there;
mod token;
mod tools;
mod until;
mod usage;
mod user;
mod waits;
mod wrapping;

use std::{ffi::OsString, io, path::PathBuf, sync::Arc};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{self, Redactor},
    operations::{Problem, serving::Interface},
};
use context::{Context, NamedServer, wanted_option};
pub use exit::Exit;
use screen::{Colour, Output, Screen};

/// Run teams of AI agents that build software
///
/// Every workflow and every agent is a WebAssembly component in its own sandbox, and every run can be killed and resumed
/// without paying for a model reply twice.
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
#[command(next_help_heading = "Global options")]
struct Globals {
    /// Directory for runs, journals and plugins [env: BATON_DATA_DIR] [default: `baton` in the user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// URL of a server on which to do this, instead of on the data of this machine [env: BATON_SERVER]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data_dir")]
    server: Option<String>,
    /// Output format, also for errors; results go to standard output and errors to standard error
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
    Api(api::Api),
    Login(login::Login),
    Logout(login::Logout),
    User(user::User),
    Token(token::Token),
    Doctor(doctor::Doctor),
    Version(describing::Version),
    Completions(describing::Completions),
    Man(describing::Man),
    #[command(hide = true)]
    CompileComponent(compile::CompileComponent),
}

impl Cli {
    /// Reads a command line. One that is wrong is reported, in the form that it asks for.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Exit> {
        let arguments: Vec<_> = arguments.into_iter().collect();
        Self::try_parse_from(&arguments).map_err(|error| usage::report(&error, &arguments))
    }

    /// Does what the command line asks for. `redactor` learns every secret as soon as it is read; `api` is what a serving host offers
    /// to other programs.
    pub async fn execute(&self, redactor: &Redactor, api: &dyn Interface) -> anyhow::Result<Exit> {
        let data_dir = self.globals.data_dir.clone().or_else(config::named_data_dir);
        let server = self.server();
        if let (Some(server), Some(command)) = (&server, self.command.on_this_machine()) {
            return Err(client::reject_server(&format!("`{command}`"), server.is_option).into());
        }
        let context = Context { screen: self.screen(), data_dir, redactor: redactor.clone(), server };
        match &self.command {
            Command::Demo(command) => command.execute(&context).await,
            Command::Run(command) => command.execute(&context).await,
            Command::Serve(command) => command.execute(&context, api).await,
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
            Command::Secret(command) => command.execute(&context).await,
            Command::Api(command) => command.execute(&context).await,
            Command::Login(command) => command.execute(&context).await,
            Command::Logout(command) => command.execute(&context).await,
            Command::User(command) => command.execute(&context).await,
            Command::Token(command) => command.execute(&context).await,
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
        let problem = Problem::of(error.as_ref());
        self.screen().problem(&problem);
        Exit::of_problem(problem.kind)
    }

    fn screen(&self) -> Screen {
        let option = wanted_option(self.server().as_ref(), self.globals.data_dir.as_deref()).map(Arc::from);
        Screen { output: self.globals.output, quiet: self.globals.quiet, colour: self.globals.colour, option }
    }

    /// The server on which a command is done: that of the option, or of the environment unless a data directory is named.
    fn server(&self) -> Option<NamedServer> {
        let Globals { server, data_dir, .. } = &self.globals;
        match server {
            Some(url) => Some(NamedServer { url: url.clone(), is_option: true }),
            None if data_dir.is_some() => None,
            None => config::named_server().map(|url| NamedServer { url, is_option: false }).filter(|_| !self.command.is_about_files()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{ProblemKind, ProblemSource};
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_named_wrongly_is_a_mistake_of_the_command_line() {
        let cli = Cli::parse_from(["baton", "doctor"]);
        let of = |kind| anyhow::Error::new(Problem::new(kind, "x", "It is wrong.", ProblemSource::Client));
        assert_eq!(cli.report(&of(ProblemKind::NotFound)), Exit::Usage);
        assert_eq!(cli.report(&of(ProblemKind::Invalid)), Exit::Usage);
        assert_eq!(cli.report(&of(ProblemKind::Conflict)), Exit::Failed);
        assert_eq!(cli.report(&io::Error::from(io::ErrorKind::BrokenPipe).into()), Exit::Done);
    }
}
