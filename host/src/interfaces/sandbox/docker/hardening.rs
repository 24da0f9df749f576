//! What a container may do: nothing but compute, within limits, and change the workspace. The one place where a container
//! is described; widens nothing for anybody.

use std::{collections::HashMap, fs, path::Path};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum,
    MountType, ResourcesUlimits,
};

use super::{dialect::Dialect, images::LocalImage};
use crate::interfaces::sandbox::{
    engine::{Mounted, Task, User},
    leftovers::Covers,
    services::Service,
    settings::Image,
    setup::{BIN, FORWARD},
};

/// Where the workspace is seen.
pub(super) const WORKSPACE: &str = "/workspace";
/// The label by which a data directory knows its own containers.
pub(super) const OWNER: &str = "baton.data";

/// Bytes of the log that the engine keeps of one container, twice.
const LOG: &str = "24m";
const OPEN_FILES: i64 = 4096;
/// What covers a file.
const NOTHING: &str = "/dev/null";
/// Bytes of `/dev/shm`.
const SHARED_MEMORY: i64 = 64 << 20;
/// The user of what is beside commands.
const NOBODY: u32 = 65534;
/// Processors of a service in billionths, and its processes.
const SERVICE_CPUS: i64 = 2_000_000_000;
const SERVICE_PROCESSES: i64 = 256;
/// Bytes and processes of what holds a network.
const HOLDER_MEMORY: u64 = 32 << 20;
const HOLDER_PROCESSES: i64 = 16;

/// A container for a task.
pub(super) fn container(task: &Task, found: &LocalImage, user: User, (owner, dialect): (&str, Dialect)) -> ContainerCreateBody {
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
        network_disabled: Some(!task.image.network && task.network.is_none()),
        host_config: Some(limits(task, found, user, dialect)),
        ..ContainerCreateBody::default()
    }
}

fn limits(task: &Task, found: &LocalImage, user: User, dialect: Dialect) -> HostConfig {
    let image = &task.image;
    let number = |value: u64| Some(i64::try_from(value).unwrap_or(i64::MAX));
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        network_mode: Some(task.network.as_ref().map_or_else(|| network(image.network).to_owned(), |holder| shared(holder))),
        ipc_mode: Some("private".to_owned()),
        memory: number(image.memory),
        // With swap on top, a limit of memory would be none.
        memory_swap: number(image.memory),
        nano_cpus: number(image.cpus.saturating_mul(1_000_000)),
        pids_limit: number(image.processes),
        // Where the machine itself runs out, a container is the first to go.
        oom_score_adj: Some(500),
        ulimits: Some(ulimits()),
        shm_size: Some(SHARED_MEMORY),
        log_config: Some(log()),
        tmpfs: Some(temporary(image, found, (user, dialect), &task.covers)),
        ..mounted(list_mounts(&task.workspace, &task.covers, &task.mounts), enforces_labels())
    }
}

fn network(is_open: bool) -> &'static str {
    if is_open { "bridge" } else { "none" }
}

/// The network of another container.
fn shared(holder: &str) -> String {
    format!("container:{holder}")
}

/// The container that holds the network which services and commands share, and sees when ports of it are open.
pub(super) fn holder<'a>(
    found: &LocalImage,
    (bin, is_open): (&Path, bool),
    ports: impl Iterator<Item = &'a u16>,
    labels: &[(&str, &str)],
) -> ContainerCreateBody {
    let seen = mounted(vec![Mounted { source: bin.to_owned(), target: BIN.to_owned(), read_only: true }], enforces_labels());
    let words = std::iter::once("hold".to_owned()).chain(ports.map(u16::to_string));
    ContainerCreateBody {
        entrypoint: Some(vec![format!("{BIN}/{FORWARD}")]),
        cmd: Some(words.collect()),
        host_config: Some(HostConfig {
            network_mode: Some(network(is_open).to_owned()),
            pids_limit: Some(HOLDER_PROCESSES),
            binds: seen.binds,
            mounts: seen.mounts,
            ..beside(HOLDER_MEMORY)
        }),
        ..describe_container(found, labels)
    }
}

