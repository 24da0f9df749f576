//! Services beside the commands of a run. One container holds a network that leads nowhere but to its own loopback, and the
//! services and the commands share it. Gives a service less than a command has: no workspace, and no folder of this machine.

use std::{collections::HashMap, time::Duration};

use bollard::{
    exec::{CreateExecOptions, StartExecResults},
    models::ContainerCreateBody,
    query_parameters::{CreateContainerOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder},
};
use futures::StreamExt as _;
use tokio::{sync::mpsc, time::Instant};

use super::{Docker, failure, hardening, images, is_running, label, removed};
use crate::{
    interfaces::sandbox::{
        approvals::Approvable as _,
        engine::EngineError,
        services::{Beside, Service},
    },
    journal::RunId,
};

/// The label of these containers: the run whose commands they are beside.
pub(super) const OF: &str = "baton.services-of";
/// The label of the one that holds the network: the hash of what is beside it.
const HASH: &str = "baton.services";
/// What their names begin with.
const PREFIX: &str = "baton-services-";
/// How often it is looked whether they are ready.
const LOOK: Duration = Duration::from_millis(100);
/// Lines and bytes that are shown of what a service wrote.
const LINES: &str = "100";
const SHOWN: usize = 4 << 10;

/// Whether a container of that name is beside others.
pub(super) fn is_beside(name: &str) -> bool {
    name.starts_with(PREFIX)
}

fn holder(run: &RunId) -> String {
    format!("{PREFIX}{run}")
}

fn name_of(run: &RunId, service: &str) -> String {
    format!("{PREFIX}{run}.{service}")
}

impl Docker {
    /// The container whose network has the services, which are started unless they run. The inner error is for the operator.
    pub(super) async fn serve_beside(&self, docker: &bollard::Docker, beside: &Beside) -> Result<Result<String, String>, EngineError> {
        if let Some(holder) = self.served_already(docker, beside).await? {
            return Ok(Ok(holder));
        }
        self.end_beside(docker, &beside.run).await?;
        let started = self.start_beside(docker, beside).await;
        if !matches!(started, Ok(Ok(_))) {
            // The failure is what is told.
            let _ = self.end_beside(docker, &beside.run).await;
        }
        started
    }

    async fn served_already(&self, docker: &bollard::Docker, beside: &Beside) -> Result<Option<String>, EngineError> {
        let Some(found) = self.own(docker, &holder(&beside.run)).await? else { return Ok(None) };
        if label(&found, HASH) != Some(beside.services.hash().as_str()) || !is_running(&found) {
            return Ok(None);
        }
        for name in beside.services.0.keys() {
            if !self.own(docker, &name_of(&beside.run, name)).await?.is_some_and(|found| is_running(&found)) {
                return Ok(None);
            }
        }
        Ok(found.id)
    }

    async fn start_beside(&self, docker: &bollard::Docker, beside: &Beside) -> Result<Result<String, String>, EngineError> {
        let (unheard, _) = mpsc::channel(1);
        let image = images::find(docker, &beside.image.reference, &unheard).await?;
        let mut found = Vec::new();
        for (name, service) in &beside.services.0 {
            // What a digest names is the same wherever it is fetched from.
            let is_pinned = service.image.contains("@sha256:");
            if !is_pinned && !images::is_here(docker, &service.image).await? {
                return Ok(Err(format!(
                    "The image `{image}` of the service `{name}` is not on this machine. Fetch it with `docker pull {image}`, or name it by its digest.",
                    image = service.image
                )));
            }
            found.push((name, service, images::find(docker, &service.image, &unheard).await?));
        }
        let ports = beside.services.0.values().flat_map(|service| &service.ports);
        let labels = [(hardening::OWNER, self.owner.as_str()), (OF, beside.run.as_str())];
        let hash = beside.services.hash();
        let body = hardening::holder(&image, (&beside.bin, beside.image.network), ports, &[&labels[..], &[(HASH, &hash)]].concat());
        let network = match self.begin_beside(docker, &holder(&beside.run), body).await? {
            Ok(id) => id,
            Err(reason) => return Ok(Err(format!("The network of the services cannot be held: {reason}."))),
        };
        for (name, service, image) in &found {
            let body = hardening::service(service, image, &network, (&labels, self.dialect(docker).await?));
            if let Err(reason) = self.begin_beside(docker, &name_of(&beside.run, name), body).await? {
                return Ok(Err(format!("The service `{name}` cannot be started: {reason}.")));
            }
        }
        Ok(self.ready(docker, beside).await?.map(|()| network))
    }

