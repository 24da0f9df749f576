//! Finds an image, and fetches it where it is missing. Runs nothing of it.

use bollard::{Docker, models::CreateImageInfo, query_parameters::CreateImageOptionsBuilder};
use futures::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::failure;
use crate::interfaces::sandbox::engine::{EngineError, Piece};

/// An image that is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LocalImage {
    /// Its hash: what is executed is what was looked at.
    pub(super) id: String,
    /// Folders that it declares as volumes.
    pub(super) volumes: Vec<String>,
}

/// The image of that name, fetched if it is not here.
pub(super) async fn find(docker: &Docker, reference: &str, pieces: &Sender<Piece>) -> Result<LocalImage, EngineError> {
    match look(docker, reference).await {
        Err(error) if failure::is_missing(&error) => pull(docker, reference, pieces).await?,
        Err(error) => return Err(failure::unavailable(&error)),
        Ok(found) => return Ok(found),
    }
    look(docker, reference).await.map_err(|error| failure::unavailable(&error))
}

/// Whether the image of that name is here.
pub(super) async fn is_here(docker: &Docker, reference: &str) -> Result<bool, EngineError> {
    match look(docker, reference).await {
        Ok(_) => Ok(true),
        Err(error) if failure::is_missing(&error) => Ok(false),
        Err(error) => Err(failure::unavailable(&error)),
    }
}

async fn look(docker: &Docker, reference: &str) -> Result<LocalImage, bollard::errors::Error> {
    let image = docker.inspect_image(reference).await?;
    let volumes = image.config.and_then(|config| config.volumes).unwrap_or_default();
    Ok(LocalImage { id: image.id.unwrap_or_else(|| reference.to_owned()), volumes })
}

/// Fetches the image of that name, also where one is here.
pub(super) async fn pull(docker: &Docker, reference: &str, pieces: &Sender<Piece>) -> Result<(), EngineError> {
    // Without a tag the engine would fetch all there are.
    let last = reference.rsplit('/').next().unwrap_or(reference);
    let whole = if last.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") };
    let options = CreateImageOptionsBuilder::new().from_image(&whole).build();
    let mut progress = docker.create_image(Some(options), None, None);
    while let Some(step) = progress.next().await {
        match step {
            Ok(step) => {
                // Whether anybody listens does not matter.
                let _ = pieces.send(Piece::Pulling(describe_step(&step))).await;
            }
            Err(error) => {
                let reason = format!(
                    "The image `{reference}` is not on this machine and cannot be fetched: {}. Make its registry reachable, load the image with `docker load`, or name \
                     another under [sandbox.images] in the user's settings.",
                    failure::reason(&error)
                );
                return Err(EngineError::NoImage { image: reference.to_owned(), reason });
            }
        }
    }
    Ok(())
}

fn describe_step(step: &CreateImageInfo) -> String {
    let size = step.progress_detail.as_ref().and_then(|detail| Some((detail.current?, detail.total?)));
    let share = size.map(|(current, total)| format!(" {} of {} MiB", current >> 20, total >> 20)).unwrap_or_default();
    format!("{} {}{share}", step.id.as_deref().unwrap_or_default(), step.status.as_deref().unwrap_or_default()).trim().to_owned()
}
