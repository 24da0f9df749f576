//! What engines that speak Docker's language understand otherwise than Docker. Widens nothing: a word that an engine does not
//! know has one in its place that holds as much.

use bollard::{
    errors::Error,
    models::{ContainerInspectResponse, SystemVersion},
};

use super::{Docker, LOOK, MOST_LOOKS, failure};
use crate::interfaces::sandbox::engine::{EngineError, User};

/// Which engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Docker,
    Podman,
}

impl Dialect {
    fn of(version: &SystemVersion) -> Self {
        let components = version.components.iter().flatten();
        let is_podman = components.into_iter().any(|component| component.name.starts_with("Podman"));
        if is_podman { Self::Podman } else { Self::Docker }
    }

    /// Options of a folder in memory that a user of the container writes to.
    pub(super) fn writable(self, user: User, bytes: u64) -> String {
        // Docker gives the folder the mode that the image's own has, which may be closed, so it has to be the user's. Podman
        // knows no owner there, and keeps the mode.
        let owner = match self {
            Self::Docker => format!("uid={},gid={},", user.uid, user.gid),
            Self::Podman => String::new(),
        };
        format!("rw,exec,nosuid,nodev,mode=1777,{owner}size={bytes}{}", self.empty())
    }

    /// Options of an empty folder over one that is not to be seen.
    pub(super) fn cover(self) -> String {
        format!("ro,noexec,nosuid,nodev,mode=0555,size=4096{}", self.empty())
    }

    /// Podman would copy what lies in the place of a folder in memory into it, and so show what is covered.
    fn empty(self) -> &'static str {
        match self {
            Self::Docker => "",
            Self::Podman => ",notmpcopyup",
        }
    }
}

/// What the engine says of a container. Podman has a state between running and exited that Docker has not, so that the client
/// does not read it; it lasts as long as Podman looks for the exit code.
pub(super) async fn inspect(docker: &bollard::Docker, name: &str) -> Result<ContainerInspectResponse, Error> {
    let mut looks = 0;
    loop {
        let found = docker.inspect_container(name, None).await;
        if looks >= MOST_LOOKS || !found.as_ref().is_err_and(is_between) {
            return found;
        }
        looks += 1;
        tokio::time::sleep(LOOK).await;
    }
}

fn is_between(error: &Error) -> bool {
    matches!(error, Error::JsonDataError { message, .. } if message.contains("variant `stopped`"))
}

impl Docker {
    /// Which engine answers, asked once.
    pub(super) async fn dialect(&self, docker: &bollard::Docker) -> Result<Dialect, EngineError> {
        let ask = || async {
            let version = docker.version().await.map_err(|error| failure::unavailable(&error))?;
            Ok(Dialect::of(&version))
        };
        self.dialect.get_or_try_init(ask).await.copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_engine_is_known_by_its_components() {
        let of = |name: &str| {
            let version =
                json!({ "Version": "4.3.1", "Components": [{ "Name": name, "Version": "4.3.1" }, { "Name": "Conmon", "Version": "2" }] });
            Dialect::of(&serde_json::from_value(version).unwrap())
        };
        assert_eq!((of("Podman Engine"), of("Engine")), (Dialect::Podman, Dialect::Docker));
        assert_eq!(Dialect::of(&SystemVersion::default()), Dialect::Docker);
    }

    #[test]
    fn the_state_that_podman_has_between_is_known_by_its_error() {
        let said = serde_json::from_str::<ContainerInspectResponse>("{\"State\":{\"Status\":\"stopped\"}}").unwrap_err();
        assert!(is_between(&Error::JsonDataError { message: said.to_string(), column: 0 }), "{said}");
        assert!(!is_between(&Error::RequestTimeoutError));
    }

    #[test]
    fn a_folder_in_memory_is_empty_and_writable_in_each() {
        let user = User { uid: 1000, gid: 100 };
        assert_eq!(Dialect::Docker.writable(user, 8), "rw,exec,nosuid,nodev,mode=1777,uid=1000,gid=100,size=8");
        assert_eq!(Dialect::Podman.writable(user, 8), "rw,exec,nosuid,nodev,mode=1777,size=8,notmpcopyup");
        assert!(Dialect::Podman.cover().ends_with(",notmpcopyup") && Dialect::Docker.cover().starts_with("ro,"));
    }
}
