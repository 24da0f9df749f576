//! Executes commands in containers of Docker, or of what speaks its language, over a socket of this machine. Adopts no
//! container without the label of its data directory.

mod access;
mod building;
mod dialect;
mod failure;
mod following;
mod hardening;
mod images;
mod ready;
mod rootless;
mod serving;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bollard::{
    API_DEFAULT_VERSION,
    models::{ContainerCreateBody, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum},
    query_parameters::{
        AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
        RemoveContainerOptionsBuilder,
    },
};
use futures::StreamExt as _;
use tokio::sync::{OnceCell, mpsc::Sender};

use super::{
    engine::{Build, Ended, Engine, EngineError, Key, Piece, PriorCommand, Resolved, Stream, Task, User},
    job::Ending,
    services::Beside,
};
use crate::journal::{Clock, RunId};
use dialect::Dialect;
use following::{Following, Output};
use ready::{Pool, Recipe};

const USUAL_SOCKET: &str = "/var/run/docker.sock";
/// Seconds until a request to the engine has to be answered. Commands are waited for as long as they take.
const PATIENCE: u64 = 60;

/// How often it is looked whether a container is gone that somebody else removes, and how many times.
const LOOK: Duration = Duration::from_millis(50);
const MOST_LOOKS: u32 = 40;

/// A source of random bytes.
pub type Random = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Containers of one data directory.
pub struct Docker {
    address: String,
    owner: String,
    /// Containers live in the machine's time, not in that of a run.
    clock: Arc<dyn Clock>,
    /// Makes names that nobody guesses.
    random: Random,
    client: OnceCell<bollard::Docker>,
    /// The user that the engine belongs to; none for root.
    rootless: OnceCell<Option<u32>>,
    dialect: OnceCell<Dialect>,
    pool: Arc<Pool>,
}

/// A container that was begun.
struct Begun {
    /// What it writes, from its beginning.
    output: Output,
    /// When its command began, in milliseconds since 1970 UTC; none for when it was started itself.
    at: Option<u64>,
    /// It had ended when it was found.
    had_ended: bool,
    /// What the next one has to be like.
    recipe: Option<Recipe>,
}

/// A container, or the end of a command that had none.
type Beginning = Result<Begun, Ended>;

impl Docker {
    /// The engine behind `address` (`unix:///…` or the path of a socket; none for the usual one), and the containers there
    /// that bear `owner`.
    pub fn new(address: Option<String>, owner: String, clock: Arc<dyn Clock>, random: Random) -> Self {
        Self {
            address: address.unwrap_or_else(|| USUAL_SOCKET.to_owned()),
            owner,
            clock,
            random,
            client: OnceCell::new(),
            rootless: OnceCell::new(),
            dialect: OnceCell::new(),
            pool: Arc::default(),
        }
    }

    fn socket(&self) -> &str {
        self.address.strip_prefix("unix://").unwrap_or(&self.address)
    }

    async fn client(&self) -> Result<&bollard::Docker, EngineError> {
        let unavailable = |reason: &str| EngineError::Absent(failure::no_engine(reason));
        let connect = || async {
            let path = self.socket();
            if !path.starts_with('/') {
                let address = self.address.chars().take(200).flat_map(char::escape_debug).collect::<String>();
                return Err(unavailable(&format!("{address} is not a socket of this machine, where the workspace is")));
            }
            let client = bollard::Docker::connect_with_socket(path, PATIENCE, API_DEFAULT_VERSION);
            let client = client.map_err(|error| failure::unavailable(&error))?;
            client.negotiate_version().await.map_err(|error| failure::unavailable(&error))
        };
        self.client.get_or_try_init(connect).await
    }

    /// Makes and starts the container, or takes one that waits.
    async fn begin(&self, docker: &bollard::Docker, task: &Task, name: &str, pieces: &Sender<Piece>) -> Result<Beginning, EngineError> {
        let found = images::find(docker, &task.image.reference, pieces).await?;
        let user = match task.user {
            Some(user) => user,
            None => access::admit_workspace(&task.workspace).await.map_err(EngineError::Unavailable)?,
        };
        let user = self.within(docker, user).await?;
        let body = hardening::container(task, &found, user, (&self.owner, self.dialect(docker).await?));
        // One that waits would hold the network of services that have ended.
        let may_wait = task.image.ready && task.network.is_none() && ready::can_carry(task);
        let recipe = Recipe::new(body.clone(), task).filter(|_| may_wait);
        if let Some(recipe) = &recipe
            && let Some(output) = self.take(docker, task, name, recipe).await
        {
            let _ = pieces.send(Piece::Started { again: false }).await;
            return Ok(Ok(Begun { output, at: Some(self.clock.now()), had_ended: false, recipe: Some(recipe.clone()) }));
        }
        self.create(docker, name, body).await?;
        Ok(self.start(docker, name, pieces).await?.map(|begun| Begun { recipe, ..begun }))
    }

