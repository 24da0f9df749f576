//! Cloning a repository that a client named into a new folder. Reaches one address, which was checked before, by https or ssh;
//! follows no redirection, asks nobody for a password, and runs nothing that the repository brings.

use std::{
    fs::{self, File},
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use gix::url::Scheme;
use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with},
    io::Errno,
};
use thiserror::Error;

use super::{
    names::excerpt,
    program::{NOWHERE, Program},
    service::Repositories,
};
use crate::interfaces::{
    addresses::is_public,
    blocking::{Deadline, blocking},
};

/// Begins the names of folders into which is cloned; the name that it gets follows.
const UNFINISHED: &str = ".baton-clone-";
/// Bytes of an address.
const LONGEST: usize = 2_048;

/// An address from which can be cloned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneAddress {
    /// As git is given it.
    url: String,
    is_ssh: bool,
    host: String,
    port: u16,
    /// What the repository is called there.
    name: String,
}

/// Why nothing was cloned.
#[derive(Debug, Error)]
pub enum CloneError {
    /// It is not an address, or not one of those that are allowed.
    #[error("{0}")]
    Address(String),
    /// It leads into a network that is not public.
    #[error("`{0}` leads to a private network.")]
    Private(String),
    /// Something has the name already.
    #[error("There is something called `{0}` already.")]
    Taken(String),
    /// The server could not be reached or does not give the repository.
    #[error("The repository cannot be cloned: {0}")]
    Remote(String),
    /// There is no git, or the disk does not take it.
    #[error("This host cannot clone: {0}")]
    Host(String),
}

impl CloneAddress {
    /// Reads `https://HOST/PATH`, `ssh://USER@HOST/PATH` and `USER@HOST:PATH`.
    pub fn parse(text: &str) -> Result<Self, CloneError> {
        let wrong = |reason: &str| CloneError::Address(format!("`{}` {reason}", excerpt(text)));
        if text.len() > LONGEST || text.chars().any(|each| each.is_control() || each.is_whitespace()) {
            return Err(wrong("is not the URL of a repository."));
        }
        let url = gix::url::parse(text).map_err(|_| wrong("is not the URL of a repository."))?;
        let is_ssh = match url.scheme {
            Scheme::Https => false,
            Scheme::Ssh => true,
            _ => return Err(wrong("is not an https or ssh URL.")),
        };
        let user = url.user().unwrap_or_default();
        if url.password().is_some() || (!is_ssh && !user.is_empty()) {
            return Err(CloneError::Address("The URL of the repository contains a login.".to_owned()));
        }
        let host = url.host().filter(|host| is_host(host)).ok_or_else(|| wrong("names no host."))?.to_owned();
        let path = String::from_utf8_lossy(&url.path).into_owned();
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let name = last.strip_suffix(".git").unwrap_or(last).to_owned();
        if !is_plain(user) || path.starts_with('-') || name.is_empty() {
            return Err(wrong("is not the URL of a repository."));
        }
        let port = url.port.unwrap_or(if is_ssh { 22 } else { 443 });
        Ok(Self { url: url.to_bstring().to_string(), is_ssh, host, port, name })
    }

    /// The repository's own name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address to connect to. All that the name leads to has to be public, unless private networks are allowed.
    async fn resolve(&self, may_be_private: bool) -> Result<IpAddr, CloneError> {
        let bare = self.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((bare, self.port)).await;
        let found: Vec<IpAddr> = found.map(|found| found.map(|address| address.ip().to_canonical()).collect()).unwrap_or_default();
        if !may_be_private && !found.iter().all(|address| is_public(*address)) {
            return Err(CloneError::Private(excerpt(&self.host)));
        }
        found.first().copied().ok_or_else(|| CloneError::Remote(format!("nothing is known of a host `{}`", excerpt(&self.host))))
    }
}

impl Repositories {
    /// Clones into a new folder. Private networks are reached only where that is allowed. What is not done in time, or no longer
    /// wanted, leaves nothing.
    pub async fn clone_from_remote(&self, address: &CloneAddress, folder: PathBuf, may_be_private: bool) -> Result<(), CloneError> {
        let program = self.program().map_err(|error| CloneError::Host(error.text))?;
        let (at, address) = (address.resolve(may_be_private).await?, address.clone());
        let cloned = blocking(move |deadline| clone(&program, &address, at, &folder, deadline)).await;
        cloned.map_err(|error| CloneError::Host(error.to_string()))?
    }
}

