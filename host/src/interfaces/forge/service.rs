//! Which forge a project has. Asks none itself.

use std::sync::Arc;

use super::{Config, Forge, Hub, Kind, Local, PullRequests, Repositories, Rules};
use crate::{
    interfaces::project::Project,
    journal::{Pause, PauseKind},
};

/// Every forge there is, by project.
pub struct Forges {
    config: Config,
    local: Arc<dyn Forge>,
    repository: Arc<dyn Repositories>,
    hub: Option<Hub>,
}

impl Forges {
    /// Forges as the operator set them; `hub` is GitHub with the token there is.
    pub fn new(config: Config, rows: Arc<dyn PullRequests>, repository: Arc<dyn Repositories>, hub: Option<Hub>) -> Self {
        let local = Arc::new(Local::new(rows, Arc::clone(&repository)));
        Self { config, local, repository, hub }
    }

    /// What holds for a project.
    pub fn rules(&self, project: &Project) -> &Rules {
        self.config.rules(project)
    }

    /// Whether runs may merge in a project, and so bring work into a person's branches; else a person does.
    pub fn lets_runs_merge(&self, project: &Project) -> bool {
        self.rules(project).lets_runs_merge()
    }

    /// Looks at the repositories of projects.
    pub fn repository(&self) -> &Arc<dyn Repositories> {
        &self.repository
    }

    /// The forge of a project, or what the operator has to do first.
    pub fn of(&self, project: &Project) -> Result<Arc<dyn Forge>, Pause> {
        match (self.rules(project), &self.hub) {
            (Rules { kind: Kind::GitHub, repository: Some(repository), .. }, Some(hub)) => Ok(Arc::new(hub.repository(repository.clone()))),
            (Rules { kind: Kind::GitHub, .. }, _) => {
                let name = &self.config.token_name;
                let reason = format!(
                    "The token for GitHub, {name}, is neither in the environment nor among the secrets. Set the variable, or keep the token with \
                     `baton secret set {name}`, and resume the run."
                );
                Err(Pause::new(PauseKind::Operator, reason))
            }
            (Rules { kind: Kind::Local, .. }, _) => Ok(Arc::clone(&self.local)),
        }
    }
}
