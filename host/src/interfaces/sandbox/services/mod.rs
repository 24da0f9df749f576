//! The services beside the commands of a project, such as a database: a run has its own, which start with its first command
//! and end when it has had none for a while. Starts nothing that an operator has not approved.

mod plan;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use plan::{Service, Services, decide_services};

use super::{
    answers::{not_started, paused},
    engine::{Engine, Extra, Key},
    job::{Job, Outcome},
    service::{CommandContext, Sandbox},
    settings::{EngineKind, Image},
    setup::SetupRequest,
};
use crate::{
    errors::Hint,
    journal::{CallError, Performed, RunId},
};

/// How long services wait for the next command of their run.
const IDLE: Duration = Duration::from_secs(60);

/// Services that are wanted beside the commands of a run.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The run.
    pub run: RunId,
    /// The image of its commands.
    pub image: Image,
    /// What is wanted.
    pub services: Services,
    /// The folder with Baton's program for containers.
    pub bin: PathBuf,
}

/// The runs that have services.
#[derive(Default)]
pub(super) struct Active(Mutex<HashMap<RunId, Used>>);

#[derive(Default)]
struct Used {
    /// Commands at work.
    by: usize,
    /// How often a command began.
    times: u64,
    /// Held while services start or end.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to use the services of a run, which end some time after the last of these.
pub(super) struct Held {
    run: RunId,
    active: Arc<Active>,
    engine: Arc<dyn Engine>,
}

impl Sandbox {
    /// Adds the services of a project to what a command has beside it, where it is executed in the image of the tests.
    pub(super) async fn add_services(
        &self,
        place: &CommandContext,
        job: &Job,
        (wanted, image): (&SetupRequest, &Image),
        extra: &mut Extra,
    ) -> Result<Option<Held>, Performed<Outcome>> {
        if job.image != wanted.image || self.parts.settings.engine == EngineKind::Process {
            return Ok(None);
        }
        let Some(services) = self.wanted_services(wanted).await? else { return Ok(None) };
        let bin = self.setups.bin().await.map_err(|reason| paused(format!("{reason} Then resume the run."), false))?;
        extra.env.extend(services.gives());
        let held = Held::new(&place.run, &self.active, &self.parts.engine);
        let beside = Beside { run: place.run.clone(), image: image.clone(), services, bin };
        let served = async {
            let turn = held.turn();
            let _turn = turn.lock().await;
            self.parts.engine.serve(&beside).await
        };
        let served = tokio::select! {
            served = served => served.map_err(not_started)?,
            () = place.halt.cancelling_begins() => return Err(Performed::answer(Err(CallError::cancelling()))),
        };
        match served {
            Ok(network) => extra.network = Some(network),
            Err(reason) => {
                let reason = format!("{reason}\nCorrect the cause, then resume the run.");
                return Err(paused(self.parts.redactor.text(&reason).into_owned(), false));
            }
        }
        Ok(Some(held))
    }

    async fn wanted_services(&self, wanted: &SetupRequest) -> Result<Option<Services>, Performed<Outcome>> {
        let parts = self.setups.parts();
        let proposed = Services::read(&wanted.test);
        if parts.settings.services.is_none() && proposed == Ok(None) {
            return Ok(None);
        }
        let approved = parts.approvals.find::<Services>(&wanted.project).await;
        let approved = approved.map_err(|error| Performed::answer(Err(CallError::unavailable(error.explain()))))?;
        let approved = approved.as_ref().map(|approved| &approved.content);
        decide_services(parts.settings.services.as_ref(), proposed, approved).map_err(|reason| paused(reason, false))
    }

    /// Ends services that an earlier host left, but for those of commands that may still run.
    pub async fn end_services_left(&self, kept: &[Key]) {
        // Without an engine there is nothing to end, and the next start looks again.
        for run in self.parts.engine.list_served().await.unwrap_or_default() {
            if !kept.iter().any(|key| key.run == run) && !self.active.lock().contains_key(&run) {
                end(&*self.parts.engine, &run).await;
            }
        }
    }

    /// Ends all services of this host.
    pub(super) async fn end_services(&self) {
        let runs: Vec<_> = self.active.lock().drain().map(|(run, _)| run).collect();
        futures::future::join_all(runs.iter().map(|run| end(&*self.parts.engine, run))).await;
    }
}

impl Active {
    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Used>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn new(run: &RunId, active: &Arc<Active>, engine: &Arc<dyn Engine>) -> Self {
        let mut all = active.lock();
        let used = all.entry(run.clone()).or_default();
        used.by += 1;
        used.times += 1;
        Self { run: run.clone(), active: Arc::clone(active), engine: Arc::clone(engine) }
    }

    fn turn(&self) -> Arc<tokio::sync::Mutex<()>> {
        self.active.lock().get(&self.run).map(|used| Arc::clone(&used.turn)).unwrap_or_default()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(times) = self.active.lock().get_mut(&self.run).map(|used| {
            used.by -= 1;
            used.times
        }) else {
            return;
        };
        // Without a runtime the process ends, and the next host ends them.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (run, active, engine) = (self.run.clone(), Arc::clone(&self.active), Arc::clone(&self.engine));
        runtime.spawn(async move {
            tokio::time::sleep(IDLE).await;
            let turn = match active.lock().get(&run) {
                Some(used) if used.by == 0 && used.times == times => Arc::clone(&used.turn),
                _ => return,
            };
            let _turn = turn.lock().await;
            let is_idle = |used: &Used| used.by == 0 && used.times == times;
            if active.lock().get(&run).is_some_and(is_idle) {
                end(&*engine, &run).await;
                let mut all = active.lock();
                if all.get(&run).is_some_and(is_idle) {
                    all.remove(&run);
                }
            }
        });
    }
}

async fn end(engine: &dyn Engine, run: &RunId) {
    if let Err(error) = engine.end_services(run).await {
        tracing::warn!(run = run.short(), %error, "services were not ended; the next start tries again");
    }
}
