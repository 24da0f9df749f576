//! Finds out by which digest an image is known, and has the engine build one from an archive. Chooses no image and writes no
//! Dockerfile.

use std::{collections::HashMap, time::Duration};

use bollard::{
    Docker, body_full,
    errors::Error,
    query_parameters::{BuildImageOptionsBuilder, RemoveImageOptionsBuilder},
};
use futures::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::{failure, images};
use crate::interfaces::sandbox::engine::{Build, EngineError, Piece, Resolved, Stream};

/// The label of an image that Baton built, whose value is the hash of what it was built from.
const LABEL: &str = "baton.environment";
/// Bytes of memory for one step of a build; the engine counts them in 32 bits.
const MEMORY: i32 = i32::MAX;
/// Microseconds of two processors in each tenth of a second.
const PERIOD: i32 = 100_000;
const QUOTA: i32 = 200_000;

/// An image by its digests, fetched if it is not here, or if a newer one is wanted.
pub(super) async fn resolve(docker: &Docker, reference: &str, refresh: bool, pieces: &Sender<Piece>) -> Result<Resolved, EngineError> {
    if refresh {
        images::pull(docker, reference, pieces).await?;
    } else {
        images::find(docker, reference, pieces).await?;
    }
    let found = docker.inspect_image(reference).await.map_err(|error| failure::unavailable(&error))?;
    Ok(Resolved { id: found.id.unwrap_or_default(), digests: found.repo_digests.unwrap_or_default() })
}

/// Builds an image, unless the same was built before. What it prints is told.
pub(super) async fn build(docker: &Docker, build: &Build, pieces: &Sender<Piece>) -> Result<(), EngineError> {
    if is_built(docker, build).await? {
        return Ok(());
    }
    let limit = Duration::from_secs(build.timeout);
    // An engine whose client goes away ends the build.
    match tokio::time::timeout(limit, follow_build(docker, build, pieces)).await {
        Ok(built) => built?,
        Err(_) => return Err(EngineError::Unavailable(format!("The build was ended after {} s, which is its time limit.", build.timeout))),
    }
    let found = docker.inspect_image(&build.tag).await.map_err(|error| failure::unavailable(&error))?;
    let size = found.size.unwrap_or_default().unsigned_abs();
    if size > build.most_bytes {
        remove(docker, &build.tag).await;
        let (size, most) = (size >> 20, build.most_bytes >> 20);
        return Err(EngineError::Unavailable(format!(
            "The image has {size} MiB, which is more than the limit of {most} MiB, and was removed."
        )));
    }
    Ok(())
}

async fn is_built(docker: &Docker, build: &Build) -> Result<bool, EngineError> {
    match docker.inspect_image(&build.tag).await {
        Ok(found) => {
            let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
            Ok(labels.get(LABEL) == Some(&build.hash))
        }
        Err(error) if failure::is_missing(&error) => Ok(false),
        Err(error) => Err(failure::unavailable(&error)),
    }
}

async fn follow_build(docker: &Docker, build: &Build, pieces: &Sender<Piece>) -> Result<(), EngineError> {
    let options = BuildImageOptionsBuilder::new()
        .dockerfile(&build.dockerfile)
        .t(&build.tag)
        .rm(true)
        .forcerm(true)
        .memory(MEMORY)
        .memswap(MEMORY)
        .cpuperiod(PERIOD)
        .cpuquota(QUOTA)
        .networkmode(if build.with_network { "default" } else { "none" })
        .labels(&HashMap::from([(LABEL, build.hash.as_str())]))
        .buildargs(&build.arguments.clone().into_iter().collect::<HashMap<_, _>>());
    let options = match &build.target {
        Some(target) => options.target(target),
        None => options,
    };
    let mut steps = docker.build_image(options.build(), None, Some(body_full(build.archive.clone().into())));
    while let Some(step) = steps.next().await {
        let said = step.map_err(|error| not_built(&error))?.stream;
        if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
            // Whether anybody listens does not matter.
            let _ = pieces.send(Piece::Wrote(Stream::Out, said.into_bytes())).await;
        }
    }
    Ok(())
}

fn not_built(error: &Error) -> EngineError {
    match error {
        Error::DockerStreamError { error } => {
            let said: String = error.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(600).collect();
            EngineError::Unavailable(format!("The image cannot be built: {}.", said.trim_end_matches('.')))
        }
        other => failure::unavailable(other),
    }
}

async fn remove(docker: &Docker, tag: &str) {
    let options = RemoveImageOptionsBuilder::new().force(true).build();
    if let Err(error) = docker.remove_image(tag, Some(options), None).await {
        tracing::warn!(tag, %error, "an image that is too large is not removed");
    }
}
