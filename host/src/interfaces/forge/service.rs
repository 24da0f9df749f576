//! Which forge a project has. Asks none itself.

use std::sync::Arc;

use super::{Config, Forge, Local, PullRequests, Repositories, Rules};
use crate::journal::Pause;

/// Every forge there is, by project.
pub struct Forges {
    config: Config,
    local: Arc<dyn Forge>,
    repository: Arc<dyn Repositories>,
}

impl Forges {
    /// Forges as the operator set them.
    pub fn new(config: Config, rows: Arc<dyn PullRequests>, repository: Arc<dyn Repositories>) -> Self {
        let local = Arc::new(Local::new(rows, Arc::clone(&repository)));
        Self { config, local, repository }
    }

    /// What holds for a project.
    pub fn rules(&self, project: &str) -> &Rules {
        self.config.rules(project)
    }

    /// Looks at the repositories of projects.
    pub fn repository(&self) -> &dyn Repositories {
        &*self.repository
    }

    /// The forge of a project, or what the operator has to do first.
    pub fn of(&self, _project: &str) -> Result<Arc<dyn Forge>, Pause> {
        Ok(Arc::clone(&self.local))
    }
}
