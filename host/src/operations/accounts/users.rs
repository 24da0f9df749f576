//! Users: added, listed, changed and removed. Nobody gives another more than they may do themselves, and no change by a user
//! leaves a host without an admin.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{denied, find_user, no_user};
use crate::{
    accounts::{
        self, Blocked, MemberChange, NewUser, SignIn, UserChange, check_name, check_password,
        events::{self, MemberRemoved, MemberSet, PasswordChanged, UserAdded, UserChanged, UserRemoved},
        key_of_name,
    },
    actor::ActorKind,
    events::Draft,
    operations::{
        Host, Moment, Page, Problem, ProblemKind, ProblemSource,
        access::{Caller, Permission, Role, Subject},
    },
};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Whether every project exists for the user; else those alone that it is a member of.
    pub all_projects: bool,
    /// The projects that the user is a member of.
    pub members: Vec<Membership>,
    /// Whether the user may do nothing.
    pub disabled: bool,
    /// When the user was added.
    pub created_at: Moment,
    /// When the user was changed last.
    pub updated_at: Moment,
}

/// A project that a user is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// The id of the project.
    pub project: String,
    /// What the user may do in it beyond the role.
    pub permissions: Vec<Permission>,
}

/// A user to add.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AddUser {
    /// The name: 1 to 64 ASCII letters, digits, `-`, `_`, `.`, `@` and `+`. Names that differ in case alone are the same.
    pub name: String,
    /// The password: 12 to 256 characters.
    pub password: String,
    /// What the user may do.
    pub role: Role,
    /// Whether every project exists for the user; else those alone that it is a member of.
    #[serde(default)]
    pub all_projects: bool,
    /// The projects, by id or name, that the user is a member of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Membership>,
}

/// What to change of a user; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetUser {
    /// What the user may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether every project exists for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_projects: Option<bool>,
    /// Whether the user may do nothing. The sessions of one who is disabled end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// What a user may do in a project beyond the role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetMember {
    /// The name or id of the project.
    pub project: String,
    /// What is delegated: any of `grant`, `merge`, `budgets`, `secrets`, `users` and `settings`.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}

/// Another password for a user.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SetPassword {
    /// The new password.
    pub password: String,
    /// The password before, where users change their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

/// A user that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedUser {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Which users to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListUsers {
    /// Only those after a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// Adds a user.
pub async fn add(host: &Host, caller: &Caller, request: AddUser) -> Result<User, Problem> {
    let AddUser { name, password, role, all_projects, members } = request;
    caller.check(host, Permission::Users, Subject::Host).await?;
    check_may_give(caller, role)?;
    let mut rows = Vec::new();
    for Membership { project, permissions } in members {
        let (project, permissions) = check_member(host, caller, &SetMember { project, permissions }).await?;
        if rows.iter().any(|row: &accounts::Member| row.project == project) {
            return Err(Problem::invalid("member_repeated", "members", "A project is named twice."));
        }
        rows.push(accounts::Member { project, permissions });
    }
    let password = hash(host, &name, password).await?;
    let user = NewUser { id: uuid::Uuid::now_v7().to_string(), name, password, role, all_projects, members: rows };
    let events = vec![Draft::of_host(&describe_added(&user)).by(&caller.actor)];
    Ok(host.app.accounts.store.add_user(&user, None, events).await?.into())
}

/// The users that the caller may know of, in the order of their names.
pub async fn list(host: &Host, caller: &Caller, request: &ListUsers) -> Result<Page<User>, Problem> {
    let mut users = host.app.accounts.store.users().await?;
    users.retain(|user| knows(caller, user));
    users.sort_by_key(|user| key_of_name(&user.name));
    let users = users.into_iter().map(|user| shown_to(caller, user)).collect();
    Page::cut(users, |user: &User| user.id.clone(), request.cursor.as_deref(), request.limit)
}

/// The user with this name or id.
pub async fn find(host: &Host, caller: &Caller, user: &str) -> Result<User, Problem> {
    Ok(shown_to(caller, known(host, caller, user).await?))
}

/// Changes what a user may do.
pub async fn set(host: &Host, caller: &Caller, user: &str, request: &SetUser) -> Result<User, Problem> {
    let before = manageable(host, caller, user).await?;
    if let Some(role) = request.role {
        check_may_give(caller, role)?;
    }
    let SetUser { role, all_projects, disabled } = *request;
    let change = UserChange { role, all_projects, is_disabled: disabled, keeps_admin: keeps_admin(caller), ..UserChange::default() };
    let changed = UserChanged {
        user: before.id.clone(),
        name: before.name,
        role: role.filter(|role| *role != before.role),
        former_role: role.filter(|role| *role != before.role).map(|_| before.role),
        all_projects: all_projects.filter(|all| *all != before.all_projects),
        disabled: disabled.filter(|disabled| *disabled != before.disabled_at.is_some()),
    };
    let is_change = changed.role.is_some() || changed.all_projects.is_some() || changed.disabled.is_some();
    let events = if is_change { vec![Draft::of_host(&changed).by(&caller.actor)] } else { Vec::new() };
    Ok(shown_to(caller, host.app.accounts.store.change_user(&before.id, &change, events).await?))
}