fn clone(program: &Program, address: &CloneAddress, at: IpAddr, folder: &Path, deadline: &Deadline) -> Result<(), CloneError> {
    let on_disk = |error: io::Error| CloneError::Host(error.to_string());
    let (parent, name) = folder.parent().zip(folder.file_name()).ok_or_else(|| CloneError::Taken(String::new()))?;
    let taken = || CloneError::Taken(excerpt(&name.to_string_lossy()));
    if folder.symlink_metadata().is_ok() {
        return Err(taken());
    }
    remove_unfinished(parent);
    let unfinished = parent.join(format!("{UNFINISHED}{}", name.to_string_lossy()));
    match fs::create_dir(&unfinished) {
        // Another request clones to the same name.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken()),
        made => made.map_err(on_disk)?,
    }
    let _held = hold(&unfinished).map_err(on_disk)?;
    let cloned = fetch(program, address, at, &unfinished, deadline).and_then(|()| {
        renameat_with(CWD, &unfinished, CWD, folder, RenameFlags::NOREPLACE).map_err(|error| match error {
            Errno::EXIST => taken(),
            error => on_disk(error.into()),
        })
    });
    if cloned.is_err() {
        // What cannot be removed is removed before the next clone.
        let _ = fs::remove_dir_all(&unfinished);
    }
    cloned
}

fn fetch(program: &Program, address: &CloneAddress, at: IpAddr, folder: &Path, deadline: &Deadline) -> Result<(), CloneError> {
    let hooks = format!("core.hooksPath={NOWHERE}");
    let resolved = format!("http.curloptResolve={}:{}:{}", address.host, address.port, in_url(at));
    let folder = folder.to_string_lossy();
    let call = program.call([
        "-c",
        &hooks,
        "-c",
        &resolved,
        "-c",
        "http.followRedirects=false",
        "-c",
        "core.fsmonitor=false",
        "clone",
        "--quiet",
        "--no-recurse-submodules",
        "--end-of-options",
        &address.url,
        &folder,
    ]);
    let call = call.reaching_out(program).env("GIT_ALLOW_PROTOCOL", if address.is_ssh { "ssh" } else { "https" });
    let call = call.env("GIT_SSH_COMMAND", ssh(address, at)).env("GIT_SSH_VARIANT", "ssh");
    let said = call.within(Some(deadline.without_end())).run().map_err(|error| CloneError::Host(error.text))?;
    if said.code == 0 {
        return Ok(());
    }
    let complaint = said.complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("git gives no reason");
    Err(CloneError::Remote(excerpt(complaint.trim_start_matches("fatal: "))))
}

/// Connects to the address that was checked, and expects the key of the host that was named.
fn ssh(address: &CloneAddress, at: IpAddr) -> String {
    let known_as = if address.port == 22 { address.host.clone() } else { format!("[{}]:{}", address.host, address.port) };
    format!("ssh -o BatchMode=yes -o ConnectTimeout=20 -o CheckHostIP=no -o 'HostKeyAlias={known_as}' -o 'HostName={at}'")
}

fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Marks a folder as being filled, until the value is dropped or the process ends.
fn hold(folder: &Path) -> io::Result<File> {
    let held = File::open(folder)?;
    flock(&held, FlockOperation::NonBlockingLockExclusive)?;
    Ok(held)
}

