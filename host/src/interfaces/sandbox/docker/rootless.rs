//! Engines that belong to a user and not to root, as rootless Docker and Podman do: known by who owns their socket. One that
//! cannot limit its containers is refused.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use bollard::models::{SystemInfo, SystemInfoCgroupVersionEnum};

use super::{Docker, failure};
use crate::interfaces::sandbox::engine::{EngineError, User};

/// Root of the engine's own users, who is the engine's user outside of it.
const ROOT: User = User { uid: 0, gid: 0 };

impl Docker {
    /// As whom a container works in a folder of this user's. In an engine of the same user's, whose users have other numbers,
    /// that is its root, with the rights of that user and no more.
    pub(super) async fn within(&self, docker: &bollard::Docker, user: User) -> Result<User, EngineError> {
        Ok(if self.rootless(docker).await? == Some(user.uid) { ROOT } else { user })
    }

    /// The user that the engine belongs to; none for root.
    async fn rootless(&self, docker: &bollard::Docker) -> Result<Option<u32>, EngineError> {
        let find = || async {
            let Some(owner) = owner(self.socket()) else { return Ok(None) };
            let info = docker.info().await.map_err(|error| failure::unavailable(&error))?;
            if limits_nothing(&info) {
                return Err(EngineError::Unavailable(format!(
                    "The container engine belongs to user {owner}, and such engines cannot limit containers on cgroup v1. Use an engine of root's, or \
                     cgroup v2 (`systemd.unified_cgroup_hierarchy=1` for the kernel)."
                )));
            }
            Ok(Some(owner))
        };
        self.rootless.get_or_try_init(find).await.copied()
    }
}

fn owner(socket: &str) -> Option<u32> {
    fs::metadata(Path::new(socket)).ok().map(|found| found.uid()).filter(|uid| *uid != 0)
}

fn limits_nothing(info: &SystemInfo) -> bool {
    info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_1) || info.memory_limit == Some(false) || info.pids_limit == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_limits_nothing_is_known() {
        let v2 = SystemInfo { cgroup_version: Some(SystemInfoCgroupVersionEnum::_2), memory_limit: Some(true), ..SystemInfo::default() };
        assert!(!limits_nothing(&v2));
        assert!(limits_nothing(&SystemInfo { pids_limit: Some(false), ..v2.clone() }), "Docker tells");
        assert!(limits_nothing(&SystemInfo { cgroup_version: Some(SystemInfoCgroupVersionEnum::_1), ..v2 }), "Podman does not");
    }

    #[test]
    fn an_engine_is_its_sockets_owners() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        fs::write(&socket, "").unwrap();
        let uid = rustix::process::getuid().as_raw();
        assert_eq!(owner(socket.to_str().unwrap()), Some(uid).filter(|uid| *uid != 0));
        assert_eq!(owner("/nowhere"), None);
    }
}
