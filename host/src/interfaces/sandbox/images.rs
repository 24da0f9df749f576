//! The images of the sandbox: which one a job gets, by the operator's list or by what was approved for its project, and
//! which are here. Executes nothing.

use tokio::sync::mpsc::Sender;

use super::{
    engine::{Build, EngineError, Piece, Resolved},
    job::Job,
    service::Sandbox,
    settings::Image,
};
use crate::{
    errors::Hint,
    interfaces::environments::PROJECT_IMAGE,
    journal::{CallError, NeedKind, Performed, RunId, Wait},
};

impl Sandbox {
    /// Seconds that a command may take at most in an image of this name.
    pub fn longest(&self, image: &str) -> u32 {
        self.parts.settings.limits(image).map_or(u32::MAX, |image| image.timeout)
    }

    /// Whether an image is on this machine, by the name that the engine knows. Nobody knows without an engine.
    pub async fn has_image(&self, reference: &str) -> bool {
        self.parts.engine.has_image(reference).await.unwrap_or(false)
    }

    /// An image by its digests, fetched if it is not here, or if a newer one is wanted.
    pub async fn resolve_image(&self, reference: &str, refresh: bool, pieces: Sender<Piece>) -> Result<Resolved, EngineError> {
        self.parts.engine.resolve_image(reference, refresh, pieces).await
    }

    /// Builds an image, unless the same was built before.
    pub async fn build_image(&self, build: &Build, pieces: Sender<Piece>) -> Result<(), EngineError> {
        self.parts.engine.build_image(build, pieces).await
    }

    /// The images in the operator's list that are not on this machine, each by the operator's name and as the engine knows it.
    pub async fn missing_images(&self) -> Result<Vec<(String, String)>, EngineError> {
        let mut missing = Vec::new();
        for (name, image) in self.parts.settings.images.iter().filter(|(_, image)| !image.reference.is_empty()) {
            if !self.parts.engine.has_image(&image.reference).await? {
                missing.push((name.clone(), image.reference.clone()));
            }
        }
        Ok(missing)
    }

    /// Whether the operator allows the job as it is.
    pub(super) fn check(&self, job: &Job) -> Result<(), CallError> {
        let Some(limits) = self.parts.settings.limits(&job.image) else { return Err(self.no_image(&job.image)) };
        if let Some(wanted) = job.timeout_ms.filter(|wanted| *wanted > limits.timeout.saturating_mul(1000)) {
            let text = format!(
                "A timeout of {wanted} ms is more than the {} s that the operator allows in `{}`; ask for less, or raise `timeout-s` of the image.",
                limits.timeout, job.image
            );
            return Err(CallError::invalid(text).about("timeout-ms"));
        }
        Ok(())
    }

    /// The image of this name: one of the operator's list, or the one that was approved for the run's project.
    pub(super) async fn image<A>(&self, name: &str, run: &RunId) -> Result<Image, Performed<A>> {
        if let Some(image) = self.approved(name, run).await? {
            return Ok(image);
        }
        self.parts.settings.named(name).cloned().ok_or_else(|| Performed::answer(Err(self.no_image(name))))
    }

    async fn approved<A>(&self, name: &str, run: &RunId) -> Result<Option<Image>, Performed<A>> {
        let Some(limits) = self.parts.settings.limits(name).filter(|_| name == PROJECT_IMAGE) else { return Ok(None) };
        let approved = self.parts.environments.image_of_run(run).await;
        let approved = approved.map_err(|error| Performed::answer(Err(CallError::unavailable(error.explain()))))?;
        let Some(approved) = approved else { return Ok(None) };
        // No registry is asked for what only this machine can have.
        if approved.is_local && matches!(self.parts.engine.has_image(&approved.reference).await, Ok(false)) {
            let reason =
                "The image of the project's environment is not on this machine any more. Build it with `baton project environment build`.";
            return Err(Performed::Waiting(Wait::needed(NeedKind::Image, approved.reference, reason)));
        }
        Ok(Some(Image { reference: approved.reference, ..limits.clone() }))
    }

    fn no_image(&self, name: &str) -> CallError {
        if name == PROJECT_IMAGE {
            return CallError::not_found(
                "No environment is approved for this project. Approve one with `baton project environment build`.".to_owned(),
            );
        }
        let name = name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
        let known: Vec<_> = self.parts.settings.images.keys().map(|name| format!("`{name}`")).collect();
        CallError::not_found(format!(
            "The operator named no image `{name}`; there are {}. Another is added under [sandbox.images.NAME] in the user's settings.",
            known.join(", ")
        ))
    }
}
