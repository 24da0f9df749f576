//! A host, opened over its data directory: what every operation works on. Does nothing by itself.

use std::{
    ops::Deref,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Moment, Problem, ProblemKind, ProblemSource, code};
use crate::{app::App, config::Config, kernel::package::Contract};

pub use crate::app::Access;

/// How long another process may take to create the data.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often Baton looks whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// An opened host.
pub struct Host {
    pub(in crate::operations) app: App,
}

impl Host {
    /// Opens the data directory of a configuration. The problem is `data_in_use` where the running host holds it, and `no_data`
    /// where there is none and the access creates none.
    pub async fn open(config: Config, access: Access) -> Result<Self, Problem> {
        Ok(Self { app: App::open(config, access).await? })
    }

    /// Opens the data directory for a change that the running host, if there is one, carries out.
    pub async fn open_to_change(config: Config) -> Result<Self, Problem> {
        match Self::open(config.clone(), Access::Execute).await {
            Err(problem) if problem.is(code::DATA_IN_USE) => {}
            opened => return opened,
        }
        let begun = Instant::now();
        loop {
            match Self::open(config.clone(), Access::Attached).await {
                // The process that holds the data is creating it.
                Err(problem) if problem.is(code::NO_DATA) && begun.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
                opened => return opened,
            }
        }
    }

    /// Whether this host executes runs; otherwise the running host does.
    pub fn executes(&self) -> bool {
        self.app.executes()
    }

    /// The time by the clock of this host.
    pub fn now(&self) -> Moment {
        Moment(self.app.kernel.now())
    }

    /// What the operator set.
    pub fn config(&self) -> &Config {
        &self.app.config
    }

    /// Closes the data, folded into one file. Without it nothing is lost.
    pub async fn close(self) {
        self.app.close().await;
    }
}

/// For the commands that have not moved here yet.
impl Deref for Host {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// The versions of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Versions {
    /// Of the program.
    pub version: String,
    /// Of the contract that plugins are built for.
    pub contract: String,
}

/// The versions of this program.
pub fn versions() -> Result<Versions, Problem> {
    let internal = |error| Problem::new(ProblemKind::Internal, "internal", format!("{error}"), ProblemSource::Host);
    let contract = Contract::of_host().map_err(internal)?.version().to_string();
    Ok(Versions { version: env!("CARGO_PKG_VERSION").to_owned(), contract })
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Versions, Problem)))]
pub(super) struct Views;
