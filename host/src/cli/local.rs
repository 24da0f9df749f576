//! Which commands work on the data or the files of this machine alone: they are never done on a server, also where one is named.

use super::Command;

impl Command {
    /// What the command is called, where it is not done on a server.
    pub(super) fn on_this_machine(&self) -> Option<&'static str> {
        match self {
            Self::Demo(_) => Some("demo"),
            Self::Serve(_) => Some("serve"),
            Self::Project(command) => command.on_this_machine(),
            Self::Backlog(command) => command.on_this_machine(),
            Self::Plugin(command) => command.on_this_machine(),
            Self::Bindings(command) => command.on_this_machine(),
            Self::Mcp(_) => Some("mcp"),
            Self::User(_) => Some("user"),
            Self::Token(_) => Some("token"),
            Self::Doctor(_) => Some("doctor"),
            Self::Version(_) => Some("version"),
            Self::Completions(_) => Some("completions"),
            Self::Man(_) => Some("man"),
            Self::CompileComponent(_) => Some("compile-component"),
            Self::Run(_)
            | Self::Runs(_)
            | Self::Questions(_)
            | Self::Decisions(_)
            | Self::PullRequests(_)
            | Self::Tools(_)
            | Self::Report(_)
            | Self::Logs(_)
            | Self::Costs(_)
            | Self::Budget(_)
            | Self::Secret(_)
            | Self::Api(_)
            | Self::Login(_)
            | Self::Logout(_) => None,
        }
    }

    /// Whether it needs no data of a host, so that a server which the environment names is not meant.
    pub(super) fn is_about_files(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Version(_) | Self::Completions(_) | Self::Man(_) | Self::CompileComponent(_) => true,
            Self::Plugin(command) => command.is_about_files(),
            _ => false,
        }
    }
}
