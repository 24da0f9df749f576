//! What this user signs in to servers with, kept in a file that no other user can read. Sends nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    cli::text,
    config::{self, own_files},
    operations::{Problem, ProblemKind, ProblemSource, accounts::sessions::Credentials},
};

/// What signs in to a server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Kept {
    /// A session, which each refresh continues under other tokens.
    Session {
        /// What requests bring.
        access_token: String,
        /// What the next refresh brings, once.
        refresh_token: String,
    },
    /// A token, which stays as it is.
    Token {
        /// What requests bring.
        token: String,
    },
}

impl Kept {
    /// What requests bring.
    pub(super) fn bearer(&self) -> &str {
        match self {
            Self::Session { access_token, .. } => access_token,
            Self::Token { token } => token,
        }
    }

    /// All that must not be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let refresh = match self {
            Self::Session { refresh_token, .. } => Some(refresh_token.as_str()),
            Self::Token { .. } => None,
        };
        [self.bearer()].into_iter().chain(refresh)
    }
}

impl From<Credentials> for Kept {
    fn from(given: Credentials) -> Self {
        Self::Session { access_token: given.access_token, refresh_token: given.refresh_token }
    }
}

/// The file, by the URLs of servers.
#[derive(Default, Serialize, Deserialize)]
struct Content {
    #[serde(default)]
    servers: BTreeMap<String, Kept>,
}

/// The credentials of this user. While it exists, no other process changes them.
pub(super) struct Store {
    path: PathBuf,
    _lock: File,
}

impl Store {
    /// Waits until no other process changes them.
    pub(super) async fn open() -> Result<Self, Problem> {
        let path = config::credentials_file().map_err(Problem::from)?;
        let lock = path.with_extension("lock");
        let locked = tokio::task::spawn_blocking(move || own_files::lock(&lock)).await;
        let lock = locked.map_err(io::Error::other).and_then(|locked| locked).map_err(|error| unusable(&path, &error))?;
        Ok(Self { path, _lock: lock })
    }

    /// What signs in to a server.
    pub(super) fn find(&self, server: &str) -> Result<Option<Kept>, Problem> {
        Ok(load(&self.path)?.servers.remove(server))
    }

    /// Keeps what signs in to a server from now on, or forgets it.
    pub(super) fn put(&self, server: &str, kept: Option<Kept>) -> Result<(), Problem> {
        let mut content = load(&self.path)?;
        match kept {
            Some(kept) => drop(content.servers.insert(server.to_owned(), kept)),
            None => drop(content.servers.remove(server)),
        }
        replace(&self.path, &content).map_err(|error| unusable(&self.path, &error))
    }
}

/// What signs in to a server, read without waiting for who changes it.
pub(super) fn find(server: &str) -> Result<Option<Kept>, Problem> {
    Ok(load(&config::credentials_file().map_err(Problem::from)?)?.servers.remove(server))
}

fn load(path: &Path) -> Result<Content, Problem> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::default()),
        Err(error) => return Err(unusable(path, &error)),
    };
    if is_open(path) {
        let message = format!("Other users of this machine can read {}, which holds your credentials for servers.", text::path(path));
        let problem = Problem::conflict("credentials_open", message);
        return Err(problem.advise(format!("Deny them access with `chmod 600 {}`.", text::shell_word(&text::path(path)))));
    }
    serde_json::from_slice(&text).map_err(|_| {
        let message = format!("{} does not hold credentials for servers.", text::path(path));
        Problem::conflict("credentials_damaged", message).advise("Remove it, and log in again with `baton login`.")
    })
}

fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| own_files::is_open(&about))
}

fn replace(path: &Path, content: &Content) -> io::Result<()> {
    own_files::replace(path, &serde_json::to_vec_pretty(content)?, None)
}

fn unusable(path: &Path, error: &io::Error) -> Problem {
    let message = format!("The file {} with your credentials for servers cannot be used: {error}.", text::path(path));
    Problem::new(ProblemKind::Unavailable, "credentials_unusable", message, ProblemSource::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Kept {
        Kept::Token { token: text.to_owned() }
    }

    #[test]
    fn each_server_has_its_own_and_no_other_user_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/credentials.json");
        let store = Store { _lock: own_files::lock(&path.with_extension("lock")).unwrap(), path: path.clone() };
        assert!(store.find("https://a/").unwrap().is_none());
        store.put("https://a/", Some(token("one"))).unwrap();
        store.put("https://b/", Some(token("two"))).unwrap();
        store.put("https://a/", None).unwrap();
        assert!(store.find("https://a/").unwrap().is_none() && store.find("https://b/").unwrap() == Some(token("two")));
        assert!(!is_open(&path));
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        replace(&path, &Content::default()).unwrap();
        fs::write(&path, "{").unwrap();
        assert!(load(&path).err().is_some_and(|problem| problem.is("credentials_damaged")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(load(&path).err().is_some_and(|problem| problem.is("credentials_open")));
        }
    }
}