    /// Makes the container, in the place of one that a try has left which does not count.
    async fn create(&self, docker: &bollard::Docker, name: &str, body: ContainerCreateBody) -> Result<(), EngineError> {
        let options = || CreateContainerOptionsBuilder::new().name(name).build();
        let mut made = docker.create_container(Some(options()), body.clone()).await;
        if made.as_ref().is_err_and(failure::is_taken) {
            self.own(docker, name).await?;
            self.remove(docker, name).await;
            made = docker.create_container(Some(options()), body).await;
        }
        made.map(drop).map_err(|error| failure::unavailable(&error))
    }

    /// The container of that name, if it is of this data directory.
    async fn own(&self, docker: &bollard::Docker, name: &str) -> Result<Option<ContainerInspectResponse>, EngineError> {
        match dialect::inspect(docker, name).await {
            Ok(found) if label(&found, hardening::OWNER) == Some(self.owner.as_str()) => Ok(Some(found)),
            Ok(_) => Err(EngineError::Unavailable(format!(
                "There is a container `{name}` that is not of this data directory. Remove it with `docker rm -f {name}`, or find out whose it is."
            ))),
            Err(error) if failure::is_missing(&error) => Ok(None),
            Err(error) => Err(failure::unavailable(&error)),
        }
    }

    /// Gives the command to a container that waits, if there is one that is well.
    async fn take(&self, docker: &bollard::Docker, task: &Task, name: &str, recipe: &Recipe) -> Option<Output> {
        let mut waiting = self.pool.take(recipe)?;
        let lives = dialect::inspect(docker, &waiting.name).await.is_ok_and(|found| is_running(&found));
        if lives && waiting.become_command(docker, name, task).await.is_ok() {
            // The command has nothing to read, and what it writes comes the other way.
            return Some(waiting.output);
        }
        tracing::debug!(container = waiting.name, "a container that waited was of no use");
        self.remove(docker, &waiting.name).await;
        None
    }

    /// Starts a container that is there.
    async fn start(&self, docker: &bollard::Docker, name: &str, pieces: &Sender<Piece>) -> Result<Beginning, EngineError> {
        let options = AttachContainerOptionsBuilder::new().stream(true).stdout(true).stderr(true).build();
        // Podman prepares the container when it is attached to, and finds then that there is no such program.
        let attached = match docker.attach_container(name, Some(options)).await {
            Err(error) => return not_started(&error, failure::unavailable, pieces).await,
            Ok(attached) => attached,
        };
        if let Err(error) = docker.start_container(name, None).await {
            return not_started(&error, failure::not_started, pieces).await;
        }
        let _ = pieces.send(Piece::Started { again: false }).await;
        Ok(Ok(Begun { output: attached.output, at: None, had_ended: false, recipe: None }))
    }

    /// Stays with the container that an earlier host began for the same call.
    async fn adopt(&self, docker: &bollard::Docker, task: &Task, name: &str, pieces: &Sender<Piece>) -> Result<Begun, EngineError> {
        let Some(found) = self.own(docker, name).await? else { return Err(EngineError::CutOff) };
        let had_ended = !is_running(&found);
        let _ = pieces.send(Piece::Started { again: true }).await;
        let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let output = Box::pin(docker.logs(name, Some(options)));
        // One that waited was started before its command was asked for.
        let started = found.state.and_then(|state| state.started_at);
        let at = moment(started.as_deref()).unwrap_or_default().max(task.asked_at);
        Ok(Begun { output, at: Some(at), had_ended, recipe: None })
    }

