//! What a host is. Opens no data.

use serde::{Deserialize, Serialize};

use super::{Problem, ProblemKind, ProblemSource};
use crate::kernel::package::Contract;

/// Which Baton it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Of the program.
    pub version: String,
    /// Of the contract that plugins are built for.
    pub contract: String,
}

/// Which Baton this is.
pub fn versions() -> Result<Versions, Problem> {
    let internal = |error| Problem::new(ProblemKind::Internal, "internal", format!("{error}"), ProblemSource::Host);
    let contract = Contract::of_host().map_err(internal)?.version().to_string();
    Ok(Versions { version: env!("CARGO_PKG_VERSION").to_owned(), contract })
}
