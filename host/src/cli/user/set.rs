//! `baton user set`.

use anyhow::Result;
use clap::Args;

use super::{answer, delegation, describe_projects, operator, role};
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectNames,
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Access, Host, Problem, ProblemKind, ProblemSource,
        access::Role,
        accounts::users::{self, Membership, SetMember, SetUser, User},
        code, projects,
    },
};

/// Change what a user may do
///
/// What you change applies to the user's next request, also in sessions and tokens that exist already.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Name or id of the user
    user: String,
    /// Set the role
    #[arg(long, value_parser = role())]
    role: Option<Role>,
    /// Show the user all projects
    #[arg(long, conflicts_with = "listed_projects")]
    all_projects: bool,
    /// Show the user only the projects that you name
    #[arg(long)]
    listed_projects: bool,
    /// Give a user whose projects are listed access to this project; can be given more than once
    #[arg(long, value_name = "NAME")]
    project: Vec<String>,
    /// Remove the user's access to this project and the permissions delegated for it; can be given more than once
    #[arg(long, value_name = "NAME")]
    no_project: Vec<String>,
    /// Delegate permissions for a project, in place of those before, such as shop=merge,budgets; can be given more than once
    #[arg(long, value_name = "NAME=PERMISSIONS", value_parser = delegation)]
    delegate: Vec<Membership>,
    /// Deny the user everything and end all sessions
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Let a disabled user in again
    #[arg(long)]
    enable: bool,
}

impl Set {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = SetUser {
            role: self.role,
            all_projects: choice(self.all_projects, self.listed_projects),
            disabled: choice(self.disable, self.enable),
        };
        if request == SetUser::default() && self.project.is_empty() && self.no_project.is_empty() && self.delegate.is_empty() {
            let problem = Problem::new(ProblemKind::Invalid, code::USAGE, "No change was given.", ProblemSource::Client);
            return Err(problem.advise("`baton user set --help` lists what can be changed.").into());
        }
        let host = context.open(Access::Decide).await?;
        let set = self.set(&host, &request).await;
        let names = ProjectNames::load(&host).await;
        host.close().await;
        let user = set?;
        let state = if user.disabled { ", disabled" } else { "" };
        let words = format!(
            "{} User {}: {}{state}, projects: {}.",
            painted(GOOD, "✓"),
            text::escaped(&user.name),
            user.role.as_str(),
            describe_projects(&user, &names?)
        );
        answer(context, &user, &words)
    }

    /// Projects first: their names can be wrong, and then nothing else is changed.
    async fn set(&self, host: &Host, request: &SetUser) -> Result<User, Problem> {
        let caller = operator(host);
        let user = users::find(host, &caller, &self.user).await?;
        let mut members = Vec::new();
        for project in &self.project {
            let project = projects::find(host, project).await?.id;
            // What is delegated to a member stays.
            if !user.members.iter().any(|member| member.project == project) {
                members.push(SetMember { project, permissions: Vec::new() });
            }
        }
        for Membership { project, permissions } in &self.delegate {
            let project = projects::find(host, project).await?.id;
            members.push(SetMember { project, permissions: permissions.clone() });
        }
        let mut removed = Vec::new();
        for project in &self.no_project {
            removed.push(projects::find(host, project).await?.id);
        }
        for project in &removed {
            users::remove_member(host, &caller, &user.id, project).await?;
        }
        for member in &members {
            users::set_member(host, &caller, &user.id, member).await?;
        }
        users::set(host, &caller, &user.id, request).await
    }
}

fn choice(yes: bool, no: bool) -> Option<bool> {
    if yes || no { Some(yes) } else { None }
}
