//! The port through which a run is bound to what its workspace was when the run began. The kernel keeps a pin with the run
//! and hands it to the run's children; what a pin says, and when it does not hold any more, only its maker knows.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a workspace was, in words of whoever pinned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(pub String);

/// Pins workspaces.
pub trait Pins: Send + Sync {
    /// What a workspace is now; none for one that is Baton's own and pinned by other means.
    fn pin(&self, workspace: &Path) -> Option<Pin>;
}
