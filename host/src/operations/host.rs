//! A host, opened over its data directory: what every operation works on. Does nothing by itself.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Moment, Problem, ProblemKind, ProblemSource, code};
use crate::{
    actor::Actor,
    app::App,
    config::{self, Config},
    events::path_text,
    interfaces::settings,
    kernel::package::Contract,
};

pub use crate::app::Access;

/// How long another process may take to create the data.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often Baton looks whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// An opened host.
pub struct Host {
    pub(in crate::operations) app: App,
    /// Since when it serves.
    serving: OnceLock<Moment>,
}

impl Host {
    /// Opens the data directory of a configuration. The problem is `data_in_use` where the running host holds it, and `no_data`
    /// where there is none and the access creates none.
    pub async fn open(config: Config, access: Access) -> Result<Self, Problem> {
        Ok(Self { app: App::open(config, access).await?, serving: OnceLock::new() })
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

    /// From now on a service of this host executes all runs, so that whoever asks for something need not execute any.
    pub fn begin_serving(&self) {
        self.serving.get_or_init(|| self.now());
    }

    /// Since when this host serves; none where it does not.
    pub fn serving_since(&self) -> Option<Moment> {
        self.serving.get().copied()
    }

    /// Whether a host that serves executes the runs, this one or the running one. Otherwise whoever asks does.
    pub fn is_served(&self) -> bool {
        self.serving.get().is_some() || !self.executes()
    }

    /// Whether no host executes runs in the data directory now: neither this one nor another.
    pub fn is_alone(&self) -> bool {
        self.app.is_alone()
    }

    /// The time by the clock of this host.
    pub fn now(&self) -> Moment {
        Moment(self.app.kernel.now())
    }

    /// What the operator set.
    pub fn config(&self) -> &Config {
        &self.app.config
    }

    /// The operator at this machine, as the actor of what is asked here.
    pub fn operator(&self) -> &Actor {
        &self.app.config.operator
    }

    /// How many plugins are installed and bundled.
    pub fn plugins(&self) -> u64 {
        self.app.kernel.registry().all().len() as u64
    }

    /// What the operator should know about the data directory, as it was when this host opened it.
    pub fn opening(&self) -> Opening {
        let rejected = self.app.refused.iter().map(|refused| RejectedFile {
            path: path_text(&refused.path),
            reason: refused.reason.clone(),
            kept: refused.kept.clone(),
        });
        Opening {
            data_dir: path_text(&self.config().data_dir),
            others_can_change: config::open_to_others(&self.config().data_dir) == Some(config::Open::ToWrite),
            rejected: rejected.collect(),
        }
    }

    /// The keys of the operator's settings that are perhaps misspelt.
    pub fn misspelt_settings(&self) -> Vec<MisspeltSetting> {
        misspelt(&self.config().user)
    }

    /// Closes the data, folded into one file. Without it nothing is lost.
    pub async fn close(self) {
        self.app.close().await;
    }

    /// The same for a host that several share, whoever of them still uses it.
    pub async fn close_shared(host: Arc<Self>) {
        match Arc::try_unwrap(host) {
            Ok(host) => host.close().await,
            Err(host) => host.app.end().await,
        }
    }
}

/// What an operator should know about a data directory that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opening {
    /// Where it is.
    pub data_dir: String,
    /// Whether other users of this machine can change it.
    pub others_can_change: bool,
    /// The files in the plugin folder that were rejected.
    pub rejected: Vec<RejectedFile>,
}

/// A file in the plugin folder that is not a plugin which this host can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RejectedPluginFile)]
pub struct RejectedFile {
    /// The file.
    pub path: String,
    /// Why, and what to do.
    pub reason: String,
    /// The plugin of which an older version stays in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// A key of the settings that is perhaps misspelt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MisspeltSetting {
    /// The key as it is written, with dots.
    pub key: String,
    /// The key that is perhaps meant.
    pub meant: String,
}

/// The keys of some settings that are perhaps misspelt.
pub(super) fn misspelt(settings: &serde_json::Value) -> Vec<MisspeltSetting> {
    settings::misspelt(settings).into_iter().map(|(key, meant)| MisspeltSetting { key, meant }).collect()
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
#[openapi(components(schemas(Opening, Problem, Versions)))]
pub(super) struct Views;
