//! Pushing a branch to the operator's remote: never by force, with no hook, and no helper that a repository names.

use super::{
    advancing::no_branch,
    checkout::{Checkout, Whose},
    names::excerpt,
    pins,
    program::NOWHERE,
};
use crate::{interfaces::pins::Pin, journal::CallError};

/// The remote where the settings name none.
const REMOTE: &str = "origin";

impl Checkout {
    /// Pushes a branch of this checkout of a person's. Pushing what is there already is no failure.
    pub(super) fn push(&self, branch: &str, remote: Option<&str>, pin: Option<&Pin>) -> Result<(), CallError> {
        let Whose::Person(repository) = &self.whose else { return Ok(()) };
        self.branch_at(branch)?.ok_or_else(|| no_branch(branch))?;
        let remote = remote.unwrap_or(REMOTE);
        let address = ["pushurl", "url"].iter().find_map(|key| repository.setting(&format!("remote.{remote}.{key}")));
        let address = address.ok_or_else(|| {
            CallError::not_found(format!(
                "The repository has no remote `{}`; add one with `git remote add`, or name another with `git.remote` in the settings.",
                excerpt(remote)
            ))
        })?;
        if !pins::has_its_remotes(repository, pin)? {
            return Err(CallError::conflict(format!(
                "The repository has other remotes than when this run began, so nothing is pushed to `{}`; if that is what you want, start a new run.",
                excerpt(remote)
            )));
        }
        let reach = reach(address)?;
        // A remote on this disk is a repository like any other: none of its commands is run either.
        let receive = format!(
            "--receive-pack=git -c core.hooksPath={NOWHERE} -c core.alternateRefsCommand=false -c receive.autogc=false \
             -c receive.denyCurrentBranch=refuse receive-pack"
        );
        let refs = format!("refs/heads/{branch}:refs/heads/{branch}");
        let call = match reach {
            Reach::Disk => {
                self.git(["push", "--porcelain", "--no-verify", "--no-recurse-submodules", &receive, "--end-of-options", address, &refs])
            }
            Reach::Network => {
                self.git(["push", "--porcelain", "--no-verify", "--no-recurse-submodules", "--end-of-options", address, &refs])
            }
        };
        let said = call.at(&repository.folder).reaching_out(&self.program).run()?;
        if said.code == 0 {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&said.out);
        if told.contains("[rejected]") || told.contains("[remote rejected]") {
            let reason =
                told.lines().find(|line| line.starts_with('!')).and_then(|line| line.rsplit_once('\t')).map_or("", |(_, reason)| reason);
            return Err(CallError::conflict(format!(
                "The remote `{}` does not take branch `{branch}` ({}); bring in what it has and push again.",
                excerpt(remote),
                excerpt(reason)
            )));
        }
        let complaint = said.complaint.lines().next().unwrap_or("it gives no reason");
        Err(CallError::unavailable(format!(
            "Branch `{branch}` could not be pushed to `{}`: {}. Let the operator look at the remote's address and at how Baton signs in there.",
            excerpt(remote),
            excerpt(&without_password(complaint))
        )))
    }
}

enum Reach {
    Network,
    Disk,
}

/// How an address is reached; those by which git would run a command are refused.
fn reach(address: &str) -> Result<Reach, CallError> {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("https" | "http" | "ssh" | "git") => return Ok(Reach::Network),
        Some("file") => return Ok(Reach::Disk),
        _ => {}
    }
    if scheme.is_none() && address.starts_with(['/', '.']) {
        return Ok(Reach::Disk);
    }
    // `user@host:path`, as ssh has it; two colons would name a program.
    let host = address.split_once(':').map(|(host, path)| (host, !path.starts_with(':')));
    match host {
        Some((host, true)) if scheme.is_none() && !host.is_empty() && !host.starts_with('-') && !host.contains('/') => Ok(Reach::Network),
        _ => Err(CallError::invalid(
            "Baton does not push to the remote's address; set one that begins with `https://` or `ssh://`, or the path of a repository."
                .to_owned(),
        )),
    }
}

/// A sentence without what stands before the `@` of an address.
fn without_password(text: &str) -> String {
    let words = text.split(' ').map(|word| match (word.split_once("://"), word.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