/// Removes what was left behind by hosts that were killed while they cloned.
fn remove_unfinished(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        if hold(&entry.path()).is_ok() {
            // What cannot be removed is tried again before the next clone.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether it is a name or an address of a host, and nothing that a program could take for an option or for more than one word.
fn is_host(host: &str) -> bool {
    let is_address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|bare| bare.parse::<IpAddr>().is_ok());
    is_address
        || (!host.is_empty() && !host.starts_with('-') && host.chars().all(|each| each.is_ascii_alphanumeric() || "-._".contains(each)))
}

fn is_plain(user: &str) -> bool {
    !user.starts_with('-') && user.chars().all(|each| each.is_ascii_alphanumeric() || "-._".contains(each))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{super::tests::program, *};

    #[test]
    fn addresses_are_https_or_ssh_and_hold_no_login() {
        let parsed = CloneAddress::parse("https://example.com/ada/shop.git").unwrap();
        assert_eq!((parsed.name(), &*parsed.host, parsed.port, parsed.is_ssh), ("shop", "example.com", 443, false));
        let parsed = CloneAddress::parse("git@example.com:ada/shop.git").unwrap();
        assert_eq!((parsed.name(), &*parsed.host, parsed.port, parsed.is_ssh), ("shop", "example.com", 22, true));
        assert_eq!(CloneAddress::parse("ssh://git@example.com:2222/shop/").unwrap().port, 2222);
        let wrong = [
            "",
            "shop",
            "/srv/shop",
            "file:///srv/shop",
            "http://example.com/shop",
            "git://example.com/shop",
            "ext::sh -c id",
            "https://ada@example.com/shop",
            "https://ada:secret@example.com/shop",
            "ssh://-oProxyCommand=id/shop",
            "-oProxyCommand=id@example.com:shop",
            "https://example.com",
            "https://exa mple.com/shop",
            "https://example.com/shop\n",
        ];
        for text in wrong {
            assert!(matches!(CloneAddress::parse(text), Err(CloneError::Address(_))), "{text}: {:?}", CloneAddress::parse(text));
        }
        assert!(matches!(CloneAddress::parse(&format!("https://example.com/{}", "x".repeat(LONGEST))), Err(CloneError::Address(_))));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_private() {
        for text in [
            "https://localhost/shop",
            "https://127.0.0.1/shop",
            "https://[::1]/shop",
            "https://[::ffff:10.0.0.1]/shop",
            "git@10.0.0.1:shop",
        ] {
            let address = CloneAddress::parse(text).unwrap();
            assert!(matches!(address.resolve(false).await, Err(CloneError::Private(_))), "{text}");
            assert!(address.resolve(true).await.is_ok(), "{text}");
        }
    }

    /// A git whose `ssh` notes what it is given, and serves repositories of this disk.
    fn program_with_ssh(folder: &Path) -> Program {
        let notes = folder.join("asked");
        let ssh = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\nfor last; do :; done\neval \"$last\"\n", notes.display());
        fs::create_dir(folder.join("bin")).unwrap();
        fs::write(folder.join("bin/ssh"), ssh).unwrap();
        fs::set_permissions(folder.join("bin/ssh"), fs::Permissions::from_mode(0o755)).unwrap();
        let program = program();
        let mut search = folder.join("bin").into_os_string();
        search.push(":");
        search.push(&program.search);
        Program { search, ..program }
    }

    #[test]
    fn a_repository_is_cloned_from_the_address_that_was_checked() {
        let home = tempfile::tempdir().unwrap();
        let program = program_with_ssh(home.path());
        let source = home.path().join("source");
        fs::create_dir(&source).unwrap();
        for arguments in [vec!["init", "-q"], vec!["commit", "-q", "--allow-empty", "-m", "first"]] {
            let call = program.call(arguments).at(&source).committed_by_baton().authored_by_baton();
            assert_eq!(call.run().unwrap().code, 0);
        }
        let address = CloneAddress::parse(&format!("ssh://git@example.com:2222{}", source.display())).unwrap();
        let (at, target) = ("192.0.2.7".parse().unwrap(), home.path().join("roots/shop"));
        fs::create_dir(home.path().join("roots")).unwrap();
        clone(&program, &address, at, &target, &Deadline::new()).unwrap();
        assert!(target.join(".git/HEAD").is_file());
        let asked = fs::read_to_string(home.path().join("asked")).unwrap();
        assert!(asked.contains("HostName=192.0.2.7\n") && asked.contains("HostKeyAlias=[example.com]:2222\n"), "{asked}");
        assert!(matches!(clone(&program, &address, at, &target, &Deadline::new()), Err(CloneError::Taken(_))));
        let missing = CloneAddress::parse("ssh://git@example.com/nowhere/at-all").unwrap();
        let error = clone(&program, &missing, at, &home.path().join("roots/none"), &Deadline::new()).unwrap_err();
        assert!(matches!(error, CloneError::Remote(_)), "{error}");
        let left: Vec<_> = fs::read_dir(home.path().join("roots")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["shop"]);
    }

    #[test]
    fn what_a_killed_host_left_is_removed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folders = [".baton-clone-held", ".baton-clone-left", ".git", "shop"].map(|name| root.path().join(name));
        folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let _held = hold(&folders[0]).unwrap();
        remove_unfinished(root.path());
        assert_eq!(folders.map(|folder| folder.exists()), [true, false, true, true]);
    }
}
