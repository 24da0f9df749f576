//! Executes commands in containers of Docker, or of what speaks its language, over a socket of this machine. Adopts no
//! container without the label of its data directory.

mod access;
mod failure;
mod following;
mod hardening;
mod images;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use bollard::{
    API_DEFAULT_VERSION,
    models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum},
    query_parameters::{
        AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
        RemoveContainerOptionsBuilder,
    },
};
use tokio::sync::{OnceCell, mpsc::Sender};

use super::{
    engine::{Ended, Engine, EngineError, Key, Piece, Stream, Task},
    job::Ending,
};
use crate::journal::RunId;
use following::{Following, Output, Stopped};

const USUAL_SOCKET: &str = "/var/run/docker.sock";
/// Seconds until a request to the engine has to be answered. Commands are waited for as long as they take.
const PATIENCE: u64 = 60;

/// Containers of one data directory.
pub struct Docker {
    address: String,
    owner: String,
    client: OnceCell<bollard::Docker>,
}

/// A container that was begun.
struct Begun {
    /// What it writes, from its beginning; none when it has ended.
    output: Output,
    /// When it was started, in milliseconds since 1970 UTC.
    at: u64,
}

impl Docker {
    /// The engine behind `address` (`unix:///…` or the path of a socket; none for the usual one), and the containers there
    /// that bear `owner`.
    pub fn new(address: Option<String>, owner: String) -> Self {
        Self { address: address.unwrap_or_else(|| USUAL_SOCKET.to_owned()), owner, client: OnceCell::new() }
    }

    async fn client(&self) -> Result<&bollard::Docker, EngineError> {
        let unavailable = |reason: &str| EngineError::Unavailable(failure::no_engine(reason));
        let connect = || async {
            let path = self.address.strip_prefix("unix://").unwrap_or(&self.address);
            if !path.starts_with('/') {
                let address = self.address.chars().take(200).flat_map(char::escape_debug).collect::<String>();
                return Err(unavailable(&format!("{address} is no socket of this machine, where the workspace is")));
            }
            let client = bollard::Docker::connect_with_socket(path, PATIENCE, API_DEFAULT_VERSION);
            let client = client.map_err(|error| unavailable(&failure::reason(&error)))?;
            client.negotiate_version().await.map_err(|error| unavailable(&failure::reason(&error)))
        };
        self.client.get_or_try_init(connect).await
    }

    /// Makes and starts the container, or finds the one that was.
    async fn begin(
        &self,
        docker: &bollard::Docker,
        task: &Task,
        name: &str,
        pieces: &Sender<Piece>,
    ) -> Result<Result<Begun, Ended>, EngineError> {
        let found = images::find(docker, &task.image.reference, pieces).await?;
        let user = access::admitted(&task.workspace).await.map_err(EngineError::Unavailable)?;
        let body = hardening::container(task, &found, user, &self.owner, &task.command);
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        match docker.create_container(Some(options), body).await {
            Ok(_) => self.start(docker, name, pieces).await,
            Err(error) if failure::is_taken(&error) => self.adopt(docker, name, pieces).await,
            Err(error) => Err(failure::unavailable(&error)),
        }
    }

    /// Starts a container that is there. A program that is not in the image is an end like any other.
    async fn start(&self, docker: &bollard::Docker, name: &str, pieces: &Sender<Piece>) -> Result<Result<Begun, Ended>, EngineError> {
        let options = AttachContainerOptionsBuilder::new().stream(true).stdout(true).stderr(true).build();
        let attached = docker.attach_container(name, Some(options)).await.map_err(|error| failure::unavailable(&error))?;
        let at = now();
        if let Err(error) = docker.start_container(name, None).await {
            let Some(exit_code) = failure::not_a_program(&error) else { return Err(failure::unavailable(&error)) };
            let complaint = format!("{}\n", failure::reason(&error));
            let _ = pieces.send(Piece::Wrote(Stream::Err, complaint.into_bytes())).await;
            return Ok(Err(Ended { ending: Ending::Exited, exit_code, took: 0, remark: None }));
        }
        let _ = pieces.send(Piece::Started { again: false }).await;
        Ok(Ok(Begun { output: attached.output, at }))
    }