    /// Makes and starts a container; an inner error where the engine does not take it. Gives its id.
    async fn begin_beside(
        &self,
        docker: &bollard::Docker,
        name: &str,
        body: ContainerCreateBody,
    ) -> Result<Result<String, String>, EngineError> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let made = docker.create_container(Some(options), body).await;
        let started = match made {
            Ok(made) => docker.start_container(&made.id, None).await.map(|()| made.id),
            Err(error) => Err(error),
        };
        match started {
            Ok(id) => Ok(Ok(id)),
            Err(error @ bollard::errors::Error::DockerResponseServerError { .. }) => Ok(Err(failure::reason(&error))),
            Err(error) => Err(failure::unavailable(&error)),
        }
    }

    /// Waits until all of them are ready, for as long as the most patient may take.
    async fn ready(&self, docker: &bollard::Docker, beside: &Beside) -> Result<Result<(), String>, EngineError> {
        let patience = beside.services.0.values().map(|service| service.timeout_s).max().unwrap_or_default();
        let until = Instant::now() + Duration::from_secs(patience.into());
        loop {
            for name in beside.services.0.keys() {
                let container = name_of(&beside.run, name);
                if let Some(ended) = self.has_ended(docker, &container).await? {
                    let said = read_last_output(docker, &container).await;
                    return Ok(Err(format!("The service `{name}` ended with exit code {ended} before it was ready.{said}")));
                }
            }
            let open = printed(docker, &holder(&beside.run)).await;
            let waits_for = |(_, service): &(&String, &Service)| {
                let is_open = |port: &u16| open.lines().any(|line| line == port.to_string());
                !service.ports.iter().all(is_open)
            };
            let mut late = beside.services.0.iter().find(waits_for);
            if late.is_none() {
                for (name, service) in beside.services.0.iter().filter(|(_, service)| !service.ready.is_empty()) {
                    if !succeeds(docker, &name_of(&beside.run, name), &service.ready).await? {
                        late = Some((name, service));
                        break;
                    }
                }
            }
            let Some((name, _)) = late else { return Ok(Ok(())) };
            if Instant::now() >= until {
                let said = read_last_output(docker, &name_of(&beside.run, name)).await;
                return Ok(Err(format!("The service `{name}` was not ready within {patience} s.{said}")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn has_ended(&self, docker: &bollard::Docker, name: &str) -> Result<Option<i64>, EngineError> {
        let found = self.own(docker, name).await?;
        let state = found.and_then(|found| found.state);
        let is_running = state.as_ref().and_then(|state| state.running) == Some(true);
        Ok((!is_running).then(|| state.and_then(|state| state.exit_code).unwrap_or(-1)))
    }

    /// Removes whatever is beside the commands of a run.
    pub(super) async fn end_beside(&self, docker: &bollard::Docker, run: &RunId) -> Result<(), EngineError> {
        for (name, _) in self.beside(docker, &format!("{OF}={run}")).await? {
            removed(docker, &name).await.map_err(|error| failure::unavailable(&error))?;
        }
        Ok(())
    }

    /// The runs of this data directory that have services.
    pub(super) async fn served_runs(&self, docker: &bollard::Docker) -> Result<Vec<RunId>, EngineError> {
        let mut runs: Vec<_> = self.beside(docker, OF).await?.into_iter().map(|(_, run)| run).collect();
        runs.sort();
        runs.dedup();
        Ok(runs.into_iter().map(|run| RunId::from_text(&*run)).collect())
    }

    /// Containers of this data directory by a label, with the run that they are of.
    async fn beside(&self, docker: &bollard::Docker, by: &str) -> Result<Vec<(String, String)>, EngineError> {
        let filters = HashMap::from([("label", vec![format!("{}={}", hardening::OWNER, self.owner), by.to_owned()])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = docker.list_containers(Some(options)).await.map_err(|error| failure::unavailable(&error))?;
        let named = found.into_iter().filter_map(|found| Some((found.id?, found.labels?.remove(OF)?)));
        Ok(named.collect())
    }
}

/// Whether a command succeeds in a container.
async fn succeeds(docker: &bollard::Docker, name: &str, command: &[String]) -> Result<bool, EngineError> {
    let unavailable = |error: bollard::errors::Error| failure::unavailable(&error);
    let options =
        CreateExecOptions { attach_stdout: Some(true), attach_stderr: Some(true), cmd: Some(command.to_vec()), ..Default::default() };
    let made = match docker.create_exec(name, options).await {
        // It has just ended, which the next look finds.
        Err(error) if failure::is_taken(&error) => return Ok(false),
        made => made.map_err(unavailable)?,
    };
    if let StartExecResults::Attached { mut output, .. } = docker.start_exec(&made.id, None).await.map_err(unavailable)? {
        while output.next().await.is_some() {}
    }
    Ok(docker.inspect_exec(&made.id).await.map_err(unavailable)?.exit_code == Some(0))
}

/// What a service wrote last, to be shown.
async fn read_last_output(docker: &bollard::Docker, name: &str) -> String {
    let printed = printed(docker, name).await;
    let printed = printed.trim_end();
    if printed.is_empty() {
        return " It wrote nothing.".to_owned();
    }
    format!(" It wrote:\n{}", &printed[printed.ceil_char_boundary(printed.len().saturating_sub(SHOWN))..])
}

async fn printed(docker: &bollard::Docker, name: &str) -> String {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LINES).build();
    let pieces: Vec<_> = docker.logs(name, Some(options)).collect().await;
    pieces.into_iter().flatten().map(|piece| piece.to_string()).collect()
}
