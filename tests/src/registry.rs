//! A registry on loopback that others wrote: Debian's package `docker-registry`. It reaches no other machine.

use std::{
    env, fs,
    io::{self, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::litellm::free_port;

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

/// Where the registry's program is: `BATON_TEST_REGISTRY`, else `docker-registry` on the PATH.
///
/// None where there is none, after a line that no test runner swallows; with `CI=true` that is a failure.
pub fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("BATON_TEST_REGISTRY").map(PathBuf::from) {
        assert!(named.is_file(), "BATON_TEST_REGISTRY names {}, which is no file", named.display());
        return Some(named);
    }
    let on_path = env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("docker-registry")).find(|program| program.is_file());
    if on_path.is_none() {
        let advice = "install it (Debian: docker-registry), or name its program in BATON_TEST_REGISTRY";
        assert!(env::var("CI").as_deref() != Ok("true"), "there is no registry; {advice}");
        let line = format!("\n!! SKIPPED: nothing was tested against a real registry; {advice}\n\n");
        // Not by `eprintln!`, which the test runner keeps to itself.
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
    on_path
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