    /// How the command ended; none when that says nothing of the command: it was never given to the container that waited for
    /// it, or was ended with its engine.
    async fn ended(
        &self,
        docker: &bollard::Docker,
        task: &Task,
        name: &str,
        (at, had_ended): (Option<u64>, bool),
        timed_out: bool,
    ) -> Result<Option<Ended>, EngineError> {
        let found = inspect_ended(docker, name, timed_out).await?;
        if is_running(&found) {
            return Err(failure::lose_command("it stopped telling of a container that runs"));
        }
        let ended = following::ending(found.state.as_ref(), timed_out, took(found.state.as_ref(), at), task.timeout_ms);
        let is_lost = task.found.is_some_and(|found| found.lost);
        if had_ended && following::is_cut_off(&ended, is_lost) {
            return Ok(None);
        }
        let unused = ended.exit_code == ready::UNUSED && was_unused(docker, name, &found).await;
        Ok(Some(ended).filter(|_| !unused))
    }

    async fn remove(&self, docker: &bollard::Docker, name: &str) {
        match removed(docker, name).await {
            Ok(()) => {}
            // It is being removed.
            Err(error) if failure::is_taken(&error) => {}
            Err(error) => tracing::warn!(container = name, %error, "a container was not removed; the next start tries again"),
        }
    }

    fn prepare(&self, docker: &bollard::Docker, recipe: Recipe) {
        let (pool, secret) = (Arc::clone(&self.pool), uuid::Uuid::from_bytes((self.random)()).simple().to_string());
        tokio::spawn(pool.prepare(docker.clone(), recipe, (hardening::OWNER, self.owner.clone()), secret));
    }
}

#[async_trait]
impl Engine for Docker {
    async fn admit(&self, workspace: &Path) -> Result<Option<User>, EngineError> {
        access::admit_workspace(workspace).await.map(Some).map_err(EngineError::Unavailable)
    }

    async fn holds(&self, key: &Key) -> Result<bool, EngineError> {
        let docker = self.client().await?;
        let found = self.own(docker, &name_of(key)).await?;
        let status = found.and_then(|found| found.state).and_then(|state| state.status);
        Ok(status.is_some_and(|status| status != ContainerStateStatusEnum::CREATED))
    }

    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError> {
        let docker = self.client().await?;
        let name = name_of(&task.key);
        let begun = match task.found {
            Some(PriorCommand { .. }) => self.adopt(docker, task, &name, &pieces).await?,
            None => match self.begin(docker, task, &name, &pieces).await? {
                Ok(begun) => begun,
                Err(ended) => return Ok(ended),
            },
        };
        let Begun { output, at, had_ended, recipe } = begun;
        let passed = Duration::from_millis(at.map_or(0, |at| self.clock.now().saturating_sub(at)));
        let left = Duration::from_millis(task.timeout_ms.into()).saturating_sub(passed);
        let timed_out = Following { docker, name: &name, left }.follow(output, &pieces).await?;
        let ended = self.ended(docker, task, &name, (at, had_ended), timed_out).await?;
        if let Some(recipe) = recipe {
            self.prepare(docker, recipe);
        }
        match ended {
            Some(ended) => Ok(ended),
            None => {
                self.remove(docker, &name).await;
                Err(EngineError::CutOff)
            }
        }
    }

    async fn discard(&self, key: &Key) -> Result<(), EngineError> {
        let docker = self.client().await?;
        removed(docker, &name_of(key)).await.map_err(|error| failure::lost(&error))
    }

    async fn is_running(&self, key: &Key) -> Result<bool, EngineError> {
        let found = self.own(self.client().await?, &name_of(key)).await?;
        Ok(found.is_some_and(|found| is_running(&found)))
    }

