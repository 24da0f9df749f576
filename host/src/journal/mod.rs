//! The gate: every effect of a component passes here, checked against its grants, written down, and answered from
//! what was written when the run is resumed. Knows no wasm and no interface.

mod answer;
mod call;
mod divergence;
mod effect;
mod entry;
mod error;
pub(crate) mod events;
#[cfg(fault_injection)]
mod fault_injection;
pub mod form;
mod halt;
mod interrupt;
mod notes;
mod permission;
mod port;
mod question;
mod recorder;
mod redaction;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use answer::Performed;
pub use call::Call;
pub use divergence::{Asked, Divergence};
pub use effect::{Attempt, Effect, Repeat};
pub use entry::{Entry, EntryState, NOTHING, RunId};
pub use error::{CallError, ErrorKind};
pub use events::{CapabilityName, PluginVersion};
#[cfg(fault_injection)]
pub use fault_injection::{FaultInjection, FaultPoint};
pub use halt::{GRACE, Halt};
pub use interrupt::{Awaited, Continuation, Interrupt, NeedKind, Needed, Pause, PauseKind, Wait};
pub use notes::Notes;
pub use permission::{Authority, Capability, CapabilityKind, Denial, Matching};
pub use port::{Clock, Count, Inspected, Journal, Write};
pub use question::QuestionId;
pub use recorder::{Limits, Ports, Prepared, Recorder};
pub use redaction::Redactor;
