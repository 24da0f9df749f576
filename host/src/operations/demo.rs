//! What the demo asks of a host beside runs: an engine that works, a repository to begin, and workflows that are started once in a
//! folder. Shows nothing.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::{OpenApi, ToSchema};

use super::{
    Host, Problem, ProblemKind, ProblemSource,
    execution::{Outcome, RunId, StartRun, start},
};
use crate::{
    actor::Actor,
    app::{self, worktrees},
    config::Config,
    interfaces::{
        git::Program,
        sandbox::{Covers, Key, Task},
    },
    journal::{CallError, Clock},
    kernel::{
        KernelError,
        run::{Filter, Run, State},
    },
};

/// What the stories' tests need of an image, beside a shell.
const NEEDED: &str = "command -v awk >/dev/null && command -v mktemp >/dev/null";
/// How long an engine may take to answer, with the image fetched.
const PATIENCE: Duration = Duration::from_secs(300);
/// Newest commits of a history.
const COMMITS: u32 = 40;

/// How far a demo came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DemoOutcome {
    /// The directory of its brief, its documents and its program.
    pub folder: String,
    /// How its `plan` stands.
    pub plan: Outcome,
    /// How its `sprint` stands, once the plan was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sprint: Option<Outcome>,
    /// How its `run-tests` stands, once the sprint was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Outcome>,
}

/// A workflow that is started once in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedOnce {
    /// Its run.
    pub run: RunId,
    /// How it was found.
    #[serde(flatten)]
    pub how: Found,
}

/// How the run of a workflow that is started once was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Found {
    /// It was not there and is started.
    Started,
    /// It was there and continues.
    Continued {
        /// The model that answered before, where one was chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model_before: Option<String>,
    },
    /// It succeeded before.
    Finished,
}

/// Starts a workflow in a folder, or continues the newest run of it there that was not cancelled: one that failed is forked before
/// the call that it failed by.
pub async fn start_once(host: &Host, actor: &Actor, request: &StartRun) -> Result<StartedOnce, Problem> {
    let kernel = &host.app.kernel;
    let Some(earlier) = earlier(host, request).await? else { return start_anew(host, actor, request).await };
    if earlier.state == State::Succeeded {
        return Ok(StartedOnce { run: earlier.id, how: Found::Finished });
    }
    let (options, model_before) = (Some(request.options.of_run()), earlier.settings["model"].as_str().map(str::to_owned));
    let run = match earlier.state {
        State::Failed { .. } => match kernel.retry(&earlier).await?.call() {
            Some(at) => kernel.fork(&earlier, at, options, actor).await?.id,
            // It would only fail again on the same answers.
            None => return start_anew(host, actor, request).await,
        },
        _ => {
            kernel.resume(&earlier, options, actor).await?;
            earlier.id
        }
    };
    Ok(StartedOnce { run, how: Found::Continued { model_before } })
}

async fn start_anew(host: &Host, actor: &Actor, request: &StartRun) -> Result<StartedOnce, Problem> {
    Ok(StartedOnce { run: start(host, actor, request).await?.run, how: Found::Started })
}

async fn earlier(host: &Host, request: &StartRun) -> Result<Option<Run>, Problem> {
    let filter = Filter { roots_only: true, plugin: Some(request.workflow.clone()), limit: u32::MAX, ..Filter::default() };
    let runs = host.app.kernel.runs().list(&filter).await.map_err(KernelError::from)?;
    Ok(runs.into_iter().find(|run| run.workspace == request.workspace && run.state != State::Cancelled))
}

/// Checks that stories can be built in a folder, before anything is paid for.
pub fn check_repository(host: &Host, folder: &Path) -> Result<(), Problem> {
    git(host)?.check(folder, &worktrees(&host.config().data_dir)).map_err(unusable)
}

/// Makes a folder a repository with one commit of all that it holds, unless it is one.
pub fn begin_repository(host: &Host, folder: &Path, message: &str) -> Result<(), Problem> {
    git(host)?.begin(folder, &worktrees(&host.config().data_dir), message).map_err(unusable)
}

/// The newest commits of a folder's branch as a graph; nothing where git is gone meanwhile.
pub fn history(host: &Host, folder: &Path) -> String {
    let graph = git(host).ok().and_then(|program| program.graph(folder, &worktrees(&host.config().data_dir), COMMITS).ok());
    graph.unwrap_or_default()
}

fn git(host: &Host) -> Result<&Program, Problem> {
    host.config().git.as_ref().ok_or_else(|| {
        let message = "The stories are built in a git repository, and `git` is not in PATH.";
        Problem::new(ProblemKind::Unavailable, "git_missing", message, ProblemSource::Host)
            .advise("Install git, or stop after the plan with --plan.")
    })
}

fn unusable(error: CallError) -> Problem {
    Problem::new(ProblemKind::Conflict, "repository_unusable", error.to_string(), ProblemSource::Host)
}

/// Runs one command as the stories' tests are run; the problem says why that does not work.
pub async fn check_engine(config: &Config) -> Result<(), Problem> {
    let owner = format!("trial-{}", std::process::id());
    let engine = app::engine(config, &owner);
    let unavailable = |message: String| Problem::new(ProblemKind::Unavailable, "engine_unavailable", message, ProblemSource::Engine);
    let image = config.sandbox.images.get("default").ok_or_else(|| unavailable("The image `default` is not set.".to_owned()))?;
    let folder = tempfile::tempdir().map_err(|error| unavailable(format!("A temporary folder cannot be created ({error}).")))?;
    let task = Task {
        mounts: Vec::new(),
        network: None,
        key: Key { run: RunId::from_text(owner), seq: 1 },
        image: image.clone(),
        command: ["sh", "-c", NEEDED].map(str::to_owned).to_vec(),
        env: Default::default(),
        workspace: folder.path().to_owned(),
        timeout_ms: 30_000,
        asked_at: app::SystemClock.now(),
        covers: Covers::none(),
        user: None,
        found: None,
    };
    // What is fetched is said by Docker itself.
    let (pieces, _) = mpsc::channel(1);
    let ended = tokio::time::timeout(PATIENCE, engine.execute(&task, pieces)).await;
    // The answer is known, and the next start removes what is left.
    let _ = engine.discard(&task.key).await;
    engine.close().await;
    match ended {
        Ok(Ok(ended)) if ended.exit_code == 0 => Ok(()),
        Ok(Ok(_)) => Err(unavailable(format!("The image `{}` has no awk or no mktemp.", image.reference))),
        Ok(Err(error)) => Err(unavailable(error.to_string())),
        Err(_) => Err(unavailable("The engine does not answer.".to_owned())),
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(DemoOutcome, StartedOnce)))]
pub(super) struct Views;
