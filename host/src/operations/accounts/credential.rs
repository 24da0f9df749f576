//! The credential file of a serving host. Lets in whoever can read the data directory, who owns the host anyway.

use crate::{
    accounts::credential,
    config::Config,
    events::path_text,
    operations::{Host, Problem, ProblemKind, ProblemSource},
};

/// Makes the file, for as long as this host serves. Only a host that executes does: it is the only one then.
pub fn create(host: &Host) -> Result<(), Problem> {
    let data_dir = &host.config().data_dir;
    let secret = credential::create(data_dir).map_err(|error| {
        let message = format!("The credential file {} cannot be written: {error}.", path_text(&credential::path(data_dir)));
        unusable(message).advise("Make the data directory writable for this user.")
    })?;
    host.config().redactor.learn(&secret.reveal());
    host.app.accounts.set_credential(secret);
    Ok(())
}

/// Removes the file: what it held is accepted no more.
pub fn remove(host: &Host) {
    let accounts = &host.app.accounts;
    if let Some(secret) = accounts.take_credential()
        && let Err(error) = credential::remove(&host.config().data_dir, &secret)
    {
        // The next host replaces it; until then it opens nothing.
        tracing::warn!(%error, "the credential file cannot be removed");
    }
}

/// What lets a local client in, where a host serves on this data.
pub fn read(config: &Config) -> Result<Option<String>, Problem> {
    let read = credential::read(&config.data_dir).map_err(|error| {
        let path = path_text(&credential::path(&config.data_dir));
        unusable(format!("The credential file {path} cannot be used: {error}.")).advise("Restart `baton serve`, which writes it again.")
    })?;
    Ok(read.map(|secret| secret.reveal()))
}

fn unusable(message: String) -> Problem {
    Problem::new(ProblemKind::Unavailable, "credential_unusable", message, ProblemSource::Host)
}
