//! What a caller may do, and what exists for them: the one place where the permissions of people are decided. Knows nothing of how
//! they signed in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Host, Problem, ProblemKind, ProblemSource};
use crate::{
    accounts::SignIn,
    actor::{Actor, ActorKind},
    interfaces::people::QuestionsError,
    journal::RunId,
    kernel::{KernelError, projects::Refusal},
};

pub use crate::accounts::{Permission, Role};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The host as a whole.
    Host,
    /// A project, by its id or name.
    Project(&'a str),
    /// A run, by its whole id.
    Run(&'a str),
    /// A question, by its whole id.
    Question(&'a str),
}

/// The projects that exist for a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VisibleProjects {
    /// All, with those that are added later.
    All,
    /// Those with these ids.
    Only(BTreeSet<String>),
}

/// Who asks, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// By what they are known.
    pub sign_in: SignIn,
    /// What they may do in each project that they see, and with the host.
    pub role: Role,
    /// What exists for them.
    pub projects: VisibleProjects,
    /// What they may do beyond their role, by the id of a project.
    pub delegated: BTreeMap<String, BTreeSet<Permission>>,
    /// What a token is narrowed to; none where it is not.
    pub narrowed_to: Option<BTreeSet<Permission>>,
}

/// What whoever has it may do, for a sentence that begins with “may not”.
fn describe(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read this",
        Permission::Work => "start or control work",
        Permission::Grant => "manage plugins",
        Permission::Merge => "merge pull requests",
        Permission::Budgets => "set budgets",
        Permission::Secrets => "manage secrets",
        Permission::Users => "manage users",
        Permission::Settings => "change settings",
    }
}

impl Caller {
    /// The operator of this machine, who may do everything.
    pub fn operator(actor: Actor) -> Self {
        let (projects, delegated) = (VisibleProjects::All, BTreeMap::new());
        Self { actor, sign_in: SignIn::Operator, role: Role::Admin, projects, delegated, narrowed_to: None }
    }

    /// Whether it is the operator of this machine who asks, to whom its files belong.
    pub fn is_operator(&self) -> bool {
        self.actor.kind == ActorKind::Operator
    }

    /// Whether a project exists for the caller, by its id.
    pub fn sees(&self, project: &str) -> bool {
        match &self.projects {
            VisibleProjects::All => true,
            VisibleProjects::Only(ids) => ids.contains(project),
        }
    }

    /// The ids of the projects that exist for the caller; none where all do.
    pub fn only_projects(&self) -> Option<Vec<String>> {
        match &self.projects {
            VisibleProjects::All => None,
            VisibleProjects::Only(ids) => Some(ids.iter().cloned().collect()),
        }
    }

    /// Whether everything of the host exists for the caller, also what belongs to no project.
    pub fn sees_all(&self) -> bool {
        self.projects == VisibleProjects::All
    }

    /// The id of the user who asks, or whose token does; none for the operator.
    pub fn user(&self) -> Option<&str> {
        match &self.sign_in {
            SignIn::Operator => None,
            SignIn::Session { user, .. } | SignIn::Token { user, .. } => Some(user),
        }
    }

    /// Whether the caller may do it in a project that exists for them, or with the host. What concerns all projects is for those
    /// alone who see all.
    pub fn may(&self, permission: Permission, project: Option<&str>) -> bool {
        let is_delegated = project.and_then(|project| self.delegated.get(project)).is_some_and(|those| those.contains(&permission));
        let is_in_reach = project.is_some() || !permission.can_be_delegated() || self.sees_all();
        !self.is_narrowed_away(permission) && is_in_reach && (self.role.allows(permission) || is_delegated)
    }

    /// Whether the caller is a token that is narrowed to other permissions.
    pub(super) fn is_narrowed_away(&self, permission: Permission) -> bool {
        self.narrowed_to.as_ref().is_some_and(|those| !those.contains(&permission))
    }

    /// Checks that the caller may do it. What does not exist for the caller is not found, in the same words as what does not
    /// exist at all.
    pub async fn check(&self, host: &Host, permission: Permission, subject: Subject<'_>) -> Result<(), Problem> {
        let project = match subject {
            Subject::Host => None,
            Subject::Project(name) => Some(self.find_project(host, name).await?),
            Subject::Run(id) => Some(self.find_project_of_run(host, id).await?),
            Subject::Question(id) => Some(self.find_project_of_question(host, id).await?),
        };
        match self.may(permission, project.as_deref()) {
            true => Ok(()),
            false => Err(self.denial(permission)),
        }
    }

