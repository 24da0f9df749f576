//! A registry on loopback that others wrote: Debian's package `docker-registry`. It reaches no other machine.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{installed, litellm::free_port};

/// A registry that was started here, and is killed when it is dropped.
pub struct Registry {
    child: Child,
    port: u16,
    _folder: TempDir,
}

/// The one user of a registry that asks for a password.
pub const USER: &str = "ada";
/// Her password.
pub const PASSWORD: &str = "0p3n-535am3";
/// The same as registries keep it.
const HASH: &str = "$2b$04$1TOEbwsgI8frZ/vxb0OY..YkwcKklMKnyVlBQUE8fQyahPJRpU/me";

/// Where the registry's program is.
pub fn program() -> Option<PathBuf> {
    let untested = "nothing was tested against a real registry";
    installed::find("BATON_TEST_REGISTRY", "docker-registry", untested, "it (Debian: docker-registry)")
}

impl Registry {
    /// A registry that is open to all.
    pub fn start(program: &Path) -> Self {
        Self::configured(program, |_| String::new())
    }

    /// A registry that only [`USER`] may use.
    pub fn guarded(program: &Path) -> Self {
        Self::configured(program, |folder| {
            let file = folder.join("htpasswd");
            fs::write(&file, format!("{USER}:{HASH}\n")).unwrap();
            format!("auth:\n  htpasswd:\n    realm: tests\n    path: {}\n", file.display())
        })
    }

    /// Host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn configured(program: &Path, more: impl Fn(&Path) -> String) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let storage = folder.path().join("storage");
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n{}",
            storage.display(),
            more(folder.path())
        );
        let file = folder.path().join("config.yml");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(program);
        command.arg("serve").arg(file).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut registry = Self { child: command.spawn().unwrap(), port, _folder: folder };
        registry.wait();
        registry
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < Duration::from_secs(60), "the registry does not answer ({ended:?})");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