/// A service, in the network of a holder.
pub(super) fn service(
    service: &Service,
    found: &LocalImage,
    holder: &str,
    (labels, dialect): (&[(&str, &str)], Dialect),
) -> ContainerCreateBody {
    let folders = found.volumes.iter().chain(&service.temporary).map(String::as_str).chain(["/tmp", "/var/tmp"]);
    let memory = service.memory_mib.saturating_mul(1 << 20);
    let options = dialect.writable(User { uid: NOBODY, gid: NOBODY }, memory);
    ContainerCreateBody {
        cmd: Some(service.command.clone()).filter(|command| !command.is_empty()),
        env: Some(service.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        host_config: Some(HostConfig {
            network_mode: Some(shared(holder)),
            tmpfs: Some(folders.map(|folder| (folder.to_owned(), options.clone())).collect()),
            ..beside(memory)
        }),
        ..describe_container(found, labels)
    }
}

fn describe_container(found: &LocalImage, labels: &[(&str, &str)]) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(found.id.clone()),
        user: Some(format!("{NOBODY}:{NOBODY}")),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        labels: Some(labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        ..ContainerCreateBody::default()
    }
}

/// What holds for all that is beside commands.
fn beside(memory: u64) -> HostConfig {
    let memory = Some(i64::try_from(memory).unwrap_or(i64::MAX));
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        ipc_mode: Some("private".to_owned()),
        memory,
        memory_swap: memory,
        nano_cpus: Some(SERVICE_CPUS),
        pids_limit: Some(SERVICE_PROCESSES),
        oom_score_adj: Some(500),
        ulimits: Some(ulimits()),
        shm_size: Some(SHARED_MEMORY),
        log_config: Some(log()),
        ..HostConfig::default()
    }
}

fn ulimits() -> Vec<ResourcesUlimits> {
    let limit = |name: &str, most| ResourcesUlimits { name: Some(name.to_owned()), soft: Some(most), hard: Some(most) };
    vec![limit("core", 0), limit("nofile", OPEN_FILES)]
}

