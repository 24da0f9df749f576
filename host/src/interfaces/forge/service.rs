//! Which forge a project has. Asks none itself.

use std::sync::{Arc, OnceLock};

use super::{Config, Forge, Hub, Kind, Local, PullRequests, Repositories, Rules, Token};
use crate::interfaces::{keys::Keys, project::Project};

/// Every forge there is, by project.
pub struct Forges {
    config: Config,
    local: Arc<dyn Forge>,
    repository: Arc<dyn Repositories>,
    keys: Arc<dyn Keys>,
    connect: Connect,
    hub: OnceLock<Hub>,
}

/// Connects to GitHub with a token. Fails with a sentence.
pub type Connect = Box<dyn Fn(&Token) -> Result<Hub, String> + Send + Sync>;

/// GitHub cannot be asked, because its token is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct NoToken {
    /// The name under which the token is looked for.
    pub name: String,
    /// What is wrong, and what to do.
    pub reason: String,
    /// The mark of the token that cannot be used.
    pub rejected: Vec<String>,
}

impl Forges {
    /// Forges as the operator set them. A token that is not in `config` yet is looked for among `keys` when it is needed.
    pub fn new(
        config: Config,
        rows: Arc<dyn PullRequests>,
        repository: Arc<dyn Repositories>,
        keys: Arc<dyn Keys>,
        connect: Connect,
    ) -> Result<Self, String> {
        let local = Arc::new(Local::new(rows, Arc::clone(&repository)));
        let hub = OnceLock::new();
        if let Some(token) = config.token.as_ref().filter(|_| config.needs_github()) {
            let connected = connect(token)?;
            hub.get_or_init(|| connected);
        }
        Ok(Self { config, local, repository, keys, connect, hub })
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

    /// The forge of a project.
    pub fn of(&self, project: &Project) -> Result<Arc<dyn Forge>, NoToken> {
        match self.rules(project) {
            Rules { kind: Kind::GitHub, repository: Some(repository), .. } => Ok(Arc::new(self.hub()?.repository(repository.clone()))),
            // A project on GitHub without a repository is rejected with the settings.
            Rules { kind: Kind::GitHub | Kind::Local, .. } => Ok(Arc::clone(&self.local)),
        }
    }

    fn hub(&self) -> Result<&Hub, NoToken> {
        if let Some(hub) = self.hub.get() {
            return Ok(hub);
        }
        let name = &self.config.token_name;
        let missing = |reason| NoToken { name: name.clone(), reason, rejected: Vec::new() };
        let token = self.keys.all(name).into_iter().next().ok_or_else(|| {
            missing(format!(
                "The token for GitHub, {name}, is neither in the environment nor among the secrets. Keep it with `baton secret set {name}`, \
                 or set the variable and start Baton again."
            ))
        })?;
        // Without its mark it would be found again and again.
        let unusable = |reason| NoToken { rejected: vec![self.keys.mark(name, &token)], ..missing(reason) };
        let hub = (self.connect)(&Token::new(&token)).map_err(unusable)?;
        Ok(self.hub.get_or_init(|| hub))
    }
}
