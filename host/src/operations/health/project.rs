//! What the project in the current folder lacks: an environment, a repository that stories can be worked on in, and approvals of
//! what its repository proposes. Approves nothing.

use std::path::PathBuf;

use super::{Check, settings::effective};
use crate::{
    app::worktrees,
    escape::escaped,
    interfaces::git::LFS_POINTERS,
    operations::{
        Host,
        approvals::{ApprovalState, ApprovalStatus},
        environments,
        projects::ProjectRef,
        services,
        services::ServiceSet,
        setups,
        setups::Setup,
    },
};

/// Nothing where the current folder has what runs in it need, as far as Baton sees.
pub(super) async fn checks(host: &Host) -> Vec<Check> {
    let project = ProjectRef::Folder(PathBuf::from("."));
    let mut checks = Vec::new();
    checks.extend(environment(host, &project).await);
    // Settings that cannot be read have a check of their own.
    checks.extend(setups::show(host, &project).await.ok().and_then(|status| setup(&status)));
    checks.extend(services::show(host, &project).await.ok().and_then(|status| proposed_services(&status)));
    checks.extend(repository(host, &project).await);
    checks
}

async fn environment(host: &Host, project: &ProjectRef) -> Option<Check> {
    const SUBJECT: &str = "environment";
    match environments::find_gap(host, project).await {
        Ok(gap) => gap.map(|gap| Check::warn(SUBJECT, escaped(&gap.message), gap.kind.hint("baton project environment build"))),
        Err(problem) => Some(Check::warn(SUBJECT, "cannot be read", problem.to_string())),
    }
}

fn setup(status: &ApprovalStatus<Setup>) -> Option<Check> {
    unapproved(status, "setup", |setup| {
        let lock = setup.lock.as_deref().map(|lock| format!(" with `{}` for lockfiles", escaped(lock))).unwrap_or_default();
        format!("The repository proposes the setup `{}`{lock}, which is not approved.", escaped(&setup.command))
    })
}

fn proposed_services(status: &ApprovalStatus<ServiceSet>) -> Option<Check> {
    unapproved(status, "services", |set| {
        let named: Vec<_> =
            set.services.iter().map(|(name, service)| format!("`{}` ({})", escaped(name), escaped(&service.image))).collect();
        format!("The repository proposes services that are not approved: {}.", named.join(", "))
    })
}

/// The check of a proposal that pauses runs until it is approved.
fn unapproved<T>(status: &ApprovalStatus<T>, subject: &str, message: impl Fn(&T) -> String) -> Option<Check> {
    if status.state != ApprovalState::Proposed {
        return None;
    }
    Some(match (&status.problem, &status.pending) {
        (Some(problem), _) => {
            Check::warn(subject, escaped(problem), "Correct it in the repository's baton.toml. Until then, runs that need it pause.")
        }
        (None, pending) => {
            let message = pending.as_ref().map(message).unwrap_or_default();
            let hint = format!(
                "Look at it with `baton project {subject} show`, then approve it with `baton project {subject} approve`. Until then, runs that need it pause."
            );
            Check::warn(subject, message, hint)
        }
    })
}

/// Nothing where stories can be worked on, or where the folder is not a repository.
async fn repository(host: &Host, project: &ProjectRef) -> Option<Check> {
    let (program, views) = (host.app.config.git.clone()?, worktrees(&host.app.config.data_dir));
    let folder = project.find(host).await.ok()?.folder().ok()?.to_owned();
    let settings = effective(&host.app.config);
    let pointers = settings.pointer(&format!("/{}", LFS_POINTERS.replace('.', "/"))).is_some_and(|value| value.as_bool() == Some(true));
    let looked = tokio::task::spawn_blocking(move || program.check_files(&folder, &views, pointers)).await.ok()?;
    looked.err().map(|error| Check::warn("repository", error.text, "Until then, stories cannot be worked on here."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: ApprovalState, problem: Option<&str>) -> ApprovalStatus<Setup> {
        let pending =
            Setup { command: "npm ci\u{1b}".to_owned(), files: Vec::new(), lock: Some("npm install".to_owned()), hash: String::new() };
        ApprovalStatus {
            project: "p".to_owned(),
            state,
            effective: None,
            settings: None,
            approved: None,
            proposed: None,
            problem: problem.map(str::to_owned),
            suggested: None,
            pending: Some(pending).filter(|_| problem.is_none()),
        }
    }

    #[test]
    fn only_a_proposal_that_pauses_runs_is_told() {
        assert!(setup(&status(ApprovalState::Approved, None)).is_none() && setup(&status(ApprovalState::None, None)).is_none());
        let check = setup(&status(ApprovalState::Proposed, None)).unwrap();
        assert_eq!(
            check.message,
            r"The repository proposes the setup `npm ci\u{1b}` with `npm install` for lockfiles, which is not approved."
        );
        assert!(check.hint.unwrap().contains("baton project setup approve"));
        let wrong = setup(&status(ApprovalState::Proposed, Some("It is wrong."))).unwrap();
        assert!(wrong.message == "It is wrong." && wrong.hint.unwrap().starts_with("Correct it"));
    }
}
