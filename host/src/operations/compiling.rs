//! Compiling one plugin in a process of its own, for the host that starts it. Knows no data directory.

pub use crate::kernel::compiler::{CompileError, CompileLimits, compile_confined};