    /// The id of a project. A name that is nearly right is not suggested: it could be that of a project which the caller does not see.
    pub async fn find_project(&self, host: &Host, name: &str) -> Result<String, Problem> {
        let projects = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?;
        let found = projects.into_iter().find(|project| project.removed_at.is_none() && (project.id == name || project.name == name));
        let id = found.map(|project| project.id).filter(|id| self.sees(id));
        id.ok_or_else(|| KernelError::Project(Refusal::Unknown(name.to_owned())).into())
    }

    async fn find_project_of_run(&self, host: &Host, id: &str) -> Result<String, Problem> {
        let found = host.app.kernel.runs().find(&RunId::from_text(id)).await.map_err(KernelError::from)?;
        let project = found.map(|run| run.project).filter(|project| self.sees(project));
        project.ok_or_else(|| KernelError::NoRun(id.escape_debug().to_string()).into())
    }

    async fn find_project_of_question(&self, host: &Host, id: &str) -> Result<String, Problem> {
        let found = host.app.questions.matching(id).await?.into_iter().find(|asked| asked.id.as_str() == id);
        let project = found.map(|asked| asked.project).filter(|project| self.sees(project));
        project.ok_or_else(|| QuestionsError::Unknown(id.escape_debug().to_string()).into())
    }

    fn denial(&self, permission: Permission) -> Problem {
        let (who, hint) = match self.is_narrowed_away(permission) {
            true => ("The token", "Create a token that is not narrowed to other permissions."),
            false => ("You", "Ask an admin for a role that may, or to delegate this for the project."),
        };
        let message = format!("{who} may not {}.", describe(permission));
        Problem::new(ProblemKind::Forbidden, "permission_denied", message, ProblemSource::Client).advise(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(role: Role) -> Caller {
        Caller { role, ..Caller::operator(Actor::operator("ada")) }
    }

    #[test]
    fn an_admin_of_some_projects_manages_nothing_that_concerns_all() {
        let projects = VisibleProjects::Only(BTreeSet::from(["p1".to_owned()]));
        let caller = Caller { projects, ..caller(Role::Admin) };
        for permission in Permission::ALL {
            assert!(caller.may(permission, Some("p1")), "{permission:?}");
            assert_eq!(caller.may(permission, None), !permission.can_be_delegated(), "{permission:?}");
        }
    }

    #[test]
    fn what_is_delegated_for_a_project_is_allowed_in_it_alone() {
        let delegated = BTreeMap::from([("p1".to_owned(), BTreeSet::from([Permission::Merge]))]);
        let caller = Caller { delegated, ..caller(Role::Developer) };
        assert!(caller.may(Permission::Merge, Some("p1")));
        assert!(!caller.may(Permission::Merge, Some("p2")) && !caller.may(Permission::Merge, None));
        assert!(!caller.may(Permission::Budgets, Some("p1")));
    }

    #[test]
    fn a_token_allows_nothing_that_it_is_not_narrowed_to_and_nothing_that_its_user_may_not() {
        let narrowed_to = Some(BTreeSet::from([Permission::Read, Permission::Merge]));
        let caller = Caller { narrowed_to, ..caller(Role::Developer) };
        assert!(caller.may(Permission::Read, None));
        assert!(!caller.may(Permission::Work, None) && !caller.may(Permission::Merge, None));
        let message = caller.denial(Permission::Work).message;
        assert!(message.starts_with("The token"), "{message}");
    }

    #[test]
    fn a_project_exists_for_those_alone_who_see_it() {
        let projects = VisibleProjects::Only(BTreeSet::from(["p1".to_owned()]));
        let caller = Caller { projects, ..caller(Role::Admin) };
        assert!(caller.sees("p1") && !caller.sees("p2") && !caller.sees_all());
        let user = Actor { kind: ActorKind::User, ..caller.actor.clone() };
        assert!(caller.is_operator() && !Caller { actor: user, ..caller }.is_operator());
    }
}