    async fn list_left(&self) -> Result<Vec<Key>, EngineError> {
        let docker = self.client().await?;
        let filters = HashMap::from([("label", vec![format!("{}={}", hardening::OWNER, self.owner)])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = docker.list_containers(Some(options)).await.map_err(|error| failure::unavailable(&error))?;
        let names: Vec<_> = found.iter().filter_map(|found| Some(found.names.as_ref()?.first()?.trim_start_matches('/'))).collect();
        for name in names.iter().filter(|name| ready::is_waiting(name) && !self.pool.holds(name)) {
            self.remove(docker, name).await;
        }
        let is_command = |name: &&str| !ready::is_waiting(name) && !serving::is_beside(name);
        Ok(names.into_iter().filter(is_command).filter_map(key_of).collect())
    }

    async fn close(&self) {
        if let Some(docker) = self.client.get() {
            self.pool.close(docker).await;
        }
    }

    async fn has_image(&self, reference: &str) -> Result<bool, EngineError> {
        images::is_here(self.client().await?, reference).await
    }

    async fn resolve_image(&self, reference: &str, refresh: bool, pieces: Sender<Piece>) -> Result<Resolved, EngineError> {
        building::resolve(self.client().await?, reference, refresh, &pieces).await
    }

    async fn build_image(&self, build: &Build, pieces: Sender<Piece>) -> Result<(), EngineError> {
        building::build(self.client().await?, build, &pieces).await
    }

    async fn serve(&self, beside: &Beside) -> Result<Result<String, String>, EngineError> {
        self.serve_beside(self.client().await?, beside).await
    }

    async fn end_services(&self, run: &RunId) -> Result<(), EngineError> {
        self.end_beside(self.client().await?, run).await
    }

    async fn list_served(&self) -> Result<Vec<RunId>, EngineError> {
        self.served_runs(self.client().await?).await
    }

    async fn about(&self) -> Result<String, EngineError> {
        let version = self.client().await?.version().await.map_err(|error| failure::unavailable(&error))?;
        Ok(format!("engine {} (API {})", version.version.unwrap_or_default(), version.api_version.unwrap_or_default()))
    }
}

/// A container that could not be started. A program that is not in the image is an end like any other.
async fn not_started(
    error: &bollard::errors::Error,
    other: fn(&bollard::errors::Error) -> EngineError,
    pieces: &Sender<Piece>,
) -> Result<Beginning, EngineError> {
    let Some(exit_code) = failure::not_a_program(error) else { return Err(other(error)) };
    let complaint = format!("{}\n", failure::reason(error));
    let _ = pieces.send(Piece::Wrote(Stream::Err, complaint.into_bytes())).await;
    Ok(Err(Ended { ending: Ending::Exited, exit_code, took: 0 }))
}

/// What the engine says of a container that has stopped. Podman says so before it knows the exit code, which is looked for again
/// for a while; one that was killed needs none.
async fn inspect_ended(docker: &bollard::Docker, name: &str, was_killed: bool) -> Result<ContainerInspectResponse, EngineError> {
    let mut looks = 0;
    loop {
        let found = dialect::inspect(docker, name).await.map_err(|error| failure::lost(&error))?;
        let exit_code = found.state.as_ref().and_then(|state| state.exit_code);
        if was_killed || is_running(&found) || looks >= MOST_LOOKS || exit_code.is_none_or(|code| code >= 0) {
            return Ok(found);
        }
        looks += 1;
        tokio::time::sleep(LOOK).await;
    }
}

/// Removes a container, whether it runs or not. One that is not there is removed, and one that is being removed will be.
async fn removed(docker: &bollard::Docker, name: &str) -> Result<(), bollard::errors::Error> {
    let mut looks = 0;
    loop {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match docker.remove_container(name, Some(options)).await {
            Err(error) if failure::is_missing(&error) => return Ok(()),
            Err(error) if failure::is_taken(&error) && looks < MOST_LOOKS => {
                looks += 1;
                tokio::time::sleep(LOOK).await;
            }
            done => return done,
        }
    }
}

fn name_of(key: &Key) -> String {
    format!("baton-{key}")
}

/// The key that a container's name says, `baton-<run>-<seq>`.
fn key_of(name: &str) -> Option<Key> {
    Key::from_text(name.strip_prefix("baton-")?)
}

fn label<'a>(container: &'a ContainerInspectResponse, name: &str) -> Option<&'a str> {
    container.config.as_ref()?.labels.as_ref()?.get(name).map(String::as_str)
}

fn is_running(found: &ContainerInspectResponse) -> bool {
    found.state.as_ref().and_then(|state| state.running) == Some(true)
}

/// Whether the container waited until its host was gone, and was never given a command.
async fn was_unused(docker: &bollard::Docker, name: &str, found: &ContainerInspectResponse) -> bool {
    let Some(secret) = label(found, ready::LABEL) else { return false };
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
    let said: Vec<_> = docker.logs(name, Some(options)).take(2).collect().await;
    let [Ok(said)] = &said[..] else { return false };
    said.to_string().trim() == secret
}

fn took(state: Option<&ContainerState>, at: Option<u64>) -> u64 {
    let time = |text: Option<&String>| moment(text.map(String::as_str));
    let begun = at.or_else(|| time(state?.started_at.as_ref()));
    let ended = time(state.and_then(|state| state.finished_at.as_ref()));
    ended.zip(begun).map_or(0, |(ended, begun)| ended.saturating_sub(begun))
}

/// A time of the engine's in milliseconds since 1970 UTC; none for its word for never.
fn moment(text: Option<&str>) -> Option<u64> {
    let time: jiff::Timestamp = text?.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}