/// Makes a user a member of a project, and sets what is delegated for it.
pub async fn set_member(host: &Host, caller: &Caller, user: &str, request: &SetMember) -> Result<User, Problem> {
    let (project, permissions) = check_member(host, caller, request).await?;
    let user = find_user(host, user).await?;
    check_may_give_in(caller, &user, &project)?;
    let set =
        MemberSet { user: user.id.clone(), name: user.name, project: project.clone(), permissions: permissions.iter().copied().collect() };
    let change = MemberChange { project, permissions: Some(permissions) };
    change_member(host, caller, &user.id, change, Draft::of_host(&set)).await
}

/// Ends what a user is and may do in a project. One who sees all projects still sees it.
pub async fn remove_member(host: &Host, caller: &Caller, user: &str, project: &str) -> Result<User, Problem> {
    caller.check(host, Permission::Users, Subject::Project(project)).await?;
    let project = caller.find_project(host, project).await?;
    let is_member = |user: &accounts::User| user.members.iter().any(|member| member.project == project);
    // Who is not a member is not told apart from who does not exist.
    let found = find_user(host, user).await.ok().filter(is_member);
    let user = found.ok_or_else(|| {
        let shown: String = user.chars().take(100).flat_map(char::escape_debug).collect();
        Problem::not_found("member_not_found", format!("User `{shown}` is not a member of the project."))
    })?;
    check_may_give_in(caller, &user, &project)?;
    let removed = MemberRemoved { user: user.id.clone(), name: user.name, project: project.clone() };
    let change = MemberChange { project, permissions: None };
    change_member(host, caller, &user.id, change, Draft::of_host(&removed)).await
}

/// Sets another password. Users change their own with the one before; sessions of the user end, but for the one that asks.
pub async fn set_password(host: &Host, caller: &Caller, user: &str, request: SetPassword) -> Result<User, Problem> {
    let SetPassword { password, current } = request;
    let (user, keeps_session) = match &caller.sign_in {
        SignIn::Session { session, user: own } if find_user(host, user).await.is_ok_and(|user| user.id == *own) => {
            let user = find_user(host, own).await?;
            check_current(host, &user, current).await?;
            (user, Some(session.clone()))
        }
        _ => (manageable(host, caller, user).await?, None),
    };
    let password = Some(hash(host, &user.name, password).await?);
    let changed = PasswordChanged { user: user.id.clone(), name: user.name };
    let change = UserChange { password, keeps_session, ..UserChange::default() };
    let events = vec![Draft::of_host(&changed).by(&caller.actor)];
    Ok(shown_to(caller, host.app.accounts.store.change_user(&user.id, &change, events).await?))
}

/// Removes a user, with all sessions and tokens. What the user did stays in the log.
pub async fn remove(host: &Host, caller: &Caller, user: &str) -> Result<RemovedUser, Problem> {
    let user = manageable(host, caller, user).await?;
    let removed = UserRemoved { user: user.id.clone(), name: user.name.clone() };
    let events = vec![Draft::of_host(&removed).by(&caller.actor)];
    host.app.accounts.store.remove_user(&user.id, keeps_admin(caller), events).await?;
    Ok(RemovedUser { id: user.id, name: user.name })
}

/// The hash of a password that can be that of a user with a name.
pub(super) async fn hash(host: &Host, name: &str, password: String) -> Result<String, Problem> {
    check_name(name).map_err(|error| Problem::from(error).of_field("name"))?;
    check_password(&password, name).map_err(|error| Problem::from(error).of_field("password"))?;
    Ok(host.app.accounts.hashing.hash(password).await?)
}

pub(super) fn describe_added(user: &NewUser) -> UserAdded {
    UserAdded {
        user: user.id.clone(),
        name: user.name.clone(),
        role: user.role,
        all_projects: user.all_projects,
        members: user.members.iter().map(events::Membership::from).collect(),
        by_setup_link: false,
    }
}

/// The user, where the caller may know of it.
async fn known(host: &Host, caller: &Caller, name: &str) -> Result<accounts::User, Problem> {
    let user = find_user(host, name).await?;
    if knows(caller, &user) { Ok(user) } else { Err(no_user(name)) }
}

/// The user, where the caller may manage users and may do all that this one may: else the password of a user who may more could be
/// set, and used.
async fn manageable(host: &Host, caller: &Caller, name: &str) -> Result<accounts::User, Problem> {
    let user = known(host, caller, name).await?;
    caller.check(host, Permission::Users, Subject::Host).await?;
    check_may_give(caller, user.role)?;
    Ok(user)
}

