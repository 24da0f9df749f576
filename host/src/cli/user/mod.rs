//! `baton user`: who may use the API. Works without a server and beside one, so that an operator can always let an admin in.

mod add;
mod list;
mod password;
mod remove;
mod set;
mod show;

use anyhow::Result;
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{
    Context,
    exit::Exit,
    place::ProjectNames,
    table::{Align, Cell, Table},
    text,
};
use crate::operations::{
    Host,
    access::{Caller, Permission, Role},
    accounts::users::{Membership, User as View},
};

/// Manage the users of the API
///
/// Users log in over the network with a name and a password. Viewers read; developers also start and control runs, answer
/// questions and edit items; admins do everything. A user sees all projects or the ones you name, and you can delegate single
/// permissions of an admin for a project. The commands work with and without a running host.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Add),
    List(list::List),
    Show(show::Show),
    Set(set::Set),
    Password(password::Password),
    Remove(remove::Remove),
}

impl User {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Add(command) => command.execute(context).await,
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Set(command) => command.execute(context).await,
            Command::Password(command) => command.execute(context).await,
            Command::Remove(command) => command.execute(context).await,
        }
    }
}

/// The operator of this machine, who gives the command.
pub(super) fn operator(host: &Host) -> Caller {
    Caller::operator(host.operator().clone())
}

/// What reads a role.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    let words = PossibleValuesParser::new(Role::ALL.map(Role::as_str));
    words.try_map(|word| Role::from_word(&word).ok_or("is not a role"))
}

/// What reads a permission.
pub(super) fn permission() -> impl TypedValueParser<Value = Permission> {
    let words = PossibleValuesParser::new(Permission::ALL.map(Permission::as_str));
    words.try_map(|word| Permission::from_word(&word).ok_or("is not a permission"))
}

/// What a person delegates, such as `shop=merge,budgets`.
fn delegation(text: &str) -> Result<Membership, String> {
    let wrong = || "give a project and permissions, such as shop=merge,budgets".to_owned();
    let (project, words) = text.rsplit_once('=').filter(|(project, words)| !project.is_empty() && !words.is_empty()).ok_or_else(wrong)?;
    let permission = |word: &str| {
        let found = Permission::from_word(word).filter(|permission| permission.can_be_delegated());
        found.ok_or_else(|| "the permissions are grant, merge, budgets, secrets, users and settings".to_owned())
    };
    let permissions = words.split(',').map(permission).collect::<Result<Vec<_>, _>>()?;
    Ok(Membership { project: project.to_owned(), permissions })
}

fn table(users: &[View], names: &ProjectNames) -> Table {
    let mut table = Table::new(&["NAME", "ROLE", "STATE", "PROJECTS"].map(|name| (name, Align::Left)));
    for user in users {
        let state = if user.disabled { "disabled" } else { "active" };
        table.row([text::escaped(&user.name).into(), Cell::from(user.role.as_str()), state.into(), describe_projects(user, names).into()]);
    }
    table
}

/// The projects of a user, with what is delegated for each in parentheses.
fn describe_projects(user: &View, names: &ProjectNames) -> String {
    let member = |member: &Membership| {
        let name = text::escaped(names.of(&member.project));
        let permissions: Vec<_> = member.permissions.iter().map(|permission| permission.as_str()).collect();
        if permissions.is_empty() { name } else { format!("{name} ({})", permissions.join(", ")) }
    };
    let all = user.all_projects.then(|| "all".to_owned());
    let listed: Vec<_> = all.into_iter().chain(user.members.iter().map(member)).collect();
    if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
}

/// Prints a user as a document, or says in words what was done.
fn answer(context: &Context, user: &View, words: &str) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(user)?;
    } else {
        context.screen.tell(words);
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delegation_names_a_project_and_what_an_admin_may() {
        let read = delegation("shop=merge,budgets").unwrap();
        assert_eq!((&*read.project, &*read.permissions), ("shop", &[Permission::Merge, Permission::Budgets][..]));
        assert_eq!(delegation("a=b=users").unwrap().project, "a=b");
        for wrong in ["", "shop", "shop=", "=merge", "shop=merge,", "shop=read", "shop=work", "shop=all", "shop=Merge"] {
            assert!(delegation(wrong).is_err(), "{wrong}");
        }
    }
}
