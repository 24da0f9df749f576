//! What a plugin may ask for, one folder each. This file is the list of them.

mod addresses;
pub mod agents;
pub mod assets;
pub mod autopilot;
pub mod backlog;
pub mod blocking;
pub mod children;
mod conversations;
pub mod environments;
mod excerpts;
mod exports;
mod expression;
pub mod files;
pub mod folder_locks;
pub mod forge;
pub mod git;
mod guarded_places;
pub mod item_changes;
pub mod keys;
pub mod knowledge;
mod lenient;
pub mod likeness;
pub mod llm;
mod numbers;
mod options;
pub mod people;
pub mod pins;
pub mod project;
mod provided;
pub mod published;
mod pull_request_branches;
pub mod report;
mod repository_layout;
pub mod reserved;
pub mod run;
mod run_options;
pub mod sandbox;
mod sandbox_tools;
pub mod schema_bounds;
pub mod schema_check;
mod session;
pub mod settings;
pub mod signals;
pub mod state;
pub mod tickets;
pub mod toolboxes;
pub mod tools;
pub mod used_by_git;
pub mod waits;
pub mod workflows;
mod workspace_backlog;
mod workspace_documents;
mod workspace_files;
mod workspace_tools;
pub mod worktrees;

use wasmtime::component::Linker;

use crate::{events::EventKind, journal::CapabilityKind};

pub use assets::Assets;
pub use exports::Exports;
pub use run::About;
pub use run_options::RunOptions;
pub use session::{Holds, Services, Session, SessionContext};
pub use settings::Settings;

/// The kinds of events of all interfaces.
pub(crate) const EVENTS: &[&[EventKind]] = &[
    agents::events::EVENTS,
    autopilot::EVENTS,
    backlog::events::EVENTS,
    forge::events::EVENTS,
    git::events::EVENTS,
    knowledge::events::EVENTS,
    llm::events::EVENTS,
    people::events::EVENTS,
    run::events::EVENTS,
    sandbox::events::EVENTS,
    tools::events::EVENTS,
];

/// The contract that this host serves: `wit/`, encoded as a component.
pub const CONTRACT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contract.wasm"));

/// The interfaces of WASI 0.2 that this host serves.
pub const WASI: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Every kind of capability a manifest can ask for.
pub const CAPABILITIES: &[CapabilityKind] = &[
    llm::MODELS,
    llm::DOLLARS,
    files::READ,
    files::WRITE,
    state::STATE,
    agents::AGENTS,
    workflows::WORKFLOWS,
    people::PEOPLE,
    tools::TOOLS,
    knowledge::KNOWLEDGE,
    knowledge::REMEMBER,
    git::GIT,
    git::BRANCHES,
    sandbox::IMAGES,
    backlog::BACKLOG,
    forge::PULL_REQUESTS,
    reserved::HOSTS,
    reserved::SECRETS,
];

/// Serves every interface to the components of `linker`.
pub fn link<T: Holds>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    run::link(linker, |store: &mut T| store.session().run())?;
    llm::link(linker, |store: &mut T| store.session().llm())?;
    files::link(linker, |store: &mut T| store.session().files())?;
    state::link(linker, |store: &mut T| store.session().state())?;
    agents::link(linker, |store: &mut T| store.session().agents())?;
    workflows::link(linker, |store: &mut T| store.session().workflows())?;
    waits::link(linker, |store: &mut T| store.session().waits())?;
    people::link(linker, |store: &mut T| store.session().people())?;
    assets::link(linker, |store: &mut T| store.session().assets())?;
    settings::link(linker, |store: &mut T| store.session().settings())?;
    tools::link(linker, |store: &mut T| store.session().tools())?;
    knowledge::link(linker, |store: &mut T| store.session().knowledge())?;
    git::link(linker, |store: &mut T| store.session().git())?;
    sandbox::link(linker, |store: &mut T| store.session().sandbox())?;
    backlog::link(linker, |store: &mut T| store.session().backlog())?;
    forge::link(linker, |store: &mut T| store.session().forge())
}
