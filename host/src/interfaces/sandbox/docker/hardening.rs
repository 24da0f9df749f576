//! What a container may do: nothing but compute, within limits, and change the workspace. The one place where a container
//! is described; widens nothing for anybody.

use std::{collections::HashMap, fs, path::Path};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum,
    MountType, ResourcesUlimits,
};

use super::images::Found;
use crate::interfaces::sandbox::{
    engine::{Mounted, Task, User},
    leftovers::Covers,
    settings::Image,
};

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
        host_config: Some(limits(task, found, user)),
        ..ContainerCreateBody::default()
    }
}

fn limits(task: &Task, found: &Found, user: User) -> HostConfig {
    let image = &task.image;
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
        tmpfs: Some(temporary(image, found, user, &task.covers)),
        binds: labelled_bind(&task.workspace, enforces_labels()).map(|bind| vec![bind]),
        mounts: Some(mounts(&task.workspace, &task.covers, &task.mounts, enforces_labels())),
        ..HostConfig::default()
    }
}

/// Folders in memory: `/tmp`, what the image declares as volumes, which would else lie on the disk without a limit, and one
/// over each folder that the command must not see.
fn temporary(image: &Image, found: &Found, user: User, covers: &Covers) -> HashMap<String, String> {
    // The owner beside the mode: the engine takes the mode of the image's own folder, which may be closed.
    let options = format!("rw,exec,nosuid,nodev,mode=1777,uid={},gid={},size={}", user.uid, user.gid, image.temporary);
    let folders = found.volumes.iter().map(String::as_str).chain(["/tmp", "/var/tmp"]);
    let mut folders: HashMap<_, _> =
        folders.filter(|folder| !folder.starts_with(WORKSPACE)).map(|folder| (folder.to_owned(), options.clone())).collect();
    for covered in covers.all.iter().filter(|covered| covered.is_folder && covered.shown.is_none()) {
        folders.insert(format!("{WORKSPACE}/{}", covered.path), "ro,noexec,nosuid,nodev,mode=0555,size=4096".to_owned());
    }
    folders
}

/// The workspace, unless it is bound with a label. What git goes by is covered: whoever writes there has commands run on the
/// host, by git's hooks or by another repository in its place. What a person's git settings have executed can be read.
fn mounts(workspace: &Path, covers: &Covers, more: &[Mounted], with_label: bool) -> Vec<Mount> {
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
    let covers = covers.all.iter().filter_map(|covered| {
        let shown = covered.shown.as_ref().map(|shown| shown.display().to_string());
        let source = shown.or_else(|| (!covered.is_folder).then(|| "/dev/null".to_owned()))?;
        Some(bind(source, format!("{WORKSPACE}/{}", covered.path), true))
    });
    let workspace = match labelled_bind(workspace, with_label) {
        Some(_) => None,
        None => Some(bind(workspace.display().to_string(), WORKSPACE.to_owned(), false)),
    };
    let more = more.iter().map(|mounted| bind(mounted.source.display().to_string(), mounted.target.clone(), mounted.read_only));
    workspace.into_iter().chain(covers).chain(more).collect()
}

/// The workspace as the engine's older word for it has it, which alone can ask for a label of SELinux: one that all containers
/// share, for several may work in one workspace. None where no label is wanted, and where the path cannot be written so.
fn labelled_bind(workspace: &Path, with_label: bool) -> Option<String> {
    let path = workspace.to_str().filter(|path| with_label && !path.contains(':'))?;
    Some(format!("{path}:{WORKSPACE}:rw,rprivate,z"))
}

/// Whether SELinux keeps containers from files that have no label for them.
fn enforces_labels() -> bool {
    fs::read("/sys/fs/selinux/enforce").is_ok_and(|enforces| enforces.first() == Some(&b'1'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_gets_a_shared_label_where_selinux_wants_one() {
        let covers = Covers::none();
        let bound = |path: &str, with_label| {
            let (path, mounts) = (Path::new(path), mounts(Path::new(path), &covers, &[], with_label));
            (labelled_bind(path, with_label), mounts.into_iter().filter_map(|mount| mount.source).collect::<Vec<_>>())
        };
        assert_eq!(bound("/home/me/shop", true), (Some("/home/me/shop:/workspace:rw,rprivate,z".to_owned()), Vec::new()));
        assert_eq!(bound("/home/me/shop", false), (None, vec!["/home/me/shop".to_owned()]));
        assert_eq!(bound("/home/a:b", true), (None, vec!["/home/a:b".to_owned()]), "a colon would end the path");
    }
}
