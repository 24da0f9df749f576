//! What is told of knowledge. Keeps none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events;

/// A run left a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Remembered {
    /// What it is filed under.
    pub(crate) source: String,
    /// The note.
    pub(crate) text: String,
}

events::payloads! {
    Remembered => Agent "remembered" Info,
}