fn log() -> HostConfigLogConfig {
    let log = [("max-size", LOG), ("max-file", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(HashMap::from(log)) }
}

/// Folders in memory: `/tmp`, what the image declares as volumes, which would else lie on the disk without a limit, and one
/// over each folder that the command must not see.
fn temporary(image: &Image, found: &LocalImage, (user, dialect): (User, Dialect), covers: &Covers) -> HashMap<String, String> {
    let options = dialect.writable(user, image.temporary);
    let folders = found.volumes.iter().map(String::as_str).chain(["/tmp", "/var/tmp"]);
    let mut folders: HashMap<_, _> =
        folders.filter(|folder| !folder.starts_with(WORKSPACE)).map(|folder| (folder.to_owned(), options.clone())).collect();
    for covered in covers.all.iter().filter(|covered| covered.is_folder && covered.shown.is_none()) {
        folders.insert(format!("{WORKSPACE}/{}", covered.path), dialect.cover());
    }
    folders
}

/// What a container sees of this machine: the workspace, what covers parts of it, and more. What git goes by is covered:
/// whoever writes there has commands run on the host, by git's hooks or by another repository in its place. What a person's git
/// settings have executed can be read.
fn list_mounts(workspace: &Path, covers: &Covers, more: &[Mounted]) -> Vec<Mounted> {
    let covers = covers.all.iter().filter_map(|covered| {
        let source = covered.shown.clone().or_else(|| (!covered.is_folder).then(|| NOTHING.into()))?;
        Some(Mounted { source, target: format!("{WORKSPACE}/{}", covered.path), read_only: true })
    });
    let workspace = Mounted { source: workspace.to_owned(), target: WORKSPACE.to_owned(), read_only: false };
    std::iter::once(workspace).chain(covers).chain(more.iter().cloned()).collect()
}

/// These as the engine is told of them. Its older word for it alone can ask for a label of SELinux: one that all containers
/// share, for several may see the same folder. A device gets none, nor what has a path that cannot be written so.
fn mounted(seen: Vec<Mounted>, with_labels: bool) -> HostConfig {
    let (mut binds, mut mounts) = (Vec::new(), Vec::new());
    for Mounted { source, target, read_only } in seen {
        let path = source.to_str().filter(|path| with_labels && *path != NOTHING && !path.contains(':'));
        match path {
            Some(path) => binds.push(format!("{path}:{target}:{},rprivate,z", if read_only { "ro" } else { "rw" })),
            None => mounts.push(bind(&source.display().to_string(), &target, read_only)),
        }
    }
    HostConfig { binds: Some(binds).filter(|binds| !binds.is_empty()), mounts: Some(mounts), ..HostConfig::default() }
}

fn bind(source: &str, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

/// Whether SELinux keeps containers from files that have no label for them.
fn enforces_labels() -> bool {
    fs::read("/sys/fs/selinux/enforce").is_ok_and(|enforces| enforces.first() == Some(&b'1'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::sandbox::services::Services;

    #[test]
    fn what_a_container_sees_gets_a_shared_label_where_selinux_wants_one() {
        let more = |source: &str| Mounted { source: source.into(), target: "/baton/home".to_owned(), read_only: true };
        let bound = |paths: [&str; 2], with_labels| {
            let host = mounted(list_mounts(Path::new(paths[0]), &Covers::none(), &[more(paths[1])]), with_labels);
            (host.binds.unwrap_or_default(), host.mounts.unwrap().into_iter().filter_map(|mount| mount.source).collect::<Vec<_>>())
        };
        let labelled = ["/home/me/shop:/workspace:rw,rprivate,z", "/data/home:/baton/home:ro,rprivate,z"].map(str::to_owned);
        assert_eq!(bound(["/home/me/shop", "/data/home"], true), (labelled.into(), Vec::new()));
        assert_eq!(bound(["/home/me/shop", "/data/home"], false), (Vec::new(), ["/home/me/shop", "/data/home"].map(str::to_owned).into()));
        let (binds, mounts) = bound(["/home/a:b", NOTHING], true);
        assert_eq!((binds.len(), mounts), (0, ["/home/a:b", NOTHING].map(str::to_owned).into()), "a colon would end the path");
    }

    #[test]
    fn what_is_beside_commands_has_a_network_of_its_own_and_nothing_of_the_machine() {
        let found = LocalImage { id: "sha256:1".to_owned(), volumes: vec!["/var/lib/data".to_owned()] };
        let table =
            serde_json::json!({ "services": { "db": { "image": "a", "ports": [5432], "temporary": ["/run/db"], "env": { "A": "b" } } } });
        let services = Services::read(&table).unwrap().unwrap();
        let body = service(&services.0["db"], &found, "held", (&[(OWNER, "me")], Dialect::Docker));
        let host = body.host_config.unwrap();
        assert_eq!((host.network_mode.as_deref(), host.mounts, host.binds), (Some("container:held"), None, None));
        let mut folders: Vec<_> = host.tmpfs.unwrap().into_keys().collect();
        folders.sort();
        assert_eq!(folders, ["/run/db", "/tmp", "/var/lib/data", "/var/tmp"]);
        let stance = (host.cap_drop, host.privileged, host.readonly_rootfs, host.memory == host.memory_swap);
        assert_eq!(stance, (Some(vec!["ALL".to_owned()]), Some(false), Some(true), true));
        assert_eq!((body.user.as_deref(), body.env), (Some("65534:65534"), Some(vec!["A=b".to_owned()])));

        for (is_open, network) in [(false, "none"), (true, "bridge")] {
            let body = holder(&found, (Path::new("/bin"), is_open), [5432].iter(), &[]);
            assert_eq!(body.cmd, Some(["hold", "5432"].map(str::to_owned).into()));
            let host = body.host_config.unwrap();
            let mounts: Vec<_> = host.mounts.unwrap().into_iter().map(|mount| (mount.target.unwrap(), mount.read_only)).collect();
            assert_eq!((host.network_mode.as_deref(), mounts), (Some(network), vec![(BIN.to_owned(), Some(true))]));
        }
    }
}
