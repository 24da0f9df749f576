//! What is done to runs: they are cancelled and sent signals. Executes a run only to bring it to its end.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::RunId;
use crate::{
    actor::Actor,
    journal::Halt,
    kernel::{
        Drive, KernelError,
        run::{CancelCause, Run},
    },
    operations::{Host, Problem, ProblemKind, ProblemSource, code},
};

/// A run to cancel, with all runs below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelRun {
    /// Its id, or any beginning or end of it.
    pub run: String,
    /// End the runs at once, in the middle of what they do.
    #[serde(default)]
    pub now: bool,
}

/// A run that was cancelled, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelledRun {
    /// The run.
    pub run: RunId,
    /// The running host ends it; otherwise it has ended.
    pub is_requested: bool,
}

/// A run that is paused, or will be after the call that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PausedRun {
    /// The run.
    pub run: RunId,
    /// The run at the top of its tree.
    pub root: RunId,
}

/// A signal to send to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SendSignal {
    /// The id of the run, or any beginning or end of it.
    pub run: String,
    /// The name by which the run waits for it.
    pub name: String,
    /// What the run gets.
    #[serde(default)]
    pub value: Value,
}

/// A signal that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentSignal {
    /// The run.
    pub run: RunId,
    /// The run at the top of its tree.
    pub root: RunId,
    /// The name of the signal.
    pub signal: String,
    /// The running host continues the run with it; otherwise it is kept until the run is resumed.
    pub is_served: bool,
}

/// Cancels a run and all runs below it. A host that executes brings them to their end; of another it requests that.
pub async fn cancel(host: &Host, actor: &Actor, request: &CancelRun) -> Result<CancelledRun, Problem> {
    let run = host.app.kernel.resolve(&request.run).await?;
    if host.serving_since().is_some() {
        request_end(host, actor, &run, request.now).await?;
    } else if host.executes() {
        end(host, actor, &run, request.now).await?;
    } else {
        host.app.kernel.check_cancellable(&run).await?;
        let requested = host.app.kernel.runs().request_cancel(&run.id, CancelCause::Operator, request.now, actor).await;
        requested.map_err(KernelError::from)?;
    }
    Ok(CancelledRun { run: run.id, is_requested: host.is_served() })
}

/// Has the service of this host bring the runs to their end.
async fn request_end(host: &Host, actor: &Actor, run: &Run, now: bool) -> Result<(), Problem> {
    match now {
        true => host.app.kernel.cancel_now(run, actor).await?,
        false => host.app.kernel.cancel(run, actor).await?,
    }
    Ok(())
}

/// Executes the runs to their end, as nothing else does.
async fn end(host: &Host, actor: &Actor, run: &Run, now: bool) -> Result<(), Problem> {
    let kernel = &host.app.kernel;
    if !now {
        kernel.cancel(run, actor).await?;
        kernel.drive(&Drive { root: Some(run.id.clone()), until_idle: true }, &Halt::default()).await?;
    }
    let run = kernel.run(&run.id).await?;
    // A run that is not executed, as in a paused project, has not ended yet.
    if now || kernel.check_cancellable(&run).await.is_ok() {
        kernel.cancel_now(&run, actor).await?;
    }
    Ok(())
}

/// Pauses a run and all runs below it until they are resumed. The host that executes them has to be asked.
pub async fn pause(host: &Host, actor: &Actor, part: &str) -> Result<PausedRun, Problem> {
    if !host.executes() {
        let message = "Another host executes the runs, and it alone can pause them.";
        let problem = Problem::new(ProblemKind::Conflict, code::DATA_IN_USE, message, ProblemSource::Host);
        return Err(problem.advise("Ask the API of that host."));
    }
    let run = host.app.kernel.resolve(part).await?;
    host.app.kernel.pause(&run, actor).await?;
    Ok(PausedRun { run: run.id, root: run.root })
}

/// Sends a signal to a run, which takes it when it waits for one of that name.
pub async fn signal(host: &Host, actor: &Actor, request: &SendSignal) -> Result<SentSignal, Problem> {
    let run = host.app.kernel.resolve(&request.run).await?;
    host.app.kernel.signal(&run.id, &request.name, request.value.clone(), actor).await?;
    Ok(SentSignal { run: run.id, root: run.root, signal: request.name.clone(), is_served: host.is_served() })
}
