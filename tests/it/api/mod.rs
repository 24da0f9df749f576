//! The API of a host that serves, with the real program.

mod runs;
mod streams;