/// Whether a user exists for the caller: for whoever manages users, in a project those of it; and everyone knows themselves.
fn knows(caller: &Caller, user: &accounts::User) -> bool {
    caller.may(Permission::Users, None)
        || caller.user() == Some(&user.id)
        || user.members.iter().any(|member| caller.sees(&member.project) && caller.may(Permission::Users, Some(&member.project)))
}

/// A user without the projects that do not exist for the caller.
fn shown_to(caller: &Caller, mut user: accounts::User) -> User {
    user.members.retain(|member| caller.sees(&member.project));
    user.into()
}

fn check_may_give(caller: &Caller, role: Role) -> Result<(), Problem> {
    if role.permissions().all(|permission| caller.may(permission, None)) {
        return Ok(());
    }
    Err(denied("You may not manage users who may do more than you.", "Ask an admin."))
}

/// Rejects to change what a user may do in a project who may do, or as a member could do, more there than the caller.
fn check_may_give_in(caller: &Caller, user: &accounts::User, project: &str) -> Result<(), Problem> {
    let delegated = user.members.iter().find(|member| member.project == project).into_iter().flat_map(|member| member.permissions.iter());
    if user.role.permissions().chain(delegated.copied()).all(|permission| caller.may(permission, Some(project))) {
        return Ok(());
    }
    Err(denied("You may not manage users who may do more in the project than you.", "Ask an admin."))
}

/// The id of the project and what is delegated, where the caller may delegate it.
async fn check_member(host: &Host, caller: &Caller, request: &SetMember) -> Result<(String, BTreeSet<Permission>), Problem> {
    caller.check(host, Permission::Users, Subject::Project(&request.project)).await?;
    let project = caller.find_project(host, &request.project).await?;
    let permissions: BTreeSet<_> = request.permissions.iter().copied().collect();
    if let Some(other) = permissions.iter().find(|permission| !permission.can_be_delegated()) {
        let message = format!("`{}` is not delegated: it comes with a role.", other.as_str());
        let hint = "Delegate any of `grant`, `merge`, `budgets`, `secrets`, `users` and `settings`, or set another role.";
        return Err(Problem::invalid("permission_of_role", "permissions", message).advise(hint));
    }
    if !permissions.iter().all(|permission| caller.may(*permission, Some(&project))) {
        return Err(denied("You may not delegate what you may not do yourself.", "Ask an admin.").of_field("permissions"));
    }
    Ok((project, permissions))
}

async fn change_member(host: &Host, caller: &Caller, user: &str, change: MemberChange, event: Draft) -> Result<User, Problem> {
    let change = UserChange { members: vec![change], ..UserChange::default() };
    let changed = host.app.accounts.store.change_user(user, &change, vec![event.by(&caller.actor)]).await?;
    Ok(shown_to(caller, changed))
}

/// Whoever has a session and not the password must not be able to keep others out for good.
async fn check_current(host: &Host, user: &accounts::User, current: Option<String>) -> Result<(), Problem> {
    let accounts = &host.app.accounts;
    let key = key_of_name(&user.name);
    let attempt = accounts.attempts.begin(&key, None, host.now().0).map_err(|Blocked { wait_ms }| {
        let seconds = wait_ms.div_ceil(1_000);
        let message = "Too many passwords were wrong.";
        let problem = Problem::new(ProblemKind::Exhausted, "too_many_logins", message, ProblemSource::Client);
        problem.advise(format!("Try again in {seconds} s.")).retry_after(seconds)
    })?;
    let login = accounts.store.find_login(&key).await?;
    let fits = match current {
        Some(current) => accounts.hashing.verify(current, login.map(|login| login.password)).await?,
        None => false,
    };
    if fits {
        accounts.attempts.succeed(&attempt);
        return Ok(());
    }
    Err(denied("The current password is missing or wrong.", "Give the password before as `current`.").of_field("current"))
}

/// An operator can always add an admin; users of the API could lock themselves out.
fn keeps_admin(caller: &Caller) -> bool {
    caller.actor.kind != ActorKind::Operator
}

impl From<accounts::User> for User {
    fn from(user: accounts::User) -> Self {
        let members = user
            .members
            .into_iter()
            .map(|accounts::Member { project, permissions }| Membership { project, permissions: permissions.into_iter().collect() });
        Self {
            id: user.id,
            name: user.name,
            role: user.role,
            all_projects: user.all_projects,
            members: members.collect(),
            disabled: user.disabled_at.is_some(),
            created_at: Moment(user.created_at),
            updated_at: Moment(user.updated_at),
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(User, Page<User>, RemovedUser)))]
pub(in crate::operations) struct Views;
