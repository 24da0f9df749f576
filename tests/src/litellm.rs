//! A LiteLLM proxy on loopback: a server that others wrote, behind which `tests/litellm/planner.py` answers for a model.
//! It reaches no other machine.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::installed;

/// Longest wait for the proxy, which loads much before it listens.
const LONGEST_START: Duration = Duration::from_secs(180);

/// A proxy that was started here, and is killed when it is dropped, whatever a test has come to.
pub struct Litellm {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// Where the proxy's program is.
pub fn program() -> Option<PathBuf> {
    installed::find("BATON_TEST_LITELLM", "litellm", "nothing was tested against a real model server", "`litellm[proxy]` with pip")
}

/// A port of loopback on which nobody listens.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Litellm {
    /// Starts the proxy and waits until it answers. `key` is what the model `refusing` says that it refuses.
    pub fn start(program: &Path, port: u16, key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("litellm/config.yaml");
        let output = fs::File::create(folder.path().join("output.txt")).unwrap();
        let mut command = Command::new(program);
        command.arg("--config").arg(config).args(["--host", "127.0.0.1", "--num_workers", "1", "--port", &port.to_string()]);
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("BATON_TEST_KEY", key).env("BATON_TEST_LOG", folder.path().join("requests.log"));
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut server = Self { child: command.spawn().unwrap(), port, folder };
        server.wait();
        server
    }

    /// The idempotency key of each request that has come to the model, in order.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("requests.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while !self.answers() {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > LONGEST_START {
                let output = fs::read_to_string(self.folder.path().join("output.txt")).unwrap_or_default();
                panic!("litellm does not answer on port {} ({ended:?}):\n{output}", self.port);
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn answers(&self) -> bool {
        let ask = || -> io::Result<String> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /health/liveliness HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.lines().next().is_some_and(|status| status.ends_with("200 OK")))
    }
}

impl Drop for Litellm {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