    /// Stays with the container that an earlier host began for the same call.
    async fn adopt(&self, docker: &bollard::Docker, name: &str, pieces: &Sender<Piece>) -> Result<Result<Begun, Ended>, EngineError> {
        let found = docker.inspect_container(name, None).await.map_err(|error| failure::lost(&error))?;
        if label(&found, hardening::OWNER) != Some(self.owner.as_str()) {
            return Err(EngineError::Unavailable(format!(
                "There is a container `{name}` that is not of this data directory. Remove it with `docker rm -f {name}`, or find out whose it is."
            )));
        }
        let state = found.state.unwrap_or_default();
        if state.status == Some(ContainerStateStatusEnum::CREATED) {
            return self.start(docker, name, pieces).await;
        }
        let _ = pieces.send(Piece::Started { again: true }).await;
        let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let output = Box::pin(docker.logs(name, Some(options)));
        Ok(Ok(Begun { output, at: moment(state.started_at.as_deref()).unwrap_or_else(now) }))
    }

    async fn ended(
        &self,
        docker: &bollard::Docker,
        task: &Task,
        name: &str,
        at: u64,
        stopped: Option<Stopped>,
    ) -> Result<Ended, EngineError> {
        let found = docker.inspect_container(name, None).await.map_err(|error| failure::lost(&error))?;
        let state = found.state.unwrap_or_default();
        let took = took(&state, at);
        Ok(following::ending(&state, stopped, took, task.timeout))
    }
}

#[async_trait]
impl Engine for Docker {
    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError> {
        let docker = self.client().await?;
        let name = name_of(&task.key);
        let Begun { output, at } = match self.begin(docker, task, &name, &pieces).await? {
            Ok(begun) => begun,
            Err(ended) => return Ok(ended),
        };
        let passed = Duration::from_millis(now().saturating_sub(at));
        let left = Duration::from_secs(task.timeout.into()).saturating_sub(passed);
        let stopped = Following { docker, name: &name, task, left }.follow(output, &pieces).await?;
        self.ended(docker, task, &name, at, stopped).await
    }

    async fn discard(&self, key: &Key) {
        let Ok(docker) = self.client().await else { return };
        let name = name_of(key);
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match docker.remove_container(&name, Some(options)).await {
            Ok(()) => {}
            // It was removed, or is being removed.
            Err(error) if failure::is_missing(&error) || failure::is_taken(&error) => {}
            Err(error) => tracing::warn!(container = name, %error, "a container was not removed; the next start tries again"),
        }
    }

    async fn left(&self) -> Result<Vec<Key>, EngineError> {
        let docker = self.client().await?;
        let filters = HashMap::from([("label", vec![format!("{}={}", hardening::OWNER, self.owner)])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = docker.list_containers(Some(options)).await.map_err(|error| failure::unavailable(&error))?;
        Ok(found.iter().filter_map(|container| key_of(container.names.as_ref()?.first()?)).collect())
    }

    async fn close(&self) {}

    async fn about(&self) -> Result<String, EngineError> {
        let version = self.client().await?.version().await.map_err(|error| failure::unavailable(&error))?;
        Ok(format!("engine {} (API {})", version.version.unwrap_or_default(), version.api_version.unwrap_or_default()))
    }
}

fn name_of(key: &Key) -> String {
    format!("baton-{key}")
}

/// The key that a container's name says, `/baton-<run>-<seq>` as the engine lists it.
fn key_of(name: &str) -> Option<Key> {
    let (run, seq) = name.trim_start_matches('/').strip_prefix("baton-")?.rsplit_once('-')?;
    Some(Key { run: RunId::from_text(run), seq: seq.parse().ok()? })
}

fn label<'a>(container: &'a ContainerInspectResponse, name: &str) -> Option<&'a str> {
    container.config.as_ref()?.labels.as_ref()?.get(name).map(String::as_str)
}

fn took(state: &ContainerState, at: u64) -> u64 {
    let begun = moment(state.started_at.as_deref()).unwrap_or(at).max(at.saturating_sub(1000));
    moment(state.finished_at.as_deref()).map_or(0, |ended| ended.saturating_sub(begun))
}

/// A time of the engine's in milliseconds since 1970 UTC; none for its word for never.
fn moment(text: Option<&str>) -> Option<u64> {
    let time: jiff::Timestamp = text?.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

/// Containers live in the machine's time, not in that of a run.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
