//! What a container may do: nothing but compute, within limits, and change the workspace. The one place where a container
//! is described; widens nothing for anybody.

use std::{collections::HashMap, path::Path};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum,
    MountType, ResourcesUlimits,
};

use super::{access::User, images::Found};
use crate::interfaces::sandbox::{engine::Task, settings::Image};

/// Where the workspace is seen.
pub(super) const WORKSPACE: &str = "/workspace";
/// The label by which a data directory knows its own containers.
pub(super) const OWNER: &str = "baton.data";

/// Bytes of the log that the engine keeps of one container, twice.
const LOG: &str = "24m";
const OPEN_FILES: i64 = 4096;
/// Bytes of `/dev/shm`.
const SHARED_MEMORY: i64 = 64 << 20;

/// A container for a task.
pub(super) fn container(task: &Task, found: &Found, user: User, owner: &str) -> ContainerCreateBody {
    let labels = [(OWNER, owner), ("baton.run", task.key.run.as_str())];
    let (program, arguments) =
        task.command.split_first().map_or((String::new(), Vec::new()), |(first, rest)| (first.clone(), rest.to_vec()));
    let environment = [("HOME", "/tmp")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = environment.into_iter().chain(task.env.clone()).map(|(name, value)| format!("{name}={value}"));
    ContainerCreateBody {
        image: Some(found.id.clone()),
        user: Some(format!("{}:{}", user.uid, user.gid)),
        // An entry point of the image would read the command, and its health check would run beside it.
        entrypoint: Some(vec![program]),
        cmd: Some(arguments),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        env: Some(environment.collect()),
        working_dir: Some(WORKSPACE.to_owned()),
        labels: Some(labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()),
        network_disabled: Some(!task.image.network),
        host_config: Some(limits(&task.image, found, user, &task.workspace)),
        ..ContainerCreateBody::default()
    }
}

fn limits(image: &Image, found: &Found, user: User, workspace: &Path) -> HostConfig {
    let number = |value: u64| Some(i64::try_from(value).unwrap_or(i64::MAX));
    let limit = |name: &str, most| ResourcesUlimits { name: Some(name.to_owned()), soft: Some(most), hard: Some(most) };
    let log = [("max-size", LOG), ("max-file", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        network_mode: Some(if image.network { "bridge" } else { "none" }.to_owned()),
        ipc_mode: Some("private".to_owned()),
        memory: number(image.memory),
        // With swap on top, a limit of memory would be none.
        memory_swap: number(image.memory),
        nano_cpus: number(image.cpus.saturating_mul(1_000_000)),
        pids_limit: number(image.processes),
        // Where the machine itself runs out, a container is the first to go.
        oom_score_adj: Some(500),
        ulimits: Some(vec![limit("core", 0), limit("nofile", OPEN_FILES)]),
        shm_size: Some(SHARED_MEMORY),
        log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(HashMap::from(log)) }),
        tmpfs: Some(temporary(image, found, user, workspace)),
        mounts: Some(mounts(workspace)),
        ..HostConfig::default()
    }
}

/// What git goes by.
const REPOSITORY: &str = ".git";
/// What the host keeps in a workspace.
const HOSTS_OWN: &str = ".baton";

/// Folders in memory: `/tmp`, and what the image declares as volumes, which would else lie on the disk without a limit.
fn temporary(image: &Image, found: &Found, user: User, workspace: &Path) -> HashMap<String, String> {
    // The owner beside the mode: the engine takes the mode of the image's own folder, which may be closed.
    let options = format!("rw,exec,nosuid,nodev,mode=1777,uid={},gid={},size={}", user.uid, user.gid, image.temporary);
    let folders = found.volumes.iter().map(String::as_str).chain(["/tmp", "/var/tmp"]);
    let mut folders: HashMap<_, _> =
        folders.filter(|folder| !folder.starts_with(WORKSPACE)).map(|folder| (folder.to_owned(), options.clone())).collect();
    for hidden in [REPOSITORY, HOSTS_OWN] {
        if kind(workspace, hidden).is_some_and(|found| found.is_dir()) {
            folders.insert(format!("{WORKSPACE}/{hidden}"), "ro,noexec,nosuid,nodev,mode=0555,size=4096".to_owned());
        }
    }
    folders
}

/// The workspace. What git goes by is covered: whoever writes there has commands run on the host, by git's hooks or by
/// another repository in its place.
fn mounts(workspace: &Path) -> Vec<Mount> {
    let bind = |source: String, target: String, read_only| Mount {
        typ: Some(MountType::BIND),
        source: Some(source),
        target: Some(target),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    };
    let mut mounts = vec![bind(workspace.display().to_string(), WORKSPACE.to_owned(), false)];
    if kind(workspace, REPOSITORY).is_some_and(|found| found.is_file()) {
        mounts.push(bind("/dev/null".to_owned(), format!("{WORKSPACE}/{REPOSITORY}"), true));
    }
    mounts
}

fn kind(workspace: &Path, name: &str) -> Option<std::fs::FileType> {
    std::fs::symlink_metadata(workspace.join(name)).ok().map(|found| found.file_type())
}
